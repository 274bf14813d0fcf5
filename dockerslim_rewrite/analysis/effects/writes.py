"""What one simple command writes into the image, as far as its words tell.

Sources are in ``knowledge/data/writes.toml``. Paths are absolute; what cannot be told is said, not guessed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ...knowledge.writes import ToolWriting, Writing, module_writing, tool_writing, writing
from ...patterns import re
from ...record import evolve, record
from ...shell.arguments import split
from ...shell.names import POSIX_SHELLS
from ...shell.script import Redirect, Simple, Word
from ..flow.places import NAME, Frame, Place, absolute, literal, path_of, pattern_folder, place_of
from ..packages.uv import where_uv_installs
from ..shell.operations import Kind, Operation, operation, unwrapped
from .write_forms import WRITE_FORMS

_SCRATCH = frozenset(("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "&1", "&2"))
#: Scripts by which sources of programs are configured, wherever they lie.
_SCRIPTS = frozenset(("configure", "Configure", "config", "autogen.sh", "bootstrap", "bootstrap.sh", "buildconf"))
_VERSIONS = frozenset(("--version", "-version", "-V", "--help"))
_PYTHON = re.compile(r"python[0-9.]*")
_ASSIGNS = re.compile(r"[A-Za-z_]\w*=")
_SYSTEM = frozenset(("apt", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper", "pacman"))


@record
class Writes:
    """What a command writes. ``users``: accounts. ``made``: names of programs that it builds, ``*`` for any.

    ``unknown`` says why the places are not all; ``removed`` are paths that it deletes; ``operation`` is set for an
    operation of the system's package manager, whose files belong to packages. ``installed`` is the build tool that puts
    files below the prefix that the project was configured with; ``site``: packages of the language were installed;
    ``globally`` is the command that installed some for all projects. ``settings`` are variables of the environment that
    would tell the tool the same for what comes behind.
    """

    places: tuple[Place, ...] = ()
    users: bool = False
    made: tuple[str, ...] = ()
    unknown: str | None = None
    removed: tuple[str, ...] = ()
    operation: Operation | None = None
    installed: str | None = None
    site: bool = False
    globally: str | None = None
    settings: tuple[tuple[str, str], ...] = ()


_NOTHING = Writes()


def writes(command: Simple, frame: Frame, *, within: bool = False) -> Writes:
    """What *command* writes, redirections included; *within*: of a pattern's files, their folder will do."""
    found = _of_words(command, frame, within=within)
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
        path = redirect.target.text if redirect.target.text in _SCRATCH else path_of(redirect.target, frame)
        if path is None:
            return None
        if path not in _SCRATCH:
            places.append(Place(path))
    return tuple(places)


def _of_words(command: Simple, frame: Frame, *, within: bool) -> Writes:
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
    if word and "/" not in word and _only_asks(name, argv[at + 1 :]):
        return _NOTHING
    known = writing(name) if word and ("/" not in word or name in _SCRIPTS) else None
    if known is None and _PYTHON.fullmatch(name) and argv[at + 1 : at + 2] == ("-m",):
        at = min(at + 2, len(argv) - 1)
        name = argv[at] or ""
        known = module_writing(name)
    if known is None and word and word.startswith(("/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/")):
        known = writing(name)
    if known is None:
        return Writes(unknown=f"what {_said(name, argv[at + 1 :], command.words[at].text)} writes")
    values = tuple(literal(one, frame.variables) for one in command.words)
    unclear = Writes(unknown=f"where {name} writes")
    if known.kind in ("nothing", "users", "files", "project", "go-project"):
        return _plain(name, known, command, values, at, frame)
    if known.kind == "operands" and within:
        values = tuple(value or pattern_folder(word) for value, word in zip(values, command.words, strict=True))
    arguments = split(values, at + 1, known.values)
    if any(flag.name in known.unsure or flag.name[:2] in known.unsure for flag in arguments.flags):
        return unclear
    reader = WRITE_FORMS[known.kind]
    places = reader(known, values, arguments, frame)
    if places is None or any(place is None for place in places):
        return unclear
    found_places = tuple(place for place in places if place is not None)
    among = next((place.path for place in found_places if place.path in frame.broad), None)
    if known.kind == "archive" and among is not None:
        return Writes(unknown=f"what {name} unpacks among the files of the base image, in {among},")
    if name == "mkdir":
        return Writes(tuple(place for place in found_places if place.path not in frame.broad))
    made = tuple(posixpath.basename(place.path) for place in found_places) if known.kind == "compiler" else ()
    if name == "mv":
        gone = tuple(_removed(command.words[index], frame) for index in arguments.operands[:-1])
        return Writes(found_places, removed=gone)
    return Writes(found_places, made=made)


def _said(name: str, rest: tuple[str | None, ...], text: str) -> str:
    """The command *text* for people: of a shell, the script that it runs."""
    if name not in POSIX_SHELLS:
        return text
    script = next((word for word in rest if word and not word.startswith("-")), None)
    return f"the script {script}" if script and "-c" not in rest else f"the script that {text} is given"


def _only_asks(name: str, rest: tuple[str | None, ...]) -> bool:
    """Whether a command with the words *rest* behind it tells its version, or puts a virtual environment in front."""
    if name in (".", "source"):
        return len(rest) == 1 and (rest[0] or "").endswith("/bin/activate")
    return len(rest) == 1 and rest[0] in _VERSIONS


def _plain(name: str, known: Writing, command: Simple, values: tuple[str | None, ...], at: int, frame: Frame) -> Writes:
    if known.kind == "users":
        return Writes(users=True)
    if known.kind == "files":
        return Writes(tuple(Place(path) for path in known.files))
    if known.kind == "go-project":
        found = _project(frame)
        return evolve(found, places=(*found.places, Place(_go_programs(frame.variables)))) if found.places else found
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
    """The path that ``rm`` is given, with patterns and variables as they are; the word itself where it is unknown."""
    text = literal(word, frame.variables)
    if text is None:
        text = NAME.sub(lambda match: frame.variables.get(match[1], match[0]), word.text).replace('"', "")
    if text.startswith(("$", "`", "'")) or ".." in text:
        return word.text
    return absolute("/root" + text[1:] if text.startswith("~") else text, frame.folder) or word.text


def _project(frame: Frame, installed: str | None = None) -> Writes:
    if frame.folder is None:
        return Writes(unknown="in which directory it builds")
    return Writes((Place(frame.folder),), made=("*",), installed=installed)


def _of_operation(command: Simple, found: Operation, frame: Frame) -> Writes:
    name = found.manager.name
    if name in _SYSTEM:
        return Writes(operation=found)
    if found.asks:
        return _NOTHING
    known = tool_writing(name, found.subcommand)
    said = f"{found.executable} {found.subcommand}".rstrip()
    if known is None or known.kind == "unknown":
        return Writes(unknown=f"what {said} writes")
    kind = known.kind
    if kind == "poetry":
        return _of_poetry(found.subcommand, command, frame)
    if _only_tools(command, found, known, frame):
        return _NOTHING
    special = next((flag.name for flag in found.flags if flag.name in known.unsure), None)
    if found.subcommand in known.unsure or (kind != "nothing" and special is not None):
        return Writes(unknown=f"where {said} {special or ''}".rstrip() + " writes")
    everywhere = next(
        (one for one in (found.subcommand, *(f.name for f in found.flags)) if one in known.globally), None
    )
    if everywhere is not None and kind != "nothing":
        return Writes(globally=f"{said} {everywhere}" if everywhere != found.subcommand else said)
    folder = next((flag.value for flag in found.flags if flag.name in known.folder), None)
    if folder is not None and kind != "nothing":
        place = place_of(folder, frame)
        return Writes((place,), made=("*",)) if place is not None else Writes(unknown=f"where {said} writes")
    if kind == "nothing":
        return _NOTHING
    if kind == "uv":
        return _of_uv(found, command, frame)
    if kind.startswith("site"):
        return evolve(_beside(found, known, frame) if "project" in kind else Writes(), site=True, made=("*",))
    if kind == "programs":
        return Writes(made=("*",))
    if kind == "project":
        return _project(frame)
    operands = [literal(command.words[index], frame.variables) for index in found.operands]
    tails = tuple(_program(operand, frame) for operand in operands if operand is not None) or (_program(".", frame),)
    if kind == "go-install":
        if found.has_flag("-d"):
            return _NOTHING
        told = _told(command, frame)
        if told is None:
            return Writes(unknown=f"where {said} writes")
        return Writes((Place(_go_programs(told)),), made=tails)
    output = found.flag_value("-o")
    if output is None:
        if not frame.folder:
            return Writes(unknown="in which directory go builds")
        return Writes((Place(frame.folder),), made=tails)
    at = next(flag.at for flag in found.flags if flag.name == "-o")
    word = command.words[at + 1] if at + 1 < len(command.words) and command.words[at].text == "-o" else None
    path = path_of(word, frame) if word is not None else absolute(output, frame.folder)
    if path is None:
        return Writes(unknown="where go build writes")
    return Writes((Place(path),), made=tails if output.endswith("/") else (posixpath.basename(path),))


def _beside(found: Operation, known: ToolWriting, frame: Frame) -> Writes:
    """What an installation writes into the project: a few files, where none of its options may write more."""
    project = _project(frame)
    plain = found.certain and not found.operands and all(flag.name in known.plain for flag in found.flags)
    if not project.places or not known.files or not plain:
        return project
    return evolve(project, places=tuple(place for name in known.files if (place := place_of(name, frame)) is not None))


def _told(command: Simple, frame: Frame) -> Mapping[str, str] | None:
    """The variables that *command* sees, those that it is given itself among them; None where one is not known."""
    found = dict(frame.variables)
    given = [word for word in command.words if _ASSIGNS.match(word.text)] if command.name == "env" else []
    for word in (*command.assignments, *given):
        text = literal(word, frame.variables)
        if text is None:
            return None
        name, _, value = text.partition("=")
        found[name] = value
    return found


def _go_programs(variables: Mapping[str, str]) -> str:
    """The folder into which Go installs programs."""
    home = variables.get("GOPATH", "/go").split(":")[0]
    return variables.get("GOBIN") or posixpath.join(home, "bin")


def _of_uv(found: Operation, command: Simple, frame: Frame) -> Writes:
    told = _told(command, frame)
    where = where_uv_installs(found, told) if told is not None else None
    if where == "site":
        return Writes(site=True, made=("*",))
    if where is not None and found.subcommand == "venv" and found.operands:
        where = literal(command.words[found.operands[0]], frame.variables)
    elif where == "project":
        return _project(frame)
    place = place_of(where, frame)
    if place is None:
        return Writes(unknown=f"which Python {found.executable} {found.subcommand} takes, and where it installs,")
    inside = Writes(made=("*",)) if found.subcommand.startswith(("pip", "venv")) else _project(frame)
    return evolve(inside, places=(place, *inside.places))


def _of_poetry(subcommand: str, command: Simple, frame: Frame) -> Writes:
    """Poetry installs into an environment of its own, in a folder that its settings name."""
    if subcommand.split()[0] == "config":
        words = [literal(word, frame.variables) for word in command.words if not word.text.startswith("-")]
        name, value = (words[-2] or "", words[-1]) if len(words) == 4 else ("", None)
        variable = f"POETRY_{name.upper().replace('.', '_').replace('-', '_')}"
        return Writes(settings=((variable, value),)) if name and value else Writes(unknown="what poetry config does")
    told = _told(command, frame) or {}
    if told.get("POETRY_VIRTUALENVS_CREATE", "").lower() in ("false", "0"):
        return evolve(_project(frame), site=True)
    if told.get("POETRY_VIRTUALENVS_IN_PROJECT", "").lower() in ("true", "1"):
        return _project(frame)
    return Writes(unknown=f"where poetry {subcommand} puts its virtual environment")


def _only_tools(command: Simple, found: Operation, known: ToolWriting, frame: Frame) -> bool:
    """Whether packages that serve builds only are installed, beside the manager itself."""
    everywhere = found.has_flag(*known.globally) or found.subcommand in known.globally
    if found.kind is not Kind.INSTALL or not everywhere or not found.certain:
        return False
    names = [literal(command.words[index], frame.variables) or "" for index in found.operands]
    return bool(names) and all(re.sub(r"(?<=.)@.*", "", name) in known.tools for name in names)


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
