"""Builds of a repository as text, JSON, and pictures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..record import field_names
from ..workspace.builds.found import FoundBuild, Text, Unknown
from .text import printable

#: Whether there is a file at a path of the repository.
Exists = Callable[[str], bool]
_INLINE, _UNKNOWN = "(inline)", "(unknown)"


def builds_text(builds: Sequence[FoundBuild], exists: Exists) -> str:
    """A paragraph for each Dockerfile with a line for each build of it; unknown ones share one."""
    out = []
    for dockerfile, found in _grouped(builds):
        note = "" if dockerfile in (_INLINE, _UNKNOWN) or exists(dockerfile) else "  (no such file)"
        out.append(f"{printable(dockerfile)}{note}")
        # Some differ in what a line has no room for, such as tags.
        lines = Counter(map(_line, found))
        out.extend(f"  {printable(line)}{f' ({count} builds)' if count > 1 else ''}" for line, count in lines.items())
    count = len(builds)
    out.append("1 build" if count == 1 else f"{count} builds" if count else "no builds found")
    return "\n".join(out) + "\n"


def builds_json(builds: Sequence[FoundBuild], exists: Exists) -> str:
    """Everything that is known, as JSON; what is not known is an object with the key ``unknown``."""
    return json.dumps([_plain(one) for one in builds], indent=2, ensure_ascii=False) + "\n"


def builds_mermaid(builds: Sequence[FoundBuild], exists: Exists) -> str:
    """A Mermaid flowchart from Dockerfiles to the builds of them."""
    out = ["flowchart LR"]
    for index, (dockerfile, found) in enumerate(_grouped(builds)):
        out.append(f'  d{index}["{_quoted(dockerfile)}"]')
        for number, one in enumerate(found):
            label = f"|{_quoted(str(one.target))}|" if one.target else ""
            out.append(f'  d{index} -->{label} b{index}_{number}(["{_quoted(_name(one))}"])')
    return "\n".join(out) + "\n"


def builds_dot(builds: Sequence[FoundBuild], exists: Exists) -> str:
    """A graph in the language of Graphviz."""
    out = ["digraph builds {", "  rankdir=LR;"]
    for index, (dockerfile, found) in enumerate(_grouped(builds)):
        out.append(f"  d{index} [shape=note, label={_string(dockerfile)}];")
        for number, one in enumerate(found):
            label = f" [label={_string(str(one.target))}]" if one.target else ""
            out.append(f"  b{index}_{number} [shape=box, label={_string(_name(one))}];")
            out.append(f"  d{index} -> b{index}_{number}{label};")
    return "\n".join([*out, "}"]) + "\n"


#: How each format is made.
FORMATS: dict[str, Callable[[Sequence[FoundBuild], Exists], str]] = {
    "text": builds_text,
    "json": builds_json,
    "mermaid": builds_mermaid,
    "dot": builds_dot,
}


def _grouped(builds: Sequence[FoundBuild]) -> Iterator[tuple[str, list[FoundBuild]]]:
    groups: dict[str, list[FoundBuild]] = {}
    for one in builds:
        groups.setdefault(_heading(one.dockerfile), []).append(one)
    yield from sorted(groups.items())


def _heading(dockerfile: Text | None) -> str:
    """What a build stands under; a file's name only where it is known that this file is built."""
    if dockerfile is None:
        return _INLINE
    return _UNKNOWN if isinstance(dockerfile, Unknown) else dockerfile


def _name(one: FoundBuild) -> str:
    return f"{one.kind} {one.name} ({one.place})"


def _line(one: FoundBuild) -> str:
    parts = [f"Dockerfile {_shown(one.dockerfile)}"] if isinstance(one.dockerfile, Unknown) else []
    parts.append(f"context {_shown(one.context) or '.'}")
    if one.target is not None:
        parts.append(f"stage {_shown(one.target)}")
    parts += [f"{name}={'(environment)' if value is None else _shown(value)}" for name, value in one.args]
    parts += [f"context {name}={_shown(value)}" for name, value in one.contexts]
    if one.condition is not None:
        parts.append(one.condition)
    return f"{one.place}: {one.kind} {one.name}: {', '.join(parts)}"


def _shown(value: Text) -> str:
    return f"unknown ({value})" if isinstance(value, Unknown) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Unknown):
        return {"unknown": value.text}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "__fields__"):
        return {name: _plain(getattr(value, name)) for name in field_names(value)}
    return value


def _quoted(text: str) -> str:
    return printable(text).replace('"', "#quot;")


def _string(text: str) -> str:
    return json.dumps(printable(text), ensure_ascii=False)
