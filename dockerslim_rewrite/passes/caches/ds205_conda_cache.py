"""DS205: conda's package cache."""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.facts import Facts, Use
from ...change import Safety
from ...ir.build import Build, Stage
from ...ir.steps import Arg, Env, Run
from ...patterns import re
from ..base import Proposals
from .cleaning import clean_after

MANAGERS = frozenset(("conda", "mamba", "micromamba"))
#: Images with a conda from before 4.6, whose `clean` has no -f; Anaconda 5 came with conda 4.5.
_BEFORE_4_6 = re.compile(r"(?:docker\.io/)?(?:continuumio/)?(?:mini|ana)conda[23]?:(?:[0-3]|4\.[0-5]|5)(?:[.-]|\Z)")
#: Installers by name and version; those of Miniforge and Mambaforge all bring a newer conda.
_INSTALLER = re.compile(r"\b(Berry|Mini|Ana)conda[23]?-([\w.{}$-]{1,60}?)-(?:Linux|MacOSX|\$)")
#: Versions with a conda from before 4.6, by the installer's name.
_OLD = {"Mini": re.compile(r"[0-3]\.|4\.[0-5]\b"), "Ana": re.compile(r"[0-5]\.|201[0-8]\.")}
_PINNED = re.compile(r"\bconda={1,2}(?:[0-3]|4\.[0-5])(?![0-9])[\w.]*")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?\Z")


def conda_cache(build: Build, facts: Facts) -> Proposals:
    """Run `conda clean -afy` where conda, mamba or micromamba installed packages.

    The package cache keeps every archive beside what was unpacked from it, and the index of each channel.

    Safe because installed environments hold their own links or copies of the files; only a later `--offline` install
    reads the cache, and then it stays. It stays, too, where conda is older than 4.6 and knows no `-f`, or may be.
    Source: conda documentation, `conda clean`.
    """
    yield from clean_after(build, facts, MANAGERS, _judge)


def _old_installers(index: int, facts: Facts) -> Iterator[str]:
    """The installers in the stage at *index* that bring a conda from before 4.6, or one of which nobody knows."""
    for run in facts.build.stages[index].runs:
        for match in _INSTALLER.finditer(run.origin.text):
            kind, version = match[1], match[2]
            named = _VARIABLE.match(version)
            known = _set(named[1], facts) if named is not None else {version}
            if kind == "Berry" or not known or any("$" in one or _OLD[kind].match(one) for one in known):
                yield match[0].rpartition("-")[0]
        pinned = _PINNED.search(run.origin.text)
        if pinned is not None:
            yield pinned[0]


def _set(name: str, facts: Facts) -> set[str]:
    """What ARG and ENV set the variable *name* to, anywhere in the build."""
    steps = (*facts.build.preamble, *(step for stage in facts.build.stages for step in stage.steps))
    pairs = (pair for step in steps if isinstance(step, Arg | Env) for pair in step.pairs)
    return {(pair.value or "$").strip("\"'") for pair in pairs if pair.key == name}


def _judge(uses: list[Use], run: Run, stage: Stage, facts: Facts) -> Safety | str | None:
    if _BEFORE_4_6.match(stage.head.image):
        return "`conda clean -f` came with conda 4.6"
    old = next((found for at in facts.graph.chain(stage.index) for found in _old_installers(at, facts)), None)
    if old is not None:
        return f"`conda clean -f` came with conda 4.6, and {old} brings an older one, or may"
    return Safety.SAFE
