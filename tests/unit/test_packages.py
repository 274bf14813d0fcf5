"""Package managers: what a simple command does to packages, and what its words are."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

import dockerslim_rewrite.knowledge
from dockerslim_rewrite.analysis.shell.operations import Kind, Operation, operation, unwrapped
from dockerslim_rewrite.knowledge.managers import index, manager, manager_name
from dockerslim_rewrite.shell.arguments import Flag, split

FOLDER = Path(dockerslim_rewrite.knowledge.__file__).parent / "data" / "managers"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(command: str) -> Operation | None:
    """The operation of *command*; a word with a ``$`` is one that an expansion decides."""
    return operation(tuple(None if "$" in word else word for word in shlex.split(command)))


#: command, manager, kind, operands
OPERATIONS = [
    ("apt-get update", "apt", Kind.UPDATE, []),
    ("apt-get -y -o Dpkg::Use-Pty=0 install curl=7.* git", "apt", Kind.INSTALL, ["curl=7.*", "git"]),
    ("sudo -E apt install -t bookworm-backports -y nginx", "apt", Kind.INSTALL, ["nginx"]),
    ("env DEBIAN_FRONTEND=noninteractive apt-get install -qq curl", "apt", Kind.INSTALL, ["curl"]),
    ("apt-get dist-upgrade -y", "apt", Kind.UPGRADE, []),
    ("apt-get purge --auto-remove -y gcc", "apt", Kind.REMOVE, ["gcc"]),
    ("apt-get autoremove", "apt", Kind.REMOVE, []),
    ("apt-get clean", "apt", Kind.CLEAN, []),
    ("apk add --virtual .build gcc musl-dev", "apk", Kind.INSTALL, ["gcc", "musl-dev"]),
    ("apk --no-cache add curl", "apk", Kind.INSTALL, ["curl"]),
    ("apk update", "apk", Kind.UPDATE, []),
    ("apk del .build", "apk", Kind.REMOVE, [".build"]),
    ("yum -y install httpd", "yum", Kind.INSTALL, ["httpd"]),
    ("yum makecache fast", "yum", Kind.UPDATE, None),
    ("dnf install -y --setopt=install_weak_deps=False gcc", "dnf", Kind.INSTALL, ["gcc"]),
    ("dnf clean all", "dnf", Kind.CLEAN, None),
    ("microdnf install -y tar", "microdnf", Kind.INSTALL, ["tar"]),
    ("tdnf install -y tar", "tdnf", Kind.INSTALL, ["tar"]),
    ("zypper --non-interactive in -y git", "zypper", Kind.INSTALL, ["git"]),
    ("pacman -Syu --noconfirm git", "pacman", None, None),
    ("pip3.11 install -r requirements.txt flask", "pip", Kind.INSTALL, ["flask"]),
    ("python3 -m pip install --upgrade pip", "pip", Kind.INSTALL, ["pip"]),
    ("/opt/venv/bin/pip download six", "pip", Kind.DOWNLOAD, ["six"]),
    ("pip uninstall -y six", "pip", Kind.REMOVE, ["six"]),
    ("uv pip install -r requirements.txt", "uv", Kind.INSTALL, None),
    ("uv sync --frozen", "uv", Kind.INSTALL, []),
    ("pipenv install --system --deploy", "pipenv", Kind.INSTALL, []),
    ("poetry install --no-root", "poetry", Kind.INSTALL, []),
    ("pdm install", "pdm", Kind.INSTALL, []),
    ("conda install -y -c conda-forge numpy", "conda", Kind.INSTALL, ["numpy"]),
    ("conda env create -f environment.yml", "conda", Kind.INSTALL, None),
    ("mamba install -y numpy", "mamba", Kind.INSTALL, ["numpy"]),
    ("micromamba install -y -n base numpy", "micromamba", Kind.INSTALL, ["numpy"]),
    ("npm ci", "npm", Kind.INSTALL, []),
    ("npm i -g typescript", "npm", Kind.INSTALL, ["typescript"]),
    ("npm cache clean --force", "npm", Kind.CLEAN, None),
    ("npm run build", "npm", Kind.OTHER, None),
    ("yarn", "yarn", Kind.INSTALL, []),
    ("yarn install --frozen-lockfile", "yarn", Kind.INSTALL, []),
    ("pnpm install", "pnpm", Kind.INSTALL, []),
    ("bun install", "bun", Kind.INSTALL, []),
    ("gem install bundler -v 2.4", "gem", Kind.INSTALL, ["bundler"]),
    ("bundle install --jobs 4", "bundler", Kind.INSTALL, []),
    ("composer install --no-dev", "composer", Kind.INSTALL, []),
    ("cargo build --release", "cargo", Kind.BUILD, []),
    ("cargo install ripgrep", "cargo", Kind.INSTALL, ["ripgrep"]),
    ("go mod download", "go", Kind.DOWNLOAD, None),
    ("go build -o /app ./cmd", "go", Kind.BUILD, ["./cmd"]),
    ("mvn -B package", "maven", Kind.BUILD, None),
    ("./gradlew build", "gradle", Kind.BUILD, None),
    ("dotnet restore", "dotnet", None, None),
    ("dotnet publish -c Release", "dotnet", Kind.BUILD, None),
    ("luarocks install lua-cjson", "luarocks", Kind.INSTALL, ["lua-cjson"]),
    ("cpanm Moose", "cpan", Kind.INSTALL, None),
    ("mix deps.get", "hex", None, None),
]


@pytest.mark.parametrize(("command", "name", "kind", "operands"), OPERATIONS, ids=[case[0] for case in OPERATIONS])
def test_operations(command: str, name: str, kind: Kind | None, operands: list[str] | None) -> None:
    found = read(command)
    assert found is not None
    assert found.manager.name == name
    assert found.certain
    if kind is not None:
        assert found.kind is kind
    if operands is not None:
        words = shlex.split(command)
        assert [words[at] for at in found.operands] == operands


def test_every_manager_is_in_the_table() -> None:
    assert {case[1] for case in OPERATIONS} == set(NAMES)


@pytest.mark.parametrize(
    "command",
    ["curl -O x", "echo apt-get install", "python app.py", "python -m http.server", "$PIP install x", "sudo", ""],
)
def test_other_commands_are_no_operations(command: str) -> None:
    assert read(command) is None


def test_places_of_the_words() -> None:
    found = read("sudo -u root apt-get -q install -y curl")
    assert found is not None
    assert (found.wrappers, found.command, found.verb) == (("sudo",), 3, 5)
    assert found.lead == ("apt-get", "install")
    assert found.has_flag("-y")
    assert found.has_flag("-q", "--quiet")
    assert not found.has_flag("--no-install-recommends")


def test_an_expansion_could_hide_an_option() -> None:
    found = read("apt-get install -y $PACKAGES")
    assert found is not None
    assert not found.certain
    assert found.operands == (3,)


@pytest.mark.parametrize(
    ("words", "at"),
    [
        (("sudo", "apt"), 1),
        (("sudo", "-u", "root", "apt"), 3),
        (("env", "A=b", "apt"), 2),
        (("time", "apt"), 1),
        (("apt", "sudo"), 0),
    ],
)
def test_wrappers(words: tuple[str, ...], at: int) -> None:
    assert unwrapped(words) == at


#: words, options that take a value, flags as (name, value), operands, certain
ARGUMENTS: list[tuple[list[str | None], set[str], list[tuple[str, str | None]], list[int], bool]] = [
    (["-y", "a"], set(), [("-y", None)], [1], True),
    (["--opt=v", "a"], set(), [("--opt", "v")], [1], True),
    (["--opt", "v", "a"], {"--opt"}, [("--opt", "v")], [2], True),
    (["-o", "v", "a"], {"-o"}, [("-o", "v")], [2], True),
    (["-ov", "a"], {"-o"}, [("-o", "v")], [1], True),
    (["-o=v"], {"-o"}, [("-o", "v")], [], True),
    (["-xo", "v"], {"-o"}, [("-x", None), ("-o", "v")], [], True),
    (["-xyz"], set(), [("-x", None), ("-y", None), ("-z", None), ("-xyz", None)], [], True),
    (["--", "-y", "a"], set(), [], [1, 2], True),
    (["a", "-y"], set(), [("-y", None)], [0], True),
    (["-"], set(), [], [0], True),
    (["--opt"], {"--opt"}, [("--opt", None)], [], True),
    (["-o", None], {"-o"}, [("-o", None)], [], True),
    ([None, "-y"], set(), [("-y", None)], [0], False),
]


@pytest.mark.parametrize(("words", "values", "flags", "operands", "certain"), ARGUMENTS)
def test_arguments(
    words: list[str | None], values: set[str], flags: list[tuple[str, str | None]], operands: list[int], certain: bool
) -> None:
    found = split(words, 0, frozenset(values))
    assert [(flag.name, flag.value) for flag in found.flags] == flags
    assert list(found.operands) == operands
    assert found.certain is certain
    assert all(isinstance(flag, Flag) for flag in found.flags)


@pytest.mark.parametrize("name", NAMES)
def test_data_files(name: str) -> None:
    known = manager(name)
    assert known.name == name
    assert known.source
    kinds = {kind.value for kind in Kind}
    assert {*known.kinds.values(), *filter(None, (known.bare, known.any)), *known.operations.values()} <= kinds
    assert all(value.startswith("-") for value in (*known.values, *known.assume_yes, *known.offline))
    assert all(path.startswith(("/", "~/")) for path in known.paths)
    assert known.saving is None or (known.saving > 0 and known.saving_source)
    assert name in {*index().executables.values(), *(found for _, found in index().patterns)}


def test_unknown_managers() -> None:
    assert manager_name("/usr/bin/pip3.12") == "pip"
    assert manager_name("pipx") is None
    with pytest.raises(FileNotFoundError):
        manager("nothing")
