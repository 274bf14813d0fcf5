"""DS204: the caches of Python's package managers."""

from __future__ import annotations

from ...analysis.bases import base_image
from ...analysis.deleted import deletes
from ...analysis.effects.cache_users import links_into_cache, works_offline
from ...analysis.facts import Facts, Use
from ...analysis.packages.cache_readers import cache_of, cache_reader
from ...analysis.packages.cleanup import always_runs
from ...analysis.packages.mounted_caches import cache_mounted
from ...analysis.shell.operations import Kind
from ...change import AddsOption, Change, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.old_tools import lacks
from ...shell.edits import insert_after
from ..base import Proposals, missed
from .estimates import left_behind

_HANDLED = frozenset(("pip", "uv"))
_OFF = frozenset(("", "0", "off", "false", "no"))


def pip_cache(build: Build, facts: Facts) -> Proposals:
    """Install Python packages without keeping a cache: `pip install --no-cache-dir`, `uv … --no-cache`.

    pip and uv keep what they download and build in ~/.cache, where it only helps the next install on the same machine.
    In an image there is none.

    Safe because the same packages are installed. Left alone are installs whose cache is switched off by the
    environment (PIP_NO_CACHE_DIR, UV_NO_CACHE), is kept outside the image by a cache mount, is deleted by the same RUN,
    or is chosen by `--cache-dir`, and `pip download` and `pip wheel`, which keep no more than they are asked for; those
    in stages that do not ship, whose caches stay behind; and where the base image's release has a pip from before 6.0,
    which does not know the option. Source: pip documentation, "Caching"; uv documentation, "Caching".
    """
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            continue
        for run in stage.runs:
            for use in facts.uses(run):
                operation = use.operation
                if operation.manager.name not in _HANDLED or operation.kind is not Kind.INSTALL:
                    continue
                if operation.subcommand == "python install":
                    # What it fetches is unpacked at once, and no archive is kept. Source: uv, "Storage".
                    continue
                if _no_cache(use, run, facts):
                    continue
                if not operation.certain and operation.subcommand == "":
                    yield missed(run.line, "an expansion may hold pip's options")
                    continue
                name = operation.manager.name
                purge = _purged(use, stage, facts) if name == "pip" else None
                if purge is not None:
                    reason = f"the purge on line {purge}: before pip 21.3 that fails where there is none"
                    yield missed(run.line, f"pip's cache stays for {reason}")
                    continue
                problem = (
                    cache_reader(build, name)
                    or works_offline(operation.manager, run, stage, facts)
                    or links_into_cache(use, facts)
                    or _built_once(use, stage, facts)
                    or lacks(name, base_image(build, facts, stage), _installed(stage, facts))
                )
                if problem is not None:
                    yield missed(run.line, f"{name}'s cache stays: {problem}")
                    continue
                option = operation.manager.option or ""
                words = use.command.words
                body = run.body
                assert body is not None
                yield Change(
                    edits=(insert_after(body.logical, words[operation.verb].span.end, f" {option}"),),
                    title=f"{operation.manager.name} {operation.subcommand} without a cache",
                    reason=f"{cache_of(use, facts)} only helps later installs on the same machine and takes room",
                    safety=Safety.SAFE,
                    claims=(AddsOption(operation.lead, (option,)),),
                    line=build.document.line_of(body.logical.before(use.command.span.start)),
                    saving=left_behind((use,), stage, build, facts),
                )


def _installed(stage: Stage, facts: Facts) -> frozenset[str]:
    """The packages of the system that RUNs of *stage*, and of those below, install by name."""

    def names() -> frozenset[str]:
        runs = (run for at in (*facts.graph.chain(stage.index), stage.index) for run in facts.build.stages[at].runs)
        uses = (use for run in runs for use in facts.uses(run) if use.operation.manager.name not in _HANDLED)
        return frozenset(use.command.words[at].text for use in uses for at in use.operation.operands)

    return facts.recall("installed packages", stage.index, names)


def _purged(use: Use, stage: Stage, facts: Facts) -> int | None:
    """The line of a `pip cache purge` or `remove` behind *use*: before pip 21.3 it fails where there is no cache."""
    run = use.run
    purging = facts.recall("purges pip's cache", None, lambda: _purging(facts))
    if not purging:
        return None
    for other in (run, *facts.later_runs(run, stage)):
        first = use.command.span.start if other is run else -1
        if any(at > first for at in purging.get(other.index, ())):
            return other.line
    return None


def _purging(facts: Facts) -> dict[int, tuple[int, ...]]:
    """The RUNs, triggers included, that purge pip's cache, and where in each: every install asks."""
    found: dict[int, tuple[int, ...]] = {}
    for stage in facts.build.stages:
        for run in (*stage.runs, *stage.triggers):
            starts = tuple(later.command.span.start for later in facts.uses(run) if _purges(later))
            if starts:
                found[run.index] = starts
    return found


def _purges(use: Use) -> bool:
    words = [use.command.argv[at] for at in use.operation.operands]
    cleans = use.operation.manager.name == "pip" and use.operation.kind is Kind.CLEAN
    return cleans and words[:1] in (["purge"], ["remove"])


def _no_cache(use: Use, run: Run, facts: Facts) -> bool:
    """Whether nothing is kept in the image as it is."""
    operation = use.operation
    known = operation.manager
    if operation.has_flag(*known.offline) or run.origin.flag("network") == "none":
        # There is nothing else to install from.
        return True
    if operation.has_flag(known.option or "", *known.option_alternatives, "--cache-dir", "--download-cache"):
        return True
    if known.name != "pip" and any(
        other.operation.manager.name == known.name
        and other.operation.kind is Kind.CLEAN
        and other.command.span.start > use.command.span.start
        for other in facts.uses(run)
    ):
        # It is emptied by the next command.
        return True
    if cache_mounted(run, known, facts):
        return True
    script = facts.script(run)
    if script is not None and any(
        command.span.start > use.command.span.start
        and always_runs(script, command)
        and deletes(command, path, run, facts)
        for command in script.commands
        for path in known.paths
    ):
        return True
    name = known.environment or ""
    if any(word.text.startswith(f"{name}=") for word in use.command.assignments):
        return True
    state = facts.state(run)
    if name in state.env:
        value = state.env[name]
        return value is None or value.lower() not in _OFF or known.name == "pip"
    return name in state.args


def _built_once(use: Use, stage: Stage, facts: Facts) -> str | None:
    """Why what *use* compiled may be nowhere but in the cache for a later install of the same: what compiles is gone by
    then.
    """
    names = _operands(use)
    gone: int | None = None
    for later in stage.runs:
        if later.index <= use.run.index:
            continue
        for other in facts.uses(later):
            done = other.operation
            if done.manager.name in ("apt", "apk") and done.kind is Kind.REMOVE:
                gone = gone or later.line
            elif gone is not None and done.manager.name == "pip" and names & _operands(other):
                return f"line {later.line} installs the same again, and line {gone} has removed what compiles"
    return None


def _operands(use: Use) -> set[str]:
    """What *use* is told to install: the names, and the lists."""
    lists = {flag.value or "" for flag in use.operation.flags if flag.name in ("-r", "--requirement")}
    return {use.command.words[at].text for at in use.operation.operands} | lists
