"""DS803: secrets and large files that become part of the image."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.facts import Facts
from ...analysis.project import Classified, FileRole
from ...ir.build import Build
from ...patterns import re
from ..base import Proposals, analysis
from .sizes import shown

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
#: Labels of what is there to be given away. Sources: RFC 7468, RFC 4880 (6.2), openssl-dhparam(1), openssl-ecparam(1).
_PUBLIC = re.compile(
    r"(?:TRUSTED |X509 |NEW )?CERTIFICATE(?: REQUEST)?|X509 CRL|(?:DH|X9\.42 DH|EC|DSA) PARAMETERS|"
    r"(?:RSA |EC )?PUBLIC KEY|PGP PUBLIC KEY BLOCK"
)
#: So many files are named in a remark.
_NAMED = 3


def copied_secrets(build: Build, facts: Facts) -> Proposals:
    """Tell which secrets and large files of the build context become part of the image, with their sizes.

    A file that was copied stays in its layer, even if a later command deletes it.

    Nothing is changed: whether the program needs the file its author has to say. Safe for that reason. Source: Docker
    documentation, "Build secrets".
    """
    project = facts.project
    if project is None or not build.stages:
        return
    copied = {file.path: image for image, file in project.image_files(build).items()}
    steps = project.copied_by(build)
    lines = {step.index: step.line for step in build.stages[-1].steps}
    found: dict[tuple[FileRole, int], list[tuple[str, Classified]]] = {}
    for item in project.classified:
        image = copied.get(item.path)
        if image is None or item.folder or item.role not in (FileRole.SECRET, FileRole.LARGE):
            continue
        if item.role is FileRole.SECRET and (item.size == 0 or _is_public(project.text(item.path))):
            continue
        # What a stage below the last one copied came with its FROM.
        own = steps.get(image, ())
        line = lines[own[-1]] if own else build.stages[-1].head.line
        found.setdefault((item.role, line), []).append((image, item))
    for (role, line), items in sorted(found.items(), key=lambda one: (one[0][1], one[0][0].value)):
        yield analysis(line, _told(role, items), *(item.path for _, item in items[:_NAMED]))


def _told(role: FileRole, items: Sequence[tuple[str, Classified]]) -> str:
    size = shown(sum(item.size for _, item in items))
    names = ", ".join(image for image, _ in items[:_NAMED])
    if len(items) > _NAMED:
        names += f" and {len(items) - _NAMED} more"
    it, gets = ("it", "gets") if len(items) == 1 else ("them", "get")
    if role is FileRole.SECRET:
        looks = "looks like a secret by its name" if len(items) == 1 else "look like secrets by their names"
        return (
            f"{names} {looks}, and anyone who can pull the image can read {it} ({size}); what the image does not need "
            "belongs in .dockerignore"
        )
    return f"{names} {gets} into the image ({size}); what it does not need belongs in .dockerignore"


def _is_public(text: str | None) -> bool:
    """Whether *text* is of certificates, parameters and public keys alone."""
    labels = _BLOCK.findall(text or "")
    return bool(labels) and all(_PUBLIC.fullmatch(label) for label in labels)
