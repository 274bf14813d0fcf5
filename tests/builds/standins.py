"""Local stand-ins for common base images, made of Debian packages: real builds without a container registry.

They live in a containers/storage store of their own below `DOCKERSLIM_CACHE` (default `~/.cache/dockerslim-tests`),
are built once, and again when their recipe changed. `python -m tests.builds.standins [TAG…]` builds them by hand.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.builds import client
from tests.builds.fetched import fetch

RECIPES = Path(__file__).parent / "standins"
#: Arguments that name other stand-ins.
_IMAGES = frozenset(("BASE", "SLIM", "SDK"))


@dataclass(frozen=True, slots=True)
class StandIn:
    """One image: the recipe, what its ARGs are, the names it gets, and whether it becomes a single layer.

    ``npm`` and ``wheels`` are packages whose archives the recipe finds in the folder ``packages`` of its context.
    """

    recipe: str
    tags: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]
    squash: bool
    npm: tuple[str, ...]
    wheels: tuple[str, ...]

    @property
    def bases(self) -> tuple[str, ...]:
        """Tags of the stand-ins that have to be there first."""
        return tuple(value for name, value in self.arguments if name in _IMAGES)


@cache
def catalogue() -> tuple[StandIn, ...]:
    """All stand-ins, bases first."""
    entries = tomllib.loads((RECIPES / "standins.toml").read_text())["image"]
    return tuple(
        StandIn(
            e["recipe"],
            tuple(e["tags"]),
            tuple(e.get("arguments", {}).items()),
            e.get("squash", False),
            tuple(e.get("npm", ())),
            tuple(e.get("wheels", ())),
        )
        for e in entries
    )


def standin(tag: str) -> StandIn:
    """The stand-in with that name; LookupError if there is none."""
    for entry in catalogue():
        if tag in entry.tags or f"{tag}:latest" in entry.tags:
            return entry
    raise LookupError(f"no stand-in is called {tag}")


def cache_folder() -> Path:
    """Where stand-ins are kept between runs."""
    return Path(os.environ.get("DOCKERSLIM_CACHE") or Path.home() / ".cache" / "dockerslim-tests").absolute()


def missing() -> str | None:
    """Why stand-ins cannot be made here, or None if they can."""
    lacking = [tool for tool in ("buildah", "debootstrap", "apt-get") if shutil.which(tool) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    if os.geteuid() != 0:
        return "debootstrap and builds with chroot isolation need root"
    if not client.apt_sources():
        return f"apt on this machine knows no Debian {client.RELEASE}; `apt-get update` may help"
    return None


def use_or_exit() -> None:
    """Lead this process, a program, to the stand-ins; ends it with 2 and one line where they cannot be made here."""
    reason = missing()
    if reason:
        print(f"no base images: {reason}", file=sys.stderr)
        raise SystemExit(2)
    os.environ.update(environment())


@cache
def environment() -> dict[str, str]:
    """This process's environment, with buildah and podman led to the store of the stand-ins and to no registry."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    storage = f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/store"\nrunroot = "{folder}/run"\n'
    # Machines without systemd, with limits that cannot be raised: what an image needs to start there all the same.
    containers = (
        '[containers]\nnetns = "host"\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n'
    )
    # crun, which podman prefers, wants version 2 of control groups or systemd.
    containers += 'runtime = "runc"\n' if shutil.which("runc") else ""
    files = {
        "CONTAINERS_STORAGE_CONF": ("storage.conf", storage),
        "CONTAINERS_REGISTRIES_CONF": ("registries.conf", 'unqualified-search-registries = ["docker.io"]\n'),
        "CONTAINERS_CONF": ("containers.conf", containers),
    }
    settings = {"BUILDAH_ISOLATION": "chroot", "DOCKER_BUILDKIT": "1"}
    for variable, (name, text) in files.items():
        if not (folder / name).is_file() or (folder / name).read_text() != text:
            (folder / name).write_text(text)
        settings[variable] = str(folder / name)
    return {**os.environ, **settings}


def digest(entry: StandIn) -> str:
    """What the stand-in is made from, bases included: another digest means that it has to be built anew."""
    parts = [(RECIPES / f"{entry.recipe}.Dockerfile").read_text(), repr(entry.arguments), repr(entry.tags)]
    parts += [*entry.npm, *entry.wheels]
    parts += [digest(standin(base)) for base in entry.bases]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def ensure(tags: Iterable[str]) -> None:
    """Build those stand-ins that are not there yet, with their bases; safe to call from several processes.

    Raises subprocess.CalledProcessError if a build fails, whose output has gone to standard error, and
    UnobtainableError where a package that one is made of cannot be had.
    """
    wanted: set[StandIn] = set()
    waiting = [standin(tag) for tag in tags]
    while waiting:
        entry = waiting.pop()
        wanted.add(entry)
        waiting += [standin(base) for base in entry.bases]
    with _locked():
        for entry in catalogue():
            if entry in wanted and not _is_built(entry):
                _build(entry)


@contextmanager
def _locked() -> Iterator[None]:
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_built(entry: StandIn) -> bool:
    """The note about it is up to date, and the image is there: the store may have been emptied meanwhile."""
    note = _note(entry)
    if not note.is_file() or note.read_text() != digest(entry):
        return False
    found = subprocess.run(
        ["buildah", "images", "--quiet", _name(entry.tags[-1])], env=environment(), capture_output=True, check=False
    )
    return found.returncode == 0


def _note(entry: StandIn) -> Path:
    """Where it is written from what the image was made; not in the image itself, which would tell it apart."""
    return cache_folder() / "built" / entry.tags[0].replace("/", "_")


def _name(tag: str) -> str:
    """The tag in full, as engines resolve it."""
    return tag if "." in tag.partition("/")[0] and "/" in tag else f"docker.io/library/{tag}"


def _build(entry: StandIn) -> None:
    print(f"building the stand-in for {entry.tags[0]}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="context-") as name:
        folder = Path(name)
        client.write(folder / "client")
        for archive in fetch(entry.npm, entry.wheels, cache_folder() / "packages"):
            (folder / "packages").mkdir(exist_ok=True)
            shutil.copy(archive, folder / "packages")
        if entry.recipe == "debian":
            _debootstrap(folder)
        command = ["buildah", "bud", "--format", "docker", "--pull-never"]
        command += ["--squash"] if entry.squash else ["--layers=false"]
        for key, value in entry.arguments:
            command += ["--build-arg", f"{key}={value}"]
        for proxy in client.PROXIES:
            command += ["--build-arg", proxy] if proxy in os.environ else []
        command += ["--tag", _name(entry.tags[0]), "--file", str(RECIPES / f"{entry.recipe}.Dockerfile"), str(folder)]
        subprocess.run(command, env=environment(), check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    for tag in entry.tags[1:]:
        subprocess.run(["buildah", "tag", _name(entry.tags[0]), _name(tag)], env=environment(), check=True)
    _note(entry).parent.mkdir(exist_ok=True)
    _note(entry).write_text(digest(entry))


def _debootstrap(folder: Path) -> None:
    """Put `debian.tar`, a minimal Debian, into `folder`."""
    root = folder / "root"
    command = ["debootstrap", "--variant=minbase", client.RELEASE, str(root), client.mirror()]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    subprocess.run(["tar", "-C", str(root), "--numeric-owner", "-cf", str(folder / "debian.tar"), "."], check=True)
    shutil.rmtree(root)
    (folder / ".dockerignore").write_text("root\n")


if __name__ == "__main__":
    reason = missing()
    if reason:
        sys.exit(reason)
    ensure(sys.argv[1:] or [entry.tags[0] for entry in catalogue()])
