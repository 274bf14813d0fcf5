"""What a package manager leaves behind, in bytes: measured, with the data file saying how and when."""

from __future__ import annotations

from collections.abc import Iterable

from ..patterns import re
from .tables import table

#: Since this minor version Go compiles its standard library itself.
_GO_COMPILES = 20
_GO = re.compile(r"1\.(\d+)(?!\d)")
_NAME = re.compile(r"@?[A-Za-z0-9][\w.-]*(?:/[\w.-]+)?")


def package_lists(release: str | None) -> int:
    """apt's lists after an update, on the *release* (a codename) of Debian or another distribution."""
    lists = table("savings")["apt"]
    found: int = lists["releases"].get(release, lists["default"])
    return found


def go_cache(tag: str | None) -> int:
    """Go's build cache after building a small service, with the Go that an image of that *tag* (1.19-alpine, …) has."""
    known = table("savings")["go"]
    version = _GO.match(tag or "")
    old = version is not None and int(version[1]) < _GO_COMPILES
    found: int = known["compiled_library" if old else "default"]
    return found


def language_cache(manager: str, packages: Iterable[str], *, listed: bool) -> int | None:
    """The cache of *manager* (pip, npm, …) after installing *packages*, as written on its command line.

    *listed* says that packages are named in a file instead, or beside. None where one of them was not measured: what is
    not known is not guessed.
    """
    known = table("savings").get(manager)
    if known is None or listed:
        return None
    named = [found[0].lower() for word in packages if (found := _NAME.match(word))]
    sizes = [known["packages"].get(name) for name in named]
    return None if None in sizes else sum(size for size in sizes if size is not None)
