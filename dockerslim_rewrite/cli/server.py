"""``dockerslim server``: the language server, for editors."""

from __future__ import annotations

import sys

_USAGE = 2
_MISSING = "the language server needs pygls; install it with `pip install 'dockerslim-rewrite[editor]'`"


def server_command() -> None:
    """Serve an editor over standard input and output: the language server protocol."""
    from typer import Exit

    raise Exit(start())


def start() -> int:
    """Serve until the client hangs up; the exit code."""
    try:
        from ..editor.serve import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol", "cattrs"):
            raise
        print(f"dockerslim: {_MISSING}", file=sys.stderr)
        return _USAGE
    from .files import now

    serve(now)
    return 0
