"""Each lie about shell bodies is caught by the trace too, or it is said why no trace can show it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.trace import unavailable
from tests.trace.lies import Lie, shell_lies

LIES = list(shell_lies())
_GROUPS = tomllib.loads(Path(__file__).with_name("unseen.toml").read_text("utf-8"))["unseen"]
UNSEEN = {name: group["reason"] for group in _GROUPS for name in group["lies"]}
SOMETIMES = {name for group in _GROUPS if group.get("sometimes") for name in group["lies"]}

needs_sandbox = pytest.mark.skipif(unavailable() is not None, reason=f"no sandbox: {unavailable()}")


@needs_sandbox
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_the_trace_catches_it_or_we_know_why_not(lie: Lie) -> None:
    if lie.name not in UNSEEN:
        assert lie.caught(), "not caught, and no reason given"
    elif lie.name not in SOMETIMES:
        assert not lie.caught(range(6)), f"caught, in spite of: {UNSEEN[lie.name]}"


def test_count(capsys: pytest.CaptureFixture[str]) -> None:
    names = {lie.name for lie in LIES}
    gone = UNSEEN.keys() - names
    assert not gone, f"explained, but no lie about a shell body: {gone}"
    with capsys.disabled():
        print(f"\nlies about shell bodies: {len(names)}, caught by the trace: {len(names) - len(UNSEEN)}", end=" ")
