"""What commands between a COPY of the whole context and the sources it brings read of the project.

Which command is an installation is data (``knowledge.installers``); what an installation reads is the project's to say.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from itertools import chain

from ...ir.steps import Arg, Run
from ...knowledge.installers import Installer, Mixed, Setting, installer_of, mixed, settings_of, stands_apart
from ...patterns import re
from ...record import record
from ...shell.script import Simple
from ..facts import Facts
from ..flow.state import State
from ..project import Installation, Project
from ..shell.operations import is_local

_SYSTEM = frozenset(("apt-get", "apt", "apk", "yum", "dnf", "microdnf", "zypper"))
_NAME = re.compile(r"[A-Za-z0-9@][A-Za-z0-9_.@/+~^<>=!,\[\]:-]*\Z")
#: Paths that COPY takes as they are written.
_PLAIN = re.compile(r"[A-Za-z0-9_.@+-]+(?:/[A-Za-z0-9_.@+-]+)*\Z")
_OUTSIDE = ("-", "/var/", "/tmp/", "/root/.cache")
_VERSION = frozenset(("--version", "-v", "-V", "version"))
#: Commands that make folders and accounts.
_MAKERS = frozenset(("mkdir", "groupadd", "useradd", "addgroup", "adduser", "usermod", "true", ":"))
#: What lies beside the sources on the machines of those who work on a project.
_BESIDE = frozenset(("node_modules", ".venv", "vendor"))


class NeedsMore(Exception):
    """Why a command may need more of the project than files that can be named."""


@record
class Place:
    """Where the context is copied to: ``folder`` is an image path, ``project`` what the context holds."""

    folder: str
    project: Project


def commands(run: Run, facts: Facts) -> tuple[Simple, ...]:
    """The simple commands of *run*; none where it cannot be read."""
    script = facts.script(run)
    return script.commands if script is not None else ()


def installs(run: Run, facts: Facts) -> bool:
    """Whether *run* seems to install what a manifest lists."""
    return any(_names_manifest(_words(command)) for command in commands(run, facts))


def compiles(run: Run, facts: Facts) -> tuple[str, Mixed] | None:
    """The first command of *run* that downloads dependencies and compiles the project in one."""
    for command in commands(run, facts):
        words = _words(command)
        found = mixed(words)
        if found is not None:
            return " ".join([word for word in words if not word.startswith("-")][:2]), found
    return None


def _words(command: Simple) -> list[str]:
    words = [word or "" for word in command.argv]
    return words[2:] if words[:1] in (["python"], ["python3"]) and words[1:3] == ["-m", "pip"] else words


def _names_manifest(words: Sequence[str]) -> bool:
    found = installer_of(words)
    if found is None or stands_apart(words):
        return False
    installer, length = found
    rest = list(words[length:])
    if installer.named:
        return any(word.startswith(tuple(installer.files)) or word == "sync" for word in rest)
    operands = [word for word in rest if not word.startswith("-")]
    text = " ".join(operands)
    return any(text == verb or (verb and text.startswith(f"{verb} ")) for verb in installer.verbs) or (
        installer.several and bool(installer.verbs & set(operands))
    )


def read_by(run: Run, place: Place, facts: Facts) -> Installation:
    """What *run* reads of the project. Raises ``NeedsMore`` where that may be more than files that can be named."""
    if any(name == "mount" and "bind" in (value or "bind") for name, value in run.flags):
        raise NeedsMore(f"line {run.line} mounts files")
    found = commands(run, facts)
    if not found:
        raise NeedsMore(f"line {run.line} cannot be read")
    state = facts.state(run)
    parts = [part for command in found for part in _command(command, state, place)]
    files = dict.fromkeys(chain.from_iterable(part.files for part in parts))
    folders = dict.fromkeys(chain.from_iterable(part.folders for part in parts))
    if files or folders:
        files |= dict.fromkeys(_named_by_variables(run, place, facts))
    for path in (*files, *folders):
        if not _PLAIN.match(path):
            raise NeedsMore(f"{path} is not a name for COPY")
    return Installation(tuple(files), tuple(folders), exposed=tuple(one for part in parts for one in part.exposed))


def _command(command: Simple, state: State, place: Place) -> Iterator[Installation]:
    unclear = _unclear(command)
    if unclear is not None:
        raise NeedsMore(unclear)
    words = _words(command)
    if not words:
        raise NeedsMore("an assignment stands between")
    if words[0] == "rm" and all(word.startswith(_OUTSIDE) for word in words[1:]):
        return
    if words[0] == "set" or words[0] in _SYSTEM or stands_apart(words):
        if any(is_local(word) for word in words[1:]):
            raise NeedsMore(f"{words[0]} installs a local file")
        return
    if _reads_nothing(words, state, place):
        return
    found = installer_of(words)
    if found is None:
        raise NeedsMore(f"{' '.join(words[:3])} may need all of the project")
    installer, length = found
    yield from _installation(installer, words, length, state, place)


def _reads_nothing(words: Sequence[str], state: State, place: Place) -> bool:
    """Whether a command reads nothing of the project, and leaves it as it is: it makes folders elsewhere, or accounts,
    or tells its version.
    """
    if len(words) == 2 and words[1] in _VERSION:
        return True
    if words[0] not in _MAKERS:
        return False
    if words[0] == "mkdir":
        try:
            return all(_below(one, state.workdir, place) is None for one in words[1:] if not one.startswith("-"))
        except NeedsMore:
            return False
    # A home folder that is there already gets another owner than one that is made.
    return not place.folder.startswith("/home/") and not any(_shown_below(word, place) for word in words[1:])


def _shown_below(word: str, place: Place) -> bool:
    """Whether *word* may be a path in the copied folder."""
    return f"{word.rstrip('/')}/".startswith(place.folder.rstrip("/") + "/") or word.startswith(("./", "../"))


def _unclear(command: Simple) -> str | None:
    """Why the words of *command* do not tell what it reads and writes; None where they do."""
    name = command.argv[0] if command.argv else None
    shown = "a test" if name in ("[", "[[", "test") else name or "a command"
    if None in command.argv or command.nested:
        return f"what {shown} needs of the project is known only when it runs"
    if command.redirects:
        return f"{shown} reads or writes a file that < or > names"
    if command.assignments:
        return f"the variables in front of {shown} may name files of the project"
    return None


def _installation(
    installer: Installer, words: list[str], length: int, state: State, place: Place
) -> Iterator[Installation]:
    cwd = state.workdir
    operands, files, feeds = _arguments(installer, words[length:])
    name = " ".join(words[:length])
    rest = _behind_verb(installer, operands)
    if rest is None or (rest and not (installer.packages or (installer.operand and len(rest) == 1))):
        raise NeedsMore(f"{' '.join(words[:3])} may need all of the project")
    if installer.packages:
        for word in rest if "sync" not in operands[:1] else ():
            if not _NAME.match(word) or is_local(word, of_python=installer.manager in ("pip", "uv")):
                raise NeedsMore(f"{name} installs {word}")
    for group in installer.needs:
        if not group & set(words):
            raise NeedsMore(f"{name} without {' or '.join(sorted(group))} may need more of the project")
    if installer.named:
        named = [*files, *(rest if "sync" in operands[:1] else ())]
        if not (named or installer.packages):
            raise NeedsMore(f"{name} does not say which file it reads")
    else:
        named = [*files, rest[0] if rest else "."]
    besides = [found for feed in feeds for found in _packages(feed, cwd, place, name)]
    for setting in settings_of(installer.manager):
        if setting.name in state.exported:
            named, read = _set(setting, named, words, state, place)
            besides += read
    for path in named:
        yield _checked(place.project.installation(installer.manager, _inside(path, cwd, place)), words)
    yield from besides
    for made in installer.made:
        path = posixpath.join(_inside(".", cwd, place), made)
        if place.project.holds(path) is not False:
            raise NeedsMore(f"the context holds {path}, which would take the place of what is installed")
        if made in _BESIDE and not place.project.keeps_out(path):
            yield Installation((), exposed=(path,))


def _set(
    setting: Setting, named: list[str], words: Sequence[str], state: State, place: Place
) -> tuple[list[str], list[Installation]]:
    """What the installation starts from, *named* or what takes its place, and what is read besides for *setting*."""
    read: list[Installation] = []
    value = state.env.get(setting.name)
    if value is None or setting.name in state.args:
        raise NeedsMore(f"what {setting.name} names is known only when the image is built")
    given = value.split()
    for word in given:
        if any(word == one or word.startswith(f"{one}=") for one in setting.refused):
            raise NeedsMore(f"{setting.name} says {word}, so that more of the project may be needed")
        if setting.entry_flag and word.startswith(f"{setting.entry_flag}="):
            # What takes the place of the manifest does not tell where the project is: the manifest does that.
            return [*named, word.partition("=")[2]], read
        if setting.packages:
            read += _packages(word, state.workdir, place, setting.name)
        elif setting.read and "://" not in word:
            inside = _below(word, state.workdir, place)
            if inside is not None:
                read.append(_checked(place.project.installation(setting.read, inside), words))
        elif setting.elsewhere and _below(word, state.workdir, place) is not None:
            raise NeedsMore(f"{setting.name} names {word} in the project")
    return (given if setting.entry and given else named), read


def _packages(feed: str, cwd: str | None, place: Place, name: str) -> Iterator[Installation]:
    """The folder or archive *feed* of the project, from which packages are installed."""
    bare = feed.rpartition("=")[2].removeprefix("file:")
    inside = _below(bare, cwd, place) if "://" not in bare else None
    if inside is None:
        return
    if inside == "" or place.project.holds(inside) is not True:
        raise NeedsMore(f"{name} looks for packages in a local directory that cannot be copied first: {bare}")
    is_file = any(file.path == inside for file in place.project.files)
    yield Installation((inside,)) if is_file else Installation((), (inside,))


def _below(path: str, cwd: str | None, place: Place) -> str | None:
    """The context path of *path*; None for what does not lie in the copied folder."""
    if not path.startswith("/") and cwd is None:
        raise NeedsMore(f"no WORKDIR says where {path} is")
    full = posixpath.normpath(posixpath.join(cwd or "/", path))
    return _inside(path, cwd, place) if f"{full}/".startswith(place.folder.rstrip("/") + "/") else None


def _arguments(installer: Installer, words: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """The operands among *words*, and the values of the options that name files, or where packages come from."""
    operands: list[str] = []
    files: list[str] = []
    feeds: list[str] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if installer.packages and re.match(r"-[^-]", word):
            name, value = word[:2], word[2:]
            equals = value
        if not word.startswith("-"):
            operands.append(word)
        elif name in installer.elsewhere or word in ("-", "--"):
            raise NeedsMore(f"{installer.executables[0]} with {word} may need more of the project")
        elif name in installer.files:
            files.append(value if equals else next(rest, ""))
        elif name in installer.feeds:
            feeds.append(value if equals else next(rest, ""))
        elif name in installer.values and not equals:
            next(rest, "")
    return operands, files, feeds


def _behind_verb(installer: Installer, operands: list[str]) -> list[str] | None:
    """The operands behind the verb; None where there is no verb that installs."""
    if installer.several:
        return [] if operands and set(operands) <= installer.verbs else None
    for verb in sorted(installer.verbs, key=len, reverse=True):
        words = verb.split()
        if operands[: len(words)] == words:
            return operands[len(words) :]
    return None


def _inside(path: str, cwd: str | None, place: Place) -> str:
    """The context path of what a command names. Raises ``NeedsMore`` for what does not lie in the copied folder."""
    if not path.startswith("/") and cwd is None:
        raise NeedsMore(f"no WORKDIR says where {path} is")
    full = posixpath.normpath(posixpath.join(cwd or "/", path))
    if full == place.folder:
        return ""
    prefix = place.folder.rstrip("/") + "/"
    if not full.startswith(prefix):
        where = "it runs" if path == "." else f"{path} is"
        raise NeedsMore(f"{where} not in the directory that is copied")
    return full[len(prefix) :]


def _checked(found: Installation, words: Sequence[str]) -> Installation:
    given = {word.partition("=")[0] for word in words}
    for obstacle in found.obstacles:
        if not obstacle.unless & given:
            raise NeedsMore(obstacle.reason)
    return found


def _named_by_variables(run: Run, place: Place, facts: Facts) -> Iterator[str]:
    """The files of the context that variables name: settings of package managers stand there as well."""
    state = facts.state(run)
    files = {file.path for file in place.project.files}
    values = [value for value in state.env.values() if value]
    values += [pair.value for step in facts.build if isinstance(step, Arg) for pair in step.pairs if pair.value]
    prefix = place.folder.rstrip("/") + "/"
    for token in (token for value in values for token in re.split(r"[\s:=,;\"']+", value)):
        path = posixpath.normpath(posixpath.join(state.workdir or place.folder, token))
        if path.startswith(prefix) and path.removeprefix(prefix) in files:
            yield path.removeprefix(prefix)
