"""DS618: the order of packages."""

from __future__ import annotations

from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind
from ...change import Change, RespellsWords, Safety
from ...ir.build import Build
from ...ir.steps import Run
from ...patterns import re
from ...shell.edits import style_at
from ...shell.script import Word
from ...text import Edit
from ..base import Proposals, missed
from .commands import written

_MANAGERS = frozenset(("apt", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper"))
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+:=~/-]*\Z")
#: A list that fits on one line, and is sorted, may stay there.
_SHORT = 2


def sort_packages(build: Build, facts: Facts) -> Proposals:
    """List packages one per line in alphabetical order.

    Then a diff shows which package came or went, and a package that is named twice stands out.

    Safe because package managers resolve all names of one command together, whatever their order. Only plain names are
    sorted; lists with variables, patterns, local files or comments inside stay. Off unless selected, since it rewrites
    lines for readers only. Source: Docker's "Building best practices", "Sort multi-line arguments".
    """
    for stage in build.stages:
        for run in stage.runs:
            for use in facts.uses(run):
                operation = use.operation
                if operation.manager.name not in _MANAGERS or operation.kind is not Kind.INSTALL:
                    continue
                if operation.subcommand not in ("install", "add", "in") or len(operation.operands) < 2:
                    continue
                assert run.body is not None
                line = build.document.line_of(run.body.logical.before(use.command.span.start))
                words = [use.command.words[at] for at in operation.operands]
                wanted = sorted((word.text for word in words), key=lambda text: (text.lower(), text))
                reason = _obstacle(use, run, words, build)
                if reason is not None:
                    yield missed(line, f"packages stay in their order: {reason}")
                    continue
                edits = _edits(run, use.command.words[operation.operands[0] - 1], words, wanted, build, facts)
                if edits:
                    leading = written(use.command.words[: operation.operands[0]])
                    yield Change(
                        edits=edits,
                        title="packages one per line, sorted",
                        reason="so that a diff shows which package came or went",
                        safety=Safety.SAFE,
                        claims=(RespellsWords("sorted", tuple(wanted), leading),),
                        line=line,
                    )


def _obstacle(use: Use, run: Run, words: list[Word], build: Build) -> str | None:
    if any(not _PACKAGE.match(word.text) or word.text.endswith((".deb", ".rpm", ".apk", "-")) for word in words):
        return "one of them is not a plain name"
    operands = use.operation.operands
    if operands[-1] - operands[0] != len(operands) - 1:
        return "options stand between them"
    if operands[-1] + 1 < len(use.command.words):
        return "options stand after them"
    assert run.body is not None
    logical = run.body.logical
    first, last = logical.before(words[0].span.start), logical.after(words[-1].span.end)
    if any(first < comment.span.start < last for comment in run.origin.comments):
        return "comments stand between them"
    return None


def _edits(
    run: Run, before: Word, words: list[Word], wanted: list[str], build: Build, facts: Facts
) -> tuple[Edit, ...]:
    """Swap words where each has its line already; else lay the list out anew, behind the word *before* it."""
    assert run.body is not None
    logical = run.body.logical
    places = [logical.span(*word.span) for word in words]
    lines = [build.document.line_of(place.start) for place in places]
    if len(set(lines)) == len(lines):
        return tuple(
            Edit(place, text) for place, word, text in zip(places, words, wanted, strict=True) if word.text != text
        )
    if [word.text for word in words] == wanted and len(set(lines)) == 1 and len(words) <= _SHORT:
        return ()
    if run.body.form != "shell":
        return ()
    style = style_at(run.origin, facts.style)
    start = logical.after(before.span.end)
    opens = re.match(r"([ \t]*)", build.text[build.document.source.line_starts[lines[0] - 1] :])
    leads = opens is not None and opens.end() + build.document.source.line_starts[lines[0] - 1] == places[0].start
    indent = (
        opens[1] if opens is not None and leads else style.indent + (style.indent if "\t" in style.indent else "    ")
    )
    step = f" {style.escape}{style.newline}{indent}"
    return (Edit.replace(start, places[-1].end, step + step.join(wanted)),)
