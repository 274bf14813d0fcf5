"""What a stage's compilers link programs to, where the base image has development packages of its own.

Read are the words of the compilers, and the project's own CMakeLists.txt out of the build context.
Sources: GCC's manual, "Options for Linking"; the CMake manual, target_link_libraries, link_libraries.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.build import Stage
from ...knowledge.images import ImageFacts
from ...knowledge.libraries import development_package
from ...patterns import re
from ..facts import Facts
from ..packages.listed import Unmet
from .cmake_install import cmake_calls, only_describes

_COMPILERS = frozenset(("gcc", "g++", "cc", "c++", "clang", "clang++"))
_RUN_BY_CMAKE = frozenset(("cmake", "make", "gmake", "ninja"))
_OTHER_BUILDERS = frozenset(
    ("meson", "scons", "qmake", "configure", "config", "Configure", "ld", "gfortran", "cargo", "go")
)
#: Options by which a program gets more than its words name, and variables that hold such options.
_MORE = re.compile(r"@|-f(?:openmp|sanitize|profile|instrument)|-Wl,|-p\Z|-pg\Z|--?coverage|-specs")
_VARIABLES = re.compile(r"LDFLAGS|LDLIBS|LINKER_FLAGS|STANDARD_LIBRARIES|LIBRARY_PATH")
_KEYWORDS = frozenset(("PRIVATE", "PUBLIC", "INTERFACE", "debug", "optimized", "general"))


def has_libraries(image: ImageFacts) -> bool:
    """Whether *image* has development packages of many libraries, to any of which a program may be linked."""
    return image.name == "gcc" or (image.name == "buildpack-deps" and not {"curl", "scm"} & set(image.parts.variant))


def linked_to(stage: Stage, facts: Facts) -> tuple[str, ...]:
    """Debian's development packages of all that *stage* links programs to.

    Raises ``Unmet`` where a program may be linked to more.
    """
    calls = facts.calls(stage)
    names = {call.name for call in calls}
    if any(_VARIABLES.search(step.origin.text) for step in stage.steps):
        raise Unmet("options for the linker are set")
    other = next((call.name for call in calls if call.name in _OTHER_BUILDERS), None)
    if other is not None:
        raise Unmet(f"what {other} links the program to is not known")
    found: set[str] = set()
    for call in calls:
        if call.name in _COMPILERS:
            found.update(_named(call.argv))
    if names & _RUN_BY_CMAKE:
        found.update(_by_cmake(facts, cmake="cmake" in names))
    return tuple(sorted(found))


def _named(argv: tuple[str | None, ...]) -> Iterator[str]:
    for word in argv[1:]:
        if word is None or _MORE.match(word):
            raise Unmet(f"what {argv[0]} {word or ''}".rstrip() + " links the program to is not known")
        if word.startswith("-l"):
            yield from _package(word.removeprefix("-l"))


def _by_cmake(facts: Facts, *, cmake: bool) -> Iterator[str]:
    text = facts.project.text("CMakeLists.txt") if facts.project is not None and cmake else None
    if text is None:
        raise Unmet("nothing tells what make links the program to: a CMakeLists.txt of the build context would")
    calls = cmake_calls(text)
    if not only_describes(calls):
        raise Unmet("CMakeLists.txt brings in more than it says itself")
    own = {words[0] for name, body in calls if name in ("add_executable", "add_library") and (words := body.split())}
    for name, body in calls:
        words = [word.strip('"') for word in body.split()]
        if name == "target_link_options" or any(_MORE.match(word) for word in words):
            raise Unmet("CMakeLists.txt gives options to the linker")
        for word in words[1:] if name == "target_link_libraries" else words if name == "link_libraries" else ():
            if word not in _KEYWORDS | own:
                yield from _package(word)


def _package(library: str) -> Iterator[str]:
    package = development_package(library)
    if package is None:
        raise Unmet(f"which package has the library {library} is not known")
    if package:
        yield package
