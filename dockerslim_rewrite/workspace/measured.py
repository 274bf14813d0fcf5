"""How large the layers of a Dockerfile were when it was last built for ``dockerslim verify``.

A layer is known by the context and by all instructions up to the one that made it: as long as none of them is edited,
it is as large as it was, but for what the context and the network have brought since.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from ..analysis.flow.graph import stage_graph
from ..ir.build import Build
from ..ir.steps import Copy, Run, Step
from ..record import record
from ..regular import read_regular
from .kept import cache_folder, keep

_FILE = "measured.json"
#: So many layers are remembered, those that were measured last.
_MOST = 10_000
_MAX_BYTES = 4 * 1024 * 1024


@record
class Measured:
    """The bytes of the files in a layer, and the day on which it was built."""

    size: int
    day: date


def measured(build: Build, context: Path) -> Mapping[int, Measured]:
    """What is known of the layers of *build* with *context*, by the line on which the instruction begins."""
    known = _read()
    if not known:
        return {}
    return {step.line: known[key] for step, key in _keys(build, context) if key in known}


def remember(build: Build, context: Path, target: str | None, layers: Sequence[tuple[str, int]], day: date) -> None:
    """Remember *layers* of the image that the stage *target* (None: the last) of *build* became on *day*.

    Each is the instruction that made it, as the builder told, and its size in bytes; those of the base come first.
    Nothing is remembered where they cannot be told apart.
    """
    keys = {step.index: key for step, key in _keys(build, context)}
    found = {keys[step.index]: Measured(size, day) for step, size in _paired(build, target, layers)}
    if not found:
        return
    kept = list({**{key: one for key, one in _read().items() if key not in found}, **found}.items())[-_MOST:]
    data = json.dumps({key: [one.size, one.day.isoformat()] for key, one in kept}, separators=(",", ":"))
    keep(cache_folder() / _FILE, data.encode())


def forget() -> None:
    """Remove what was remembered. Raises ``OSError``."""
    (cache_folder() / _FILE).unlink(missing_ok=True)


def _paired(build: Build, target: str | None, layers: Sequence[tuple[str, int]]) -> Iterator[tuple[Step, int]]:
    """Which step made which of *layers*; nothing where one does not fit."""
    named = [stage for stage in build.stages if target is None or target.lower() in (stage.name, str(stage.index))]
    if not named:
        return
    chain = reversed(stage_graph(build).chain(named[-1].index))
    steps = [step for index in chain for step in build.stages[index].steps]
    # Builders differ in whether WORKDIR makes a layer.
    made = [one for one in layers if not one[0].startswith("WORKDIR")]
    making = [step for step in steps if isinstance(step, Run | Copy)]
    pairs = list(zip(reversed(making), reversed(made), strict=False))
    if len(pairs) == len(making) and all(_fits(step, instruction) for step, (instruction, _) in pairs):
        yield from ((step, size) for step, (_, size) in pairs)


def _fits(step: Step, instruction: str) -> bool:
    """Whether *step* can be what the builder calls *instruction*: the keyword, and of a command its first word."""
    keyword, _, rest = instruction.partition(" ")
    if keyword != step.keyword:
        return False
    return not isinstance(step, Run) or rest.split(" ", 1)[0].strip('[",') in step.origin.logical.text


def _keys(build: Build, context: Path) -> Iterator[tuple[Step, str]]:
    running = hashlib.sha256(os.path.realpath(context).encode("utf-8", "surrogateescape"))
    for step in build:
        span = step.origin.span
        running.update(b"\0" + " ".join(build.text[span.start : span.end].split()).encode("utf-8", "surrogatepass"))
        if isinstance(step, Run | Copy):
            yield step, running.copy().hexdigest()


def _read() -> Mapping[str, Measured]:
    """What was remembered; nothing of a file that this program did not write."""
    try:
        entries = json.loads(read_regular(cache_folder() / _FILE, _MAX_BYTES))
        return {str(key): Measured(int(size), date.fromisoformat(day)) for key, (size, day) in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
