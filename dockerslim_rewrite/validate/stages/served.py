"""What a split may leave behind because the container runs a web server that only reads, and what it installs again."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ...change import Claim, InstallsAgain, LeavesUnread
from ...ir.build import Stage
from ...ir.steps import Copy, Exec, Healthcheck, Step
from ...patterns import re
from ...shell.script import Script
from ..core.observe import commands, units
from ..core.program import commands_of
from ..core.verdict import Unsound

#: Servers that start no programs; whether the folder that each serves is named on its command line.
_SERVERS = {"nginx": False, "serve": True, "http-server": True}
#: Options of those that name the folder, and their like, which take the next word.
_VALUES = frozenset(("-l", "--listen", "-p", "--port", "-a", "-c", "-e", "--ext", "-P", "--proxy", "-t", "-g"))
#: What comes with the server itself and is configured, not served.
_SYSTEM = ("/etc/", "/var/log/", "/usr/share/zoneinfo")
#: Folders in which a server, or the system, has what it works with.
_OWN = re.compile(
    r"/(?:usr|usr/share|usr/local|usr/local/(?:bin|lib))?\Z|/(?:etc|run|bin|s?bin|lib\w*|usr/(?:s?bin|lib\w*))(?:/|\Z)"
    r"|/var(?:\Z|/(?!www(?:/|\Z)))"
)
_INSTALLS = (("npm", "install", "-g"), ("npm", "i", "-g"), ("yarn", "global", "add"))
_EMPTIES = frozenset((("npm", "cache", "clean", "--force"), ("yarn", "cache", "clean")))
_GLOBAL = frozenset(("-g", "--global", "global"))
_FOLDERS = frozenset(("", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin"))
_PACKAGE = re.compile(r"[a-z][a-z-]*(?:@[\w.^~-]+)?\Z")


def unserved(stage: Stage, runtime: Stage, place: str | None, claims: Sequence[Claim]) -> frozenset[str]:
    """The folders that *claims* say are not served but for what *runtime* copies; *place* is the working directory.

    Raises ``Unsound`` where *stage* starts anything but a web server that only reads, or where what that serves is not
    among what *runtime* copies.
    """
    folders = frozenset(
        one for claim in claims if isinstance(claim, LeavesUnread) and claim.what == "server" for one in claim.folders
    )
    if not folders:
        return folders
    for folder in folders:
        if not folder.startswith("/") or _OWN.match(posixpath.normpath(folder)):
            raise Unsound(f"{folder} holds more than what is served", stage.head.line, runtime.head.line)
    started = _started(stage)
    folder, name = posixpath.split(started[0]) if started else ("", "")
    if name not in _SERVERS or folder not in _FOLDERS:
        what = f"what {name} opens is not known" if name else "what the container runs is not known"
        raise Unsound(what, stage.head.line, runtime.head.line)
    copied = {
        posixpath.normpath(source)
        for step in runtime.steps
        if isinstance(step, Copy) and step.origin.flag("from")
        for source in step.sources
    }
    if _SERVERS[name]:
        again = {claim.command for claim in claims if isinstance(claim, InstallsAgain)}
        if not any(command.words in again for step in runtime.steps for command in commands_of(step)):
            raise Unsound(f"{name} is not in the runtime stage", stage.head.line, runtime.head.line)
        served = {posixpath.normpath(posixpath.join(place or "/", word)) for word in _operands(started)}
        if len(served) != 1 or not served <= copied:
            raise Unsound(f"what {name} serves is not in the runtime stage", stage.head.line, runtime.head.line)
    elif not any(not path.startswith(_SYSTEM) for path in copied):
        raise Unsound(f"nothing that {name} could serve is in the runtime stage", stage.head.line, runtime.head.line)
    return folders


def creates_by_number(raw: Sequence[str]) -> bool:
    """Whether *raw* are the plain words of a command that creates an account, or a group, with a number of its own.

    Sources: useradd(8), groupadd(8); BusyBox, adduser and addgroup.
    """
    numbers = {
        word.partition("=")[0]: word.partition("=")[2] or following
        for word, following in zip(raw, (*raw[1:], ""), strict=True)
        if word.startswith("-")
    }
    group = any(numbers.get(option, "").isdigit() for option in ("-g", "--gid"))
    if not all(re.fullmatch(r"[\w./=:-]+", word) for word in raw):
        return False
    if raw[:1] in (("groupadd",), ("addgroup",)):
        return group
    owned = group or any(numbers.get(option) for option in ("-G", "--ingroup"))
    user = any(numbers.get(option, "").isdigit() for option in ("-u", "--uid"))
    return raw[:1] in (("useradd",), ("adduser",)) and user and owned


def installed_again(raw: tuple[str, ...], stage: Stage, claims: Sequence[Claim]) -> bool:
    """Whether a command of the runtime stage with the words *raw* installs the server that the container runs, as the
    builder did, by one of *claims*, or empties a package manager's cache behind that.
    """
    claimed = {claim.command for claim in claims if isinstance(claim, InstallsAgain)}
    if not claimed:
        return False
    if raw in _EMPTIES:
        return True
    if raw in claimed and creates_by_number(raw):
        return raw in [command.words for step in stage.steps for command in commands_of(step)]
    if raw not in claimed or raw[:3] not in _INSTALLS or len(raw) != 4 or not _PACKAGE.match(raw[3]):
        return False
    started = _started(stage)
    if not started or started[0] != raw[3].partition("@")[0]:
        return False
    before = [command.words for step in stage.steps for command in commands_of(step)]
    return any(
        words[:1] == raw[:1] and raw[3] in words and {"-g", "--global", "global"} & set(words) for words in before
    )


def _started(stage: Stage) -> tuple[str, ...]:
    """The words of the one command that the container runs; none where there are more, or where it is not known."""
    last: dict[str, Step] = {step.keyword: step for step in stage.steps if isinstance(step, Exec | Healthcheck)}
    if "HEALTHCHECK" in last and getattr(last["HEALTHCHECK"], "test", None) == "CMD":
        return ()
    entry, command = last.get("ENTRYPOINT"), last.get("CMD")
    main = entry or command
    if main is None:
        name = re.split(r"[:@]", stage.head.image.lower().removeprefix("docker.io/").removeprefix("library/"))[0]
        return (name,)
    if not isinstance(main, Exec):
        return ()
    if main.argv is None:
        script = main.body.script if main.body is not None else None
        found = commands(units(script)) if isinstance(script, Script) else []
        if len(found) != 1 or found[0].redirects:
            return ()
        words = found[0].words
        return words[1:] if words[:1] == ("exec",) else words
    rest = command.argv if isinstance(command, Exec) and command is not main and command.argv else ()
    return (*main.argv, *rest)


def _operands(words: tuple[str, ...]) -> list[str]:
    found, at = list[str](), 1
    while at < len(words):
        if words[at].startswith("-"):
            at += 2 if words[at] in _VALUES else 1
            continue
        found.append(words[at])
        at += 1
    return found
