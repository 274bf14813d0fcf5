"""The base that a person would try first for the runtime stage of a project that is not known well enough."""

from __future__ import annotations

from ...ir.reference import InvalidReference, parse
from .split_project import Project, is_small


def likely_base(project: Project) -> str:
    """The image on which a person would try the program first."""
    image = project.stage.head.image
    known = project.recipe
    if known.slim and not is_small(project.image):
        return _slim(project)
    release = project.image.release or known.release(project.image.parts.version)
    if project.image.distribution not in ("debian", "alpine") or project.image.name == "alpine":
        return image
    if project.image.family == "alpine" and known.sketch and project.image.release:
        return f"alpine:{project.image.release}"
    if known.sketch and project.image.family == "debian" and release:
        return f"debian:{release}-slim"
    return known.sketch.get(project.image.family or "", image)


def _slim(project: Project) -> str:
    """The slim variant as the tags of the image are made, whether or not it is known to be there."""
    image = project.stage.head.image
    try:
        reference = parse(image)
    except InvalidReference:
        return image
    parts = project.image.parts
    version, base = parts.version or "", parts.base or ""
    if not version:
        tag = reference.tag.text if reference.tag is not None else "latest"
        version = "" if tag == "latest" else tag.removesuffix(f"-{base}") if base else tag
    words = (version, base, "slim") if project.recipe.name == "split-node" else (version, "slim", base)
    return reference.with_version("-".join(word for word in words if word), None)
