"""Builds of compose files: which files make up a project, and what its services say when all is put together.

Sources: Compose specification, "Include", "Extend", "Merge"; Docker documentation, "Specify environment variables",
"Legacy versions" (files without ``services``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from ...patterns import re
from ...record import evolve, record
from ..repository import Repository, joined
from .compose_service import Service, ServiceReader, dockerfile_of, merged, weight
from .found import FoundBuild, FoundRun, Runner, Text, Unknown
from .growth import Steps
from .interpolation import interpolate, read_env
from .named_files import Called
from .yaml_values import Map, Scalar, Seq, YamlError, documents, mapping, scalar, sequence

#: The files that are read when nobody names one, the first that is there; and the ones then merged into it.
_DEFAULT = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_TAG_ONLY = re.compile(r"[\"']?([a-z0-9][\w./-]*):\$")
#: One of these every service of the first format has.
_SERVICE = ("build", "image", "extends")
_OVERRIDES = re.compile(r"(?:docker-)?compose\.override\.ya?ml\Z")
#: How many files may extend or include each other in a row.
_MAX_DEPTH = 30
_MAX_EXTENDED = 2_000
_MAX_INCLUDED = 2_000
#: Entries of services that are read and put together, beside one for so many characters of the files; with what
#: variables change, as many again. Aliases, includes and commands may name one thing many times. Reading a service and
#: building it take as long as so many entries.
MAX_STEPS = 200_000
_WRITTEN = 4
_SERVICE_STEPS = 5
#: So many builds and containers are told, beside one for so many characters; one with many entries counts as several.
MAX_FOUND = 20_000
_WRITTEN_FOR_ONE = 16
_ENTRIES_OF_ONE = 100
#: So many entries are put together in one step, and so many variables kept for a file that is read with them.
_COPIED = 20
_KEPT = 5

#: What variables are set to; None where nobody can tell.
Variables: TypeAlias = Mapping[str, str | None]


@record
class _File:
    """A compose file: its services and includes, and the folder that its paths are relative to."""

    path: str
    base: str
    services: Map
    include: Seq | Map | Scalar | None
    variables: Variables


class ComposeReader:
    """Reads the compose files of a repository, each once."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._documents: dict[str, Map | None] = {}
        self._environments: dict[str, dict[str, str]] = {}
        self._given: Variables = {}
        #: Files with names that tell nothing, and that no other file names.
        self._alone: set[str] = set()
        self._extended = 0
        self._included_files = 0
        self._cycles = 0
        self._plain, self._changed = (Steps(MAX_STEPS), Steps(MAX_FOUND)), (Steps(MAX_STEPS), Steps(MAX_FOUND))
        self._steps, self._builds = self._plain
        self._told = False
        self._known: dict[tuple[str, str, tuple[tuple[str, str | None], ...]], dict[str, Service]] = {}

    @property
    def opened(self) -> Collection[str]:
        """The files that were read."""
        return self._documents.keys()

    def read(
        self,
        paths: Sequence[str],
        called: Sequence[Called] = (),
        others: Sequence[str] = (),
        given: Variables | None = None,
    ) -> Iterator[FoundBuild | FoundRun]:
        """The builds and containers of the compose files *paths*, and of those that commands have *called* together.

        Files of one folder may belong together. *others* have names that tell nothing: of them, services count that
        say themselves what they are built of, since they may be meant to be read after any other file. *given* is what
        the environment sets, None for a value that nobody can tell; with it, how containers are run is left out.
        """
        self._given = given or {}
        self._steps, self._builds = self._plain if given is None else self._changed
        self._extended = self._included_files = 0
        folders: dict[str, list[str]] = {}
        for path in paths:
            folders.setdefault(posixpath.dirname(path), []).append(path)
        for base, files in folders.items():
            yield from self._folder(base, files)
        for one in called:
            project: dict[str, Service] = {}
            environment = self._environment(one.base)
            if one.env_files:
                told = {k: v for path in one.env_files for k, v in self._settings(path).items()}
                environment = {**told, **self._given}
            for path in one.paths:
                self._add(project, self._services(path, one.base, environment, ()), path)
            yield from self._found(project.values(), one.base)

        for path in others:
            if path in self._documents and path not in self._alone:
                # Another file extends or includes it.
                continue
            self._alone.add(path)
            base = posixpath.dirname(path)
            own = self._services(path, base, self._environment(base), ())
            yield from self._found([one for one in own.values() if one.build and one.build.context is not None], base)

    def _folder(self, base: str, files: list[str]) -> Iterator[FoundBuild | FoundRun]:
        names = {posixpath.basename(path): path for path in files}
        default = next((names.pop(name) for name in _DEFAULT if name in names), None)
        environment = self._environment(base)
        project: dict[str, Service] = {}
        if default is not None:
            project = self._services(default, base, environment, ())
            for name in sorted(names):
                if _OVERRIDES.match(name):
                    project = _put_together(project, self._services(names.pop(name), base, environment, ()))
            yield from self._found(project.values(), base)
        for path in names.values():
            own = self._services(path, base, environment, ())
            if _is_overlay(own, project):
                # It is meant to be read after the default file, and says something of its own on these services.
                together = _put_together(project, own)
                yield from self._found((together[name] for name in own), base)
            else:
                yield from self._found(own.values(), base)

    def _may(self, steps: int, path: str) -> bool:
        """Whether so many *steps* may still be taken; where not, the file *path* says so."""
        if not self._steps.may(steps):
            self._tell(path)
        return not self._steps.spent

    def _tell(self, path: str) -> None:
        if (self._steps.spent or self._builds.spent) and not self._told:
            self._told = True
            self._repository.complain(
                path, "its services, with those of files before it, repeat more than is followed; the rest is left out"
            )

    def _add(self, first: dict[str, Service], second: Mapping[str, Service], path: str) -> None:
        """Add to *first* what the later *second* says, which the file *path* names."""
        for name, service in second.items():
            before = first.get(name)
            if not self._may(_cost(before, service), path):
                return
            first[name] = service if before is None else merged(before, service)

    def _found(self, services: Iterable[Service], base: str) -> Iterator[FoundBuild | FoundRun]:
        for service in services:
            if not self._builds.may(1 + weight(service) // _ENTRIES_OF_ONE):
                self._tell(service.place.path)
                return
            runner = _runner(service)
            if service.build is None:
                if service.image is not None:
                    yield FoundRun(service.image, runner)
                continue
            home = posixpath.dirname(service.build.place.path) if service.build.context is None else base
            context, dockerfile = dockerfile_of(self._repository, service.build, home)
            build = service.build
            yield FoundBuild(
                kind="compose",
                place=build.place,
                name=service.name,
                context=context,
                dockerfile=dockerfile,
                inline=build.inline if isinstance(build.inline, str) else None,
                target=build.target,
                args=build.args,
                contexts=build.contexts,
                tags=tuple(dict.fromkeys((*((service.image,) if service.image else ()), *build.tags))),
                runner=runner,
                condition=f"profile {', '.join(map(str, service.profiles))}" if service.profiles else None,
            )

    def _services(self, path: str, base: str, environment: Variables, open_: tuple[str, ...]) -> dict[str, Service]:
        """The services of the file *path* with those that it includes.

        They are remembered: files that include two others each would be read twice as often with each level. Where
        files include each other, it depends on the one that comes first what they hold.
        """
        if not self._may(1 + len(environment) // _KEPT, path):
            return {}
        key = (path, base, tuple(sorted(environment.items(), key=lambda one: one[0])))
        if key not in self._known:
            cycles = self._cycles
            found = self._put_in(path, base, environment, open_)
            if self._cycles > cycles:
                return found
            self._known[key] = found
        return self._known[key]

    def _put_in(self, path: str, base: str, environment: Variables, open_: tuple[str, ...]) -> dict[str, Service]:
        file = self._file(path, base, environment)
        if file is None:
            return {}
        found = self._together(self._included(file, open_), path)
        for name, value in file.services.items():
            if isinstance(value, Map):
                if not self._may(_SERVICE_STEPS, path):
                    break
                service = self._service(file, name, value, ())
                found[name] = merged(found[name], service) if name in found else service
        return found

    def _together(self, projects: Iterable[Mapping[str, Service]], path: str) -> dict[str, Service]:
        """What the *projects* say together that the file *path* includes: the first of them has the last word."""
        found: dict[str, Service] = {}
        read: list[Mapping[str, Service]] = []
        for project in projects:
            read.append(project)
            for name, service in project.items():
                before = found.get(name)
                if not self._may(_cost(before, service), path):
                    break
                found[name] = service if before is None else merged(service, before)
        order = dict.fromkeys(name for project in reversed(read) for name in project)
        return {name: found[name] for name in order if name in found}

    def _file(self, path: str, base: str, environment: Variables) -> _File | None:
        document = self._document(path)
        if document is None:
            return None
        include = document.get("include")
        services = document.get("services") if "services" in document else _first_format(document)
        return _File(path, base, mapping(services), include, environment)

    def _document(self, path: str) -> Map | None:
        if path not in self._documents:
            self._documents[path] = None
            text = self._repository.read(path)
            if text is not None and self._repository.allows(path, text):
                for steps, builds in (self._plain, self._changed):
                    steps.more(len(text) // _WRITTEN)
                    builds.more(len(text) // _WRITTEN_FOR_ONE)
                try:
                    values = documents(text)
                except YamlError as error:
                    self._repository.complain(path, f"{error}; not read")
                    values = []
                first = values[0] if values else None
                # Kubernetes manifests may be called compose-something.yaml.
                if isinstance(first, Map) and not ("kind" in first and "apiVersion" in first):
                    self._documents[path] = first
        return self._documents[path]

    def _environment(self, base: str) -> dict[str, str | None]:
        return {**self._settings(joined(base, ".env")), **self._given}

    def _settings(self, path: str) -> dict[str, str]:
        """What the file *path* sets variables to; nothing where it is not there."""
        if path not in self._environments:
            text = self._repository.read(path) if self._repository.is_file(path) else None
            self._environments[path] = read_env(text) if text else {}
        return self._environments[path]

    def _defaults(self, file: _File, entry: object, base: str) -> Variables:
        """The variables that an included project has of its own: those of its ``env_file``, else of its ``.env``."""
        named = entry.get("env_file") if isinstance(entry, Map) else None
        if named is None:
            return self._environment(base)
        found: dict[str, str] = {}
        for one in [named] if isinstance(named, Scalar) else sequence(named):
            path = interpolate(one, file.variables) if isinstance(one, Scalar) else None
            if isinstance(path, str):
                found |= self._settings(joined(file.base, path))
        return found

    def _included(self, file: _File, open_: tuple[str, ...]) -> Iterator[dict[str, Service]]:
        if file.path in open_ or len(open_) > _MAX_DEPTH:
            self._cycles += 1
            self._repository.complain(file.path, "is included by files that it includes; followed once")
            return
        entries = file.include if isinstance(file.include, Seq) else []
        for entry in entries:
            paths = entry.get("path") if isinstance(entry, Map) else entry
            listed = [paths] if isinstance(paths, Scalar) else sequence(paths)
            texts = [interpolate(one, file.variables) for one in listed if isinstance(one, Scalar)]
            known = [joined(file.base, one) for one in texts if isinstance(one, str)]
            project: dict[str, Service] = {}
            home = scalar(entry.get("project_directory")) if isinstance(entry, Map) else None
            base = joined(file.base, home) if home else (posixpath.dirname(known[0]) if known else "")
            environment = {**self._defaults(file, entry, base), **file.variables}
            for path in known:
                self._included_files += 1
                if self._included_files > _MAX_INCLUDED:
                    self._cycles += 1
                    self._repository.complain(
                        file.path, f"more than {_MAX_INCLUDED:,} files are included; the rest is left out"
                    )
                    break
                if self._repository.is_file(path):
                    services = self._services(path, base, environment, (*open_, file.path))
                    self._add(project, services, file.path)
                elif not self._repository.inside(path):
                    self._repository.complain(path, "lies outside of the repository; not included")
            yield project
            if self._steps.spent:
                return

    def _service(self, file: _File, name: str, value: Map, open_: tuple[tuple[str, str], ...]) -> Service:
        """The service *name* with those that it extends."""
        reader = ServiceReader(
            self._repository,
            file.path,
            file.base,
            lambda text: interpolate(text, file.variables),
            self._steps,
            builds=self._steps is self._changed[0],
        )
        own = reader.service(name, value, file.services.lines.get(name, value.line))
        self._tell(file.path)
        extends = value.get("extends")
        if extends is None:
            return own
        key = (file.path, name)
        if key in open_ or len(open_) > _MAX_DEPTH:
            self._repository.complain(file.path, f"service {name} extends itself; followed once")
            return own
        self._extended += 1
        if self._extended > _MAX_EXTENDED:
            self._repository.complain(
                file.path, f"more than {_MAX_EXTENDED:,} services extend others; the rest is taken as it stands"
            )
            return own
        wanted = extends if isinstance(extends, Scalar) else scalar(mapping(extends).get("service"))
        where = scalar(mapping(extends).get("file"))
        other = file
        if where is not None:
            path = interpolate(where, file.variables)
            target = joined(file.base, path) if isinstance(path, str) else ""
            if not target or not self._repository.is_file(target):
                return own
            opened = self._file(target, posixpath.dirname(target), file.variables)
            if opened is None:
                return own
            other = opened
        base = other.services.get(str(wanted)) if wanted is not None else None
        if not isinstance(base, Map):
            return own
        if not self._may(_SERVICE_STEPS, file.path):
            return own
        below = self._service(other, str(wanted), base, (*open_, key))
        if not self._may((weight(below) + weight(own)) // _COPIED, file.path):
            return own
        extended = merged(below, own)
        return evolve(extended, name=own.name)


def _first_format(document: Map) -> Map:
    """*document* as the services that it holds in the first format of compose files, which has no other keys; nothing
    where something in it is no service.
    """
    services = [value for value in document.values() if isinstance(value, Map)]
    whole = len(services) == len(document) and all(any(key in one for key in _SERVICE) for one in services)
    return document if whole else Map()


def _cost(first: Service | None, second: Service) -> int:
    """How many steps it takes to put *first*, None for nothing, and *second* together."""
    return 1 if first is None else _SERVICE_STEPS + (weight(first) + weight(second)) // _COPIED


def _is_overlay(own: Mapping[str, Service], project: Mapping[str, Service]) -> bool:
    """Whether a file is meant to be read after the project's default files: it leaves out what these say."""
    return any(
        name in project and service.build is None and service.image is None for name, service in own.items()
    ) or any(
        service.build is not None
        and service.build.context is None
        and service.build.inline is None
        and name in project
        and project[name].build is not None
        for name, service in own.items()
    )


def _put_together(first: Mapping[str, Service], second: Mapping[str, Service]) -> dict[str, Service]:
    found = dict(first)
    for name, service in second.items():
        found[name] = merged(found[name], service) if name in found else service
    return found


def _runner(service: Service) -> Runner:
    command = service.command
    if service.entrypoint is not None and command is None:
        # An entrypoint of the service resets the image's CMD.
        command = ()
    if command == () and service.entrypoint is None:
        command = None
    return Runner(
        place=service.place,
        name=service.name,
        entrypoint=service.entrypoint,
        command=command,
        user=service.user,
        ports=service.ports,
        mounts=service.mounts,
        read_only=bool(service.read_only),
        capabilities=service.capabilities,
        dropped=service.dropped,
        privileged=bool(service.privileged),
        workdir=service.workdir,
        healthcheck=service.healthcheck,
        path_set=service.path_set,
        environment=service.environment,
        places=service.places,
    )


def image_name(text: Text) -> str | None:
    """The repository of an image, without tag and digest; None where it is not known."""
    if isinstance(text, Unknown):
        # Often only the tag is told elsewhere.
        match = _TAG_ONLY.match(text.text)
        return match[1] if match is not None else None
    bare = text.partition("@")[0]
    head, colon, tail = bare.rpartition(":")
    return head if colon and "/" not in tail else bare
