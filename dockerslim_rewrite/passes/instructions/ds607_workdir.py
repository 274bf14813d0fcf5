"""DS607: relative WORKDIRs."""

from __future__ import annotations

import posixpath

from ...analysis.effects.start_folders import start_folder
from ...analysis.facts import Facts
from ...change import Change, RespellsValue, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Value
from ...patterns import re
from ...text import Edit
from ...text.paths import LONGEST
from ..base import Proposals, missed

_PLAIN = re.compile(r"[A-Za-z0-9_./@+:-]+\Z")
_WINDOWS = re.compile(r"[A-Za-z]:|\\")


def workdir(build: Build, facts: Facts) -> Proposals:
    """Write the full path where WORKDIR is relative to an earlier WORKDIR.

    A relative WORKDIR depends on what stands above it, in this file or in the base image: whoever moves or removes that
    line changes where everything below happens.

    Safe because the full path names the very directory, and it is written only where this stage says what it is
    relative to, or, at level standard, where the catalogue of images knows the directory in which the base image
    starts. Source: Dockerfile reference, WORKDIR; BuildKit check WorkdirRelativePath.
    """
    for stage in build.stages:
        anchored = False
        for step in stage.steps:
            if isinstance(step, Value) and step.keyword == "WORKDIR":
                yield from _relative(step, stage, build, facts, anchored=anchored)
                anchored = anchored or step.value.strip("\"'").startswith("/")


def _relative(step: Value, stage: Stage, build: Build, facts: Facts, *, anchored: bool) -> Proposals:
    text = step.value
    quote = text[0] if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'" else ""
    path = text[1:-1] if quote else text
    if path.startswith(("/", "$")) or _WINDOWS.match(path):
        return
    start = start_folder(step, stage, build, facts)
    base = facts.state(step).workdir or start
    if path.startswith("~"):
        yield missed(step.line, f"{path} is a directory of that very name: WORKDIR does not expand ~")
    elif base is None:
        yield missed(step.line, f"the base image or a variable decides what {path} is relative to")
    elif not anchored and start is None:
        yield missed(step.line, f"another stage decides that {path} is relative to {base}")
    elif len(base) + len(path) >= LONGEST:
        yield missed(step.line, "the path is longer than any that a system takes")
    elif not _PLAIN.match(path) or not _PLAIN.match(base) or step.origin.comments:
        yield missed(step.line, "the path holds characters that might be read in two ways")
    else:
        logical = step.origin.args_logical
        full = posixpath.normpath(posixpath.join(base, path))
        if path.startswith((".", "/")) or "//" in path or "/." in path:
            edit = Edit(logical.span(len(quote), len(quote) + len(path)), full)
        else:
            edit = Edit.insert(logical.before(len(quote)), f"{base.rstrip('/')}/")
            full = f"{base.rstrip('/')}/{path}"
        yield Change(
            edits=(edit,),
            title=f"WORKDIR {path} becomes {full}",
            reason=f"it is relative to {base}" + (", where the base image starts" if start is not None else ""),
            safety=Safety.SAFE if start is None else Safety.STANDARD,
            claims=(RespellsValue("WORKDIR", text, f"{quote}{full}{quote}"),),
            line=step.line,
        )
