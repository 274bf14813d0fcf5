"""The places that a COPY or ADD fills, as far as its words tell."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...ir.steps import Copy
from ...patterns import re
from .places import Place, absolute
from .state import State, expand

_URL = re.compile(r"(?:https?|ftp)://")
_ARCHIVE = re.compile(r".*\.(?:tar|tgz|tbz2?|txz|tar\.\w+)\Z")
_GLOB = re.compile(r"[*?\[$]")
#: A name with an extension, or one that tools expect without: no folder, whose contents COPY would spread.
_FILE = re.compile(r".*[^/.]\.[A-Za-z0-9]{1,10}\Z|(?:.*/)?(?:[A-Z][A-Za-z]*file|LICENSE|mvnw|gradlew)\Z")


def copied_places(copy: Copy, state: State, broad: frozenset[str]) -> Iterator[Place | str]:
    """The places that *copy* fills, run in *state*; a text for each that is not known, and why.

    *broad* are folders with more in them than one Dockerfile put there.
    """
    destination = expand(copy.destination, state)
    path = absolute(destination, state.workdir) if destination else None
    if destination is None or path is None:
        yield f"{copy.keyword} to {copy.destination} depends on a build argument"
        return
    if path not in broad:
        yield Place(path)
        return
    for source in copy.sources:
        bare = source.split("?")[0].rstrip("/")
        unclear = bool(_GLOB.search(bare)) or bare in ("", ".", "..")
        spread = copy.keyword == "ADD" and bool(_ARCHIVE.match(bare)) and not _URL.match(bare)
        if copy.origin.heredocs:
            yield Place(path)
        elif unclear or spread or not (_FILE.match(bare) or _URL.match(bare)):
            yield f"what {copy.keyword} {source} puts into {path} depends on the build context"
        else:
            yield Place(posixpath.join(path, posixpath.basename(bare)))
