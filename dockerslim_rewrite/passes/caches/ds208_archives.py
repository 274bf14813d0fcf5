"""DS208: archives that were downloaded, unpacked and forgotten."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

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
from ...patterns import re
from ...render.fragments import fragment
from ...text.paths import within
from ..base import Proposals, missed
from .cleaning import taken_of

#: Sources of the languages in which programs list directories, and how they do it.
_SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".go", ".rs", ".php", ".java", ".kt", ".cs", ".pl", ".sh")
_LISTS = re.compile(
    r"\b(?:glob\.i?glob|[ri]?glob\(|os\.(?:listdir|walk|scandir)|\.iterdir\(|readdir(?:Sync)?\(|opendir(?:Sync)?\(|"
    r"(?:filepath|fs)\.(?:Walk|WalkDir|Glob|ReadDir)\(|os\.ReadDir\(|Dir(?:\.glob|\.children|\.entries|\.each_child)?[\[(]|"
    r"scandir\(|DirectoryIterator|Files\.(?:list|walk|newDirectoryStream)\(|\.listFiles\(|Directory\.(?:Get|Enumerate)|"
    r"read_dir\(|http\.(?:FileServer|Dir)\(|createReadStream\(|SimpleHTTPRequestHandler|express\.static\()"
)


def archives(build: Build, facts: Facts) -> Proposals:
    """Remove a downloaded archive in the RUN that downloaded and unpacked it.

    Once unpacked it is dead weight, as large as what is wanted or nearly so.

    Safe because the archive is named by an absolute path (or in a directory that a plain `cd` or WORKDIR gives), is
    both downloaded and unpacked by commands that always run in this RUN, its name appears nowhere else in the
    file, and nothing that runs later, scripts of the build context included, opens it. Where a program is not known
    the level is standard, with what is assumed of it as evidence; a script that cannot be read keeps the archive.
    So do other Dockerfiles of the repository that go on from the image or copy files of it, and code of the project
    that lists directories: it may meet the archive there. In a stage that does not ship it is done where the directory
    is copied into another one, and the archive with it. Source: Docker's "Building best practices"; tar(1).
    """
    for stage in build.stages:
        # What no layer ships takes room only where it is copied along with its directory.
        taken = ("/",) if facts.graph.ships(stage.index) else taken_of(stage, build, same=True)
        for run in stage.runs if taken else ():
            yield from _in_run(run, stage, taken, build, facts)


def _in_run(run: Run, stage: Stage, taken: Sequence[str], build: Build, facts: Facts) -> Proposals:
    script = facts.script(run)
    if script is None or run.body is None or run.body.form != "shell" or command_names(script).isdisjoint(FETCH):
        return
    found = [one for one in unpacked_in((run,), stage, facts) if not needed(one, (run,), facts, build)]
    paths = [one.path for one in found if any(within(one.path, place) for place in taken)]
    if not paths:
        return
    verdict = Verdict()
    for path in paths:
        verdict = both(verdict, after_removal(path, run, stage, facts))
    served = next((path for path in paths if is_served(path)), None)
    handed_out = None if served is None else f"{posixpath.dirname(served)} may be served, and the archive with it"
    problem = handed_out or _listed(paths, facts) or verdict.obstacle or appendable(run, facts)
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


def _listed(paths: Sequence[str], facts: Facts) -> str | None:
    """Who may meet one of *paths* without knowing its name: other builds, and code that lists directories."""
    project = facts.project
    if project is None:
        return None
    heir = next(iter((*project.usage.heirs, *project.usage.list_readers)), None)
    if heir is not None:
        return f"{heir} builds on the image, or copies files of it"

    def look() -> str | None:
        if not project.complete:
            return "a file of the build context, not all of which is known, may open files that it does not name"
        for file in project.files:
            text = project.text(file.path) if file.path.endswith(_SOURCES) else None
            found = _LISTS.search(text) if text is not None else None
            if found is not None:
                return f"{file.path} may open files that it does not name ({found[0].strip(' ([')})"
        return None

    lister = facts.recall("lists directories", None, look)
    near = {posixpath.dirname(path) for path in paths} & facts.recall("places of files", None, lambda: _places(facts))
    return lister if lister is not None and near else None


def _places(facts: Facts) -> set[str]:
    """The directories that the container works in, and those that files of the project are copied to."""
    states = (facts.state(step) for stage in facts.build.stages for step in stage.steps)
    found = {state.workdir for state in states if state.workdir is not None}
    project = facts.project
    copied = project.copied(facts.build) if project is not None else ()
    return found | {posixpath.dirname(image) for placed in copied for image in placed}
