"""Which packages hold the shared libraries of a development package."""

from __future__ import annotations

from .tables import table


def libraries(package: str, family: str, release: str | None) -> tuple[str, ...] | None:
    """The packages with what programs built with *package* are linked to; empty for none, None where not known.

    *family* is ``debian`` or ``alpine``, *release* the codename of a Debian release (Ubuntu's are not known).
    """
    data = table("libraries")
    if package in data["none"].get(family, ()):
        return ()
    entry = data.get(family, {})
    names = entry.get(package)
    if names is None:
        names = entry.get("release", {}).get(package, {}).get(release)
    return None if names is None else tuple(names)
