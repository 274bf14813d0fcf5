"""What the JavaScript in a package of npm names that only full images have, file by file, and which files are loaded.

Packages ship what only their makers run, beside what programs load. What counts is what the package's entry points
reach, and what other code loads by its path.

Sources: npm documentation, "package.json" (main, exports, bin); Node.js documentation, "Modules: Packages" (entry
points) and "Modules: CommonJS modules" (how a path is resolved).
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import IO, Any

from ...analysis.packages.javascript import ENDINGS, asks_unseen, modules_named
from ...knowledge.larger import larger
from ...patterns import re
from ...record import evolve, record
from ...text.structured import read_json
from .addon import UNKNOWN, Addon, addon, prebuilt
from .archives import unpacked_libraries
from .unpacking import tar, too_large, too_many, unpacking

_MAX_FILES, _MAX_BYTES, _MAX_TEXT = 50_000, 256 * 1024 * 1024, 4 * 1024 * 1024
_CODE = (".js", ".cjs", ".mjs")
_ASIDE = re.compile(r"(?:^|/)(?:tests?|__tests__|docs?|examples?|benchmarks?|node_modules)/|\.min\.|\.test\.")
_STARTS = re.compile(r"\b(?:child_process|execa|cross-spawn|shelljs|spawn|execFile|execSync|spawnSync)\b")
_LITERAL = re.compile(r"""(?P<before>[(\[=,:?]|\breturn\b)\s*(?P<quote>['"`])(?P<text>[^'"`\n]{1,200})(?P=quote)""")
#: What stands before the bracket of a call that may start a program: a name that says so, or one that a minifier made.
_STARTER = re.compile(
    r"(?:(?i:exec|spawn|fork|run|shell|start|launch|invoke|call|proc|which|cmd|tool|command_?exists)\w*(?:\.\w+)?"
    r"|(?<![\w$])\w*(?i:sh|bin)|\$|(?<![\w$.])[\w$]{1,2}|(?i:exec|spawn)\w*\))\s*\Z"
)
_ASSIGNED = re.compile(r"(?<![\w$])([\w$]{1,60})\s*\Z")
_LOOK_BACK = 80
_QUOTED = re.compile(r"""[\s(]*['"]([^'"\s./][^'"\s]*)['"]""")


@record
class Code:
    """The programs of full images that each file names (``named``), the files of the package that each loads
    (``loads``; None where it loads what only shows when it runs), the ``entries`` that are loaded by the package's
    name, and the paths into other packages that its files load (``deep``, each with the package's name before it).
    ``closed``: Node.js refuses to load other files than the entries from outside. ``gyp``: a binding.gyp says how it
    is compiled; ``addon`` what that makes, and ``libraries`` those that what comes compiled is linked to and that slim
    images lack, each with the file.
    """

    named: Mapping[str, tuple[str, ...]]
    loads: Mapping[str, tuple[str, ...] | None]
    entries: tuple[str, ...]
    deep: frozenset[str]
    closed: bool
    gyp: bool = False
    addon: Addon = UNKNOWN
    libraries: tuple[str, ...] = ()

    def uses(self, by_path: Iterable[str] = ()) -> tuple[str, ...]:
        """What the files name that are loaded by the package's name or *by_path*: each program with a file."""
        reached: set[str] = set()
        waiting = [*self.entries, *by_path]
        while waiting:
            path = _resolved(waiting.pop(), self.loads)
            if path is None or path in reached:
                continue
            reached.add(path)
            following = self.loads[path]
            if following is None:
                return _by_program(self.named)
            waiting += following
        return _by_program({path: found for path, found in self.named.items() if path in reached})

    def aside(self, uses: Collection[str]) -> tuple[str, ...]:
        """What files name beside those that *uses* rests on: it counts for who loads them by their paths."""
        return () if self.closed else tuple(sorted(set(_by_program(self.named)) - set(uses)))


#: What is known of the code of a package that is not looked into.
NOTHING = Code({}, {}, (), frozenset(), closed=True)


def read(content: IO[bytes], name: str) -> Code:
    """The code in the tarball *content* of the package *name*. Raises ``RegistryError`` where that cannot be read."""
    texts: dict[str, str] = {}
    gyps: dict[str, str] = {}
    needed: dict[str, tuple[str, ...]] = {}
    paths: set[str] = set()
    total = 0
    with unpacking(name, "package of npm") as unpacked:
        with tar(content, name) as archive:
            for number, entry in enumerate(archive):
                total += entry.size
                if number > _MAX_FILES:
                    raise too_many(name, _MAX_FILES)
                if total > _MAX_BYTES:
                    raise too_large(name, "what is in it", _MAX_BYTES)
                path = entry.name.partition("/")[2]
                paths.add(path)
                stream = archive.extractfile(entry) if entry.isfile() else None
                if stream is not None and any(prebuilt((path,))):
                    needed[path] = unpacked_libraries(stream, name, path)
                    continue
                build = path.endswith((".gyp", ".gypi"))
                wanted = build or path == "package.json" or (path.endswith(_CODE) and not _ASIDE.search(path))
                if stream is not None and wanted and entry.size <= _MAX_TEXT:
                    unpacked.count(entry.size)
                    (gyps if build else texts)[path] = stream.read().decode("utf-8", "replace")
        package = _package(texts.pop("package.json", ""))
        code = _code(package, texts)
        made = addon(package, paths, gyps)
        missing = {one: path for path, named in needed.items() for one in named if one not in larger().present}
        libraries = tuple(sorted(f"{one} ({path})" for one, path in missing.items())) if made.idle else ()
        return evolve(code, gyp="binding.gyp" in paths, addon=made, libraries=libraries)


def _code(package: Mapping[str, Any], texts: dict[str, str]) -> Code:
    deep = frozenset(one for text in texts.values() for one in _paths_into(text))
    named = {path: found for path, text in texts.items() if (found := tuple(sorted(set(_named(text)))))}
    # Most packages name nothing: which of their files are loaded makes no difference. Where an entry may load anything,
    # that is all there is to know.
    entries = tuple(_entries(package, texts)) if named else ()
    loads = _followed(entries, texts)
    if None not in loads.values() and not named.keys() <= loads.keys():
        loads = {path: _loads(path, text) for path, text in texts.items()}
    return Code(named, loads, entries, deep, "exports" in package)


def _package(text: str) -> Mapping[str, Any]:
    try:
        found = read_json(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _entries(package: Mapping[str, Any], texts: Collection[str]) -> Iterator[str]:
    """The files that are loaded by the package's name, or started by the name of one of its programs."""
    main = package.get("main")
    yield posixpath.normpath(main) if isinstance(main, str) and main else "index"
    waiting = [package.get(key) for key in ("exports", "module", "browser", "bin")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            before, star, behind = posixpath.normpath(value).partition("*")
            if not star:
                yield before
                continue
            yield from (path for path in texts if path.startswith(before) and path.endswith(behind))


def _paths_into(text: str) -> Iterator[str]:
    """The paths into other packages that *text* loads, each with the package's name before it."""
    for word in ("require(", "import", "from"):
        # Searched for as plain text: there are hundreds of megabytes of it.
        at = text.find(word)
        while at >= 0:
            at += len(word)
            found = _QUOTED.match(text, at)
            if found is not None and found[1].count("/") > found[1].startswith("@"):
                yield found[1]
            at = text.find(word, at)


def _followed(entries: Iterable[str], texts: Mapping[str, str]) -> dict[str, tuple[str, ...] | None]:
    """What the files load that *entries* reach; it ends with the first file of which that is not known."""
    found: dict[str, tuple[str, ...] | None] = {}
    waiting = list(entries)
    while waiting:
        path = _resolved(waiting.pop(), texts)
        if path is None or path in found:
            continue
        following = found[path] = _loads(path, texts[path])
        if following is None:
            break
        waiting += following
    return found


def _loads(path: str, text: str) -> tuple[str, ...] | None:
    """The files of the package that *text* loads; None where only running it tells."""
    if asks_unseen(text):
        return None
    names = tuple(modules_named(text))
    if any(name is None or name.startswith(("#", "/")) for name in names):
        return None
    folder = posixpath.dirname(path)
    return tuple(posixpath.normpath(posixpath.join(folder, name)) for name in names if name and name.startswith("."))


def _resolved(asked: str, files: Collection[str]) -> str | None:
    """The file that *asked* stands for; None where it is none of JavaScript."""
    return next((asked + ending for ending in ENDINGS if asked + ending in files), None)


def _named(text: str) -> Iterator[str]:
    """The programs of full images that *text* names, where it starts any."""
    if not _STARTS.search(text):
        return
    known = larger()
    for one in _LITERAL.finditer(text):
        words = one["text"].split()
        program = posixpath.basename(words[0]) if words else ""
        if one["before"] not in "([=":
            continue
        if program in known.programs or (program in known.words and _started(text, one.start(), one["before"])):
            yield program


def _started(text: str, at: int, before: str) -> bool:
    """Whether the literal behind the sign *before* at *at* is handed to what may start a program."""
    ahead = text[max(0, at - _LOOK_BACK) : at].rstrip()
    if before == "[" and ahead[-1:] in ("(", "="):
        before, ahead = ahead[-1], ahead[:-1].rstrip()
    if before == "(":
        return _STARTER.search(ahead) is not None
    name = _ASSIGNED.search(ahead) if before == "=" else None
    if name is None:
        return False
    handed = re.compile(rf"\(\s*(?:\.\.\.)?{re.escape(name[1])}\b")
    return any(_STARTER.search(text[max(0, one.start() - _LOOK_BACK) : one.start()]) for one in handed.finditer(text))


def _by_program(named: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for path, programs in named.items():
        for program in programs:
            found.setdefault(program, path)
    return tuple(sorted(f"{program} ({path})" for program, path in found.items()))
