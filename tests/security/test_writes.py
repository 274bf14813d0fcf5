"""Writes and lines are looked up, not gone through again for each file, match or step."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from dockerslim_rewrite.analysis.shell.one_word import Known
from dockerslim_rewrite.passes.security.user_rights import _Written
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Script
from dockerslim_rewrite.text.lines import _ends, line_at
from dockerslim_rewrite.text.mentions import mentions
from dockerslim_rewrite.text.paths import within


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


def test_names_are_sought_once_for_all() -> None:
    text = "A=1; B=$A; echo ${B} \\$C $CA AB=2 D=$D ${E:-A} A_=1\nB=3 'IFS'" * 3
    found = mentions(text)
    for name in ("A", "B", "C", "CA", "AB", "D", "E", "A_", "IFS", "echo", "X"):
        assert found.number[name] == len(re.findall(rf"(?<![\w$])(?<!\$\{{){name}(?!\w)", text))
        set_at = re.search(rf"(?<![\w$]){name}=", text)
        assert found.assigned.get(name) == (set_at and set_at.end())
        before = text[: set_at.end()] if set_at else ""
        expanded = found.expanded.get(name, len(text)) < len(before)
        assert expanded == bool(re.search(rf"\$\{{?{name}\b", before))


def test_names_of_one_text_are_not_sought_again() -> None:
    mentions.cache_clear()
    script = read_script("; ".join(f"A{number}=x" for number in range(200)))
    assert isinstance(script, Script)
    Known(script, frozenset())
    assert mentions.cache_info().misses == 1
