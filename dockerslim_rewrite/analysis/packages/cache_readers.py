"""Who in a build wants a package manager's cache: then it may not go."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from ...ir.build import Build
from ...ir.steps import Copy, Env, Onbuild, Run, Step
from ...knowledge.managers import Manager, manager
from ...patterns import re
from ...shell.script import Script, Simple

if TYPE_CHECKING:
    from ..facts import Facts, Use

_HOME = re.compile(r"(?:/root|/home/[^/]+|~|\$HOME|\$\{HOME\})/+")
#: Commands that do not mind that a folder they name is not there, and what only names it.
_CARELESS = frozenset(("mkdir", "echo", "printf", "export", "test", "["))
_FORCE = re.compile(r"-\w*f|--force\Z")


#: Variables that name more than a cache.
_SHARED = frozenset(("BUNDLE_PATH", "GEM_HOME", "CARGO_HOME", "BUN_INSTALL", "COMPOSER_HOME"))


@lru_cache(maxsize=32)
def cache_reader(build: Build, name: str) -> str | None:
    """The instruction in which something other than the manager called *name* names its cache, for people; None where
    nothing does. Raises ``FileNotFoundError`` for an unknown manager.
    """
    known = manager(name)
    places = list(dict.fromkeys([*known.paths, *_chosen(build, known)]))
    ends = [re.escape(_relative(place)) for place in places]
    if not ends:
        return None
    variables = [rf"\$\{{?{name}\b" for name in sorted(known.location) if name not in _SHARED]
    named = re.compile("|".join([rf"(?<![\w.-])(?:{'|'.join(ends)})(?![\w.-])", *variables]))
    for stage in build.stages:
        for step in stage.steps:
            inner = step.trigger if isinstance(step, Onbuild) and step.trigger is not None else step
            if _names(inner, named, places):
                return f"{step.keyword} on line {step.line} names it"
    return None


def cache_of(use: Use, facts: Facts) -> str:
    """Where the manager of *use* keeps its cache, for people: where a variable puts it, else where it usually lies."""
    known = use.operation.manager
    environment = facts.state(use.run).env
    given = {name: environment.get(name) for name in sorted(known.location) if name in environment}
    for word in use.command.assignments:
        name, _, value = (word.literal or word.text).partition("=")
        if name in known.location:
            given = {name: value if word.literal is not None else None}
    return next((value or f"what {name} names" for name, value in given.items()), known.paths[0])


def _chosen(build: Build, known: Manager) -> Iterator[str]:
    """Where ENV puts the cache."""
    for stage in build.stages:
        for step in stage.steps:
            if isinstance(step, Env):
                yield from (pair.value for pair in step.pairs if pair.key in known.location and pair.value)


def _relative(place: str) -> str:
    """*place* without the home folder that it begins with."""
    return _HOME.sub("", place, count=1) if _HOME.match(place) else place.rstrip("/")


def _names(step: Step, named: re.Pattern[str], places: list[str]) -> bool:
    if isinstance(step, Copy):
        return step.origin.flag("from") is not None and any(_covers(source, places) for source in step.sources)
    if not isinstance(step, Run):
        return False
    if any(
        mount.get("from") and _covers(mount.get("source") or mount.get("src") or "", places) for mount in step.mounts
    ):
        return True
    if step.argv is not None:
        return any(named.search(word) for word in step.argv)
    script = step.body.script if step.body is not None else None
    if not isinstance(script, Script):
        return named.search(step.origin.text) is not None
    return any(_minds(command) and named.search(_text(command)) for command in script.commands)


def _covers(source: str, places: list[str]) -> bool:
    """Whether *source* lies in one of *places*, is one, or a folder above it that may be there for it alone."""
    path = _relative(source.rstrip("/"))
    return any(
        end == path or path.startswith(f"{end}/") or (path and end.startswith(f"{path}/") and not path.startswith("/"))
        for end in map(_relative, places)
    )


def _minds(command: Simple) -> bool:
    name = (command.name or "").rpartition("/")[2]
    if name in _CARELESS:
        return False
    return name not in ("rm", "sudo") or not any(_FORCE.match(word.text) for word in command.words[1:])


def _text(command: Simple) -> str:
    targets = (redirect.target for redirect in command.redirects if redirect.target is not None)
    return " ".join(word.text for word in (*command.words, *targets))
