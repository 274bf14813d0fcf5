"""Where a file says which images its stages stand on, and the edits that would say it more exactly.

The tag may stand in the FROM, in the default of the build argument that the FROM expands, or in the expansion itself
(``${TAG:-latest}``). A build argument is edited only where choosing base images is all that it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.arguments import global_arguments
from ...ir.build import Build, Stage
from ...ir.expansion import Expansion
from ...ir.reference import ImageReference, InvalidReference, parse, stage_named
from ...ir.steps import Arg, From
from ...patterns import re
from ...record import record
from ...syntax.words import Pair
from ...text import Edit, Span


@record
class Place:
    """The text that names an image or only its tag: in the file at ``span``, of the step on ``line``.

    ``reference`` is what stands there, quotes included, or the tag alone when ``only_tag``. It is the default of the
    build argument ``argument``, where there is one.
    """

    span: Span
    text: str
    line: int
    only_tag: bool
    argument: str | None = None


@record
class BaseSite:
    """An image from outside that ``stage`` is built from.

    ``reference`` is the image with the defaults of build arguments put in; ``platform`` the value of ``--platform``;
    ``place`` is where an edit goes, None where none can, for the ``obstacle``.
    """

    stage: Stage
    reference: ImageReference
    platform: str | None
    place: Place | None
    obstacle: str | None = None

    @property
    def line(self) -> int:
        """The line of the FROM."""
        return self.stage.head.line

    @property
    def windows(self) -> bool:
        """Whether it is known to be a Windows image."""
        return self.reference.windows or (self.platform or "").lower().startswith("windows")

    def becomes(self, tag: str | None, digest: str | None) -> ImageReference:
        """The image with *tag* and *digest* instead of its own. Raises ``InvalidReference``."""
        return parse(self.reference.with_version(tag, digest))

    def edits(self, after: ImageReference) -> tuple[Edit, ...]:
        """The edits that make ``reference`` *after*, an image of the same name. Raises ``ValueError`` without place."""
        if self.place is None:
            raise ValueError("no place to edit")
        quote = self.place.text[:1] if self.place.text[:1] in ("'", '"') else ""
        version = after.text[after.path.end : len(after.text) - len(after.quote)]
        if self.place.only_tag:
            return (Edit(self.place.span, f"{quote}{version[1:]}{quote}"),)
        written = parse(self.place.text)
        start = self.place.span.start + written.path.end
        return (Edit(Span(start, self.place.span.end - len(written.quote)), version),)


def base_sites(build: Build) -> tuple[BaseSite, ...]:
    """The images from outside that stages of *build* are built from, in file order.

    Left out are ``scratch``, stages, and what is no image reference once the defaults are put in.
    """
    env = global_arguments(build)
    found: list[BaseSite] = []
    names: list[str] = []
    for stage in build.stages:
        image = stage.head.image
        try:
            written = parse(image)
            reference = written.substitute(env)
        except InvalidReference:
            names.append(stage.name)
            continue
        if not reference.scratch and stage_named(reference.text, names) is None:
            place, obstacle = _place(build, stage, written, env)
            found.append(BaseSite(stage, reference, stage.head.origin.flag("platform"), place, obstacle))
        names.append(stage.name)
    return tuple(found)


def _place(
    build: Build, stage: Stage, written: ImageReference, env: dict[str, str | None]
) -> tuple[Place | None, str | None]:
    head = stage.head
    if not written.template:
        return _in_head(head, 0, len(written.text), written.text, only_tag=False)
    if len(written.expansions) != 1:
        return None, "several build arguments choose it"
    item = written.expansions[0]
    whole = (item.start, item.end) == (len(written.quote), len(written.text) - len(written.quote))
    only_tag = written.tag is not None and (item.start, item.end) == (written.tag.start, written.tag.end)
    if not whole and not only_tag:
        return None, f"the build argument {item.name} gives a part of its name or tag"
    if item.operator in (":-", "-") and not item.nested and not env.get(item.name):
        start = item.end - 1 - len(item.word)
        return _in_head(head, start, item.end - 1, item.word, only_tag=only_tag)
    if item.operator:
        return None, f"an expansion of the build argument {item.name} chooses it"
    return _in_argument(build, item, only_tag=only_tag)


def _in_head(head: From, start: int, end: int, text: str, *, only_tag: bool) -> tuple[Place | None, str | None]:
    logical = head.origin.args_logical
    if len(logical.spans(start, end)) != 1 or logical.text[start:end] != text:
        return None, "it is written on several lines"
    return Place(logical.span(start, end), text, head.line, only_tag), None


def _in_argument(build: Build, item: Expansion, *, only_tag: bool) -> tuple[Place | None, str | None]:
    name = item.name
    declared = [(step, pair) for step, pair in _declarations(build) if pair.key == name]
    if len(declared) != 1:
        return None, f"the build argument {name} is declared more than once"
    step, pair = declared[0]
    if pair.value is None or "$" in pair.value or "\\" in pair.value:
        return None, f"the default of the build argument {name} is not plain text"
    user = other_use(build, name)
    if user is not None:
        return None, f"the build argument {name} is used on line {user} too"
    logical = step.origin.args_logical
    start, end = pair.span.end - len(pair.value), pair.span.end
    if len(logical.spans(start, end)) != 1:
        return None, "it is written on several lines"
    line = build.document.line_of(logical.before(start))
    return Place(logical.span(start, end), pair.value, line, only_tag, name), None


def _declarations(build: Build) -> Iterator[tuple[Arg, Pair]]:
    for step in build.preamble:
        if isinstance(step, Arg):
            for pair in step.pairs:
                yield step, pair


def other_use(build: Build, name: str) -> int | None:
    """The line of a use of the global argument *name* that is not the whole image, or the whole tag, of FROM.

    Several such images are another use too: they would all change.
    """
    mention = re.compile(rf"\$(?:{name}\b|\{{{name}\b)")
    for argument, pair in _declarations(build):
        if pair.key != name and mention.search(pair.value or ""):
            return argument.line
    images: set[str] = set()
    for stage in build.stages:
        head = stage.head
        if any(mention.search(flag.value or "") for flag in head.origin.flags):
            return head.line
        if mention.search(head.image):
            image = head.image.strip("\"'").replace(f"${{{name}}}", f"${name}")
            images.add(image)
            if not re.fullmatch(rf"(?:[^$]+:)?\${name}", image) or len(images) > 1:
                return head.line
        for step in stage.steps:
            if isinstance(step, Arg) and any(pair.key == name for pair in step.pairs):
                return step.line
    return None
