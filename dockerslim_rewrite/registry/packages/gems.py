"""What the index of Ruby's gems has of the versions that a Gemfile.lock names: what compiles, loads and starts what.

Sources: RubyGems guides, "Compact Index API" (``/info/NAME``) and "Specification Reference" (extensions, executables);
Gem::Package (a tar archive of ``metadata.gz`` and ``data.tar.gz``); bundle-config(1), "Mirrors of gem sources".
Nothing of a gem runs.
"""

from __future__ import annotations

import os
import posixpath
import tarfile
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from ...analysis.locked import PackageEntry
from ...knowledge.larger import larger
from ...knowledge.package_indexes import usual_index
from ...patterns import re
from ...record import record
from ...regular import read_text
from ..crew import crew
from ..errors import RegistryError
from ..limits import Allowance
from .archives import unpacked_libraries
from .resolving import Unresolved
from .simple import Index, IndexFile
from .unpacking import Unpacking, tar, too_large, too_many, unpacking

_MAX_PAGE, _MAX_TEXT, _MAX_LIBRARY = 16 * 1024 * 1024, 4 * 1024 * 1024, 256 * 1024 * 1024
_MAX_FILES, _MAX_BYTES = 50_000, 512 * 1024 * 1024
_WORKERS = 8
_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[0-9][\w.-]*)\Z")
_ASIDE = re.compile(r"(?:^|/)(?:tests?|specs?|features|docs?|examples?|benchmarks?)/|(?:_test|_spec)\.rb\Z")
_STARTS = re.compile(r"`|%x|\b(?:system|exec|spawn|popen\w*|Open3|Terrapin|Cocaine|MiniMagick|TTY::Command)\b")
_LITERAL = re.compile(r"""(?P<before>[(\[=,:\s]|%x)(?P<quote>['"`({\[])(?P<text>[^'"`(){}\[\]\n]{1,200})""")
_LOADS = re.compile(r"\b(?:ffi_lib|Fiddle\.dlopen|Fiddle::Handle|FFI::DynamicLibrary|dlload)\b")


@record
class Gem:
    """What is in a gem: the ``extensions`` that installing it builds, and as in ``PackageEntry``."""

    extensions: tuple[str, ...]
    libraries: tuple[str, ...]
    uses: tuple[str, ...]
    bins: tuple[str, ...]


def gem_index(environment: Mapping[str, str] | None = None) -> str:
    """The index that Bundler asks: a mirror that it is told of, or the usual one."""
    environment = os.environ if environment is None else environment
    # Dots of a setting's name are doubled underscores in a variable's.
    told = usual_index("gem").upper().replace(".", "__")
    names = ("BUNDLE_MIRROR__ALL", f"BUNDLE_MIRROR__{told}/", f"BUNDLE_MIRROR__{told}")
    for name in names:
        if environment.get(name, "").startswith(("https://", "http://")):
            return environment[name].rstrip("/")
    try:
        text = read_text(Path(environment.get("HOME") or "/") / ".bundle" / "config")
    except OSError:
        text = ""
    pattern = rf"^(?:{'|'.join(map(re.escape, names))}):\s*\"?([^\s\"]+)\"?\s*$"
    found = re.search(pattern, text, re.MULTILINE | re.IGNORECASE)
    return found[1].rstrip("/") if found is not None else usual_index("gem")


class GemStore:
    """What was asked of the index at *url*, kept for as long as one lock is made."""

    def __init__(self, url: str, allowance: Allowance | None = None) -> None:
        self._url = url.rstrip("/")
        self._index = Index((url,), allowance=allowance)

    def close(self) -> None:
        """Close all connections."""
        self._index.close()

    def look(self, requirement: str) -> Gem:
        """What is in the gem that *requirement* (``name==version``, with a platform where it has one) names.

        Raises ``Unresolved`` where the index has none, ``RegistryError`` where it cannot be read.
        """
        named = _NAME.match(requirement)
        if named is None:
            raise Unresolved(f"{requirement} is no gem of an index")
        name, version = urllib.parse.quote(named["name"]), named["version"]
        page, _ = self._index.get(f"{self._url}/info/{name}", "text/plain", _MAX_PAGE)
        line = next((one for one in page.decode("utf-8", "replace").splitlines() if one.split(" ")[0] == version), None)
        if line is None:
            raise Unresolved(f"{named['name']}: the index has no version {version}")
        digest = re.search(r"[|,]checksum:([0-9a-f]{64})(?:,|\Z)", line)
        url = f"{self._url}/gems/{name}-{urllib.parse.quote(version)}.gem"
        file = IndexFile(f"{requirement}.gem", url, digest[1] if digest else "", "", False, False, None)
        with self._index.content(file) as content:
            return gem(content, requirement)


def gem(content: IO[bytes], name: str) -> Gem:
    """What is in the gem *content*, called *name*. Raises ``RegistryError`` for what is none."""
    with unpacking(name, "gem") as unpacked:
        with tar(content, name) as outer:
            packed = _member(outer, "metadata.gz").read(_MAX_TEXT)
            metadata = _inflated(packed, name).decode("utf-8", "replace")
            texts, needed, own = _files(_member(outer, "data.tar.gz"), name, unpacked)
        uses = tuple(_used(texts))
    present = own | larger().present
    # Every image of Ruby has its own library.
    lacking = {soname: path for soname, path in needed.items() if not soname.startswith("libruby.so")}
    libraries = tuple(sorted(f"{soname} ({path})" for soname, path in lacking.items() if soname not in present))
    return Gem(_listed(metadata, "extensions"), libraries, uses, _listed(metadata, "executables"))


def answers(asked: Iterable[str], store: GemStore, now: datetime, failed: dict[str, str]) -> dict[str, PackageEntry]:
    """The entries for the gems *asked* by name and version; why others have none goes into *failed*."""
    wanted = tuple(dict.fromkeys(asked))

    def look(requirement: str) -> Gem | str:
        try:
            return store.look(requirement)
        except (RegistryError, Unresolved) as error:
            return str(error)

    with crew(_WORKERS) as pool:
        looked = dict(zip(wanted, pool.map(look, wanted), strict=True))
    found: dict[str, PackageEntry] = {}
    for requirement, one in looked.items():
        if isinstance(one, str):
            failed[requirement] = one
            continue
        found[requirement] = PackageEntry(
            asked=(requirement,),
            requires=(),
            compiled=bool(one.extensions),
            libraries=one.libraries,
            uses=one.uses,
            bins=one.bins,
            locked=now.astimezone(UTC).replace(microsecond=0),
        )
    return found


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    stream = archive.extractfile(name)
    if stream is None:
        raise KeyError(name)
    return stream


def _inflated(content: bytes, name: str) -> bytes:
    """The metadata of the gem *name* that gzip made *content* of. Raises ``RegistryError`` where they are too large."""
    found = zlib.decompressobj(wbits=31).decompress(content, _MAX_TEXT + 1)
    if len(found) > _MAX_TEXT:
        raise too_large(name, "its metadata", _MAX_TEXT)
    return found


def _listed(metadata: str, key: str) -> tuple[str, ...]:
    """The list under *key* in the YAML that RubyGems writes: one plain word a line."""
    match = re.search(rf"^{key}:(.*)\n((?:- .*\n)*)", metadata + "\n", re.M)
    if match is None:
        return ()
    if match[1].strip() not in ("", "[]"):
        return (match[1].strip(),)
    return tuple(line[2:].strip().strip("'\"") for line in match[2].splitlines())


def _files(
    data: IO[bytes], name: str, unpacked: Unpacking
) -> tuple[list[tuple[str, str]], dict[str, str], frozenset[str]]:
    """The Ruby code in *data*, the libraries that its shared objects need, and the names of those that it has."""
    texts: list[tuple[str, str]] = []
    needed: dict[str, str] = {}
    own: set[str] = set()
    total = 0
    with tar(data, name) as archive:
        for number, entry in enumerate(archive):
            total += entry.size
            if number > _MAX_FILES:
                raise too_many(name, _MAX_FILES)
            if total > _MAX_BYTES:
                raise too_large(name, "what is in it", _MAX_BYTES)
            library = re.search(r"\.so(?:\.\d+)*\Z", entry.name) is not None
            ruby = entry.name.endswith(".rb") or entry.name.startswith(("exe/", "bin/"))
            code = ruby and not _ASIDE.search(entry.name)
            if not entry.isfile() or entry.size > (_MAX_LIBRARY if library else _MAX_TEXT) or not (library or code):
                continue
            stream = archive.extractfile(entry)
            assert stream is not None
            if code:
                unpacked.count(entry.size)
                texts.append((entry.name, stream.read().decode("utf-8", "replace")))
                continue
            own.add(posixpath.basename(entry.name))
            for soname in unpacked_libraries(stream, name, entry.name):
                needed.setdefault(soname, entry.name)
    return texts, needed, frozenset(own)


def _used(texts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The programs of full images that code names, and what it loads, each with a file that does."""
    known = larger()
    found: dict[str, str] = {}
    for path, text in texts:
        bare = re.sub(r"(?m)^\s*#.*$|^=begin\b[^\0]*?^=end\b", "", text)
        if _LOADS.search(bare):
            found.setdefault("a shared library", path)
        if not _STARTS.search(bare):
            continue
        for one in _LITERAL.finditer(bare):
            words = one["text"].split()
            program = posixpath.basename(words[0]) if words else ""
            if program in known.programs or (program in known.words and len(words) > 1 and one["quote"] == "`"):
                found.setdefault(program, path)
    return iter(sorted(f"{program} ({path})" for program, path in found.items()))
