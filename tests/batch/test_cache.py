"""Results are used again exactly as long as all that they rest on is the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .conftest import Cli, git


def _known(cli: Cli, *arguments: str) -> int:
    done = cli("batch", "-q", *arguments)
    words = done.stderr.split()
    return int(words[words.index("known") - 1]) if "known" in words else 0


def test_what_was_done_before_is_known_and_gives_the_same(cli: Cli) -> None:
    first = cli("batch", "--diff", "-q").stdout
    assert _known(cli) == 4
    assert cli("batch", "--diff", "-q").stdout == first
    assert _known(cli, "--no-cache") == 0


@pytest.mark.parametrize(
    ("name", "text", "known"),
    [
        ("api/requirements.txt", "flask==3.1\nnumpy\n", 3),  # read for the file beside it
        ("api/README", "nobody reads this", 3),  # a new name in the listing
        ("web/Dockerfile", "FROM debian:12\nRUN apt-get update\n", 3),
        (".github/CODEOWNERS", "* @others\n", 4),  # no context
        ("dockerslim.toml", 'level = "safe"\n', 0),
        ("compose.yaml", "services:\n  web:\n    build: web\n    user: '7'\n", 3),
    ],
)
def test_what_changes_is_done_again_and_nothing_else(
    repository: Path, cli: Cli, name: str, text: str, known: int
) -> None:
    (repository / "api/app.py").write_text("print('started')\n")
    cli("batch", "-q")
    (repository / name).write_text(text)
    expected = cli("batch", "--no-cache", "--diff", "-q").stdout
    assert _known(cli) == known
    assert cli("batch", "--diff", "-q").stdout == expected


def test_the_content_of_a_file_that_nobody_looked_into_invalidates_nothing(repository: Path, cli: Cli) -> None:
    (repository / "api/notes.bin").write_bytes(b"one " * 100)
    cli("batch", "-q")
    (repository / "api/notes.bin").write_bytes(b"two, and longer " * 200)
    assert _known(cli) == 4


def test_other_options_are_other_results(cli: Cli) -> None:
    cli("batch", "-q")
    assert _known(cli, "--level", "safe") == 0
    assert _known(cli, "--level", "safe") == 4
    assert _known(cli) == 4


def test_a_broken_entry_is_none(cli: Cli, tmp_path: Path) -> None:
    cli("batch", "-q")
    entries = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(entries) == 4
    for path, data in zip(entries, (b"", b"{", b'{"facts": 7, "outcome": {}}', b"[" * 10_000), strict=True):
        path.write_bytes(data)
    assert _known(cli) == 0
    assert _known(cli) == 4


def test_runs_side_by_side_agree(cli: Cli) -> None:
    with ThreadPoolExecutor(3) as pool:
        outputs = set(pool.map(lambda _: cli("batch", "--diff", "-q").stdout, range(3)))
    assert len(outputs) == 1
    assert _known(cli) == 4


def test_clean_removes_all(cli: Cli, repository: Path) -> None:
    cli("batch", "-q")
    assert "4 results removed" in cli("cache", "clean").stderr
    assert _known(cli) == 0
    assert git(repository, "status", "--short") == ""


def test_clean_leaves_alone_what_is_not_its_own(cli: Cli, tmp_path: Path) -> None:
    cli("batch", "-q")
    cache = tmp_path / "cache"
    shelf = next(path.parent for path in cache.rglob("*") if len(path.name) == 62)
    outside = tmp_path / "outside"
    outside.write_text("x")
    digits = "0" * 62
    # Shelves are called by digests, which nobody can foresee.
    free = [name for name in (f"{number:02x}" for number in range(256)) if not (cache / name).exists()]
    empty, linked, *named = free
    others = [
        f"{named[0]}/cd/deep",
        f"{named[1]}/keep.txt",
        "go/f",
        f"AB/{digits}",
        f"{named[2]}/{digits}.txt",
        f"{named[3]}/.{digits}",
        f"{named[4]}/{digits}/f",
    ]
    others += [f"{shelf.name}/notes", f"abc/{digits}"]
    for name in others:
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_text("x")
    (cache / empty).mkdir()
    (cache / linked).mkdir()
    (cache / linked / digits).symlink_to(outside)
    unfinished = shelf / f".{digits}.a1b2c3_d"
    unfinished.write_text("{")
    assert "4 results removed" in cli("cache", "clean").stderr
    assert all((cache / name).read_text() == "x" for name in others)
    assert (cache / empty).is_dir()
    assert (cache / linked / digits).is_symlink()
    assert not unfinished.exists()
    assert sorted(path.name for path in shelf.iterdir()) == ["notes"]
