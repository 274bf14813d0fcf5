"""What in a document leads elsewhere: images to their pages at the registry, rules to theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from ..ir.build import Build
from ..ir.expansion import ExpansionError, expand
from ..ir.reference import InvalidReference, stage_named
from ..ir.reference import parse as parse_reference
from ..ir.steps import Arg, From
from ..patterns import re
from ..syntax import SegmentKind
from ..text import Span
from .analysis import Analysis, Piece
from .names import images_named
from .pages import page
from .ranges import range_of

_HUB = "docker.io"
#: The addresses of pages of images, by registries whose images have one under an address that their name tells.
#: ghcr.io leads on to the package of the repository.
_PAGES = {
    "quay.io": "https://quay.io/repository/{}",
    "ghcr.io": "https://ghcr.io/{}",
    "mcr.microsoft.com": "https://mcr.microsoft.com/artifact/mar/{}",
    "public.ecr.aws": "https://gallery.ecr.aws/{}",
}
_IGNORED = re.compile(r"#\s*dockerslim:\s*ignore=(?P<rules>[A-Za-z0-9_,\- ]+)", re.I)
_RULE = re.compile(r"DS\d+", re.I)


def links(found: Analysis) -> list[types.DocumentLink]:
    """For each image that is no stage its page at the registry, where it has one, and for each rule in a comment."""
    made = []
    for piece in found.pieces:
        for span, address, about in sorted((*_images(piece), *_rules(piece))):
            place = range_of(found.lines, piece.span(span))
            made.append(types.DocumentLink(place, address, tooltip=f"about {about}"))
    return made


def _images(piece: Piece) -> Iterator[tuple[Span, str, str]]:
    stages = [stage.name for stage in piece.build.stages]
    given = _defaults(piece.build)
    for step in piece.build:
        if isinstance(step, From):
            start = step.origin.args.find(step.image)
            span = step.origin.args_logical.span(start, start + len(step.image))
            yield from ((span, address, image) for address, image in _page(step.image, given, stages))
        for span, text in images_named(step):
            # Arguments are not expanded here, and a number is a stage's.
            if not text.isdecimal():
                yield from ((span, address, image) for address, image in _page(text, {}, stages))


def _defaults(build: Build) -> dict[str, str]:
    """What the arguments that FROM may name are, as far as they have a default."""
    known: dict[str, str] = {}
    for step in build.preamble:
        for pair in step.pairs if isinstance(step, Arg) else ():
            try:
                if pair.value is not None:
                    known[pair.key] = expand(pair.value, known)
            except ExpansionError:
                continue
    return known


def _page(text: str, given: dict[str, str], stages: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The page of the image *text*, and its name with all arguments put in; none where one is not *given*, or where
    that is the name of one of the *stages*.
    """
    try:
        reference = parse_reference(text)
        if any(name not in given for name in reference.variables):
            return
        reference = reference.substitute(given)
    except InvalidReference:
        return
    if reference.scratch or stage_named(str(reference), stages) is not None:
        return
    repository = reference.repository
    if reference.registry == _HUB:
        official = repository.startswith("library/")
        yield f"https://hub.docker.com/{f'_/{repository[8:]}' if official else f'r/{repository}'}", str(reference)
    elif reference.registry in _PAGES:
        yield _PAGES[reference.registry].format(repository), str(reference)


def _rules(piece: Piece) -> Iterator[tuple[Span, str, str]]:
    for segment in piece.build.document.segments:
        if segment.kind is not SegmentKind.COMMENT:
            continue
        start = segment.span.start
        for comment in _IGNORED.finditer(piece.text, start, segment.span.end):
            for rule in _RULE.finditer(piece.text, *comment.span("rules")):
                address = page(rule[0].upper())
                if address is not None:
                    yield Span(*rule.span()), address, rule[0].upper()
