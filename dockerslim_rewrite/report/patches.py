"""A patch a rule: what each changes, as `git apply` takes it, one behind the other."""

from __future__ import annotations

from collections.abc import Sequence

from ..pipeline import Options, Result, unified_diff
from ..pipeline.parts import parts
from ..text import Patch
from .findings import shown_path
from .text import printable


def patches(results: Sequence[Result]) -> str:
    """For each set of rules that act together its patch, under a heading that `git apply` passes over.

    Each patch applies to the files as they are; where two rules change the same lines they share one.
    """
    found: dict[tuple[str, ...], str] = {}
    for result in sorted(results, key=shown_path):
        by_rules: dict[tuple[str, ...], list[int]] = {}
        cut = parts(result, Options())
        for at, part in enumerate(cut):
            by_rules.setdefault(tuple(sorted({one.rule for one in part.changes})), []).append(at)
        for rules, places in by_rules.items():
            text = Patch.of(edit for at in places for edit in cut[at].patch).apply(result.original)
            found[rules] = found.get(rules, "") + unified_diff(result.original, text, shown_path(result))
    return "".join(f"# {printable(', '.join(rules))}\n{found[rules]}" for rules in sorted(found))
