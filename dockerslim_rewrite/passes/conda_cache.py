"""DS205: conda's package cache."""

from __future__ import annotations

from ..analysis.facts import Facts, Use
from ..change import Safety
from ..ir.build import Build, Stage
from ..ir.steps import Run
from .base import Proposals, rewrite_pass
from .cleaning import clean_after

MANAGERS = frozenset(("conda", "mamba", "micromamba"))


@rewrite_pass("DS205", "conda-cache", Safety.SAFE, mentions=("conda", "mamba"))
def conda_cache(build: Build, facts: Facts) -> Proposals:
    """Run `conda clean -afy` where conda, mamba or micromamba installed packages.

    The package cache keeps every archive beside what was unpacked from it, and the index of each channel.

    Safe because installed environments hold their own links or copies of the files; only a later `--offline` install
    reads the cache, and then it stays. Source: conda documentation, `conda clean`.
    """
    yield from clean_after(build, facts, "DS205", MANAGERS, _judge)


def _judge(uses: list[Use], run: Run, stage: Stage, facts: Facts) -> Safety | str | None:
    for later in facts.later_runs(run, stage):
        for use in facts.uses(later):
            if use.operation.manager.name in MANAGERS and use.operation.has_flag("--offline", "--use-index-cache"):
                return f"the RUN on line {later.line} installs from the cache"
    return Safety.SAFE
