"""``dockerslim lock`` as users call it, against a registry in which tags move."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dockerslim_rewrite.registry.lock import load

from .conftest import Digests
from .stage import Filler, free_port


class Project:
    """A folder with Dockerfiles, and a registry with images of its own."""

    def __init__(self, folder: Path, address: str, name: str) -> None:
        self.folder, self.address, self.name = folder, address, name
        self.fill = Filler(address)
        self.file = folder / "dockerslim.lock"
        (folder / ".git").mkdir()

    def image(self, name: str, tag: str = "") -> str:
        return f"{self.address}/{self.name}/{name}" + (f":{tag}" if tag else "")

    def push(self, name: str, seed: str, *tags: str) -> str:
        return self.fill.index(f"{self.name}/{name}", seed, *tags)

    def dockerslim(
        self, *arguments: str | Path, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        source = Path(__file__).parents[2]
        command = [sys.executable, "-c", "from dockerslim_rewrite.cli import main; main()", *map(str, arguments)]
        env = {
            **os.environ,
            "PYTHONPATH": str(source),
            "DOCKER_CONFIG": str(self.folder / "docker"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            **environment,
        }
        done = subprocess.run(command, cwd=cwd or self.folder, env=env, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def locked(self) -> dict[str, tuple[str, str]]:
        entries = load(self.file).entries
        return {key.removeprefix(f"{self.address}/{self.name}/"): (one.tag, one.digest) for key, one in entries.items()}


@pytest.fixture
def project(open_registry: str, digests: Digests, tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    made = Project(tmp_path, open_registry, "moving" + "".join(filter(str.isalnum, request.node.name)).lower())
    (tmp_path / "Dockerfile").write_text(f"FROM {made.image('python')}\nFROM {made.image('alpine', '3')}\n")
    return made


def test_lock_check_update(project: Project) -> None:
    old_python = project.push("python", "3.12.4", "3.12.4", "3.12", "3", "latest")
    old_alpine = project.push("alpine", "3.20", "3.20.1", "3.20", "3", "latest")
    done = project.dockerslim("lock")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{project.image('alpine', '3')}: locked to 3.20.1 {old_alpine[:19]}",
        f"{project.image('python', 'latest')}: locked to 3.12.4 {old_python[:19]}",
    ]
    assert project.locked() == {"python:latest": ("3.12.4", old_python), "alpine:3": ("3.20.1", old_alpine)}
    written = project.file.read_bytes()
    assert project.dockerslim("lock", "--check").returncode == 0

    # Both move on.
    new_python = project.push("python", "3.13.0", "3.13.0", "3.13", "3", "latest")
    new_alpine = project.push("alpine", "3.21", "3.21.0", "3.21", "3", "latest")
    assert project.dockerslim("lock").returncode == 0
    assert project.file.read_bytes() == written, "what is locked stays, unless asked to be updated"
    check = project.dockerslim("lock", "--check")
    assert check.returncode == 1
    assert check.stdout.splitlines() == [
        f"{project.image('alpine', '3')}: 3.20.1 {old_alpine[:19]} -> 3.21.0 {new_alpine[:19]}",
        f"{project.image('python', 'latest')}: 3.12.4 {old_python[:19]} -> 3.13.0 {new_python[:19]}",
    ]
    assert project.file.read_bytes() == written, "--check writes nothing"

    one = project.dockerslim("lock", "--update", project.image("alpine"))
    assert one.returncode == 0
    assert one.stdout.splitlines() == check.stdout.splitlines()[:1]
    assert project.locked() == {"python:latest": ("3.12.4", old_python), "alpine:3": ("3.21.0", new_alpine)}
    assert project.dockerslim("lock", "--check").returncode == 1
    assert project.dockerslim("lock", "--update").returncode == 0
    assert project.locked() == {"python:latest": ("3.13.0", new_python), "alpine:3": ("3.21.0", new_alpine)}
    assert project.dockerslim("lock", "--check").returncode == 0


def test_the_moves_as_json(project: Project) -> None:
    old = project.push("python", "3.12.4", "3.12.4", "latest")
    project.push("alpine", "3.20", "3.20.1", "3")
    assert project.dockerslim("lock").returncode == 0
    new = project.push("python", "3.12.5", "3.12.5", "latest")
    check = project.dockerslim("lock", "--check", "--format", "json")
    assert check.returncode == 1
    (move,) = json.loads(check.stdout)
    assert move["reference"] == project.image("python", "latest")
    assert (move["before"]["tag"], move["before"]["digest"]) == ("3.12.4", old)
    assert (move["after"]["tag"], move["after"]["digest"]) == ("3.12.5", new)
    assert move["after"]["platforms"] == ["linux/amd64", "linux/arm/v7"]


def test_what_cannot_be_asked_for(project: Project) -> None:
    project.push("python", "3.12.4", "3.12.4", "latest")
    done = project.dockerslim("lock")
    assert done.returncode == 2
    assert f"dockerslim: {project.image('alpine', '3')}: " in done.stderr
    assert "there is no such thing" in done.stderr
    assert set(project.locked()) == {"python:latest"}, "what was found out is kept"
    assert project.dockerslim("lock", "--update", "no/such/image").returncode == 2
    dead = f"127.0.0.1:{free_port()}/gone:1"
    (project.folder / "Dockerfile").write_text(f"FROM {dead}\n")
    done = project.dockerslim("lock", "--file", "other.lock")
    assert done.returncode == 2
    assert dead in done.stderr


def test_from_the_registry_to_the_rewritten_file(project: Project) -> None:
    digest = project.push("python", "3.12.4", "3.12.4", "3.12", "3", "latest")
    other = project.push("alpine", "3.20", "3.20.1", "3.20", "3")
    asked = project.dockerslim("rewrite", "Dockerfile", "--check", "--pin", "both")
    assert asked.returncode == 0
    assert "`dockerslim lock Dockerfile` asks its registry" in asked.stderr
    assert project.dockerslim("lock", "Dockerfile").returncode == 0
    done = project.dockerslim("rewrite", "Dockerfile", "-q", "--pin", "both")
    pinned = f"FROM {project.image('python', '3.12.4')}@{digest}\nFROM {project.image('alpine', '3')}@{other}\n"
    assert done.stdout == pinned
    # Once locked, the registry may be gone and its tags may move: the result is the same.
    project.push("python", "3.13.0", "3.13.0", "latest")
    again = project.dockerslim("rewrite", "Dockerfile", "-q", "--pin", "both", HTTP_PROXY="http://127.0.0.1:9")
    assert again.stdout == pinned


def test_a_pinned_file_is_kept_fresh(project: Project) -> None:
    old = project.push("python", "3.12.4", "3.12.4", "latest")
    other = project.push("alpine", "3.20", "3.20.1", "3.20", "3")
    assert project.dockerslim("lock").returncode == 0
    assert project.dockerslim("rewrite", "Dockerfile", "-q", "--in-place", "--pin", "both").returncode == 0
    pinned = (project.folder / "Dockerfile").read_text()
    assert pinned.splitlines()[0] == f"FROM {project.image('python', '3.12.4')}@{old}"
    # The same version is built again, with fixes.
    new = project.push("python", "3.12.4 rebuilt", "3.12.4", "latest")
    assert project.dockerslim("rewrite", "Dockerfile", "-q", "--pin", "both").stdout == pinned
    update = project.dockerslim("lock", "--update")
    assert update.returncode == 0
    assert f"{project.image('python', '3.12.4')}: locked to 3.12.4 {new[:19]}" in update.stdout
    fresh = project.dockerslim("rewrite", "Dockerfile", "-q", "--in-place", "--pin", "both")
    assert fresh.returncode == 0
    wanted = [f"FROM {project.image('python', '3.12.4')}@{new}", f"FROM {project.image('alpine', '3')}@{other}"]
    assert (project.folder / "Dockerfile").read_text().splitlines() == wanted
    again = project.push("python", "3.12.4 once more", "3.12.4", "latest")
    check = project.dockerslim("lock", "--check")
    assert check.returncode == 1
    assert f"{project.image('python', '3.12.4')}: 3.12.4 {new[:19]} -> 3.12.4 {again[:19]}" in check.stdout


def test_where_the_lock_file_is(project: Project, tmp_path: Path) -> None:
    project.push("python", "3.12.4", "3.12.4", "latest")
    project.push("alpine", "3.20", "3.20.1", "3")
    inner = tmp_path / "services" / "web"
    inner.mkdir(parents=True)
    (inner / "Dockerfile").write_text(f"FROM {project.image('python')}\n")
    # None yet: in the working directory, which is above.
    assert project.dockerslim("lock", "services/web/Dockerfile").returncode == 0
    assert project.file.exists()
    # One is there: that is the one, from wherever it is asked for.
    assert project.dockerslim("lock", "Dockerfile", cwd=inner).returncode == 0
    assert not (inner / "dockerslim.lock").exists()
    project.file.unlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert project.dockerslim("lock", inner / "Dockerfile", cwd=elsewhere).returncode == 0
    assert (inner / "dockerslim.lock").exists()
    assert list(elsewhere.iterdir()) == []
