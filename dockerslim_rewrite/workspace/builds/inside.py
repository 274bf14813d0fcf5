"""What is run in a container that is there already: the steps of a pipeline's job in the image that it names, and the
commands of a development container's life.

Sources: GitLab, "CI/CD YAML syntax reference" (``image``, ``default``, ``extends``); GitHub, "Workflow syntax"
(``jobs.<id>.container``); CircleCI, "Configuration reference" (``docker``); Azure Pipelines, "Define container jobs";
Drone, Woodpecker and Bitbucket, ``image``; containers.dev, "Lifecycle scripts".
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from ...patterns import re
from ..repository import Repository, joined
from .by_hand import HandRun
from .found import Place
from .growth import filled
from .places import folder
from .reading import json_file, line_of, yaml_file
from .yaml_values import Map, Scalar, Seq, mapping, scalar, sequence

#: Keys whose values are shell commands, one or a list of them.
_COMMANDS: Final = ("before_script", "script", "after_script", "commands", "run", "command", "bash")
_LIFE: Final = (
    "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand",
)  # fmt: skip
#: What may name an image, or commands inside of one, stands no deeper than this.
_MAX_DEPTH: Final = 8
_MAX_PARENTS: Final = 20
_MAX_FOUND: Final = 1_000
_MAX_TEXT: Final = 50_000
_MENTIONS = re.compile(
    r"(?m)^[ \t-]*+[\"']?(?:image|container|docker)[\"']?[ \t]*+:|[{,][ \t]*+(?:image|container)[ \t]*+:"
)
_VARIABLE = re.compile(r"\$\{\{ ?env\.(\w+) ?\}\}|\$\{(\w+)\}|\$(\w+)")
#: Variables whose values name others, so deep.
_MOST_NESTED: Final = 3
_WORD = re.compile(r"[\w.-]++")
#: A script that a command starts: by a shell, or by its own path.
_SHELL = re.compile(r"(?:sudo[ \t]++)?(?:ba|da|z)?sh[ \t]++(?:-\w++[ \t]++)*+")
_SCRIPT = re.compile(r"(?P<path>[\w./-]++)(?:[ \t][^\n]*+)?\Z")


def job_runs(repository: Repository, paths: Iterable[str], names: Collection[str]) -> Iterator[HandRun]:
    """What jobs of the pipelines *paths* run in the images that they name; *names* are those of images that builds of
    the repository make.
    """
    left = _MAX_FOUND
    made = {word for name in names for word in _WORD.findall(name.rpartition("/")[2])}
    for path in paths:
        text = repository.read(path) or ""
        # Reading YAML takes long, and most pipelines run in images of others.
        if not _MENTIONS.search(text) or made.isdisjoint(_WORD.findall(text)):
            continue
        for document in yaml_file(repository, path):
            for image, commands in _Jobs(document).found[:left]:
                left -= 1
                text = "\n".join(commands)[:_MAX_TEXT]
                name = _named(str(image), document)
                yield HandRun(Place(path, commands[0].line), name, None, ("sh", "-c", text), inside=True, pipeline=True)


def _named(image: str, document: Map) -> str:
    """*image* with the values that the whole *document* gives variables; the others stay as they are written."""
    known = {**mapping(document.get("env")), **mapping(document.get("variables"))}

    def value(match: re.Match[str]) -> str | None:
        given = known.get(match[match.lastindex or 0])
        text = scalar(given.get("value")) if isinstance(given, Map) else scalar(given)
        return None if text is None else str(text)

    for _ in range(_MOST_NESTED if "$" in image else 0):
        image = filled(_VARIABLE, image, value, lambda match, _: match[0])
    return image


class _Jobs:
    """The commands in *document*, in lists of those of one job, each with the image that it is run in."""

    def __init__(self, document: Map) -> None:
        self.found: list[tuple[Scalar, list[Scalar]]] = []
        self._document = document
        self._seen: set[tuple[int, Scalar | None]] = set()
        self._look(document, None, 0)

    def _look(self, value: object, image: Scalar | None, depth: int) -> None:
        """Look into *value*; *image* is the one of what is around it."""
        # Aliases share values: what is met again under the same image says nothing new.
        if depth > _MAX_DEPTH or (id(value), image) in self._seen:
            return
        self._seen.add((id(value), image))
        # Steps in a list are run one after the other, in one container unless they name their own.
        together: dict[Scalar, list[Scalar]] = {}
        for one in [value] if isinstance(value, Map) else sequence(value):
            if not isinstance(one, Map):
                continue
            own = _image(one) or _extended(one, self._document) or image
            commands = [text for key in _COMMANDS for text in _scalars(one.get(key))]
            if own is not None and commands:
                together.setdefault(own, []).extend(commands)
            for item in one.values():
                self._look(item, own, depth + 1)
        self.found += together.items()


def _image(value: Map) -> Scalar | None:
    """The image that *value* names for what it runs, as GitLab, GitHub, CircleCI or another service spells it."""
    default = value.get("default")
    first = next(iter(sequence(value.get("docker"))), None)
    for given, inner in (
        (value.get("image"), "name"),
        (value.get("container"), "image"),
        (default.get("image") if isinstance(default, Map) else None, "name"),
        (first, "image"),
    ):
        name = scalar(given.get(inner)) if isinstance(given, Map) else scalar(given)
        if name is not None:
            return name
    return None


def _extended(value: Map, document: Map) -> Scalar | None:
    """The image of a job that *value* extends, the last one first."""
    extends = value.get("extends")
    parents = [extends] if isinstance(extends, Scalar) else sequence(extends)
    for parent in parents[:-_MAX_PARENTS:-1]:
        base = document.get(str(parent)) if isinstance(parent, Scalar) else None
        found = _image(base) if isinstance(base, Map) else None
        if found is not None:
            return found
    return None


def _scalars(value: object) -> list[Scalar]:
    found = value if isinstance(value, Seq) else [value]
    texts = [mapping(one).get("command") if isinstance(one, Map) else one for one in found]
    return [one for one in texts if isinstance(one, Scalar) and not one.null]


def life_runs(repository: Repository, paths: Iterable[str]) -> Iterator[HandRun]:
    """What development containers described by *paths* run in themselves when they are made and started."""
    for path in paths:
        data, text = json_file(repository, path, comments=True)
        if not isinstance(data, dict):
            continue
        build = data.get("build")
        name = (build.get("dockerfile") if isinstance(build, dict) else None) or data.get("dockerFile")
        service = data.get("service") if isinstance(data.get("service"), str) else None
        home = posixpath.dirname(path)
        dockerfile = folder(repository, home, name) if isinstance(name, str) else None
        if not (isinstance(dockerfile, str) or service):
            continue
        known = dockerfile if isinstance(dockerfile, str) else None
        for key in _LIFE:
            for words in _life(data.get(key)):
                place = Place(path, line_of(text, f'"{key}"'))
                yield HandRun(place, None, service, _followed(repository, words), inside=True, dockerfile=known)


def _life(value: Any) -> Iterator[tuple[str, ...]]:
    """The commands of one moment: a line for the shell, the words of one command, or several that have names."""
    if isinstance(value, str):
        yield ("sh", "-c", value)
    elif isinstance(value, list):
        yield tuple(map(str, value))
    elif isinstance(value, dict):
        for one in value.values():
            if not isinstance(one, dict):
                yield from _life(one)


def _followed(repository: Repository, words: tuple[str, ...]) -> tuple[str, ...]:
    """*words*, or what the script of the repository says that they start."""
    line = (words[2] if words[:2] == ("sh", "-c") and len(words) == 3 else " ".join(words)).strip()
    shell = _SHELL.match(line)
    match = _SCRIPT.match(line, shell.end() if shell is not None else 0)
    path = joined("", match["path"]) if match is not None and match["path"].endswith((".sh", ".bash", ".zsh")) else None
    if path is None or not repository.is_file(path):
        return words
    return ("sh", "-c", (repository.read(path) or "")[:_MAX_TEXT])
