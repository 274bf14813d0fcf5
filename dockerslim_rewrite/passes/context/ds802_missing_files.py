"""DS802: files that are copied or mounted and not sent to the build."""

from __future__ import annotations

import posixpath

from ...analysis.facts import Facts
from ...analysis.project import Project
from ...ir.build import Build
from ...ir.steps import Copy, Run, Step
from ...text.paths import PATTERN
from ..base import Proposals, analysis

#: So many sources are named in one line.
_SHOWN = 5


def missing_files(build: Build, facts: Facts) -> Proposals:
    """Tell which files that COPY, ADD or a mount names a build does not get: kept out by .dockerignore, or not there.

    Such a build fails, at the earliest when it comes to that line.

    Nothing is changed: whether the file, the line or the ignore file is wrong only its author knows. Safe for that
    reason. A pattern that matches nothing fails no build of BuildKit's, and a submodule is there for whoever checks it
    out. Of several contexts, one that holds next to nothing where another one holds all is told as out of date.
    Nothing is told where the context is not known: then what is missing lies elsewhere. Source: Docker documentation,
    ".dockerignore files", for how patterns match.
    """
    project = facts.project
    if project is None or project.usage.guessed:
        return
    yield from _stale(build, project)
    absent: list[tuple[str, int]] = []
    misread = {step.line: said for step in build if (said := _misread(step))}
    for line in dict.fromkeys(line for _, line in project.missing(build) if line in misread):
        yield analysis(
            line, misread[line], *(f"line {line}: {one}" for one, at in project.missing(build) if at == line)
        )
    for source, line in project.missing(build):
        if line in misread:
            continue
        if PATTERN.search(source):
            # BuildKit copies nothing then, and goes on.
            continue
        if project.in_submodule(source):
            # It is there for whoever checks out all.
            continue
        path = posixpath.normpath("/" + source).lstrip("/")
        if project.excluded(path):
            keyword = next(step.origin.keyword for step in build if step.line == line)
            reason = f"{source} is kept from the build by {project.ignore_path}, so {keyword} fails"
            yield analysis(line, reason, f"line {line}: {source}")
        else:
            absent.append((source, line))
    if not absent:
        return
    first = absent[0][1]
    wanted = sum(len(_wanted(step)) for step in build)
    if len(absent) == wanted > 1:
        named = "name the right one with --context, or under `contexts` in the configuration"
        reason = f"wrong context? none of {wanted} sources is in {project.shown}; {named}"
    else:
        places = [f"{source} (line {line})" if line != first else source for source, line in absent]
        reason = f"{_listed(places)} {'is' if len(places) == 1 else 'are'} not in the build context ({project.shown})"
        maker = "something" if project.usage.after is None else f"what {project.usage.after} runs"
        reason += f": the build fails unless {maker} makes {'it' if len(places) == 1 else 'them'} first"
    yield analysis(first, reason, *(f"line {line}: {source}" for source, line in absent))


def _stale(build: Build, project: Project) -> Proposals:
    """Tell of builds whose context is another one than what is judged by, since it holds next to nothing."""
    line = next((step.line for step in build if _wanted(step)), 1)
    alike: dict[tuple[str, int, int], list[str]] = {}
    for one in project.usage.stale:
        alike.setdefault((one.context, one.held, one.wanted), []).append(str(one.where))
    for (context, held, wanted), places in alike.items():
        share = f"only {held}" if held else "none"
        reason = (
            f"{_listed(places)} build{'' if len(places) > 1 else 's'} it with a context ({context}) that holds {share} "
            f"of its {wanted} sources; all are in {project.shown}, which is taken for the context"
        )
        yield analysis(line, reason, *places)


def _misread(step: Step) -> str:
    """What is wrong with the words of *step* where they are none that anybody means; nothing where they may be right.

    Source: Dockerfile reference, "Format", for comments, and "COPY", for the JSON form.
    """
    if not isinstance(step, Copy) or step.origin.json is not None or step.origin.heredocs:
        return ""
    keyword = step.origin.keyword
    if any(one.startswith("#") for one in step.sources):
        return f"{keyword} takes # and what follows for files: a comment needs a line of its own"
    if step.sources[:1] and step.sources[0].startswith("[") and step.destination.endswith("]"):
        return (
            f"{keyword} takes the words of {step.origin.args.strip()} for files: JSON needs double quotes around each"
        )
    return ""


def _wanted(step: Step) -> tuple[str, ...]:
    """What *step* takes from the context."""
    if isinstance(step, Copy):
        return step.sources if step.origin.flag("from") is None else ()
    return step.bound if isinstance(step, Run) else ()


def _listed(places: list[str]) -> str:
    if len(places) > _SHOWN:
        return f"{', '.join(places[:_SHOWN])} and {len(places) - _SHOWN} more"
    return f"{', '.join(places[:-1])} and {places[-1]}" if len(places) > 1 else places[0]
