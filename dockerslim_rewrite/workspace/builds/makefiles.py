"""Builds in Makefiles. Source: GNU make manual, "Recipes", "Rule Syntax", "Including Other Makefiles",
"Defining Canned Recipes", "Using One Shell".
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence

from ...knowledge.build_commands import names_a_builder
from ...patterns import re
from ...record import evolve, record
from ..repository import Repository
from .checkout import below
from .found import FoundBuild, Text, Unknown
from .just_values import just_text, just_values
from .make_definitions import Definitions, includers, is_included_by_name
from .make_given import Given, given_to_make
from .make_values import Expansion
from .other_ways import Again, with_others
from .overwritten import doubted, speaks_of_one
from .shell_scripts import ScriptReader
from .shell_words import logical_lines

#: A recipe in the line of its rule.
_RULE = re.compile(r"[^\s#=:;][^#=:;]*+:(?![=:])[^;=#]*+;(?P<recipe>.*)", re.S)
_DEFINE = re.compile(r"(?:override[ \t]++)?define[ \t]")
#: What a makefile puts before commands to make them quiet: nothing that the shell sees.
_QUIET = re.compile(r"\$(?:\([A-Za-z_]\w*\)|\{[A-Za-z_]\w*\})(?=[A-Za-z])")
#: Variables that are named.
_NAMED = re.compile(r"\$[({]([A-Za-z_]\w*)[)}]")
#: All lines of a recipe are one script, in which a line may change the directory of those behind it.
_ONE_SHELL = re.compile(r"(?m)^\.ONESHELL:")
_MOVES = re.compile(r"(?m)^\t[ \t@+-]*+(?:cd|pushd)[ \t]")
#: In all recipes of a file; a long value counts as several.
_MAX_REPLACED_IN_ALL = 20_000
#: Characters of one command, with what make puts into it: nobody writes longer ones.
_MAX_COMMAND = 20_000


def makefile(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds in the recipes of the Makefile *path*, in the directory that make runs them in."""
    text = repository.read(path)
    if text is None or not names_a_builder(text):
        return
    just = path.rpartition("/")[2].lower() == "justfile"
    told = just_values(text) if just else None
    runs, certain = ([_Run(path, path.rpartition("/")[0])], True) if just else _runs(repository, path)
    most = _MAX_REPLACED_IN_ALL // len(runs)
    # Whichever target writes a file may be made before another one.
    written: set[str] = set()
    readers = [_Recipes(repository, path, run, most, written, told=told) for run in runs]
    names = frozenset(_NAMED.findall(text)).union(*(one.names for one in readers))
    soft = names.difference(*(one.hard for one in readers))
    ways = [] if just else given_to_make(repository, path, soft, names)
    again = Again(repository)
    others = [[_Recipes(again, path, run, most // len(ways), written, way) for run in runs] for way in ways]
    moved = not just and _ONE_SHELL.search(text) is not None and _MOVES.search(text) is not None
    # Below the root, `make -f` may read it from anywhere.
    seen_from = tuple(run.home for run in runs) if "/" in path and not just else ()
    defining = False
    made: list[FoundBuild] = []
    for number, line in logical_lines(text):
        defining = _DEFINE.match(line) is not None or (defining and not line.startswith("endef"))
        # The lines of a definition are commands where some recipe calls for it.
        command = line.strip().lstrip("@-+ ") if defining and not just else _recipe(line, just)
        if command is not None and _may_build(command):
            plain = _builds(repository, readers, number + 1, command, certain)
            given = [_builds(repository, one, number + 1, command, certain) for one in others]
            for build in with_others(plain, given):
                build = evolve(build, seen_from=seen_from)
                made.append(_unsure(build) if moved else build)
    yield from (doubted(repository, one, written) for one in made)


def _builds(
    repository: Repository, readers: Sequence[_Recipes], line: int, command: str, certain: bool
) -> list[FoundBuild]:
    """The builds of the *command* in the *line*, as *readers* read it, each in its own way."""
    found: list[list[FoundBuild]] = []
    for reader in readers:
        found.append(list(reader.builds(line, command)))
        if certain and all(_is_there(repository, one) for one in found[-1]):
            # It does what it says where make is usually run.
            found = found[-1:]
            break
    return [_meant(repository, ways, certain) for ways in zip(*found, strict=False)]


@record
class _Run:
    """One way to read a makefile: make reads ``start`` first, in the directory ``home``."""

    start: str
    home: str


def _runs(repository: Repository, path: str) -> tuple[list[_Run], bool]:
    """How the makefile *path* may be read, and whether the first way counts where nothing speaks for another."""
    above = [_Run(one, posixpath.dirname(one)) for one in includers(repository, path)]
    if above:
        return above, len(above) == 1
    # By `make -f`, or by files that include it with names that variables give, it is read from elsewhere.
    homes = dict.fromkeys((posixpath.dirname(path), ""))
    return [_Run(path, home) for home in homes], len(homes) == 1 or not is_included_by_name(path)


def _is_there(repository: Repository, build: FoundBuild) -> bool:
    return isinstance(build.dockerfile, str) and repository.is_file(build.dockerfile)


def _meant(repository: Repository, ways: Sequence[FoundBuild], certain: bool) -> FoundBuild:
    """Which of *ways* to take one command is meant: the one whose Dockerfile is there."""
    there = [one for one in ways if _is_there(repository, one)]
    if there and (certain or len({(one.context, one.dockerfile) for one in there}) == 1):
        return there[0]
    if certain:
        return ways[0]
    return _unsure(ways[0])


def _unsure(build: FoundBuild) -> FoundBuild:
    return evolve(build, context=Unknown(str(build.context)), dockerfile=Unknown(str(build.dockerfile)))


def _definitions(repository: Repository, run: _Run) -> Definitions:
    found = Definitions(repository, run.start, run.home)
    found.set(below(run.home), "CURDIR", "PWD")
    found.set("make", "MAKE")
    found.default("docker", "DOCKER")
    return found


class _Recipes:
    """The recipes of the makefile *path*, read as *run* says, in which no more than *most* variables are replaced.

    *given* are values that whoever calls make gives. What the recipes write is added to *written*.
    *told* are the variables of a justfile, None for a makefile.
    """

    def __init__(
        self,
        repository: Repository,
        path: str,
        run: _Run,
        most: int,
        written: set[str],
        given: Given | None = None,
        told: Mapping[str, str] | None = None,
    ) -> None:
        self._told = told
        self._written = written
        self._repository = repository
        self._path = path
        self._home = run.home
        # Many files may be included by one.
        self._definitions = repository.recall(run, lambda: _definitions(repository, run))
        self._left = most
        self._values = self._definitions.given(given) if given else self._definitions.values
        self._plain = self._definitions.plain.without(given or {})

    @property
    def names(self) -> Collection[str]:
        """The variables that the makefile sets."""
        return self._definitions.values.keys()

    @property
    def hard(self) -> Collection[str]:
        """Those that it sets whatever the environment says."""
        return self._definitions.hard

    def builds(self, line: int, command: str) -> Iterator[FoundBuild]:
        """The builds of the *command* in the *line*."""
        unknown: dict[str, Text] = {}
        if self._told is not None:
            yield from self._read(just_text(command, self._told, unknown), line, unknown)
            return
        expansion = Expansion(self._values, self._definitions.tools, self._left, unknown)
        quiet = _QUIET.match(command)
        shell = expansion.text(command[quiet.end() :] if quiet is not None else command).lstrip("@-+ ")
        self._left = max(self._left - expansion.replaced, 0)
        if expansion.cut:
            self._repository.complain(
                self._path, "its loops have more words than are followed; the rest of them is left out"
            )
        if len(shell) > _MAX_COMMAND:
            return
        yield from self._read(shell, line, unknown)

    def _read(self, shell: str, line: int, unknown: Mapping[str, Text]) -> Iterator[FoundBuild]:
        reader = ScriptReader(
            self._repository, "make", self._path, line, [self._home], unknown, self._plain, self._written
        )
        yield from reader.read(shell)


def _recipe(line: str, just: bool) -> str | None:
    """The command in *line*; None where it holds none."""
    if line[:1] == "\t" or (just and line[:1] == " "):
        return line.strip().lstrip("@-+ ")
    match = None if just else _RULE.match(line)
    return None if match is None else match["recipe"].strip().lstrip("@-+ ")


def _may_build(command: str) -> bool:
    return names_a_builder(command) or speaks_of_one(command) or ("$" in command and "build" in command.lower())
