"""DS607: where commands run."""

from __future__ import annotations

import posixpath
import re

from ..analysis.facts import Facts
from ..analysis.folders import folder, frame, is_reset, observer
from ..change import Change, EntersFolder, Safety, SetsWorkdir
from ..ir.build import Build, Stage
from ..ir.steps import Run, Value
from ..text import Edit, Span
from .base import Proposals, missed, rewrite_pass

_PLAIN = re.compile(r"[A-Za-z0-9_./@+:-]+\Z")
_WINDOWS = re.compile(r"[A-Za-z]:|\\")


@rewrite_pass("DS607", "workdir", Safety.STANDARD, ("DL3000", "DL3003", "WorkdirRelativePath"))
def workdir(build: Build, facts: Facts) -> Proposals:
    """Write the full path where WORKDIR is relative to an earlier WORKDIR, and WORKDIR for a `cd` that heads a RUN.

    A relative WORKDIR depends on what stands above it, in this file or in the base image: whoever moves or removes that
    line changes where everything below happens.

    Safe because the full path names the very folder, and it is written only where this stage says what it is relative
    to.

    `RUN cd /x && …` becomes `WORKDIR /x` and `RUN …` at level standard, only where another WORKDIR with a full path
    comes before anything that starts in the working directory, or in a stage whose files alone are used. The folder is
    there, since the RUN ends the build without it. Where a later RUN, a relative COPY, or the container would start in
    the folder, `cd` stays: to set WORKDIR and to set it back is more to read than `cd`, and two steps more to build.
    Source: Dockerfile reference, WORKDIR; BuildKit check WorkdirRelativePath.
    """
    for stage in build.stages:
        anchored = False
        for step in stage.steps:
            if isinstance(step, Value) and step.keyword == "WORKDIR":
                yield from _relative(step, facts, anchored=anchored)
                anchored = anchored or step.value.strip("\"'").startswith("/")
            elif isinstance(step, Run):
                yield from _cd(step, stage, build, facts)


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


def _cd(run: Run, stage: Stage, build: Build, facts: Facts) -> Proposals:
    """WORKDIR for a RUN that works in one other folder, or what would see the difference."""
    script = facts.script(run)
    if script is not None and len(script.commands) == 1 and script.commands[0].name == "cd":
        yield missed(
            "DS607", run.line, f"{script.text.strip()} ends with its RUN; WORKDIR sets where the next one starts"
        )
        return
    found = frame(script) if script is not None else None
    if script is None or found is None or run.body is None or run.body.form != "shell":
        return
    change, next_command = found
    text = change.words[1].text
    here = facts.state(run).workdir
    path = folder(change, here, script)
    if path is None:
        if change.argv[1] and not script.text.startswith("cd ~"):
            yield missed("DS607", run.line, f"cd {text} is not written as WORKDIR: it depends on more than this file")
        return
    reason = _seen(run, stage, build, facts) if path != here else None
    if reason is not None:
        yield missed("DS607", run.line, f"cd {text} is not written as WORKDIR: {reason} would start there")
        return
    if run.mounts:
        yield missed("DS607", run.line, f"cd {text} is not written as WORKDIR: a mount may be what makes the folder")
        return
    logical = run.body.logical
    gap = Span(logical.before(change.span.start), logical.before(next_command.span.start))
    if any(gap.covers(comment.span) for comment in run.origin.comments):
        yield missed("DS607", run.line, f"cd {text} is not written as WORKDIR: a comment stands behind it")
        return
    edits = [Edit.delete(*gap)]
    if path != here:
        keyword = run.origin.keyword_span
        indent = build.text[build.document.source.line_starts[run.line - 1] : keyword.start]
        word = "workdir" if build.text[slice(*keyword)].islower() else "WORKDIR"
        edits.insert(0, Edit.insert(keyword.start, f"{word} {path}{facts.style.newline}{indent}"))
    yield Change(
        rule="DS607",
        edits=tuple(edits),
        title=f"WORKDIR {path} instead of cd" if path != here else f"no cd to {path}, where the RUN starts",
        reason="nothing behind it starts there before another WORKDIR" if path != here else "WORKDIR says so already",
        safety=Safety.STANDARD,
        claims=(EntersFolder(path),),
        line=run.line,
    )


def _seen(run: Run, stage: Stage, build: Build, facts: Facts) -> str | None:
    """What behind *run* would start in another folder; None when nothing would."""
    step = observer(stage, run)
    if step is not None:
        return f"{step.keyword} on line {step.line}"
    if is_reset(stage, run):
        return None
    if stage is build.stages[-1]:
        return "the container, and builds from this image,"
    heirs = facts.graph.heirs(stage.index)
    return f"the stage on line {build.stages[heirs[0]].head.line}" if heirs else None
