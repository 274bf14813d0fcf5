"""Whose a directory is that a stage made, apart from what lies in it: what COPY between stages does not keep.

COPY of a directory copies what is in it; the directory itself is made anew, as root's and with mode 755, or as
``--chown`` says; one that is there already stays as it is. What is unknown counts as changed.

Sources: moby/buildkit#1941; Dockerfile reference, COPY and WORKDIR; chown(1), chmod(1), useradd(8), adduser(8).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from ...ir.steps import Copy
from ...knowledge.accounts import number_of_account
from ...knowledge.images import canonical_name
from ...record import record
from ...shell.arguments import split
from ...shell.script import AndOr, Group, Node, Sequence, Simple
from ..effects.writes import Writes
from ..flow.places import Frame, Place, literal, path_of
from ..flow.state import State, expand
from ..shell.operations import unwrapped

ROOT = "0:0"
#: Nothing is in the directory yet.
_EMPTY = ""
_MODE = 0o755
_ROOTS = frozenset(("root", "0"))
_SETTING = frozenset(("chown", "chgrp", "chmod", "setfacl"))
#: What may take the owner of what it copies along.
_KEEPING = frozenset(("mv", "cp", "rsync"))
_OWNING = frozenset(("chown", "chgrp"))
_MOVING = frozenset(("chmod", "setfacl"))
#: Commands that write nothing into the directory that they run in.
_ELSEWHERE = frozenset(
    (
        "apk", "apt", "apt-get", "cd", "echo", "exit", "export", "false", "getent", "groupadd", "addgroup", "useradd",
        "adduser", "ldconfig", "ls", "printf", "pwd", "rm", "rmdir", "set", "sleep", "test", "[", "true", "uname",
        "unset", "cat", "command", ":", "which", "grep", "mkdir", "update-ca-certificates",
    )
)  # fmt: skip
_CACHES = frozenset(("npm cache clean", "yarn cache clean", "pip cache purge", "pip3 cache purge"))
_VALUES = frozenset(("--reference", "--from"))
#: Options of chown and chmod that do not say whose, or which mode.
_USUAL = frozenset(
    ("-R", "--recursive", "-v", "--verbose", "-f", "--quiet", "--silent", "-c", "--changes", "-Rf", "-fR", "-Rv", "-vR")
)
_PLAIN = re.compile(r"[A-Za-z0-9_-]+\Z")
_CLAUSE = re.compile(r"([ugoa]*)([-+=])([rwxX]*)\Z")
_CREATORS = {
    "useradd": (("-g", "--gid"), ("-N", "--no-user-group")),
    "adduser": (("-G", "--ingroup"), ("-S", "--system", "--gid")),
}
_CREATOR_VALUES = frozenset(
    (
        "-h", "-d", "--home", "--home-dir", "-g", "--gid", "-G", "--groups", "--ingroup", "-u", "--uid", "-s",
        "--shell", "-c", "--comment", "-k", "--skel", "-p", "--password", "-K", "--gecos", "-b", "--base-dir",
        "-e", "--expiredate", "-f", "--inactive",
    )
)  # fmt: skip
#: A name with an extension: a file, where nothing shows a directory.
_FILE = re.compile(r".*[^/.]\.[A-Za-z0-9]{1,10}\Z|(?:.*/)?(?:[A-Z][A-Za-z]*file|LICENSE|mvnw|gradlew)\Z")
#: Where images have directories of their own, which keep their owner whatever is copied there.
_SYSTEM = re.compile(
    r"/(?:bin|boot|dev|etc|lib\w*|proc|root|run|sbin|sys|usr(?!/(?:src|app)(?:/|\Z))|var(?!/(?:app|www/(?!html(?:/|\Z)))))(?:/|\Z)"
)


@record
class Touch:
    """What a command or an instruction on *line* does to *path*.

    ``kind``: ``fills`` writes a file or into a directory, ``makes`` a directory, ``owns`` and ``modes`` change what is
    there, with ``deep`` all in it. ``account`` is ``user:group``, one of the two empty where it stays as it is, and
    None where it is not known; of a mode, whether a directory has it anyhow. ``file``: the path is a file's.
    """

    path: str
    line: int
    kind: str
    account: str | None = ROOT
    deep: bool = False
    file: bool = False


@record
class Owner:
    """Whose a directory is if not root's with mode 755: ``account`` owns it and surely all in it; it is empty where
    that is not so. ``told`` is what was done on ``line``; ``made``: nothing was but that it was made.
    """

    account: str
    line: int
    told: str
    made: bool = False


class Touches:
    """Collects, in order, what the steps of a stage based on *image* do to owners and modes."""

    def __init__(self, image: str) -> None:
        written = image.lower()
        self._image = (canonical_name(written.partition("@")[0].partition(":")[0]), written)
        self._groups: dict[str, str | None] = {}
        self._given = False
        self._sure: set[int] = set()
        self.found: list[Touch] = []

    def run(self, root: Node) -> None:
        """A RUN begins, whose commands are below *root*."""
        self._sure = {id(command) for command in _spine(root)}

    def user(self, state: State) -> str | None:
        """The account, as ``user:group``, whose everything is that is made in *state*; None where it is not known."""
        return ROOT if state.may_be_root else self._account(state.user or "")

    def worked_in(self, path: str, state: State, line: int) -> None:
        """WORKDIR makes *path* in *state*: BuildKit does so as the user that is in force."""
        number = state.user if state.user and state.user.isdigit() else None
        account = f"{number}:{number}" if number and number != "0" else self.user(state)
        self.found.append(Touch(path, line, "makes", account))

    def copied(self, place: Place, step: Copy, state: State) -> None:
        """COPY or ADD *step* fills *place* in *state*: as root's, or as its flags say."""
        owner, mode = step.origin.flag("chown"), step.origin.flag("chmod")
        text = expand(owner, state) if owner is not None else None
        account = ROOT if owner is None else self._account(text or "", numbers=True)
        one = len(step.sources) == 1 and not step.destination.endswith("/")
        source = step.sources[0] if step.sources else ""
        named = posixpath.basename(place.path) in {posixpath.basename(name) for name in step.sources}
        single = bool(step.origin.heredocs) or ((one or named) and (bool(_FILE.match(source)) or "://" in source))
        self.found.append(
            Touch(place.path, step.line, "fills", account, file=single and bool(named or _FILE.match(place.path)))
        )
        if owner is None and (step.keyword == "ADD" or step.origin.flag("from") is not None):
            self.found.append(_unpacked(step.line))
        if mode is not None and _mode(mode) != _MODE:
            self.found.append(Touch(place.path, step.line, "modes", None))

    def redirected(self, place: Place, state: State, line: int) -> None:
        """The output of commands goes to *place*."""
        self.found.append(Touch(place.path, line, "fills", self.user(state), file=True))

    def ran(self, command: Simple, found: Writes, frame: Frame, state: State, line: int) -> None:
        """*command*, which writes *found*, runs in *frame* and *state*."""
        argv = command.argv
        wrappers: list[str] = []
        at = unwrapped(argv, wrappers)
        name = posixpath.basename(argv[at] or "") if at < len(argv) else ""
        user = ROOT if "sudo" in wrappers else self.user(state)
        if name in _CREATORS:
            self._created(name, argv[at:])
        if name in ("chown", "chgrp", "chmod"):
            self._set(name, command, at, frame, line)
            return
        if not _SETTING.isdisjoint(argv[at:]) or name in ("install", "umask"):
            self._hidden(argv[at:], line)
        self.found += (Touch(path, line, "gone") for path in found.removed)
        kept = self._given and name in _KEEPING
        for place in found.places:
            path = place.path
            if name == "mkdir":
                self.found.append(Touch(path, line, "makes", user))
                if any(re.match(r"-\w*m|--mode", word or "") for word in argv[at:]):
                    self.found.append(Touch(path, line, "modes", None))
                continue
            file = posixpath.basename(path) in found.made or bool(_FILE.match(path))
            self.found.append(Touch(path, line, "fills", None if kept else user, file=file))
        if name == "tar":
            self.found.append(_unpacked(line))
        if frame.folder is not None and name and not _elsewhere(name, argv[at + 1 :], found):
            self.found.append(Touch(f"{frame.folder.rstrip('/')}/.", line, "fills", user))

    def home(self, path: str, command: Simple, line: int) -> None:
        """*command* makes an account with the home *path*."""
        words = split(command.argv, 1, _CREATOR_VALUES)
        name = command.argv[words.operands[0]] if words.operands else None
        self.found.append(Touch(path, line, "makes", self._account(name or "")))

    def _created(self, program: str, argv: tuple[str | None, ...]) -> None:
        """Note the group of the account that *program* makes."""
        arguments = split(argv, 1, _CREATOR_VALUES)
        flags = {flag.name: flag.value for flag in arguments.flags}
        chosen, unlike = _CREATORS[program]
        name = argv[arguments.operands[0]] if len(arguments.operands) == 1 else None
        if name is None:
            return
        group = next((flags[one] for one in chosen if one in flags), None)
        own = not any(one in flags for one in unlike) or (program == "adduser" and "--group" in flags)
        if any(one in flags for one in chosen):
            self._groups[name] = group if group and _PLAIN.match(group) else None
        else:
            self._groups[name] = name if own else None

    def _account(self, text: str, *, numbers: bool = False) -> str | None:
        """``user:group`` for what USER or ``--chown`` name; *numbers*: a number alone is its group's as well."""
        user, colon, group = text.partition(":")
        if not _PLAIN.match(user) or (colon and not _PLAIN.match(group)):
            return None
        if colon:
            return _normal(f"{user}:{group}")
        if user in _ROOTS:
            return ROOT
        if user.isdigit():
            return f"{user}:{user}" if numbers else None
        if user in self._groups:
            known = self._groups[user]
            return f"{user}:{known}" if known is not None else None
        image, written = self._image
        family = "alpine" if "alpine" in written else "debian"
        if (user, family) == ("nobody", "debian"):
            return "nobody:nogroup"
        return f"{user}:{user}" if number_of_account(image, written, family, user) is not None else None

    def _set(self, name: str, command: Simple, at: int, frame: Frame, line: int) -> None:
        """Note what ``chown``, ``chgrp`` or ``chmod`` does."""
        argv = tuple(literal(word, frame.variables) for word in command.words)
        arguments = split(argv, at + 1, _VALUES)
        names = {flag.name for flag in arguments.flags}
        deep = not names.isdisjoint(("-R", "--recursive"))
        told = names <= _USUAL and arguments.certain
        text = argv[arguments.operands[0]] or "" if told and arguments.operands else ""
        kind = "modes" if name == "chmod" else "owns"
        account = None
        if kind == "modes" and _mode(text) == _MODE:
            if not text.isdigit():
                return
            account = ROOT
        elif kind == "owns":
            account = self._named(name, text) if id(command) in self._sure else None
            self._given = self._given or account != ROOT
        for index in arguments.operands[1:] if told else arguments.operands:
            path = path_of(command.words[index], frame)
            known = path is not None
            self.found.append(Touch(path or "/", line, kind, account if known else None, deep or not known))

    def _named(self, name: str, text: str) -> str | None:
        if name == "chgrp":
            return f":{'0' if text in _ROOTS else text}" if _PLAIN.match(text) else None
        user, mark, group = text.partition(":" if ":" in text else ".")
        if (user and not _PLAIN.match(user)) or (group and not _PLAIN.match(group)) or not (user or group):
            return None
        if mark and not group:
            return self._account(user)
        return _normal(f"{user}:{group}")

    def _hidden(self, argv: tuple[str | None, ...], line: int) -> None:
        """Note a ``chown`` and such that the command *argv* runs, or that is one of its options."""
        if argv[0] == "install" and not any(re.match(r"-\w*[ogmd]|--", one or "-o") for one in argv[1:]):
            return
        if argv[0] == "umask" and argv[1:] in (("022",), ("0022",), ("22",)):
            return
        if "chmod" in argv:
            behind = argv[argv.index("chmod") + 1 :]
            mode = next((one for one in behind if one and one not in _USUAL), None)
            if "f" in argv or (mode is not None and _mode(mode) == _MODE):
                return
        installs = argv[0] == "install"
        if installs or not _OWNING.isdisjoint(argv):
            self._given = True
            self.found.append(Touch("/", line, "owns", None, deep=True))
        if installs or argv[0] == "umask" or not _MOVING.isdisjoint(argv):
            self.found.append(Touch("/", line, "modes", None, deep=True))


def top_owner(path: str, touches: Iterable[Touch], given: Mapping[str, str]) -> Owner | None:
    """Whose the directory *path* is behind *touches*; None where it is root's and has the mode 755, and for a file.

    *given* are directories that the base image and the runtime image have, with their owners.
    """
    own, _, loose = given.get(path, "").partition(" ")
    top: str | None = own or ROOT
    inside: str | None = _EMPTY
    giver: Touch | None = None
    mode: Touch | None = None
    there = folder = bool(own)
    file = False
    for one in touches:
        here, below = one.path == path, _inside(one.path, path)
        over = (one.deep or one.kind == "gone") and _inside(path, one.path)
        if not (here or below or over):
            continue
        if one.kind == "gone":
            if not below:
                top, inside, giver, mode, file = ROOT, _EMPTY, None, None, False
                there = folder = False
            continue
        folder = folder or below or (here and one.kind == "makes")
        file = file or (here and one.file)
        if one.kind == "modes":
            mode = mode if below else (one if one.account is None else None)
        elif one.kind == "owns":
            if not below:
                top, giver, there = _merged(one.account, top), one, there or here
            if one.deep and not below:
                inside = _merged(one.account, inside) if inside != _EMPTY else inside
            elif below and _merged(one.account, inside) != inside:
                inside = None
        elif there or not over:
            if not there:
                top, giver, there = one.account, one, True
            if not (here and one.kind == "makes"):
                inside = one.account if inside in (_EMPTY, one.account) else None
    if file and not folder:
        return None
    if mode is not None and not loose:
        return Owner("", mode.line, "may give it other permissions")
    if top == (own or ROOT) or giver is None:
        return None
    if top is None:
        return Owner("", giver.line, "may give it to another account")
    said = f"gives it to {top.partition(':')[0] if not top.startswith('0:') else 'the group ' + top.partition(':')[2]}"
    standing = own or _SYSTEM.match(path)
    alone = inside in (_EMPTY, top) and not standing
    return Owner(top if alone else "", giver.line, said, giver.kind == "makes")


def _elsewhere(name: str, rest: tuple[str | None, ...], found: Writes) -> bool:
    """Whether the command *name* with the words *rest*, which writes *found*, writes nothing where it runs."""
    if name in _ELSEWHERE or " ".join((name, *(word or "" for word in rest[:2]))) in _CACHES:
        return True
    return found.site and not found.places


def _unpacked(line: int) -> Touch:
    """Archives and other images tell whose their files are; a directory that is there already stays as it is."""
    return Touch("/", line, "fills", None, deep=True)


def _spine(node: Node) -> Iterator[Simple]:
    """The commands that run on the way to the success of a body."""
    if isinstance(node, Simple):
        yield node
    elif isinstance(node, AndOr):
        if all(operator.text == "&&" for operator in node.operators):
            for item in node.items:
                yield from _spine(item)
    elif isinstance(node, Sequence):
        if not any(one.text == "&" for one in node.separators):
            for item in node.items:
                yield from _spine(item)
    elif isinstance(node, Group):
        yield from _spine(node.body)


def _merged(account: str | None, before: str | None) -> str | None:
    """*account*, with what it leaves as it is from *before*."""
    if account is None:
        return None
    user, _, group = account.partition(":")
    if user and group:
        return account
    if before is None:
        return None
    old_user, _, old_group = before.partition(":")
    return f"{user or old_user}:{group or old_group}"


def _normal(account: str) -> str:
    return ":".join("0" if part == "root" else part for part in account.split(":"))


def _mode(text: str) -> int | None:
    """The mode that ``chmod`` *text* makes of 755; None where it is none of the plain ones."""
    if re.match(r"[0-7]{3,4}\Z", text):
        return int(text, 8)
    mode = _MODE
    for clause in text.split(","):
        match = _CLAUSE.match(clause)
        if match is None:
            return None
        who = "ugo" if not match[1] or "a" in match[1] else match[1]
        bits = sum({"r": 4, "w": 2, "x": 1, "X": 1}[one] for one in set(match[3].replace("X", "x")))
        mask = sum(bits << {"u": 6, "g": 3, "o": 0}[one] for one in set(who))
        if not match[1]:
            mask &= ~0o022
        everything = sum(7 << {"u": 6, "g": 3, "o": 0}[one] for one in set(who))
        mode = mode | mask if match[2] == "+" else mode & ~mask if match[2] == "-" else (mode & ~everything) | mask
    return mode


def _inside(path: str, other: str) -> bool:
    return path != other and path.startswith(other.rstrip("/") + "/")
