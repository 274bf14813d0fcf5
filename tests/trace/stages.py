"""The shell bodies of a build's stages, each in its frame: SHELL, WORKDIR and the environment of ENV and ARG.

Read from the text's steps alone, for both sides alike. What a frame takes from the base image or from arguments on the
command line is not known here: a relative WORKDIR starts at /, an ARG without a default is not set.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import join, normpath

from dockerslim_rewrite.ir.build import Build, Stage
from dockerslim_rewrite.ir.steps import Arg, Env, Run, Shell, Step, Value
from dockerslim_rewrite.knowledge.images import image_facts
from dockerslim_rewrite.validate.core.observe import value
from tests.trace.driver import PATH, program_for
from tests.trace.model import SHELLS, Body, UnsupportedShell

_VARIABLE = re.compile(r"\$\{(?P<braced>\w+)(?::(?P<operator>[-+])(?P<word>[^}]*))?\}|\$(?P<name>\w+)")


@dataclass(frozen=True, slots=True)
class Placed:
    """A body and the RUN it comes from: lines `first` to `last` (from 1) of the file."""

    body: Body
    first: int
    last: int


@dataclass(slots=True)
class _Frame:
    escape: str
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    cwd: str = "/"
    env: dict[str, str] = field(default_factory=dict)

    def copy(self) -> _Frame:
        return _Frame(self.escape, self.shell, self.cwd, dict(self.env))

    def enter(self, step: Step) -> None:
        if isinstance(step, Shell):
            self.shell = step.argv
        elif isinstance(step, Value) and step.keyword == "WORKDIR":
            self.cwd = normpath(join(self.cwd, expanded(step.value, self.escape, self.env)))
        elif isinstance(step, Env | Arg):
            known = dict(self.env)  # the pairs of one ENV all see what was set before it
            for pair in step.pairs:
                if pair.value is not None:
                    self.env[pair.key] = expanded(pair.value, self.escape, known)


def bodies(build: Build) -> list[tuple[Placed, ...] | str]:
    """The bodies of each stage, or why they cannot be run."""
    frames: dict[str, _Frame] = {}
    found: list[tuple[Placed, ...] | str] = []
    for stage in build.stages:
        start = _Frame(build.document.escape, cwd=_start(stage.head.image))
        frame = frames.get(stage.head.image.lower(), start).copy()
        frames[stage.name] = frame
        try:
            found.append(tuple(_bodies(build, stage, frame)))
        except (ValueError, UnsupportedShell) as reason:
            found.append(str(reason))
    return found


def _start(image: str) -> str:
    """Where a build on top of *image* starts, as far as the catalogue says; most images start in the root."""
    name, _, tag = image.lower().partition("@")[0].rpartition(":")
    facts = image_facts(name, tag) if name and "/" not in tag else image_facts(image.lower(), None)
    return (facts.workdir if facts is not None else None) or "/"


def _bodies(build: Build, stage: Stage, frame: _Frame) -> list[Placed]:
    found = []
    for step in stage.steps:
        frame.enter(step)
        if isinstance(step, Run):
            body = Body(_script(step), frame.shell or ("",), frame.cwd, tuple(sorted(frame.env.items())))
            program_for(body, SHELLS[0])
            end = step.origin.span.end
            last = build.document.line_of(max(step.origin.span.start, end - 1))
            found.append(Placed(body, step.line, last))
    return found


def _script(run: Run) -> str:
    """The text that the shell gets. Raises ValueError where another program gets it."""
    if run.argv is not None:
        return shlex.join(run.argv)
    if run.body is None:
        raise ValueError("a RUN without a command")
    text = run.body.logical.text
    if run.body.form == "shell":
        return text
    if text.startswith("#!") and run.body.form == "heredoc":
        raise ValueError("a here-document that names its interpreter")
    if run.body.form == "heredoc":
        return text
    documents = run.origin.heredocs
    start = run.origin.span.start
    return f"{text}\n{run.origin.text[documents[0].body.start - start : documents[-1].terminator.end - start]}\n"


def expanded(text: str, escape: str, env: Mapping[str, str]) -> str:
    """A value as BuildKit expands it: quotes go, `$x`, `${x}`, `${x:-y}` and `${x:+y}` are replaced."""
    values = {"PATH": PATH, **env}

    def variable(match: re.Match[str]) -> str:
        known = values.get(match["braced"] or match["name"], "")
        if match["operator"] == "-":
            return known or match["word"]
        return match["word"] if match["operator"] and known else "" if match["operator"] else known

    parts = value(text, escape)
    return "".join(_VARIABLE.sub(variable, part) if index % 2 else part for index, part in enumerate(parts))
