"""The slim variant of a language's full image."""

from __future__ import annotations

from .split_project import Project


def slim_variant(project: Project) -> str | None:
    """The slim variant of the image that *project* is built on, with its tag; None where none is known.

    Nor is there one for a digest, which would leave the other image behind.
    """
    if "@" in project.stage.head.image:
        return None
    for one in project.image.counterparts:
        if one.kind == "slim" and one.image == project.image.name:
            return f"{one.image}:{one.tag}"
    return None
