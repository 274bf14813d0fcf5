"""Build arguments from before the first FROM: the ones that choose base images.

Source: the Dockerfile reference, "Understand how ARG and FROM interact".
"""

from __future__ import annotations

from collections.abc import Mapping

from .build import Build
from .expansion import ExpansionError, expand
from .steps import Arg


def global_arguments(build: Build, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The values that FROM sees: *given* ones (``--build-arg``) for declared names, else the defaults.

    A name without default and without a given value is not there.
    """
    env: dict[str, str] = {}
    for step in build.preamble:
        if not isinstance(step, Arg):
            continue
        for pair in step.pairs:
            if given and pair.key in given:
                env[pair.key] = given[pair.key]
            elif pair.value is not None:
                env[pair.key] = _default(pair.value, env)
    return env


def _default(value: str, env: Mapping[str, str]) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    inner = value[1:-1] if quoted else value
    if quoted and value[0] == "'":
        return inner
    try:
        return expand(inner, env)
    except ExpansionError:
        return ""
