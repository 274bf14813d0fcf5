"""What a request may break: files that a default names or a pattern matched, and that are gone."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from ..change import Remark
from ..context.project import FolderProject
from ..ir.arguments import global_arguments
from ..ir.build import Build
from ..ir.expansion import ExpansionError, expand
from ..ir.steps import Arg, Copy, Env
from ..patterns import re
from ..text.paths import PATTERN, matches
from .breaks import FILES, Version, fate_of, is_remote, remark

_NAME = re.compile(r"\$\{?(\w+)")


def likely_lost(before: Version, after: Version, moved: Mapping[str, str | None]) -> Iterator[Remark]:
    """Remarks, none of which is an error, on files that *after* asks for by the default of an argument or by a pattern,
    that the context had, and has no more.

    *moved* has the paths of the repository that the request takes away, and where they went, if anywhere.
    """
    known = before.projects()
    for where, project in after.projects().items():
        other = known.get(where)
        if other is None or project.usage.guessed or not (project.complete and other.complete):
            continue
        earlier = {path for _, path, _ in _by_default(before.build)}
        for copy, path, name in _by_default(after.build):
            if project.holds(path) is False and not PATTERN.search(path):
                fate = fate_of(path, where, moved) or f"is not in the build context ({project.shown})"
                if other.holds(path) or path not in earlier:
                    doubt = f"{copy.keyword} fails unless a build names another"
                    told = f"{path}, which {name} names by default, {fate}: {doubt}"
                    yield remark(FILES, told, copy.line, f"line {copy.line}: {path}", fails=False)
        yield from _patterns(after.build, where, project, other, moved)


def _by_default(build: Build) -> Iterator[tuple[Copy, str, str]]:
    """The COPYs from the context whose source an argument tells: with the path by default, and the argument."""
    outer = global_arguments(build)
    for stage in build.stages:
        given: dict[str, str | None] = {}
        for step in stage.steps:
            if isinstance(step, Arg | Env):
                for pair in step.pairs:
                    given[pair.key] = outer.get(pair.key) if pair.value is None else pair.value.strip("\"'")
            elif isinstance(step, Copy) and step.origin.flag("from") is None and not step.origin.heredocs:
                for source in step.sources:
                    names = _NAME.findall(source)
                    if names and all(given.get(name) and "$" not in str(given[name]) for name in names):
                        try:
                            named = expand(source, given)
                        except ExpansionError:
                            continue
                        if not is_remote(named):
                            yield step, posixpath.normpath("/" + named).lstrip("/"), names[0]


def _patterns(
    build: Build, where: str, project: FolderProject, other: FolderProject, moved: Mapping[str, str | None]
) -> Iterator[Remark]:
    """Remarks on patterns in a folder that is gone: builders do not agree on whether that fails."""
    for step in build:
        if not isinstance(step, Copy) or step.origin.flag("from") is not None:
            continue
        for source in step.sources:
            found = PATTERN.search(source)
            folder = posixpath.normpath("/" + source[: found.start()].rpartition("/")[0]).lstrip("/") if found else ""
            if "$" in source or not found:
                continue
            if folder and other.holds(folder) and project.holds(folder) is False:
                told = f"{source} matches nothing any more: {folder} {fate_of(folder, where, moved) or 'is gone'}"
            elif _matched(source, other) and not _matched(source, project):
                told = f"{source} matches nothing any more"
            else:
                told = ""
            if told:
                yield remark(FILES, told, step.line, f"line {step.line}: {source}", fails=False)


def _matched(source: str, project: FolderProject) -> bool:
    """Whether *project* holds something that the pattern *source* stands for."""
    pattern = posixpath.normpath("/" + source).lstrip("/")
    depth = pattern.count("/")
    paths = {"/".join(file.path.split("/")[: depth + 1]) for file in project.files if file.path.count("/") >= depth}
    return any(matches(path, pattern) for path in paths)
