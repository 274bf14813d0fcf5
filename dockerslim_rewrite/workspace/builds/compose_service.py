"""One service of a compose file, and how two descriptions of it become one.

Sources: Compose specification, "services", "build", "Merge"; Docker documentation, "Merge Compose files".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from ...patterns import re
from ...record import evolve, record
from ...text.numbers import small_number
from ..repository import Repository, joined
from .found import Mount, Place, Port, Text, Unknown, Words
from .growth import Steps
from .interpolation import read_env
from .places import file, folder, is_remote
from .reading import line_of
from .shell_words import split_words
from .yaml_values import Map, Scalar, Seq, mapping, scalar, sequence, truth

Expand = Callable[[str], Text]
_PORT = re.compile(r"(?:(?P<published>.*):)?(?P<container>\d+)(?:-\d+)?(?:/\w+)?\Z")
#: So many characters of a text are one step, and of one that is parted into words.
_STEP: Final = 100
_STEP_OF_WORDS: Final = 8
#: Entries of a file that other services may share.
_SHARED: Final = 5
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*+")
#: Characters of a file, times variables, that are searched for the first place that has the name of one.
_MOST_SEARCHED: Final = 20_000_000
#: The attributes of which the later file's stands alone, and those whose entries add up.
_REPLACED = ("image", "command", "entrypoint", "user", "read_only", "privileged", "healthcheck", "workdir")


@record
class BuildPart:
    """The ``build`` of a service. ``context`` is None where nobody says it, ``dockerfile`` is relative to it."""

    place: Place
    context: Text | None = None
    dockerfile: Text | None = None
    inline: Text | None = None
    target: Text | None = None
    args: tuple[tuple[str, Text | None], ...] = ()
    contexts: tuple[tuple[str, Text], ...] = ()
    tags: tuple[Text, ...] = ()
    reset: frozenset[str] = frozenset()


@record
class Service:
    """What one or more files say of a service."""

    name: str
    place: Place
    build: BuildPart | None = None
    image: Text | None = None
    command: Words = None
    entrypoint: Words = None
    user: Text | None = None
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    read_only: bool | None = None
    privileged: bool | None = None
    capabilities: tuple[Text, ...] = ()
    dropped: tuple[Text, ...] = ()
    profiles: tuple[Text, ...] = ()
    healthcheck: Words = None
    path_set: bool = False
    environment: tuple[tuple[str, Text, Place], ...] = ()
    workdir: Text | None = None
    places: tuple[tuple[str, Place], ...] = ()
    reset: frozenset[str] = frozenset()


class ServiceReader:
    """Reads services of one file: paths are relative to *base*, variables are those that *expand* knows.

    Aliases let many services share what they say, so that each entry that is read takes one of the *steps*. How
    containers are run is left out where somebody asks for *builds* alone.
    """

    def __init__(
        self, repository: Repository, path: str, base: str, expand: Expand, steps: Steps, *, builds: bool = False
    ) -> None:
        self._repository = repository
        self._path = path
        self._base = base
        self._known = expand
        self._steps = steps
        self._builds = builds

    def service(self, name: str, value: Map, line: int) -> Service:
        """What the mapping *value* says of the service *name*."""
        place = Place(self._path, line)
        found = Service(
            name=name,
            place=place,
            build=self._build(value, place),
            image=self._text(value.get("image")),
            profiles=self._texts(value.get("profiles")),
            reset=frozenset(key for key, item in value.items() if item.tag in ("!reset", "!override")),
        )
        return found if self._builds else self._run(found, value)

    def _run(self, service: Service, value: Map) -> Service:
        """The *service* with what *value* says of its container."""
        self._steps.may(len(value))
        return evolve(
            service,
            command=self._words(value.get("command")),
            entrypoint=self._words(value.get("entrypoint")),
            user=self._text(value.get("user")),
            ports=tuple(port for item in self._listed(value.get("ports")) for port in self._port(item)),
            mounts=(
                *self._mounts(value.get("volumes")),
                *self._tmpfs(value.get("tmpfs")),
                *self._devices(value.get("devices")),
                *self._others(value.get("volumes_from")),
            ),
            read_only=truth(value["read_only"]) if "read_only" in value else None,
            privileged=truth(value["privileged"]) if "privileged" in value else None,
            capabilities=self._texts(value.get("cap_add")),
            dropped=self._texts(value.get("cap_drop")),
            healthcheck=self._words(mapping(value.get("healthcheck")).get("test")),
            workdir=self._text(value.get("working_dir")),
            path_set=self._sets_path(value.get("environment")),
            environment=(*self._environment_files(value.get("env_file")), *self._environment(value.get("environment"))),
            places=tuple((key, Place(self._path, at)) for key, at in value.lines.items()),
        )

    def _expand(self, text: str) -> Text:
        self._steps.may(len(text) // _STEP)
        return self._known(text)

    def _listed(self, value: object) -> Iterator[Any]:
        """The items of the sequence *value*, as far as there are steps for them."""
        return self._steps.some(sequence(value))

    def _build(self, value: Map, place: Place) -> BuildPart | None:
        build = value.get("build")
        if build is None or (isinstance(build, Scalar) and build.null):
            return None
        at = Place(self._path, value.lines["build"])
        if isinstance(build, Scalar):
            # Files of the first format name the Dockerfile beside it.
            return BuildPart(at, self._folder(self._expand(build)), self._text(value.get("dockerfile")))
        if not isinstance(build, Map):
            return None
        reset = frozenset(key for key, item in build.items() if item.tag in ("!reset", "!override"))
        for key in [key for key, item in build.items() if item.tag == "!reset"]:
            del build[key]
        context = self._text(build.get("context"))
        return BuildPart(
            place=at,
            context=None if context is None else self._folder(context),
            dockerfile=self._text(build.get("dockerfile")),
            inline=self._text(build.get("dockerfile_inline")),
            target=self._text(build.get("target")),
            args=tuple(
                (name, self._own(name) if text is None else text) for name, text in self._pairs(build.get("args"))
            ),
            contexts=tuple((name, self._context(text)) for name, text in self._pairs(build.get("additional_contexts"))),
            tags=self._texts(build.get("tags")),
            reset=reset,
        )

    def _folder(self, text: Text) -> Text:
        return folder(self._repository, self._base, text)

    def _context(self, text: Text | None) -> Text:
        """A further context: a folder becomes a path of the repository, anything else stays as it is."""
        if isinstance(text, str) and not is_remote(text) and not re.match(r"[a-z-]+:", text):
            return self._folder(text)
        return Unknown("") if text is None else text

    def _text(self, value: object) -> Text | None:
        found = scalar(value)
        return None if found is None else self._expand(found)

    def _texts(self, value: object) -> tuple[Text, ...]:
        if isinstance(value, Scalar) and not value.null:
            return (self._expand(value),)
        return tuple(self._expand(item) for item in self._listed(value) if isinstance(item, Scalar))

    def _words(self, value: object) -> Words:
        if isinstance(value, Seq):
            return self._texts(value)
        text = self._text(value)
        if text is None:
            return None
        self._steps.may(len(str(text)) // _STEP_OF_WORDS)
        return split_words(text)

    def _pairs(self, value: object) -> list[tuple[str, Text | None]]:
        """Names and values of a mapping or of a list of ``NAME=VALUE``; None for a name alone."""
        if isinstance(value, Map):
            return [(name, self._text(item)) for name, item in self._steps.some(value.items())]
        found: list[tuple[str, Text | None]] = []
        for item in self._listed(value):
            if isinstance(item, Scalar):
                name, equals, rest = item.partition("=")
                found.append((name, self._expand(rest) if equals else None))
        return found

    def _environment(self, value: object) -> list[tuple[str, Text, Place]]:
        """The variables of a mapping or a list, each with its place, without those that only the caller's shell has."""
        found: list[tuple[str, Text, Place]] = []
        if isinstance(value, Map):
            for name, item in self._steps.some(value.items()):
                text = self._text(item)
                text = self._own(name) if text is None else text
                if text is not None:
                    found.append((name, text, Place(self._path, value.lines.get(name, value.line))))
        for item in self._listed(value):
            if isinstance(item, Scalar):
                name, equals, rest = item.partition("=")
                text = self._expand(rest) if equals else self._own(name)
                found += [(name, text, Place(self._path, item.line))] if text is not None else []
        return found

    def _sets_path(self, value: object) -> bool:
        """Whether the mapping or list *value* of variables has PATH, which a name alone takes from the caller."""
        if isinstance(value, Map):
            return "PATH" in value
        return any(isinstance(item, Scalar) and item.partition("=")[0] == "PATH" for item in self._listed(value))

    def _own(self, name: str) -> str | None:
        """What the files of the project set the variable *name* to, for where it stands without a value."""
        text = self._expand(f"${{{name}}}")
        return text if isinstance(text, str) else None

    def _environment_files(self, value: object) -> list[tuple[str, Text, Place]]:
        """What the files of ``env_file`` set: a name, or a list of names and of mappings with a ``path``."""
        found: list[tuple[str, Text, Place]] = []
        for item in [value] if isinstance(value, Scalar) else self._listed(value):
            path = self._text(item.get("path") if isinstance(item, Map) else item)
            place = joined(self._base, path) if isinstance(path, str) else ""
            if place:
                # Many services may name one file.
                told = self._repository.recall(("env_file", place), partial(_environment_file, self._repository, place))
                if not self._steps.may(1 + len(told) // _SHARED):
                    break
                found += told
        return found

    def _port(self, item: object) -> list[Port]:
        published: Text | None
        if isinstance(item, Map):
            target, published = self._text(item.get("target")), self._text(item.get("published"))
            number = small_number(target if isinstance(target, str) else None)
            if number is not None:
                return [Port(number, published, Place(self._path, item.line))]
            return []
        text = self._text(item)
        match = _PORT.match(text) if isinstance(text, str) else None
        number = small_number(match["container"]) if match is not None else None
        if match is None or number is None or not isinstance(item, Scalar):
            return []
        return [Port(number, match["published"] or None, Place(self._path, item.line))]

    def _mounts(self, value: object) -> list[Mount]:
        found = []
        for item in self._listed(value):
            if isinstance(item, Map):
                target = self._text(item.get("target")) or Unknown("")
                kind = scalar(item.get("type")) or "volume"
                source, read_only = self._text(item.get("source")), truth(item.get("read_only"))
                found.append(Mount(str(kind), source, target, read_only, Place(self._path, item.line)))
            elif isinstance(item, Scalar):
                found.append(_short_mount(self._expand(item), Place(self._path, item.line)))
        return found

    def _devices(self, value: object) -> list[Mount]:
        """Devices of the host: each is there under its own path, or under the one that is said."""
        found = []
        for item in self._listed(value):
            text = self._text(item)
            if isinstance(text, str) and text.startswith("/"):
                source, _, rest = text.partition(":")
                place = Place(self._path, item.line)
                found.append(Mount("bind", source, rest.partition(":")[0] or source, False, place))
        return found

    def _others(self, value: object) -> list[Mount]:
        """The volumes of another container, wherever that has them."""
        return [
            Mount("volume", None, Unknown("volumes_from"), str(item).endswith(":ro"), Place(self._path, item.line))
            for item in self._listed(value)
            if isinstance(item, Scalar)
        ]

    def _tmpfs(self, value: object) -> list[Mount]:
        line = value.line if isinstance(value, Scalar | Seq) else 0
        place = Place(self._path, line)
        return [
            Mount("tmpfs", None, text.partition(":")[0] if isinstance(text, str) else text, False, place)
            for text in self._texts(value)
        ]


def _environment_file(repository: Repository, path: str) -> Sequence[tuple[str, Text, Place]]:
    """What the file *path* sets, each with its place; nothing where it is not there."""
    text = (repository.read(path) if repository.is_file(path) else None) or ""
    told = read_env(text)
    if len(told) * len(text) <= _MOST_SEARCHED:
        return [(name, value, Place(path, line_of(text, name))) for name, value in told.items()]
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for match in _NAME.finditer(line):
            lines.setdefault(match[0], number)
    return [(name, value, Place(path, lines.get(name, 1))) for name, value in told.items()]


def weight(service: Service) -> int:
    """How many entries the *service* has, and one."""
    build = service.build
    own = (service.environment, service.mounts, service.ports, service.places, service.capabilities, service.dropped)
    built = () if build is None else (build.args, build.contexts, build.tags)
    return 1 + sum(map(len, (*own, *built, service.profiles)))


def _short_mount(text: Text, place: Place) -> Mount:
    """``[SOURCE:]TARGET[:MODE]``."""
    if isinstance(text, Unknown):
        # A variable for the folder of the host says nothing of where it lies in the container.
        match = re.fullmatch(r"\$\{[^}]*\}[^:]*:(/[^:$]*)(?::([\w,]+))?", text.text)
        if match is None:
            return Mount("bind", text, text, False, place)
        return Mount("bind", text, match[1], "ro" in (match[2] or "").split(","), place)
    parts = text.split(":")
    if len(parts) == 1:
        return Mount("volume", None, parts[0], False, place)
    mode = parts[2].split(",") if len(parts) > 2 else []
    kind = "bind" if parts[0].startswith((".", "/", "~")) else "volume"
    return Mount(kind, parts[0], parts[1], "ro" in mode, place)


def merged(first: Service, second: Service) -> Service:
    """*first* as the later description *second* changes it."""
    changes: dict[str, Any] = {}
    for name in _REPLACED:
        later = getattr(second, name)
        if later is not None or name in second.reset:
            changes[name] = later
    changes["build"] = _merged_build(first.build, second.build) if "build" not in second.reset else second.build
    for name, key in (
        ("ports", "ports"),
        ("mounts", "volumes"),
        ("capabilities", "cap_add"),
        ("dropped", "cap_drop"),
        ("environment", "environment"),
    ):
        earlier = () if key in second.reset else getattr(first, name)
        changes[name] = _added(earlier, getattr(second, name))
    changes["profiles"] = _added(first.profiles, second.profiles)
    changes["places"] = tuple((dict(first.places) | dict(second.places)).items())
    return evolve(first, place=second.place, **changes)


def _added(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    """Both, where a later mount of the same target takes the place of the earlier one."""
    targets = {one.target for one in second if isinstance(one, Mount)}
    kept = [one for one in first if not (isinstance(one, Mount) and one.target in targets)]
    return tuple(dict.fromkeys((*kept, *second)))


def _merged_build(first: BuildPart | None, second: BuildPart | None) -> BuildPart | None:
    if first is None or second is None:
        return second or first
    changes = {
        name: getattr(second, name)
        for name, key in (
            ("context", "context"),
            ("dockerfile", "dockerfile"),
            ("inline", "dockerfile_inline"),
            ("target", "target"),
        )
        if getattr(second, name) is not None or key in second.reset
    }
    args: Mapping[str, Text | None] = dict(() if "args" in second.reset else first.args) | dict(second.args)
    contexts = dict(() if "additional_contexts" in second.reset else first.contexts) | dict(second.contexts)
    tags = second.tags if "tags" in second.reset else second.tags or first.tags
    return evolve(
        first, place=second.place, args=tuple(args.items()), contexts=tuple(contexts.items()), tags=tags, **changes
    )


def dockerfile_of(repository: Repository, build: BuildPart, base: str) -> tuple[Text, Text | None]:
    """The context and the Dockerfile of *build*; *base* is the context of those that name none."""
    context = base if build.context is None else build.context
    if isinstance(build.inline, str):
        return context, None
    return context, file(repository, context, build.dockerfile or "Dockerfile")
