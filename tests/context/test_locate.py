"""Which folder is the context, and which ignore file counts."""

from __future__ import annotations

from pathlib import Path

from dockerslim_rewrite.context.locate import locate


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_folder_of_the_dockerfile(tmp_path: Path) -> None:
    file = write(tmp_path / "Dockerfile")
    found = locate(file)
    assert found.root == tmp_path
    assert found.ignore is None


def test_an_ignore_file_of_its_own_comes_first(tmp_path: Path) -> None:
    file = write(tmp_path / "docker" / "web.Dockerfile")
    root = tmp_path
    write(root / ".dockerignore")
    assert locate(file, root).ignore == root / ".dockerignore"
    own = write(tmp_path / "docker" / "web.Dockerfile.dockerignore")
    assert locate(file, root).ignore == own
