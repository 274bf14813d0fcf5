"""Templates of Azure's pipelines: which files they are, what they are given, and where jobs put which repository.

Sources: Azure Pipelines documentation, "Templates" (paths are relative to the file that includes, ``/`` and ``@self``
to the repository), "Runtime parameters", "steps.checkout", "Check out multiple repositories in your pipeline".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ...knowledge.repository import build_source
from ...patterns import re
from ..repository import Repository, joined
from .all_paths import all_paths
from .checkouts import Checkout
from .yaml_values import Map, Scalar, mapping, scalar, sequence

#: ``${{ parameters.steps }}`` alone: what was given takes its place, a list as well.
WHOLE: Final = re.compile(r"\s*\$\{\{\s*parameters(?:\.(?P<name>[\w-]+)|\['(?P<quoted>[\w-]+)'\])\s*\}\}\s*\Z")
#: ``${{ each x in parameters.list }}:``
EACH: Final = re.compile(r"\s*\$\{\{\s*each\s+(?P<name>\w+)\s+in\s+parameters(?:\.(?P<list>[\w-]+))\s*\}\}\s*\Z")
_TEMPLATE = re.compile(r"(?m)^[ \t]*+(?:-[ \t]++)?(?:template|\"template\"):[ \t]*+[\"']?([^\s\"'#]+)")
_SOURCES: Final = "s"
_MAX_FILES: Final = 200


def template_path(path: str, name: str) -> str | None:
    """The file that *path* includes as *name*; None for one of another repository."""
    bare, _, repository = name.partition("@")
    if repository not in ("", "self") or "$" in bare:
        return None
    if bare.startswith("/") or repository:
        return joined("", bare.lstrip("/"))
    return joined(posixpath.dirname(path), bare)


def included_templates(repository: Repository) -> frozenset[str]:
    """The files that pipelines of the repository include."""

    def find() -> frozenset[str]:
        waiting = [path for path in all_paths(repository) if build_source(path) == "ci" and "azure" in path.lower()]
        seen = set(waiting)
        found: set[str] = set()
        while waiting and len(found) < _MAX_FILES:
            path = waiting.pop()
            for name in _TEMPLATE.findall(repository.read(path) or ""):
                target = template_path(path, name)
                if target is None or target == path or not repository.is_file(target):
                    continue
                found.add(target)
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return frozenset(found)

    return repository.recall("templates of Azure's pipelines", find)


def declared(document: Map) -> Iterator[tuple[str, object]]:
    """The parameters of the pipeline or template *document*, each with its default, None for none."""
    parameters = document.get("parameters")
    yield from mapping(parameters).items()
    for item in map(mapping, sequence(parameters)):
        name = scalar(item.get("name"))
        if name is not None:
            yield str(name), item.get("default")


def entries(name: str, value: object) -> Sequence[Mapping[str, str]]:
    """What ``name`` and ``name.key`` are for each item of the list *value*."""
    found: list[Mapping[str, str]] = []
    for item in sequence(value):
        if isinstance(item, Scalar):
            found.append({name.lower(): str(item)})
        else:
            pairs = mapping(item).items()
            found.append({f"{name}.{key}".lower(): str(one) for key, one in pairs if isinstance(one, Scalar)})
    return found


def is_off(part: Map) -> bool:
    """Whether a stage, job or step is switched off."""
    return scalar(part.get("enabled")) == "false" or scalar(part.get("condition")) in ("false", "False")


def checked_out(job: Map) -> tuple[Checkout, ...]:
    """What the steps of *job* check out, seen from the directory of the sources; nothing where that is as usual."""
    steps = [mapping(step) for step in sequence(job.get("steps"))]
    named = [(str(one), scalar(step.get("path"))) for step in steps if (one := scalar(step.get("checkout")))]
    if not named or (len(named) == 1 and named[0][0] == "self"):
        return ()
    found = [Checkout("", own=False)]
    for name, path in named:
        # Without a path it is called like the repository, which the files do not tell.
        inner = posixpath.relpath(path, _SOURCES) if path is not None else None
        if inner is not None and name != "none" and "$" not in inner and not inner.startswith(".."):
            found.append(Checkout(joined("", inner), own=name == "self"))
    return tuple(found)
