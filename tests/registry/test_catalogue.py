"""Refreshing the catalogue from a registry."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

import dockerslim_rewrite
from dockerslim_rewrite.knowledge.images import catalogued
from dockerslim_rewrite.registry.catalogue import main, refresh_entry, refresh_folder

from .conftest import Digests, MakeClient
from .stage import Filler

TODAY = date(2026, 5, 6)
ENTRY = """# What people know stays.
base = "debian"
as_of = 2020-01-01
source = "long ago"
known_tags = ["3.9", "3.9-slim"]

[meaning]
latest = "3.9"
3 = "3.9"
slim = "3.9-slim"
gone = "3.8"

# Nor does this change.
[end_of_life]
"3.9" = 2025-10-31
"""


def test_moving_tags_get_the_line_of_today(client: MakeClient, open_registry: str, digests: Digests) -> None:
    refreshed = refresh_entry("public/python", ENTRY, client(), TODAY, open_registry)
    assert refreshed.changes == (
        "public/python:latest: 3.9 -> 3.12",
        "public/python:3: 3.9 -> 3.12",
        "public/python:slim: 3.9-slim -> 3.12-slim",
    )
    assert len(refreshed.problems) == 1
    assert refreshed.problems[0].startswith("public/python:gone: ")
    entry = tomllib.loads(refreshed.text)
    assert entry["meaning"] == {"latest": "3.12", "3": "3.12", "slim": "3.12-slim", "gone": "3.8"}
    assert entry["known_tags"] == ["3.9", "3.12", "3.9-slim", "3.12-slim"]
    assert entry["as_of"] == TODAY
    assert "latest = 3.12" in entry["source"]
    changed = {"as_of", "source", "known_tags", "latest", "3", "slim"}
    for old, new in zip(ENTRY.splitlines(), refreshed.text.splitlines(), strict=True):
        assert old == new or old.partition("=")[0].strip() in changed
    again = refresh_entry("public/python", refreshed.text, client(), TODAY, open_registry)
    assert again.text == refreshed.text
    assert again.changes == ()


def test_a_folder_is_refreshed_or_only_checked(
    client: MakeClient, open_registry: str, digests: Digests, tmp_path: Path
) -> None:
    path = tmp_path / "public__python.toml"
    path.write_text(ENTRY, encoding="utf-8")
    changes, problems = refresh_folder(tmp_path, ["public/python"], client(), TODAY, open_registry, check=True)
    assert (len(changes), len(problems)) == (3, 1)
    assert path.read_text(encoding="utf-8") == ENTRY
    refresh_folder(tmp_path, ["public/python"], client(), TODAY, open_registry)
    assert tomllib.loads(path.read_text(encoding="utf-8"))["meaning"]["latest"] == "3.12"


def test_the_command(
    open_registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    fill = Filler(open_registry)
    fill.index("library/memcached", "new", "latest", "1", "1.7", "1.7.2", "1-alpine", "alpine", "1.7-alpine")
    path = tmp_path / "memcached.toml"
    path.write_text('as_of = 2020-01-01\nsource = "x"\n\n[meaning]\nlatest = "1.6"\n', encoding="utf-8")
    arguments = ["memcached", "--registry", open_registry, "--folder", str(tmp_path)]
    assert main([*arguments, "--check"]) == 1
    assert capsys.readouterr().out == "memcached:latest: 1.6 -> 1.7\n"
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    assert main(["no-such-image"]) == 2


def test_every_shipped_entry_has_lines_that_can_be_refreshed() -> None:
    """A value of ``[meaning]`` must stand on a line of its own, where the refresher finds it."""
    folder = Path(dockerslim_rewrite.__file__).parent / "knowledge" / "data" / "images"

    for name in catalogued():
        text = (folder / f"{name.replace('/', '__')}.toml").read_text(encoding="utf-8")
        for moving, line in tomllib.loads(text).get("meaning", {}).items():
            assert f'{moving} = "{line}"\n' in text
