"""Builds of compose files under what the repository's own commands set: other variables make other builds.

Source: Docker documentation, "Interpolation": a variable of the environment takes the place of defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...patterns import re
from ...record import evolve
from ..repository import Repository
from .compose import ComposeReader
from .compose_arguments import compose_arguments, with_arguments
from .found import FoundBuild, FoundRun, Place, Unknown
from .given_variables import Given, given_variables
from .named_files import Called

_NAMED = re.compile(r"\$\{?([A-Za-z_]\w*)")

_Key = tuple[Place, str]


def composed(
    repository: Repository,
    paths: Sequence[str],
    called: Sequence[Called],
    others: Sequence[str],
    calling: Sequence[str],
) -> Iterator[FoundBuild | FoundRun]:
    """The builds and containers of the compose files *paths*, *called* and *others*, with what commands in the files
    *calling* give them.
    """
    given = compose_arguments(repository, calling)
    for one in _composed(repository, paths, called, others, calling):
        yield with_arguments(one, given) if isinstance(one, FoundBuild) else one


def _composed(
    repository: Repository,
    paths: Sequence[str],
    called: Sequence[Called],
    others: Sequence[str],
    calling: Sequence[str],
) -> Iterator[FoundBuild | FoundRun]:
    """The builds and containers of the compose files *paths*, *called* and *others*, as ``ComposeReader`` reads them.

    Where files *calling* commands set variables that the compose files name, there is a build for each way in which
    they are set, one with what nobody can tell where only a run shows a value, and the one by hand with no variable
    set. What variables change of build arguments alone is not known.
    """
    reader = ComposeReader(repository)
    plain = list(reader.read(paths, called, others))
    texts = [repository.read(path) or "" for path in reader.opened]
    given = given_variables(repository, calling, {name for text in texts for name in _NAMED.findall(text)})
    if not given.names:
        yield from plain
        return

    def ways(variables: Mapping[str, str | None]) -> dict[_Key, list[FoundBuild]]:
        found: dict[_Key, list[FoundBuild]] = {}
        for one in reader.read(paths, called, others, variables):
            if isinstance(one, FoundBuild):
                found.setdefault((one.place, one.name), []).append(one)
        return found

    doubt = ways(dict.fromkeys(given.names))
    known = [ways({**dict.fromkeys(given.doubtful), **way}) for way in given.ways]
    seen: dict[_Key, int] = {}
    for one in plain:
        if isinstance(one, FoundRun):
            yield one
            continue
        key = (one.place, one.name)
        at = seen[key] = seen.get(key, -1) + 1
        yield from _builds(one, _at(doubt, key, at), [_at(way, key, at) for way in known], given)


def _at(found: Mapping[_Key, Sequence[FoundBuild]], key: _Key, at: int) -> FoundBuild | None:
    builds = found.get(key, ())
    return builds[at] if at < len(builds) else None


def _builds(
    plain: FoundBuild, doubt: FoundBuild | None, known: Sequence[FoundBuild | None], given: Given
) -> Iterator[FoundBuild]:
    if doubt is None:
        yield plain
        return
    others = [one for one in known if one is not None and _where(one) != _where(plain)]
    if _where(doubt) == _where(plain) and not others:
        yield evolve(plain, args=doubt.args)
        return
    certain = bool(others) and not any(
        isinstance(one, Unknown) and given.doubtful.intersection(_NAMED.findall(one.text)) for one in _texts(doubt)
    )
    # Nobody need set what has no value otherwise.
    if not certain or not any(isinstance(one, Unknown) for one in _texts(plain)):
        yield evolve(plain, args=doubt.args)
    for one in others:
        yield evolve(one, runner=plain.runner)
    if not certain:
        yield evolve(doubt, runner=plain.runner, tags=plain.tags)


def _texts(build: FoundBuild) -> tuple[object, ...]:
    return (build.context, build.dockerfile, build.target, *(value for _, value in build.contexts))


def _where(build: FoundBuild) -> tuple[object, ...]:
    return (*_texts(build), build.inline, tuple(name for name, _ in build.contexts))
