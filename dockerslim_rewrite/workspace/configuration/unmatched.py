"""Patterns of a configuration that match nothing: mostly slips of those who wrote them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from .load import ConfigFile
from .resolve import Configuration, matches

#: What a pattern has no use for without a file; people leave out in advance what there may be one day.
_KEYS: Final = ("contexts", "build-args", "per-file")
_MARKS: Final = frozenset("*?[")


def unmatched(configuration: Configuration, folders: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    """A line for each pattern that matches none of the Dockerfiles *found* in *folders*, for the configuration files
    that lie there. Raises ``ConfigError``.
    """
    roots = [Path(os.path.realpath(folder)) for folder in folders]
    paths = [Path(path) for path in found]
    for config in _files(configuration, (*(Path(one) / "Dockerfile" for one in folders), *paths)):
        home = Path(os.path.realpath(config.path.parent))
        if not any(home.is_relative_to(root) for root in roots):
            continue
        for key in _KEYS:
            for pattern in config.values.get(key, {}):
                if not _fits(pattern, paths, config):
                    yield f"{config.path}: {key} {pattern!r}: matches no Dockerfile"


def _files(configuration: Configuration, paths: Iterable[Path]) -> Iterator[ConfigFile]:
    """The configuration files that count for *paths*, each once."""
    seen: set[Path] = set()
    folders: set[Path] = set()
    for path in paths:
        if path.parent in folders:
            continue
        folders.add(path.parent)
        config = configuration.file_for(path)
        for one in config.chain if config is not None else ():
            if one.path not in seen:
                seen.add(one.path)
                yield one


def _fits(pattern: str, paths: Iterable[Path], config: ConfigFile) -> bool:
    if pattern.endswith(".py") or any(matches(pattern, path, config) for path in paths):
        return True
    # Files with other names are only taken where somebody names them.
    return _MARKS.isdisjoint(pattern) and os.path.lexists(config.path.parent / pattern)
