"""DS405: Rust programs without the tool chain and the target folder."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals


def split_rust(build: Build, facts: Facts) -> Proposals:
    """Build Rust programs in one stage and ship them on a small base in another.

    The tool chain weighs more than a gigabyte, the target folder of a small service several hundred megabytes.

    It is done only for a file of one stage whose container starts through a program in a target folder, through one
    that `cargo install` put beside cargo, or through a copy of it. The runtime stage gets what commands wrote, the
    program and the certificates from the builder, and all of the configuration. Of what was copied from the build
    context it gets what the sources show that the program opens, and all of it where they do not show that. At
    `standard` it stands on the same distribution, at `aggressive` on distroless if no command needs a shell. The full
    image has libraries that crates may be linked to: there the context's Cargo.lock must name no crate for a library of
    the system. Any other command with unknown effects, any package that the program might run, and scripts as
    entrypoint decline it. Packages that are installed again may be newer on that day. Sources: docker-library rust; the
    Cargo book; the rustc book, "Platform Support".
    """
    from .rust_targets import rust_targets
    from .splitting import split_stage

    yield from split_stage(build, facts, "rust", rust_targets)
