"""Whatever is typed, in whatever order: the server has the client's text, and says nothing that is not true of it."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol import types

from .client import Editor, editor

#: How many edits are tried; each example makes so many.
EDITS = int(os.environ.get("DOCKERSLIM_EDITS", "200"))
EACH = 10
START = """# syntax=docker/dockerfile:1
FROM debian:12 AS bäse
RUN apt-get update && apt-get install -y curl
RUN <<EOF
echo 𝄞 "$A"
EOF
FROM python:3.12-slim
COPY --from=bäse /a /b
RUN pip install flask && \\
    # 🐍
    apt-get update
"""
_SNIPPETS = (
    "\n",
    "\r\n",
    "\r",
    "RUN apt-get update && apt-get install -y git\n",
    " \\\n",
    "RUN <<EOF\n",
    "EOF\n",
    "FROM ",
    " AS x\n",
    "COPY --from=0 / /\n",
    "# dockerslim: ignore=DS201\n",
    "𝄞",
    "é",
    "\u2028",
    "\x0c",
    "\x85",
    "'",
    '"',
    "$",
    "${A:-",
    "",
)
_TEXTS = st.one_of(st.sampled_from(_SNIPPETS), st.text(max_size=8))
_WIDTHS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
#: Where it starts and ends, as parts of the text in thousandths, what comes there; None sends the whole text.
_EDIT = st.tuples(st.integers(0, 1000), st.integers(0, 1000), _TEXTS, st.booleans())


class Background:
    """An event loop of its own, with one editor for each encoding."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """The result of *work*."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(300)


@pytest.fixture(scope="module", params=sorted(_WIDTHS))
def typed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Background, Editor, str, Path]]:
    background = Background()
    folder = tmp_path_factory.mktemp("typed")
    held = editor(folder, pulls=False, encodings=[request.param])
    ed = background.do(held.__aenter__())
    assert ed.started.capabilities.position_encoding == request.param
    yield background, ed, request.param, folder
    background.do(held.__aexit__(None, None, None))
    background.loop.call_soon_threadsafe(background.loop.stop)


def position(text: str, offset: int, encoding: str) -> tuple[int, int]:
    """A position as an editor counts, which knows of lines that end with LF, CR LF or CR."""
    before = re.split("\r\n|\n|\r", text[:offset])
    name, width = _WIDTHS[encoding]
    return len(before) - 1, len(before[-1].encode(name)) // width


def placed(text: str, share: int) -> int:
    """An offset of *text* at which an editor can have its cursor: not between CR and LF."""
    offset = len(text) * share // 1000
    return offset - 1 if text[offset - 1 : offset + 1] == "\r\n" else offset


@settings(
    max_examples=max(EDITS // EACH // 3, 1), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(_EDIT, min_size=1, max_size=3), min_size=EACH // 2, max_size=EACH))
def test_the_servers_text_is_the_clients(
    typed: tuple[Background, Editor, str, Path], notifications: list[list[tuple[int, int, str, bool]]]
) -> None:
    background, ed, encoding, folder = typed

    async def example() -> None:
        text = START
        uri = ed.open(folder / "Dockerfile", text)
        version = 1
        for edits in notifications:
            changes: list[Any] = []
            for first, last, new, whole in edits:
                start, end = sorted((placed(text, first), placed(text, last)))
                end = min(end, start + 200)
                end = placed(text, 1000 * end // max(len(text), 1)) if end < len(text) else end
                start, end = min(start, end), max(start, end)
                changed = text[:start] + new + text[end:]
                if whole and len(edits) > 2:
                    changes.append(changed)
                else:
                    # Some clients send ranges that end before they start.
                    ends = [position(text, one, encoding) for one in (start, end)][:: 1 if first < last else -1]
                    changes.append((ends[0], ends[1], new))
                text = changed
            version = ed.change(uri, *changes)
        told = await ed.published(uri, version)
        shown = await ed.command("dockerslim.preview", uri)
        again = ed.open(folder / "Dockerfile", text)
        assert again == uri
        fresh = await ed.published(uri, 1)
        # The server has the client's text, and makes of it what it makes of the same text when it is opened.
        assert shown["before"] == text
        same = await ed.command("dockerslim.preview", uri)
        assert shown == same | {"version": version}
        assert told == fresh
        ed.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
        assert await ed.published(uri) == []

    background.do(example())


def test_no_edit_made_the_server_complain(typed: tuple[Background, Editor, str, Path]) -> None:
    _, ed, _, _ = typed
    assert [one.message for one in ed.client.log_messages] == []
