"""Questions about a program that several judges ask."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

from ...ir.build import Build, Stage
from ...ir.steps import Run, Step
from ...patterns import re
from ...shell.script import Script
from .observe import Command, commands, units

#: Whose packages are installed by pip's rules.
_PYTHONS = re.compile(r"(?:pip|python|pypy|uv)[\w.]*\Z")
_LOCAL = re.compile(
    r"\.{1,2}\Z|\.{1,2}\[|\.{0,2}/|(?:[^:]*(?:\+|@\s*))?file:|.*\.(?:whl|tar\.gz|tgz|zip|gem|deb|rpm|apk)(?:\[|\Z)",
    re.S,
)


@lru_cache(maxsize=4)
def _aliases(build: Build) -> dict[str, list[int]]:
    """The indices, in order, of the stages that go by each name in lower case."""
    found: dict[str, list[int]] = {}
    for stage in build.stages:
        if stage.head.alias is not None:
            found.setdefault(stage.head.alias.lower(), []).append(stage.index)
    return found


def _called(name: str, at: int, build: Build) -> int | None:
    """The last stage before stage *at* that goes by *name*."""
    indices = _aliases(build).get(name.lower(), [])
    before = bisect_left(indices, at)
    return indices[before - 1] if before else None


def base_of(stage: Stage, build: Build) -> int | str:
    """What *stage* is built from: the index of an earlier stage, or the image as written."""
    found = _called(stage.head.image, stage.index, build)
    return stage.head.image if found is None else found


def source_of(name: str, at: int, build: Build) -> int | str:
    """What ``--from=name`` means in stage *at*: the index of an earlier stage, or an image."""
    found = _called(name, at, build)
    if found is not None:
        return found
    if name.isdigit() and int(name) < at:
        return int(name)
    return name


def script_of(step: Step) -> Script | None:
    """The shell script of a RUN, if it has one that reads cleanly."""
    if isinstance(step, Run) and step.body is not None and isinstance(step.body.script, Script):
        return step.body.script
    return None


def commands_of(step: Step) -> list[Command]:
    """The simple commands of a RUN; none where it has no script that reads cleanly."""
    script = script_of(step)
    return [] if script is None else commands(units(script))


def is_local(word: str, installer: str = "") -> bool:
    """Whether *word* of a command of *installer* names a file or folder of its own, and no package of a repository.

    Source: pip documentation, "pip install": what has a separator of paths in it, and is no URL, is a path.
    """
    if _PYTHONS.match(installer) and not word.startswith("-") and "/" in word and "://" not in word:
        return True
    return _LOCAL.match(word) is not None
