"""Package managers' files: roles, what they need, and why an installation needs more than them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite.analysis.project import FileRole, Manifest, ManifestRole
from dockerslim_rewrite.context.manifests import extensions_of, manifests_of
from dockerslim_rewrite.context.roles import LARGE_BYTES, classify
from dockerslim_rewrite.context.tree import ContextTree


def tree(root: Path, **files: str) -> ContextTree:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return ContextTree(root)


def manifest(root: Path, path: str, **files: str) -> Manifest:
    return next(one for one in manifests_of(tree(root, **files)) if one.path == path)


def test_roles(tmp_path: Path) -> None:
    names = ["package.json", "package-lock.json", ".npmrc", "go.mod", "go.sum", "a/Gemfile", "requirements/dev.txt"]
    found = manifests_of(tree(tmp_path, **dict.fromkeys([*names, "node_modules/x/package.json", "readme.txt"], "{}")))
    assert {one.path: (one.manager, one.role) for one in found} == {
        "package.json": ("npm", ManifestRole.MANIFEST),
        "package-lock.json": ("npm", ManifestRole.LOCK),
        ".npmrc": ("npm", ManifestRole.CONFIGURATION),
        "go.mod": ("go", ManifestRole.MANIFEST),
        "go.sum": ("go", ManifestRole.LOCK),
        "a/Gemfile": ("bundler", ManifestRole.MANIFEST),
        "requirements/dev.txt": ("pip", ManifestRole.MANIFEST),
    }


def test_requirements_lead_to_others(tmp_path: Path) -> None:
    files = {"requirements.txt": "-r base.txt\n-c constraints.txt # why\nflask\n", "base.txt": "-r more.txt\n"}
    found = manifest(tmp_path, "requirements.txt", **files, **{"more.txt": "x", "constraints.txt": "x<2"})
    assert found.needs == ("base.txt", "constraints.txt", "more.txt")
    assert found.obstacles == ()


@pytest.mark.parametrize(
    ("path", "text", "obstacle"),
    [
        ("requirements.txt", "-e .", "requirements.txt:1 installs from the project itself"),
        ("requirements.txt", "flask\n./wheels/a.whl", "requirements.txt:2 installs a local file"),
        ("requirements.txt", "a @ file:///b", "requirements.txt:1 installs a local file"),
        ("requirements.txt", "-r gone.txt", "which is not in the context"),
        ("requirements.txt", "--find-links wheels", "a local folder"),
        ("package.json", '{"dependencies": {"a": "link:../a"}}', "takes a from the project itself"),
        ("package.json", '{"scripts": {"prepare": "husky"}}', "runs its script prepare"),
        ("package.json", '{"workspaces": ["a"]}', "has workspaces"),
        ("package.json", "[1]", "is not written as"),
        ("package.json", "{", "is not written as"),
        ("go.mod", "replace a => ../a", "replaces a module"),
        ("Gemfile", "gem 'a', path: 'a'", "Gemfile:1 reads the project itself"),
        ("composer.json", '{"autoload": {"classmap": ["a"]}}', "autoloads files"),
        ("pyproject.toml", "", "installs the project itself"),
    ],
)
def test_obstacles(tmp_path: Path, path: str, text: str, obstacle: str) -> None:
    found = manifest(tmp_path, path, **{path: text})
    assert any(obstacle in one for one in found.obstacles), found.obstacles


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "-e git+https://example.com/a.git#egg=a\nflask>=2 # -e .\n--extra-index-url https://e/\n"),
        ("package.json", '{"scripts": {"start": "x"}, "dependencies": {"a": "^1"}}'),
        ("go.mod", "replace a => example.com/b v1.0.0"),
        ("Gemfile", "gem 'a', git: 'https://example.com/a'"),
        ("composer.json", '{"autoload": {"psr-4": {"A": "src/"}}}'),
    ],
)
def test_no_obstacles(tmp_path: Path, path: str, text: str) -> None:
    assert manifest(tmp_path, path, **{path: text}).obstacles == ()


def test_requirements_in_a_circle_end(tmp_path: Path) -> None:
    found = manifest(tmp_path, "requirements.txt", **{"requirements.txt": "-r b.txt", "b.txt": "-r requirements.txt"})
    assert "b.txt" in found.needs


def test_native_extensions(tmp_path: Path) -> None:
    setup = "from setuptools import Extension, setup\nsetup(\n  ext_modules=[Extension('fast', ['fast.c'])])\n"
    pyproject = '[build-system]\nbuild-backend = "maturin"\n'
    found = extensions_of(
        tree(tmp_path, **{"setup.py": setup, "rust/pyproject.toml": pyproject, "a/binding.gyp": "{}"})
    )
    assert {(one.name, str(one.evidence)) for one in found} == {
        ("fast", "setup.py:3"),
        ("maturin", "rust/pyproject.toml"),
        ("node-gyp", "a/binding.gyp"),
    }


def test_classified(tmp_path: Path) -> None:
    files = {".git/HEAD": "12", ".git/x/y": "345", "a/node_modules/b.js": "1", "a/tls.key": "1", ".env.example": "1"}
    with open(tmp_path / "big.bin", "wb") as file:
        file.truncate(LARGE_BYTES)
    found = {one.path: one for one in classify(tree(tmp_path, **files, **{"src/a.py": "1"}))}
    assert set(found) == {".git", "a/node_modules", "a/tls.key", "big.bin"}
    assert (found[".git"].files, found[".git"].size, found[".git"].role) == (2, 5, FileRole.VERSION_CONTROL)
    assert found["a/tls.key"].role is FileRole.SECRET
    assert found["big.bin"].role is FileRole.LARGE
    assert found["a/node_modules"].pattern == "**/node_modules"
