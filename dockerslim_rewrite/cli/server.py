"""``dockerslim server``: the language server, for editors."""

from __future__ import annotations

from typing import Annotated

import typer

from .serving import start


def server_command(
    stdio: Annotated[bool, typer.Option("--stdio", help="As it is in any case; many editors say so.")] = False,
) -> None:
    """Serve an editor over standard input and output: the language server protocol."""
    raise typer.Exit(start())
