"""Variables that commands of a repository give to make, on its command line or in its environment.

Source: GNU make manual, "Overriding Variables" (the command line comes before the makefile), "Variables from the
Environment" (the makefile comes before it, but for ``?=``), "Recursively Using make" (``-C``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from ...knowledge.repository import build_source
from ...patterns import re
from ...record import record
from ..repository import Repository, joined
from .all_paths import all_paths
from .command_folders import folders_of
from .given_variables import given_variables

_KINDS: Final = ("make", "shell", "package", "workflow", "ci", "jenkins", "tilt")
#: Kinds of files that set the environment of the commands in them.
_SETTING: Final = ("shell", "package", "workflow", "ci", "jenkins")
_CALL = re.compile(
    r"(?:(?<![\w./$({-])g?make|\$[({]MAKE[)}])(?=[\s\\]|\Z)"
    r"(?P<words>(?:\\\n|\$\{\{[^{}\n]*\}\}|\$\([^()\n]*\)|[^\n;&|])*+)"
)
_FOLDER = re.compile(r"(?:^|\s)(?:-C[ \t]*+|--directory[= ])[\"']?(?P<path>[^\s\"']++)")
_VALUE = re.compile(
    r"(?:^|(?<=\s))[\"']?(?P<name>[A-Za-z_]\w*)=(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'"
    r"|(?P<bare>(?:\$\{\{[^{}\n]*\}\}|\$\([^()\n]*\)|[^\s\"'`])*+))"
)
#: So many characters of a file are searched, and so many calls and ways are followed.
_MAX_TEXT: Final = 256 * 1024
_MAX_CALLS: Final = 2_000
_MAX_SETTING: Final = 50
MAX_WAYS: Final = 8

#: Values of variables, None for those that only a run tells.
Given = Mapping[str, "str | None"]


@record
class _Call:
    """A call of make in the file ``path`` with ``values``; ``folders`` are those that it may read a makefile in, the
    likeliest first, none where nobody knows.
    """

    path: str
    folders: tuple[str, ...]
    values: tuple[tuple[str, str | None], ...]


def given_to_make(repository: Repository, makefile: str, soft: Collection[str], names: Collection[str]) -> list[Given]:
    """What those of the variables *names* are set to who call for *makefile*, once for each way.

    The environment sets *soft* ones only, which the makefile sets where nothing else does.
    """
    home = posixpath.dirname(makefile)
    calls = repository.recall("calls of make", lambda: _by_folder(repository))
    own = [*calls.get(home, ()), *calls.get(None, ())]
    ways: dict[tuple[tuple[str, str | None], ...], None] = {}
    for call in own:
        values = {name: value for name, value in call.values if name in names}
        if values:
            ways[tuple(sorted(values.items(), key=lambda one: one[0]))] = None
    # Makefiles that call others hand on what they export, which is not followed.
    setting: dict[str, set[str]] = {}
    for call in own:
        if build_source(call.path) in _SETTING:
            setting.setdefault(call.path, set()).update(name for name, _ in call.values)
    for path, told in [*setting.items()][:_MAX_SETTING]:
        environment = given_variables(repository, [path], {name for name in names if name in soft and name not in told})
        for way in environment.ways:
            ways[tuple(sorted(way.items()))] = None
        if environment.doubtful:
            ways[tuple((name, None) for name in sorted(environment.doubtful))] = None
    if len(ways) > MAX_WAYS:
        return [{name: None for way in ways for name, _ in way}]
    return [dict(way) for way in ways]


def _by_folder(repository: Repository) -> dict[str | None, list[_Call]]:
    """The calls by the folders that they read a makefile in, those that may be for any under None."""
    found: dict[str | None, list[_Call]] = {}
    for one in _calls(repository):
        folder = _read(repository, one)
        # One that is not here may be where a job has put the repository.
        if folder is not None or not any(map(repository.is_folder, one.folders)):
            found.setdefault(folder, []).append(one)
    return found


def _read(repository: Repository, call: _Call) -> str | None:
    """The first folder of the *call* that has a makefile."""
    named = ("Makefile", "makefile", "GNUmakefile")
    return next((one for one in call.folders if any(repository.is_file(joined(one, name)) for name in named)), None)


def _calls(repository: Repository) -> Iterator[_Call]:
    left = _MAX_CALLS
    for path in all_paths(repository):
        if build_source(path) not in _KINDS:
            continue
        text = (repository.read(path) or "")[:_MAX_TEXT]
        for match in _CALL.finditer(text) if "make" in text.lower() else ():
            left -= 1
            if left < 0:
                return
            words = match["words"].replace("\\\n", " ")
            values = tuple((one["name"], _constant(one)) for one in _VALUE.finditer(words))
            yield _Call(path, tuple(_folders(path, text, match.start(), words)), values)


def _folders(path: str, text: str, at: int, words: str) -> Iterator[str]:
    inner = _FOLDER.search(words)
    if inner is not None and "$" in inner["path"]:
        return
    for folder in folders_of(path, text, at):
        yield folder if inner is None else joined(folder, inner["path"])


def _constant(match: re.Match[str]) -> str | None:
    found = next((match[name] for name in ("double", "single", "bare") if match[name] is not None), "")
    return None if "$" in found or "`" in found or "{{" in found else found
