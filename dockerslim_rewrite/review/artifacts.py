"""Files that a service puts into the checkout of a job: what other jobs made, and what a cache holds.

Sources: GitLab documentation, "CI/CD YAML syntax reference" (``artifacts:paths``, ``cache:paths``); the readmes of
actions/cache and actions/download-artifact; CircleCI, "Configuration reference" (``persist_to_workspace``).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..patterns import re
from ..workspace.builds.reading import scalars, yaml_file
from ..workspace.builds.yaml_values import Map, Scalar, Seq, mapping, scalar
from ..workspace.repository import Repository

_ACTIONS = re.compile(r"actions/(?:cache(?:/restore)?|download-artifact)@|dawidd6/action-download-artifact@")
#: Keys of jobs and steps below which ``paths`` are what is handed on.
_HANDED = frozenset(("artifacts", "cache", "persist_to_workspace", "save_cache"))


def brought(repository: Repository, path: str, kind: str) -> Iterator[tuple[str, int]]:
    """The paths that the *kind* of pipeline or workflow *path* names as such, each with its line."""
    if kind not in ("workflow", "ci") or not path.endswith((".yml", ".yaml")):
        return
    for document in yaml_file(repository, path):
        for one in _maps(document):
            if kind == "workflow":
                uses = scalar(one.get("uses"))
                given = mapping(one.get("with")).get("path") if uses is not None and _ACTIONS.match(uses) else None
                yield from _named(given)
            else:
                for key in _HANDED & one.keys():
                    yield from _named(mapping(one[key]).get("paths"))


def _named(value: object) -> Iterator[tuple[str, int]]:
    for text in scalars(value) if isinstance(value, Scalar | Seq) else ():
        yield from ((one.strip(), text.line) for one in text.splitlines() if one.strip())


def _maps(value: object) -> Iterator[Map]:
    """The mappings in *value*, each once."""
    waiting, seen = [value], set[int]()
    while waiting:
        found = waiting.pop()
        if isinstance(found, Scalar) or id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, Map):
            yield found
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
