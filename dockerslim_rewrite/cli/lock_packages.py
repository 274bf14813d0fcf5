"""The packages that ``dockerslim lock`` asks indexes for, from the Dockerfiles and their build contexts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..analysis.locked import Lock
    from ..analysis.runtime.asking import Asked
    from ..registry.limits import Allowance
    from ..registry.packages.locking import PackagesOutcome


def asked_by(paths: Iterable[str], context: Path | None = None) -> list[tuple[Asked, ...]]:
    """What each build of the Dockerfiles at *paths* asks of indexes; *context* takes the place of every build's own.

    Files that cannot be read ask nothing here: whoever reads them for their base images says so.
    """
    from ..analysis.facts import Facts
    from ..analysis.runtime.asking import asked_of
    from ..ir.build import read_build
    from ..syntax import ParseError, parse
    from ..text import Source
    from ..workspace.uses import workspace_for
    from .files import InputError, read_input

    found: list[tuple[Asked, ...]] = []
    for path in paths:
        if path == "-":
            continue
        try:
            build = read_build(parse(Source.from_bytes(read_input(path), path)))
        except (InputError, ParseError):
            continue
        file = Path(path)
        projects = workspace_for(file).projects(file, context)
        for project in projects or (None,):
            asked = tuple(dict.fromkeys(asked_of(build, Facts(build, open_project=lambda one=project: one))))  # type: ignore[misc]
            if asked:
                found.append(asked)
    return list(dict.fromkeys(found))


def refreshed(
    lock: Lock,
    asked: Sequence[tuple[Asked, ...]],
    urls: tuple[str, ...],
    npm_registry: str | None,
    gem_url: str | None,
    now: datetime,
    *,
    update: bool,
    prune: bool = False,
    allowance: Allowance | None = None,
) -> PackagesOutcome | None:
    """What *lock* should say of all that is *asked*; None for nothing.

    *urls* are the indexes for Python, *npm_registry* is the one for Node.js, *gem_url* for
    Ruby; else the settings of pip, npm and Bundler say.

    Raises ``RegistryError`` for an address that is none, ``ModuleNotFoundError`` where a library is not installed.
    """
    if not asked and not lock.packages:
        return None
    from ..registry.packages.gems import GemStore, gem_index
    from ..registry.packages.locking import refresh_packages
    from ..registry.packages.npm import NpmStore, registry
    from ..registry.packages.resolving import Store
    from ..registry.packages.settings import indexes
    from ..registry.packages.simple import Index

    index, npm = Index(urls or indexes(), allowance=allowance), NpmStore(npm_registry or registry(), allowance)
    gem = GemStore(gem_url or gem_index(), allowance)
    try:
        return refresh_packages(lock, asked, Store(index), now, npm=npm, gem=gem, update=update, prune=prune)
    finally:
        index.close()
        npm.close()
        gem.close()
