"""Engines for the tests that build: the real ones, in stores of the tests' own, or a skip that says what is missing.

With DOCKERSLIM_REQUIRE_ENGINES=buildah,podman,docker, as continuous integration sets it, a missing engine is a failure.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dockerslim_rewrite.engine.workspace import remove_tree
from tests.builds import standins
from tests.builds.fetched import UnobtainableError
from tests.builds.required import absent

#: Debian's own client first: a newer one elsewhere on the path may want a plug-in that is not there.
DOCKER_CLIENTS = ("/usr/bin/docker", "docker")


@pytest.fixture(scope="session")
def _environment() -> Iterator[None]:
    """The process's environment leads buildah and podman to the store of the stand-ins while tests run."""
    reason = standins.missing()
    if reason:
        absent("buildah", reason)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in standins.environment().items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def base_images(_environment: None) -> Callable[..., None]:
    """Make sure of stand-ins by their names, or skip where what they are made of cannot be had."""

    def ensure(*tags: str) -> None:
        try:
            standins.ensure(tags)
        except UnobtainableError as reason:
            absent("buildah", str(reason))

    return ensure


@pytest.fixture(scope="session")
def _docker_host(_environment: None) -> Iterator[str]:
    """A Docker daemon of our own; its address. Needs no network set-up, as builds and runs use the host's network."""
    if shutil.which("dockerd") is None:
        absent("docker", "dockerd is not installed")
    folder = Path(tempfile.mkdtemp(prefix="dockerd-", dir="/var/tmp"))
    address = f"unix://{folder}/socket"
    # A worker that is killed takes the daemon with it.
    command = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    command += ["dockerd", "--iptables=false", "--bridge=none", "--host", address, "--pidfile", f"{folder}/pid"]
    command += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _await(lambda: (folder / "socket").exists() or daemon.poll() is not None)
        if daemon.poll() is not None:
            absent("docker", f"dockerd does not start: {(folder / 'log').read_text()[-500:]}")
        yield address
    finally:
        daemon.terminate()
        daemon.wait(60)
        remove_tree(folder)


def _await(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError("dockerd did not come up within a minute")
        time.sleep(0.1)


@pytest.fixture(params=["buildah", "podman", "docker"])
def engine_name(request: pytest.FixtureRequest, base_images: Callable[..., None]) -> str:
    """Each engine in turn, with a stand-in for ``debian:bookworm-slim``: its name, or the path to its program."""
    base_images("debian:bookworm-slim")
    if request.param != "docker":
        if shutil.which(request.param) is None:
            absent(request.param, f"{request.param} is not installed")
        return str(request.param)
    client = next(filter(None, map(shutil.which, DOCKER_CLIENTS)), None)
    if client is None:
        absent("docker", "docker is not installed")
    request.getfixturevalue("_docker_in_use")
    return str(client)


@pytest.fixture
def _docker_in_use(_docker_host: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Our daemon is the one that clients talk to, and it has the stand-in."""
    monkeypatch.setenv("DOCKER_HOST", _docker_host)
    client = next(filter(None, map(shutil.which, DOCKER_CLIENTS)))
    name = "debian:bookworm-slim"
    if subprocess.run([client, "image", "inspect", name], capture_output=True, check=False).returncode == 0:
        return
    archive = tmp_path / "base.tar"
    push = ["buildah", "push", "--quiet", f"docker.io/library/{name}", f"docker-archive:{archive}:{name}"]
    subprocess.run(push, env=standins.environment(), check=True)
    subprocess.run([client, "load", "--quiet", "--input", str(archive)], check=True)
