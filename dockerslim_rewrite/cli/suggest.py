"""``rewrite --suggest``: splits that were declined, as drafts on standard error. Nothing of them is ever written."""

from __future__ import annotations

import difflib
import sys

from ..pipeline import Options, Result, suggest
from ..report.text import printable

_MARK = "draft | "


def print_drafts(result: Result, options: Options) -> None:
    """Print what else could be split in *result*, and what is in the way, every line marked as a draft."""
    name = result.path or "<stdin>"
    for draft in suggest(result.text, options, result.path):
        said = f"{name}:{draft.line}: {draft.rule} is not proven: {draft.reason}. A draft, not written:"
        print(printable(said), file=sys.stderr)
        for line_number, reason in draft.others:
            print(f"{_MARK}# line {line_number}: {printable(reason)}", file=sys.stderr)
        lines = difflib.unified_diff(
            result.text.splitlines(), draft.text.splitlines(), f"a/{name}", f"b/{name} (draft)", lineterm=""
        )
        for line in lines:
            print(f"{_MARK}{printable(line)}", file=sys.stderr)
