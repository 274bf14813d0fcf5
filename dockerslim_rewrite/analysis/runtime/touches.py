"""What the steps of a stage do to the owners and permissions of what it makes. What is unknown is said to be so.

Sources: Dockerfile reference, COPY and WORKDIR; chown(1), chmod(1), useradd(8), adduser(8).
"""

from __future__ import annotations

import posixpath

from ...ir.steps import Copy
from ...patterns import re
from ...record import record
from ...shell.arguments import split
from ...shell.script import Node, Simple
from ..accounts.created import named_account
from ..accounts.owner_names import CREATORS, PLAIN, ROOT, ROOTS, OwnerNames, normal
from ..effects.writes import Writes
from ..flow.places import Frame, Place, literal, path_of, pattern_folder
from ..flow.state import State, expand
from ..shell.operations import unwrapped
from ..shell.spine import spine

_MODE = 0o755
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
_CLAUSE = re.compile(r"([ugoa]*)([-+=])([rwxX]*)\Z")
#: What runs commands as another account.
_AS_OTHERS = frozenset(("gosu", "su", "su-exec", "runuser", "setpriv", "doas", "chpst", "setuser"))
#: A name with an extension: a file, where nothing shows a directory.
_FILE = re.compile(r".*[^/.]\.[A-Za-z0-9]{1,10}\Z|(?:.*/)?(?:[A-Z][A-Za-z]*file|LICENSE|mvnw|gradlew)\Z")


@record
class Touch:
    """What a command or an instruction on *line* does to *path*.

    ``kind``: ``fills`` writes a file or into a directory, ``makes`` a directory, ``owns`` and ``modes`` change what is
    there, with ``deep`` all in it, ``gone`` deletes it. ``account`` is ``user:group``, one of the two empty where it
    stays as it is, and None where it is not known; of a mode, None where a directory has not that one anyhow; of
    ``gone``, None where that may not be. ``file``: the path is a file's.
    """

    path: str
    line: int
    kind: str
    account: str | None = ROOT
    deep: bool = False
    file: bool = False


class Touches:
    """Collects, in order, what the steps of a stage based on *image* do to owners and modes."""

    def __init__(self, image: str) -> None:
        self._names = OwnerNames(image)
        self._given = False
        self._sure: set[int] = set()
        self.found: list[Touch] = []

    def run(self, root: Node) -> None:
        """A RUN begins, whose commands are below *root*."""
        self._sure = {id(command) for command in spine(root)}

    def user(self, state: State) -> str | None:
        """The account, as ``user:group``, whose everything is that is made in *state*; None where it is not known."""
        return ROOT if state.may_be_root else self._names.account(state.user or "")

    def worked_in(self, path: str, state: State, line: int) -> None:
        """WORKDIR makes *path* in *state*: BuildKit does so as the user that is in force."""
        number = state.user if state.user and state.user.isdigit() else None
        account = f"{number}:{number}" if number and number != "0" else self.user(state)
        self.found.append(Touch(path, line, "makes", account))

    def copied(self, place: Place, step: Copy, state: State) -> None:
        """COPY or ADD *step* fills *place* in *state*: as root's, or as its flags say."""
        owner, mode = step.origin.flag("chown"), step.origin.flag("chmod")
        text = expand(owner, state) if owner is not None else None
        account = ROOT if owner is None else self._names.account(text or "", numbers=True)
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
        if name in _AS_OTHERS or not _AS_OTHERS.isdisjoint(wrappers) or ("sudo" in wrappers and at > 1):
            user = None
            self.found.append(Touch("/", line, "owns", None, deep=True))
        if name in CREATORS:
            self._names.created(name, argv[at:])
        if name in ("chown", "chgrp", "chmod"):
            self._set(name, command, at, frame, line)
            return
        if not _SETTING.isdisjoint(argv[at:]) or name in ("install", "umask"):
            self._hidden(argv[at:], line)
        sure = ROOT if id(command) in self._sure else None
        self.found += (Touch(path, line, "gone", sure) for path in found.removed)
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
        self.found.append(Touch(path, line, "makes", self._names.account(named_account(command))))

    def _set(self, name: str, command: Simple, at: int, frame: Frame, line: int) -> None:
        """Note what ``chown``, ``chgrp`` or ``chmod`` does."""
        argv = tuple(literal(word, frame.variables) or pattern_folder(word) for word in command.words)
        arguments = split(argv, at + 1, _VALUES)
        names = {flag.name for flag in arguments.flags}
        deep = not names.isdisjoint(("-R", "--recursive"))
        told = names <= _USUAL and arguments.certain
        text = argv[arguments.operands[0]] or "" if told and arguments.operands else ""
        kind = "modes" if name == "chmod" else "owns"
        account = None
        if kind == "modes" and _mode(text) == _MODE:
            if not text.isdigit() or id(command) not in self._sure:
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
            return f":{'0' if text in ROOTS else text}" if PLAIN.match(text) else None
        user, mark, group = text.partition(":" if ":" in text else ".")
        if (user and not PLAIN.match(user)) or (group and not PLAIN.match(group)) or not (user or group):
            return None
        if mark and not group:
            return self._names.account(user)
        return normal(f"{user}:{group}")

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


def _elsewhere(name: str, rest: tuple[str | None, ...], found: Writes) -> bool:
    """Whether the command *name* with the words *rest*, which writes *found*, writes nothing where it runs."""
    if name in _ELSEWHERE or " ".join((name, *(word or "" for word in rest[:2]))) in _CACHES:
        return True
    return found.site and not found.places


def _unpacked(line: int) -> Touch:
    """Archives and other images tell whose their files are; a directory that is there already stays as it is."""
    return Touch("/", line, "fills", None, deep=True)


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
