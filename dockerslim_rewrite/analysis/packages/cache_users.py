"""Who installs from a package manager's cache, or links into it, once it is filled: then it may not go.

Sources: the managers' data files.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from ...ir.build import Stage
from ...ir.steps import Run
from ...knowledge.managers import Manager
from ..effects.asking import effects
from ..effects.reached import Ran, Reached
from ..facts import Facts, Use
from ..shell.operations import operation

_OFFLINE = re.compile(r"(?:npm_config|yarn|conda|mamba|uv|bun|cargo_net|pip)_(?:prefer_)?offline\Z", re.I)
_OFF = frozenset(("", "0", "false", "no", "off"))


def works_offline(known: Manager, run: Run, stage: Stage, facts: Facts) -> str | None:
    """What works from the cache of *known* behind *run* of *stage*, for people; None where nothing does, as far as
    commands, scripts of the context and what a container starts can be read.
    """
    if not known.offline:
        return None
    for one in (stage, *(facts.build.stages[at] for at in facts.graph.heirs(stage.index))):
        for later in (*one.runs, *one.triggers):
            if one is stage and later in one.runs and later.index <= run.index:
                continue
            found = _offline(effects(facts).of_run(later, one), known)
            if found is not None:
                return found
        found = _offline(effects(facts).of_start(one), known)
        if found is not None:
            return found
        last = one.steps[-1] if one.steps else None
        env = facts.state(last).env if last is not None else {}
        for name, value in env.items():
            if _OFFLINE.match(name) and (value is None or value.lower() not in _OFF):
                return f"{name} makes installs work from it"
    return None


def _offline(reached: Iterable[Reached], known: Manager) -> str | None:
    for one in reached:
        done = operation(one.argv) if isinstance(one, Ran) else None
        if done is not None and done.manager.paths == known.paths and done.has_flag(*known.offline):
            assert isinstance(one, Ran)
            words = " ".join(word or "…" for word in one.argv[:3])
            return f"{words} ({one.place}) works from it"
    return None


def links_into_cache(use: Use, facts: Facts) -> str | None:
    """What makes that which *use* installs links into its manager's cache, for people; None where nothing says so."""
    linked = use.operation.manager.linked
    if linked is None:
        return None
    for flag in use.operation.flags:
        wanted = linked.options.get(flag.name)
        if wanted is not None and wanted in ("", flag.value):
            return f"{flag.name} {wanted}".rstrip()
    given = {name: value for name, value in facts.state(use.run).env.items() if name in linked.variables}
    for word in use.command.assignments:
        name, _, value = (word.literal or word.text).partition("=")
        if name in linked.variables:
            given[name] = value if word.literal is not None else None
    for name, found in given.items():
        if found is None or found.lower() == linked.variables[name]:
            return name
    project = facts.project
    for file in project.files if project is not None else ():
        setting = linked.settings.get(posixpath.basename(file.path))
        if setting is not None and setting.search((project.text(file.path) if project is not None else None) or ""):
            return file.path
    return None
