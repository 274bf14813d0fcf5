"""All builds of a repository."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from importlib import import_module
from types import MappingProxyType

from ...failure import said
from ...knowledge.repository import build_source, document_kind, is_dockerfile_name
from ...patterns import re
from ...record import evolve, record
from ..repository import Repository
from ..walk import walk
from .all_paths import remember
from .by_hand import HandRun, bare_name, runs_by_hand, told_by
from .found import FoundBuild, FoundRun, Unknown
from .named_files import called_files, composed_files
from .shebang import is_shell_script

#: The end of a name that begins with variables.
_KNOWN_END = re.compile(r"[$}%)][^$/]*((?:/[a-z0-9][a-z0-9._-]*)+)(?::[^/]*)?\Z")
#: What a compose file has whatever it is called.
_SERVICES = re.compile(r"(?m)^services[ \t]*+:[ \t]*+(?:#.*+)?$")
_BUILDS = re.compile(r"(?m)^[ \t]++build[ \t]*+:")

Reader = Callable[[Repository, str], Iterator[FoundBuild | FoundRun]]

#: The reader of each kind of file, loaded when there is such a file.
_READERS = {
    "workflow": ("workflows", "workflow"),
    "ci": ("pipelines", "pipeline"),
    "cloudbuild": ("platforms", "cloudbuild"),
    "skaffold": ("skaffold", "skaffold"),
    "devcontainer": ("editors", "devcontainer"),
    "tilt": ("tilt", "tiltfile"),
    "fly": ("platforms", "fly"),
    "render": ("platforms", "render"),
    "heroku": ("platforms", "heroku"),
    "make": ("makefiles", "makefile"),
    "shell": ("script_files", "script_file"),
    "package": ("pipelines", "package_scripts"),
    "jenkins": ("jenkins", "jenkinsfile"),
    "kubernetes": ("kubernetes", "manifests"),
}
#: Kinds of files whose commands may name compose and Bake files.
_CALLING = ("env", "make", "shell", "package", "workflow", "ci", "jenkins", "tilt", "devcontainer")
#: Kinds of files whose commands may run something in containers.
_RUNNING = ("make", "shell", "package", "workflow", "ci", "jenkins")
#: Kinds of files whose jobs may name the image that they run in.
_PIPELINES = ("workflow", "ci")


@record(slots=False)
class BuildGraph:
    """The ``builds`` of a repository, and the containers (``runs``) of images that some of them may make; ``by_hand``
    are the commands that somebody runs in containers now and then.

    ``documents`` are the paths of files that speak of images without building any, by their kind, ``dockerfiles`` those
    that are called like a Dockerfile, ``scripts`` those that hold commands.
    """

    builds: tuple[FoundBuild, ...]
    runs: tuple[FoundRun, ...]
    by_hand: tuple[HandRun, ...] = ()
    documents: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    dockerfiles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()

    @cached_property
    def _by_dockerfile(self) -> dict[str, list[FoundBuild]]:
        found: dict[str, list[FoundBuild]] = {}
        for build in self.builds:
            if isinstance(build.dockerfile, str):
                found.setdefault(build.dockerfile, []).append(build)
        return found

    @cached_property
    def _by_default(self) -> dict[str, list[FoundBuild]]:
        found: dict[str, list[FoundBuild]] = {}
        for build in self.builds:
            if isinstance(build.dockerfile, Unknown) and isinstance(build.context, str):
                found.setdefault(posixpath.join(build.context, "Dockerfile"), []).append(build)
        return found

    @cached_property
    def _runs_by_image(self) -> dict[str, list[FoundRun]]:
        from .compose import image_name

        found: dict[str, list[FoundRun]] = {}
        for run in self.runs:
            name = image_name(run.image)
            if name is not None:
                found.setdefault(name, []).append(run)
        return found

    def of(self, dockerfile: str) -> Sequence[FoundBuild]:
        """The builds of the Dockerfile at the path *dockerfile* of the repository."""
        return self._by_dockerfile.get(dockerfile, ())

    def perhaps_of(self, dockerfile: str) -> Sequence[FoundBuild]:
        """The builds that may be of the Dockerfile at *dockerfile*: they take the one of their context, unless what is
        not known of them says otherwise.
        """
        return self._by_default.get(dockerfile, ())

    def runs_of(self, build: FoundBuild) -> Sequence[FoundRun]:
        """The containers of the image that *build* names."""
        from .compose import image_name

        names = {name: None for name in map(image_name, build.tags) if name is not None}
        # Of a name in a registry that variables tell, the part behind them counts.
        ends = [_known_end(tag) for tag in build.tags if isinstance(tag, Unknown)]
        names |= {name: None for name in self._runs_by_image for end in ends if end and name.endswith(end)}
        return [run for name in names for run in self._runs_by_image.get(name, ())]

    def by_hand_of(self, build: FoundBuild) -> Sequence[HandRun]:
        """What somebody runs in containers of the image that *build* makes."""
        from .compose import image_name

        names = {name for name in map(image_name, build.tags) if name is not None}
        # What variables tell is the same image where the same variables tell it.
        names |= {bare_name(str(tag)) for tag in build.tags}
        wanted = [("image", name) for name in names]
        wanted += [("service", build.name)] if build.kind == "compose" else []
        wanted += [("dockerfile", build.dockerfile)] if isinstance(build.dockerfile, str) else []
        found = {at for one in wanted for at in self._by_hand_of.get(one, ())}
        return [self.by_hand[at] for at in sorted(found)]

    @cached_property
    def _by_hand_of(self) -> dict[tuple[str, str], list[int]]:
        """For each image, service and Dockerfile which of ``by_hand`` are of it."""
        found: dict[tuple[str, str], list[int]] = {}
        for at, run in enumerate(self.by_hand):
            found.setdefault(told_by(run), []).append(at)
        return found


def _known_end(tag: Unknown) -> str:
    """What of the image's name *tag* is told: a slash and all behind it, tag and digest left out; empty for nothing."""
    match = _KNOWN_END.search(tag.text.partition("@")[0])
    return match[1] if match is not None else ""


def _says_services(repository: Repository, path: str) -> bool:
    """Whether the YAML file *path*, whose name tells nothing, looks like one for Compose: services, and builds."""
    text = repository.read(path) or ""
    return _SERVICES.search(text) is not None and _BUILDS.search(text) is not None


def _told(one: FoundBuild | FoundRun) -> FoundBuild | FoundRun:
    """*one*, where an empty stage is none, as all tools take it."""
    return evolve(one, target=None) if isinstance(one, FoundBuild) and one.target == "" else one


def _runs_inside(
    repository: Repository, files: Mapping[str, Sequence[str]], builds: Iterable[FoundBuild]
) -> Iterator[HandRun]:
    """What is run in containers that are there already, as *files* by their kinds tell, in images of *builds*."""
    pipelines = [path for kind in _PIPELINES for path in files.get(kind, ())]
    lives = files.get("devcontainer", ())
    if pipelines or lives:
        from .inside import job_runs, life_runs

        yield from job_runs(repository, pipelines, {bare_name(str(tag)) for one in builds for tag in one.tags})
        yield from life_runs(repository, lives)


def _sure(
    repository: Repository, paths: Sequence[str], read: Callable[[], Iterable[FoundBuild | FoundRun]]
) -> list[FoundBuild | FoundRun]:
    """What *read* finds in *paths*; nothing, with a complaint, where it fails: one kind of file hides no other."""
    found: list[FoundBuild | FoundRun] = []
    try:
        found.extend(read())
    except Exception as error:  # noqa: BLE001 - the builds of other files are there all the same
        place = paths[0] if paths else ""
        repository.complain(place, f"its reader failed ({said(error)}); please report this file")
    return found


def build_graph(repository: Repository) -> BuildGraph:
    """The builds that the files of *repository* ask for. What cannot be read is among its complaints."""
    files: dict[str, list[str]] = {}
    documents: dict[str, list[str]] = {}
    dockerfiles: list[str] = []
    all_paths: list[str] = []
    for seen in walk(repository.root):
        if seen.skipped is None:
            all_paths.append(seen.path)
            if is_dockerfile_name(posixpath.basename(seen.path)):
                dockerfiles.append(seen.path)
            kind = "env" if posixpath.basename(seen.path) == ".env" else build_source(seen.path)
            if kind is not None:
                files.setdefault(kind, []).append(seen.path)
            elif (document := document_kind(seen.path)) is not None:
                documents.setdefault(document, []).append(seen.path)
            elif is_shell_script(repository, seen.path):
                files.setdefault("shell", []).append(seen.path)
        elif seen.unfollowed:
            repository.complain(seen.path, seen.skipped)
    remember(repository, all_paths)
    calling = [path for kind in _CALLING for path in files.get(kind, ())]
    called = called_files(repository, calling)
    found: list[FoundBuild | FoundRun] = []
    commands = [evolve(one, kind="compose", paths=paths) for one in called if (paths := composed_files(one))]
    named = {path for one in commands for path in one.paths}
    others = [one for one in files.get("kubernetes", ()) if one not in named and _says_services(repository, one)]
    if "compose" in files or commands or others:
        from .compose_given import composed

        setting = [path for kind in _CALLING[1:] for path in files.get(kind, ())]
        composing = files.get("compose", [])
        found += _sure(repository, composing, lambda: composed(repository, composing, commands, others, setting))
    commands = [one for one in called if one.kind == "bake"]
    if "bake" in files or commands:
        from .bake import bake
        from .bake_settings import bake_settings

        services = [one for one in found if isinstance(one, FoundBuild)]
        settings = bake_settings(repository, calling)
        baked = files.get("bake", [])
        found += _sure(repository, baked, lambda: bake(repository, baked, services, commands, settings))
    for kind, (module, name) in _READERS.items():
        if kind in files:
            reader: Reader = getattr(import_module(f"{__package__}.{module}"), name)
            for path in files[kind]:
                found += _sure(repository, [path], partial(reader, repository, path))
    introducing = documents.get("readme", ())
    scripts = tuple(path for kind in _RUNNING for path in files.get(kind, ()))
    unique = dict.fromkeys(map(_told, found))
    builds = tuple(one for one in unique if isinstance(one, FoundBuild))
    return BuildGraph(
        builds,
        tuple(one for one in unique if isinstance(one, FoundRun)),
        (
            *runs_by_hand(repository, [*scripts, *introducing]),
            *_runs_inside(repository, files, builds),
        ),
        {kind: tuple(paths) for kind, paths in documents.items()},
        tuple(dockerfiles),
        scripts,
    )
