"""The names of packages in lock files.

Sources: Bundler's Gemfile.lock (the sections ``specs`` list every gem that is installed); Mix's mix.lock (a line a
package); Poetry's poetry.lock (a table a package); npm's package-lock.json (an entry a folder of node_modules); pnpm's
pnpm-lock.yaml before version 9 (``requiresBuild`` marks what has scripts that build).
"""

from __future__ import annotations

from ...knowledge.package_indexes import usual_index
from ...patterns import re
from ...record import record
from ...text.structured import read_json
from .old_npm_lock import packages_of

_GEM = re.compile(r"^    ([A-Za-z0-9][A-Za-z0-9_.-]*) \(([^)\n]*)\)", re.M)
_SECTION = re.compile(r"^([A-Z][A-Z ]*)\n((?:[ \t].*\n|\n(?=[ \t]))*)", re.M)
_FOREIGN = re.compile(r"[^-]*+-(?:.*(?:darwin|mingw|mswin|musl|windows)|(?:.*-)?java\Z)")
_REMOTE = re.compile(r"^  remote: (\S+)$", re.M)
_HEX = re.compile(r'^[^\S\n]*+"([a-z][a-z0-9_]*)": ', re.M)
_LOCKED = re.compile(r'^\[\[package\]\]\nname = "([^"]+)"', re.M)
_MODULE = re.compile(r'"(?:[^"]*/)?node_modules/((?:@[^"/]+/)?[^"/]+)": *\{')
_PNPM_VERSION = re.compile(r"^lockfileVersion: '?(\d+)", re.M)
_PNPM_PACKAGE = re.compile(r"^  /((?:@[^/@\s]+/)?[^/@\s]+)[@/][^\n]*:$", re.M)
_PNPM_SINCE = 9


@record
class Locked:
    """A package of pnpm's lock file, and whether it ``builds`` something when it is installed."""

    name: str
    builds: bool


@record
class LockedGem:
    """A gem of a Gemfile.lock: its version, with a platform if it has one; ``usual``: of the usual index."""

    name: str
    version: str
    usual: bool

    @property
    def foreign(self) -> bool:
        """Whether it is for another system than Linux with the GNU C library."""
        return _FOREIGN.match(self.version) is not None

    @property
    def requirement(self) -> str:
        """What asks the index for it."""
        return f"{self.name}=={self.version}"


def gems(text: str) -> tuple[LockedGem, ...]:
    """The gems of a Gemfile.lock."""
    found = []
    for section, body in _SECTION.findall(text.replace("\r\n", "\n").rstrip("\n") + "\n"):
        remotes = {one.rstrip("/") for one in _REMOTE.findall(body)}
        usual = section == "GEM" and remotes == {usual_index("gem")}
        found += [LockedGem(name, version, usual) for name, version in _GEM.findall(body)]
    return tuple(found)


def mix_packages(text: str) -> tuple[str, ...]:
    """The packages of a mix.lock."""
    return tuple(_HEX.findall(text))


def poetry_packages(text: str) -> tuple[str, ...]:
    """The packages of a poetry.lock."""
    return tuple(_LOCKED.findall(text))


def npm_packages(text: str) -> tuple[str, ...]:
    """The packages of a package-lock.json."""
    found = tuple(_MODULE.findall(text))
    if found:
        return found
    try:
        data = read_json(text)
    except (ValueError, RecursionError):
        return ()
    places = packages_of(data) if isinstance(data, dict) else None
    return tuple(place.rpartition("node_modules/")[2] for place in places or () if place)


def pnpm_packages(text: str) -> tuple[Locked, ...] | None:
    """The packages of a pnpm-lock.yaml; None for one that does not mark what builds."""
    version = _PNPM_VERSION.search(text)
    if version is None or int(version[1]) >= _PNPM_SINCE:
        return None
    found = list(_PNPM_PACKAGE.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return tuple(
        Locked(match[1], "requiresBuild: true" in text[match.end() : end])
        for match, end in zip(found, ends, strict=False)
    )
