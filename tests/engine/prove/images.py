"""Root filesystems, images and observations in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockerslim_rewrite.engine.archive import Image
from dockerslim_rewrite.engine.interface import ImageConfig, RunOutcome, StartOutcome
from dockerslim_rewrite.engine.prove.access import Account
from dockerslim_rewrite.engine.prove.elf import Elf, Programs
from dockerslim_rewrite.engine.prove.observe import Observed
from dockerslim_rewrite.engine.rootfs import Entry, Kind, RootFilesystem


def filesystem(*paths: str, mode: int = 0o755) -> RootFilesystem:
    """Files at *paths*, with the folders above them; ``path=content`` says what is in one."""
    files = RootFilesystem()
    plain = [path.partition("=")[0] for path in paths]
    folders = {"/".join(path.split("/")[:count]) for path in plain for count in range(2, path.count("/") + 1)}
    files.apply([(folder, Entry(Kind.DIRECTORY, 0o755, 0, 0)) for folder in sorted(folders)])
    for path in paths:
        name, _, content = path.partition("=")
        files.apply([(name, Entry(Kind.FILE, mode, 0, 0, content or name, 1))])
    return files


def image(*paths: str, packages: Mapping[str, tuple[str, ...]] | None = None, **config: Any) -> Image:
    owned = {name: frozenset(listed) for name, listed in (packages or {}).items()}
    return Image((), ImageConfig(config), filesystem(*paths), owned)


def observed(
    built: Image,
    *,
    elf: dict[str, Elf] | None = None,
    texts: dict[str, str] | None = None,
    user: int = 0,
    start: StartOutcome | None = None,
    smoke: RunOutcome | None = None,
    imports: dict[str, dict[str, str]] | None = None,
) -> Observed:
    programs = Programs(elf or {}, built.files, frozenset())
    return Observed(built, programs, texts or {}, Account(user, frozenset((user,))), start, smoke, imports or {})
