"""Which indexes pip asks on this machine: its configuration files and environment variables.

Sources: pip's user guide, "Configuration" and "pip install"; the simple repository interface is the same for all.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...knowledge.package_indexes import usual_index
from ...regular import read_text


def indexes(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The addresses of pip's indexes, the first one first; *environment* replaces that of this process.

    A file that cannot be read counts as none, as for pip without ``-v``.
    """
    environment = os.environ if environment is None else environment
    first = usual_index("pypi")
    further: list[str] = []
    for path in _files(environment):
        reader = configparser.RawConfigParser()
        try:
            reader.read_string(read_text(path))
        except (OSError, configparser.Error):
            continue
        for section in ("global", "install"):
            first = reader.get(section, "index-url", fallback=first)
            further = reader.get(section, "extra-index-url", fallback=" ".join(further)).split()
    first = environment.get("PIP_INDEX_URL") or first
    further = environment.get("PIP_EXTRA_INDEX_URL", " ".join(further)).split()
    return tuple(dict.fromkeys(one.strip().rstrip("/") for one in (first, *further)))


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """The configuration files, each overriding those before it."""
    chosen = environment.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return
    home = Path(environment.get("HOME") or "/")
    for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
        yield Path(folder) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield home / ".pip" / "pip.conf"
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    if environment.get("VIRTUAL_ENV"):
        yield Path(environment["VIRTUAL_ENV"]) / "pip.conf"
    if chosen:
        yield Path(chosen)
