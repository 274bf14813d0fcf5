"""DS213: installs from lists that an earlier layer fetched."""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.deleted import lists_gone
from ...analysis.effects.package_lists import after_deletion
from ...analysis.facts import Facts, Use
from ...analysis.flow.outcome import must_succeed
from ...analysis.packages.apt import (
    LISTS,
    READS,
    changes_sources,
    command_changes_sources,
    first_of_lists,
    reads_lists,
)
from ...analysis.packages.cleanup import append_to, appendable, mounted
from ...analysis.shell.operations import Kind
from ...change import AddsCommand, Change, Claim, DropsFiles, Safety
from ...ir.build import Build
from ...ir.steps import Run, Step
from ...patterns import re
from ...record import record
from ...render.fragments import fragment
from ...shell.edits import starts_errexit
from ...shell.script import Pipeline, Redirect, Script, Simple
from ...text import Edit
from ..base import Proposals, missed

#: Where more RUNs would each fetch the lists, people would rather have them in one.
_MOST = 3
_WRAPPERS = ((), ("sudo",))
#: Variables that decide where apt looks, and what it takes.
_PROXY = re.compile(r"proxy|APT_CONFIG|\bTMPDIR\b|^HOME$|^PATH$|^LD_", re.I)


@record
class _Lists:
    """Lists that the RUN ``fetched`` left; ``changed`` is the first step since that may have changed apt's sources."""

    fetched: Run
    changed: Step | None


@record
class _Reader:
    """A RUN that installs with ``lists``, which an earlier RUN left; ``use`` is its first install."""

    run: Run
    use: Use
    lists: _Lists


def apt_update(build: Build, facts: Facts) -> Proposals:
    """Let each RUN that installs with apt fetch its own package lists, and delete them.

    A RUN that installs with the lists of an earlier layer forces that layer to keep them, 20 to 50 MB, and breaks when
    the earlier layer comes from the build cache: packages that have moved since are not found. With an update of its
    own it finds them, and neither layer has to keep the lists: DS201 deletes those of the first one.

    It is level standard because the lists may be newer than those of the layer below, where that one was cached. Only
    where all RUNs that read the lists can be given an update, and where nothing in between may have changed apt's
    sources: an update would bring packages from there that the install did not see. The update is repeated as it
    stands, options included; one that has a mount, a proxy or a condition of its own is not. Nor is it where more than
    three RUNs would each fetch the lists: those are better made one by somebody who knows which belong together.
    Source: Docker's "Building best practices", apt-get.
    """
    readers = list(_readers(build, facts))
    trigger = next((one for stage in build.stages for one in stage.triggers if reads_lists(one, facts)), None)
    if trigger is not None:
        for one in readers:
            yield missed(one.run.line, f"the lists stay: the trigger on line {trigger.line} installs from them")
        return
    if len(readers) > _MOST:
        first = readers[0]
        reason = (
            f"{len(readers)} RUNs install from the lists that line {first.lists.fetched.line} fetched, or others did"
        )
        yield missed(first.run.line, f"{reason}; one RUN with one update would do for all of them")
        return
    updated = {one.run.index for one in readers}
    verdicts = {
        one.run.index: after_deletion(one.run, stage, facts, updated)
        for stage in build.stages
        for one in readers
        if one.run in stage.runs
    }
    obstacles = [(one, _obstacle(one, facts) or verdicts[one.run.index].obstacle) for one in readers]
    for one, obstacle in obstacles:
        if obstacle is not None:
            reason = f"apt-get update is left to the RUN on line {one.lists.fetched.line}: {obstacle}"
            yield missed(one.run.line, reason)
    if all(obstacle is None for _, obstacle in obstacles):
        yield from (_change(one, facts, verdicts[one.run.index].evidence) for one in readers)


def _readers(build: Build, facts: Facts) -> Iterator[_Reader]:
    """The RUNs that install with lists which an earlier RUN of the same layers fetched and left."""
    ends: list[_Lists | None] = []
    for stage in build.stages:
        base = facts.graph.bases[stage.index]
        lists = None if base is None else ends[base]
        for step in stage.steps:
            uses = [use for use in facts.uses(step) if _is_apt(use)] if isinstance(step, Run) else []
            if isinstance(step, Run) and uses and not mounted(step, (LISTS,)):
                first = first_of_lists(step, facts)
                if lists is not None and first is not None and first.operation.kind in READS:
                    yield _Reader(step, first, lists)
                if any(map(_updates, uses)):
                    kept = facts.graph.ships(stage.index) and not lists_gone(step, facts)
                    lists = _Lists(step, step if _changes_behind(step, uses, facts) else None) if kept else None
                    continue
            if lists is not None and lists.changed is None and changes_sources(step, facts):
                lists = _Lists(lists.fetched, step)
        ends.append(lists)


def _changes_behind(run: Run, uses: list[Use], facts: Facts) -> bool:
    """Whether *run* may change apt's sources behind its last update."""
    script = facts.script(run)
    last = max(use.command.span.end for use in uses if _updates(use))
    return script is None or command_changes_sources(one for one in script.commands if one.span.start >= last)


def _obstacle(reader: _Reader, facts: Facts) -> str | None:
    """Why the RUN gets no update of its own; None where it may."""
    run, use = reader.run, reader.use
    script = facts.script(run)
    if script is None or run.body is None or not must_succeed(script, use.command, errexit=facts.state(run).errexit):
        return "the build does not depend on this install"
    several = len(script.root.items) > 1
    if several and (facts.state(run).errexit or (_strict(run, facts) and use.command not in script.root.items)):
        return "under `set -e` an update in the same list could fail unseen"
    if any(use.command in node.items for node in script.nodes if isinstance(node, Pipeline)):
        return "something is piped into this install, or out of it"
    behind = [one for one in facts.uses(run) if _updates(one) or (_is_apt(one) and one.operation.kind in READS)]
    if _updates(behind[-1]):
        # Lists that are meant for somebody else.
        return "it updates the lists after its install"
    if use.operation.wrappers not in _WRAPPERS:
        return f"it runs under {use.operation.wrappers[0]}"
    if run.flags != reader.lists.fetched.flags:
        return "their flags (--mount, --network, --security) differ, and may decide what apt finds"
    again = _repeated(reader, facts)
    alike = [one.command for one in facts.uses(run) if again == tuple(word.text for word in one.command.words)]
    if not all(_reads_next(command, script, facts, run) for command in alike):
        # Which of two alike is the new one, nobody could tell.
        return "it has the same update further below"
    if again is None:
        return "that one cannot be repeated here: variables, options or a condition of its own decide what it does"
    unfit = appendable(run, facts)
    if unfit is not None:
        return unfit
    changed = reader.lists.changed
    if changed is not None:
        return f"{changed.keyword} on line {changed.line} may have changed where packages come from"
    if command_changes_sources(one for one in script.commands if one.span.end <= use.command.span.start):
        return "it may have changed where packages come from"
    return None


def _reads_next(command: Simple, script: Script, facts: Facts, run: Run) -> bool:
    """Whether an install comes right behind *command*."""
    at = next(at for at, one in enumerate(script.commands) if one is command)
    following = script.commands[at + 1 : at + 2]
    return any(_is_apt(use) and use.operation.kind in READS and use.command in following for use in facts.uses(run))


def _strict(run: Run, facts: Facts) -> bool:
    """Whether *run* goes on under ``set -e``, which takes no notice of what fails to the left of ``&&``."""
    script = facts.script(run)
    return script is not None and (facts.state(run).errexit or starts_errexit(script.root))


def _repeated(reader: _Reader, facts: Facts) -> tuple[str, ...] | None:
    """The update of the earlier RUN as it stands there, sudo apart; None where it cannot be repeated in another RUN."""
    fetched = reader.lists.fetched
    update = [use for use in facts.uses(fetched) if _updates(use)][-1]
    script = facts.script(fetched)
    command = update.command
    at = update.operation.command
    words = [word.text for word in command.words[at:]]
    if script is None or not must_succeed(script, command, errexit=facts.state(fetched).errexit):
        return None
    if command.assignments or update.operation.wrappers not in _WRAPPERS or not all(map(_silences, command.redirects)):
        return None
    if any(word is None for word in command.argv) or any("=" in word.text for word in command.words[:at]):
        return None
    if _settings(script, command) or _settings(facts.script(reader.run), reader.use.command):
        return None
    before, here = facts.state(fetched), facts.state(reader.run)
    if dict(before.env.items()) != dict(here.env.items()) or set(before.args) != set(here.args):
        changed = {name for name in {*before.env, *here.env} if before.env.get(name) != here.env.get(name)}
        changed |= set(before.args) ^ set(here.args)
        if any(_PROXY.search(name) for name in changed):
            return None
    return tuple(words)


def _silences(redirect: Redirect) -> bool:
    """Whether *redirect* only throws away what is printed."""
    return ">" in redirect.operator and redirect.target is not None and redirect.target.literal == "/dev/null"


def _settings(script: Script | None, command: Simple) -> bool:
    """Whether variables that *script* sets before *command*, or for it, may decide what apt finds."""
    for one in script.commands if script is not None else ():
        if one.span.start > command.span.start:
            break
        named = [word.text for word in one.assignments if one is command or not one.words]
        if one.name in ("export", "declare", "set", ".", "source", "eval"):
            named += [word.text for word in one.words[1:]] or ["?"]
            if one.name in (".", "source", "eval"):
                return True
        if any(_PROXY.search(text.partition("=")[0]) or text == "-a" for text in named):
            return True
    return False


def _is_apt(use: Use) -> bool:
    return use.operation.manager.name == "apt"


def _updates(use: Use) -> bool:
    return _is_apt(use) and use.operation.kind is Kind.UPDATE


def _change(reader: _Reader, facts: Facts, evidence: tuple[str, ...]) -> Change:
    run, use = reader.run, reader.use
    assert run.body is not None
    repeated = _repeated(reader, facts)
    assert repeated is not None
    command = (*use.operation.wrappers, *repeated)
    script = facts.script(run)
    alone = script is None or len(script.root.items) == 1 or not _strict(run, facts)
    joint = " && " if alone else "; "
    edits = [Edit.insert(run.body.logical.before(use.command.span.start), f"{' '.join(command)}{joint}")]
    claims: list[Claim] = [AddsCommand(command)]
    if not lists_gone(run, facts):
        cleanup = fragment("apt-lists", facts.templates)
        if use.operation.wrappers:
            cleanup = fragment("as-root", facts.templates, command=cleanup)
        edits.append(append_to(run, facts, cleanup))
        claims.append(DropsFiles(tuple(cleanup.split()), (f"{LISTS}/*",)))
    return Change(
        edits=tuple(edits),
        title="apt-get update in the RUN that installs, and its lists deleted",
        reason=f"the lists of line {reader.lists.fetched.line} grow old in the build cache, and can go from its layer",
        safety=Safety.STANDARD,
        claims=tuple(claims),
        line=run.line,
        evidence=evidence,
    )
