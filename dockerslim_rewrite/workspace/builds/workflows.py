"""Builds in workflows of GitHub, Gitea and Forgejo, and in actions.

Sources: docker/build-push-action, README ("inputs"); GitHub documentation, "Workflow syntax for GitHub Actions",
"Contexts"; redhat-actions/buildah-build, README.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import partial

from ...patterns import re
from ..repository import Repository, joined
from .actions import container_action, inputs_of, is_off
from .checkout import CHECKOUT, below
from .checkouts import CheckedOut, Checkout, checkouts
from .command_line import further
from .expressions import EXPRESSION, combinations, expanded, value_of
from .found import FoundBuild, Place, Text
from .growth import filled
from .overwritten import doubted
from .places import file, folder, is_remote
from .reading import known_yaml
from .shell_scripts import ScriptReader
from .shell_values import stand_in
from .yaml_values import Map, Scalar, mapping, scalar, sequence

_DEFAULT = re.compile(r"\{\{\s*defaultContext\s*\}\}:?")
_ACTIONS = re.compile(r"(?:(?:docker|depot|useblacksmith)/build-push-action|redhat-actions/buildah-build)@")
#: So many combinations of a matrix and of what callers give are followed.
_MAX_WAYS = 256
_SHELLS = ("bash", "sh")


def workflow(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the workflow or action *path*, once for each combination of a job's matrix."""
    for document in known_yaml(repository, path):
        environment = _texts(document.get("env"), {})
        jobs = [mapping(job) for job in mapping(document.get("jobs")).values() if not is_off(mapping(job))]
        runs = mapping(document.get("runs"))
        if runs:
            jobs.append(runs)
            image = container_action(repository, path, document)
            if image is not None:
                yield image
        seen: set[FoundBuild] = set()
        for job in jobs:
            rows = combinations(mapping(mapping(job.get("strategy")).get("matrix")))
            calls = inputs_of(repository, path, document)
            if len(rows) * len(calls) > _MAX_WAYS:
                calls = [{}]
            for values, inputs in itertools.product(rows, calls):
                known = {**inputs, **{f"env.{name}": text for name, text in environment.items()}, **values}
                known |= {f"env.{name}": text for name, text in _texts(job.get("env"), known).items()}
                for found in _Job(repository, path, job, document, known).builds():
                    if found not in seen:
                        seen.add(found)
                        yield found


class _Job:
    def __init__(self, repository: Repository, path: str, job: Map, document: Map, known: Mapping[str, Text]) -> None:
        self._repository = repository
        self._path = path
        self._job = job
        self._known: Mapping[str, Text] = {"github.workspace": CHECKOUT, **known}
        if job.get("using") is not None:
            self._known = {"github.action_path": below(path.rpartition("/")[0]), **self._known}
        where = [mapping(mapping(one.get("defaults")).get("run")).get("working-directory") for one in (job, document)]
        self._folder = next((one for one in map(scalar, where) if one is not None), None)
        made = checkouts(job, lambda text: expanded(text, self._known))
        self._written: set[str] = set()
        # An action, or a job that lets one check out, finds the repository where it is usually put.
        self._machine = CheckedOut(repository, made or (Checkout("", own=True),))

    def builds(self) -> Iterator[FoundBuild]:
        for item in sequence(self._job.get("steps")):
            step = mapping(item)
            uses = scalar(step.get("uses"))
            if is_off(step):
                continue
            if uses is not None and _ACTIONS.match(uses):
                yield self._action(step, uses)
            elif scalar(step.get("run")) is not None:
                yield from map(self._machine.found, self._run(step))

    def _text(self, value: object) -> Text | None:
        found = scalar(value)
        return None if found is None else expanded(found, self._known)

    def _action(self, step: Map, uses: Scalar) -> FoundBuild:
        given = mapping(step.get("with"))
        # An empty input is one that nobody gives.
        context = self._text(given.get("context")) or None
        name = given.get("containerfiles") or given.get("dockerfiles") or given.get("file")
        dockerfile = self._text(name) or None
        base = ""
        # The context is the repository as it was pushed, and the Dockerfile is looked for there.
        pushed = context is None or (isinstance(context, str) and _DEFAULT.match(context) is not None)
        repository = self._repository if pushed else self._machine
        if pushed:
            base = joined("", _DEFAULT.sub("", str(context))) if context else ""
            root: Text = base
        else:
            root = folder(repository, "", context or ".")
        if dockerfile is None:
            found = file(repository, root, "Dockerfile")
        else:
            if isinstance(dockerfile, str):
                dockerfile = dockerfile.strip().partition("\n")[0].strip()
            # Source: Docker documentation, "docker buildx build": of a context elsewhere it is a path in that.
            elsewhere = isinstance(context, str) and is_remote(context) and not pushed
            found = file(repository, root if elsewhere else base, dockerfile)
        build = FoundBuild(
            kind="workflow",
            place=Place(self._path, uses.line),
            name=str(scalar(step.get("name")) or uses.partition("@")[0]),
            context=root,
            dockerfile=found,
            target=self._text(given.get("target")),
            args=tuple(self._pairs(given.get("build-args"))),
            contexts=tuple(
                (key, further(repository, [""], value))
                for key, value in self._pairs(given.get("build-contexts"))
                if value is not None
            ),
            tags=tuple(self._lines(given.get("tags"))),
        )
        return build if pushed else self._machine.found(doubted(self._machine, build, self._written))

    def _lines(self, value: object) -> list[Text]:
        found = scalar(value)
        parts = [] if found is None else [part.strip() for part in re.split(r"[\n,]", found)]
        return [expanded(part, self._known) for part in parts if part]

    def _pairs(self, value: object) -> Iterator[tuple[str, Text | None]]:
        found = scalar(value)
        for line in [] if found is None else found.splitlines():
            name, equals, rest = line.strip().partition("=")
            if name:
                yield name, expanded(rest, self._known) if equals else None

    def _run(self, step: Map) -> Iterator[FoundBuild]:
        script = scalar(step.get("run"))
        shell = self._text(step.get("shell"))
        if script is None or not (shell is None or str(shell).split(" ")[0] in _SHELLS):
            return
        where = self._text(step.get("working-directory") or self._folder)
        home: Text = "" if where is None else folder(self._machine, "", where)
        variables = {key[4:]: text for key, text in self._known.items() if key.startswith("env.")}
        variables |= _texts(step.get("env"), self._known)
        text, unknown = _for_shell(script, self._known)
        reader = ScriptReader(
            self._machine, "workflow", self._path, script.line, [home], variables | unknown, written=self._written
        )
        yield from reader.read(text)


def _for_shell(text: str, known: Mapping[str, Text]) -> tuple[str, dict[str, Text]]:
    """*text* for the shell: known expressions replaced, others as variables that nobody knows."""
    unknown: dict[str, Text] = {}

    def otherwise(match: re.Match[str], _: Text | None) -> str:
        return stand_in(match[0], unknown) if match[2] else match[0]

    return filled(EXPRESSION, text, partial(value_of, known), otherwise), unknown


def _texts(value: object, known: Mapping[str, Text]) -> dict[str, Text]:
    return {name: expanded(item, known) for name, item in mapping(value).items() if isinstance(item, Scalar)}
