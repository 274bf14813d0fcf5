"""The images that a Dockerfile takes from registries: its bases, and those that COPY and RUN mount from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..ir.arguments import global_arguments
from ..ir.build import Build, Stage
from ..ir.reference import ImageReference, InvalidReference, parse, stage_named
from ..ir.steps import Copy, Run


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
    env = global_arguments(build, arguments)
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


def _read(text: str, line: int, env: Mapping[str, str | None]) -> BaseImage:
    try:
        return BaseImage(text, line, parse(text).substitute(env))
    except InvalidReference as error:
        return BaseImage(text, line, None, error.reason)
