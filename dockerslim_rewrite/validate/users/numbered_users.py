"""USER by number: the validator's own view of which number an account has.

It reads the commands that create accounts anew, and knows a few accounts of base images by itself.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...change import AddsOption, Change, RespellsValue
from ...ir.build import Build
from ...ir.steps import Arg, Copy, Env, Step, Value
from ...patterns import re
from ..bases.inherited import filled, learn
from ..core.instructions import Side
from ..core.observe import Block, Command, Unit, units
from ..core.program import base_of, script_of
from ..core.verdict import Unsound
from .first_accounts import FIRST, makes_first

_FORM = re.compile(r"(?P<uid>[0-9]{1,9})(?::(?P<gid>[0-9]{1,9}))?\Z")
#: Accounts with a group of the same number that every image on a distribution has.
_DEBIAN = {"daemon": 1, "bin": 2, "sys": 3, "lp": 7, "mail": 8, "news": 9, "uucp": 10, "proxy": 13, "www-data": 33}
_DEBIAN |= {"backup": 34, "list": 38, "irc": 39, "nobody": 65534}
_ALPINE = {"bin": 1, "daemon": 2, "nobody": 65534}
#: Those that images of their own create: on Debian, on Alpine.
_SITES = {"www-data": 82}
_OWN: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    **dict.fromkeys(("php", "httpd", "wordpress", "drupal", "nextcloud"), ({}, _SITES)),
    "node": ({"node": 1000}, {"node": 1000}),
    "postgres": ({"postgres": 999}, {"postgres": 70}),
    "jenkins": ({"jenkins": 1000}, {"jenkins": 1000}),
    "jenkins/jenkins": ({"jenkins": 1000}, {"jenkins": 1000}),
    "gradle": ({"gradle": 1000}, {"gradle": 1000}),
    "mongo": ({"mongodb": 999}, {}),
}
#: Images that stand on Debian or Ubuntu, or on Alpine where they say so.
_KNOWN = frozenset(
    (
        "alpine", "buildpack-deps", "debian", "elixir", "golang", "haskell", "java", "mariadb", "mysql", "nginx",
        "openjdk", "python", "redis", "ruby", "rust", "tomcat", "ubuntu",
    )
)  # fmt: skip
_TAGS = re.compile(r"oracle|ubi|amazon|al20|rhel|centos|fedora|windows|nanoserver|servercore|photon|busybox|musl\b")
#: What gives an account another number, or a number to two of them.
_RENUMBERS = re.compile(
    r"\busermod\b(?:(?!\busermod\b)[^;&|\n])*?\s(?:-[a-zA-Z]*[uglo]\b|--(?:uid|gid|login|non-unique)\b)|\busermod\s+[^-\s]"
    r"|\b(?:groupmod|userdel|deluser|vipw|vigr|newusers)\b|/etc/(?:passwd|group)\b"
)
#: What ADD would fetch or unpack.
_UNPACKED = re.compile(r"://|\.(?:tar|tgz|t?bz2?|t?xz|t?zst|tlz|gz|lzma|Z|git)\Z")
_STRANGE = re.compile(r"-o\Z|--non-unique|-[RP]\Z|--root|--prefix|--extrausers")
#: Options that take the next word: those of useradd, of both kinds of adduser, and of groupadd.
_TAKES = {
    "useradd": re.compile(
        r"-[a-zA-Z]*[bcdefgGkKpRPsuZ]\Z|--(?:base-dir|comment|home-dir|home|expiredate|inactive|gid|groups|skel|key"
        r"|password|root|prefix|shell|uid|selinux-user)\Z"
    ),
    "adduser": re.compile(
        r"-[a-zA-Z]*[hgsGku]\Z|--(?:home|gecos|shell|ingroup|skel|uid|gid|conf|firstuid|lastuid|comment)\Z"
    ),
    "groupadd": re.compile(r"-[a-zA-Z]*[gKpRP]\Z|--(?:gid|key|password|root|prefix)\Z"),
}
#: The options that name an account's own group.
_PRIMARY = {"useradd": ("-g", "--gid"), "adduser": ("-G", "--ingroup", "--gid")}
_TAKES["addgroup"] = _TAKES["groupadd"]


def same_account(left: Value, right: Value, claims: Sequence[RespellsValue], old: Side, new: Side) -> bool:
    """Whether USER *right* of *new* names by number whom *left* of *old* names by name.

    Raises ``Unsound`` where the number is not known to be that account's.
    """
    form = _FORM.match(right.value)
    if left.keyword != "USER" or form is None or (left.value, right.value) not in {(c.before, c.after) for c in claims}:
        return False
    user, colon, group = left.value.strip().partition(":")
    if bool(colon) != (form["gid"] is not None):
        raise Unsound("a group came or went", left.line, right.line)
    reader = _Reader(old.build, old.stage, left)
    uid, gid = reader.user(user)
    if reader.unsaid:
        # Without its number the account would have another one on another base image.
        after = _Reader(new.build, new.stage, right)
        said, _ = after.user(user)
        uid = said if said == uid and not after.unsaid else None
    if uid is None or uid != int(form["uid"]):
        raise Unsound(f"{user} is not known to be {form['uid']}", left.line, right.line)
    if colon and reader.group(group) != int(form["gid"]):
        raise Unsound(f"the group {group} is not known to be {form['gid']}", left.line, right.line)
    if not colon and gid != uid and reader.makes_folder():
        raise Unsound(f"WORKDIR would make its directory for the group {uid}", left.line, right.line)
    return True


def check_added_numbers(changes: Sequence[Change]) -> None:
    """Refuse numbers that a change adds to commands that make accounts without naming that account's user by it."""
    for change in changes:
        named = {
            claim.after.partition(":")[0]
            for claim in change.claims
            if isinstance(claim, RespellsValue) and claim.keyword == "USER"
        }
        for claim in change.claims:
            if not isinstance(claim, AddsOption) or not {"-u", "--uid"} & set(claim.options):
                continue
            if posixpath.basename(claim.command[0]) in _PRIMARY and not named.issuperset(claim.options[1:]):
                raise Unsound(f"{' '.join((*claim.command, *claim.options))} gives an account another number")


class _Reader:
    """What *build* says of accounts to the step *step* of stage *at*."""

    def __init__(self, build: Build, at: int, step: Step) -> None:
        self.build, self.step = build, step
        #: Whether the number of the account is the first one, and no command says so.
        self.unsaid = False
        self.stage = build.stages[at]
        self.chain = [self.stage]
        while isinstance(base := base_of(self.chain[0], build), int):
            self.chain.insert(0, build.stages[base])
        self.heirs = [self.stage]
        for stage in build.stages[at + 1 :]:
            base = base_of(stage, build)
            if any(base == heir.index for heir in self.heirs):
                self.heirs.append(stage)

    def user(self, name: str) -> tuple[int | None, int | None]:
        """The numbers of the account *name* and of its group; None for what is not known."""
        if name == "root":
            return 0, 0
        if self._renumbered():
            return None, None
        made = [words for words in self._made(("useradd", "adduser"), self.step.index) if words.operands == [name]]
        if not made:
            number = self._brought(name)
            return number, number
        if len(made) > 1 or any(_STRANGE.match(option) for option in made[0].options):
            return None, None
        uid = _number(made[0].options, ("-u", "--uid"))
        group = next((made[0].options[key] for key in _PRIMARY[made[0].program] if key in made[0].options), "")
        image = self._image()
        first = image is not None and makes_first(image, made[0].program, made[0].words, made[0].options, self.chain)
        if uid is None and first and not {"-u", "--uid"} & set(made[0].options):
            uid, self.unsaid = FIRST, True
        if not group:
            return uid, uid if first and uid is not None and uid >= FIRST else None
        return uid, self.group(group)

    def group(self, name: str) -> int | None:
        """The number of the group *name*; None where it is not known."""
        if name.isdigit() or name == "root":
            return int(name) if name != "root" else 0
        for words in self._made(("groupadd", "addgroup"), len(list(self.build))):
            if words.operands == [name]:
                return _number(words.options, ("-g", "--gid"))
        return self._brought(name)

    def makes_folder(self) -> bool:
        """Whether a WORKDIR follows under this USER."""
        reached = {self.stage.index}
        for stage in self.heirs:
            if stage is not self.stage and base_of(stage, self.build) not in reached:
                continue
            for step in stage.steps:
                if stage is self.stage and step.index <= self.step.index:
                    continue
                if step.keyword == "WORKDIR":
                    return True
                if step.keyword == "USER":
                    break
            else:
                reached.add(stage.index)
                continue
            if stage is self.stage:
                return False
        return False

    def _brought(self, name: str) -> int | None:
        """The number of *name* in the base image."""
        image = self._image()
        if image is None:
            return None
        path, tag = image
        alpine = "alpine" in path + tag
        own = _OWN.get(path, ({}, {}))[alpine]
        return own.get(name, (_ALPINE if alpine else _DEBIAN).get(name))

    def _image(self) -> tuple[str, str] | None:
        """Name and tag of the base image, if it stands on Debian or Alpine."""
        image = self.chain[0].head.image.lower().partition("@")[0]
        image = image.removeprefix("docker.io/").removeprefix("library/")
        path, colon, tag = image.rpartition(":")
        path, tag = (path, tag) if colon and "/" not in tag else (image, "")
        if "$" in image or _TAGS.search(tag) or not _official(path):
            return None
        return path, tag

    def _made(self, programs: Sequence[str], before: int) -> Iterator[_Words]:
        """The commands of the kinds *programs* that surely run before the step *before*."""
        for stage in self.chain:
            for step in stage.steps:
                if step.index >= before:
                    break
                script = script_of(step)
                for command in _surely(units(script)) if script is not None else ():
                    program = posixpath.basename(command.words[0]) if command.words else ""
                    if program in programs:
                        yield _Words(program, command.words[1:])

    def _renumbered(self) -> bool:
        """Whether a step of the stages under and on top of this one may give accounts other numbers."""
        escape = self.build.document.escape
        ends: dict[int | str, tuple[dict[str, str], str]] = {}
        for stage in (*self.chain, *self.heirs[1:]):
            known, at = ends.get(base_of(stage, self.build), ({}, "/"))
            env = dict(known)
            for step in stage.steps:
                if isinstance(step, Env):
                    learn(env, step, escape)
                elif isinstance(step, Arg):
                    env.update({pair.key: f"${pair.key}" for pair in step.pairs})
                elif isinstance(step, Value) and step.keyword == "WORKDIR":
                    at = posixpath.normpath(posixpath.join(at, filled(step.value.strip("\"'"), env)))
                if _renumbers(step, env, at):
                    return True
            ends[stage.index] = env, at
        return False


class _Words:
    """The words of a command that makes an account or a group, taken apart."""

    def __init__(self, program: str, words: Sequence[str]) -> None:
        self.program = program
        self.words = tuple(words)
        self.options: dict[str, str] = {}
        self.operands: list[str] = []
        waiting = iter(words)
        for word in waiting:
            if not word.startswith("-"):
                self.operands.append(word)
            elif _TAKES[program].match(word):
                value = next(waiting, "\0")
                self.options[word if word.startswith("--") else f"-{word[-1]}"] = value
                self._letters(word[:-1])
            else:
                name, equals, value = word.partition("=")
                self.options[name] = value if equals else ""
                self._letters(word)

    def _letters(self, word: str) -> None:
        if not word.startswith("--"):
            self.options.update({f"-{letter}": "" for letter in word[1:]})


def _number(options: Mapping[str, str], keys: Iterable[str]) -> int | None:
    value = next((options[key] for key in keys if key in options), "")
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def _official(path: str) -> bool:
    return path in _KNOWN or path in _OWN


def _surely(found: Sequence[Unit]) -> Iterator[Command]:
    """The commands that run on the way to a body's success."""
    for unit in found:
        if isinstance(unit, Command):
            yield unit
        elif isinstance(unit, Block) and unit.kind == "then" and "&" not in unit.text:
            for part in unit.parts:
                yield from _surely(part)


def _renumbers(step: Step, env: Mapping[str, str], at: str) -> bool:
    """Whether *step*, which runs in the folder *at*, may give accounts other numbers, or bring a list of accounts."""
    if isinstance(step, Copy):
        target = posixpath.normpath(posixpath.join(at, filled(step.destination.strip("\"'"), env)))
        if target.startswith("/etc/passwd") or "$" in target:
            return True
        files = all("." in posixpath.basename(one)[1:] and not _UNPACKED.search(one) for one in step.sources)
        return target in ("/", "/etc", "//") and not files
    return step.keyword in ("RUN", "ONBUILD") and _RENUMBERS.search(step.origin.text) is not None
