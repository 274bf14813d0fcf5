"""Builds in workflows of GitHub, Gitea and Forgejo, and in actions.

Sources: docker/build-push-action, README ("inputs"); GitHub documentation, "Workflow syntax for GitHub Actions",
"Contexts"; redhat-actions/buildah-build, README.
"""

from __future__ import annotations

import itertools
from collections import ChainMap
from collections.abc import Iterator, Mapping
from functools import partial

from ...knowledge.build_commands import names_a_builder
from ...patterns import re
from ..repository import Repository, joined
from .actions import container_action, inputs_of, is_off
from .checkout import CHECKOUT, below
from .checkouts import CheckedOut, Checkout, checkouts
from .command_line import further
from .expressions import EXPRESSION, combinations, expanded, value_of
from .found import FoundBuild, Place, Text
from .growth import Steps, filled
from .overwritten import doubted, speaks_of_one
from .places import file, folder, is_remote
from .reading import known_yaml
from .shell_scripts import ScriptReader
from .shell_values import stand_in
from .yaml_values import Map, Scalar, mapping, scalar, sequence

_DEFAULT = re.compile(r"\{\{\s*defaultContext\s*\}\}:?")
_ACTIONS = re.compile(r"(?:(?:docker|depot|useblacksmith)/build-push-action|redhat-actions/buildah-build)@")
#: So many combinations of a matrix and of what callers give are followed.
_MAX_WAYS = 256
#: How much is read of all workflows, beside one for so many characters of them: jobs may share their steps, and each
#: combination reads these again. A build takes as long as so many, and so many characters and entries as long as one.
MAX_STEPS = 60_000
_WRITTEN = 4
_BUILD_STEPS = 10
_CHARACTERS = 20
_PASSED = 200
_ENTRIES = 5
_SHELLS = ("bash", "sh")


def workflow(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the workflow or action *path*, once for each combination of a job's matrix."""
    steps = repository.recall("steps of workflows", lambda: Steps(MAX_STEPS))
    steps.more(len(repository.read(path) or "") // _WRITTEN)
    costs = _Costs()
    for document in known_yaml(repository, path):
        general = _texts(document.get("env"), {})
        environment = {f"env.{name}": text for name, text in general.items()}
        jobs = [mapping(job) for job in mapping(document.get("jobs")).values() if not is_off(mapping(job))]
        runs = mapping(document.get("runs"))
        if runs:
            jobs.append(runs)
            image = container_action(repository, path, document)
            if image is not None:
                yield image
        seen: set[FoundBuild] = set()
        all_calls = inputs_of(repository, path, document)
        for job in jobs:
            rows = combinations(mapping(mapping(job.get("strategy")).get("matrix")))
            calls = all_calls
            if len(rows) * len(calls) > _MAX_WAYS:
                calls = [{}]
            cost = costs.of(job)
            if cost * len(rows) * len(calls) > steps.left:
                repository.complain(
                    path, "its jobs, with those of files before it, run more than is followed one by one"
                )
                rows, calls = [{}], [{}]
            if not steps.may(cost * len(rows) * len(calls)):
                break
            for values, inputs in itertools.product(rows, calls):
                known = ChainMap[str, Text](dict(values), environment, dict(inputs))
                own = _texts(job.get("env"), known)
                known = known.new_child({f"env.{name}": text for name, text in own.items()})
                # What is the workflow's is not copied for each of its jobs and steps.
                for found in _Job(repository, path, job, document, known, ChainMap(own, general)).builds():
                    if found not in seen:
                        seen.add(found)
                        yield found


class _Costs:
    """How much there is to read of jobs, which may share their steps, and the texts of these."""

    def __init__(self) -> None:
        self._steps: dict[int, int] = {}
        self._texts: dict[int, int] = {}

    def of(self, job: Map) -> int:
        """How much there is to read of *job*."""
        listed = sequence(job.get("steps"))
        if id(listed) not in self._steps or not listed:
            self._steps[id(listed)] = sum(map(self._step, map(mapping, listed)))
        return 1 + len(mapping(job.get("env"))) // _ENTRIES + self._steps[id(listed)]

    def _step(self, step: Map) -> int:
        run, uses = scalar(step.get("run")), scalar(step.get("uses"))
        if uses is not None and _ACTIONS.match(uses):
            given = sum(
                len(one) // _CHARACTERS for one in mapping(step.get("with")).values() if isinstance(one, Scalar)
            )
            return _BUILD_STEPS + given
        if run is None:
            return 0
        if id(run) not in self._texts:
            builds = names_a_builder(run) or speaks_of_one(run)
            self._texts[id(run)] = (_BUILD_STEPS if builds else 0) + len(run) // (_CHARACTERS if builds else _PASSED)
        return self._texts[id(run)] + len(mapping(step.get("env"))) // _ENTRIES


class _Job:
    def __init__(
        self,
        repository: Repository,
        path: str,
        job: Map,
        document: Map,
        known: ChainMap[str, Text],
        variables: ChainMap[str, Text],
    ) -> None:
        self._repository = repository
        self._path = path
        self._job = job
        own: dict[str, Text] = {"github.workspace": CHECKOUT}
        if job.get("using") is not None:
            own["github.action_path"] = below(path.rpartition("/")[0])
        self._variables = variables
        self._known = ChainMap(*known.maps, own)
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
        text, unknown = _for_shell(script, self._known)
        variables = ChainMap(unknown, _texts(step.get("env"), self._known), *self._variables.maps)
        reader = ScriptReader(
            self._machine, "workflow", self._path, script.line, [home], variables, written=self._written
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
