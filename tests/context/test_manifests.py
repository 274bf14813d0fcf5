"""Package managers' files and their roles, native extensions, what else a context holds."""

from __future__ import annotations

from pathlib import Path

from dockerslim_rewrite.analysis.project import FileRole, ManifestRole
from dockerslim_rewrite.context.manifests import extensions_of, manifests_of
from dockerslim_rewrite.context.roles import LARGE_BYTES, classify
from dockerslim_rewrite.context.tree import ContextTree


def tree(root: Path, **files: str) -> ContextTree:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return ContextTree(root)


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
