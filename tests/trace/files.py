"""One file, rewritten and traced: what its changed RUNs showed, counted by shell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from dockerslim_rewrite import Options, ParseError, rewrite
from tests.corpus.files import CorpusFile
from tests.trace.model import Allowance, Body
from tests.trace.pairs import Unjudged, pairs
from tests.trace.verdict import Kind, judge

WHOLE_STAGE_SEEDS = 2
"""Seeds for a whole stage, which is there for what its RUNs leave behind; the changed RUNs get all seeds."""


@dataclass
class Tally:
    """What was run at one level, counted by shell.

    pairs: groups of RUNs; runs: RUNs after. differences: the first of each pair in each shell, in words.
    """

    files: int = 0
    pairs: int = 0
    runs: int = 0
    stages: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    unparsable: Counter[str] = field(default_factory=Counter)
    unstable: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("files", "pairs", "runs", "stages"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in (
            "compared",
            "repeated",
            "failed",
            "limited",
            "judged",
            "unparsable",
            "unstable",
            "differing",
            "unjudged",
        ):
            getattr(self, name).update(getattr(other, name))
        self.differences += other.differences


_Key = tuple[tuple[Body, ...], tuple[Body, ...], Allowance, str]
_known: dict[_Key, Tally] = {}


def trace_file(file: CorpusFile, level: str, select: tuple[str, ...], seeds: int) -> Tally:
    """What the traces of one file show."""
    tally = Tally()
    try:
        result = rewrite(file.text, Options(level=level, select=select))
    except ParseError:
        return tally
    for pair in pairs(result):
        tally.files = 1
        if isinstance(pair, Unjudged):
            tally.unjudged[pair.reason] += 1
            continue
        count = min(seeds, WHOLE_STAGE_SEEDS) if pair.whole else seeds
        for shell in pair.shells:
            key = (pair.before, pair.after, pair.allow, shell)
            if key not in _known:
                _known[key] = _trace(pair.before, pair.after, pair.allow, shell, count, f"{file.name}:{pair.line}")
            tally.add(_known[key])
        if pair.whole:
            tally.stages += 1
        else:
            tally.pairs += 1
            tally.runs += pair.runs
    return tally


def _trace(
    before: tuple[Body, ...], after: tuple[Body, ...], allow: Allowance, shell: str, seeds: int, place: str
) -> Tally:
    found = judge(before, after, allow, seeds=range(seeds), shells=(shell,))
    tally = Tally()
    tally.compared[shell] = found.compared
    tally.repeated[shell] = found.repeated
    tally.failed[shell] = found.failed
    tally.limited[shell] = found.limited
    if found.unparsable:
        tally.unparsable[shell] = 1
    elif found.wrong or not found.differences:
        tally.judged[shell] = 1
    else:
        tally.unstable[shell] = 1
    wrong = [one for one in found.differences if one.kind not in (Kind.UNSTABLE, Kind.INCONCLUSIVE)]
    tally.differences = [f"{place}: {one}" for one in wrong[:1]]
    tally.differing[shell] = len(wrong)
    return tally
