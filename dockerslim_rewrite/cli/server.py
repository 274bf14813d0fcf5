"""``dockerslim server``: the language server, for editors."""

from __future__ import annotations

import typer

from .rewrite import USAGE, complain

_MISSING = "the language server needs pygls; install it with `pip install 'dockerslim-rewrite[editor]'`"


def server_command() -> None:
    """Serve an editor over standard input and output: the language server protocol."""
    try:
        from ..editor.serve import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol", "cattrs"):
            raise
        complain(_MISSING)
        raise typer.Exit(USAGE) from None
    from .files import now

    serve(now)
