"""What a package manager reads of a project when it installs dependencies, and why that may be more than its files."""

from __future__ import annotations

from ...analysis.project import Installation
from ..tree import ContextTree


def installation_of(tree: ContextTree, manager: str, entry: str) -> Installation:
    """What *manager* reads when it installs from *entry*: the context path of a file, or of the folder it runs in."""
    from .needs import Needs
    from .readers import READERS

    needs = Needs(tree)
    reader = READERS.get(manager)
    if reader is None:
        needs.against(f"what {manager} reads is not known")
    else:
        try:
            reader(needs, entry)
        except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
            needs.against(f"the files of {manager} are not written as it reads them")
    return needs.installation()
