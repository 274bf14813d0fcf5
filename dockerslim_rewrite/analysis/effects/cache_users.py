"""Who installs from a package manager's cache, or links into it, once it is filled: then it may not go.

Sources: the managers' data files.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from ...ir.build import Stage
from ...ir.steps import Run
from ...knowledge.managers import Manager
from ...patterns import re
from ..facts import Facts, Use
from ..flow.given_commands import given_commands, single_commands
from ..shell.operations import Kind, operation
from .asking import effects
from .reached import Ran, Reached

#: Variables by which managers fetch nothing. Sources: each one's documentation of its settings.
_OFFLINE = re.compile(
    r"(?:(?:npm_config|yarn|conda|mamba|uv|bun|cargo_net)_(?:prefer_)?offline|composer_disable_network|pip_no_index)\Z",
    re.I,
)
_INSTALLS = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.DOWNLOAD, Kind.BUILD))
#: Commands that take from a cache, and read nothing of it.
_TIDYING = frozenset(("rm", "mkdir", "chmod", "chown", "ls", "du", "rmdir", "echo", "ln"))
_OFF = frozenset(("", "0", "false", "no", "off"))


def works_offline(known: Manager, run: Run, stage: Stage, facts: Facts) -> str | None:
    """What works from the cache of *known* behind *run* of *stage*, for people; None where nothing does, as far as
    commands, scripts of the context and what a container starts can be read.
    """
    found = facts.recall("cache users", (known.name, stage.index), lambda: _users(known, stage, facts))
    at = bisect_left(found, (run.index + 1, ""))
    return found[at][1] if at < len(found) else None


def _users(known: Manager, stage: Stage, facts: Facts) -> list[tuple[int, str]]:
    """What works from the cache, by the RUN behind which it does so, for each RUN of *stage*, and for all of what comes
    later: every installation asks.
    """
    found: list[tuple[int, str]] = []
    last = len(facts.build.text)
    later_stages = [facts.build.stages[at] for at in facts.graph.heirs(stage.index)]
    for one in (stage, *later_stages):
        for later in (*one.runs, *one.triggers):
            reached = effects(facts).of_run(later, one)
            said = _reading(reached, known, alone=later.origin.flag("network") == "none") or _told(later, known, facts)
            if said is not None:
                found.append((later.index if one is stage and later in one.runs else last, said))
        said = _reading(effects(facts).of_start(one), known, started=True)
        if said is not None:
            found.append((last, said))
        step = one.steps[-1] if one.steps else None
        for name, value in facts.state(step).env.items() if step is not None else ():
            if _OFFLINE.match(name) and (value is None or value.lower() not in _OFF):
                found.append((last, f"{name} makes installs work from it"))
    if (stage, *later_stages)[-1].index == facts.build.stages[-1].index:
        found += ((last, said) for said in _given(known, facts))
    return sorted(found)


def _given(known: Manager, facts: Facts) -> Iterator[str]:
    """What of the commands that the repository runs in containers reads the cache of *known*."""
    for given in given_commands(facts.build, facts.project):
        ran = (Ran(argv, None, str(given.where), False) for argv in single_commands(given.argv) if argv)
        said = _reading(ran, known, started=True)
        if said is not None:
            yield said


def _reading(reached: Iterable[Reached], known: Manager, *, alone: bool = False, started: bool = False) -> str | None:
    """What of *reached* reads the cache of *known*; without the network, *alone*, whatever installs does, and so where
    a container has *started* it: what was compiled may be nowhere else.
    """
    places = tuple(path.replace("~", "/root", 1) for path in known.paths)
    for one in reached:
        if not isinstance(one, Ran):
            continue
        tidies = one.name in _TIDYING or (one.name == "find" and "-delete" in one.argv)
        if not tidies and any(place in (word or "") for word in one.argv[1:] for place in places):
            return f"{one.beginning} ({one.place}) names what lies in it"
        if any((word or "").rpartition("/")[2] in known.readers for word in one.argv):
            return f"{one.beginning} ({one.place}) reads it"
        done = operation(one.argv)
        if done is None or done.manager.paths != known.paths:
            continue
        said = " ".join(word or "…" for word in one.argv[done.command + 1 :] if not (word or "").startswith("-"))
        if done.has_flag(*known.offline) or ((alone or started) and done.kind in _INSTALLS):
            return f"{one.beginning} ({one.place}) works from it"
        if any(said == asked or said.startswith(f"{asked} ") for asked in known.reading):
            return f"{one.beginning} ({one.place}) asks for it"
    return None


def _told(run: Run, known: Manager, facts: Facts) -> str | None:
    """The variable by which an installation of *known* in *run* fetches nothing."""
    for use in facts.uses(run):
        for word in use.command.assignments if use.operation.manager.paths == known.paths else ():
            name, _, value = word.text.partition("=")
            if _OFFLINE.match(name) and value.strip("\"'").lower() not in _OFF:
                return f"{name} in the RUN on line {run.line} makes it work from it"
    return None


def links_into_cache(use: Use, facts: Facts) -> str | None:
    """Why what *use* installs needs its manager's cache, into which it is linked; None where nothing says so."""
    said = _linking(use, facts)
    return None if said is None else f"what is installed are links into it ({said})"


def _linking(use: Use, facts: Facts) -> str | None:
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
    if linked.text is not None and linked.text.search(facts.build.text):
        return "conda config"
    project = facts.project
    if project is None:
        return None
    if linked.settings and not project.complete:
        return "as may be set in the build context, not all of which is known"
    for file in project.files:
        setting = linked.settings.get(posixpath.basename(file.path))
        if setting is not None and setting.search(project.text(file.path) or ""):
            return file.path
    return None
