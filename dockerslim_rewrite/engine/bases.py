"""The images that a Dockerfile starts from, so that they can be fetched before a clock runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..ir.build import read_build
from ..ir.reference import InvalidReference, parse
from ..ir.steps import Arg
from ..syntax import ParseError
from ..syntax import parse as parse_document
from ..text import Source


def external_images(dockerfile: Path, build_args: Mapping[str, str]) -> tuple[str, ...]:
    """Images from outside, with the ARGs before the first FROM filled in from *build_args* or their defaults.

    What cannot be told is left out: the build finds out by itself, only its time then includes the fetching.
    """
    try:
        build = read_build(parse_document(Source.from_bytes(dockerfile.read_bytes(), str(dockerfile))))
    except ParseError:
        return ()
    scope: dict[str, str] = {}
    for step in build.preamble:
        if isinstance(step, Arg):
            for pair in step.pairs:
                value = build_args.get(pair.key, pair.value)
                if value is not None:
                    scope[pair.key] = value.strip("\"'")
    earlier: set[str] = set()
    found: dict[str, None] = {}
    for stage in build.stages:
        try:
            reference = parse(stage.head.image).substitute(scope)
        except InvalidReference:
            continue
        if not reference.scratch and str(reference).lower() not in earlier:
            found[str(reference)] = None
        earlier.add(stage.name)
    return tuple(found)
