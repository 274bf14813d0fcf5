"""DS412: releases of Elixir programs without the compiler and the sources."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals


def split_elixir(build: Build, facts: Facts) -> Proposals:
    """Build a release of an Elixir program in one stage, and ship it without compilers and git in another.

    The full image holds all that Erlang and its extensions are compiled with: more than a gigabyte. A release brings
    Erlang's runtime along and needs the C library, OpenSSL and ncurses.

    It is done only for a file of one stage that runs `mix release`, and whose container starts the release's own script
    from a place that the Dockerfile wrote. A slim or Alpine image stays, without the packages that only serve builds; a
    full image gives way to its slim variant at `aggressive`, where the context's mix.lock names only packages of which
    it is known what they are linked to. The runtime stage gets everything that the Dockerfile itself wrote, at the same
    paths. Commands with unknown effects and other programs as entrypoint decline it. Packages that are installed again
    may be newer on that day. Sources: docker-library elixir and erlang; the documentation of mix release.
    """
    from .elixir_targets import elixir_targets
    from .splitting import split_stage

    yield from split_stage(build, facts, "elixir", elixir_targets)
