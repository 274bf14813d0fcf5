"""A quick fix makes one change where that change holds alone, however many others meet it in the whole rewrite."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lsprotocol import types

from dockerslim_rewrite import Options, rewrite

from .client import Editor, applied, editor, edits_of

pytestmark = pytest.mark.asyncio

EXAMPLES = Path(__file__).parents[2] / "examples"


async def _preferred(ed: Editor, uri: str, finding: types.Diagnostic) -> types.CodeAction:
    where = types.TextDocumentIdentifier(uri)
    context = types.CodeActionContext([finding])
    found = await ed.client.text_document_code_action_async(types.CodeActionParams(where, finding.range, context))
    (action,) = [one for one in found or () if isinstance(one, types.CodeAction) and one.is_preferred]
    return action


async def test_a_change_that_holds_alone_is_made_alone(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "flask", tmp_path, dirs_exist_ok=True)
    file = tmp_path / "Dockerfile"
    text = file.read_text()
    async with editor(tmp_path, options={"level": "standard"}) as ed:
        uri = ed.open(file, text)
        told = await ed.diagnostics(uri)
        asked = {"DS602", "DS604", "DS603"}
        seen = set()
        for one in told:
            action = await _preferred(ed, uri, one)
            assert one.code is not None
            assert action.title.startswith(f"{one.code}: ")
            if one.code in asked:
                assert "belong" not in action.title
                seen.add(one.code)
            made = applied(text, edits_of(action.edit, uri))
            # A right file, of which the rest can still be made.
            assert not rewrite(made, Options(context=tmp_path, level="standard"), str(file)).bugs
            if one.code == "DS602":
                assert made == rewrite(text, Options(context=tmp_path, select=("DS602",)), str(file)).text
        assert seen == asked


async def test_each_of_many_changes_is_made_alone(tmp_path: Path) -> None:
    lines = [f"FROM debian:12 as s{at}\nENV A{at} b\nENV B{at} c\n" for at in range(12)]
    text = "".join(lines) + 'CMD ["sh"]\n'
    async with editor(tmp_path) as ed:
        uri = ed.open(tmp_path / "Dockerfile", text)
        told = [one for one in await ed.diagnostics(uri) if one.code in ("DS604", "DS605")]
        assert len(told) == 36
        for one in told:
            action = await _preferred(ed, uri, one)
            made = applied(text, edits_of(action.edit, uri)).split("\n")
            differing = [at for at, (old, new) in enumerate(zip(text.split("\n"), made, strict=True)) if old != new]
            assert differing == [one.range.start.line]
