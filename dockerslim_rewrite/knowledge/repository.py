"""What files of a repository are called; see ``data/repository.toml``."""

from __future__ import annotations

from fnmatch import fnmatchcase, translate
from functools import cache, lru_cache

from ..patterns import re
from .tables import table


@cache
def _names() -> re.Pattern[str]:
    return _pattern(table("repository")["dockerfiles"]["names"])


@cache
def _build_names() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str] | None], ...]:
    found = []
    for kind, patterns in table("repository")["builds"].items():
        bare = [one for one in patterns if "/" not in one]
        deep = [f"*/{one}" for one in patterns if "/" in one]
        found.append((kind, _pattern(bare), _pattern(deep) if deep else None))
    return tuple(found)


def _pattern(globs: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(translate(one) for one in globs) or r"(?!)")


@lru_cache(maxsize=4096)
def is_dockerfile_name(name: str) -> bool:
    """Whether a file called *name* (without folders) is taken for a Dockerfile."""
    bare = name.lower()
    if bare.endswith((*table("repository")["dockerfiles"]["others"], "~", ".swp", ".orig", ".rej", ".bak", ".old")):
        return False
    return _names().match(bare) is not None


def is_template_name(name: str) -> bool:
    """Whether *name* says that the file is made into a Dockerfile by something else."""
    return name.lower().endswith(template_endings())


def template_endings() -> tuple[str, ...]:
    """What the names of templates end in."""
    return tuple(table("repository")["dockerfiles"]["templates"])


@cache
def excluded_folders() -> frozenset[str]:
    """The names of folders that hold other people's code."""
    return frozenset(table("repository")["folders"]["excluded"])


def is_noise(name: str) -> bool:
    """Whether a file called *name* is what programs write while they run, and nothing that a build rests on."""
    return name.endswith(tuple(table("repository")["noise"]))


def build_source(path: str) -> str | None:
    """Which tool's description of builds the file at *path* (relative, with ``/``) may be; None for any other file."""
    name = path.rpartition("/")[2].lower()
    deep = f"/{path}".lower()
    for kind, bare, with_folders in _build_names():
        if bare.match(name) or (with_folders is not None and with_folders.match(deep)):
            return kind
    return None


def document_kind(path: str) -> str | None:
    """What the file at *path* may tell of how images are run; None for any other file."""
    name = path.rpartition("/")[2].lower()
    found = table("repository")["documents"]
    return next((kind for kind, names in found.items() if any(fnmatchcase(name, one) for one in names)), None)


def embedding_language(path: str) -> str | None:
    """Which language the file at *path* holds Dockerfiles in, by its name; None for any other file."""
    if path.endswith(".py"):
        return "python"
    source = build_source(path)
    return source if source in ("compose", "bake") else None
