"""Links in a repository lead to nothing outside of it, whatever is found by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite.batch.plan.owners import owners_in
from dockerslim_rewrite.registry.packages.npm import registry
from dockerslim_rewrite.workspace import inference
from dockerslim_rewrite.workspace.configuration.hadolint import ignored_by_hadolint
from dockerslim_rewrite.workspace.configuration.keys import ConfigError
from dockerslim_rewrite.workspace.configuration.load import nearest, read_config
from dockerslim_rewrite.workspace.configuration.resolve import Configuration, forget


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    forget()
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "a").mkdir()
    return root


def outside(repository: Path, name: str, text: str) -> Path:
    file = repository.parent / "outside" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("name", ["dockerslim.toml", ".dockerslim.toml"])
def test_configuration(repository: Path, name: str, marked: bool) -> None:
    secret = outside(repository, name, "level = 'hidden words'\n")
    (repository / name).symlink_to(secret)
    if not marked:
        (repository / ".git").rmdir()
    with pytest.raises(ConfigError, match=r"leads out of .*; not read") as raised:
        nearest(repository)
    assert "hidden words" not in str(raised.value)
    secret.write_text("level = 'standard'\n")
    assert read_config(repository / name).values == {"level": "standard"}


def test_configuration_that_extends_another(repository: Path) -> None:
    outside(repository, "a.toml", "level = 'hidden words'\n")
    (repository / "dockerslim.toml").write_text("extend = '../outside/a.toml'\n")
    with pytest.raises(ConfigError, match="lies outside of"):
        nearest(repository)


def test_a_pyproject_that_need_not_be_ours(repository: Path) -> None:
    (repository / "pyproject.toml").symlink_to(outside(repository, "a", "[tool.dockerslim]\nlevel = 'standard'\n"))
    assert nearest(repository) is None


def test_links_within_the_repository_are_followed(repository: Path) -> None:
    (repository / "b.toml").write_text("level = 'standard'\n")
    (repository / "a" / "dockerslim.toml").symlink_to("../b.toml")
    found = nearest(repository / "a")
    assert found is not None
    assert found.values == {"level": "standard"}


def test_hadolint(repository: Path) -> None:
    (repository / ".hadolint.yaml").symlink_to(outside(repository, "a", "ignored: [DL3008, DL3009, DL3015]\n"))
    assert ignored_by_hadolint(repository) == ((), None)


@pytest.mark.parametrize("folder", [True, False])
def test_owners(repository: Path, folder: bool) -> None:
    secret = outside(repository, "CODEOWNERS", "* @somebody\n")
    if folder:
        (repository / ".github").symlink_to(secret.parent)
    else:
        (repository / "CODEOWNERS").symlink_to(secret)
    assert owners_in(repository).of("a") == ()


def test_npm(repository: Path) -> None:
    (repository / ".npmrc").symlink_to(outside(repository, "a", "registry=https://hidden/\n"))
    assert "hidden" not in registry(repository, {"HOME": "/nowhere"})


@pytest.mark.parametrize("path", ["a/" * 10_000, "a" * 10_000, "a" * 300 + "/b", "a\0b", "a\0/*", "*/" * 3_000 + "b"])
def test_paths_that_no_system_allows_are_not_there(repository: Path, path: str) -> None:
    assert not inference.holds(repository, path)
    (repository / "a" / "Dockerfile").write_text("FROM debian:12\nCMD a\n")
    named = path.replace("\0", "\\u0000")
    config = repository / "dockerslim.toml"
    config.write_text(f"extend = '{named}'\n" if named == path else f'extend = "{named}"\n')
    with pytest.raises(ConfigError):
        nearest(repository)
    config.write_text(f'[contexts]\n"*" = "{named}"\n')
    forget()
    with pytest.raises(ConfigError):
        Configuration().context_for(repository / "a" / "Dockerfile")
