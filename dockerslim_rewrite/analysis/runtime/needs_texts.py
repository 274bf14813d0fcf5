"""What steps tell by their text alone of what a smaller image has to have."""

from __future__ import annotations

from ...ir.build import Build
from ...ir.steps import Copy, Run, Step
from ...knowledge.smaller import documentation, static_images
from ...patterns import re
from ..packages.listed import Unmet
from .ground import Ground

#: Files where packages put theirs; what stands in /usr/local is the image's own, in both variants.
_PLACES = re.compile(r"(?<![\w./-])/(?:usr/)?(?:s?bin/([\w.+-]+)|(?:lib(?:32|64|exec)?|include)/[\w.+-]+)")
#: Where programs and libraries are looked for.
_LOADED = re.compile(
    r"(?:^|/)(?:s?bin|lib(?:32|64|exec)?|node_modules|[\w.-]*venv|site-packages|\.local)(?:/|\Z)|\.so\b"
)
#: What makes programs look for the certificates of authorities where the distribution puts them. Sources: node(1),
#: --use-openssl-ca, --use-system-ca and NODE_EXTRA_CA_CERTS; openssl-verification-options(1), SSL_CERT_FILE.
_AUTHORITIES = re.compile(r"--use-(?:openssl|system)-ca|\bSSL_CERT_(?:FILE|DIR)\b|/etc/ssl/certs\b")


def check_text(step: Step, ground: Ground, *, old: bool) -> None:
    """Note what the text of *step* tells by names alone. Raises ``Unmet`` where that is not on the smaller image.

    *old*: the distribution may be one whose packages cannot do without folders for manual pages.
    """
    smaller = ground.smaller
    text = step.origin.logical.text
    if not smaller.documentation and _AUTHORITIES.search(text):
        ground.package("ca-certificates", "update-ca-certificates", step if isinstance(step, Run) else None)
    if smaller.text is not None and (found := smaller.text.search(text)):
        raise Unmet(f"{found[0]} on line {step.line} is another place there")
    if not smaller.documentation and isinstance(step, Run):
        for found in _PLACES.finditer(text):
            if found[1] not in smaller.commands - smaller.own:
                raise Unmet(f"it is not known whether {found[0]} on line {step.line} is there")
    known = documentation()
    if smaller.documentation and (found := known.paths.search(text)):
        raise Unmet(f"{found[0]} on line {step.line} is left out there")
    wary = smaller.documentation or (old and smaller.packages)
    if wary and isinstance(step, Run) and (found := known.packages.search(text)):
        what = "directories for manual pages, which are left out there"
        raise Unmet(f"{found[0]} on line {step.line} may need {what}")


def is_for_browsers(copy: Copy, build: Build) -> bool:
    """Whether *copy* brings what a stage on Node.js or Bun has built for browsers: no program, no library."""
    wanted = (copy.origin.flag("from") or "").lower()
    named = [one for one in build.stages if wanted in ((one.head.alias or "").lower(), str(one.index))]
    heads = {one.head.image.rpartition("/")[2].partition(":")[0] for one in named}
    return bool(heads) and heads <= {"node", "bun"} and not _LOADED.search(copy.destination)


def is_static(copy: Copy) -> bool:
    """Whether *copy* brings nothing that was built elsewhere, but for programs that are linked to nothing."""
    source = copy.origin.flag("from")
    return source is None or re.split(r"[:@]", source, maxsplit=1)[0] in static_images()
