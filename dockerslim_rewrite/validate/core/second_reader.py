"""An independent second reading of the result: dockerfile-parse on the normalized program.

Its own splitting differs from BuildKit's, so it gets one logical line per instruction, here-documents folded. Known
quirks of dockerfile-parse 2.0, which is why only stage heads and the row of instructions are compared: it puts
``${NAME:-word}`` in as ``:-word}``, and writes its text as Latin-1 where it is not UTF-8.
"""

from __future__ import annotations

import io

from ...ir.build import Build
from ...ir.steps import From


def normalized(build: Build) -> str:
    """One logical line per instruction; what a here-document brings along is left out."""
    lines = []
    for step in build:
        text = step.origin.logical.text.strip().replace("\r", " ").replace("\n", " ")
        lines.append(text.rstrip("\\").encode("ascii", "replace").decode("ascii"))
    return "\n".join(lines) + "\n"


def readers_disagree(build: Build) -> str | None:
    """What dockerfile-parse sees otherwise than we do in *build*; None when both agree."""
    from dockerfile_parse import DockerfileParser
    from dockerfile_parse.parser import image_from
    from dockerfile_parse.util import WordSplitter

    text = normalized(build)
    if build.document.escape != "\\" or "\\" in text:
        return None
    if any(step.keyword == "ARG" and not step.origin.args for step in build):
        return None  # dockerfile-parse raises IndexError at an ARG without a name
    parser = DockerfileParser(fileobj=io.BytesIO(text.encode("ascii")), env_replace=False)
    structure = parser.structure
    theirs = [entry["instruction"] for entry in structure if entry["instruction"] != "COMMENT"]
    ours = [step.keyword for step in build]
    if theirs != ours:
        return "dockerfile-parse reads other instructions in the result"
    heads = [step for step in build if isinstance(step, From)]
    # What holds a lone quotation mark is no reference to BuildKit either, and the two unquote it in their own ways.
    if not any("$" in head.image or head.image.count('"') % 2 or head.image.count("'") % 2 for head in heads):
        images = [_unquoted(head.image).encode("ascii", "replace").decode("ascii") for head in heads]
        # Not its ``parent_images``: they put every ARG into the next, whose values double with each line of some files.
        values = [entry["value"] for entry in structure if entry["instruction"] == "FROM"]
        read = [WordSplitter(image, args={}).dequote() for image, _ in map(image_from, values) if image is not None]
        if [image for image in read if image] != images:
            return "dockerfile-parse reads other base images in the result"
    return None


def _unquoted(image: str) -> str:
    """*image* without the quotation marks that both readers take off."""
    return image[1:-1] if len(image) > 2 and image[0] == image[-1] and image[0] in "\"'" else image
