"""Which shared libraries the programs and libraries of an image need, and whether its loader finds them.

Sources: ld.so(8) (DT_RPATH and DT_RUNPATH with ``$ORIGIN``, LD_LIBRARY_PATH, ``/etc/ld.so.cache``, then ``/lib`` and
``/usr/lib``), Debian's multiarch folders, and musl's fixed path. Reading takes pyelftools (the extra ``prove``).
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Callable, Iterable, Mapping

from ...patterns import re
from ...record import record
from ..interface import EngineError
from ..rootfs import RootFilesystem
from .follow import follow

#: The loader's default folders, Debian's by architecture among them.
_DEFAULT = ("/lib", "/usr/lib", "/lib64", "/usr/lib64")
_TRIPLETS = {
    "EM_X86_64": "x86_64-linux-gnu",
    "EM_AARCH64": "aarch64-linux-gnu",
    "EM_ARM": "arm-linux-gnueabihf",
    "EM_386": "i386-linux-gnu",
    "EM_PPC64": "powerpc64le-linux-gnu",
    "EM_S390": "s390x-linux-gnu",
    "EM_RISCV": "riscv64-linux-gnu",
}
_CACHED = re.compile(rb"(/[\x21-\x7e]*/[\x21-\x7e]+\.so[\x21-\x7e]*)\x00")
CACHE = "/etc/ld.so.cache"


@record
class Elf:
    """What the dynamic section of one file says; ``paths`` are its RPATH or RUNPATH, ``loader`` its interpreter."""

    machine: str
    needed: tuple[str, ...]
    paths: tuple[str, ...]
    loader: str | None


def reader() -> Callable[[bytes], Elf | None]:
    """A function that reads one ELF file, None for what is none or is not linked dynamically.

    Raises ``EngineError`` with what to install where pyelftools is missing.
    """
    try:
        from elftools.common.exceptions import ELFError
        from elftools.elf.dynamic import DynamicSegment
        from elftools.elf.elffile import ELFFile
        from elftools.elf.segments import InterpSegment
    except ImportError:
        raise EngineError(
            "proofs read programs with pyelftools, which is not installed: pip install 'dockerslim-rewrite[prove]'"
        ) from None

    def read(data: bytes) -> Elf | None:
        try:
            file = ELFFile(io.BytesIO(data))
            needed: list[str] = []
            paths: list[str] = []
            loader: str | None = None
            for segment in file.iter_segments():
                if isinstance(segment, InterpSegment):
                    loader = segment.get_interp_name()
                elif isinstance(segment, DynamicSegment):
                    for tag in segment.iter_tags():
                        # The library names each attribute after its tag, in lower case without DT_.
                        kind = str(tag.entry.d_tag)
                        text = str(getattr(tag, kind.removeprefix("DT_").lower(), ""))
                        if kind == "DT_NEEDED":
                            needed.append(text)
                        elif kind in ("DT_RPATH", "DT_RUNPATH"):
                            paths += text.split(":")
            return Elf(str(file.header.e_machine), tuple(needed), tuple(paths), loader) if needed or loader else None
        except (ELFError, UnicodeDecodeError, ValueError, KeyError, AttributeError):
            return None

    return read


def cached(data: bytes) -> frozenset[str]:
    """The paths in the loader's cache *data* (``/etc/ld.so.cache``)."""
    return frozenset(path.decode("ascii") for path in _CACHED.findall(data))


@record
class Programs:
    """The ELF files of an image by path, with its files, the loader's cache and LD_LIBRARY_PATH."""

    elf: Mapping[str, Elf]
    files: RootFilesystem
    cache: frozenset[str]
    library_path: tuple[str, ...] = ()

    def unresolved(self) -> dict[str, tuple[str, ...]]:
        """For each library that some file needs and the loader does not find, the files that need it, sorted."""
        by_name: dict[str, list[str]] = {}
        for path in self.cache:
            by_name.setdefault(posixpath.basename(path), []).append(path)
        found: dict[str, list[str]] = {}
        for path, one in self.elf.items():
            places = self._places(path, one)
            for name in (*one.needed, *((one.loader,) if one.loader else ())):
                if not self._finds(name, places, by_name, one):
                    found.setdefault(name, []).append(path)
        return {name: tuple(sorted(paths)) for name, paths in sorted(found.items())}

    def _places(self, path: str, one: Elf) -> tuple[str, ...]:
        origin = posixpath.dirname(follow(path, self.files) or path)
        own = [place.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for place in one.paths]
        triplet = _TRIPLETS.get(one.machine)
        multi = (f"/lib/{triplet}", f"/usr/lib/{triplet}") if triplet else ()
        musl = ("/usr/local/lib",) if self._musl else ()
        return (*own, *self.library_path, *multi, *_DEFAULT, *musl)

    @property
    def _musl(self) -> bool:
        return any(one.loader and "ld-musl" in one.loader for one in self.elf.values())

    def _finds(self, name: str, places: Iterable[str], cache: Mapping[str, list[str]], one: Elf) -> bool:
        candidates = (
            [name] if name.startswith("/") else [*(f"{place}/{name}" for place in places), *cache.get(name, ())]
        )
        for candidate in candidates:
            there = follow(posixpath.normpath(candidate), self.files)
            if there is None:
                continue
            other = self.elf.get(there)
            # The loader passes over files of other machines, such as 32-bit libraries; of some nothing is known.
            if other is None or other.machine == one.machine:
                return True
        return False


def lost(before: Programs, after: Programs) -> dict[str, tuple[str, ...]]:
    """What the loader does not find in *after* and found in *before*, with the files of *after* that need it."""
    gone = before.unresolved()
    found = {}
    for name, paths in after.unresolved().items():
        anew = tuple(path for path in paths if path not in gone.get(name, ()))
        if anew:
            found[name] = anew
    return found
