"""Variables that a request declares no more while instructions still name them: they are empty then.

Source: Dockerfile reference, "Environment replacement" and "ARG", scope and inheritance.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ..analysis.flow.state import State, states
from ..change import Remark
from ..ir.build import Build, Stage
from ..ir.expansion import Expansion, ExpansionError, expand, expansions
from ..ir.steps import Arg, Copy, Env, Run, Step
from ..patterns import re
from ..text.paths import PATTERN
from .breaks import FILES, STAGES, Version, is_remote, remark
from .read_variables import read_variables
from .subtract import same_stages

#: The rule that tells of lines which do something else than they say.
SLIPS = "DS633"
#: What an instruction makes of a name that nothing declares.
_EMPTY = frozenset(("COPY", "ADD", "WORKDIR", "USER", "ENV", "LABEL", "EXPOSE", "VOLUME", "STOPSIGNAL"))
#: Operators that say what holds where a variable is not set.
_DEFAULTS = ("-", "+", "?")
#: What builds hand on without a declaration. Source: Dockerfile reference, "Predefined ARGs".
_PREDEFINED = re.compile(r"(?:https?|ftp|no|all)_proxy\Z", re.I)
_QUOTED = re.compile(r"'[^']*+'")


def undeclared(before: Version, after: Version) -> Iterator[Remark]:
    """Remarks on the first instruction of each stage of *after* that names a variable which *before* declared in that
    stage, and *after* does not. It surely fails where a source of COPY that comes of it is not in the context.
    """
    yield from _without_default(before.build, after.build)
    counterpart = same_stages(before.places, after.places)
    declared_before = _declared(before.build)
    old, new = states(before.build), states(after.build)
    for stage in after.build.stages:
        there = counterpart.get(stage.index + 1)
        if not there:
            continue
        had = declared_before[there - 1]
        # What sets a variable by its own value, or the base image's, found it undeclared before as well.
        known = _open_names(before.build.stages[there - 1], old)
        own = _prefix(after.build, stage)
        for name, step in _open_names(stage, new).items():
            if name in had and name not in known and not name.startswith(own):
                yield _told(name, had[name], step, new[step.index], before.build, after)


def _without_default(before: Build, after: Build) -> Iterator[Remark]:
    """Remarks on FROMs whose argument had a default before."""
    had, has = (
        {pair.key: pair.value for step in build.preamble if isinstance(step, Arg) for pair in step.pairs}
        for build in (before, after)
    )
    for stage in after.stages:
        try:
            names = [name for one in expansions(stage.head.image) if not _has_default(one) for name in one.names]
        except ExpansionError:
            continue
        lost = next((name for name in names if had.get(name) is not None and name in has and has[name] is None), None)
        if lost is not None:
            reason = (
                f"`{lost}` has no default any more, so {stage.head.image} names no image unless a build gives it one"
            )
            yield remark(STAGES, reason, stage.head.line, fails=False)


def _open_names(stage: Stage, known: Sequence[State]) -> dict[str, Step]:
    """The variables that instructions of *stage* name and nothing above declares, each with the first of them."""
    found: dict[str, Step] = {}
    for step in stage.steps:
        here = known[step.index].exported
        for name in _names(step, known[step.index]):
            if name not in here and name not in found and not _PREDEFINED.match(name):
                found[name] = step
    return found


def _prefix(build: Build, stage: Stage) -> str:
    """What names of variables begin with that the base image of *stage* sets, such as ``NODE_VERSION``.

    Source: docker-library/repo-info.
    """
    stages = {one.name: one for one in build.stages[: stage.index] if one.head.alias}
    seen = {stage.index}
    while stage.head.image.lower() in stages and stages[stage.head.image.lower()].index not in seen:
        stage = stages[stage.head.image.lower()]
        seen.add(stage.index)
    name = stage.head.image.rpartition("/")[2]
    return f"{re.split('[:@]', name)[0].upper()}_"


def _declared(build: Build) -> list[dict[str, str]]:
    """For each stage of *build* the names that it declares, or a stage below it, and the keyword that does."""
    found: list[dict[str, str]] = []
    ends: dict[str, dict[str, str]] = {}
    for stage in build.stages:
        names = {name: one for name, one in ends.get(stage.head.image.lower(), {}).items() if one == "ENV"}
        for step in stage.steps:
            if isinstance(step, Arg | Env):
                names |= {pair.key: step.keyword for pair in step.pairs}
        found.append(names)
        if stage.head.alias:
            ends[stage.name] = names
    return found


def _names(step: Step, state: State) -> Iterator[str]:
    """The variables that *step*, which finds *state*, needs a value for."""
    if isinstance(step, Run):
        yield from read_variables(step, state)
        return
    if step.keyword not in _EMPTY:
        return
    try:
        found = expansions(_QUOTED.sub("", step.origin.text))
    except ExpansionError:
        return
    yield from (one.name for one in found if not _has_default(one))


def _has_default(one: Expansion) -> bool:
    return one.operator.lstrip(":").startswith(_DEFAULTS)


def _told(name: str, keyword: str, step: Step, state: State, before: Build, after: Version) -> Remark:
    said = f"this change removes its {keyword}"
    new = _renamed(name, before, after.build)
    if new is not None:
        said = f"this change renames it to `{new}`"
    lost = _missing(step, name, state, after) if isinstance(step, Copy) else None
    if lost is not None:
        reason = f"`{name}` is no longer declared ({said}), so {step.keyword} looks for {lost} and fails"
        return remark(FILES, reason, step.line, f"line {step.line}: {lost}")
    reason = f"`{name}` is no longer declared ({said}), so {step.keyword} finds it empty unless the base image sets it"
    return remark(SLIPS, reason, step.line, f"line {step.line}: {name}", fails=False)


def _renamed(name: str, before: Build, after: Build) -> str | None:
    """The one name of *after* that has the value which *name* had, and that *before* did not know."""
    was = {(step.keyword, pair.value) for step in _settings(before) for pair in step.pairs if pair.key == name}
    known = {pair.key for step in _settings(before) for pair in step.pairs}
    new = {
        pair.key
        for step in _settings(after)
        for pair in step.pairs
        if pair.key not in known and pair.value is not None and (step.keyword, pair.value) in was
    }
    return new.pop() if len(new) == 1 else None


def _settings(build: Build) -> Iterator[Arg | Env]:
    yield from (step for step in build if isinstance(step, Arg | Env))


def _missing(copy: Copy, name: str, state: State, after: Version) -> str | None:
    """The source of *copy* that no context has, with nothing in the place of *name*; None where all may be there."""
    if copy.origin.flag("from") is not None:
        return None
    for source in copy.sources:
        try:
            path = expand(source, {**state.constants, name: ""}) if name in source else ""
        except ExpansionError:
            continue
        if path is None or is_remote(path):
            continue
        plain = posixpath.normpath("/" + path).lstrip("/")
        projects = [one for one in after.projects().values() if not one.usage.guessed and one.complete]
        if plain and not PATTERN.search(plain) and projects and all(one.holds(plain) is False for one in projects):
            return plain
    return None
