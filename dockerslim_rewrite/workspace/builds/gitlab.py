"""Builds in pipelines of GitLab: jobs with what they extend, for each combination of their matrices.

Source: GitLab documentation, "CI/CD YAML syntax reference" (``extends``, ``include:local``, ``parallel:matrix``,
``default``, ``variables``, ``rules:variables``, ``trigger:include``, ``inherit``, ``after_script``, which a shell of
its own runs in the project's directory, ``!reference``). Files of other projects are not read.
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...knowledge.build_commands import names_a_builder
from ..repository import Repository
from .found import FoundBuild, Text, Unknown
from .gitlab_includes import default_inputs, for_shell, included, with_inputs
from .interpolation import interpolate
from .reading import scalars, yaml_file
from .shell_scripts import ScriptReader, Step
from .yaml_values import Map, Scalar, Seq, mapping, scalar, sequence

#: What stands at the top for all jobs, or below ``default``.
_GENERAL: Final = ("default", "before_script", "after_script")
_ROOT: Final = ".gitlab-ci.yml"
#: GitLab itself follows eleven levels.
_MAX_LEVELS: Final = 11
_MAX_PARENTS: Final = 20
_MAX_FILES: Final = 100
_MAX_COMBINATIONS: Final = 256
#: Jobs that extend others run the commands of those, and a matrix runs them many times.
_MAX_STEPS: Final = 20_000
#: What is no job, though it stands where jobs do.
_GLOBAL: Final = frozenset(
    (
        "default",
        "include",
        "variables",
        "stages",
        "workflow",
        "image",
        "services",
        "cache",
        "before_script",
        "after_script",
    )
)


def gitlab(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the pipeline *path*; a file that the pipeline of the root includes is read with that."""
    if path != _ROOT and repository.is_file(_ROOT) and path in _pipeline(repository, _ROOT).files:
        return
    pipeline = _pipeline(repository, path)
    yield from pipeline.builds()
    for other in pipeline.perhaps:
        more = _pipeline(repository, path, other)
        yield from (one for one in more.builds() if one.place.path not in pipeline.files)
    for child in pipeline.children:
        yield from _pipeline(repository, child).builds()


def _pipeline(repository: Repository, path: str, more: str | None = None) -> _Pipeline:
    return repository.recall(("pipeline", path, more), lambda: _Pipeline(repository, path, more))


class _Pipeline:
    """A pipeline's file with those that it includes, and with one *more* that it may include."""

    def __init__(self, repository: Repository, path: str, more: str | None = None) -> None:
        self._repository = repository
        self._path = path
        #: Where values stand that are scripts, by their identity; the files hold them.
        self._places: dict[int, str] = {}
        self._documents: list[Map] = []
        #: The files that were read.
        self.files: dict[str, None] = {}
        self._jobs: dict[str, Map] = {}
        self._general = Map()
        self._variables: dict[str, Text] = {}
        self._resolved: dict[tuple[str, int], Map] = {}
        self._inputs: dict[str, Mapping[str, Text]] = {}
        #: Files that it includes or not, as variables tell.
        self._perhaps: dict[str, None] = {}
        if more is not None:
            self._add(more, {})
        self._add(path, {})

    @property
    def children(self) -> list[str]:
        """The files of the pipelines that jobs of this one start, and that are not read with it."""
        found: dict[str, None] = {}
        for job in self._jobs.values():
            for one in included(self._repository, mapping(job.get("trigger")).get("include")):
                found |= dict.fromkeys(path for path in one.paths if path not in self.files)
        return list(found)[:_MAX_FILES]

    @property
    def perhaps(self) -> list[str]:
        """The files that variables let this one include or not."""
        return [path for path in self._perhaps if path not in self.files][:_MAX_FILES]

    def _add(self, path: str, given: Mapping[str, Text]) -> None:
        if path in self.files:
            # Included twice it is two sets of jobs.
            inputs = self._inputs[path]
            self._inputs[path] = {name: one for name, one in inputs.items() if given.get(name, one) == one}
            return
        if len(self.files) >= _MAX_FILES:
            return
        self.files[path] = None
        self._inputs[path] = {}
        for document in yaml_file(self._repository, path):
            if "spec" in document:
                self._inputs[path] = {**default_inputs(document), **given}
                continue
            self._documents.append(document)
            for one in included(self._repository, document.get("include")):
                if not one.sure:
                    self._perhaps |= dict.fromkeys(one.paths)
                    continue
                for target in one.paths:
                    self._add(target, dict(one.inputs))
            self._places.update((id(one), path) for one in scalars(document))
            self._general = _over(self._general, _only(document, _GENERAL))
            self._variables |= self._set(document.get("variables"), self._variables, path)
            # What the rules of a pipeline set, they set for some of its runs.
            self._variables |= _decided(mapping(document.get("workflow")))
            for name, job in document.items():
                if name not in _GLOBAL and isinstance(job, Map):
                    self._jobs[name] = job

    def builds(self) -> Iterator[FoundBuild]:
        """The builds of all jobs."""
        seen: set[FoundBuild] = set()
        left = _MAX_STEPS
        for name in self._jobs:
            if name.startswith("."):
                continue
            job = self._job(name, 0)
            if _never(job):
                continue
            scripts = [one for one in self._scripts(job) if any(names_a_builder(step.text) for step in one)]
            if not scripts:
                continue
            general = _inherited(job, "variables", self._variables)
            known = general | self._set(job.get("variables"), general, self._path) | _decided(job)
            for values, steps in itertools.product(_combinations(mapping(job.get("parallel")).get("matrix")), scripts):
                left -= len(steps)
                if left < 0:
                    self._repository.complain(
                        self._path, f"its jobs run more than {_MAX_STEPS:,} commands; the rest is not followed"
                    )
                    return
                for found in self._read(steps, known | values):
                    if found not in seen:
                        seen.add(found)
                        yield found

    def _read(self, steps: Sequence[Step], known: Mapping[str, Text]) -> Iterator[FoundBuild]:
        homes: list[Text] = [*dict.fromkeys(("", _project(self._path)))]
        unknown: dict[str, Text] = {}
        told = [step._replace(text=for_shell(step.text, self._inputs.get(step.path, {}), unknown)) for step in steps]
        reader = ScriptReader(self._repository, "ci", self._path, 1, homes, {**known, **unknown})
        yield from reader.steps(told)

    def _scripts(self, job: Map) -> list[list[Step]]:
        """The commands of *job* in order, those of each shell by themselves."""
        default = mapping(self._general.get("default"))
        general = {key: default.get(key, self._general.get(key)) for key in _GENERAL}
        general = _inherited(job, "default", general)
        before, after = (job.get(key, general.get(key)) for key in ("before_script", "after_script"))
        return [
            [
                Step(str(one), one.line, self._places.get(id(one), self._path))
                for part in shell
                for one in self._commands(part, 0)
            ]
            for shell in ((before, job.get("script")), (after,))
        ]

    def _set(self, value: object, known: Mapping[str, Text], path: str) -> dict[str, Text]:
        """The variables that *value* sets, which stands in the file *path* or in one that this one includes."""
        found = _variables(value, known)
        for name, one in found.items():
            if "$[[" in str(one):
                at = self._places.get(id(mapping(value)[name]), path)
                found[name] = with_inputs(str(one), self._inputs.get(at, {}))
        return found

    def _commands(self, value: object, level: int) -> Iterator[Scalar]:
        if isinstance(value, Scalar) and not value.null:
            yield value
        elif isinstance(value, Seq) and value.tag == "!reference":
            keys = [str(one) for one in value if isinstance(one, Scalar)]
            if len(keys) == 2 and keys[0] in self._jobs and level < _MAX_LEVELS:
                yield from self._commands(self._job(keys[0], 0).get(keys[1]), level + 1)
        elif level < _MAX_LEVELS:
            for one in sequence(value):
                yield from self._commands(one, level + 1)

    def _job(self, name: str, level: int) -> Map:
        """The job *name* with what it extends, met at *level* of what others extend."""
        if (name, level) in self._resolved:
            return self._resolved[name, level]
        own = self._jobs[name]
        extends = own.get("extends")
        parents = [extends] if isinstance(extends, Scalar) else sequence(extends)
        found = Map()
        for parent in parents[:_MAX_PARENTS]:
            if isinstance(parent, Scalar) and str(parent) in self._jobs and level < _MAX_LEVELS:
                found = _over(found, self._job(str(parent), level + 1))
        found = self._resolved[name, level] = _over(found, own)
        return found


def _over(first: Map, second: Map) -> Map:
    """*first* with what *second* says: maps of both are put together, all else is replaced."""
    found = Map()
    found.update(first)
    for key, value in second.items():
        before = first.get(key)
        if isinstance(before, Map) and isinstance(value, Map):
            together = Map()
            together.update(before)
            together.update(value)
            found[key] = together
        else:
            found[key] = value
    return found


def _never(job: Map) -> bool:
    """Whether no pipeline has the *job*."""
    rules = [mapping(one) for one in sequence(job.get("rules"))]
    return scalar(job.get("when")) == "never" or (
        bool(rules) and all(scalar(one.get("when")) == "never" for one in rules)
    )


def _only(document: Map, keys: Sequence[str]) -> Map:
    found = Map()
    found.update({key: document[key] for key in keys if key in document})
    return found


def _inherited(job: Map, key: str, general: Mapping[str, Any]) -> dict[str, Any]:
    """What *job* takes over of the *general* settings: all but for what ``inherit`` with the *key* leaves out."""
    wanted = mapping(job.get("inherit")).get(key)
    if isinstance(wanted, Seq):
        return {name: one for name, one in general.items() if name in wanted}
    return {} if isinstance(wanted, Scalar) and wanted == "false" else dict(general)


def _variables(value: object, known: Mapping[str, Text]) -> dict[str, Text]:
    found: dict[str, Text] = {}
    told = {name: one for name, one in known.items() if isinstance(one, str)} if mapping(value) else {}
    for name, item in mapping(value).items():
        text = scalar(item.get("value")) if isinstance(item, Map) else item
        if isinstance(text, Scalar):
            found[name] = one = interpolate(text, told)
            if isinstance(one, str):
                told[name] = one
            else:
                told.pop(name, None)
    return found


def _decided(job: Map) -> dict[str, Text]:
    """The variables that rules of *job* set: which of them hold, only a run tells."""
    rules = [mapping(one) for one in sequence(job.get("rules"))]
    return {name: Unknown(f"${name}") for rule in rules for name in mapping(rule.get("variables"))}


def _combinations(value: object) -> list[dict[str, Text]]:
    """The variables of each job that a matrix makes of one."""
    found: list[dict[str, Text]] = []
    for row in sequence(value):
        axes = [
            [(name, str(one)) for one in (item if isinstance(item, Seq) else [item]) if isinstance(one, Scalar)]
            for name, item in mapping(row).items()
        ]
        for combination in itertools.product(*axes):
            if len(found) >= _MAX_COMBINATIONS:
                names = {name for one in sequence(value) for name in mapping(one)}
                return [{name: Unknown(f"${name}") for name in names}]
            found.append(dict(combination))
    return found or [{}]


def _project(path: str) -> str:
    """The directory of the project whose own repository the file *path* was written for."""
    project = posixpath.dirname(path)
    while posixpath.basename(project).startswith(".") or posixpath.dirname(project).endswith(".gitlab"):
        project = posixpath.dirname(project)
    return project
