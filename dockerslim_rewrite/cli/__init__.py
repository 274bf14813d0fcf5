"""The command line: one file a command, each loaded when it is called."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of ``dockerslim``."""
    from .app import app

    app(prog_name="dockerslim")


def rewrite_main() -> None:
    """Entry point of ``rewrite``, which is ``dockerslim rewrite``."""
    from .app import app

    app(["rewrite", *sys.argv[1:]], prog_name="dockerslim")
