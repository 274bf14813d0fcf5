"""Which folder is the context, and which ignore file counts."""

from __future__ import annotations

from pathlib import Path

from dockerslim_rewrite.context.locate import builds, locate


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


COMPOSE = """
services:
  web:
    build:
      context: ./web   # the application
      dockerfile: ../docker/web.Dockerfile
    ports: ["80:80"]
  db:
    image: postgres
  worker:
    build: worker
  remote:
    build: https://example.com/repository.git
"""


def test_what_a_compose_file_says(tmp_path: Path) -> None:
    compose = write(tmp_path / "compose.yaml", COMPOSE)
    assert builds(compose) == [("./web", "../docker/web.Dockerfile"), ("worker", "Dockerfile")]
    write(tmp_path / "web" / "app.py")
    file = write(tmp_path / "docker" / "web.Dockerfile")
    found = locate(file)
    assert found.root == (tmp_path / "web").resolve()
    assert "compose.yaml" in found.found
    other = write(tmp_path / "docker" / "other.Dockerfile")
    assert locate(other).root == tmp_path / "docker"
    worker = write(tmp_path / "worker" / "Dockerfile")
    assert locate(worker).root == (tmp_path / "worker").resolve()
