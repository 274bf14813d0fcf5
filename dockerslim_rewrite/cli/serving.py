"""Starting the language server, without the library that reads the command line: editors wait for it."""

from __future__ import annotations

import gc
import sys

#: Arguments of ``dockerslim`` that ask for the server and nothing else.
PLAIN = (["server"], ["server", "--stdio"])
_USAGE = 2
_MISSING = "the language server needs pygls; install it with `pip install 'dockerslim-rewrite[editor]'`"


def start() -> int:
    """Serve until the client hangs up; the exit code."""
    # The protocol's library makes hundreds of classes, and nothing of that is ever thrown away.
    gc.disable()
    try:
        from ..editor.serve import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol", "cattrs"):
            raise
        print(f"dockerslim: {_MISSING}", file=sys.stderr)
        return _USAGE
    gc.freeze()
    gc.enable()
    from .files import now

    return serve(now)
