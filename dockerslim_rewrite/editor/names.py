"""Names in a Dockerfile: stages and variables, where they are declared and where they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ..ir.arguments import PLACEHOLDER
from ..ir.build import Build
from ..ir.steps import Arg, Copy, Env, Exec, From, Healthcheck, Listing, Onbuild, Run, Shell, Step
from ..patterns import re
from ..record import record
from ..syntax import Instruction
from ..text import Span

#: Names that BuildKit takes for a stage, in either case of the letters. Source: instructions/parse.go, validStageName.
STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*\Z", re.I)
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
#: An expansion, or what is none: an escaped character, and the number of the process before a name that is text.
_EXPANSION = re.compile(r"\\.|\$\$|\$(?:\{#?(?P<braced>[A-Za-z_][A-Za-z0-9_]*)|(?P<bare>[A-Za-z_][A-Za-z0-9_]*))", re.S)
#: What a quote begins, or a backslash that takes a quote's meaning away.
_QUOTED = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"", re.S)
#: Steps whose text a shell reads.
_SHELLS = (Run, Exec, Healthcheck)
_FROM = re.compile(r"(?P<image>\S+)(?:\s+[Aa][Ss]\s+(?P<alias>\S+))?")
#: The stage in a flag as it is written, with the quotes that BuildKit strips; keys of mounts are read in either case.
#: Source: BuildKit's parser/split_command.go and instructions/commands_runmount.go.
_COPY_FROM = re.compile(r"--from=[\"']?(?P<name>[^\"']*)")
_MOUNT_FROM = re.compile(r"(?:--mount=|,)[\"']?from=[\"']?(?P<name>[^,\"']*)", re.I)
#: Programs that expand ``$V`` in a word of the exec form.
_SHELL_NAME = re.compile(r"(?:.*/)?(?:ba|da|a|k|z)?sh\Z")


@record
class Name:
    """One place where a name stands. ``owner`` is what all places of the same thing share.

    ``declares`` is the keyword where the place declares it: ``AS`` for a stage, ``ARG`` or ``ENV`` for a variable.
    """

    kind: str
    text: str
    span: Span
    declares: str
    owner: tuple[object, ...]


def names_in(build: Build) -> tuple[Name, ...]:
    """All stages and variables that *build* names, in the order of the text."""
    found = [*_stages(build), *_variables(build)]
    # What another language puts in is no name of this one.
    return tuple(sorted((one for one in found if PLACEHOLDER not in one.text), key=lambda one: one.span))


def name_at(names: tuple[Name, ...], offset: int) -> Name | None:
    """The name that stands at *offset*, or ends there."""
    return next((one for one in names if one.span.start <= offset <= one.span.end), None)


def same(names: tuple[Name, ...], name: Name) -> tuple[Name, ...]:
    """All places of what *name* names."""
    return tuple(one for one in names if one.kind == name.kind and one.owner == name.owner)


def images_named(step: Step) -> Iterator[tuple[Span, str]]:
    """Where *step* names, in ``--from`` or a mount, an image or a stage that it takes files from, and the name."""
    for origin, span, text in _sources(step):
        yield origin.logical.span(*span), text


def _stages(build: Build) -> Iterator[Name]:
    known: dict[str, int] = {}
    for stage in build.stages:
        match = _FROM.match(stage.head.origin.args)
        if match is not None:
            yield from _use(stage.head.origin, match.span("image"), match["image"], known, numbers=False)
            if match["alias"]:
                alias = _in_arguments(stage.head.origin, match.span("alias"))
                yield Name("stage", match["alias"], alias, "AS", (stage.index,))
        for step in stage.steps:
            for origin, span, text in _sources(step):
                yield from _use(origin, span, text, known, numbers=True)
        if stage.head.alias:
            known[stage.name] = stage.index
        known[str(stage.index)] = stage.index


def _use(
    origin: Instruction, span: tuple[int, int], text: str, known: dict[str, int], *, numbers: bool
) -> Iterator[Name]:
    index = known.get(text.lower())
    if index is not None and (numbers or not text.isdecimal()):
        # Spans of flags are of the logical line, those of FROM's words of its arguments.
        where = origin.logical.span(*span) if numbers else _in_arguments(origin, span)
        yield Name("stage", text, where, "", (index,))


def _sources(step: Step) -> Iterator[tuple[Instruction, tuple[int, int], str]]:
    """Where *step* names in ``--from``, or in the ``from`` of a mount, what it takes files from."""
    if isinstance(step, Onbuild):
        if step.trigger is not None:
            yield from _sources(step.trigger)
        return
    if not isinstance(step, Copy | Run):
        return
    pattern = _COPY_FROM if isinstance(step, Copy) else _MOUNT_FROM
    for flag in step.origin.flags:
        if flag.name == ("from" if isinstance(step, Copy) else "mount"):
            match = pattern.search(step.origin.logical.text, flag.span.start, flag.span.end)
            if match is not None:
                yield step.origin, match.span("name"), match["name"]


def _variables(build: Build) -> Iterator[Name]:
    """Variables: a global ARG and the ARGs of stages that take it over are one, as is what a stage is built on."""
    given: dict[str, tuple[object, ...]] = {}
    for step in build.preamble:
        yield from _expansions(step, given)
        yield from _declared(step, given, -1)
    scopes: dict[str, dict[str, tuple[object, ...]]] = {}
    lasting: set[tuple[object, ...]] = set()
    for stage in build.stages:
        yield from _expansions(stage.head, given)
        scope = dict(scopes.get(stage.head.image.lower(), {}))
        for step in stage.steps:
            # When a container runs, and in another build, there are no arguments of this one.
            later = isinstance(step, Exec | Healthcheck | Onbuild)
            here = {name: one for name, one in scope.items() if one in lasting} if later else scope
            yield from _expansions(step, here)
            for name in _declared(step, scope, stage.index):
                if name.declares == "ENV":
                    lasting.add(name.owner)
                yield name
        scopes[stage.name] = scope


def _declared(step: Step, scope: dict[str, tuple[object, ...]], stage: int) -> Iterator[Name]:
    if not isinstance(step, Arg | Env):
        return
    for pair in step.pairs:
        if not VARIABLE_NAME.match(pair.key):
            continue
        # One value of a build is that of all arguments of the name, in whatever stage they are declared.
        own = ("arg", pair.key) if isinstance(step, Arg) else ("env", pair.key, stage, step.index)
        owner = scope.setdefault(pair.key, own)
        start = pair.span.start
        span = _in_arguments(step.origin, (start, start + len(pair.key)))
        yield Name("variable", pair.key, span, step.keyword, owner)


def _expansions(step: Step, scope: dict[str, tuple[object, ...]]) -> Iterator[Name]:
    """The places in *step* at which variables of *scope* are expanded, by the builder or by a shell that it starts."""
    origin = step.origin
    if isinstance(step, Shell) or origin.keyword == "MAINTAINER":
        return
    if isinstance(step, Run) and origin.json is not None and not _is_script(origin.json):
        return
    if isinstance(step, From | Arg | Env | Run | Copy | Listing) or origin.json is None:
        text = origin.logical.text
        literal = () if isinstance(step, _SHELLS) else tuple(_single_quoted(text))
        for match in _EXPANSION.finditer(text):
            if not any(first < match.start() < last for first, last in literal):
                yield from _expanded(match, scope, origin.logical.span)
        for heredoc in origin.heredocs:
            # A quoted name keeps the text of a file as it is; a script is the shell's to read in any case.
            if heredoc.expand or isinstance(step, Run):
                at = heredoc.body.start
                body = origin.text[at - origin.span.start : heredoc.body.end - origin.span.start]
                for match in _EXPANSION.finditer(body):
                    yield from _expanded(match, scope, partial(_shifted, at))


def _expanded(
    match: re.Match[str], scope: dict[str, tuple[object, ...]], place: Callable[[int, int], Span]
) -> Iterator[Name]:
    group = "braced" if match["braced"] else "bare"
    owner = scope.get(match[group]) if match[group] else None
    if owner is not None:
        yield Name("variable", match[group], place(*match.span(group)), "", owner)


def _is_script(words: Sequence[str]) -> bool:
    """Whether a shell reads the exec form *words*."""
    return "-c" in words and _SHELL_NAME.match(words[0]) is not None


def _shifted(by: int, start: int, end: int) -> Span:
    return Span(by + start, by + end)


def _single_quoted(text: str) -> Iterator[tuple[int, int]]:
    """Where *text* that the builder reads, not a shell, stands in single quotes: nothing is expanded there."""
    return (match.span() for match in _QUOTED.finditer(text) if match[0].startswith("'"))


def _in_arguments(origin: Instruction, span: tuple[int, int]) -> Span:
    return origin.args_logical.span(*span)
