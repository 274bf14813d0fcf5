"""DS629: RUNs that work in another directory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...analysis.effects.start_folders import start_folder
from ...analysis.facts import Facts
from ...analysis.flow.folders import folder, frame, is_reset, observer, resets, sees
from ...change import Change, EntersFolder, Remark, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run, Value
from ...patterns import re
from ...record import record
from ...render.instructions import instruction
from ...shell.script import Simple
from ...text import Edit, Span
from ..base import Proposals, missed
from .lines import line_behind

_PLAIN = re.compile(r"[A-Za-z0-9_./@+:-]+\Z")


def cd_workdir(build: Build, facts: Facts) -> Proposals:
    """Write WORKDIR for a `cd` that heads a RUN.

    hadolint asks for it. `cd` within one RUN is as clear for many readers, so this rule runs only on request.

    `RUN cd /x && …` becomes `WORKDIR /x` and `RUN …` at level standard, only where another WORKDIR with a full path
    comes before anything that starts in the working directory, or in a stage whose files alone are used; RUNs in a row
    that work in one directory share the line. The directory is there, since the RUN ends the build without it. Where a
    later RUN, a relative COPY, or the container would start in the directory, WORKDIR is set back after it at level
    aggressive, if this file or the catalogue of images says what it was. Source: Dockerfile reference, WORKDIR;
    hadolint DL3003.
    """
    for stage in build.stages:
        yield from _folders(stage, build, facts)


@record
class _Frame:
    """A RUN that works in one other folder: how WORKDIR says it, the ``cd`` to it, and where the command behind it
    starts in the RUN.
    """

    run: Run
    folder: str
    text: str
    change: Simple
    rest: int

    @property
    def stays(self) -> str:
        """How a remark begins that WORKDIR is not written."""
        return f"cd {self.change.words[1].text} is not written as WORKDIR"


def _folders(stage: Stage, build: Build, facts: Facts) -> Proposals:
    """WORKDIR for RUNs in a row that each work in another folder, or what would see the difference."""
    done = 0
    for step in stage.steps:
        if not isinstance(step, Run) or step.index < done:
            continue
        script = facts.script(step)
        if script is not None and len(script.commands) == 1 and script.commands[0].name == "cd":
            yield missed(step.line, f"{script.text.strip()} ends with its RUN; WORKDIR sets where the next one starts")
            continue
        if script is None or frame(script) is None:
            continue
        start = start_folder(step, stage, build, facts)
        here = facts.state(step).workdir or start
        found = _framed(step, here, facts)
        if isinstance(found, str):
            yield missed(step.line, found)
        elif found is not None and found.folder == here:
            yield _change([found], None, here, build, facts)
        elif found is not None:
            frames = [found, *_next(stage, step, here, facts)]
            done = frames[-1].run.index + 1
            yield _entered(frames, here, stage, build, facts, told=start is not None or _says(stage, step))


def _framed(run: Run, here: str | None, facts: Facts) -> _Frame | str | None:
    """*run* and the folder that it works in, or why WORKDIR cannot name it; None for a RUN that works in no other."""
    script = facts.script(run)
    found = frame(script) if script is not None else None
    if script is None or found is None or run.body is None or run.body.form != "shell":
        return None
    change, behind = found
    there = folder(change, here, script, facts.state(run).constants)
    framed = _Frame(run, there.path if there else "", there.text if there else "", change, behind.span.start)
    if there is None:
        if change.argv[1] and not script.text.startswith("cd ~"):
            return f"{framed.stays}: it depends on more than this file"
        return None
    if run.mounts:
        return f"{framed.stays}: a mount may be what makes the directory"
    gap = _cd_span(framed)
    if any(gap.covers(comment.span) for comment in run.origin.comments):
        return f"{framed.stays}: a comment stands after it"
    return framed


def _next(stage: Stage, run: Run, here: str | None, facts: Facts) -> Iterator[_Frame]:
    """The RUNs behind *run* that work in other folders as well, up to what else sees the working directory."""
    for step in stage.steps:
        if step.index <= run.index:
            continue
        if isinstance(step, Run):
            found = _framed(step, here, facts)
            if not isinstance(found, _Frame) or found.folder == here:
                return
            yield found
        elif sees(step) or resets(step):
            return


def _entered(
    frames: Sequence[_Frame], here: str | None, stage: Stage, build: Build, facts: Facts, *, told: bool
) -> Change | Remark:
    """WORKDIR for all of *frames*, and back to *here* where something would see the difference.

    That takes more than *here* alone: this file or the catalogue must have *told* it in so many words.
    """
    first, last = frames[0], frames[-1]
    reason = _seen(last.run, stage, build, facts)
    if reason is None:
        return _change(frames, None, here, build, facts)
    if here is None or not told:
        return missed(first.run.line, f"{first.stays}: {reason} would start there")
    return _change(frames, reason, here, build, facts)


def _says(stage: Stage, run: Run) -> bool:
    """Whether the WORKDIRs of *stage* say without a variable where *run* starts."""
    said = False
    for step in stage.steps:
        if step.index < run.index and isinstance(step, Value) and step.keyword == "WORKDIR":
            path = step.value.strip("\"'")
            said = bool(_PLAIN.match(path)) and (said or path.startswith("/"))
    return said


def _change(frames: Sequence[_Frame], reason: str | None, here: str | None, build: Build, facts: Facts) -> Change:
    """The change of *frames*; *reason* says what starts *here* behind them."""
    edits = [Edit.delete(*_cd_span(one)) for one in frames]
    current = here
    for one in frames:
        if one.folder != current:
            word, indent = _written(one.run, build)
            start = one.run.origin.keyword_span.start
            edits.append(
                Edit.insert(start, f"{instruction(word, one.text, facts.templates)}{facts.style.newline}{indent}")
            )
        current = one.folder
    folders = {one.folder: one.text for one in frames if one.folder != here}
    if not folders:
        why = f"{here} is where it starts already"
    elif reason is None:
        why = "nothing after it starts there before another WORKDIR"
    else:
        why = f"one directory holds for whole instructions; {reason} starts in {here} as before"
        word, indent = _written(frames[-1].run, build)
        edits.append(
            line_behind(frames[-1].run, f"{indent}{instruction(word, here or '/', facts.templates)}", build, facts)
        )
    title = (
        f"WORKDIR {' and '.join(folders.values())} instead of cd"
        if folders
        else f"no cd to {here}, where the RUN starts"
    )
    return Change(
        edits=tuple(edits),
        title=title,
        reason=why,
        safety=Safety.STANDARD if reason is None else Safety.AGGRESSIVE,
        claims=tuple(EntersFolder(path, here if reason is not None else None) for path in folders or [here or ""]),
        line=frames[0].run.line,
    )


def _cd_span(found: _Frame) -> Span:
    """What to take away: the ``cd`` and all up to the command behind it."""
    assert found.run.body is not None
    logical = found.run.body.logical
    return Span(logical.before(found.change.span.start), logical.before(found.rest))


def _written(run: Run, build: Build) -> tuple[str, str]:
    """How WORKDIR is to be written beside *run*, and the indentation of its line."""
    keyword = run.origin.keyword_span
    indent = build.text[build.document.source.line_starts[run.line - 1] : keyword.start]
    return ("workdir" if build.text[slice(*keyword)].islower() else "WORKDIR"), indent


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
