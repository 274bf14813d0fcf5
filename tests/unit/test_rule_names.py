"""A rule that there is none of is an error with the nearest name, whichever option or command names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dockerslim_rewrite.cli.app import app
from dockerslim_rewrite.pipeline.options import codes_of


@pytest.mark.parametrize(
    "arguments",
    [
        ("prove", "Dockerfile", "--rule", "{}"),
        ("prove", "Dockerfile", "--ignore", "{}"),
        ("rewrite", "Dockerfile", "--select", "{}"),
        ("rewrite", "Dockerfile", "--extend-select", "{}"),
        ("rewrite", "Dockerfile", "--ignore", "{}"),
        ("batch", "run", "Dockerfile", "--ignore", "{}"),
        ("baseline", "Dockerfile", "--select", "{}"),
        ("explain", "{}"),
    ],
)
@pytest.mark.parametrize(("name", "near"), [("DS2011", "DS2"), ("apt-listz", "apt-lists"), ("zzzz", None)])
def test_an_unknown_rule_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], name: str, near: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nRUN apt-get update && apt-get install -y curl\n")
    done = CliRunner().invoke(app, [one.format(name) for one in arguments])
    assert done.exit_code == 2
    assert f"unknown rule '{name}'" in done.stderr
    assert ("did you mean" in done.stderr) is (near is not None)
    if near is not None:
        assert f"did you mean {near}" in done.stderr


def test_rules_are_named_by_code_prefix_and_name() -> None:
    assert codes_of(["ds402"]) == codes_of(["DS402"]) == {"DS402"}
    assert codes_of([]) == frozenset()
