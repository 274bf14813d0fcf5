"""Where the words of a command say that it writes, by the form that ``knowledge/data/writes.toml`` gives it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from ...knowledge.writes import Writing
from ...shell.arguments import Arguments
from ..flow.places import Frame, Place, place_of

_GIT_WRITES = frozenset(("checkout", "submodule", "pull", "reset", "fetch", "apply", "init"))
#: ``config`` is among them, as its settings are for git alone.
_GIT_READS = frozenset(
    ("log", "rev-parse", "describe", "status", "show", "branch", "ls-remote", "diff", "tag", "rev-list", "config")
)

Values = tuple[str | None, ...]
Found = tuple["Place | None", ...] | None


def _operands(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    return tuple(place_of(values[index], frame) for index in arguments.operands[known.skip :])


def _target(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    if len(arguments.operands) < 2:
        return None
    target = values[arguments.operands[-1]]
    place = place_of(target, frame)
    if place is None or target is None:
        return None
    if place.path not in frame.broad:
        return (place,)
    sources = [values[index] for index in arguments.operands[:-1]]
    return tuple(
        place_of(posixpath.join(place.path, posixpath.basename(s.rstrip("/"))), frame)
        if s and s[-1] not in "./"
        else None
        for s in sources
    )


def _link(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    found = _target(known, values, arguments, frame)
    return None if found is None else tuple(Place(one.path, link=True) if one else None for one in found)


def _output(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    given = [flag for flag in arguments.flags if flag.name in known.output]
    names = {flag.name for flag in arguments.flags}
    if given:
        return tuple(place_of(flag.value, frame) if flag.value != "-" else None for flag in given if flag.value != "-")
    if known.named & names:
        urls = [values[index] for index in arguments.operands]
        return tuple(place_of(posixpath.basename(u.split("?")[0].rstrip("/")) if u else None, frame) for u in urls)
    return ()


def _download(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    given = next((flag.value for flag in arguments.flags if flag.name in known.output), None)
    if given is not None:
        return () if given in ("-", "/dev/null") else (place_of(given, frame),)
    folder = next((flag.value for flag in arguments.flags if flag.name in known.folder), ".")
    urls = [values[index] for index in arguments.operands]
    return tuple(
        place_of(posixpath.join(folder or ".", posixpath.basename(u.split("?")[0].rstrip("/"))) if u else None, frame)
        for u in urls
    )


def _archive(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    """The folder into which an archive is unpacked; what is in it is not known."""
    first = values[arguments.operands[0]] if arguments.operands else ""
    if first and re.fullmatch(r"[A-Za-z]*c[A-Za-z]*", first) and "." not in first:
        return None
    if any(flag.name in ("-l", "-p", "-t", "--list") for flag in arguments.flags):
        return ()
    folders = [flag.value for flag in arguments.flags if flag.name in known.folder]
    place = place_of(folders[-1] if folders else ".", frame)
    return None if place is None else (place,)


def _folder(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    folders = [flag.value for flag in arguments.flags if flag.name in known.folder]
    if folders:
        return (place_of(folders[-1], frame),)
    sources = [values[index] for index in arguments.operands]
    return tuple(place_of(posixpath.dirname(s) or "." if s else ".", frame) for s in sources)


def _tree(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    folders = [flag.value for flag in arguments.flags if flag.name in known.folder]
    return (Place(frame.folder) if frame.folder else None, *(place_of(folder, frame) for folder in folders))


def _jar(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    given = [flag for flag in arguments.flags if flag.name in known.output]
    if given:
        return (place_of(given[-1].value, frame),)
    operands = [values[index] for index in arguments.operands]
    if len(operands) > 1 and operands[0] and re.fullmatch(r"[cufvme0M]+", operands[0]):
        return (place_of(operands[1], frame),)
    return None


def _git(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    operands = [values[index] for index in arguments.operands]
    verb = operands[0] if operands else None
    if verb in _GIT_WRITES:
        return (Place(frame.folder),) if frame.folder else None
    if verb in _GIT_READS:
        return ()
    if verb != "clone" or len(operands) < 2 or operands[1] is None:
        return None
    name = operands[2] if len(operands) > 2 else posixpath.basename(operands[1].rstrip("/")).removesuffix(".git")
    return (place_of(name, frame),)


def _sed(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    if not any(flag.name in ("-i", "--in-place") for flag in arguments.flags):
        return ()
    scripted = any(flag.name in known.values for flag in arguments.flags)
    operands = arguments.operands if scripted else arguments.operands[1:]
    return tuple(place_of(values[index], frame) for index in operands) or None


def _awk(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    """Nothing, unless the program might: by printing into a file or by running a command."""
    words = [word for word in values[1:] if word is not None and not word.startswith("-")]
    return None if any(mark in words[0] for mark in (">", "|", "system")) else () if words else None


def _compiler(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    given = [flag.value for flag in arguments.flags if flag.name in known.output]
    if given:
        return (place_of(given[-1], frame),)
    return (Place(frame.folder),) if frame.folder else None


def _php(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    """Composer's installer, on standard input or as a file: it writes one program where it is told to."""
    given: dict[str, str] = {}
    for word in values[1:]:
        if word is None or not (word.startswith("--") or word.endswith("composer-setup.php")):
            return None
        name, _, value = word.partition("=")
        given[name] = value
    folder = given.get("--install-dir")
    return (place_of(posixpath.join(folder, given.get("--filename") or "composer.phar"), frame),) if folder else None


#: How each form of command names the places it writes; None, or a place that is None, where that is not known.
WRITE_FORMS: dict[str, Callable[[Writing, Values, Arguments, Frame], Found]] = {
    "operands": _operands,
    "target": _target,
    "link": _link,
    "output": _output,
    "download": _download,
    "archive": _archive,
    "folder": _folder,
    "jar": _jar,
    "tree": _tree,
    "git": _git,
    "sed": _sed,
    "awk": _awk,
    "compiler": _compiler,
    "php": _php,
}
