"""Programs of images that have development packages of their own: gcc, buildpack-deps.

There a program may be linked to libraries that no command of the file installs, so what compilers are told to link it
to must be in the runtime stage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...change import SplitsStage
from ...ir.build import Stage
from ...ir.reference import InvalidReference, parse
from ...ir.steps import Step
from ..core.program import commands_of
from ..core.verdict import Unsound

_COMPILERS = frozenset(("gcc", "g++", "cc", "c++", "clang", "clang++"))
#: Libraries of C, C++ and the compiler that every image of Debian has.
_EVERYWHERE = frozenset(("c", "m", "pthread", "dl", "rt", "util", "stdc++", "stdc++fs", "gcc", "gcc_s"))
#: Libraries in a package of another name.
_BESIDE = {"crypto": "ssl", "z": "zlib", "xml2": "libxml"}


def brings_libraries(image: str) -> bool:
    """Whether *image* has development packages of many libraries."""
    try:
        reference = parse(image)
    except InvalidReference:
        return False
    words = reference.tag.text.split("-") if reference.tag is not None else []
    return reference.familiar_name == "gcc" or (
        reference.familiar_name == "buildpack-deps" and not {"curl", "scm"} & set(words)
    )


def check_linked(before: Sequence[Step], stage: Stage, claim: SplitsStage) -> None:
    """Refuse a runtime stage that lacks a library to which a compiler is told to link. Raises ``Unsound``."""
    if claim.base == stage.head.image or not brings_libraries(stage.head.image):
        return
    for step in before:
        for command in commands_of(step):
            words = [word.lstrip("\0") for word in command.words]
            if not words or words[0].rpartition("/")[2] not in _COMPILERS:
                continue
            for word in words[1:]:
                name = word.removeprefix("-l")
                if name == word or name in _EVERYWHERE:
                    continue
                wanted = _BESIDE.get(name, name)
                if not any(wanted in re.split(r"[=:]", one)[0] for one in claim.installs):
                    raise Unsound(f"the runtime stage lacks the library {name}", step.line)
