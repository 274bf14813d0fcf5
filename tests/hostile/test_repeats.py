"""What one text of a file is read for again and again is counted: for each item of a loop, and each of many callers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dockerslim_rewrite.workspace.builds import make_values, tilt_values
from dockerslim_rewrite.workspace.builds.graph import BuildGraph, build_graph
from dockerslim_rewrite.workspace.repository import Repository


def read(root: Path, files: dict[str, str]) -> tuple[BuildGraph, Repository]:
    """The builds of the repository of *files* in the new folder *root*."""
    for name, text in {"Dockerfile": "FROM debian:12\nCOPY . /app\n", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    repository = Repository(root)
    return build_graph(repository), repository


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> Callable[[], int]:
    """How often the function *name* of *owner* has been called since the last time that somebody asked."""
    calls = 0
    real = getattr(owner, name)

    def count(*given: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        return real(*given, **named)

    def told() -> int:
        nonlocal calls
        before, calls = calls, 0
        return before

    monkeypatch.setattr(owner, name, count)
    return told


def nested_foreach(levels: int) -> str:
    loops = "$(foreach a,1 2 3 4 5 6 7 8 9," * levels + "x" + ")" * levels
    return f"L={loops}\nall:\n\tdocker build -t $(L) .\n"


def test_loops_of_make_within_loops_are_followed_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, make_values.Expansion, "_expanded")
    for levels in (3, 8, 30):
        graph, repository = read(tmp_path / str(levels), {"Makefile": nested_foreach(levels)})
        assert len(graph.builds) == 1
        assert calls() < 5_000
        assert ("Makefile" in repository.complaints) == (levels > 3), repository.complaints


def nested_for(levels: int) -> str:
    loops = "".join(f"{' ' * at}for a{at} in ['a', 'b', 'c', 'd']:\n" for at in range(levels))
    return f"{loops}{' ' * levels}docker_build('x' + {' + '.join(f'a{at}' for at in range(levels))}, '.')\n"


def test_loops_of_tilt_within_loops_are_followed_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, tilt_values.Calls, "_expression")
    for levels in (4, 8, 30):
        graph, repository = read(tmp_path / str(levels), {"Tiltfile": nested_for(levels)})
        assert len(graph.builds) >= 256
        assert calls() < 10_000
        assert ("Tiltfile" in repository.complaints) == (levels > 4), repository.complaints


def test_commands_of_tilt_in_loops_are_read_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "A='docker build . # " + "a" * 4_000 + "'\n"
    text = f"{long}for a in [{', '.join(map(repr, 'abcdefghijklmnopqrst'))}]:\n  local({'+'.join('A' * 60)})\n" * 10
    read_: list[int] = []
    real = tilt_values.Calls.may_read

    def may_read(calls: tilt_values.Calls, shell: str) -> bool:
        if real(calls, shell):
            read_.append(len(shell))
            return True
        return False

    monkeypatch.setattr(tilt_values.Calls, "may_read", may_read)
    _, repository = read(tmp_path, {"Tiltfile": text})
    assert 0 < sum(read_) < 2_100_000
    assert "Tiltfile" in repository.complaints
