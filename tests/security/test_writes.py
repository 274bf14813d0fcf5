"""Writes and lines are looked up, not gone through again for each file, match or step."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dockerslim_rewrite.passes.security.user_rights import _Written, within
from dockerslim_rewrite.text.lines import _ends, line_at


def test_lines_are_counted_once() -> None:
    text = "\na\n\nb" * 50
    _ends.cache_clear()
    assert [line_at(text, at) for at in range(len(text))] == [text.count("\n", 0, at) + 1 for at in range(len(text))]
    assert _ends.cache_info().misses == 1


@pytest.mark.parametrize("path", ["/a", "/a/b", "/a/b/c", "/ab", "/c/d/e", "/d/x", "/d/x/y", "/"])
@pytest.mark.parametrize("written", ["/a", "/a/b", "/c/d/e", "/", "/d"])
def test_writes_are_found_as_they_lie(path: str, written: str) -> None:
    write: Any = SimpleNamespace(path=written, folder=None)
    elsewhere: Any = SimpleNamespace(path=None, folder="/d")
    behaviour: Any = SimpleNamespace(writes=[write, elsewhere])
    found = within(path, written) or path == "/d/x"
    assert _Written(behaviour, {"/d": True}).holds(path) == found
