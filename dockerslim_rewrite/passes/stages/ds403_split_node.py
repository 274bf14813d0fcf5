"""DS403: Node.js programs without the compiler that built their extensions."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals


def split_node(build: Build, facts: Facts) -> Proposals:
    """Install Node.js packages in one stage, and ship them without compiler and headers in another.

    Where npm or Yarn compiles extensions, compiler and headers stay in the image: 150 to 300 MB to no use.

    Both stages stand on the same slim or Alpine image, so nothing of it is lost; a full image gives way to its slim
    variant. The runtime stage gets the folders of installed packages and everything else that the Dockerfile itself
    wrote, at the same paths; it installs again the packages that do not only serve builds, and for each development
    package the libraries that extensions are linked to. At `standard` no script is among what the container starts,
    since a script might compile; with one it needs `aggressive`, as a full image does: there the context's
    package-lock.json, or its yarn.lock with what `dockerslim lock` asks of it, must tell what is compiled, and it must
    be known what all of that is linked to, and so must what the container starts.
    Sources: docker-library node; node-gyp.
    """
    from .language_targets import language_targets
    from .splitting import split_stage

    yield from split_stage(build, facts, "node", language_targets)
