"""DS701: what installations read is copied before the rest of the project."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...analysis.facts import Facts
from ...analysis.flow.destinations import destination
from ...analysis.project import Installation
from ...change import Change, CopiesFirst, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Env, Label, Listing, Run, Step, Value
from ...patterns import re
from ...record import evolve
from ...syntax import SegmentKind
from ...text import Edit, Span
from ...text.paths import matches
from ..base import Proposals, missed
from ..instructions.lines import goes_on

if TYPE_CHECKING:
    from ...analysis.packages.installs import Place

#: More instructions than this, for files of as many folders, nobody would keep up to date by hand.
_MOST_COPIES = 8
#: What ADD may unpack where it is given by name.
_ARCHIVE = re.compile(r"\.(?:tar|tgz|tbz2?|txz|gz|bz2|xz|zst)\Z")
#: What a comment says of the copy of a project, and what it says of the files that are copied beforehand.
_ON_ALL = re.compile(r"\b(?:cop(?:y|ies|ied|ying)|adds?|adding|code|sources?|files|project|everything)\b", re.I)
_ON_MANIFESTS = re.compile(
    r"\b(?:install\w*|dependenc\w+|deps|packages?|requirements?|manifests?|modules?|only|first|lock\w*|"
    r"composer|npm|yarn|pnpm|bundler?|gems?|pip|poetry|uv|cargo|\w+\.(?:json|lock|toml|txt|mod|sum|ya?ml))\b",
    re.I,
)
#: Options by which a manager installs the dependencies of the project, and not the project.
_WITHOUT_PROJECT = ("--no-install-project", "--no-install-workspace", "--no-install-local", "--no-root")
#: What downloads dependencies and compiles.
_BUILDERS = frozenset(("cargo", "go", "mvn", "mvnw", "gradle", "gradlew", "dotnet"))


def manifests_first(build: Build, facts: Facts) -> Proposals:
    """Copy what an installation reads, install, and copy the rest of the project then.

    With `COPY . .` before the installation, every edit of a source file makes the next build install all dependencies
    again. If only the manifest and lock files come first, the installation stays in the build cache until they change.

    Safe because the build context shows which files these are, those of workspaces and modules included, and that
    nothing else of the project is needed: no `-e .`, no local paths, no `file:` links, no scripts or plugins that run
    while installing. Nothing that the installation makes in the project's folder (`node_modules`) may come with the
    context, where it would take its place, and no lock file that the installation changes; where .dockerignore does
    not keep it out, so that whoever has it would send it, the level is aggressive. Between the copies stand only
    installations and metadata. A comment on copying goes with the copy of the rest. Commands that download and compile
    in one (`cargo build`, `mvn package`) are named in a remark: another command would have to be added. Source: Docker
    documentation, "Optimize cache usage in builds"; the managers' own references.
    """
    for stage in build.stages:
        for copy in stage.steps:
            if isinstance(copy, Copy) and _is_whole(copy):
                yield from _one(copy, stage, build, facts)


def _is_whole(copy: Copy) -> bool:
    flags = {flag.name for flag in copy.origin.flags}
    whole = copy.sources in ((".",), ("./",)) and copy.origin.json is None
    whole = whole and not copy.origin.heredocs and not copy.origin.comments
    return whole and not flags & {"from", "exclude", "parents"} and "$" not in copy.destination


def _one(copy: Copy, stage: Stage, build: Build, facts: Facts) -> Proposals:
    # Most files never come here; what knows installations is loaded for those that do.
    from ...analysis.packages.installs import NeedsMore, Place, installs

    target = destination(copy, facts.state(copy))
    runs = _following(copy, stage)
    if target is None:
        return
    project = facts.project
    if any(_dependencies_alone(run, facts) for run in stage.runs if run.index < copy.index):
        return
    if not any(isinstance(run, Run) and installs(run, facts) for run in runs):
        if not _fetched(copy, stage, build, facts):
            yield from _mixed(copy, runs, facts)
        return
    if project is None or project.missing(build):
        reason = "all of the project is copied before its dependencies are installed, so that every edit installs them"
        told = "its build context (--context) could tell what they need"
        if project is not None:
            name, line = project.missing(build)[0]
            lacks = (
                "is a submodule that is not checked out"
                if project.in_submodule(name)
                else "is not in the build context"
            )
            told = f"what they need is not known, since {name}, which line {line} copies, {lacks}"
        yield missed(copy.line, f"{reason} again; {told}")
        return
    try:
        found, last = _needed(runs, Place(target, project), facts)
    except NeedsMore as obstacle:
        yield missed(copy.line, f"dependencies are not installed before the project is copied: {obstacle}")
        return
    if last is None or goes_on(last, facts):
        return
    again = next((one for one in stage.steps if _repeats(one, last, target, facts)), None)
    if again is not None:
        names = " ".join((*found.files, *found.folders))
        yield missed(copy.line, f"line {again.line} copies all of it again; here {names} would do")
        return
    if not copy.destination.startswith("/") and any(_leads_away(step) for step in runs if step.index < last.index):
        yield missed(copy.line, f"{copy.destination} means another directory behind the WORKDIR that follows")
        return
    if found.files and not found.folders and _installed_already(found.files, copy, stage, target, facts):
        # A part of the project comes first as it is, and is installed from.
        return
    there = _copied_already(found.files, copy, stage, target, facts)
    new = _copies(Installation(tuple(one for one in found.files if one not in there), found.folders), copy.destination)
    claims = (*new, *_copies(Installation(there, ()), copy.destination))
    comment = _comment_on_all(copy, build) if new else None
    if comment is not None:
        said = tuple(line.strip() for line in build.text[comment.start : comment.end].splitlines())
        claims = tuple(evolve(claim, comments=said) for claim in claims)
    if len(new) > _MOST_COPIES:
        yield missed(copy.line, f"what is installed from stands in {len(new)} directories of the project")
        return
    if copy.keyword == "ADD" and any(_ARCHIVE.search(source) for claim in new for source in claim.sources):
        yield missed(copy.line, "ADD would unpack an archive that is installed from; write COPY in place of ADD")
        return
    if not new and _is_described(copy, build):
        yield missed(
            copy.line, f"its comment would stay behind; move it and the line below the RUN on line {last.line}"
        )
        return
    text = copy.origin.text.rstrip("\r\n")
    newline = facts.style.newline
    if comment is not None:
        text = build.text[comment.start : comment.end] + text
    if build.text[copy.origin.span.end :].lstrip(" \t").startswith(newline) or build.text[
        : copy.origin.span.end
    ].endswith(newline * 2):
        # A blank line parts the COPY from the installation, and does so behind it as well.
        text = newline + text
    words = copy.origin.args_logical
    lead = build.text[copy.origin.span.start : words.before(0)]
    first = (newline + lead).join(f"{' '.join(claim.sources)} {claim.destination}" for claim in new)
    here = Edit(Span(words.before(0), words.after(len(copy.origin.args))), first) if new else _whole_line(copy, build)
    at = last.origin.span.end
    prefix = "" if build.text[at - 1 : at] == "\n" else newline
    suffix = newline if build.text[at - 1 : at] == "\n" else ""
    named = (*found.files, *found.folders)
    reason = "an edit of the project's code leaves the installed dependencies in the build cache"
    if found.exposed:
        reason += f"; .dockerignore has to name {found.exposed[0]}, or that of whoever builds is copied over it"
    yield Change(
        edits=(*((Edit(comment, ""),) if comment else ()), here, Edit.insert(at, f"{prefix}{text}{suffix}")),
        title=f"{', '.join(named)} copied first, the rest after the installation on line {last.line}",
        reason=reason,
        safety=Safety.AGGRESSIVE if found.exposed else Safety.STANDARD,
        claims=claims,
        line=copy.line,
        evidence=named,
    )


def _repeats(step: Step, last: Run, target: str, facts: Facts) -> bool:
    """Whether *step* copies the whole context to *target* as well, behind *last*."""
    whole = isinstance(step, Copy) and step.index > last.index and _is_whole(step)
    return whole and isinstance(step, Copy) and destination(step, facts.state(step)) == target


def _dependencies_alone(run: Run, facts: Facts) -> bool:
    """Whether *run* installs the dependencies and leaves the project for later, in a layer that edits do not touch.

    Source: uv documentation, "Using uv in Docker" (intermediate layers); Poetry, "install".
    """
    return any(use.operation.has_flag(*_WITHOUT_PROJECT) for use in facts.uses(run))


def _installed_already(files: Sequence[str], copy: Copy, stage: Stage, target: str, facts: Facts) -> bool:
    """Whether COPYs in front of *copy* bring all of *files*, and a RUN behind them installs what they list."""
    from ...analysis.packages.installs import installs

    there = _copied_already(files, copy, stage, target, facts, past_runs=True)
    early = [one for one in stage.steps if isinstance(one, Run) and one.index < copy.index]
    return set(there) == set(files) and any(installs(run, facts) for run in early)


def _copied_already(
    files: Sequence[str], copy: Copy, stage: Stage, target: str, facts: Facts, *, past_runs: bool = False
) -> tuple[str, ...]:
    """Which of *files* the COPYs in front of *copy* have put to where it puts them, with no RUN between, or before
    RUNs as well.
    """
    there: set[str] = set()
    for step in reversed([one for one in stage.steps if one.index < copy.index]):
        if isinstance(step, Run) and not past_runs:
            break
        if not isinstance(step, Copy) or step.origin.flags or step.origin.heredocs or "$" in step.destination:
            continue
        into = step.destination.endswith(("/", ".")) or len(step.sources) > 1
        place = destination(step, facts.state(step))
        for path in files if place is not None else ():
            put = posixpath.join(place or "", posixpath.basename(path)) if into else place
            if put == posixpath.join(target, path) and any(_names(source, path) for source in step.sources):
                there.add(path)
    return tuple(path for path in files if path in there)


def _names(source: str, path: str) -> bool:
    plain = source.removeprefix("./")
    return posixpath.dirname(plain) == posixpath.dirname(path) and matches(
        posixpath.basename(path), posixpath.basename(plain)
    )


def _comment_on_all(copy: Copy, build: Build) -> Span | None:
    """The comment right above *copy* that speaks of copying, or of what is copied, and not of what is installed."""
    segments = build.document.segments
    at = next(index for index, one in enumerate(segments) if one.span.start == copy.origin.span.start) - 1
    if at < 0 or segments[at].kind is not SegmentKind.COMMENT:
        return None
    span = segments[at].span
    text = build.text[span.start : span.end]
    return span if _ON_ALL.search(text) and not _ON_MANIFESTS.search(text) else None


def _is_described(copy: Copy, build: Build) -> bool:
    """Whether a comment stands right above *copy*."""
    document = build.document
    return any(document.line_of(comment.span.start) == copy.line - 1 for comment in document.comments)


def _whole_line(copy: Copy, build: Build) -> Edit:
    """Takes the line of *copy* away, with a blank line where it stood between two."""
    start, end = copy.origin.span
    if build.text[end - 1 : end] != "\n":
        end = build.text.find("\n", end) + 1 or len(build.text)
    before, after = build.text[:start].rstrip(" \t"), build.text[end:]
    if before.endswith("\n\n") and after.startswith("\n"):
        end += 1
    return Edit.delete(start, end)


def _leads_away(step: Step) -> bool:
    return isinstance(step, Value) and step.keyword == "WORKDIR"


def _mixed(copy: Copy, steps: Sequence[Step], facts: Facts) -> Proposals:
    """Tell of the first RUN that downloads dependencies and compiles the project in one."""
    from ...analysis.packages.installs import compiles

    for step in steps:
        found = compiles(step, facts) if isinstance(step, Run) else None
        if found is not None and facts.project is not None and _holds(found[1].manifest, facts):
            reason = f"{found[0]} needs all of the project, so that every edit downloads its dependencies again; "
            reason += f"{found[1].instead} with the manifests alone could come first"
            yield missed(copy.line, reason)
            return


def _fetched(copy: Copy, stage: Stage, build: Build, facts: Facts) -> bool:
    """Whether a RUN before *copy* seems to download the dependencies: a build tool runs on what was copied before."""
    from ...analysis.packages.installs import commands

    tools: set[str] = set()
    for at in facts.graph.chain(stage.index):
        early = [one for one in build.stages[at].steps if at != stage.index or one.index < copy.index]
        copies = [one.index for one in early if isinstance(one, Copy)]
        for run in early:
            if isinstance(run, Run) and copies and run.index > copies[0]:
                tools |= {posixpath.basename(one.argv[0] or "") for one in commands(run, facts) if one.argv}
    return not _BUILDERS.isdisjoint(tools)


def _holds(pattern: str, facts: Facts) -> bool:
    files = facts.project.files if facts.project is not None else ()
    return any(matches(posixpath.basename(file.path), pattern) for file in files)


def _copies(found: Installation, destination: str) -> tuple[CopiesFirst, ...]:
    """One COPY for the files of each folder, and one for each folder that is needed as it is."""
    target = destination.rstrip("/") + "/"
    by_folder: dict[str, list[str]] = {}
    for path in found.files:
        by_folder.setdefault(posixpath.dirname(path), []).append(path)
    files = [CopiesFirst(tuple(by_folder[at]), posixpath.join(target, at, "")) for at in sorted(by_folder)]
    return (*files, *(CopiesFirst((at,), posixpath.join(target, at, "")) for at in found.folders))


def _following(copy: Copy, stage: Stage) -> list[Step]:
    """The steps behind *copy* up to the first that neither installs nor is metadata."""
    found: list[Step] = []
    for step in stage.steps:
        if step.index <= copy.index:
            continue
        value = isinstance(step, Value) and step.keyword in ("WORKDIR", "STOPSIGNAL")
        if not (value or isinstance(step, Run | Env | Label | Listing)):
            break
        found.append(step)
    return found


def _needed(steps: Sequence[Step], place: Place, facts: Facts) -> tuple[Installation, Run | None]:
    """What the installations of *steps* read, and the last RUN that reads it. Raises ``NeedsMore``."""
    from ...analysis.packages.installs import NeedsMore, read_by

    files: dict[str, None] = {}
    folders: dict[str, None] = {}
    exposed: dict[str, None] = {}
    last: Run | None = None
    for step in steps:
        if not isinstance(step, Run):
            continue
        try:
            found = read_by(step, place, facts)
        except NeedsMore:
            if last is not None:
                break
            raise
        if found.files or found.folders:
            files |= dict.fromkeys(found.files)
            folders |= dict.fromkeys(found.folders)
            exposed |= dict.fromkeys(found.exposed)
            last = step
    return Installation(tuple(files), tuple(folders), exposed=tuple(exposed)), last
