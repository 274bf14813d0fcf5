"""Which instructions may change places: what is moved cannot be observed by what it passes."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial

from ...ir.build import Build
from ...ir.steps import Arg, Copy, Env, Exec, Healthcheck, Label, Listing, Run, Step, Value
from ...knowledge.order import fetches, ignores_variables, installs_packages, known_options, works_on_operands
from ...patterns import re
from ...record import record
from ...shell.script import Simple
from ..facts import Facts
from ..flow.destinations import destination
from ..shell.operations import Kind, is_local

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PYTHONS = ("pip", "python", "pypy", "uv")
_READING = frozenset(
    ("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links", "-g", "--file")
)
#: Kinds of operations of package managers that are worth keeping.
_COSTLY = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.UPDATE, Kind.DOWNLOAD))
#: Instructions that only describe the image, and the labels that say what MAINTAINER says.
_PLAIN = frozenset(("STOPSIGNAL", "MAINTAINER"))
_AUTHORS = frozenset(("org.opencontainers.image.authors", "maintainer"))
_MOUNTS = frozenset(("cache", "secret", "ssh", "tmpfs"))


class Obstacle(Exception):
    """Why an instruction may observe what would pass it; ``run`` tells that it is a RUN that may look at anything."""

    def __init__(self, reason: str, *, run: bool = False) -> None:
        super().__init__(reason)
        self.run = run


@record
class Variables:
    """Moved ARG, ENV and LABEL instructions: the variables that they set, those they use, the keys of labels."""

    names: frozenset[str]
    uses: frozenset[str]
    labels: frozenset[str]


def variables(steps: Sequence[Step]) -> Variables:
    """What the ARG, ENV and LABEL instructions *steps* set and use."""
    pairs = [pair for step in steps if isinstance(step, Arg | Env) for pair in step.pairs]
    labels = [pair.key.strip("\"'") for step in steps if isinstance(step, Label) for pair in step.pairs]
    uses = {name for step in steps for name in _REFERENCE.findall(step.origin.args)}
    return Variables(frozenset(pair.key for pair in pairs), frozenset(uses), frozenset(labels))


def check_variables(moved: Variables, facts: Facts, step: Step) -> None:
    """Whether *moved* may pass *step*. Raises ``Obstacle``."""
    used = facts.recall("names in steps", step.index, partial(_names, step))
    if moved.names & used:
        raise Obstacle(f"line {step.line} uses {', '.join(sorted(moved.names & used))}")
    if isinstance(step, Env | Arg):
        if moved.uses & {pair.key for pair in step.pairs}:
            raise Obstacle(f"line {step.line} sets what it uses")
    elif isinstance(step, Label):
        if moved.labels & {pair.key for pair in step.pairs}:
            raise Obstacle(f"line {step.line} sets the same label")
    elif isinstance(step, Run):
        reason = facts.recall("sees variables", step.index, partial(_sees, step, facts))
        if reason is not None:
            raise Obstacle(reason, run=True)
    elif step.keyword == "MAINTAINER":
        if moved.labels & _AUTHORS:
            raise Obstacle(f"line {step.line} may set the same label")
    elif not isinstance(step, Copy | Exec | Healthcheck | Listing | Value):
        raise Obstacle(f"{step.keyword} stands between")


def _names(step: Step) -> frozenset[str]:
    """All that may be a variable in the text of *step*: everything that moves asks it."""
    text = step.origin.text if isinstance(step, Run) else step.origin.args
    return frozenset(_NAME.findall(text))


def _sees(run: Run, facts: Facts) -> str | None:
    """Why *run* may look at variables that it does not name; None where it does not."""
    problem = _closed(run, facts)
    if problem is not None:
        return problem
    for command in _commands(run, facts):
        words = [word if word is not None else "$" for word in command.argv]
        if words and not _blind(words):
            return f"{words[0]} on line {run.line} may read its environment"
    return None


def _blind(words: Sequence[str]) -> bool:
    if words[0] == "set":
        return len(words) > 1 and all(word[0] in "-+" or word == "pipefail" for word in words[1:])
    if words[0] == "export":
        return len(words) > 1 and all("=" in word for word in words[1:])
    return ignores_variables(words)


def check_files(folders: Sequence[str], relative: bool, facts: Facts, step: Step) -> None:
    """Whether files copied to *folders* may come behind *step* instead of before it. Raises ``Obstacle``.

    *relative* tells that a folder is named from the working directory.
    """
    if relative and step.keyword == "WORKDIR":
        raise Obstacle(f"line {step.line} leads elsewhere")
    # What is apart from all of them is told at once; what is not, from the first that it meets.
    if len(folders) > 1 and isinstance(step, Run | Copy) and _is_apart(_place(tuple(folders)), step, facts):
        return
    for folder in folders:
        _check_folder(folder, step, facts)


class _Place:
    """Some folders, of which it is told at once whether a path meets one of them: there may be a thousand."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._sorted = sorted(folders)
        self._within = sorted(f"{folder}/" for folder in folders)
        self._known = frozenset(self._within)
        self._lengths = frozenset(map(len, self._within))

    def overlaps(self, path: str) -> bool:
        """Whether ``overlaps`` is true of *path* and one of them."""
        path = posixpath.normpath(path) if path.strip("/") else "/"
        return path == "/" or _begins(self._sorted, path) or self._above(f"{path}/")

    def holds(self, other: str) -> bool:
        """Whether the folder *other* is one of them, or above or below one."""
        return _begins(self._within, f"{other.rstrip('/')}/") or self._above(f"{other}/")

    def _above(self, path: str) -> bool:
        return any(path[:length] in self._known for length in self._lengths)


def _begins(paths: Sequence[str], start: str) -> bool:
    """Whether one of the sorted *paths* begins with *start*."""
    at = bisect_left(paths, start)
    return at < len(paths) and paths[at].startswith(start)


@lru_cache(maxsize=1)
def _place(folders: tuple[str, ...]) -> _Place:
    return _Place(folders)


def _is_apart(place: _Place, step: Run | Copy, facts: Facts) -> bool:
    """Whether *step* has nothing to do with any folder of *place*."""
    if isinstance(step, Copy):
        other = destination(step, facts.state(step))
        return other is not None and not place.holds(other)
    looks = facts.recall("looks at", step.index, partial(_looks, step, facts))
    return all(paths is not None and not any(map(place.overlaps, paths)) for _, paths in looks)


def _check_folder(folder: str, step: Step, facts: Facts) -> None:
    if isinstance(step, Value) and step.keyword == "WORKDIR":
        if not step.value.startswith("/") or "$" in step.value or overlaps(folder, step.value):
            raise Obstacle(f"line {step.line} may make the directory")
    elif isinstance(step, Run):
        for reason, paths in facts.recall("looks at", step.index, partial(_looks, step, facts)):
            if paths is None or any(overlaps(folder, path) for path in paths):
                raise Obstacle(reason, run=True)
    elif isinstance(step, Copy):
        other = destination(step, facts.state(step))
        if other is None or f"{folder}/".startswith(f"{other.rstrip('/')}/") or f"{other}/".startswith(f"{folder}/"):
            raise Obstacle(f"line {step.line} may copy to the same place")
    elif isinstance(step, Listing) and step.keyword == "VOLUME":
        raise Obstacle(f"VOLUME on line {step.line} may hold the files")
    elif not isinstance(step, Arg | Env | Label | Listing | Exec | Healthcheck) and step.keyword not in _PLAIN:
        raise Obstacle(f"{step.keyword} stands between")


#: Why a RUN may observe files, and the paths where it looks for them; None where that may be anywhere.
_Look = tuple[str, tuple[str, ...] | None]


def _looks(run: Run, facts: Facts) -> tuple[_Look, ...]:
    """Where *run* looks for files: every folder that moves asks it."""
    found: list[_Look] = []
    if run.mounts:
        targets = tuple(run.mount_target(one) or "/" for one in run.mounts)
        found.append((f"line {run.line} mounts something there", targets))
    problem = _closed(run, facts)
    if problem is not None:
        return (*found, (problem, None))
    for command in _commands(run, facts):
        found += _looks_of(command, run)
    return tuple(found)


def _looks_of(command: Simple, run: Run) -> Iterator[_Look]:
    words = command.argv
    where = f"line {run.line}"
    if None in words or command.nested:
        yield f"{where} may read the files", None
    named = [word or "" for word in words]
    for redirect in command.redirects:
        target = redirect.target.literal if redirect.target is not None else None
        if target is None or redirect.operator.strip("0123456789") != ">&":
            yield f"{where} may read or write the files", _fixed([target or ""])
    if not named or named[0] == "set":
        return
    if len(named) > 1 and named[0] == "sudo" and not named[1].startswith("-"):
        del named[0]
    if installs_packages(named):
        reads = any(
            is_local(word, of_python=named[0].startswith(_PYTHONS)) or word.partition("=")[0] in _READING
            for word in named[1:]
        )
        if reads or not known_options(named):
            yield f"{named[0]} on {where} may read the files", None
    elif not works_on_operands(named):
        yield f"{named[0]} on {where} may read or write the files", None
    elif named[0] != "echo":
        # An option with a path in it is nothing that these commands have.
        options = [word for word in named[1:] if word.startswith("-")]
        paths = None if any("/" in word for word in options) else _fixed([w for w in named[1:] if w not in options])
        yield f"{named[0]} on {where} may read or write the files", paths


def _fixed(paths: Sequence[str]) -> tuple[str, ...] | None:
    """*paths* up to where patterns begin; None where one is not absolute, so that it may lie anywhere."""
    if any(not path.startswith("/") or ".." in path for path in paths):
        return None
    return tuple(re.split(r"[*?\[{]", path)[0] for path in paths)


def named_by_variables(folder: str, build: Build) -> bool:
    """Whether the value of a variable names *folder*, or a path in it, so that any command may look there."""
    return any(path[0] == "." or overlaps(folder, path) for path in _named(build))


@lru_cache(maxsize=4)
def _named(build: Build) -> frozenset[str]:
    """The paths that stand in values of variables."""
    values = [pair.value or "" for step in build if isinstance(step, Arg | Env) for pair in step.pairs]
    tokens = {token for value in values for token in re.split(r"[^\w./@+-]+", value)}
    return frozenset(token for token in tokens if token[:1] in ("/", "."))


def overlaps(folder: str, path: str) -> bool:
    """Whether one of the absolute paths *folder* and *path* lies in, or begins like, the other."""
    path = posixpath.normpath(path) if path.strip("/") else "/"
    return path == "/" or folder.startswith(path) or f"{path}/".startswith(f"{folder}/")


def _closed(run: Run, facts: Facts) -> str | None:
    """Why nobody sees what *run* does; None where it can be read."""
    if any(name != "mount" for name, _ in run.flags) or any(one.get("type") not in _MOUNTS for one in run.mounts):
        return f"line {run.line} has flags such as --mount, and nothing is moved across it"
    return f"line {run.line} cannot be read" if facts.script(run) is None else None


def _commands(run: Run, facts: Facts) -> tuple[Simple, ...]:
    script = facts.script(run)
    return script.commands if script is not None else ()


def is_costly(step: Step, facts: Facts) -> bool:
    """Whether *step* fetches or installs something."""
    return isinstance(step, Run) and facts.recall("is costly", step.index, partial(_fetches, step, facts))


def _fetches(run: Run, facts: Facts) -> bool:
    script = facts.script(run)
    if script is None:
        return False
    return any(use.operation.kind in _COSTLY for use in facts.uses(run)) or any(
        fetches([word or "" for word in command.argv]) for command in script.commands
    )
