"""Which files ``make install`` puts where, by the project's own CMakeLists.txt in the build context.

Source: the CMake manual, ``install``, ``add_executable``, GNUInstallDirs.
"""

from __future__ import annotations

import posixpath

from ...patterns import re
from ..project import Project

_COMMENT = re.compile(r"#\[(=*)\[.*?\]\1\]|#[^\n]*", re.S)
_CALL = re.compile(r"\b([A-Za-z_]+)\s*\(([^()]*)\)")
#: Commands that only describe the build; any other may install files of its own.
_KNOWN = frozenset(
    (
        "cmake_minimum_required", "project", "set", "add_executable", "add_library", "target_link_libraries", "message",
        "target_include_directories", "target_compile_options", "target_compile_definitions", "target_compile_features",
        "find_package", "include_directories", "add_compile_options", "add_definitions", "link_libraries", "install",
        "enable_testing", "add_test", "option", "if", "else", "elseif", "endif", "set_target_properties",
        "target_sources", "set_property", "find_library", "find_path", "file", "include", "target_link_options",
    )
)  # fmt: skip
_INCLUDED = frozenset(("GNUInstallDirs", "CTest", "CheckCXXCompilerFlag", "CheckCCompilerFlag"))
_FOLDERS = {"CMAKE_INSTALL_BINDIR": "bin", "CMAKE_INSTALL_SBINDIR": "sbin", "CMAKE_INSTALL_SYSCONFDIR": "etc"}
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+\Z")


def installed_files(project: Project, prefix: str) -> tuple[str, ...] | None:
    """The image paths that installing *project* below *prefix* creates; None where its CMakeLists.txt does not tell."""
    text = project.text("CMakeLists.txt")
    if text is None:
        return None
    calls = cmake_calls(text)
    if not only_describes(calls):
        return None
    programs = {words[0] for name, body in calls if name == "add_executable" and (words := body.split())}
    found: list[str] = []
    for name, body in calls:
        if name == "install":
            files = _installs(body.split(), programs, prefix)
            if files is None:
                return None
            found += files
    return tuple(dict.fromkeys(found)) or None


def cmake_calls(text: str) -> list[tuple[str, str]]:
    """The calls of a CMakeLists.txt, in order: the name of the command in lower case, and its arguments as one text."""
    return [(match[1].lower(), match[2]) for match in _CALL.finditer(_COMMENT.sub("", text))]


def only_describes(calls: list[tuple[str, str]]) -> bool:
    """Whether *calls* only describe this one build: no other file, folder or command adds to it."""
    return all(name in _KNOWN and (name != "include" or set(body.split()) <= _INCLUDED) for name, body in calls)


def _installs(words: list[str], programs: set[str], prefix: str) -> list[str] | None:
    """What one call of ``install`` puts where."""
    if not words or words[0] not in ("TARGETS", "FILES", "PROGRAMS"):
        return None
    names: list[str] = []
    rest = words[1:]
    while rest and rest[0] not in ("DESTINATION", "RUNTIME"):
        names.append(rest.pop(0))
    if rest[:1] == ["RUNTIME"]:
        rest.pop(0)
    if rest and (rest[0] != "DESTINATION" or len(rest) != 2):
        return None
    if words[0] == "TARGETS" and not set(names) <= programs:
        return None
    if not rest and words[0] != "TARGETS":
        return None
    folder = _VARIABLE.sub(lambda match: _FOLDERS.get(match[1], match[0]), rest[1]) if rest else "bin"
    paths = [posixpath.join(prefix, folder, posixpath.basename(name)) for name in names]
    return paths if all(_PLAIN.match(path) for path in paths) else None
