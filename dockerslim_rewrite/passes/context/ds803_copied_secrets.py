"""DS803: secrets and large files that become part of the image."""

from __future__ import annotations

import re

from ...analysis.facts import Facts
from ...analysis.flow.destinations import destination
from ...analysis.project import FileRole
from ...ir.build import Build, Stage
from ...ir.steps import Copy
from ..base import Proposals, analysis
from .sizes import shown

_PUBLIC = re.compile(r"-----BEGIN (?:(?:TRUSTED )?CERTIFICATE|PGP PUBLIC KEY BLOCK|(?:RSA |EC )?PUBLIC KEY)-----")
_TOLD = {
    FileRole.SECRET: "by its name a secret, which everybody can read who can pull the image",
    FileRole.LARGE: "large",
}


def copied_secrets(build: Build, facts: Facts) -> Proposals:
    """Tell which secrets and large files of the build context become part of the image, with their sizes.

    A file that was copied stays in its layer, even if a later command deletes it.

    Nothing is changed: whether the program needs the file its author has to say. Safe for that reason. Source: Docker
    documentation, "Build secrets".
    """
    project = facts.project
    if project is None or not build.stages:
        return
    stage = build.stages[-1]
    copied = {file.path: image for image, file in project.image_files(build).items()}
    for item in project.classified:
        if item.role not in _TOLD or item.folder:
            continue
        image = copied.get(item.path)
        if image is not None and not (item.role is FileRole.SECRET and _is_public(project.text(item.path))):
            line = _line(image, stage, facts)
            yield analysis(line, f"{image} is {_TOLD[item.role]} ({shown(item.size)})", item.path)


def _is_public(text: str | None) -> bool:
    """Whether *text* is of certificates and public keys alone, which are there to be given away."""
    return text is not None and bool(_PUBLIC.search(text)) and "PRIVATE KEY" not in text


def _line(image: str, stage: Stage, facts: Facts) -> int:
    for step in reversed(stage.steps):
        if isinstance(step, Copy):
            target = destination(step, facts.state(step))
            if target is not None and (image == target or image.startswith(target.rstrip("/") + "/")):
                return step.line
    return stage.head.line
