"""Small wrong steps: everything that one slip of a pass could do to a right rewrite.

A mutation changes only text that was kept from the original. What it makes is another program, or at least another
text than any claim speaks of, so that a judge who accepts it is deceived.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from dockerslim_rewrite.ir.build import Build, read_build
from dockerslim_rewrite.ir.steps import Copy, Env, Exec, From, Label, Run, Value
from dockerslim_rewrite.shell.script import AndOr, Group, Pipeline, Script, Simple
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.text import Edit, Patch, Span


@dataclass(frozen=True, slots=True)
class Mutation:
    """What was done, and the edits on the text that do it."""

    kind: str
    edits: Patch


@dataclass(frozen=True, slots=True)
class _Commands:
    """A script, and the way from its spans back to the file."""

    script: Script
    physical: Callable[[int, int], Span]
    exact: Callable[[int, int], list[Span]]


def mutations(text: str, patch: Patch) -> Iterator[Mutation]:
    """Every mutation of *text* at which *patch* arrived.

    To take back what the patch wrote is no slip, so that only words of it are altered.
    """
    build = read_build(parse(text))
    kept = _kept(patch, len(text))
    written = [Span(left.end, right.start) for left, right in pairwise(kept)]
    for start, end in written:
        for match in re.finditer(r"(?<=\w)(?!\w)", text[start:end]):
            at = start + match.start()
            yield Mutation("written word altered", Patch((Edit(Span(at, at), "x"),)))
    for kind, spans, new in _proposals(build):
        if all(any(keep.covers(span) for keep in kept) for span in spans):
            edits = Patch.of([Edit(span, word) for span, word in zip(spans, new, strict=True)])
            if edits.apply(text) != text:
                yield Mutation(kind, edits)


def _kept(patch: Patch, length: int) -> list[Span]:
    """The ranges of the text behind *patch* that stood in the text before it."""
    spans: list[Span] = []
    at = moved = 0
    for (start, end), new in patch:
        spans.append(Span(at, start + moved))
        at = start + moved + len(new)
        moved += len(new) - (end - start)
    spans.append(Span(at, length))
    return spans


_Proposal = tuple[str, list[Span], list[str]]


def _proposals(build: Build) -> Iterator[_Proposal]:
    yield from _instructions(build)
    yield from _words(build)
    for comment in build.document.comments:
        if len(comment.text.strip()) > 1:
            yield "comment altered", [Span(comment.span.end, comment.span.end)], [" not"]
            yield "comment lost", [comment.span], ["#"]
    for step in build:
        body = step.body if isinstance(step, Run | Exec) else None
        if body is not None and isinstance(body.script, Script):
            logical = body.logical
            yield from _shell(_Commands(body.script, logical.span, logical.spans))


def _instructions(build: Build) -> Iterator[_Proposal]:
    text = build.text
    for steps in [build.preamble, *(stage.steps for stage in build.stages)]:
        for step in steps:
            span = step.origin.span
            yield f"{step.keyword} lost", [span], [""]
            if isinstance(step, Run | Copy | Env) and text[span.start : span.end].endswith("\n"):
                yield f"{step.keyword} twice", [Span(span.end, span.end)], [text[span.start : span.end]]
        for left, right in pairwise(steps):
            spans = [left.origin.span, right.origin.span]
            first, second = (text[span.start : span.end] for span in spans)
            if first != second and second.endswith("\n"):
                yield f"{left.keyword} and {right.keyword} exchanged", spans, [second, first]
    for step in build:
        keyword = step.origin.keyword_span
        other = {"COPY": "ADD", "CMD": "ENTRYPOINT", "ENTRYPOINT": "CMD", "ENV": "LABEL", "LABEL": "ENV"}.get(
            step.keyword
        )
        if other:
            yield f"{step.keyword} → {other}", [keyword], [other]
        for flag in step.origin.flags:
            place = step.origin.logical.span(*flag.span)
            yield f"--{flag.name} of {step.keyword} lost", [place], [""]
            if flag.value:
                yield f"--{flag.name} of {step.keyword} altered", [Span(place.end, place.end)], ["x"]
        for heredoc in step.origin.heredocs:
            yield "here-document altered", [Span(heredoc.body.start, heredoc.body.start)], ["x\n"]


def _words(build: Build) -> Iterator[_Proposal]:
    for step in build:
        if isinstance(step, From):
            at = step.origin.code_end
            yield "image or alias altered", [Span(at, at)], ["x"]
        elif isinstance(step, Env | Label):
            args = step.origin.args_logical
            for match in re.finditer(r"(?<=[\w./])(?=[\s\"']|\Z)", args.text):
                at = args.after(match.start())
                yield f"{step.keyword} altered", [Span(at, at)], ["x"]
        elif isinstance(step, Copy | Value) and not step.origin.json:
            args = step.origin.args_logical
            for match in re.finditer(r"(?<=[\w./])(?=\s|\Z)", args.text):
                at = args.after(match.start())
                yield f"{step.keyword} altered", [Span(at, at)], ["x"]


_OTHER_OPERATOR = {"&&": (";", "||"), "||": ("&&",), "|": ("&&",), ";": ("&&",)}


def _shell(commands: _Commands) -> Iterator[_Proposal]:
    script = commands.script
    for node in script.nodes:
        if isinstance(node, AndOr | Pipeline):
            for operator in node.operators:
                for other in _OTHER_OPERATOR.get(operator.text, ()):
                    if isinstance(node, AndOr):
                        yield f"{operator.text} → {other}", [commands.physical(*operator.span)], [other]
        if isinstance(node, AndOr):
            for index, operator in enumerate(node.operators):
                left, right = node.items[index].span, node.items[index + 1].span
                if operator.text == "&&":
                    yield (
                        "command lost",
                        commands.exact(operator.span.start, right.end),
                        _nothing(commands.exact(operator.span.start, right.end)),
                    )
                    yield (
                        "first command lost",
                        commands.exact(left.start, operator.span.end),
                        _nothing(commands.exact(left.start, operator.span.end)),
                    )
                else:
                    spans = commands.exact(operator.span.start, right.end)
                    yield "alternative lost", spans, _nothing(spans)
                texts = [script.text[span.start : span.end] for span in (left, right)]
                places = [commands.exact(*span) for span in (left, right)]
                if _bare(texts[0]) != _bare(texts[1]) and all(len(place) == 1 for place in places):
                    yield "commands exchanged", [place[0] for place in places], texts[::-1]
        if isinstance(node, Group):
            span = commands.physical(*node.span)
            if node.subshell and not node.redirects:
                yield "subshell lost", [Span(span.start, span.start + 1), Span(span.end - 1, span.end)], ["{ ", "; }"]
        if isinstance(node, Simple):
            yield from _simple(commands, node)


def _simple(commands: _Commands, node: Simple) -> Iterator[_Proposal]:
    for index, word in enumerate(node.words):
        spans = commands.exact(*word.span)
        if len(spans) != 1:
            continue
        end = Span(spans[0].end, spans[0].end)
        yield "word altered", [end], ["x"]
        if index:
            yield ("option lost" if word.text.startswith("-") else "word lost"), spans, [""]
        if word.text.startswith('"') and word.text.endswith('"') and "$" in word.text and "'" not in word.text:
            yield "quoting altered", spans, ["'" + word.text[1:-1] + "'"]
        if re.fullmatch(r"[\w./*-]*\*[\w./*-]*", word.text):
            yield "pattern quoted", spans, [f"'{word.text}'"]
        if index + 1 < len(node.words) and _bare(node.words[index + 1].text) != _bare(word.text):
            other = commands.exact(*node.words[index + 1].span)
            if len(other) == 1:
                yield "words exchanged", [spans[0], other[0]], [node.words[index + 1].text, word.text]
    for word in node.assignments:
        behind = commands.physical(*word.span).end
        yield "assignment altered", [Span(behind, behind)], ["x"]
    for redirect in node.redirects:
        spans = commands.exact(*redirect.span)
        if redirect.target is not None and len(spans) == 1:
            yield "redirection lost", spans, [""]
            if redirect.operator == ">":
                yield "appended instead of written", [Span(spans[0].start, spans[0].start + 1)], [">>"]


def _bare(text: str) -> str:
    """*text* without what may be quoting: what differs in that alone may mean the same."""
    return re.sub(r"[\\\"'\s]", "", text)


def _nothing(spans: list[Span]) -> list[str]:
    return [""] * len(spans)
