"""DS624: what /bin/sh need not know, in POSIX's words."""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.facts import Facts
from ...change import Change, ReplacesCommand, RespellsWords, Safety
from ...ir.build import Build
from ...ir.steps import Run
from ...shell.body import Body
from ...shell.script import AndOr, Script, Simple, Word
from ...text import Edit
from ..base import Proposals, missed
from .commands import written

_SH = (None, ("/bin/sh", "-c"), ("sh", "-c"))


def posix_words(build: Build, facts: Facts) -> Proposals:
    """Write `. file` for `source file` under /bin/sh, and `$(…)` for backquotes.

    `source` is bash's word: where /bin/sh is dash the RUN ends there. Backquotes cannot be nested, and change what
    quotes and backslashes in them mean.

    Safe because every shell that has `source` takes `.` for the same. It is written only where the RUN fails without
    it, so that a build that works has such a shell, and only for a path with a slash: other names are looked for in
    PATH. In backquotes nothing is touched that holds quotes, backslashes or parentheses. Source: POSIX, "dot" and
    "Command Substitution"; ShellCheck SC3046, SC2006.
    """
    for stage in build.stages:
        for run in stage.runs:
            script, body = facts.script(run), run.body
            if script is None or body is None:
                continue
            if facts.state(run).shell in _SH and not (body.form == "heredoc" and script.text.startswith("#!")):
                yield from _sources(run, script, body, build)
            yield from _substitutions(script, body, build)


def _sources(run: Run, script: Script, body: Body, build: Build) -> Proposals:
    chain = {id(command) for command in _chain(script)}
    elsewhere = {written(command.words) for command in script.commands if id(command) not in chain}
    for command in script.commands:
        if command.name != "source" or command.words[0].text != "source":
            continue
        line = build.document.line_of(body.logical.before(command.span.start))
        if len(command.words) != 2 or "/" not in command.words[1].text or command.assignments or command.redirects:
            yield missed(line, "source stays: it gets more than a path, or one without a slash")
            continue
        words = written(command.words)
        if words in elsewhere:
            yield missed(line, "source stays: under a /bin/sh that does not know it the RUN goes on without it")
            continue
        yield Change(
            edits=(Edit(body.logical.span(*command.words[0].span), "."),),
            title=f". {command.words[1].text} for source",
            reason="/bin/sh need not know source, and . is the same",
            safety=Safety.SAFE,
            claims=(ReplacesCommand(words, (".", words[1]), "dot"),),
            line=line,
        )


def _chain(script: Script) -> Iterator[Simple]:
    """The commands that *script* is a chain of, each of which has to succeed."""
    if len(script.root.items) != 1 or script.root.separators:
        return
    node = script.root.items[0]
    items = node.items if isinstance(node, AndOr) else (node,)
    if isinstance(node, AndOr) and any(operator.text != "&&" for operator in node.operators):
        return
    yield from (item for item in items if isinstance(item, Simple))


def _substitutions(script: Script, body: Body, build: Build) -> Proposals:
    from ...shell.expansions import backquoted

    for command in script.commands:
        start, end = command.span
        if any(span.start <= start and end <= span.end for span in script.substituted):
            continue
        targets = [redirect.target for redirect in command.redirects if redirect.target is not None]
        words = [*command.assignments, *command.words, *targets]
        found = [(word, pairs) for word in words if (pairs := backquoted(word.text))]
        if found:
            yield Change(
                edits=tuple(edit for word, pairs in found for edit in _edits(word, pairs, body)),
                title="$(…) for backquotes",
                reason="quotes and backslashes mean in it what they mean elsewhere",
                safety=Safety.SAFE,
                claims=(RespellsWords("dollar", tuple(word.text for word, _ in found)),),
                line=build.document.line_of(body.logical.before(start)),
            )


def _edits(word: Word, pairs: tuple[tuple[int, int], ...], body: Body) -> Iterator[Edit]:
    for start, end in pairs:
        opening, closing = word.span.start + start, word.span.start + end
        yield Edit(body.logical.span(opening, opening + 1), "$(")
        yield Edit(body.logical.span(closing - 1, closing), ")")
