"""Yarn's lock file: every package with its version, and what it asks for.

Both generations write a file of lines in one layout, which is read line by line: what stands in another is no lock file
here. Sources: @yarnpkg/lockfile (classic, "yarn lockfile v1": ``stringify``); @yarnpkg/parsers (``stringifySyml``) and
Yarn documentation, "Lexicon" (descriptor, locator) and "Protocols".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...patterns import re
from ...record import record

_CLASSIC = "# yarn lockfile v1"
_MODERN = "__metadata:"
#: A key with its value, and a key above others, in the layout of each generation.
_PAIR = re.compile(r'(?P<indent> +)(?P<key>"[^"\\]*"|[^\s"\\:,]+) (?P<value>"[^"\\]*"|[^\s"\\]+)\Z')
_MODERN_PAIR = re.compile(r'(?P<indent> +)(?P<key>"[^"\\]*"|[^\s"\\:]+): (?P<value>"[^"\\]*"|[^"\\]+)\Z')
_KEY = re.compile(r'"[^"\\]*"|[^\s"\\,:]+')
_HEAD = re.compile(rf"(?:{_KEY.pattern})(?:, (?:{_KEY.pattern}))*+:\Z")
_SECTION = re.compile(r'(?P<indent> +)(?P<key>"[^"\\]*"|[^\s"\\:,]+):\Z')
_REGISTRY = re.compile(r"https://registry\.(?:yarnpkg\.com|npmjs\.org)/(?P<path>[^#?\s]+)(?:[#?]\S*)?\Z")
_LOCATOR = re.compile(r"(?P<name>(?:@[^/@\s]+/)?[^/@\s]+)@(?P<from>[a-z+.-]+):(?P<rest>\S*)\Z")
#: What Yarn itself changes of some packages, so that they work with it.
_BUILTIN = re.compile(r"#(?:~|optional!)builtin<")
_NAME = re.compile(r"\A((?:@[^/@\s]++/)?+[^/@\s]++)@(.*+)\Z", re.S)
_SYSTEM = re.compile(r"\bos=([\w!]+)")
#: The indents of what an entry says of its package, and of what one key of it holds.
_OWN, _INNER = 2, 4


@record
class YarnPackage:
    """A package of the lock file: ``name`` and ``version`` are those that the registry knows it by, ``requires`` the
    keys of the lock file that it asks for, ``bins`` its programs, where the lock file tells. ``elsewhere`` is where it
    comes from, if not from the usual registry. ``foreign``: the lock file says that it is not for Linux.
    """

    name: str
    version: str
    requires: tuple[str, ...]
    bins: tuple[str, ...] = ()
    elsewhere: str = ""
    foreign: bool = False

    @property
    def requirement(self) -> str:
        """What asks the registry for it."""
        return f"{self.name}@{self.version}"


@record
class YarnLock:
    """The packages by what asks for them (``ms@^2.1.1``, of the ``modern`` generation ``ms@npm:^2.1.1``).
    ``workspaces`` says that several packages of the project share it.
    """

    packages: Mapping[str, YarnPackage]
    modern: bool
    workspaces: bool = False

    def key(self, name: str, wanted: str) -> str:
        """The key of what package.json asks for as *wanted* of the package *name*."""
        return _key(name, wanted, modern=self.modern)

    def reached(self, keys: Iterable[str], free: frozenset[str] = frozenset()) -> tuple[YarnPackage, ...] | None:
        """The packages for Linux that *keys* ask for, with all that those need; None where the lock file lacks one.

        Packages whose names are *free* may be asked for otherwise than the lock file has them.
        """
        by_name: dict[str, list[str]] = {}
        for key in self.packages if free else ():
            by_name.setdefault(_NAME.sub(r"\1", key), []).append(key)
        waiting, seen = list(keys), set[str]()
        # A package with many keys and many needs is gone through once.
        found: dict[int, YarnPackage] = {}
        while waiting:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            name = _NAME.sub(r"\1", key)
            package = self.packages.get(key)
            if package is not None and id(package) not in found and not package.foreign:
                found[id(package)] = package
                waiting += package.requires
            if name in free:
                others = by_name.pop(name, ())
                waiting += others
                if not others and name not in seen:
                    return None
                seen.add(name)
            elif package is None:
                return None
        return tuple(sorted({*found.values()}, key=lambda one: (one.name, one.version)))


def read_yarn_lock(text: str) -> YarnLock | None:
    """The lock file *text*; None for what is none, or is written otherwise than Yarn writes it."""
    lines = text.replace("\r\n", "\n").split("\n")
    modern = _MODERN in lines
    if not modern and _CLASSIC not in lines:
        return None
    packages: dict[str, YarnPackage] = {}
    workspaces = 0
    for head, body in _entries(lines):
        if head == _MODERN:
            continue
        keys, entry = _keys(head, modern=modern), _entry(body, modern=modern)
        if keys is None or entry is None:
            return None
        resolution = entry.own.get("resolution", "")
        if modern and "@patch:" in resolution and _BUILTIN.search(resolution):
            continue
        if modern and "@workspace:" in entry.own.get("resolution", ""):
            workspaces += 1
            continue
        package = _modern(entry) if modern else _classic(keys[0], entry)
        if package is None:
            return None
        packages |= dict.fromkeys(keys, package)
    return YarnLock(packages, modern, workspaces > 1)


@record
class _Entry:
    """What an entry says of its package (``own``), and the keys that hold others with those."""

    own: Mapping[str, str]
    inner: Mapping[str, Mapping[str, str]]


def _entries(lines: Iterable[str]) -> Iterable[tuple[str, list[str]]]:
    """The entries: the line that begins each, and those below it. A key too long for YAML stands between ? and :."""
    head, body = "", list[str]()
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if line == ":" and head.startswith("? ") and not body:
            head = f"{head[2:]}:"
        elif line[0] != " ":
            if head:
                yield head, body
            head, body = line, []
        else:
            body.append(line)
    if head:
        yield head, body


def _keys(head: str, *, modern: bool) -> list[str] | None:
    """The keys in the line *head*: in quotes each, or of the modern generation all together."""
    if _HEAD.match(head) is None:
        return None
    found = [one.strip('"') for one in _KEY.findall(head)]
    keys = found[0].split(", ") if modern and len(found) == 1 else found
    return keys if all(map(_NAME.match, keys)) else None


def _entry(body: Iterable[str], *, modern: bool) -> _Entry | None:
    own: dict[str, str] = {}
    inner: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in body:
        pair = (_MODERN_PAIR if modern else _PAIR).match(line)
        found = pair or _SECTION.match(line)
        if found is None:
            return None
        depth, key = len(found["indent"]), found["key"].strip('"')
        if pair is None and depth == _OWN:
            section = inner.setdefault(key, {})
        elif pair is not None and depth in (_OWN, _INNER):
            (own if depth == _OWN else section)[key] = pair["value"].strip('"')
        elif depth < _INNER or not modern:
            return None
    return _Entry(own, inner)


def _requires(entry: _Entry, *, modern: bool) -> tuple[str, ...]:
    pairs = [pair for key in ("dependencies", "optionalDependencies") for pair in entry.inner.get(key, {}).items()]
    return tuple(_key(name, wanted, modern=modern) for name, wanted in pairs)


def _key(name: str, wanted: str, *, modern: bool) -> str:
    return f"{name}@npm:{wanted}" if modern and not re.match(r"[a-z+.-]+:", wanted) else f"{name}@{wanted}"


def _classic(key: str, entry: _Entry) -> YarnPackage | None:
    version, resolved = entry.own.get("version"), entry.own.get("resolved", "")
    if version is None:
        return None
    requires = _requires(entry, modern=False)
    match = _REGISTRY.match(resolved)
    name, dash, file = (match["path"] if match is not None else "").partition("/-/")
    name = re.sub("%2f", "/", name, flags=re.I)
    if not dash or file != f"{name.rpartition('/')[2]}-{version}.tgz":
        return YarnPackage(_NAME.sub(r"\1", key), version, requires, elsewhere=resolved or "the project itself")
    return YarnPackage(name, version, requires)


def _modern(entry: _Entry) -> YarnPackage | None:
    version, locator = entry.own.get("version"), _LOCATOR.match(entry.own.get("resolution", ""))
    if version is None or locator is None:
        return None
    requires, bins = _requires(entry, modern=True), tuple(entry.inner.get("bin", ()))
    usual = locator["from"] == "npm" and locator["rest"] == version
    systems = set(_SYSTEM.findall(entry.own.get("conditions", "")))
    return YarnPackage(
        locator["name"],
        version,
        requires,
        bins,
        "" if usual else f"{locator['from']}:{locator['rest']}",
        foreign=bool(systems) and "linux" not in systems and not any(one.startswith("!") for one in systems),
    )
