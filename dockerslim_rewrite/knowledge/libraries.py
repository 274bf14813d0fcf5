"""Which packages hold the shared libraries of a development package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .tables import table


def libraries(package: str, family: str, release: str | None) -> tuple[str, ...] | None:
    """The packages with what programs built with *package* are linked to; empty for none, None where not known.

    *family* is ``debian``, ``ubuntu`` or ``alpine``, *release* the codename of a release; None for one of Debian that
    is not known but in service, empty for one that may be old.
    """
    data = table("libraries")
    if package in data["none"].get("debian" if family == "ubuntu" else family, ()):
        return ()
    entry = data.get(family, {})
    names = data["ever"].get(package) if family != "alpine" else None
    if names is None:
        names = entry.get("release", {}).get(package, {}).get(release)
    if names is None and _agrees(data, family, release) and (release != "" or package not in entry.get("release", {})):
        names = entry.get(package)
    if names is None and release is None and family == "debian":
        # It may be any that is in service, so all of them have to agree.
        lists = [*entry.get("release", {}).get(package, {}).values()]
        names = lists[0] if len(lists) > 1 and all(one == lists[0] for one in lists) else None
    return None if names is None else tuple(names)


def serves_builds(package: str, family: str) -> bool:
    """Whether *package* of *family* (as above) only serves builds, whatever its libraries are in which release."""
    data = table("libraries")
    entry = data.get(family, {})
    known = (
        data["ever"],
        data["none"].get("debian" if family == "ubuntu" else family, ()),
        entry,
        entry.get("release", {}),
    )
    return package != "release" and any(package in names for names in known)


def _agrees(data: Mapping[str, Any], family: str, release: str | None) -> bool:
    """Whether *release* is among those for which one list of *family* holds."""
    known = data["releases"].get(family)
    return known is None or release in known or (not release and family == "debian")


def package_of(soname: str) -> str | None:
    """Debian's development package whose libraries hold *soname*; None where it is not known."""
    found: str | None = table("libraries")["soname"].get(soname)
    return found


def development_package(library: str) -> str | None:
    """Debian's development package of a *library* as linkers (``-l``) or CMake name it.

    Empty for one that every Debian has, None where it is not known.
    """
    data = table("libraries")
    if library in data["none"]["linker"]:
        return ""
    found: str | None = data["linker"].get(library)
    return found
