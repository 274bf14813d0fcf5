"""Builds of hosting platforms and of Google Cloud Build.

Sources: Fly.io, "App configuration (fly.toml)", ``[build]``; Render, "Blueprint YAML reference"; Heroku, "Building
Docker images with heroku.yml"; Google Cloud Build, "Build configuration file schema".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any, Final

from ...record import evolve
from ...text.structured import read_toml
from ..repository import Repository
from .command_line import built
from .found import FoundBuild, Mount, Place, Port, Runner, Text, Unknown
from .growth import Steps
from .places import folder
from .reading import line_of, yaml_file
from .shell_scripts import ScriptReader
from .shell_words import split_words
from .yaml_values import Map, Scalar, Seq, mapping, scalar, sequence

#: Words of steps of Cloud Build that are read, beside one for so many characters of the file. A step takes as long as
#: so many, and so many characters as long as one.
MAX_STEPS: Final = 100_000
_WRITTEN: Final = 4
_STEP: Final = 10
_CHARACTERS: Final = 20


def cloudbuild(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The steps of the Cloud Build configuration *path* that build images: Docker's and kaniko's builders.

    They start in the directory that is submitted: the root or the one with the configuration, as the Dockerfile shows.
    """
    beside = posixpath.dirname(path)
    # Who submits may choose yet another one.
    starts: list[Text] = ["", beside, Unknown("the submitted directory")] if beside else [""]
    steps = Steps(MAX_STEPS + len(repository.read(path) or "") // _WRITTEN)
    for document in yaml_file(repository, path):
        own = {str(key): str(item) for key, item in mapping(document.get("substitutions")).items()}
        values = {"_": "", **own}
        earlier: Place | None = None
        for item in sequence(document.get("steps")):
            step = mapping(item)
            texts = [one for one in (step.get("script"), step.get("args")) if isinstance(one, Scalar | Seq)]
            # Steps may share their texts and lists.
            if not steps.may(_STEP + sum(len(one) // (_CHARACTERS if isinstance(one, Scalar) else 1) for one in texts)):
                repository.complain(path, "its steps repeat more than is followed; the rest is left out")
                return
            name = scalar(step.get("name")) or ""
            after = earlier
            if _tool(name, scalar(step.get("entrypoint"))) is None:
                # All steps share one directory.
                earlier = earlier or Place(path, step.line)
            where = scalar(step.get("dir"))
            homes = [_entered(repository, start, where) for start in starts]
            script = scalar(step.get("script"))
            if script is not None:
                reader = ScriptReader(repository, "cloudbuild", path, script.line, homes)
                yield from (evolve(one, after=after) for one in reader.read(script))
                continue
            args = [one for one in sequence(step.get("args")) if isinstance(one, Scalar)]
            steps.may(sum(len(one) // _CHARACTERS for one in args))
            entry = scalar(step.get("entrypoint"))
            if entry in ("bash", "sh") and len(args) == 2 and args[0] in ("-c", "-ec", "-xc"):
                text = _substituted(args[1].replace("$$", "$"), values)
                known: dict[str, Text] = {}
                reader = ScriptReader(repository, "cloudbuild", path, args[1].line, homes, known)
                yield from (evolve(one, after=after) for one in reader.read(str(text)))
                continue
            words = [_substituted(one, values) for one in args]
            tool = _tool(name, entry)
            if tool is not None:
                found = built(repository, "cloudbuild", Place(path, step.line), [tool, *words], homes)
                if found is not None:
                    yield evolve(found, after=after)


def _entered(repository: Repository, start: Text, where: str | None) -> Text:
    if where is None or isinstance(start, Unknown):
        return start
    return folder(repository, start, where, told=False)


def _tool(image: str, entrypoint: str | None) -> str | None:
    bare = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    if "kaniko" in image:
        return "/kaniko/executor"
    return "docker" if entrypoint == "docker" or (entrypoint is None and bare in ("docker", "buildx")) else None


def _substituted(text: str, values: dict[str, str]) -> Text:
    """*text* with the file's own substitutions; ``$PROJECT_ID`` and the like are known to the service only."""
    from .interpolation import interpolate

    return interpolate(text, values)


def fly(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The build of the fly.toml *path*, if it names a Dockerfile or none but one is there."""
    text = repository.read(path)
    if text is None:
        return
    try:
        data = read_toml(text)
    except (ValueError, RecursionError) as error:
        repository.complain(path, f"no TOML: {error}; not read")
        return
    found = data.get("build")
    build = found if isinstance(found, dict) else {}
    if "image" in build or "builder" in build or "buildpacks" in build:
        return
    home = posixpath.dirname(path)
    dockerfile = folder(repository, home, str(build.get("dockerfile", "Dockerfile")))
    if "dockerfile" not in build and not (isinstance(dockerfile, str) and repository.is_file(dockerfile)):
        return
    place = Place(path, line_of(text, "[build]"))
    args = build.get("args")
    target = build.get("build-target")
    yield FoundBuild(
        kind="fly",
        place=place,
        name=str(data.get("app", "fly")),
        context=home,
        dockerfile=dockerfile,
        target=None if target is None else str(target),
        args=tuple((key, str(value)) for key, value in args.items()) if isinstance(args, dict) else (),
        runner=_machine(path, text, data, place),
    )


def _machine(path: str, text: str, data: dict[str, Any], place: Place) -> Runner | None:
    """How Fly.io runs the image: the variables, ports and volumes that the fly.toml *data* names.

    Source: Fly.io, "App configuration (fly.toml)", ``[env]``, ``[http_service]``, ``[[services]]``, ``[mounts]``.
    """
    variables = data.get("env")
    environment = [
        (name, str(value), Place(path, line_of(text, name, text.find("[env]"))))
        for name, value in (variables.items() if isinstance(variables, dict) else ())
    ]
    served = [data.get("http_service"), *_tables(data.get("services"))]
    numbers = [one.get("internal_port") for one in served if isinstance(one, dict)]
    ports = [Port(one, None, Place(path, line_of(text, "internal_port"))) for one in numbers if isinstance(one, int)]
    mounts = [
        Mount("volume", None, str(one["destination"]), False, Place(path, line_of(text, "destination")))
        for one in _tables(data.get("mounts") or data.get("mount"))
        if "destination" in one
    ]
    if not (environment or ports or mounts):
        return None
    name = str(data.get("app", "fly"))
    return Runner(place, name, ports=tuple(ports), mounts=tuple(mounts), environment=tuple(environment))


def _tables(value: object) -> list[dict[str, Any]]:
    """The tables that *value* is, or holds."""
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, dict)]


def render(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The services of the render.yaml *path* that are built from Dockerfiles."""
    for document in yaml_file(repository, path):
        for item in sequence(document.get("services")):
            service = mapping(item)
            kind = scalar(service.get("runtime")) or scalar(service.get("env"))
            if kind != "docker":
                continue
            root = scalar(service.get("rootDir")) or "."
            base = folder(repository, "", root)
            home = base if isinstance(base, str) else ""
            dockerfile = folder(repository, home, scalar(service.get("dockerfilePath")) or "./Dockerfile")
            context = folder(repository, home, scalar(service.get("dockerContext")) or ".")
            yield _hosted(repository, "render", path, service, context, dockerfile, service.get("dockerCommand"))


def heroku(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The images of the heroku.yml *path*: the context is the folder of the Dockerfile, which the platform enters."""
    for document in yaml_file(repository, path):
        build = mapping(document.get("build"))
        run = mapping(document.get("run"))
        for name, value in mapping(build.get("docker")).items():
            wanted = scalar(value)
            target = scalar(mapping(value).get("target"))
            wanted = wanted or scalar(mapping(value).get("dockerfile")) or Scalar("Dockerfile")
            dockerfile = folder(repository, posixpath.dirname(path), wanted)
            context: Text = posixpath.dirname(dockerfile) if isinstance(dockerfile, str) else Unknown(str(wanted))
            command = scalar(run.get(name))
            place = Place(path, mapping(build.get("docker")).lines[name])
            config = mapping(build.get("config"))
            yield FoundBuild(
                kind="heroku",
                place=place,
                name=name,
                context=context,
                dockerfile=dockerfile,
                target=None if target is None else str(target),
                args=tuple((key, str(item)) for key, item in config.items() if isinstance(item, Scalar)),
                runner=Runner(place, name, command=split_words(str(command))) if command else None,
            )


def _hosted(
    repository: Repository, kind: str, path: str, service: Map, context: Text, dockerfile: Text, command: object
) -> FoundBuild:
    place = Place(path, service.line)
    name = str(scalar(service.get("name")) or kind)
    given = scalar(command)
    environment: list[tuple[str, Text, Place]] = []
    for item in sequence(service.get("envVars")):
        key, value = scalar(mapping(item).get("key")), scalar(mapping(item).get("value"))
        if key is not None and value is not None:
            environment.append((str(key), str(value), Place(path, value.line)))
    disk = mapping(service.get("disk"))
    at = scalar(disk.get("mountPath"))
    mounts = (Mount("volume", None, str(at), False, Place(path, at.line)),) if at is not None else ()
    runner = None
    if given or environment or mounts:
        words = split_words(str(given)) if given else None
        runner = Runner(place, name, command=words, mounts=mounts, environment=tuple(environment))
    return FoundBuild(kind, place, name, context, dockerfile, runner=runner)
