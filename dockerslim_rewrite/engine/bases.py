"""The images that a Dockerfile starts from: all of them, to fetch them before a clock runs, and the last stage's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ..ir.build import read_build
from ..ir.reference import ImageReference, InvalidReference, parse
from ..ir.steps import Arg
from ..syntax import ParseError
from ..syntax import parse as parse_document
from ..text import Source


def external_images(dockerfile: Path, build_args: Mapping[str, str]) -> tuple[str, ...]:
    """Images from outside, with the ARGs before the first FROM filled in from *build_args* or their defaults.

    What cannot be told is left out: the build finds out by itself, only its time then includes the fetching.
    """
    earlier: set[str] = set()
    found: dict[str, None] = {}
    for name, reference in _stages(dockerfile, build_args):
        if isinstance(reference, str):
            continue
        if not reference.scratch and str(reference).lower() not in earlier:
            found[str(reference)] = None
        earlier.add(name)
    return tuple(found)


def shipped_image(dockerfile: Path, build_args: Mapping[str, str], target: str | None) -> str | None:
    """The image from outside below the stage *target*, by default the last one; None if it starts from nothing."""
    below: dict[str, str | None] = {}
    base: str | None = None
    for number, (name, reference) in enumerate(_stages(dockerfile, build_args)):
        if isinstance(reference, str):
            # Names of stages are taken in any case, those of images in lower case only.
            base = below.get(reference.lower())
        else:
            base = None if reference.scratch else below.get(str(reference), str(reference))
        if name:
            below[name] = base
        if target is not None and target.lower() in (name, str(number)):
            break
    return base


def _stages(dockerfile: Path, build_args: Mapping[str, str]) -> Iterator[tuple[str, ImageReference | str]]:
    """Each stage's name and what it starts from: an image or a stage; the bare text if no image can be called so."""
    try:
        build = read_build(parse_document(Source.from_bytes(dockerfile.read_bytes(), str(dockerfile))))
    except ParseError:
        return
    scope: dict[str, str] = {}
    for step in build.preamble:
        if isinstance(step, Arg):
            for pair in step.pairs:
                value = build_args.get(pair.key, pair.value)
                if value is not None:
                    scope[pair.key] = value.strip("\"'")
    for stage in build.stages:
        try:
            yield stage.name, parse(stage.head.image).substitute(scope)
        except InvalidReference:
            yield stage.name, stage.head.image
