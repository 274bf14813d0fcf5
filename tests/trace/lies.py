"""The lies told to the validator, told to the trace: which of them concern shell bodies, and which does it catch?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dockerslim_rewrite.change import Change, Safety
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.syntax import ParseError, parse
from tests.trace.allowances import allowance, shells
from tests.trace.model import Body
from tests.trace.stages import bodies
from tests.trace.verdict import judge
from tests.unit.test_validate import claims_of

FOLDER = Path(__file__).parent.parent / "lies"
SEEDS = range(40)
"""Those that let nothing fail in a body this short are not run, so only a few of them are."""
_CASE = re.compile(
    r"^## (.+?)\n\n```claims\n(.*?)```\n\n```dockerfile\n(.*?)```\n\n```dockerfile after\n(.*?)```$", re.M | re.S
)


@dataclass(frozen=True, slots=True)
class Lie:
    """A wrong rewrite whose RUNs differ: the change that it claims, and the bodies of each stage on both sides."""

    file: str
    title: str
    change: Change
    before: tuple[tuple[Body, ...], ...]
    after: tuple[tuple[Body, ...], ...]

    @property
    def name(self) -> str:
        return f"{self.file}: {self.title}"

    def caught(self, seeds: Sequence[int] = SEEDS) -> bool:
        """Whether some shell and seed show a difference that the claims do not allow."""
        allow = allowance([self.change])
        for left, right in zip(self.before, self.after, strict=True):
            for shell in shells([self.change], left)[:2]:  # bash besides dash, for what dash does not know
                if judge(left, right, allow, seeds=seeds, shells=(shell,)).wrong:
                    return True
        return False


def shell_lies() -> Iterator[Lie]:
    """The lies about the bodies of RUNs, of all files."""
    for path in sorted(FOLDER.glob("*lies.md")):
        for title, claims, before, after in _CASE.findall(path.read_text("utf-8")):
            try:
                left, right = _stages(before), _stages(after)
            except ParseError:
                continue
            if left is not None and right is not None and len(left) == len(right) and left != right:
                yield Lie(
                    path.name, title, Change((), "", "", Safety.SAFE, claims_of(claims), 1, rule="DS000"), left, right
                )


def _stages(text: str) -> tuple[tuple[Body, ...], ...] | None:
    found = bodies(read_build(parse(text)))
    if any(isinstance(one, str) for one in found):
        return None
    return tuple(tuple(placed.body for placed in one) for one in found if not isinstance(one, str))
