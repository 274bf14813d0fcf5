"""What a request copies anew and an ignore file keeps from the build, whoever makes it before; and ignore files that no
build reads.

Sources: Docker documentation, ".dockerignore files"; moby/patternmatcher.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ..change import Remark
from ..context.project import FolderProject
from ..text.paths import PATTERN
from .breaks import FILES, Version, only_for, plain, remark, takes_from_context


def kept_out(before: Version, after: Version) -> Iterator[Remark]:
    """Remarks on sources that *after* asks for, that *before* did not ask for in vain, and that no build is sent."""
    earlier = before.projects()
    for where, project in after.projects().items():
        if project.usage.guessed and (where or project.ignore_path is None):
            continue
        other = earlier.get(where)
        asked = {source for source, _ in other.missing(before.build)} if other is not None else set()
        kept = set(other.missing(after.build)) if other is not None else set()
        for source, line in project.missing(after.build):
            if source in asked or PATTERN.search(source) or (other is not None and (source, line) not in kept):
                continue
            if _is_kept_out(plain(source), project):
                keyword = next(step.origin.keyword for step in after.build if step.line == line)
                aside = only_for(line, after)
                alone = "" if aside is None else f" in a build of the stage `{aside}`, which no other needs"
                reason = f"{source} is kept from the build by {project.ignore_path}, so {keyword} fails{alone}"
                yield remark(FILES, reason, line, f"line {line}: {source}", fails=aside is None)


def bad_ignores(before: Version, after: Version) -> Iterator[Remark]:
    """A remark where builds of *after* refuse the ignore file that they read with the context, and those of *before*
    did not.
    """
    line = next((step.line for step in after.build if takes_from_context(step)), None)
    if line is None:
        return
    known = {project.ignore_fault for project in before.projects().values()}
    for project in after.projects().values():
        fault = project.ignore_fault
        if fault is not None and fault not in known:
            known.add(fault)
            aside = only_for(line, after)
            sure = aside is None and not project.usage.guessed
            reason = f"{project.ignore_path} cannot be read ({fault}), so the build fails"
            yield remark(FILES, reason, line, fails=sure)


def _is_kept_out(path: str, project: FolderProject) -> bool:
    """Whether nothing at *path* or below it gets into a build: an exception may let some of a directory in."""
    if not project.keeps_out(path):
        return False
    if path in project.whole.by_path:
        return True
    lines = (line.strip() for line in (project.ignore_text or "").splitlines())
    exceptions = [posixpath.normpath("/" + line[1:].strip()).lstrip("/") for line in lines if line.startswith("!")]
    return not any(one.startswith(f"{path}/") or PATTERN.search(one) for one in exceptions)
