"""Builds in pipelines of Azure: scripts and tasks, with variables, for each entry of a job's matrix.

Sources: Azure Pipelines documentation, "Docker@2 task", "Define variables" (macro syntax),
"jobs.job.strategy" (matrix), "Templates" (``each``, parameters that are lists of steps).
"""

from __future__ import annotations

import posixpath
import shlex
from collections import ChainMap
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from ...knowledge.build_commands import names_a_builder
from ...patterns import re
from ...record import evolve
from ..repository import Repository
from .all_paths import paths_by_name
from .azure_templates import (
    EACH,
    WHOLE,
    checked_out,
    declared,
    entries,
    included_templates,
    is_off,
    template_path,
)
from .checkout import CHECKOUT, shown
from .checkouts import CheckedOut, Checkout
from .command_line import Options, build_options
from .found import FoundBuild, Place, Text, Unknown
from .growth import filled, filled_or_unknown
from .places import folder
from .reading import known_yaml
from .shell_scripts import ScriptReader
from .shell_values import stand_in
from .yaml_values import Map, Scalar, mapping, scalar, sequence

_MACRO = re.compile(
    r"\$\((?P<macro>[A-Za-z_][\w.]*)\)"
    r"|\$\{\{\s*variables(?:\.(?P<variable>\w+)|\['(?P<quoted>\w+)'\])\s*\}\}"
    r"|\$\{\{\s*(?P<path>[A-Za-z_][\w.-]*(?:\['[\w-]+'\])?)\s*\}\}|\$\{\{[^{}]*+\}\}"
)
_SCRIPTS: Final = ("script", "bash", "pwsh", "powershell")
_MAX_COMBINATIONS: Final = 256
_MAX_DEPTH: Final = 100
#: Aliases let one part stand in many places.
_MAX_PARTS: Final = 100_000
#: Commands of the Docker task in its versions, the one first that it has where none is named.
_BUILDS: Final = ("buildandpush", "build", "build an image")
_MAX_TEMPLATES: Final = 1_000
_MAX_LEVELS: Final = 20
_STEPS: Final = ("task", *_SCRIPTS)
_NO_PARTS: Final = frozenset(("variables", "inputs", "env", "matrix", "pool", "parameters"))
_CHECKOUT: Final = ("build.sourcesdirectory", "system.defaultworkingdirectory", "pipeline.workspace/s")
#: What a variable may be in the language of the shell, where the agent has it as well.
_Known = Mapping[str, Text]
_NOTHING: Final[tuple[None, None, _Known]] = (None, None, {})


def azure(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the pipeline *path*; a template is read where it is included, with what it is given."""
    if path in included_templates(repository):
        return
    seen: set[FoundBuild] = set()
    for found in _Reader(repository, path, _Budget()).whole({}, dict.fromkeys(_CHECKOUT, CHECKOUT)):
        if found not in seen:
            seen.add(found)
            yield found


class _Budget:
    """How many parts of a pipeline may still be read, with those of its templates."""

    def __init__(self) -> None:
        self.left = _MAX_PARTS
        self.templates = 0


class _Reader:
    """Reads the file *path* of a pipeline: a template once for each way in which it is included."""

    def __init__(self, repository: Repository, path: str, budget: _Budget, depth: int = 0) -> None:
        self._repository = repository
        self._depth = depth
        #: The repository as the job that is read has it.
        self._machine = CheckedOut(repository, (Checkout("", own=True),))
        self._path = path
        self._open: set[int] = set()
        self._budget = budget
        self._exported: tuple[_Known, dict[str, Text]] | None = None
        #: Parameters that are no texts, with who gives them and what is known there.
        self._given: dict[str, tuple[_Reader, object, _Known]] = {}

    def whole(self, given: Mapping[str, tuple[_Reader, object, _Known]], known: _Known) -> Iterator[FoundBuild]:
        """The builds of the file, where its parameters are *given*."""
        for document in known_yaml(self._repository, self._path):
            texts: dict[str, Text] = {}
            for name, default in declared(document):
                reader, value, place = given.get(name, (self, default, known))
                if isinstance(value, Scalar):
                    texts[f"parameters.{name}".lower()] = replaced(value, place)
                elif value is not None:
                    self._given[name] = (reader, value, place)
            yield from self.part(document, {**known, **texts})

    def _template(self, value: Map, known: _Known) -> Iterator[FoundBuild]:
        """The builds of the template that *value* includes."""
        name = scalar(value.get("template"))
        told = replaced(name, known) if name is not None else None
        target = template_path(self._path, told) if isinstance(told, str) else None
        if target is None or not self._repository.is_file(target) or self._depth >= _MAX_LEVELS:
            return
        if self._budget.templates >= _MAX_TEMPLATES:
            return
        self._budget.templates += 1
        given = {key: (self, one, known) for key, one in mapping(value.get("parameters")).items()}
        general = {key: one for key, one in known.items() if not key.startswith("parameters.")}
        reader = _Reader(self._repository, target, self._budget, self._depth + 1)
        reader._machine = self._machine
        yield from reader.whole(given, general)

    def part(self, value: object, known: _Known) -> Iterator[FoundBuild]:
        """The builds of *value*: a pipeline, stage, job, deployment or step, or a list of such."""
        self._budget.left -= 1
        if isinstance(value, Scalar):
            whole = WHOLE.match(value)
            reader, given, place = self._given.get((whole["name"] or whole["quoted"]) if whole else "", _NOTHING)
            if reader is not None:
                yield from reader.part(given, place)
            return
        if id(value) in self._open or len(self._open) > _MAX_DEPTH or self._budget.left < 0:
            return
        self._open.add(id(value))
        try:
            for one in sequence(value):
                yield from self.part(one, known)
            if isinstance(value, Map):
                yield from self._mapping(value, known)
        finally:
            self._open.discard(id(value))

    def _mapping(self, value: Map, known: _Known) -> Iterator[FoundBuild]:
        if is_off(value):
            return
        if any(key in value for key in _STEPS):
            yield from map(self._machine.found, self._step(value, known))
        if "template" in value:
            yield from self._template(value, known)
        own = self._variables(value.get("variables"), known)
        known = {**known, **own} if own else known
        before = self._machine
        made = checked_out(value)
        self._machine = CheckedOut(self._repository, made) if made else before
        for row in _rows(mapping(value.get("strategy")).get("matrix")):
            inner = {**known, **row} if row else known
            for key, part in value.items():
                if key in _NO_PARTS or (isinstance(part, Scalar) and WHOLE.match(part) is None):
                    continue
                each = EACH.match(key)
                items = entries(each["name"], self._given.get(each["list"], _NOTHING)[1]) if each else []
                for item in items or [{}]:
                    yield from self.part(part, {**inner, **item} if item else inner)
        self._machine = before

    def _variables(self, value: object, known: _Known) -> dict[str, Text]:
        """The variables that *value* sets, those of templates too."""
        found: dict[str, Text] = {}
        for item in map(mapping, sequence(value)):
            name = scalar(item.get("template"))
            target = template_path(self._path, name) if name is not None else None
            if target is not None and self._repository.is_file(target):
                for document in known_yaml(self._repository, target):
                    found |= _variables(document.get("variables"), {**known, **found})
        return found | _variables(value, {**known, **found})

    def _step(self, step: Map, known: _Known) -> Iterator[FoundBuild]:
        task = scalar(step.get("task"))
        inputs = {name.lower(): item for name, item in mapping(step.get("inputs")).items()}
        script = next((found for key in _SCRIPTS if (found := scalar(step.get(key))) is not None), None)
        where = scalar(step.get("workingDirectory"))
        if task is not None and task.startswith("Docker@"):
            # The first version has another name for its command.
            command = inputs.get("action" if task == "Docker@0" else "command")
            yield from self._docker(inputs, scalar(command) or _BUILDS[0], task.line, known)
        elif task is not None and task.startswith(("Bash@", "CmdLine@")):
            script, where = scalar(inputs.get("script")), scalar(inputs.get("workingdirectory"))
        if script is not None and names_a_builder(script):
            home: Text = "" if where is None else self._folder(where, known)
            unknown: dict[str, Text] = {}
            text = filled(_MACRO, script, partial(_value, known), partial(_for_shell, unknown))
            own = {name: replaced(item, known) for name, item in _scalars(step.get("env"))}
            variables = {**self._environment(known), **own}
            homes: list[Text] = [home]
            reader = ScriptReader(self._machine, "ci", self._path, script.line, homes, variables | unknown)
            yield from reader.read(text)

    def _environment(self, known: _Known) -> dict[str, Text]:
        """The variables *known* as the agent hands them to a script; many steps share them."""
        if self._exported is None or self._exported[0] is not known:
            self._exported = known, {name.upper().replace(".", "_"): value for name, value in known.items()}
        return self._exported[1]

    def _folder(self, text: str, known: _Known) -> Text:
        return folder(self._machine, "", replaced(text, known), told=False)

    def _docker(self, inputs: Mapping[str, object], command: str, line: int, known: _Known) -> Iterator[FoundBuild]:
        if command.lower() not in _BUILDS:
            return
        dockerfile = self._dockerfile(replaced(scalar(inputs.get("dockerfile")) or "**/Dockerfile", known))
        wanted = scalar(inputs.get("buildcontext") or inputs.get("context")) or "**"
        context: Text = self._folder(wanted, known) if "*" not in wanted else Unknown(str(wanted))
        if wanted == "**" and isinstance(dockerfile, str):
            # The task's own default: the directory of the Dockerfile.
            context = posixpath.dirname(dockerfile)
        tag = scalar(inputs.get("repository") or inputs.get("imagename"))
        tags = () if tag is None else (shown(replaced(tag, known)),)
        options = _arguments(scalar(inputs.get("arguments")) or "", known)
        yield FoundBuild(
            "ci",
            Place(self._path, line),
            str(tags[0]) if tags else "Docker task",
            context,
            options.dockerfile or dockerfile,
            target=options.target,
            args=options.args,
            contexts=options.contexts,
            tags=tags,
        )

    def _dockerfile(self, text: Text) -> Text:
        """The file that *text* names; the only one where it is a pattern that begins anywhere."""
        if isinstance(text, Unknown):
            return text
        bare = text.removeprefix(f"{CHECKOUT}/")
        if "*" not in bare:
            return folder(self._machine, "", text, told=False)
        end = bare.removeprefix("**/")
        if not bare.startswith("**/") or "*" in end or "?" in end:
            return Unknown(bare)
        paths = paths_by_name(self._repository)
        fitting = [one for one in paths.get(end.rpartition("/")[2], ()) if one == end or one.endswith(f"/{end}")]
        return fitting[0] if len(fitting) == 1 else Unknown(bare)


def _arguments(text: str, known: _Known) -> Options:
    """What the ``arguments`` of a task add to its command; all of it is unknown where one cannot be told."""
    try:
        words = [replaced(word, known) for word in shlex.split(text)]
    except ValueError:
        words = []
    found = build_options(["docker", "build", *words, "."]) if words or not text.strip() else None
    if found is None:
        doubt = Unknown(text)
        return Options(None, dockerfile=doubt, target=doubt, args=(("…", doubt),))
    # A file that they name is seen from where the task runs, which may be anywhere.
    return found if found.dockerfile is None else evolve(found, dockerfile=Unknown(str(found.dockerfile)))


def replaced(text: str, known: _Known) -> Text:
    """*text* with what *known* tells in the place of macros; unknown as a whole where one is."""
    return filled_or_unknown(_MACRO, text, partial(_value, known))


def _value(known: _Known, match: re.Match[str]) -> Text | None:
    name = match["macro"] or match["variable"] or match["quoted"]
    if name is None:
        name = (match["path"] or "").replace("['", ".").replace("']", "")
    return known.get(name.lower())


def _for_shell(unknown: dict[str, Text], match: re.Match[str], found: Text | None) -> str:
    # What is no variable stays as it is, and the shell takes it for a command.
    return match[0] if found is None and match["macro"] else stand_in(match[0], unknown)


def _variables(value: object, known: _Known) -> dict[str, Text]:
    """The variables that a mapping or a list of names and values sets; their names are read without regard to case."""
    pairs = _scalars(value)
    for item in sequence(value):
        name, text = scalar(mapping(item).get("name")), mapping(item).get("value")
        if name is not None and isinstance(text, Scalar):
            pairs.append((name, text))
    found: dict[str, Text] = {}
    together = ChainMap(found, dict(known))
    for key, value_ in pairs:
        found[key.lower()] = replaced(value_, together)
    return found


def _scalars(value: object) -> list[tuple[str, Scalar]]:
    return [(name, item) for name, item in mapping(value).items() if isinstance(item, Scalar)]


def _rows(matrix: object) -> list[dict[str, Text]]:
    rows: list[dict[str, Text]] = [
        {name.lower(): str(item) for name, item in _scalars(one)} for one in mapping(matrix).values()
    ]
    return rows if 0 < len(rows) <= _MAX_COMBINATIONS else [{}]
