"""DS103: neighbouring RUNs that are one thought."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Sequence
from functools import partial

from ...analysis.deleted import deletes
from ...analysis.effects.archives import after_removal
from ...analysis.effects.assuming import Verdict, both
from ...analysis.effects.unpacking import named_archives, needed, unpacked_in
from ...analysis.facts import Facts
from ...analysis.merging.merging import apart, neighbours
from ...analysis.packages.apt import LISTS, first_of_lists, reads_lists
from ...analysis.packages.cleanup import appendable
from ...analysis.shell.operations import Kind, operation
from ...change import Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.costs import one_thought, only_cleaned
from ...shell.script import Script, Simple
from ...text.paths import within
from ..base import Proposals
from .blocks import close, copied_twice, costly, is_cheap_script, merged, proper, without_downloads

_CLEANERS = frozenset(("make", "gmake", "ninja", "cmake"))
_CLEAN = frozenset(("clean", "distclean", "mostlyclean", "realclean"))


def merge_runs(build: Build, facts: Facts) -> Proposals:
    """Join RUN instructions on neighbouring lines that are one thought.

    A download and what unpacks the file are one, and so are the steps that add a repository of packages: whoever
    changes one of them works on all of them, and what an earlier one leaves behind the last can still remove.
    `./configure`, `make` and `make install` are one where a later step deletes what they built (`make clean`); else
    each keeps its place in the build cache, and an edit of the last does not compile for an hour. `chown -R` and
    `chmod -R` of one directory store all of its files twice. Everything else stays as its author laid it out: lines
    that a blank line or a comment parts, stages whose layers do not ship, downloads of different files, an archive that
    would stay in the layer all the same, cheap steps, which leave no bytes behind, a cheap step after a dear one, whose
    next edit would run the dear one again, and bodies that would need brackets.

    Safe because the bodies keep their order, stop at the first failure as separate RUNs do, and are joined only where
    neither sees the other's shell state (directory, variables, options, functions, exits). Source: POSIX, "Shell
    Execution Environment" and "Consequences of Shell Errors"; Docker's "Building best practices", RUN.
    """

    def wanted(group: Sequence[Run], run: Run) -> str | None:
        if not close(group[-1], run) or apart(group[-1], run, facts) is not None:
            return None
        if _fetches(run, facts) and any(first_of_lists(one, facts) is not None for one in group):
            # It fetches apt's lists anew, and can delete them by itself: joined, nothing is saved.
            return None
        if any(_deletes_lists(one, facts) for one in group):
            # It leaves nothing that a later step could still delete.
            return None
        scripts = [script for one in (*group, run) if (script := facts.script(one)) is not None]
        reason = _one_thought(scripts) if len(scripts) == len(group) + 1 else None
        if reason is not None and only_cleaned(reason) and not _cleaned(group[0], run, facts):
            # Apart, each is kept in the build cache, and joined, the layers are as large.
            return None
        return reason

    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            # Its layers are left behind, and apart they are kept in the build cache each.
            continue
        yield from merged(stage, facts, wanted, bare=True, against=partial(_archive_stays, stage, build, facts))


def _installs(command: Simple) -> bool:
    done = operation(command.argv)
    return done is not None and done.kind is Kind.INSTALL


def _deletes_lists(run: Run, facts: Facts) -> bool:
    """Whether *run* deletes apt's lists, be it in a branch."""
    script = facts.script(run)
    return script is not None and any(deletes(command, LISTS, run, facts) for command in script.commands)


def _fetches(run: Run, facts: Facts) -> bool:
    """Whether *run* fetches apt's lists before it reads them."""
    return first_of_lists(run, facts) is not None and not reads_lists(run, facts)


def _cleaned(first: Run, run: Run, facts: Facts) -> bool:
    """Whether *run*, or a neighbour behind it, deletes what was built from *first* on."""
    stage = next(one for one in facts.build.stages if run in one.steps)
    series = next(one for one in neighbours(stage) if run in one)
    start = next((at for at, one in enumerate(series) if one is first), 0)
    folders = {facts.state(first).workdir or "/"}
    for at, one in enumerate(series[start:], start):
        script = facts.script(one)
        if script is None or (at > start and not close(series[at - 1], one)):
            break
        if one.index >= run.index and any(_deletes_built(command, folders) for command in script.commands):
            return True
        folders.update(
            posixpath.normpath(posixpath.join(facts.state(one).workdir or "/", word))
            for command in script.commands
            if command.name == "cd"
            for word in command.argv[1:2]
            if word
        )
    return False


def _deletes_built(command: Simple, folders: Collection[str]) -> bool:
    """Whether *command* deletes what was built in one of *folders*."""
    words = [word or "" for word in command.argv[1:]]
    if command.name in _CLEANERS:
        return not _CLEAN.isdisjoint(words)
    if command.name != "rm" or not any(re.fullmatch(r"-\w*[rR]\w*|--recursive", word) for word in words):
        return False
    paths = [posixpath.normpath(word.rstrip("*")) for word in words if word and not word.startswith("-")]
    return any(within(folder, path) or within(path, folder) for path in paths for folder in folders if folder != "/")


def _archive_stays(stage: Stage, build: Build, facts: Facts, runs: Sequence[Run]) -> str | Safety | None:
    """Why an archive that *runs* download and unpack stays in the layer when they are joined, which saves nothing then,
    or the level at which it goes; None where there is no such archive.
    """
    scripts = [script for run in runs if (script := facts.script(run)) is not None]
    names = list(named_archives(scripts))
    if not names or not facts.graph.ships(stage.index):
        return None
    paths = {posixpath.basename(one.path): one for one in unpacked_in(runs, stage, facts)}
    verdict = Verdict()
    for name in names:
        known = paths.get(name)
        if known is None or needed(known, runs, facts, build):
            return f"{name} would stay in the layer"
        verdict = both(verdict, after_removal(known.path, runs[-1], stage, facts))
        problem = verdict.obstacle or appendable(runs[-1], facts)
        if problem is not None:
            return f"{name} would stay in the layer: {problem}"
    return verdict.safety


def _one_thought(scripts: Sequence[Script]) -> str | None:
    """Why the bodies *scripts* are one thought; None where nothing says so."""
    dear = [script for script in scripts if not is_cheap_script(script)]
    if not dear:
        # Other cheap steps joined save a layer and no bytes.
        tree = copied_twice(scripts[-2], scripts[-1])
        return f"each of them copies all files of {tree} into its layer" if tree is not None else None
    if not all(map(costly, dear)):
        return None
    used = without_downloads(scripts)
    if any(costly(script) and not rest for script, rest in zip(scripts, used, strict=True)) and not any(used):
        return "one of them works on what the other downloads"
    if len(dear) < len(scripts) or all(_installs(command) for run in used for command in run):
        # Installs after one another are apart so that each is kept in the build cache.
        return None
    return one_thought([proper(command) for run in used for command in run])
