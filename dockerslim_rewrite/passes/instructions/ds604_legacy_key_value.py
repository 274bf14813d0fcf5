"""DS604: ENV and LABEL with a blank instead of ``=``."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import Change, Layout, Safety
from ...ir.build import Build
from ...ir.steps import Env, Label, Onbuild
from ...patterns import re
from ...syntax.words import split_words
from ...text import Edit
from ..base import Proposals, missed

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
#: What looks like a second variable with its value.
_SECOND = re.compile(r"\s([A-Z][A-Z0-9_]{2,})\s+\S")


def legacy_key_value(build: Build, facts: Facts) -> Proposals:
    """Write `ENV key value` and `LABEL key value` as `key=value`.

    The form with a blank takes the rest of the line as the value, so a second pair on the line silently becomes part
    of the first one's value. Docker deprecates it.

    Safe because the value stays exactly the same: a value that is one word keeps its very text (quotes included); one
    with bare blanks and neither quotes nor escapes is put in double quotes; any other stays, and one that begins with
    `=` or in which a second variable seems to stand, since the author may have meant something else. Source: BuildKit
    check LegacyKeyValueFormat; its lexer treats both forms' values alike once the word is found.
    """
    escape = build.document.escape
    for step in build:
        owner = step.trigger if isinstance(step, Onbuild) else step
        if not isinstance(owner, Env | Label) or len(owner.pairs) != 1 or not owner.pairs[0].legacy:
            continue
        pair = owner.pairs[0]
        value = pair.value or ""
        if not _NAME.match(pair.key):
            yield missed(step.line, f"the key {pair.key} is not a plain name")
            continue
        if value.startswith("="):
            yield missed(step.line, f"the value begins with {value.partition(' ')[0]}: is the blank before = a slip?")
            continue
        if owner.origin.comments:
            yield missed(step.line, f"comments stand inside this {owner.keyword}")
            continue
        logical = owner.origin.args_logical
        start = logical.text.index(value, len(pair.key)) if value else len(logical.text)
        equals = Edit.replace(logical.after(len(pair.key)), logical.before(start), "=")
        edits = [equals]
        spans = split_words(value, escape)
        if len(spans) != 1 or (spans[0].start, spans[0].end) != (0, len(value)):
            if re.search(rf"""["'{re.escape(escape)}]""", value):
                yield missed(step.line, f"quotes and bare blanks are mixed in {pair.key}: say what is meant")
                continue
            other = _SECOND.search(value)
            if other is not None:
                told = f"{pair.key} gets all that follows as its value; is {other[1]} meant to be another variable?"
                yield missed(step.line, f"{told} Write each with =")
                continue
            edits[0] = Edit(equals.span, '="')
            edits.append(Edit.insert(logical.after(start + len(value)), '"'))
        yield Change(
            edits=tuple(edits),
            title=f"write {owner.keyword} {pair.key} with =",
            reason="the form with a space is deprecated; the value stays the same",
            safety=Safety.SAFE,
            claims=(Layout(),),
            line=step.line,
        )
