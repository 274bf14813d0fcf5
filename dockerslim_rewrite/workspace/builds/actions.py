"""What the workflows of a repository hand to its own reusable workflows and actions, and actions that are Dockerfiles.

Sources: GitHub documentation, "Reuse workflows", "Metadata syntax for GitHub Actions" (``runs`` for Docker container
actions), "Dockerfile support for GitHub Actions" (actions run as root).
"""

from __future__ import annotations

import itertools
import os
import posixpath
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from ...patterns import re
from ..repository import Repository, joined
from .expressions import combinations, expanded
from .found import FoundBuild, Place, Runner, Text
from .growth import Steps
from .places import folder
from .reading import known_yaml
from .yaml_values import Map, Scalar, mapping, scalar, sequence

_FOLDERS: Final = (".github/workflows", ".gitea/workflows", ".forgejo/workflows")
_ENDS: Final = (".yml", ".yaml")
#: So many calls of one file are followed, and of all files of a repository.
_MAX_CALLS: Final = 256
_MAX_ALL_CALLS: Final = 1_500
#: So many jobs and calls are looked at, beside one for so many characters; others that call nothing, and what calls
#: give, count less.
_MAX_STEPS: Final = 100_000
_WRITTEN: Final = 16
_PASSED: Final = 5
_FILLED: Final = 5
_NEVER: Final = re.compile(r"\s*(?:\$\{\{\s*)?false(?:\s*\}\})?\s*\Z")

#: Inputs by their names.
Inputs = Mapping[str, Text]


def inputs_of(repository: Repository, path: str, document: Map) -> list[Inputs]:
    """What the workflow or action *path* is called with, once for each way; nothing is known where nobody calls it.

    Where a caller gives no value, the default of the *document* counts.
    """
    calls = repository.recall("calls of workflows", partial(_calls, repository)).get(path, {})
    defaults = _defaults(document)
    return [defaults | dict(given) for given in calls] or [{}]


def _defaults(document: Map) -> dict[str, Text]:
    """The defaults of the inputs that the *document* declares for those who call it."""
    triggers = mapping(document.get("on"))
    declared = [document.get("inputs"), mapping(triggers.get("workflow_call")).get("inputs")]
    defaults: dict[str, Text] = {}
    for inputs in declared:
        for name, item in mapping(inputs).items():
            value = scalar(mapping(item).get("default"))
            if value is not None:
                defaults[f"inputs.{name}"] = expanded(value, {})
    return defaults


def _calls(repository: Repository) -> dict[str, dict[tuple[tuple[str, Text], ...], None]]:
    """The calls of files of the repository, by the paths of these: the inputs that each gives."""
    found: dict[str, dict[tuple[tuple[str, Text], ...], None]] = {}
    paths = [*_workflows(repository)]
    # One that others call counts with what they give.
    waiting: deque[tuple[str, Inputs | None]] = deque(
        (path, None) for path in paths if not _only_called(repository, path)
    )
    uncalled = [path for path in paths if _only_called(repository, path)]
    count = 0
    steps = Steps(_MAX_STEPS + sum(len(repository.read(path) or "") for path in paths) // _WRITTEN)
    while waiting or uncalled:
        if not waiting:
            last = uncalled.pop()
            waiting += [(last, None)] if last not in found else []
            continue
        path, inputs = waiting.popleft()
        if steps.spent:
            repository.complain(path, "with the files before it, calls others more often than is followed")
            break
        for document in known_yaml(repository, path):
            for target, values in _called_by(repository, document, inputs, steps):
                ways = found.setdefault(target, {})
                if values not in ways and len(ways) < _MAX_CALLS and count < _MAX_ALL_CALLS:
                    count += 1
                    ways[values] = None
                    waiting.append((target, dict(values)))
    return found


def _only_called(repository: Repository, path: str) -> bool:
    """Whether the workflow *path* runs for nothing but calls of other ones."""
    triggers = [document.get("on") for document in known_yaml(repository, path)]
    return all(one == "workflow_call" or (isinstance(one, Map) and [*one] == ["workflow_call"]) for one in triggers)


def _called_by(
    repository: Repository, document: Map, inputs: Inputs | None, steps: Steps
) -> Iterator[tuple[str, tuple[tuple[str, Text], ...]]]:
    """What the workflow or action *document* calls with what, where it is called with *inputs* itself, None where
    nobody knows them. To look for calls, and to fill in what they give, takes *steps*.
    """
    general = {} if inputs is None else {**_defaults(document), **inputs}
    for job in map(mapping, (*mapping(document.get("jobs")).values(), document.get("runs"))):
        parts = () if is_off(job) else (job, *map(mapping, sequence(job.get("steps"))))
        if not steps.may(1 + len(parts) // _PASSED):
            return
        callers = [(one, target) for one in parts if not is_off(one) and (target := _called(repository, one))]
        # What a matrix has is the same for all steps of the job.
        rows = combinations(mapping(mapping(job.get("strategy")).get("matrix"))) if callers else []
        variables = [*mapping(document.get("env")).items(), *mapping(job.get("env")).items()] if callers else []
        for (caller, target), row in itertools.product(callers, rows):
            given = mapping(caller.get("with"))
            if not steps.may(1 + (len(variables) + len(given) + len(general)) // _FILLED):
                return
            known = {**general, **row}
            known |= {f"env.{name}": expanded(one, known) for name, one in variables if isinstance(one, Scalar)}
            yield (
                target,
                tuple(
                    (f"inputs.{name}", expanded(item, known))
                    for name, item in given.items()
                    if isinstance(item, Scalar)
                ),
            )


def is_off(step: Map) -> bool:
    """Whether *step*, or a job, is switched off by its own condition."""
    condition = scalar(step.get("if"))
    return condition is not None and _NEVER.match(condition) is not None


def _workflows(repository: Repository) -> Iterator[str]:
    for place in _FOLDERS:
        try:
            names = sorted(os.listdir(repository.root / place))
        except OSError:
            continue
        paths = [f"{place}/{name}" for name in names if name.endswith(_ENDS)]
        yield from (path for path in paths if repository.is_file(path))


def _called(repository: Repository, caller: Map) -> str:
    """The file of the repository that *caller* uses; empty for any other."""
    uses = scalar(caller.get("uses"))
    if uses is None or not uses.startswith("./"):
        return ""
    # Many steps may use one action, and many calls lead to these.
    return repository.recall(("used", str(uses)), partial(_used, repository, uses))


def _used(repository: Repository, uses: str) -> str:
    path = joined("", uses)
    candidates = (path, *(joined(path, f"action{end}") for end in _ENDS))
    return next((one for one in candidates if repository.is_file(one)), "")


def container_action(repository: Repository, path: str, document: Map) -> FoundBuild | None:
    """The image of the action *path*, where that is a Dockerfile of the repository."""
    runs = mapping(document.get("runs"))
    image = scalar(runs.get("image"))
    if scalar(runs.get("using")) != "docker" or image is None or image.startswith("docker://"):
        return None
    dockerfile = folder(repository, posixpath.dirname(path), image)
    if not isinstance(dockerfile, str):
        return None
    entrypoint = scalar(runs.get("entrypoint"))
    args = tuple(expanded(one, {}) for one in sequence(runs.get("args")) if isinstance(one, Scalar))
    name = str(scalar(document.get("name")) or posixpath.basename(posixpath.dirname(path)) or "action")
    place = Place(path, image.line)
    return FoundBuild(
        kind="action",
        place=place,
        name=name,
        context=posixpath.dirname(dockerfile),
        dockerfile=dockerfile,
        runner=Runner(
            place,
            name,
            entrypoint=None if entrypoint is None else (expanded(entrypoint, {}),),
            command=args or None,
            # The service asks for it: what it mounts belongs to root.
            user="root",
        ),
    )
