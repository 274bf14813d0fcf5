"""Build arguments from before the first FROM: the ones that choose base images.

Source: the Dockerfile reference, "Understand how ARG and FROM interact".
"""

from __future__ import annotations

from collections.abc import Mapping

from ..patterns import re
from .build import Build
from .expansion import ExpansionError, TooLong, expand
from .steps import Arg

#: Characters that all values of a file may have together: more than a file that nobody made up ever has.
MAX_TOTAL = 8 * 1024 * 1024
#: What BuildKit declares above the first FROM by itself.
_PREDEFINED = re.compile(r"(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT|OSVERSION)\Z|TARGETSTAGE\Z")
#: What stands for a value that another language puts into a Dockerfile in a string; see ``embedded``.
PLACEHOLDER = "DOCKERSLIM_PLACEHOLDER_"


def is_given(name: str) -> bool:
    """Whether the variable *name* has a value although nothing in the file declares it."""
    return name.startswith(PLACEHOLDER) or _PREDEFINED.match(name) is not None


def global_arguments(build: Build, given: Mapping[str, str] | None = None) -> dict[str, str | None]:
    """The values that FROM sees: *given* ones (``--build-arg``) for declared names, else the defaults.

    A name without default and without a given value is not there; one whose value is too long to follow is None.
    """
    env: dict[str, str | None] = {}
    total = 0
    for step in build.preamble:
        if not isinstance(step, Arg):
            continue
        for pair in step.pairs:
            if given and pair.key in given:
                env[pair.key] = given[pair.key]
            elif pair.value is not None:
                value = _default(pair.value, env)
                total += len(value or "")
                env[pair.key] = value if total <= MAX_TOTAL else None
    return env


def _default(value: str, env: Mapping[str, str | None]) -> str | None:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    inner = value[1:-1] if quoted else value
    if quoted and value[0] == "'":
        return inner
    try:
        return expand(inner, env)
    except TooLong:
        return None
    except ExpansionError:
        return ""
