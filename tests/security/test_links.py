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
from tests.security.command import Command


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


NODE = 'FROM node:20\nWORKDIR /a\nCOPY . .\nRUN npm ci\nCMD ["npm","start"]\n'


def stranger(repository: Path) -> Path:
    """A repository with a link to a folder outside of it, which holds what nobody is to see."""
    for name, text in {
        "Dockerfile": NODE + "hidden words\n",
        "package.json": '{"scripts": {"start": "hidden words"}}',
        "dockerslim.lock": "hidden words\n",
        "dockerslim.toml": "level = 'hidden words'\n",
        "hidden_words.py": "",
    }.items():
        outside(repository, name, text)
    (repository / "folder").symlink_to(repository.parent / "outside")
    (repository / "link").symlink_to(repository.parent / "outside" / "Dockerfile")
    (repository / "Dockerfile").write_text(NODE)
    return repository / "Dockerfile"


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("named", ["../outside", "folder", "folder/../outside", "/etc", "a/../.."])
@pytest.mark.parametrize(
    "text",
    [
        '[contexts]\n"*" = "{}"\n',
        "lock = '{}/dockerslim.lock'\n",
        "templates = '{}'\n",
        "extend = '{}/dockerslim.toml'\n",
        "[per-file.'*']\nlock = '{}/dockerslim.lock'\n",
    ],
)
def test_what_a_configuration_names(text: str, named: str, marked: bool, repository: Path, command: Command) -> None:
    path = stranger(repository)
    if not marked:
        (repository / ".git").rmdir()
    (repository / "dockerslim.toml").write_text(text.format(named))
    done = command("rewrite", path, "--level", "aggressive")
    assert done.code == 2
    assert b"which lies outside of" in done.err
    assert b"hidden" not in done.err + done.out


def test_what_a_configuration_names_that_somebody_named(repository: Path) -> None:
    path = stranger(repository)
    (repository / "a.toml").write_text('[contexts]\n"*" = "../outside"\n')
    named = Configuration(read_config(repository / "a.toml"))
    assert named.context_for(path) == (repository.parent / "outside").resolve()


@pytest.mark.parametrize(
    "arguments",
    [
        ("rewrite", "link"),
        ("rewrite", "folder/Dockerfile"),
        ("rewrite", "a/../folder/Dockerfile"),
        ("rewrite", "Dockerfile", "--context", "folder"),
        ("ir", "link"),
        ("baseline", "link"),
        ("lock", "link"),
        ("prove", "link"),
    ],
)
def test_links_in_place_of_what_was_named(
    arguments: tuple[str, ...], repository: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger(repository)
    monkeypatch.chdir(repository)
    done = command(*arguments)
    assert done.code == 2
    assert b"leads out of" in done.err
    assert b"hidden" not in done.err + done.out


def test_a_configuration_behind_a_link(repository: Path) -> None:
    stranger(repository)
    with pytest.raises(ConfigError, match="leads out of"):
        nearest(repository / "folder")


def test_links_to_a_repository_and_within_it_are_followed(
    repository: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "a" / "Dockerfile").write_text("FROM debian:12\n")
    (repository / "b").symlink_to("a")
    (repository.parent / "c").symlink_to(repository)
    monkeypatch.chdir(repository.parent / "c")
    assert command("rewrite", "b/Dockerfile", "--context", "b").code == 0
    assert command("rewrite", repository.parent / "c" / "a" / "Dockerfile").code == 0


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
