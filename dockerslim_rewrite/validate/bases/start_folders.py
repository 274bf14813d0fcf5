"""Where a build on top of a base image starts: the validator's own list, and destinations that are relative to it."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ...change import RespellsValue
from ...ir.build import Build
from ...ir.steps import Copy, Step
from ...patterns import re
from ...record import evolve
from ..core.program import base_of

#: Images whose configuration names no working directory on any Linux.
_ROOT = frozenset(
    (
        "scratch", "alpine", "debian", "ubuntu", "busybox", "centos", "fedora", "amazonlinux", "archlinux", "almalinux",
        "rockylinux", "oraclelinux", "opensuse/leap", "opensuse/tumbleweed", "buildpack-deps", "python", "ruby", "node",
        "openjdk", "java", "eclipse-temurin", "amazoncorretto", "rust", "nginx", "postgres", "mysql", "mariadb",
        "mongo", "elixir", "haskell", "docker", "microsoft/dotnet", "nvidia/cuda",
    )
)  # fmt: skip
_FOLDERS = {
    "golang": "/go",
    "httpd": "/usr/local/apache2",
    "redis": "/data",
    "tomcat": "/usr/local/tomcat",
    "composer": "/app",
    "wordpress": "/var/www/html",
    "nextcloud": "/var/www/html",
}
_DOTNET = re.compile(r"mcr\.microsoft\.com/dotnet/(?:core/)?(?:sdk|aspnet|runtime|runtime-deps)\Z")
_SERVES = re.compile(r"(?:\A|-)(?:apache|fpm)(?:-|\Z)")
_ARCHITECTURE = re.compile(r"(?:amd64|arm32v[567]|arm64v8|i386|mips64le|ppc64le|riscv64|s390x)/")
_ELSEWHERE = re.compile(r"windows|nanoserver|servercore|onbuild|\$")


def start_folder(step: Step, at: int, build: Build) -> str | None:
    """The folder in which *step* of stage *at* runs where no WORKDIR stands above it, in its stage or under it; None
    where one does, or where the base image is not known here.
    """
    stage = build.stages[at]
    while True:
        if any(one.keyword == "WORKDIR" and one.index < step.index for one in stage.steps):
            return None
        base = base_of(stage, build)
        if not isinstance(base, int):
            break
        stage = build.stages[base]
    image = base.lower().partition("@")[0]
    if _ELSEWHERE.search(image) or "windows" in (stage.head.origin.flag("platform") or "").lower():
        return None
    path, colon, tag = image.rpartition(":")
    if not colon or "/" in tag:
        path, tag = image, ""
    path = re.sub(r"\A(?:(?:index\.|registry-1\.)?docker\.io/)?(?:library/)?", "", path)
    path = _ARCHITECTURE.sub("", path, count=1)
    if path == "php":
        return "/var/www/html" if _SERVES.search(tag) else "/"
    return "/" if path in _ROOT or _DOTNET.match(path) else _FOLDERS.get(path)


def spelled_in_full(left: Copy, right: Copy, claims: Sequence[RespellsValue], build: Build, at: int) -> Copy:
    """*left* with the destination of *right*, where that is the same place by its full path; else *left* itself."""
    if _same_destination(left, right.destination, claims, build, at):
        return evolve(left, destination=right.destination)
    return left


def _same_destination(left: Copy, after: str, claims: Sequence[RespellsValue], build: Build, at: int) -> bool:
    before = left.destination
    # Several sources are copied into a folder, whether or not its name ends with a slash.
    several = len(left.sources) > 1
    pairs = {(claim.before, claim.after) for claim in claims}
    if several:
        before, after = f"{before.rstrip('/')}/", f"{after.rstrip('/')}/"
        pairs = {(f"{one.rstrip('/')}/", f"{other.rstrip('/')}/") for one, other in pairs}
    if (before, after) not in pairs or not after.startswith("/"):
        return False
    folder = start_folder(left, at, build)
    if folder is None or before.startswith("/") or re.search(r"[\"'$\\*?\[`]", before + after):
        return False
    slash = before.endswith("/") or before in (".", "./")
    same = posixpath.normpath(posixpath.join(folder, before)) == posixpath.normpath(after)
    return same and slash == after.endswith("/")
