"""The exact versions that lock files of Python projects name, as requirements of an index.

Sources: uv's documentation, "Project structure" (uv.lock); Poetry's documentation of poetry.lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...text.structured import read_toml

#: The lock file of each manager that follows one.
LOCKS: Mapping[str, str] = {"uv": "uv.lock", "poetry": "poetry.lock"}
_OWN = ("virtual", "editable")


def exact_requirements(text: str) -> tuple[str, ...] | None:
    """``name==version`` for each package that the lock file *text* takes from an index.

    The project itself and the members of its workspace do not count. None where another one comes from the disk, from
    git or from an address, or where the text cannot be read.
    """
    try:
        packages = read_toml(text).get("package", [])
    except ValueError:
        return None
    found: list[str] = []
    for one in packages if isinstance(packages, list) else [None]:
        if not isinstance(one, dict):
            return None
        source: Any = one.get("source", {"registry": ""})
        if not isinstance(source, dict):
            return None
        # The project itself, and members of its workspace.
        if any(isinstance(source.get(key), str) and not source[key].startswith(("/", "..")) for key in _OWN):
            continue
        # Poetry names the source of what does not come from the index that it asks by default.
        if "registry" not in source or source.get("type") not in (None, "legacy"):
            return None
        found.append(f"{one.get('name')}=={one.get('version')}")
    return tuple(found)
