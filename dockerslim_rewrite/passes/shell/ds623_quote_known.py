"""DS623: expansions without quotes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...analysis.facts import Facts
from ...change import Change, RespellsWords, Safety
from ...ir.build import Build
from ...patterns import re
from ...shell.script import Script, Simple, Word
from ...syntax import Logical
from ...text import Edit
from ..base import Proposals

if TYPE_CHECKING:
    from ...shell.expansions import Expansion

#: Words of which only the expansion is put in quotes: ``--opt="$X"`` reads better than ``"--opt=$X"``.
_OPTION = re.compile(r"-|[^$]*=")


def quote_known(build: Build, facts: Facts) -> Proposals:
    """Put double quotes round an expansion that is one word: `"$HOME/.npmrc"`, `-j"$(nproc)"`.

    Without quotes the shell splits what it gets at blanks and looks for files in it. Where that is not wanted, quotes
    say so, and nobody has to find out whether it can happen.

    Safe because it cannot happen here: the expansion is one word, without blanks and patterns, so that the command gets
    the same words. That is known of HOME, of variables that this RUN sets once to such a word, and of commands that
    print one (`nproc`, `uname -m`, `dpkg --print-architecture`). Where the word might be missing it stays as it is, and
    so do others, since lists of packages or options are meant to be split. Source: POSIX, "Field Splitting"; ShellCheck
    SC2086, SC2046.
    """
    # Not every file has such words: what reads them is loaded for those that have, here and in some other passes.
    from ...analysis.shell.one_word import Known

    for stage in build.stages:
        for run in stage.runs:
            script, body = facts.script(run), run.body
            if script is None or body is None or ("$" not in script.text and "`" not in script.text):
                continue
            known = Known(script, facts.state(run).exported)
            for command, words in _arguments(script):
                found = [(word, bare) for word in words if (bare := known.quotable(word))]
                if not found:
                    continue
                yield Change(
                    edits=tuple(edit for word, bare in found for edit in _edits(word, bare, body.logical)),
                    title=f"quotes round {' '.join(word.text for word, _ in found)}",
                    reason="it is one word: nothing in it is to be split",
                    safety=Safety.SAFE,
                    claims=(RespellsWords("quoted", tuple(word.text for word, _ in found)),),
                    line=build.document.line_of(body.logical.before(command.span.start)),
                )


def _arguments(script: Script) -> Iterator[tuple[Simple, list[Word]]]:
    """The commands of *script*, those in substitutions apart, with the words that the shell splits."""
    for command in script.commands:
        start, end = command.span
        if not command.words or any(span.start <= start and end <= span.end for span in script.substituted):
            continue
        if command.name in ("export", "readonly", "local", "declare", "typeset", "eval", "alias", "[["):
            continue
        targets = [redirect.target for redirect in command.redirects if redirect.target is not None]
        yield command, [*command.words[1:], *targets]


def _edits(word: Word, bare: tuple[Expansion, ...], logical: Logical) -> Iterator[Edit]:
    text, start = word.text, word.span.start
    if '"' not in text and not _OPTION.match(text):
        yield Edit.insert(logical.before(start), '"')
        yield Edit.insert(logical.after(word.span.end), '"')
        return
    for one in bare:
        yield Edit.insert(logical.before(start + one.start), '"')
        yield Edit.insert(logical.after(start + one.end), '"')
