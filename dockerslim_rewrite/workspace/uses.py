"""From the builds of a repository to what passes ask: for each way to build a Dockerfile, its context and its use."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

from ..analysis.project import Evidence
from ..analysis.usage import Container, Mounted, Stale, Usage
from ..context.locate import Location, locate
from ..context.project import FolderProject, Trees
from ..patterns import re
from ..record import evolve
from .builds.by_hand import HandRun
from .builds.found import FoundBuild, Place, Runner, Text, Unknown, Words
from .builds.graph import BuildGraph, build_graph
from .documented import documented_heirs, documented_mounts, workflows_with
from .heirs import Heir, heirs_by_folder, heirs_by_name, names_of
from .inference import Inferred, infer_context, sources_of
from .line_readers import line_readers
from .makers import maker_of
from .repository import Repository, root_of
from .stale import better_contexts
from .untold import untold_context, untold_project

#: More ways to build one file than this are not compared: then nothing rests on any of them.
MAX_WAYS = 16
#: What a Dockerfile, or the folder that it lies in, is called where people develop with its image.
_DEVELOPS = re.compile(
    r"(?i)(?:/dev(?:elop(?:ment|er)?)?/[^/]*|/[^/]*[._-]dev(?:el(?:op(?:ment|er)?)?)?(?:[._-][^/]*)?|/dev\.[^/]*)\Z"
)
_SUBMODULE = re.compile(r"(?m)^[ \t]*+path[ \t]*+=[ \t]*+(\S(?:[^\n]*\S)?)[ \t]*$")
#: What in a name nobody can tell, as Bake, compose, shells and workflows write it.
_EXPANSION = re.compile(r"\$\{[^}]*+\}*+|\$\([^)]*+\)*+|\$\w*+|…|[*?\[\]]")
#: Where stages begin, and the shells that a stage sets.
_LAST_STAGE = re.compile(r"(?im)^[ \t]*+FROM[ \t]")
_SHELL = re.compile(r"(?im)^[ \t]*+SHELL[ \t]++(\[[^\]\n]*+\])")


class Workspace:
    """A repository with its builds, which are read when somebody first asks."""

    def __init__(self, root: Path) -> None:
        self.repository = Repository(root)
        self._graph: BuildGraph | None = None

    @property
    def graph(self) -> BuildGraph:
        """The builds of the repository."""
        if self._graph is None:
            self._graph = build_graph(self.repository)
        return self._graph

    @cached_property
    def _heirs(self) -> Mapping[str, tuple[Heir, ...]]:
        return heirs_by_name(self.repository, self.graph)

    def heirs_of(self, name: str) -> tuple[Heir, ...]:
        """What goes on from the image *name*, or from the build that others call so."""
        return self._heirs.get(name, ())

    @cached_property
    def _heirs_by_folder(self) -> Mapping[str, tuple[Heir, ...]]:
        return heirs_by_folder(self.repository, self.graph, self._own)

    @cached_property
    def _own(self) -> frozenset[str]:
        """The images that the repository builds, by their names without tags."""
        return frozenset(name for build in self.graph.builds for name in names_of(build) if ":" not in name)

    @cached_property
    def _guarded(self) -> frozenset[str]:
        """Those of the repository's own images that each of their builds leaves with pipefail in SHELL."""
        found: dict[str, bool] = {}
        for build in self.graph.builds:
            path = build.dockerfile if isinstance(build.dockerfile, str) else None
            text = build.inline
            if text is None and path is not None and self.repository.is_file(path):
                text = self.repository.read(path)
            shells = _SHELL.findall(_LAST_STAGE.split(text or "")[-1])
            guards = bool(shells) and "pipefail" in shells[-1] and not build.target
            for name in names_of(build):
                found[name] = guards and found.get(name, True)
        return frozenset(name for name, guards in found.items() if guards and ":" not in name)

    def builds_of(self, dockerfile: Path) -> Sequence[FoundBuild]:
        """The known builds of the file *dockerfile*."""
        path = self.repository.relative(Path(dockerfile).absolute().parent.resolve() / dockerfile.name)
        return () if path is None else self.graph.of(path)

    def _doubtful(self, dockerfile: Path) -> Iterator[FoundBuild]:
        """Builds that may be of the file *dockerfile*: their images count, their context and stage do not."""
        path = self.repository.relative(Path(dockerfile).absolute().parent.resolve() / dockerfile.name)
        for build in () if path is None else self.graph.perhaps_of(path):
            yield evolve(build, context=Unknown(str(build.context)), target=None)

    def projects(
        self,
        dockerfile: Path,
        context: Path | None = None,
        sources: Sequence[str] | None = None,
        trees: Trees | None = None,
    ) -> tuple[FolderProject, ...]:
        """What passes may know of *dockerfile*, once for each way to build it; nothing where there are too many ways.

        *context* takes the place of every build's own. The last stage is always among what is judged: where nobody
        in the repository builds it, somebody else does. Builds that do not tell their context, where others do, come
        last, with nothing known of what they are sent. *sources* are those of COPY and ADD, where they are known;
        *trees* are those of contexts that were read before, and hold still.
        """
        builds = [*self.builds_of(dockerfile), *self._doubtful(dockerfile)]
        known = [self.repository.root / build.context for build in builds if isinstance(build.context, str)]
        if known and not context and sources is None:
            sources = sources_of(dockerfile)
        better = {} if context else better_contexts(known, (self.repository.root,), sources or ())
        known = [better[one][0] if one in better else one for one in known]
        guess = None if context or known else infer_context(dockerfile, self.repository, sources)
        default = context or (known[0] if known else guess.root if guess is not None else dockerfile.parent)
        ways: dict[tuple[Path, str | None], list[FoundBuild]] = {}
        # Where no build tells its context, what COPY shows is taken for it; next to one that does, any may be meant.
        told = bool(known) and context is None
        untold: dict[str | None, list[FoundBuild]] = {}
        for build in builds:
            target = build.target if isinstance(build.target, str) and build.target else None
            if told and isinstance(build.dockerfile, str) and untold_context(build) is not None:
                untold.setdefault(target, []).append(build)
                continue
            own = self._context(build) or default
            if own in better:
                own = better[own][0]
            ways.setdefault((context or own, target), []).append(build)
        if len(ways) + len(untold) > MAX_WAYS:
            return ()
        if None not in {*untold, *(target for _, target in ways)}:
            ways[default, None] = []
        guessed = guess is not None and not guess.complete
        place = self.repository.relative(dockerfile)
        maker = maker_of(self.repository, place) if place else None
        readers = line_readers(self.repository, self.graph, place) if place else ()
        tags = tuple(tag for build in builds for tag in build.tags if isinstance(tag, str))
        asked = (self.repository, self.graph, place, tags) if place else None
        trees = {} if trees is None else trees

        def usage(target: str | None, found: Sequence[FoundBuild]) -> Usage:
            known = self._usage(target, found, place)
            return evolve(
                known,
                heirs=(*known.heirs, *(documented_heirs(*asked) if asked else ())),
                guessed=guessed,
                stale=self._stale(found, better),
                maker=maker,
                readers=readers,
                documented=documented_mounts(*asked) if asked else (),
                workflows=(*(workflows_with(*asked) if asked else ()), *self._jobs(found)),
            )

        return (
            *(
                FolderProject(
                    self._location(
                        dockerfile, root, [one for one in found if self._context(one) not in better], context, guess
                    ),
                    dockerfile.name,
                    usage=usage(target, found),
                    trees=trees,
                )
                for (root, target), found in ways.items()
            ),
            *(untold_project(default, dockerfile, usage(target, found), found) for target, found in untold.items()),
        )

    def _location(
        self, dockerfile: Path, root: Path, builds: Sequence[FoundBuild], context: Path | None, guess: Inferred | None
    ) -> Location:
        told = f"{builds[0].place} says so" if builds else "as for its other builds"
        told = told if guess is None else guess.found
        found = locate(dockerfile, root, told if context is None else None)
        inside = self.repository.relative(root)
        if inside is None:
            return found
        below = f"{inside}/" if inside else ""
        submodules = tuple(one[len(below) :] for one in self._submodules if one.startswith(below))
        ignore = None if found.ignore is None else self.repository.relative(found.ignore)
        return evolve(found, shown=_shown(inside), submodules=submodules, ignore_shown=ignore)

    @cached_property
    def _submodules(self) -> tuple[str, ...]:
        """The paths of the repository that other repositories are checked out at."""
        text = self.repository.read(".gitmodules") if self.repository.is_file(".gitmodules") else None
        found = (posixpath.normpath(one.strip('"')) for one in _SUBMODULE.findall(text or ""))
        return tuple(one for one in found if self.repository.inside(one) and one != ".")

    def is_submodule(self, path: str) -> bool:
        """Whether another repository is checked out at *path* of this one, here or elsewhere."""
        return path in self._submodules

    def _context(self, build: FoundBuild) -> Path | None:
        return self.repository.root / build.context if isinstance(build.context, str) else None

    def _stale(self, builds: Sequence[FoundBuild], better: Mapping[Path, tuple[Path, int, int]]) -> tuple[Stale, ...]:
        found: dict[Stale, None] = {}
        for build in builds:
            context = self._context(build)
            if context is not None and context in better:
                _, held, wanted = better[context]
                found[Stale(_evidence(build.place), _shown(str(build.context)), held, wanted)] = None
        return tuple(found)

    def _jobs(self, builds: Sequence[FoundBuild]) -> Iterator[Evidence]:
        """The lines of pipelines whose jobs are run in the image of *builds*."""
        runs = (run for build in builds for run in self.graph.by_hand_of(build) if run.pipeline)
        return iter(dict.fromkeys(_evidence(run.place) for run in runs))

    def _all_heirs(self, place: str | None, builds: Sequence[FoundBuild]) -> list[Heir]:
        """Who goes on from the image of *builds*, which the Dockerfile at *place* makes, or from an image that does."""
        found: dict[Heir, None] = {}
        seen = {place}
        waiting = [(place, builds)]
        while waiting:
            path, made = waiting.pop()
            direct = [heir for build in made for name in names_of(build) for heir in self._heirs.get(name, ())]
            direct += self._heirs_by_folder.get(path or "", ())
            for heir in direct:
                if heir.place.path == place:
                    continue
                found[heir] = None
                if heir.whole and heir.place.path not in seen:
                    seen.add(heir.place.path)
                    waiting.append((heir.place.path, self.graph.of(heir.place.path)))
        return list(found)

    def _usage(self, target: str | None, builds: Sequence[FoundBuild], place: str | None) -> Usage:
        containers: dict[Container, None] = {}
        plain = not builds
        for build in builds:
            runners = [build.runner] if build.runner is not None else []
            runners += [run.runner for run in self.graph.runs_of(build)]
            plain = plain or not runners
            containers.update(dict.fromkeys(map(container_of, runners)))
        places = tuple(dict.fromkeys(Evidence(build.place.path, build.place.line) for build in builds))
        heirs = self._all_heirs(place, builds)
        whole = tuple(dict.fromkeys(_evidence(heir.place) for heir in heirs if heir.whole))
        lists = tuple(dict.fromkeys(_evidence(heir.place) for heir in heirs if heir.lists))
        runs = dict.fromkeys(run for build in builds for run in self.graph.by_hand_of(build))
        by_hand = tuple(dict.fromkeys(_by_hand(run) for run in runs))
        return Usage(
            target,
            places,
            tuple(containers),
            plain,
            heirs=whole,
            list_readers=lists,
            by_hand=by_hand,
            own=self._own,
            guarded=self._guarded,
            further=frozenset(_pattern(name) for build in builds for name, _ in build.contexts),
            after=_after(builds),
            develops=Evidence(place, 1) if place is not None and _DEVELOPS.search(f"/{place}") else None,
            given=_given(builds),
        )


def _given(builds: Sequence[FoundBuild]) -> tuple[tuple[str, Evidence], ...]:
    """The build arguments that each of *builds* gives a value, with where the first of them is."""
    names = [{name for name, value in build.args if value is not None} for build in builds]
    common = set.intersection(*names) if names else set()
    return tuple((name, _evidence(builds[0].place)) for name in sorted(common))


def _after(builds: Sequence[FoundBuild]) -> Evidence | None:
    """Where something is run before *builds*; None where one of them begins with the checkout alone."""
    places = [build.after for build in builds]
    return _evidence(places[0]) if places and places[0] is not None and None not in places else None


def _pattern(name: str) -> str:
    """The further context *name* as Docker shortens it, with what nobody can tell as a pattern."""
    known = _EXPANSION.sub("*", name).lower()
    return known.removeprefix("docker.io/").removeprefix("library/").removesuffix(":latest")


def _shown(folder: str) -> str:
    return folder or "the repository's root"


@cache
def workspace_of(root: Path) -> Workspace:
    """The workspace at *root*, one for each root."""
    return Workspace(root)


def workspace_for(dockerfile: Path) -> Workspace:
    """The workspace of the repository that *dockerfile* lies in."""
    return workspace_of(root_of(dockerfile))


def container_of(runner: Runner) -> Container:
    """*runner* as passes see it."""
    user = runner.user if isinstance(runner.user, str) else None
    started = "entrypoint" if runner.entrypoint is not None else "command"
    powers = ("ALL",) if runner.privileged else tuple(map(str, runner.capabilities))
    return Container(
        where=_evidence(runner.place),
        name=runner.name,
        entrypoint=_words(runner.entrypoint),
        command=_words(runner.command),
        started=_evidence(runner.at(started)),
        user=user,
        user_at=_evidence(runner.at("user")) if user is not None else None,
        ports=tuple((port.container, _evidence(port.place)) for port in runner.ports),
        mounts=tuple(
            Mounted(_known(one.target), one.kind, one.read_only, _evidence(one.place)) for one in runner.mounts
        ),
        powers=powers,
        powers_at=_evidence(runner.at("privileged" if runner.privileged else "cap_add")) if powers else None,
        nonroot=runner.nonroot,
        checks=tuple(_checks(runner)),
        path_set=runner.path_set,
        environment=tuple(
            (name, _known(value), _evidence(place))
            for name, value, place in {one[0]: one for one in runner.environment}.values()
        ),
    )


def _by_hand(run: HandRun) -> Container:
    """A container that somebody runs now and then."""
    where = _evidence(run.place)
    if run.inside:
        return Container(where, checks=((run.words, where),))
    return Container(
        where,
        entrypoint=None if run.entrypoint is None else (run.entrypoint,),
        command=run.words or None,
        user=run.user,
        mounts=tuple(Mounted(path, "bind", False, where) for path in run.mounts),
    )


def _checks(runner: Runner) -> Iterator[tuple[tuple[str | None, ...], Evidence]]:
    test = _words(runner.healthcheck)
    if test is not None and test[:1] != ("NONE",):
        if test[:1] == ("CMD",):
            argv = test[1:]
        else:
            line = test[1:] if test[:1] == ("CMD-SHELL",) else test
            argv = ("sh", "-c", None if None in line else " ".join(map(str, line)))
        yield argv, _evidence(runner.at("healthcheck"))
    for words, place in runner.probes:
        probe = _words(words)
        if probe:
            yield probe, _evidence(place)


def _evidence(place: Place) -> Evidence:
    return Evidence(place.path, place.line)


def _known(text: Text) -> str | None:
    return text if isinstance(text, str) else None


def _words(words: Words) -> tuple[str | None, ...] | None:
    if words is None:
        return None
    return tuple(map(_known, words)) if isinstance(words, tuple) else (None,)
