"""What instructions take from further contexts of a build, and what these hold no more.

Sources: Docker documentation, "docker buildx build", "--build-context"; Compose build specification,
"additional_contexts"; Bake file reference, "contexts".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from ..analysis.flow.state import State, expand, states
from ..change import Remark
from ..ir.build import Build
from ..ir.steps import Copy, Run, Step
from ..text.paths import PATTERN
from .breaks import FILES, Version, fate_of, plain, remark


def lost_further(before: Version, after: Version, moved: Mapping[str, str | None], home: str) -> Iterator[Remark]:
    """Remarks on files that *after* takes from a further context which had them *before* and has them no more, and, as
    a doubt, on those that it takes anew and that are not there.

    *moved* has the paths of the repository that the request takes away, and where they went, if anywhere; *home* is the
    path of the context itself.
    """
    now, was = after.further(), before.further()
    asked = {one[1:] for one in _taken(before.build)} if now else set()
    for step, name, path in _taken(after.build) if now else ():
        earlier = was.get(name, {}).values()
        had = any(other.holds(path) for other in earlier)
        if not had and (name, path) in asked:
            continue
        for where, project in now.get(name, {}).items():
            if project.holds(path) is not False:
                continue
            keyword = step.origin.keyword
            shown = project.shown
            if project.excluded(path):
                fate = f"is kept from the build by the .dockerignore of {shown}"
            else:
                fate = fate_of(path, where, moved) or f"is not in {shown}"
            doubt = "" if had else " unless something makes it before the build"
            reason = f"{path} of the context `{name}` {fate}, so {keyword} fails{doubt}"
            place = posixpath.relpath(posixpath.join(where, path), home or ".")
            yield remark(FILES, reason, step.line, f"line {step.line}: {place}", fails=had)


def _taken(build: Build) -> Iterator[tuple[Step, str, str]]:
    """What instructions of *build* take from what is no stage: each with the name and the path."""
    stages = {str(stage.index) for stage in build.stages} | {stage.name for stage in build.stages if stage.head.alias}
    known = states(build)
    for step in build:
        for name, source in _sources(step):
            path = _path(source, known[step.index]) if name.lower() not in stages else None
            if path is not None:
                yield step, name.lower(), path


def _sources(step: Step) -> Iterator[tuple[str, str]]:
    if isinstance(step, Copy):
        name = step.origin.flag("from")
        yield from ((name, source) for source in step.sources if name)
    elif isinstance(step, Run):
        for mount in step.mounts:
            if mount.get("type", "bind") == "bind" and mount.get("from"):
                yield mount["from"], mount.get("source") or mount.get("src") or ""


def _path(source: str, state: State) -> str | None:
    """The path in a context that *source* names; None for the whole, a pattern, and what is not known."""
    found = expand(source, state)
    if found is None or PATTERN.search(found):
        return None
    return plain(found) or None
