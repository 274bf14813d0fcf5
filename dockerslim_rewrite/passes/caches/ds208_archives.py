"""DS208: archives that were downloaded, unpacked and forgotten."""

from __future__ import annotations

import posixpath

from ...analysis.effects.archives import after_removal
from ...analysis.effects.assuming import Verdict, both
from ...analysis.effects.unpacking import FETCH, needed, unpacked_in
from ...analysis.facts import Facts
from ...analysis.packages.cleanup import append_to, appendable
from ...analysis.shell.operations import command_names
from ...change import Change, DropsFiles
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.effects import is_served
from ...render.fragments import fragment
from ..base import Proposals, missed


def archives(build: Build, facts: Facts) -> Proposals:
    """Remove a downloaded archive in the RUN that downloaded and unpacked it.

    Once unpacked it is dead weight, as large as what is wanted or nearly so.

    Safe because the archive is named by an absolute path (or in a directory that a plain `cd` or WORKDIR gives), is
    both downloaded and unpacked by commands that always run in this RUN, its name appears nowhere else in the
    file, and nothing that runs later, scripts of the build context included, opens it. Where a program is not known
    the level is standard, with what is assumed of it as evidence; a script that cannot be read keeps the archive.
    Source: Docker's "Building best practices"; tar(1).
    """
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            continue
        for run in stage.runs:
            yield from _in_run(run, stage, build, facts)


def _in_run(run: Run, stage: Stage, build: Build, facts: Facts) -> Proposals:
    script = facts.script(run)
    if script is None or run.body is None or run.body.form != "shell" or command_names(script).isdisjoint(FETCH):
        return
    found = [one for one in unpacked_in((run,), stage, facts) if not needed(one, (run,), facts, build)]
    paths = [one.path for one in found]
    if not paths:
        return
    verdict = Verdict()
    for path in paths:
        verdict = both(verdict, after_removal(path, run, stage, facts))
    served = next((path for path in paths if is_served(path)), None)
    handed_out = None if served is None else f"{posixpath.dirname(served)} may be served, and the archive with it"
    problem = handed_out or verdict.obstacle or appendable(run, facts)
    if problem is not None:
        yield missed(run.line, f"{', '.join(paths)} stays in the layer: {problem}")
        return
    command_text = fragment("remove-files", facts.templates, paths=tuple(paths))
    yield Change(
        edits=(append_to(run, facts, command_text),),
        title=f"remove {', '.join(posixpath.basename(path) for path in paths)} once it is unpacked",
        reason="it was downloaded here, is unpacked, and nothing reads it again",
        safety=verdict.safety,
        claims=(DropsFiles(tuple(command_text.split()), tuple(paths)),),
        line=run.line,
        evidence=verdict.evidence,
    )
