"""DS408: static sites without what built them."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals


def split_static(build: Build, facts: Facts) -> Proposals:
    """Build static sites in one stage, and ship them with the web server alone in another.

    Node.js, Hugo or Jekyll, and the packages that they install, serve nobody who asks for a page.

    It is done only for a file of one stage whose container starts nothing but a web server that only reads: nginx out
    of a package or its own image, or `serve` or `http-server` out of npm. The server stays the one it was. The runtime
    stage gets everything that the Dockerfile itself wrote, at the same paths, and all of the configuration. At
    `standard` that is where the server's own image stays; where the server has to be installed again, on the same
    release of the distribution, it needs `aggressive`: it may be newer on that day. There, too, only those folders come
    along that the server's configuration (as the build context shows it) or its command line names: what it serves must
    be made by the build. Modules that run code, scripts for the entrypoint, and any command with unknown effects
    decline it. Sources: nginx.org, core functionality; docker-library nginx; serve and http-server, `--help`.
    """
    from .splitting import split_stage
    from .static_targets import serve_targets, static_targets

    yield from split_stage(build, facts, "static", static_targets)
    yield from split_stage(build, facts, "web", static_targets)
    yield from split_stage(build, facts, "serve", serve_targets)
