"""DS401: Go programs without the tool chain that built them."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals


def split_go(build: Build, facts: Facts) -> Proposals:
    """Build Go programs in one stage and ship them on a small base in another.

    A Go image holds compiler, sources, modules and build cache: close to a gigabyte for a program of ten megabytes.

    It is done only for a file of one stage whose container starts through a program that `go build` or `go install`
    made in it. The runtime stage gets everything that the Dockerfile itself wrote, at the same paths, with the
    certificates of the builder, and all of its configuration. At `standard` it stands on the same distribution (Debian
    slim or Alpine), whose C library is no older than the builder's; at `aggressive` on distroless, if no command needs
    a shell: `static` where CGO_ENABLED=0 is set, or where the build context shows that only the standard library is
    imported, so that it can be; else `cc`. Any command with unknown effects, any package that the program might run,
    and scripts as entrypoint decline it. The assumption is that the program does not start the Go tool chain or git.
    Packages that are installed again may be newer on that day. Sources: docker-library golang; `go help install`;
    packages crypto/x509 and time (where certificates and time zones are read).
    """
    from .go_targets import go_targets
    from .splitting import split_stage

    yield from split_stage(build, facts, "go", go_targets)
