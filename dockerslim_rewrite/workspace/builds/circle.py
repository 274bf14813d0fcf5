"""Builds in pipelines of CircleCI: steps of jobs and commands, with the parameters that callers give.

Sources: CircleCI documentation, "Configuration reference" (``checkout``, ``working_directory``), "Reusing
configuration"; orb circleci/docker, ``build``, ``publish``.
"""

from __future__ import annotations

import itertools
import posixpath
import shlex
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from ...patterns import re
from ..repository import Repository, joined
from .checkouts import CheckedOut, Checkout
from .found import FoundBuild, Text, Unknown
from .growth import filled, filled_or_unknown
from .reading import yaml_file
from .shell_scripts import ScriptReader, Step
from .shell_values import stand_in
from .yaml_values import Map, Scalar, Seq, mapping, scalar, sequence

_PARAMETER = re.compile(r"<<\s*(?:(?P<place>[\w.]+)\.)?(?P<name>[\w-]+)\s*>>")
_MAX_DEPTH: Final = 10
_MAX_STEPS: Final = 20_000
_MAX_COMBINATIONS: Final = 256
#: Where a job works unless it says otherwise.
_PROJECT: Final = "~/project"
_ORB: Final = "circleci/docker@"
_ORB_BUILDS: Final = ("build", "publish")

_Given = Mapping[str, Text]


def circle(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the configuration *path*."""
    seen: set[FoundBuild] = set()
    for document in yaml_file(repository, path):
        for found in _Reader(repository, path, document).builds():
            if found not in seen:
                seen.add(found)
                yield found


class _Reader:
    def __init__(self, repository: Repository, path: str, document: Map) -> None:
        self._repository = repository
        self._path = path
        self._jobs = mapping(document.get("jobs"))
        self._commands = mapping(document.get("commands"))
        self._workflows = mapping(document.get("workflows"))
        orbs = mapping(document.get("orbs")).items()
        self._orbs = {name for name, orb in orbs if isinstance(orb, Scalar) and orb.startswith(_ORB)}
        self._left = _MAX_STEPS
        self._usual = CheckedOut(repository, (Checkout("", own=True),))
        self._machine = self._usual
        self._home: Text = ""

    def builds(self) -> Iterator[FoundBuild]:
        """The builds of all jobs, as workflows call them."""
        called: dict[str, list[dict[str, Text]]] = {}
        for name, given, line in self._calls():
            called.setdefault(name, []).append(given)
            yield from self._orb(name, given, line)
        for name, job in self._jobs.items():
            for given in called.get(name) or [{}]:
                known = {**_defaults(mapping(job)), **given}
                self._machine, self._home = self._checked_out(mapping(job), known)
                yield from self._steps(mapping(job).get("steps"), known, 0)
        self._machine, self._home = self._usual, ""

    def _checked_out(self, job: Map, known: _Given) -> tuple[CheckedOut, Text]:
        """The repository as the *job* has it, seen from the directory that it works in; where that lies inside of the
        repository instead, its place there.
        """
        where = _told(scalar(job.get("working_directory")) or _PROJECT, known)
        steps = [step for step in sequence(job.get("steps")) if "checkout" in mapping(step)]
        path = next((scalar(mapping(mapping(step)["checkout"]).get("path")) for step in steps), None)
        if path is None:
            return self._usual, ""
        target = _told(path, known)
        nowhere = CheckedOut(self._repository, ())
        if isinstance(where, Unknown) or isinstance(target, Unknown) or "$" in where + target:
            return nowhere, ""
        start = posixpath.join("/~", _from_home(where))
        placed = posixpath.join(start, _from_home(target))
        inner = posixpath.relpath(placed, start)
        if not inner.startswith(".."):
            return CheckedOut(self._repository, (Checkout(joined("", inner), own=True),)), ""
        above = posixpath.relpath(start, placed)
        return (nowhere, "") if above.startswith("..") else (self._usual, joined("", above))

    def _calls(self) -> Iterator[tuple[str, dict[str, Text], int]]:
        for workflow in self._workflows.values():
            for item in sequence(mapping(workflow).get("jobs")):
                for name, given in mapping(item).items():
                    own = _texts(given, {})
                    for row in _rows(mapping(mapping(given).get("matrix")).get("parameters")):
                        yield name, own | row, item.line
                if isinstance(item, Scalar):
                    yield str(item), {}, item.line

    def _steps(self, steps: object, known: _Given, depth: int) -> Iterator[FoundBuild]:
        for step in sequence(steps):
            self._left -= 1
            if depth > _MAX_DEPTH or self._left < 0:
                return
            if isinstance(step, Scalar):
                yield from self._call(str(step), Map(), step.line, known, depth)
            for name, value in mapping(step).items():
                if name == "run":
                    yield from self._run(value, known)
                elif name in ("when", "unless"):
                    yield from self._steps(mapping(value).get("steps"), known, depth + 1)
                else:
                    yield from self._call(name, mapping(value), step.line, known, depth)

    def _call(self, name: str, given: Map, line: int, known: _Given, depth: int) -> Iterator[FoundBuild]:
        told = _texts(given, known)
        command = mapping(self._commands.get(name))
        if command:
            yield from self._steps(command.get("steps"), {**_defaults(command), **told}, depth + 1)
        else:
            yield from self._orb(name, told, line)

    def _run(self, value: object, known: _Given) -> Iterator[FoundBuild]:
        command = scalar(value) or scalar(mapping(value).get("command"))
        where = scalar(mapping(value).get("working_directory"))
        if command is None:
            return
        home: Text = self._home if where is None else _told(where, known)
        if isinstance(home, str) and ("$" in home or home.startswith(("/", "~"))):
            home = Unknown(home)
        elif where is not None and isinstance(home, str) and isinstance(self._home, str):
            home = joined(self._home, home)
        yield from self._read(command, command.line, home, known)

    def _orb(self, name: str, given: _Given, line: int) -> Iterator[FoundBuild]:
        """The build of a command or job of Docker's orb."""
        orb, _, verb = name.partition("/")
        if orb not in self._orbs or verb not in _ORB_BUILDS:
            return
        values = {"path": ".", "dockerfile": "Dockerfile", "docker-context": ".", "image": "", **given}
        unknown: dict[str, Text] = {}

        def word(key: str) -> str:
            value = values[key]
            return shlex.quote(value) if isinstance(value, str) else stand_in(value.text, unknown)

        tag = f"-t {word('image')}" if values["image"] else ""
        extra = values.get("extra_build_args", "")
        options = extra if isinstance(extra, str) else stand_in(extra.text, unknown)
        text = f"docker build -f {word('path')}/{word('dockerfile')} {tag} {options} {word('docker-context')}"
        reader = ScriptReader(self._repository, "ci", self._path, line, [""], unknown)
        yield from reader.read(text)

    def _read(self, text: str, line: int, home: Text, known: _Given) -> Iterator[FoundBuild]:
        unknown: dict[str, Text] = {}
        value = partial(_value, known)
        shell = filled(_PARAMETER, text, value, lambda match, _: stand_in(match[0], unknown))
        reader = ScriptReader(self._machine, "ci", self._path, line, [home], unknown)
        yield from map(self._machine.found, reader.steps([Step(shell, line, self._path)]))


def _from_home(path: str) -> str:
    """*path* where the home directory has a name."""
    return f"/~{path[1:]}" if path.startswith("~") else path


def _value(known: _Given, match: re.Match[str]) -> Text | None:
    place = match["place"] or "parameters"
    return known.get(match["name"] if place == "parameters" else f"{place}.{match['name']}")


def _told(text: str, known: _Given) -> Text:
    return filled_or_unknown(_PARAMETER, text, partial(_value, known))


def _defaults(definition: Map) -> dict[str, Text]:
    """The defaults of the parameters of a job or command."""
    found: dict[str, Text] = {}
    for name, parameter in mapping(definition.get("parameters")).items():
        default = mapping(parameter).get("default")
        if isinstance(default, Scalar):
            found[name] = str(default)
    return found


def _texts(given: object, known: _Given) -> dict[str, Text]:
    return {name: _told(item, known) for name, item in mapping(given).items() if isinstance(item, Scalar)}


def _rows(matrix: object) -> list[dict[str, Text]]:
    axes = [
        [(name, str(one)) for one in item if isinstance(one, Scalar)]
        for name, item in mapping(matrix).items()
        if isinstance(item, Seq)
    ]
    count = 1
    for axis in axes:
        count *= len(axis)
    if count > _MAX_COMBINATIONS:
        return [{axis[0][0]: Unknown(f"<< {axis[0][0]} >>") for axis in axes if axis}]
    return [dict(one) for one in itertools.product(*axes)]
