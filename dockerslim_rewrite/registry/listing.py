"""The catalogue as a page for people: what each moving tag is pinned to, and who said so on which day."""

from __future__ import annotations

from collections.abc import Iterator

from ..knowledge.images import ImageFacts, catalogued, entry_of, image_facts

_INTRODUCTION = """\
# The catalogue of base images

Written by `python -m dockerslim_rewrite.registry.catalogue --list`; a test holds it against the data in
`dockerslim_rewrite/knowledge/data/images`. Where no lock file says what a moving tag stands for, DS301 and DS303 write
the tags below and no others; DS304 writes the smaller variants below and no others. Each was seen in its registry or in
its publisher's documentation on the day given. `make catalogue` asks the registries again.
"""


def listing() -> str:
    """The page, in Markdown."""
    return "\n".join([_INTRODUCTION, *_pins(), *_variants(), *_images()]) + "\n"


def _pins() -> Iterator[str]:
    names = [name for name in catalogued() if (entry_of(name) or {}).get("meaning")]
    tags = [(name, moving, tag) for name in names for moving, tag in (entry_of(name) or {})["meaning"].items()]
    yield f"## Pins: {len(tags)} moving tags of {len(names)} images\n"
    yield "| image | tag | becomes | on | source |"
    yield "|---|---|---|---|---|"
    for name, moving, tag in tags:
        entry = entry_of(name) or {}
        yield f"| {name} | {moving} | {tag} | {entry['as_of']} | {entry['source']} |"
    yield ""


def _variants() -> Iterator[str]:
    yield "## Smaller variants\n"
    yield "| image | of | becomes | lines | source |"
    yield "|---|---|---|---|---|"
    for name in catalogued():
        entry = entry_of(name) or {}
        for item in entry.get("counterparts", ()):
            words = "-".join(("VERSION", *item.get("from_variant", ())))
            patterns = [pattern for key in ("tag", "tag_with_base") if (pattern := item.get(key))]
            shown = ", ".join(one.format(version="VERSION", base="RELEASE") for one in patterns)
            image = "" if item.get("image", name) == name else f"{item['image']}:"
            yield f"| {name} | {words} | {image}{shown} | {', '.join(item['versions'])} | {entry['source']} |"
    yield ""


def _images() -> Iterator[str]:
    yield "## Images\n"
    yield "What is known of the image without a tag; a dash where it is not known, or differs between versions.\n"
    yield "| image | distribution | packages | shell | starts as | ordinary user | ends of life | source |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in catalogued():
        image = image_facts(name, None)
        assert image is not None
        yield _row(image)


def _row(image: ImageFacts) -> str:
    entry = entry_of(image.name) or {}
    lines = len(entry.get("end_of_life", ()))
    ends = f"{lines} lines" if lines else ("its releases'" if entry.get("distribution_image") else None)
    facts = (image.distribution, image.manager, image.shell, image.user, image.unprivileged)
    ends = "given up" if image.deprecated else ends
    cells = ("-" if fact is None else str(fact) for fact in (*facts, ends))
    return "| " + " | ".join((image.name, *cells, f"{image.source}, {image.as_of}")) + " |"
