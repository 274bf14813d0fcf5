"""DS607: where commands run."""

from __future__ import annotations

import posixpath
import re

from ..analysis.facts import Facts
from ..change import Change, Safety, SetsWorkdir
from ..ir.build import Build, Stage
from ..ir.steps import Arg, Copy, Env, Exec, Label, Listing, Run, Step, Value
from ..shell.script import AndOr
from ..shell.state import starts_absolute
from ..text import Edit
from .base import Proposals, missed, rewrite_pass

_PLAIN = re.compile(r"[A-Za-z0-9_./@+:-]+\Z")
_WINDOWS = re.compile(r"[A-Za-z]:|\\")


@rewrite_pass("DS607", "workdir", Safety.SAFE, ("DL3000", "DL3003", "WorkdirRelativePath"))
def workdir(build: Build, facts: Facts) -> Proposals:
    """Write the full path where WORKDIR is relative to an earlier WORKDIR, and tell where `cd` could be WORKDIR.

    A relative WORKDIR depends on what stands above it, in this file or in the base image: whoever moves or removes that
    line changes where everything below happens.

    Safe because the full path names the very folder, and it is written only where this stage says what it is relative
    to. `RUN cd /x && …` stays: WORKDIR would create the folder if it is missing, and hold for all that follows,
    instructions of other builds included. The remark says what would see the difference. Source: Dockerfile reference,
    WORKDIR; BuildKit check WorkdirRelativePath.
    """
    for stage in build.stages:
        anchored = False
        for step in stage.steps:
            if isinstance(step, Value) and step.keyword == "WORKDIR":
                yield from _relative(step, facts, anchored=anchored)
                anchored = anchored or step.value.strip("\"'").startswith("/")
            elif isinstance(step, Run):
                yield from _cd(step, stage, facts)


def _relative(step: Value, facts: Facts, *, anchored: bool) -> Proposals:
    text = step.value
    quote = text[0] if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'" else ""
    path = text[1:-1] if quote else text
    if path.startswith(("/", "$")) or _WINDOWS.match(path):
        return
    base = facts.state(step).workdir
    if path.startswith("~"):
        yield missed("DS607", step.line, f"{path} is a folder of that very name: WORKDIR does not expand ~")
    elif base is None:
        yield missed("DS607", step.line, f"the base image or a variable decides what {path} is relative to")
    elif not anchored:
        yield missed("DS607", step.line, f"another stage decides that {path} is relative to {base}")
    elif not _PLAIN.match(path) or not _PLAIN.match(base) or step.origin.comments:
        yield missed("DS607", step.line, "the path holds characters that might be read in two ways")
    else:
        logical = step.origin.args_logical
        full = posixpath.normpath(posixpath.join(base, path))
        if path.startswith((".", "/")) or "//" in path or "/." in path:
            edit = Edit(logical.span(len(quote), len(quote) + len(path)), full)
        else:
            edit = Edit.insert(logical.before(len(quote)), f"{base.rstrip('/')}/")
            full = f"{base.rstrip('/')}/{path}"
        yield Change(
            rule="DS607",
            edits=(edit,),
            title=f"WORKDIR {path} becomes {full}",
            reason=f"it is relative to {base}",
            safety=Safety.SAFE,
            claims=(SetsWorkdir(text, f"{quote}{full}{quote}"),),
            line=step.line,
        )


def _cd(run: Run, stage: Stage, facts: Facts) -> Proposals:
    """Say why a RUN that works in one other folder is not split into WORKDIR and RUN."""
    script = facts.script(run)
    if script is None or len(script.root.items) != 1 or not starts_absolute(script):
        return
    chain = script.root.items[0]
    changes = [command for command in script.commands if command.name in ("cd", "pushd", "popd")]
    if not isinstance(chain, AndOr) or len(changes) != 1:
        return
    path = changes[0].argv[1]
    seen = _observer(stage, run, facts)
    what = f"{seen.keyword} on line {seen.line}" if seen is not None else "the container, and builds from this image,"
    yield missed("DS607", run.line, f"cd {path} is not written as WORKDIR: {what} would start there")


def _observer(stage: Stage, run: Run, facts: Facts) -> Step | None:
    """The first instruction behind *run* that would see another WORKDIR; None when only the image would."""
    for step in stage.steps:
        if step.index <= run.index or isinstance(step, Env | Arg | Label | Listing | Exec):
            continue
        if isinstance(step, Run):
            script = facts.script(step)
            if script is not None and starts_absolute(script):
                continue
            return step
        if isinstance(step, Copy) and step.destination.startswith("/"):
            continue
        if isinstance(step, Value) and step.keyword != "WORKDIR":
            continue
        return step
    return None
