"""Findings that hadolint's configuration ignores are not mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite.workspace.configuration.hadolint import ignored_by_hadolint
from dockerslim_rewrite.workspace.configuration.resolve import configuration

TEXT = "ignored:\n  - DL3009\n  - DL9999\n  - DL4000\ntrustedRegistries:\n  - docker.io\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".hadolint.yaml").write_text(TEXT, "utf-8")
    return tmp_path


def test_what_rules_answer_is_ignored_in_all_of_the_repository(repository: Path) -> None:
    found = configuration(None, isolated=False).settings_for(repository / "a" / "b" / "Dockerfile")
    assert found["ignore"].value == ("DL3009", "DL4000")
    assert found["ignore"].origin == str(repository / ".hadolint.yaml")


def test_the_own_configuration_is_added_to(repository: Path) -> None:
    (repository / "dockerslim.toml").write_text('ignore = ["DS301"]\n', "utf-8")
    found = configuration(None, isolated=False).settings_for(repository / "Dockerfile")
    assert tuple(found["ignore"].value) == ("DS301", "DL3009", "DL4000")


def test_isolated_reads_nothing(repository: Path) -> None:
    assert configuration(None, isolated=True).settings_for(repository / "Dockerfile") == {}


@pytest.mark.parametrize("text", ["ignored: [", "ignored: DL3009\n", "[]", "", "ignored:\n  - 3\n", "a: &a [*a]\n"])
def test_what_cannot_be_read_ignores_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".hadolint.yml").write_text(text, "utf-8")
    assert ignored_by_hadolint(tmp_path)[0] == ()


def test_nothing_above_the_repository_counts(repository: Path) -> None:
    (repository / "a" / ".git").mkdir()
    assert ignored_by_hadolint(repository / "a" / "b") == ((), None)
