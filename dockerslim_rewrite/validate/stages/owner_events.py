"""What the steps of a stage do to owners and permissions, as the validator reads it.

It sees the plain words of common commands; where those may do more than they say, nobody is named as the owner.
Sources: Dockerfile reference, COPY, WORKDIR, USER; chown(1), chmod(1), useradd(8), Debian's and BusyBox's adduser.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...ir.build import Stage
from ...ir.steps import Copy, Env, Run, Step, Value
from ...patterns import re
from ...record import record
from ...shell.reader import read_argv
from ...shell.script import Script
from ..bases.inherited import filled, inherited, learn
from ..core.observe import Command, Unit, units, value
from ..core.program import script_of
from ..metadata.metadata import folder
from .own_directory import OwnDirectory
from .written import STANDING, written

ROOT = "0:0"
CREATING = frozenset(("useradd", "adduser", "groupadd", "addgroup"))
_HOMES = ("-d", "--home", "--home-dir", "-h")
_VALUED = frozenset(
    (
        *_HOMES, "-g", "--gid", "-G", "--groups", "--ingroup", "-u", "--uid", "-s", "--shell", "-c", "--comment", "-k",
        "--skel", "-p", "--password", "-K", "--gecos", "-b", "--base-dir", "-e", "--expiredate", "-f", "--inactive",
    )
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
_OPTION = re.compile(r"-[Rvfc]+\Z|--(?:recursive|verbose|quiet|silent|changes)\Z")
#: What leaves a directory of mode 755 as it is.
_KEEPS = re.compile(r"[ugoa]*+\+[rxX]+|\+w|u\+[rwxX]+|u=rw[xX]|[go]++=r[xX]|[go]++-w|\+r?wx?")
_FILE = re.compile(r"(?:.*/)?(?:[^/]*[^/.]\.[A-Za-z0-9]{1,10}|[A-Z][A-Za-z]*file|LICENSE|mvnw|gradlew)\Z")
#: Accounts of images whose group has the same name: of Debian and Ubuntu (base-passwd), of Alpine, and of some images
#: themselves.
_OF_DEBIAN = frozenset(
    ("daemon", "bin", "sys", "lp", "mail", "news", "uucp", "proxy", "www-data", "backup", "list", "irc")
)
_OF_ALPINE = frozenset(("bin", "daemon", "nobody"))
_OF_IMAGES = {"node": frozenset(("node",)), "php": frozenset(("www-data",)), "postgres": frozenset(("postgres",))}
_TAKES_ALONG = frozenset(("mv", "cp", "rsync"))
#: What runs commands as another account.
_AS_OTHERS = frozenset(("gosu", "su", "su-exec", "runuser", "setpriv", "doas", "chpst", "setuser"))
_CACHES = frozenset(("npm cache clean", "yarn cache clean", "pip cache purge", "pip3 cache purge"))
_HARMLESS = frozenset(("cd", "chown", "chgrp", "chmod", "mkdir", "rm", "rmdir", *CREATING))


@record
class Event:
    """What is done to ``path`` on ``line``: ``makes`` a directory, ``fills`` it or writes it, ``owns`` (gives it to
    ``account``), ``modes``, ``gone``; ``deep``: to all in it. ``account`` is ``user:group``, one of them empty where
    it stays, None where it is not known; of a mode, None where it is not that of directories anyhow; of ``gone``, None
    where that may not be.
    """

    path: str
    line: int
    kind: str
    account: str | None = ROOT
    deep: bool = False
    file: bool = False


def image_name(stage: Stage) -> str:
    """The name of the base image of *stage*, without registry of Docker, tag and digest."""
    name = stage.head.image.lower().removeprefix("docker.io/").removeprefix("library/").partition("@")[0]
    return name.partition(":")[0]


def owner_events(stage: Stage, escape: str) -> Iterator[Event]:
    """What the steps of *stage* do, in order."""
    reader = _Reader(stage, escape)
    for step in stage.steps:
        yield from reader.step(step)


class _Reader:
    def __init__(self, stage: Stage, escape: str) -> None:
        self.image = image_name(stage)
        self.written = stage.head.image.lower()
        self.escape = escape
        self.env, self.place = inherited(stage)
        self.user = ROOT
        self.here = self.place
        self.own = OwnDirectory()
        self.groups: dict[str, str | None] = {}
        self.given = False

    def step(self, step: Step) -> Iterator[Event]:
        if isinstance(step, Env):
            learn(self.env, step, self.escape)
        elif isinstance(step, Value) and step.keyword == "USER":
            self.user = "".join(value(filled(step.value, self.env), self.escape))
        elif isinstance(step, Value) and step.keyword == "WORKDIR":
            self.place = folder(filled(step.value, self.env), self.place, self.escape)
            if self.place is not None and self.place not in STANDING:
                yield Event(self.place, step.line, "makes", self._account(self.user, numbers=True))
        elif isinstance(step, Copy):
            yield from self._copied(step)
        elif isinstance(step, Run):
            yield from self._run(step)

    def _account(self, text: str, *, numbers: bool = False) -> str | None:
        """``user:group`` of an account as USER or ``--chown`` name it; *numbers*: a number is its group's as well."""
        user, colon, group = text.partition(":")
        if not _NAME.match(user) or (colon and not _NAME.match(group)):
            return None
        if colon:
            return _with_numbers(text)
        if user in ("root", "0"):
            return ROOT
        if user.isdigit():
            return f"{user}:{user}" if numbers else None
        if user in self.groups:
            known = self.groups[user]
            return None if known is None or (numbers and known != user) else f"{user}:{known}"
        alpine = "alpine" in self.written
        if user == "nobody" and not alpine:
            return "nobody:nogroup"
        brought = _OF_IMAGES.get(self.image, frozenset()) | (_OF_ALPINE if alpine else _OF_DEBIAN)
        return f"{user}:{user}" if user in brought else None

    def _copied(self, step: Copy) -> Iterator[Event]:
        target = filled(step.destination, self.env).strip("\"'")
        if self.place is None and not target.startswith("/"):
            return
        path = posixpath.normpath(posixpath.join(self.place or "/", target)).replace("//", "/")
        owner, mode = step.origin.flag("chown"), step.origin.flag("chmod")
        account = ROOT if owner is None else self._account(filled(owner, self.env), numbers=True)
        names = [posixpath.basename(source.split("?")[0].rstrip("/")) for source in step.sources]
        paths = [path] if path not in STANDING else [posixpath.join(path, name) for name in names]
        for one in paths:
            name = posixpath.basename(one)
            single = len(step.sources) == 1 and not target.endswith("/") and _FILE.match(one) is not None
            plain = step.origin.heredocs or (bool(names) and (_FILE.match(names[0]) or "://" in step.sources[0]))
            file = bool(plain) and (single or name in names)
            yield Event(one, step.line, "fills", account, file=file)
            if owner is None and (step.keyword == "ADD" or step.origin.flag("from") is not None):
                yield Event("/", step.line, "fills", None, deep=True)
            if mode is not None and not _keeps(mode):
                yield Event(one, step.line, "modes", None)

    def _run(self, step: Run) -> Iterator[Event]:
        script = read_argv(step.argv) if step.argv else script_of(step)
        if not isinstance(script, Script):
            yield Event("/", step.line, "owns", None, deep=True)
            return
        self.here = self.place
        yield from self._units(units(script), step.line, sure=True)

    def _units(self, body: tuple[Unit, ...], line: int, *, sure: bool) -> Iterator[Event]:
        """What *body* does; *sure*: all of it runs whenever its RUN succeeds."""
        for unit in body:
            if isinstance(unit, Command):
                yield from self._units(unit.nested, line, sure=False)
                yield from self._one(unit, line, sure=sure)
                continue
            before = self.here
            straight = unit.kind in ("subshell", "group") or (unit.kind == "then" and "&" not in unit.text)
            for part in unit.parts:
                yield from self._units(part, line, sure=sure and straight)
            if unit.kind == "subshell":
                self.here = before
            elif not straight and self.here != before:
                self.here = None

    def _one(self, command: Command, line: int, *, sure: bool) -> Iterator[Event]:
        words = [filled(word.lstrip("\0"), self.env) for word in command.words]
        if words[:1] in (["cd"], ["pushd"], ["popd"]):
            plain = len(words) == 2 and words[0] == "cd" and re.fullmatch(r"[\w./-]*[\w./]", words[1])
            self.here = _path(words[1], self.here) if plain else None
        yield from self._command(command, words, self.here, line, sure=sure)

    def _command(
        self, command: Command, words: list[str], here: str | None, line: int, *, sure: bool
    ) -> Iterator[Event]:
        other = bool(words) and (posixpath.basename(words[0]) in _AS_OTHERS or re.match(r"sudo -", " ".join(words)))
        if other:
            yield Event("/", line, "owns", None, deep=True)
        sudo = words[:1] == ["sudo"]
        words = words[1:] if sudo else words
        user = None if other else ROOT if sudo else self._account(self.user)
        name = posixpath.basename(words[0]) if words else ""
        if name in CREATING:
            yield from self._created(name, words, line)
        elif name in ("chown", "chgrp", "chmod"):
            yield from self._set(name, words, here, line, sure=sure)
        elif not {"chown", "chgrp", "chmod", "setfacl"}.isdisjoint(words):
            yield from self._hidden(words, line)
        elif (name == "install" and re.search(r" -\w*[ogmd]| --", " ".join(words))) or (
            name == "umask" and words[1:] not in (["022"], ["0022"], ["22"])
        ):
            yield Event("/", line, "modes", None, deep=True)
            if name == "install":
                yield Event("/", line, "owns", None, deep=True)
        elif name in ("rm", "mv"):
            operands = [word for word in words[1:] if not word.startswith("-")]
            for word in operands if name == "rm" else operands[:-1]:
                path = _path(word, here)
                if path is not None:
                    yield Event(path, line, "gone", ROOT if sure else None, deep=True)
        if name == "tar":
            # An archive tells whose its files are.
            yield Event("/", line, "fills", None, deep=True)
        along = self.given and name in _TAKES_ALONG
        targets = [target for operator, target in command.redirects if ">" in operator]
        for word in written(command, self.env):
            path = _path(word, here)
            if path is not None:
                yield Event(
                    path,
                    line,
                    "makes" if name == "mkdir" else "fills",
                    None if along else user,
                    file=name != "mkdir" and (_FILE.match(path) is not None or "-o" in words or word in targets),
                )
        if name == "mkdir" and any(re.match(r"-\w*m|--mode", word) for word in words[1:]):
            for word in words[1:]:
                path = _path(word, here)
                if path is not None and not word.startswith("-"):
                    yield Event(path, line, "modes", None)
        if name not in _HARMLESS and " ".join((name, *words[1:3])) not in _CACHES:
            for one in self.own.wrote((command,), here, self.env):
                where = "/" if one.folder is None else posixpath.join(one.folder, one.file or ".")
                yield Event(where, line, "fills", None if along else user, deep=one.folder is None)

    def _created(self, program: str, words: list[str], line: int) -> Iterator[Event]:
        """The home of the account that *program* makes, whose group is noted."""
        if program not in ("useradd", "adduser"):
            return
        told: dict[str, str] = {}
        names: list[str] = []
        at = 1
        while at < len(words):
            option, equals, text = words[at].partition("=")
            if option in _VALUED and not (program == "adduser" and option == "-f"):
                told[option] = text if equals else "".join(words[at + 1 : at + 2])
                at += 1 if equals else 2
                continue
            if words[at].startswith("-"):
                told[option] = ""
            else:
                names.append(words[at])
            at += 1
        if len(names) != 1:
            return
        name = names[0]
        chosen = ("-g", "--gid") if program == "useradd" else ("-G", "--ingroup")
        group = next((told[one] for one in chosen if one in told), None)
        unlike = {"-N", "--no-user-group"} if program == "useradd" else {"-S", "--system", "--gid"}
        if group is not None:
            self.groups[name] = group if _NAME.match(group) else None
        else:
            self.groups[name] = name if unlike.isdisjoint(told) or "--group" in told else None
        makes = "-m" in told or "--create-home" in told
        if program == "adduser":
            makes = "-H" not in told and "--no-create-home" not in told
        if makes:
            home = next((told[one] for one in _HOMES if told.get(one)), f"/home/{name}")
            yield Event(home, line, "makes", self._account(name))

    def _set(self, name: str, words: list[str], here: str | None, line: int, *, sure: bool) -> Iterator[Event]:
        options = [word for word in words[1:] if word.startswith("-")]
        operands = [word for word in words[1:] if not word.startswith("-")]
        told = bool(operands) and all(map(_OPTION.match, options))
        deep = any("R" in word or word == "--recursive" for word in options)
        account: str | None = None
        if name == "chmod":
            if told and _keeps(operands[0]):
                if not operands[0].isdigit() or not sure:
                    return
                account = ROOT
        else:
            account = self._named(name, operands[0]) if told and sure else None
            self.given = self.given or account != ROOT
        kind = "modes" if name == "chmod" else "owns"
        for word in operands[1:] if told else operands:
            path = _path(word, here)
            yield Event(path or "/", line, kind, account if path else None, deep or path is None)

    def _named(self, name: str, text: str) -> str | None:
        if name == "chgrp":
            return f":{'0' if text == 'root' else text}" if _NAME.match(text) else None
        user, mark, group = text.partition(":" if ":" in text else ".")
        if (user and not _NAME.match(user)) or (group and not _NAME.match(group)) or not (user or group):
            return None
        return self._account(user) if mark and not group else _with_numbers(f"{user}:{group}")

    def _hidden(self, words: list[str], line: int) -> Iterator[Event]:
        """A ``chown`` and such that another command runs."""
        if "chmod" in words:
            behind = [word for word in words[words.index("chmod") + 1 :] if not _OPTION.match(word)]
            if "f" in words or (behind and _keeps(behind[0])):
                return
        if not {"chown", "chgrp"}.isdisjoint(words):
            self.given = True
            yield Event("/", line, "owns", None, deep=True)
        if not {"chmod", "setfacl"}.isdisjoint(words):
            yield Event("/", line, "modes", None, deep=True)


def _path(word: str, here: str | None) -> str | None:
    if re.search(r"[$*?\[{`\"'~\\]", word) or not word or (here is None and not word.startswith("/")):
        return None
    return posixpath.normpath(posixpath.join(here or "/", word)).replace("//", "/")


def _with_numbers(account: str) -> str:
    return ":".join("0" if part == "root" else part for part in account.split(":"))


def _keeps(mode: str) -> bool:
    """Whether a directory with the mode 755 has it still behind ``chmod`` *mode*."""
    return mode in ("755", "0755") or all(map(_KEEPS.fullmatch, mode.split(",")))
