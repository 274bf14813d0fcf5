"""The build that a document describes: stages of steps, read-only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from ..patterns import re
from ..record import record
from ..shell.body import body_of
from ..shell.names import POSIX_SHELLS
from ..syntax import Document, Instruction, LineKind, ParseError
from ..syntax.document import BLANKS
from ..syntax.jsonform import json_words
from ..syntax.words import split_pairs
from .steps import (
    Arg,
    Copy,
    Env,
    Exec,
    From,
    Healthcheck,
    Label,
    Listing,
    Onbuild,
    Run,
    Shell,
    Step,
    Value,
)

_VALUES = frozenset(("WORKDIR", "USER", "STOPSIGNAL", "MAINTAINER"))
_LISTINGS = frozenset(("EXPOSE", "VOLUME"))

#: Every keyword of the Dockerfile reference.
KEYWORDS = frozenset(
    ("FROM", "RUN", "COPY", "ADD", "ENV", "LABEL", "ARG", "CMD", "ENTRYPOINT", "SHELL", "HEALTHCHECK", "ONBUILD")
) | _VALUES | _LISTINGS  # fmt: skip

_COMMAND_OPTION = re.compile(r"-[a-z]*c\Z")
#: So much of what is no instruction is shown.
_SHOWN = 40


@record(eq=False, slots=False)
class Stage:
    """One build stage: its FROM and the steps after it. ``index`` counts from 0 in file order."""

    index: int
    head: From
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """What other stages call it: its alias in lower case, else its index."""
        return self.head.alias.lower() if self.head.alias else str(self.index)

    @cached_property
    def triggers(self) -> tuple[Run, ...]:
        """The RUN steps that ONBUILD keeps for builds on top of this one."""
        steps = (step.trigger for step in self.steps if isinstance(step, Onbuild))
        return tuple(step for step in steps if isinstance(step, Run))

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The RUN steps in order; triggers of ONBUILD are not among them."""
        return tuple(step for step in self.steps if isinstance(step, Run))


@record(eq=False, slots=False)
class Build:
    """All stages of a document; ``preamble`` holds what stands before the first FROM."""

    document: Document
    preamble: tuple[Step, ...]
    stages: tuple[Stage, ...]

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.document.source.text

    def __iter__(self) -> Iterator[Step]:
        yield from self.preamble
        for stage in self.stages:
            yield stage.head
            yield from stage.steps


def read_build(document: Document, known: Build | None = None) -> Build:
    """Read the steps of *document*; those of *known* are taken over where the document took over their instructions.

    Raises ``ParseError`` for what BuildKit refuses after parsing: unknown instructions, a FROM with the wrong number
    of words, COPY or ADD without a destination.
    """
    reader = _Reader(document)
    return reader.read(() if known is None else tuple(known))


def layers(build: Build) -> int:
    """How many layers the last stage of *build* stores on its base."""
    return sum(isinstance(step, Run | Copy) for step in build.stages[-1].steps) if build.stages else 0


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.escape = document.escape
        self.shell: tuple[str, ...] | None = None
        self.windows = False
        self.stage_shells: dict[str, tuple[tuple[str, ...] | None, bool]] = {}

    def read(self, known: tuple[Step, ...]) -> Build:
        preamble: list[Step] = []
        stages: list[Stage] = []
        head: From | None = None
        steps: list[Step] = preamble

        def close() -> None:
            if head is not None:
                stage = Stage(len(stages), head, tuple(steps))
                stages.append(stage)
                if head.alias:
                    self.stage_shells[stage.name] = (self.shell, self.windows)

        for index, instruction in enumerate(self.document.instructions):
            if index < len(known) and known[index].origin is instruction:
                step = known[index]
                if isinstance(step, Shell):
                    self.shell = step.argv
            else:
                step = self.step(instruction, index)
            if isinstance(step, From):
                close()
                head, steps = step, []
                self.enter(step)
            else:
                steps.append(step)
        close()
        return Build(self.document, tuple(preamble), tuple(stages))

    def enter(self, head: From) -> None:
        image = head.image.lower()
        if image in self.stage_shells:
            self.shell, self.windows = self.stage_shells[image]
            return
        self.shell = None
        platform = (head.origin.flag("platform") or "").lower()
        self.windows = platform.startswith("windows") or any(
            mark in image for mark in ("windows", "nanoserver", "servercore", "microsoft/iis", "microsoft/aspnet:")
        )

    @property
    def foreign(self) -> str | None:
        """Why RUN text is no POSIX shell script at this point, or None."""
        if self.shell is not None:
            executable = self.shell[0].rsplit("/", 1)[-1] if self.shell else ""
            if executable in POSIX_SHELLS and _COMMAND_OPTION.match(self.shell[-1]):
                return None
            return f"SHELL is {' '.join(self.shell)}" if self.shell else "SHELL is unknown"
        if self.windows or self.escape == "`":
            return "a Windows image runs cmd or PowerShell"
        return None

    def step(self, instruction: Instruction, index: int) -> Step:
        keyword = instruction.keyword
        if keyword not in KEYWORDS:
            from difflib import get_close_matches

            near = get_close_matches(keyword, sorted(KEYWORDS), 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            shown = keyword if len(keyword) <= _SHOWN else f"{keyword[:_SHOWN]}…"
            raise ParseError(instruction.line_number, f"unknown instruction {shown}{hint}")
        args = instruction.args
        if keyword == "RUN":
            behind = swallowed(instruction)
            foreign = self.foreign or (
                f"line {behind[0]} ({behind[1]}) belongs to it by a continuation too many above" if behind else None
            )
            return Run(instruction, index, instruction.json, body_of(instruction, foreign))
        if keyword in ("COPY", "ADD"):
            words = instruction.json or tuple(args.split())
            if len(words) < 2 and not (words and instruction.heredocs):
                raise ParseError(instruction.line_number, f"{keyword} needs a source and a destination")
            return Copy(instruction, index, words[:-1], words[-1])
        if keyword == "ENV":
            return Env(instruction, index, split_pairs(args, self.escape, keyword))
        if keyword == "LABEL":
            return Label(instruction, index, split_pairs(args, self.escape, keyword))
        if keyword == "ARG":
            return Arg(instruction, index, split_pairs(args, self.escape, keyword))
        if keyword in ("CMD", "ENTRYPOINT"):
            return Exec(instruction, index, instruction.json, body_of(instruction, self.foreign))
        if keyword == "FROM":
            return self._from(instruction, index, args)
        if keyword == "SHELL":
            self.shell = instruction.json or ()
            return Shell(instruction, index, self.shell)
        if keyword in _VALUES:
            return Value(instruction, index, args)
        if keyword in _LISTINGS:
            listed = instruction.json if keyword == "VOLUME" else None
            return Listing(instruction, index, listed or tuple(args.split()))
        if keyword == "HEALTHCHECK":
            test = args.split(None, 1)
            rest = test[1].strip(BLANKS) if len(test) > 1 else ""
            return Healthcheck(instruction, index, test[0].upper() if test else "", json_words(rest), rest)
        shell = self.shell
        inner = instruction.inner
        if inner is not None and inner.keyword == "ONBUILD":
            raise ParseError(instruction.line_number, "ONBUILD may not stand after ONBUILD")
        trigger = self.step(inner, index) if inner else None
        self.shell = shell
        return Onbuild(instruction, index, trigger)

    def _from(self, instruction: Instruction, index: int, args: str) -> From:
        words = args.split()
        if len(words) == 1:
            return From(instruction, index, words[0], None)
        if len(words) == 3 and words[1].lower() == "as":
            return From(instruction, index, words[0], words[2])
        raise ParseError(instruction.line_number, "FROM takes an image, or an image AS a name")


def swallowed(instruction: Instruction) -> tuple[int, str] | None:
    """The line of *instruction* behind an empty one that begins like another instruction, and its keyword.

    Most likely the line above has a continuation too many. None where there is none.
    """
    empty = False
    for at, line in enumerate(instruction.lines):
        start = line.span.start - instruction.span.start
        word = instruction.text[start : line.span.end - instruction.span.start].split(maxsplit=1)[:1]
        if empty and line.kind is LineKind.CODE and word and word[0] in KEYWORDS:
            return instruction.line_number + at, word[0]
        empty = line.kind is LineKind.BLANK or (empty and line.kind is LineKind.COMMENT)
    return None
