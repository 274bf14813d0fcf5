"""What one simple command writes into the image, as far as its words tell.

Sources are in ``knowledge/data/writes.toml``. Paths are absolute; what cannot be told is said, not guessed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from ..knowledge.writes import Writing, tool_writing, writing
from ..record import evolve, record
from ..shell.arguments import Arguments, split
from ..shell.script import Redirect, Simple, Word
from ..shell.words import word_value
from .packages import Kind, Operation, operation, unwrapped
from .state import substitute

_NAME = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
_SPECIAL = re.compile(r"\$[^A-Za-z_{]|\$\{[A-Za-z_][A-Za-z0-9_]*[^A-Za-z0-9_}]|`")
_SCRATCH = frozenset(("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "&1", "&2"))
#: Scripts by which sources of programs are configured, wherever they lie.
_SCRIPTS = frozenset(("configure", "Configure", "config", "autogen.sh", "bootstrap", "bootstrap.sh", "buildconf"))
_GIT_WRITES = frozenset(("checkout", "submodule", "pull", "reset", "fetch", "apply", "init"))
#: ``config`` is among them, as its settings are for git alone.
_GIT_READS = frozenset(
    ("log", "rev-parse", "describe", "status", "show", "branch", "ls-remote", "diff", "tag", "rev-list", "config")
)
_SYSTEM = frozenset(("apt", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper", "pacman"))


@record
class Place:
    """A path that was written: a file, or a folder with everything in it; ``link`` for a symbolic link."""

    path: str
    link: bool = False


@record
class Writes:
    """What a command writes. ``users``: accounts. ``made``: names of programs that it builds, ``*`` for any.

    ``unknown`` says why the places are not all; ``removed`` are paths that it deletes; ``operation`` is set for an
    operation of the system's package manager, whose files belong to packages. ``installed`` is the build tool that puts
    files below the prefix that the project was configured with; ``site``: packages of the language were installed.
    """

    places: tuple[Place, ...] = ()
    users: bool = False
    made: tuple[str, ...] = ()
    unknown: str | None = None
    removed: tuple[str, ...] = ()
    operation: Operation | None = None
    installed: str | None = None
    site: bool = False


@record
class Frame:
    """Where a command runs: its folder (None: not known), and the variables whose values are known.

    ``broad`` are folders with more in them than one Dockerfile put there.
    """

    folder: str | None
    variables: Mapping[str, str]
    broad: frozenset[str]


_NOTHING = Writes()


def writes(command: Simple, frame: Frame) -> Writes:
    """What *command* writes, redirections included."""
    found = _of_words(command, frame)
    places = redirected(command.redirects, frame)
    if places is None:
        return Writes(unknown=f"where {command.words[0].text if command.words else 'a redirection'} writes")
    return evolve(found, places=(*found.places, *places)) if places else found


def redirected(redirects: tuple[Redirect, ...], frame: Frame) -> tuple[Place, ...] | None:
    """The files that *redirects* write; None where one is not known."""
    places = []
    for redirect in redirects:
        if ">" not in redirect.operator or redirect.operator.endswith("&") or redirect.target is None:
            continue
        path = redirect.target.text if redirect.target.text in _SCRATCH else _path(redirect.target, frame)
        if path is None:
            return None
        if path not in _SCRATCH:
            places.append(Place(path))
    return tuple(places)


def absolute(path: str, folder: str | None) -> str | None:
    """*path* made absolute; None where it is relative and the folder is not known."""
    if path.startswith("/"):
        return posixpath.normpath(path).replace("//", "/")
    return posixpath.normpath(posixpath.join(folder, path)) if folder else None


def literal(word: Word, variables: Mapping[str, str]) -> str | None:
    """What *word* stands for with *variables* put in; None where more than that decides."""
    value = word.value
    if value.literal is not None:
        return None if value.glob or value.brace or value.tilde else value.literal
    bare = word_value(_NAME.sub("x", word.text))
    if bare.glob or bare.brace or bare.tilde or _SPECIAL.search(word.text) or "'" in word.text:
        return None
    names = set(_NAME.findall(word.text))
    if not names or not names <= set(variables):
        return None
    return substitute(word.text, tuple(sorted((name, variables[name]) for name in names)))


def _path(word: Word, frame: Frame) -> str | None:
    text = literal(word, frame.variables)
    return absolute(text, frame.folder) if text else None


def _of_words(command: Simple, frame: Frame) -> Writes:
    if not command.words:
        return _NOTHING
    argv = command.argv
    found = operation(argv)
    if found is not None:
        return _of_operation(command, found, frame)
    at = unwrapped(argv)
    if at >= len(argv):
        return _NOTHING
    word = literal(command.words[at], frame.variables)
    name = word.rpartition("/")[2] if word else ""
    known = writing(name) if word and ("/" not in word or name in _SCRIPTS) else None
    if known is None and word and word.startswith(("/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/")):
        known = writing(name)
    if known is None:
        return Writes(unknown=f"what {command.words[at].text} writes")
    values = tuple(literal(one, frame.variables) for one in command.words)
    unclear = Writes(unknown=f"where {name} writes")
    if known.kind in ("nothing", "users", "files", "project"):
        return _plain(name, known, command, values, at, frame)
    arguments = split(values, at + 1, known.values)
    if any(flag.name in known.unsure or flag.name[:2] in known.unsure for flag in arguments.flags):
        return unclear
    reader = _READERS[known.kind]
    places = reader(known, values, arguments, frame)
    if places is None or any(place is None for place in places):
        return unclear
    found_places = tuple(place for place in places if place is not None)
    if name == "mkdir":
        return Writes(tuple(place for place in found_places if place.path not in frame.broad))
    made = tuple(posixpath.basename(place.path) for place in found_places) if known.kind == "compiler" else ()
    if name == "mv":
        gone = tuple(_removed(command.words[index], frame) for index in arguments.operands[:-1])
        return Writes(found_places, removed=gone)
    return Writes(found_places, made=made)


def _plain(name: str, known: Writing, command: Simple, values: tuple[str | None, ...], at: int, frame: Frame) -> Writes:
    if known.kind == "users":
        return Writes(users=True)
    if known.kind == "files":
        return Writes(tuple(Place(path) for path in known.files))
    if known.kind == "project":
        installs = not {"install", "install-strip", "--install", "install_sw"}.isdisjoint(values[at + 1 :])
        folder = next(
            (one for word, one in zip(values[at + 1 :], values[at + 2 :], strict=False) if word == "-C"), None
        )
        inside = evolve(frame, folder=absolute(folder, frame.folder)) if folder else frame
        return _project(inside, installed=name if installs else None)
    if name in ("rm", "rmdir", "unlink"):
        operands = [word for word in command.words[at + 1 :] if not word.text.startswith("-")]
        return Writes(removed=tuple(_removed(word, frame) for word in operands))
    return _NOTHING


def _removed(word: Word, frame: Frame) -> str:
    """The path that ``rm`` is given, patterns as they are; a question mark where it is not known."""
    text = literal(word, frame.variables)
    if text is None:
        text = _NAME.sub(lambda match: frame.variables.get(match[1], match[0]), word.text)
    if "$" in text or "`" in text:
        return "?"
    return absolute("/root" + text[1:] if text.startswith("~") else text, frame.folder) or "?"


def _project(frame: Frame, installed: str | None = None) -> Writes:
    if frame.folder is None:
        return Writes(unknown="in which folder it builds")
    return Writes((Place(frame.folder),), made=("*",), installed=installed)


def _of_operation(command: Simple, found: Operation, frame: Frame) -> Writes:
    name = found.manager.name
    if name in _SYSTEM:
        return Writes(operation=found)
    known = tool_writing(name, found.subcommand)
    said = f"{found.executable} {found.subcommand}".rstrip()
    if known is None:
        return Writes(unknown=f"what {said} writes")
    kind = known.kind
    special = next((flag.name for flag in found.flags if flag.name in known.unsure), None)
    if found.subcommand in known.unsure or (kind != "nothing" and special is not None):
        return Writes(unknown=f"where {said} {special or ''}".rstrip() + " writes")
    folder = next((flag.value for flag in found.flags if flag.name in known.folder), None)
    if folder is not None and kind != "nothing":
        place = _place(folder, frame)
        return Writes((place,)) if place is not None else Writes(unknown=f"where {said} writes")
    if kind == "nothing":
        return _NOTHING
    if kind.startswith("site"):
        return evolve(_project(frame) if "project" in kind else Writes(), site=True, made=("*",))
    if kind == "programs":
        return Writes(made=("*",))
    if kind == "project":
        return _project(frame)
    operands = [literal(command.words[index], frame.variables) for index in found.operands]
    tails = tuple(_program(operand, frame) for operand in operands if operand is not None) or (_program(".", frame),)
    if kind == "go-install":
        if found.has_flag("-d"):
            return _NOTHING
        home = frame.variables.get("GOBIN") or posixpath.join(frame.variables.get("GOPATH", "/go").split(":")[0], "bin")
        return Writes((Place(home),), made=tails)
    output = found.flag_value("-o")
    if output is None:
        if not frame.folder:
            return Writes(unknown="in which folder go builds")
        return Writes((Place(frame.folder),), made=tails)
    at = next(flag.at for flag in found.flags if flag.name == "-o")
    word = command.words[at + 1] if at + 1 < len(command.words) and command.words[at].text == "-o" else None
    path = _path(word, frame) if word is not None else absolute(output, frame.folder)
    if path is None:
        return Writes(unknown="where go build writes")
    return Writes((Place(path),), made=tails if output.endswith("/") else (posixpath.basename(path),))


def _program(operand: str, frame: Frame) -> str:
    """The name that Go gives to the program of a package: the last part of its path."""
    bare = operand.split("@")[0].rstrip("/")
    if "..." in bare:
        return "*"
    if bare.startswith("."):
        bare = absolute(bare, frame.folder) or "*"
    name = posixpath.basename(bare)
    if name.endswith(".go"):
        return name.removesuffix(".go")
    return posixpath.basename(posixpath.dirname(bare)) if re.fullmatch(r"v\d+", name) else name


Values = tuple[str | None, ...]
Found = tuple["Place | None", ...] | None


def _place(path: str | None, frame: Frame) -> Place | None:
    found = absolute(path, frame.folder) if path else None
    return Place(found) if found else None


def _operands(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    return tuple(_place(values[index], frame) for index in arguments.operands[known.skip :])


def _target(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    if len(arguments.operands) < 2:
        return None
    target = values[arguments.operands[-1]]
    place = _place(target, frame)
    if place is None or target is None:
        return None
    if place.path not in frame.broad:
        return (place,)
    sources = [values[index] for index in arguments.operands[:-1]]
    return tuple(
        _place(posixpath.join(place.path, posixpath.basename(s.rstrip("/"))), frame)
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
        return tuple(_place(flag.value, frame) if flag.value != "-" else None for flag in given if flag.value != "-")
    if known.named & names:
        urls = [values[index] for index in arguments.operands]
        return tuple(_place(posixpath.basename(u.split("?")[0].rstrip("/")) if u else None, frame) for u in urls)
    return ()


def _download(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    given = next((flag.value for flag in arguments.flags if flag.name in known.output), None)
    if given is not None:
        return () if given in ("-", "/dev/null") else (_place(given, frame),)
    folder = next((flag.value for flag in arguments.flags if flag.name in known.folder), ".")
    urls = [values[index] for index in arguments.operands]
    return tuple(
        _place(posixpath.join(folder or ".", posixpath.basename(u.split("?")[0].rstrip("/"))) if u else None, frame)
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
    place = _place(folders[-1] if folders else ".", frame)
    return None if place is None or place.path in frame.broad else (place,)


def _folder(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    folders = [flag.value for flag in arguments.flags if flag.name in known.folder]
    if folders:
        return (_place(folders[-1], frame),)
    sources = [values[index] for index in arguments.operands]
    return tuple(_place(posixpath.dirname(s) or "." if s else ".", frame) for s in sources)


def _jar(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    given = [flag for flag in arguments.flags if flag.name in known.output]
    if given:
        return (_place(given[-1].value, frame),)
    operands = [values[index] for index in arguments.operands]
    if len(operands) > 1 and operands[0] and re.fullmatch(r"[cufvme0M]+", operands[0]):
        return (_place(operands[1], frame),)
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
    return (_place(name, frame),)


def _sed(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    if not any(flag.name in ("-i", "--in-place") for flag in arguments.flags):
        return ()
    scripted = any(flag.name in known.values for flag in arguments.flags)
    operands = arguments.operands if scripted else arguments.operands[1:]
    return tuple(_place(values[index], frame) for index in operands) or None


def _awk(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    """Nothing, unless the program might: by printing into a file or by running a command."""
    words = [word for word in values[1:] if word is not None and not word.startswith("-")]
    return None if any(mark in words[0] for mark in (">", "|", "system")) else () if words else None


def _compiler(known: Writing, values: Values, arguments: Arguments, frame: Frame) -> Found:
    given = [flag.value for flag in arguments.flags if flag.name in known.output]
    if given:
        return (_place(given[-1], frame),)
    return (Place(frame.folder),) if frame.folder else None


_READERS = {
    "operands": _operands,
    "target": _target,
    "link": _link,
    "output": _output,
    "download": _download,
    "archive": _archive,
    "folder": _folder,
    "jar": _jar,
    "git": _git,
    "sed": _sed,
    "awk": _awk,
    "compiler": _compiler,
}

#: Folders that images have already, with more in them than one Dockerfile put there.
BROAD = frozenset(
    (
        "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root",
        "/run", "/sbin", "/srv", "/sys", "/usr", "/usr/bin", "/usr/include", "/usr/lib", "/usr/libexec",
        "/usr/local", "/usr/local/bin", "/usr/local/etc", "/usr/local/include", "/usr/local/lib", "/usr/local/sbin",
        "/usr/local/share", "/usr/sbin", "/usr/share", "/usr/src", "/var", "/var/cache", "/var/lib", "/var/log",
        "/var/run", "/var/spool", "/var/www", "/usr/local/go", "/go", "/go/src", "/go/pkg",
    )
)  # fmt: skip
__all__ = ["BROAD", "Frame", "Kind", "Place", "Writes", "absolute", "literal", "writes"]
