"""``python -m dockerslim_rewrite`` is ``dockerslim``: for machines whose path does not lead to console commands."""

from .cli import main

main()
