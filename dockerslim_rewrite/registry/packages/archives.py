"""What is inside of an archive of a package: what it needs, brings, is linked to and calls by name. Nothing runs.

Sources: PEP 427 and 643 (metadata in archives), the core metadata specifications, the entry points specification;
System V ABI (``DT_NEEDED``).
"""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from email.parser import HeaderParser
from typing import IO, Any

from ...knowledge.larger import larger
from ...record import record
from ..errors import RegistryError
from .setup_script import declared

#: More files, or larger ones, than any package has that can be looked into in reasonable time.
_MAX_FILES = 50_000
_BLOCK = 1024 * 1024
_MAX_TEXT = 16 * 1024 * 1024
_MAX_TEXTS = 32 * 1024 * 1024
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
#: Words of a setup.py that may start a compiler or look for libraries.
_BUILDS = re.compile(
    r"\b(?:ext_modules|Extension|cythonize|cffi_modules|rust_extensions|RustExtension|build_ext|build_clib|libraries"
    r"|pkg.config|subprocess|popen|os\.system|ctypes|CMake\w*|distutils\.ccompiler)\b"
)
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


def wheel(content: bytes, name: str) -> Archive:
    """What is in the wheel *content*, a file called *name*. Raises ``RegistryError`` for what is none."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
        if len(members) > _MAX_FILES:
            raise RegistryError(f"{name}: it holds more than {_MAX_FILES} files")
        names = {member.filename for member in members}
        texts: list[tuple[str, str]] = []
        needed: dict[str, str] = {}
        requires: tuple[str, ...] = ()
        bins: set[str] = set()
        total = told = 0
        for member in members:
            path = member.filename
            if path.endswith(".dist-info/METADATA"):
                requires = requires_of(_read(archive, member, _MAX_TEXT))
            elif path.endswith(".dist-info/entry_points.txt"):
                bins |= set(_scripts(_read(archive, member, _MAX_TEXT).decode("utf-8", "replace")))
            elif ".data/scripts/" in path:
                bins.add(posixpath.basename(path))
            elif path.endswith(".py") and not _is_test(path):
                text = _read(archive, member, _MAX_TEXT).decode("utf-8", "replace")
                told += len(text)
                if told > _MAX_TEXTS:
                    raise ValueError(f"its modules have more than {_MAX_TEXTS} characters")
                texts.append((path, text))
            elif re.search(r"\.so(?:\.\d+)*\Z", path):
                total += member.file_size
                if total > _MAX_LIBRARIES:
                    raise ValueError(f"its libraries have more than {_MAX_LIBRARIES} bytes")
                for soname in _needed_by(archive, member):
                    needed.setdefault(soname, path)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError) as error:
        raise RegistryError(f"{name}: not a readable wheel: {error}") from None
    own = {posixpath.basename(path) for path in names} | larger().present
    libraries = tuple(sorted(f"{soname} ({path})" for soname, path in needed.items() if soname not in own))
    return Archive(requires, False, libraries, tuple(used(texts)), tuple(sorted(bins)))


def source(content: bytes, name: str) -> Archive:
    """What is in the archive of sources *content*. Raises ``RegistryError`` for what is none."""
    try:
        members = list(_sources(content, name))
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError) as error:
        raise RegistryError(f"{name}: not a readable archive of sources: {error}") from None
    own = [(path.partition("/")[2], read) for path, read in members]
    texts = {path: _text(read) for path, read in own if path in _OF_BUILDS}
    compiled = any(_COMPILED.search(path) and not _is_test(path) for path, _ in own)
    compiled = compiled or _builds(texts)
    scanned = [(path, _text(read)) for path, read in own if _is_code(path)]
    requires = _static(texts.get("PKG-INFO", ""))
    if requires is None:
        requires = next(
            (_requires_txt(_text(read)) for path, read in own if path.endswith(".egg-info/requires.txt")), None
        )
    if requires is None and any(path.endswith(".egg-info/SOURCES.txt") for path, _ in own):
        requires = ()
    if (
        requires is None
        and "[project]" not in texts.get("pyproject.toml", "")
        and "requires" not in texts.get("setup.cfg", "")
    ):
        requires = declared(texts["setup.py"]) if "setup.py" in texts else None
    return Archive(requires, compiled, (), tuple(used(scanned)), ())


def _text(read: Callable[[], bytes]) -> str:
    return read().decode("utf-8", "replace")


_OF_BUILDS = ("PKG-INFO", "setup.py", "setup.cfg", "pyproject.toml")


def _builds(texts: dict[str, str]) -> bool:
    """Whether what builds the package may start a compiler."""
    setup, settings = texts.get("setup.py", ""), texts.get("setup.cfg", "")
    backend = re.search(r"""^\s*build-backend\s*=\s*['"]([^'"]+)['"]""", texts.get("pyproject.toml", ""), re.MULTILINE)
    if backend is not None and backend[1] not in _BACKENDS:
        return True
    if re.search(r"^\s*(?:backend-path|build\s*=|ext-modules)", texts.get("pyproject.toml", ""), re.MULTILINE):
        return True
    return bool(
        _BUILDS.search(setup) or re.search(r"^\[(?:build_ext|build_clib)\]|ext_modules", settings, re.MULTILINE)
    )


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


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    with archive.open(member) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{member.filename} has more than {most} bytes")
    return content


def _sources(content: bytes, name: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The files of an archive of sources, each with what reads it."""
    if name.endswith(".zip"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        for member in archive.infolist()[:_MAX_FILES]:
            yield member.filename, lambda member=member: _read(archive, member, _MAX_TEXT)  # type: ignore[misc]
        return
    with tarfile.open(fileobj=io.BytesIO(content)) as file:
        total = 0
        for number, entry in enumerate(file):
            total += entry.size
            if number > _MAX_FILES or total > _MAX_LIBRARY:
                raise ValueError("it holds more than can be looked into")
            if entry.isfile():
                text = b""
                wanted = entry.name.endswith((".py", ".toml", ".cfg", "PKG-INFO", "requires.txt"))
                if wanted and entry.size <= _MAX_TEXT and (stream := file.extractfile(entry)) is not None:
                    text = stream.read()
                yield entry.name, lambda text=text: text  # type: ignore[misc]


def _needed_by(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[str, ...]:
    """The libraries that *member* names. It is unpacked to disk: libraries have hundreds of megabytes."""
    with archive.open(member) as packed, tempfile.TemporaryFile() as file:
        size = 0
        while block := packed.read(_BLOCK):
            size += len(block)
            if size > _MAX_LIBRARY:
                raise ValueError(f"{member.filename} has more than {_MAX_LIBRARY} bytes")
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
