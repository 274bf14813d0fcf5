"""Which files belong to which package of a distribution, from the lists that package managers keep in the image.

Facts: dpkg keeps ``/var/lib/dpkg/info/NAME.list``, one path a line (dpkg(1)); apk keeps all in ``lib/apk/db/installed``
with ``P:`` for a package, ``F:`` for a folder and ``R:`` for a file in it (apk's wiki, "Apk spec"). rpm's database is
binary and is not read: there, files of packages that are gone have to be announced by their paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..patterns import re
from .rootfs import Kind, RootFilesystem

_DPKG = re.compile(r"/var/lib/dpkg/info/([^/]+)\.list\Z")
_APK = re.compile(r"/(?:usr/)?lib/apk/db/installed\Z")


def is_list(path: str) -> bool:
    """Whether a package manager lists files of packages at *path*."""
    return _DPKG.match(path) is not None or _APK.match(path) is not None


def installed(lists: Mapping[str, bytes], files: RootFilesystem) -> dict[str, frozenset[str]]:
    """The paths of each package. *lists* holds the texts of all lists by path, those that *files* lacks included."""
    found: dict[str, frozenset[str]] = {}
    for path, data in lists.items():
        entry = files.get(path)
        if entry is None:
            continue
        text = data.decode("utf-8", "surrogateescape")
        name = _DPKG.match(path)
        packages = [(name[1], text.splitlines())] if name else _apk(text)
        found.update((package, frozenset(_real(one, files) for one in paths)) for package, paths in packages)
    return found


def _apk(text: str) -> Iterator[tuple[str, list[str]]]:
    name, folder, paths = "", "", list[str]()
    for line in (*text.splitlines(), ""):
        key, value = line[:2], line[2:]
        if key == "P:":
            name = value
        elif key == "F:":
            folder = f"/{value}" if value else ""
            paths.append(folder or "/")
        elif key == "R:":
            paths.append(f"{folder}/{value}")
        elif not line and name:
            yield name, paths
            name, folder, paths = "", "", []


def _real(path: str, files: RootFilesystem) -> str:
    """*path* where it lies if ``/bin``, ``/lib``, … are links into ``/usr``, as lists name the old places."""
    first, slash, rest = path[1:].partition("/")
    top = files.get(f"/{first}")
    if slash and top is not None and top.kind is Kind.LINK:
        return f"/{top.content.strip('/')}/{rest}"
    return path


def departed(before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Paths that belong only to packages that *before* has and *after* lacks."""
    gone = {path for name in before.keys() - after.keys() for path in before[name]}
    return frozenset(gone.difference(*after.values()))
