"""The lock file of npm up to version 6, told as later ones tell it.

Sources: npm v6 documentation, "package-lock.json"; npm v7, "package-lock.json" (``lockfileVersion``, ``packages``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...patterns import re

#: More than any project has.
_MOST = 20_000
_RANGE = re.compile(r"(?P<kind>[\^~]?)(?P<version>\d{1,9}\.\d{1,9}\.\d{1,9})\Z")


def packages_of(lock: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The packages of *lock* by the places where they are installed; None where it does not list them.

    An old one does not say who has scripts for the installation: each may.
    """
    packages = lock.get("packages")
    if isinstance(packages, dict):
        return packages
    if lock.get("lockfileVersion") != 1 or not isinstance(lock.get("dependencies"), dict):
        return None
    found: dict[str, Any] = {"": {}}
    waiting: list[tuple[str, Any]] = [("", lock["dependencies"])]
    while waiting:
        place, entries = waiting.pop()
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(entry, dict) or len(found) > _MOST:
                return None
            at = f"{place}node_modules/{name}"
            found[at] = {
                "version": entry.get("version"),
                "resolved": entry.get(
                    "resolved", entry.get("version") if ":" in str(entry.get("version")) else "https://"
                ),
                "dev": entry.get("dev"),
                "hasInstallScript": True,
            }
            waiting.append((f"{at}/", entry.get("dependencies")))
    return found


def is_in_step(lock: Mapping[str, Any], package: Mapping[str, Any]) -> bool:
    """Whether npm takes all that *package* (its package.json) asks for at the versions of *lock*, an old one."""
    entries = lock.get("dependencies")
    for key in ("dependencies", "devDependencies", "optionalDependencies"):
        wanted = package.get(key, {})
        if not isinstance(wanted, dict) or not isinstance(entries, dict):
            return False
        for name, one in wanted.items():
            entry = entries.get(name)
            if not isinstance(entry, dict) or not _allows(str(one), str(entry.get("version"))):
                return False
    return True


def _allows(wanted: str, version: str) -> bool:
    """Whether *wanted*, one version or those that are compatible with it, allows *version*."""
    match, exact = _RANGE.match(wanted), _RANGE.match(version)
    if match is None or exact is None or exact["kind"]:
        return False
    least = tuple(map(int, match["version"].split(".")))
    found = tuple(map(int, version.split(".")))
    if not match["kind"]:
        return found == least
    fixed = 2 if match["kind"] == "~" or not least[0] else 1
    return found >= least and found[:fixed] == least[:fixed] and (least[:2] != (0, 0) or found == least)
