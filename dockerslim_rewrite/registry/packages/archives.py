"""What is inside of an archive of a package: what it needs, brings, is linked to and calls by name. Nothing runs.

Sources: PEP 427 and 643 (metadata in archives), the core metadata specifications, the entry points specification;
System V ABI (``DT_NEEDED``).
"""

from __future__ import annotations

import posixpath
import tempfile
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from typing import IO, Any

from ...knowledge.larger import larger
from ...patterns import re
from ...record import record
from .setup_script import declared, may_build
from .unpacking import Unpacking, tar, too_large, too_many, unpacking, zipped

#: More files, or larger ones, than any package has that can be looked into in reasonable time.
_MAX_FILES = 50_000
_BLOCK = 1024 * 1024
_MAX_TEXT = 16 * 1024 * 1024
_MAX_LIBRARY = 512 * 1024 * 1024
_MAX_LIBRARIES = 1024 * 1024 * 1024
_STARTS = re.compile(
    r"\b(?:subprocess|popen|Popen|os\.system|os\.exec\w+|os\.spawn\w+|posix_spawn|create_subprocess_\w+|pexpect|ptyprocess"
    r"|pty\.spawn|getoutput|check_output|check_call)\b"
)
_LITERAL = re.compile(
    r"""(?P<before>[(\[,:+]|(?<![=!<>])=|\breturn\b|\bor\b|\belse\b)\s*[rbuf]?(?P<quote>['"])(?P<text>[^'"\n]{1,200})(?P=quote)"""
)
_LOADS = re.compile(r"\b(?:find_library|CDLL|cdll|LoadLibrary|_?dlopen|PyDLL)\b")
_NAME = re.compile(r"""(?P<quote>['"])(?P<text>[\w.+/-]{2,80})(?P=quote)""")
_SONAME = re.compile(r"(?:lib)?([\w.+-]+?)(?:\.so(?:\.\d+)*)?\Z")
#: A window needs a display, which containers have none of: what only some module imports is not asked for.
_IMPORTS = re.compile(r"^(?:import|from)[ \t]+(\w+)", re.MULTILINE)
#: What a source archive holds that a compiler reads.
_COMPILED = re.compile(r"\.(?:c|cc|cpp|cxx|pyx|pxd|rs|f|f90|m|s|S|go)\Z")
_BACKENDS = frozenset(
    (
        "setuptools.build_meta", "setuptools.build_meta:__legacy__", "flit_core.buildapi", "flit.buildapi",
        "hatchling.build", "poetry.core.masonry.api", "poetry.masonry.api", "pdm.backend", "pdm.pep517.api",
        "pbr.build",
    )
)  # fmt: skip


@record
class Archive:
    """``requires`` are its Requires-Dist as they stand, None where an archive of sources does not say for certain.

    ``compiled``: installing it may start a compiler.
    """

    requires: tuple[str, ...] | None
    compiled: bool
    libraries: tuple[str, ...]
    uses: tuple[str, ...]
    bins: tuple[str, ...]


def requires_of(metadata: bytes) -> tuple[str, ...]:
    """The requirements in a METADATA file."""
    found = HeaderParser().parsestr(metadata.decode("utf-8", "replace"))
    return tuple(" ".join(one.split()) for one in found.get_all("Requires-Dist", ()))


def wheel(content: IO[bytes], name: str) -> Archive:
    """What is in the wheel *content*, a file called *name*. Raises ``RegistryError`` for what is none."""
    with unpacking(name, "wheel") as unpacked:
        archive = zipped(content, name, _MAX_FILES)
        members = archive.infolist()
        names = {member.filename for member in members}
        texts: list[tuple[str, str]] = []
        needed: dict[str, str] = {}
        requires: tuple[str, ...] = ()
        bins: set[str] = set()
        total = 0
        for member in members:
            path = member.filename
            if path.endswith(".dist-info/METADATA"):
                requires = requires_of(_read(archive, member, name))
            elif path.endswith(".dist-info/entry_points.txt"):
                bins |= set(_scripts(_read(archive, member, name).decode("utf-8", "replace")))
            elif ".data/scripts/" in path:
                bins.add(posixpath.basename(path))
            elif path.endswith(".py") and not _is_test(path):
                text = _read(archive, member, name).decode("utf-8", "replace")
                unpacked.count(len(text))
                texts.append((path, text))
            elif re.search(r"\.so(?:\.\d+)*\Z", path):
                total += member.file_size
                if total > _MAX_LIBRARIES:
                    raise too_large(name, "its libraries", _MAX_LIBRARIES)
                for soname in _needed_by(archive, member, name):
                    needed.setdefault(soname, path)
        uses = tuple(used(texts))
    own = {posixpath.basename(path) for path in names} | larger().present
    libraries = tuple(sorted(f"{soname} ({path})" for soname, path in needed.items() if soname not in own))
    return Archive(requires, False, libraries, uses, tuple(sorted(bins)))


def source(content: IO[bytes], name: str) -> Archive:
    """What is in the archive of sources *content*. Raises ``RegistryError`` for what is none."""
    with unpacking(name, "source archive") as unpacked:
        own = [(path.partition("/")[2], text) for path, text in _sources(content, name, unpacked)]
        return _read_sources(own)


def _read_sources(own: list[tuple[str, str]]) -> Archive:
    texts = {path: text for path, text in own if path in _OF_BUILDS}
    compiled = any(_COMPILED.search(path) and not _is_test(path) for path, _ in own)
    compiled = compiled or _builds(texts)
    scanned = [(path, text) for path, text in own if _is_code(path)]
    requires = _static(texts.get("PKG-INFO", ""))
    if requires is None:
        requires = next((_requires_txt(text) for path, text in own if path.endswith(".egg-info/requires.txt")), None)
    if requires is None and any(path.endswith(".egg-info/SOURCES.txt") for path, _ in own):
        requires = ()
    if (
        requires is None
        and "[project]" not in texts.get("pyproject.toml", "")
        and "requires" not in texts.get("setup.cfg", "")
    ):
        requires = declared(texts["setup.py"]) if "setup.py" in texts else None
    return Archive(requires, compiled, (), tuple(used(scanned)), ())


_OF_BUILDS = ("PKG-INFO", "setup.py", "setup.cfg", "pyproject.toml")


def _builds(texts: dict[str, str]) -> bool:
    """Whether what builds the package may start a compiler."""
    setup, settings = texts.get("setup.py", ""), texts.get("setup.cfg", "")
    backend = re.search(
        r"""^[^\S\n]*+build-backend\s*+=\s*+['"]([^'"]+)['"]""", texts.get("pyproject.toml", ""), re.MULTILINE
    )
    if backend is not None and backend[1] not in _BACKENDS:
        return True
    if re.search(r"^[^\S\n]*+(?:backend-path|build\s*+=|ext-modules)", texts.get("pyproject.toml", ""), re.MULTILINE):
        return True
    return may_build(setup) or bool(re.search(r"^\[(?:build_ext|build_clib)\]|ext_modules", settings, re.MULTILINE))


def _requires_txt(text: str) -> tuple[str, ...]:
    """The requirements in the file that setuptools writes beside PKG-INFO, as PEP 508 writes them.

    Its sections are ``[extra:marker]``; where nothing else is written, the file says all that setup.py asked for.
    """
    found: list[str] = []
    extra = marker = ""
    for line in text.splitlines():
        if line.startswith("["):
            extra, _, marker = line.strip()[1:-1].partition(":")
        elif line.strip():
            conditions = [f'extra == "{extra}"'] * bool(extra) + [f"({marker})"] * bool(marker)
            found.append(f"{line.strip()}; {' and '.join(conditions)}" if conditions else line.strip())
    return tuple(found)


def _static(text: str) -> tuple[str, ...] | None:
    """The requirements in PKG-INFO, where a wheel made of it has the same."""
    found = HeaderParser().parsestr(text)
    version = tuple(int(part) for part in re.findall(r"\d+", found.get("Metadata-Version", "0")))
    changing = {one.lower() for one in found.get_all("Dynamic", ())}
    if version < (2, 2) or "requires-dist" in changing:
        return None
    return requires_of(text.encode())


def used(texts: list[tuple[str, str]]) -> Iterator[str]:
    """The programs and libraries of full images that a package's modules name, each with the first module that does."""
    known = larger()
    starts = any(_STARTS.search(text) for _, text in texts)
    found: dict[str, str] = {}
    for path, text in texts:
        if starts:
            here = bool(_STARTS.search(text))
            for one in _LITERAL.finditer(text):
                words = one["text"].split()
                name = posixpath.basename(words[0]) if words else ""
                first = one["before"] != "," or len(words) > 1
                if first and (name in known.programs or (here and name in known.words and one["before"] in "([=")):
                    found.setdefault(name, path)
        if _LOADS.search(text):
            for one in _NAME.finditer(text):
                soname = _SONAME.match(posixpath.basename(one["text"]))
                library = re.sub(r"-\d+\Z", "", soname[1]) if soname is not None else ""
                if soname is not None and not known.libraries.isdisjoint((soname[1], library)):
                    found.setdefault(soname[1] if soname[1] in known.libraries else library, path)
        for one in _IMPORTS.finditer(text) if path.endswith("__init__.py") else ():
            if one[1] in known.modules:
                found.setdefault(one[1], path)
    return iter(sorted(f"{name} ({path})" for name, path in found.items()))


def _is_test(path: str) -> bool:
    return (
        re.search(
            r"(?:^|/)(?:tests?|testing|docs?|examples?|benchmarks?|conftest\.py|test_[^/]*|[^/]*_test\.py)(?:/|\Z)",
            path,
        )
        is not None
    )


def _is_code(path: str) -> bool:
    return path.endswith(".py") and path != "setup.py" and not _is_test(path)


def _scripts(text: str) -> Iterator[str]:
    section = ""
    for line in text.splitlines():
        if line.strip().startswith("["):
            section = line.strip()[1:-1]
        elif section == "console_scripts" and "=" in line:
            yield line.partition("=")[0].strip()


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    with archive.open(member) as file:
        content = file.read(_MAX_TEXT + 1)
    if len(content) > _MAX_TEXT:
        raise too_large(name, member.filename, _MAX_TEXT)
    return content


def _sources(content: IO[bytes], name: str, unpacked: Unpacking) -> Iterator[tuple[str, str]]:
    """The files of an archive of sources, with the texts of those that are read."""
    if name.endswith(".zip"):
        archive = zipped(content, name, _MAX_FILES)
        for member in archive.infolist():
            read = _is_read(member.filename)
            yield member.filename, _decoded(_read(archive, member, name) if read else b"", unpacked)
        return
    with tar(content, name) as file:
        total = 0
        for number, entry in enumerate(file):
            total += entry.size
            if number > _MAX_FILES:
                raise too_many(name, _MAX_FILES)
            if total > _MAX_LIBRARY:
                raise too_large(name, "what is in it", _MAX_LIBRARY)
            if entry.isfile():
                stream = file.extractfile(entry) if _is_read(entry.name) and entry.size <= _MAX_TEXT else None
                yield entry.name, _decoded(stream.read() if stream is not None else b"", unpacked)


def _is_read(path: str) -> bool:
    return path.endswith((".py", ".toml", ".cfg", "PKG-INFO", "requires.txt"))


def _decoded(content: bytes, unpacked: Unpacking) -> str:
    unpacked.count(len(content))
    return content.decode("utf-8", "replace")


def _needed_by(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> tuple[str, ...]:
    """The libraries that *member* of the wheel *name* names."""
    with archive.open(member) as packed:
        return unpacked_libraries(packed, name, member.filename)


def unpacked_libraries(packed: IO[bytes], name: str, path: str) -> tuple[str, ...]:
    """The libraries that the file *path* of the package *name* names, which *packed* unpacks.

    It is unpacked to disk: libraries have hundreds of megabytes, and none is read from its start to its end.
    """
    with tempfile.TemporaryFile() as file:
        size = 0
        while block := packed.read(_BLOCK):
            size += len(block)
            if size > _MAX_LIBRARY:
                raise too_large(name, path, _MAX_LIBRARY)
            file.write(block)
        file.seek(0)
        return needed_libraries(file)


def needed_libraries(file: IO[bytes]) -> tuple[str, ...]:
    """The libraries that the ELF *file* names; none for what is no such file."""
    if file.read(4) != b"\x7fELF":
        return ()
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        section: Any = ELFFile(file).get_section_by_name(".dynamic")
        return tuple(tag.needed for tag in section.iter_tags("DT_NEEDED")) if section is not None else ()
    except (ELFError, ValueError, AttributeError) as error:
        raise ValueError(f"an ELF file that cannot be read: {error}") from None
