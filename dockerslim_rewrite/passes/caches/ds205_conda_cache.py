"""DS205: conda's package cache."""

from __future__ import annotations

import re

from ...analysis.facts import Facts, Use
from ...change import Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ..base import Proposals
from .cleaning import clean_after

MANAGERS = frozenset(("conda", "mamba", "micromamba"))
#: Images with a conda from before 4.6, whose `clean` has no -f; Anaconda 5 came with conda 4.5.
_BEFORE_4_6 = re.compile(r"(?:docker\.io/)?(?:continuumio/)?(?:mini|ana)conda[23]?:(?:[0-3]|4\.[0-5]|5)(?:[.-]|\Z)")


def conda_cache(build: Build, facts: Facts) -> Proposals:
    """Run `conda clean -afy` where conda, mamba or micromamba installed packages.

    The package cache keeps every archive beside what was unpacked from it, and the index of each channel.

    Safe because installed environments hold their own links or copies of the files; only a later `--offline` install
    reads the cache, and then it stays. It stays, too, in images whose conda is older than 4.6 and knows no `-f`.
    Source: conda documentation, `conda clean`.
    """
    yield from clean_after(build, facts, MANAGERS, _judge)


def _judge(uses: list[Use], run: Run, stage: Stage, facts: Facts) -> Safety | str | None:
    if _BEFORE_4_6.match(stage.head.image):
        return "`conda clean -f` came with conda 4.6"
    for later in facts.later_runs(run, stage):
        for use in facts.uses(later):
            if use.operation.manager.name in MANAGERS and use.operation.has_flag("--offline", "--use-index-cache"):
                return f"the RUN on line {later.line} installs from the cache"
    return Safety.SAFE
