"""The images that a Dockerfile takes from registries: its bases, and those that COPY and RUN mount from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..ir.build import Build, Stage
from ..ir.expansion import ExpansionError, expand
from ..ir.reference import ImageReference, InvalidReference, parse, stage_named
from ..ir.steps import Arg, Copy, Run


@dataclass(frozen=True, slots=True)
class BaseImage:
    """An image named on *line*: *text* as written, *reference* with the build arguments' defaults put in.

    ``reference`` is None where that yields none; ``problem`` then says why.
    """

    text: str
    line: int
    reference: ImageReference | None
    problem: str | None = None


def base_images(build: Build, arguments: Mapping[str, str] | None = None) -> tuple[BaseImage, ...]:
    """The images of *build* in file order, stages and ``scratch`` left out. *arguments* override the defaults of ARG.

    Only arguments from before the first FROM count, as for BuildKit.
    """
    env = _global_arguments(build, arguments or {})
    found: list[BaseImage] = []
    before: list[str] = []
    for stage in build.stages:
        for text, line in _named(stage):
            if text == "scratch" or stage_named(text, before) is not None or text.isdigit():
                continue
            found.append(_read(text, line, env))
        before.append(stage.name)
        before.append(str(stage.index))
    # COPY and RUN may name later stages too, which BuildKit refuses; they are no images either.
    return tuple(found)


def _named(stage: Stage) -> Iterator[tuple[str, int]]:
    yield stage.head.image, stage.head.line
    for step in stage.steps:
        if isinstance(step, Copy) and (source := step.origin.flag("from")):
            yield source, step.line
        elif isinstance(step, Run):
            for mount in step.mounts:
                if mount.get("from"):
                    yield mount["from"], step.line


def _read(text: str, line: int, env: Mapping[str, str]) -> BaseImage:
    try:
        return BaseImage(text, line, parse(text).substitute(env))
    except InvalidReference as error:
        return BaseImage(text, line, None, error.reason)


def _global_arguments(build: Build, given: Mapping[str, str]) -> dict[str, str]:
    env: dict[str, str] = {}
    for step in build.preamble:
        if not isinstance(step, Arg):
            continue
        for pair in step.pairs:
            if pair.key in given:
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
