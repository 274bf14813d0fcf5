"""DS613: recommended packages."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby, islice

from ...analysis.bases import base_image, base_name
from ...analysis.effects.asking import effects
from ...analysis.effects.reached import Ran, Unread
from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind
from ...change import AddsOption, Change, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.recommends import (
    all_needed,
    brings_compiler,
    brings_program,
    compiles,
    has_compiler,
    is_whole,
    lacks,
    lost,
    missing,
    recommends_nothing,
    waits,
)
from ...knowledge.releases import release_under
from ...shell.edits import insert_after
from ...shell.script import AndOr
from ...text import Edit
from ..base import Proposals, missed
from .commands import written
from .package_names import packages_of, unknown_name
from .recommended import keeps

_OPTION = "--no-install-recommends"
#: What an image with a compiler has, whatever apt knows of it.
_TOOLCHAIN = frozenset(("gcc", "g++", "libc6-dev", "make", "build-essential"))
#: What is needed by the next command already: that a later RUN names it does not help.
_AT_ONCE = frozenset(("ca-certificates",))


def no_install_recommends(build: Build, facts: Facts) -> Proposals:
    """Install what is named and what that depends on, not what is only recommended.

    apt-get adds recommended packages by default: documentation, fonts, mail servers. They make up a third of what many
    installs fetch.

    At level aggressive, since something may use a recommended package without naming it. Where a package needs one of
    those for what it is mostly installed for (curl its certificates, gcc the C library's headers, pip a compiler), that
    one is named as well; so is the package of a program that is called though nothing that is named brings it. Safe is
    the rest: dependencies are installed in any case. Source: Docker's "Building best practices"; apt-get(8),
    `--no-install-recommends`; the Recommends fields of Debian's packages.
    """
    if "install-recommends" in build.text.lower().replace(_OPTION, ""):
        return
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            # What only a builder has takes no room in the image, and something there may use it.
            continue
        present = _installed(build, facts, stage)
        said = _said(stage, build, facts)
        image = base_image(build, facts, stage)
        name, release = image.name if image is not None else "", release_under(image)
        named: set[str] = set()
        for run in stage.runs:
            told: set[str] = set()
            found: list[tuple[Use, str | Change]] = []
            for use in facts.uses(run):
                if not _installs(use):
                    continue
                packages = packages_of(use, build)
                if all(map(recommends_nothing, packages)):
                    continue
                called = _called(run, stage, packages, present, build, facts)
                there = present | called | (_TOOLCHAIN if has_compiler(*base_name(build, facts, stage)) else set())
                needed = {*called, *missing(packages | called, there, said, name, release)}
                early = _before(run, stage, build, facts) | called | named
                needed |= {one for one in missing(packages, early, said, name) if one in _AT_ONCE}
                added = tuple(sorted(needed))
                everything = {*present, *added}
                reason = _falls_back(use, facts) or keeps(use, packages, everything, stage, facts)
                reason = reason or _compiling(run, stage, everything, build, facts)
                reason = reason or _unknown(use, packages, everything, stage, said, build, facts)
                reason = reason or _for_nothing(run, packages, added, said, facts)
                if reason is not None:
                    found.append((use, reason))
                    continue
                present |= set(added)
                named |= set(added)
                found.append((use, _change(build, use, run, added, lost(packages, present), facts)))
            kept = {id(use.command): one for use, one in found if isinstance(one, str)}
            beside = _beside(run, facts) if kept else {}
            for use, one in found:
                # Installs that follow each other are one in the end: what one of them keeps they all do.
                reasons = (kept[at] for at in beside.get(id(use.command), ()) if at in kept)
                told_of = one if isinstance(one, str) else next(reasons, one)
                if isinstance(told_of, Change):
                    yield told_of
                elif told_of not in told:
                    told.add(told_of)
                    yield missed(run.line, f"recommended packages stay: {told_of}")


def _beside(run: Run, facts: Facts) -> dict[int, Sequence[int]]:
    """The installs of *run* with the same options that follow each other in one chain, for each of them."""
    script = facts.script(run)
    uses = {id(use.command): use for use in facts.uses(run)}
    found: dict[int, Sequence[int]] = {}
    for chain in script.root.items if script is not None else ():
        if not isinstance(chain, AndOr) or any(operator.text != "&&" for operator in chain.operators):
            continue
        for options, items in groupby(chain.items, key=lambda item: _options(uses.get(id(item)))):
            group = [id(item) for item in items]
            if options is not None:
                found.update(dict.fromkeys(group, group))
    return found


def _options(use: Use | None) -> frozenset[str] | None:
    """All words of the install *use* but its packages; None for anything else."""
    if use is None or not _installs(use):
        return None
    operands = frozenset(use.operation.operands)
    return frozenset(word.text for at, word in enumerate(use.command.words) if at not in operands)


def _falls_back(use: Use, facts: Facts) -> str | None:
    """Why *use* is meant to bring what is recommended: the same install without it is tried before."""
    named = [use.command.words[at].text for at in use.operation.operands]
    for other in facts.uses(use.run):
        same = other is not use and [other.command.words[at].text for at in other.operation.operands] == named
        if same and other.operation.has_flag(_OPTION):
            return f"the same install without them (line {use.run.line}) is tried first"
    return None


def _for_nothing(run: Run, packages: set[str], added: Sequence[str], said: str, facts: Facts) -> str | None:
    """Why nothing would be won where *added* is named in *run* beside *packages*; None where something would be."""
    whole = next(filter(is_whole, sorted(packages)), None)
    if whole is not None:
        return f"{whole} is installed for all that comes along with it"
    if added and all_needed(packages, said):
        return f"{' and '.join(added)}, which would have to be named, are all that is recommended"
    removes = any(use.operation.manager.name == "apt" and use.operation.kind is Kind.REMOVE for use in facts.uses(run))
    if added and removes:
        return f"the RUN removes packages again, and {' and '.join(added)} would stay where they were named"
    return None


def _called(run: Run, stage: Stage, packages: set[str], present: set[str], build: Build, facts: Facts) -> set[str]:
    """The packages of programs that are called from *run* on, in *stage* or a stage on top of it, and that no package
    of *present* brings: they would be there only because something recommends them, as some of *packages* may, which
    *run* installs.
    """
    name, tag = base_name(build, facts, stage)
    every = facts.recall("programs of packages", None, lambda: [_programs(one, facts) for one in build.stages])
    found: set[str] = set()
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        heir = index != stage.index
        for at, program, works in every[index]:
            bring = brings_program(program)
            missed_here = (heir or at >= run.index) and present.isdisjoint(bring)
            if missed_here and lacks(name, tag, program, packages, works=works):
                own = _installed(build, facts, build.stages[index]) if heir else present
                found |= {bring[0]} if own.isdisjoint(bring) else set()
    return found


def _programs(stage: Stage, facts: Facts) -> Sequence[tuple[int, str, bool]]:
    """The programs that *stage* calls and that packages recommend, each with where, and whether a RUN calls it, so that
    it is there today; the start comes last.
    """
    found: set[tuple[int, str, bool]] = set()
    last = stage.steps[-1].index if stage.steps else 0
    runs = ((run.index, effects(facts).of_run(run, stage), True) for run in stage.runs)
    for at, reached, built in (*runs, (last, effects(facts).of_start(stage), False)):
        for ran in reached:
            if isinstance(ran, Ran) and brings_program(ran.name):
                found.add((at, ran.name, built))
    return sorted(found)


def _said(stage: Stage, build: Build, facts: Facts) -> str:
    """The text of *stage* and of those on top of it, and the commands of the scripts that they run and start.

    What another stage does is done with its own packages.
    """
    every = facts.recall("said by scripts", None, lambda: [_said_in(one, facts) for one in build.stages])
    return "\n".join(every[index] for index in (stage.index, *facts.graph.heirs(stage.index)))


def _said_in(stage: Stage, facts: Facts) -> str:
    reached = [one for run in stage.runs for one in effects(facts).of_run(run, stage)]
    reached += effects(facts).of_start(stage)
    commands = (" ".join(word or "" for word in one.argv) for one in reached if isinstance(one, Ran))
    return "\n".join((*(step.origin.text for step in stage.steps), *dict.fromkeys(commands)))


def _unknown(
    use: Use, packages: set[str], present: set[str], stage: Stage, said: str, build: Build, facts: Facts
) -> str | None:
    """Why nobody knows what *use*, which installs *packages*, needs beside *present*; None where it is known."""
    word = unknown_name(use, build)
    if word is not None:
        return f"{word} is named when the RUN runs, and what it needs beside it is not known"
    waiting = waits(packages, present, said)
    if not waiting:
        return None
    every = facts.recall("named when they run", None, lambda: [_named_late(one, facts) for one in build.stages])
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        for at, unread in every[index]:
            if index != stage.index or at >= use.run.index:
                what = unread.what.removeprefix("what ")
                return f"what {what} ({unread.place}) does is not known, and it may need {' and '.join(waiting)}"
    return None


def _named_late(stage: Stage, facts: Facts) -> Sequence[tuple[int, Unread]]:
    """The commands of *stage* whose program an expansion names, each with where; the start comes last.

    What people type into the shell that a container starts is no part of it.
    """
    last = stage.steps[-1].index if stage.steps else 0
    found = [
        (run.index, one)
        for run in stage.runs
        for one in effects(facts).of_run(run, stage)
        if isinstance(one, Unread) and one.kind == "dynamic"
    ]
    return found + [
        (last, one)
        for one in effects(facts).of_start(stage)
        if isinstance(one, Unread) and one.kind == "dynamic" and not one.what.startswith("what ")
    ]


def _compiling(run: Run, stage: Stage, packages: set[str], build: Build, facts: Facts) -> str | None:
    """Which command from *run* on compiles though no compiler is named among *packages*; None where none does."""
    name, tag = base_name(build, facts, stage)
    if brings_compiler(packages) or has_compiler(name, tag):
        return None
    every = facts.recall("compiles", None, lambda: [_compiling_in(one, facts) for one in build.stages])
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        compiling = every[index]
        if not compiling:
            continue
        at = bisect_left(compiling, (run.index, "")) if index == stage.index else 0
        if at < len(compiling):
            return f"{compiling[at][1]} may compile, and no compiler is named"
    return None


def _compiling_in(stage: Stage, facts: Facts) -> Sequence[tuple[int, str]]:
    """The RUNs of *stage* that compile, in order, and the first command of each that does: every install asks it."""
    return [(run.index, told) for run in stage.runs for told in islice(_compilers(run, stage, facts), 1)]


def _compilers(run: Run, stage: Stage, facts: Facts) -> Iterator[str]:
    for ran in effects(facts).of_run(run, stage):
        if isinstance(ran, Ran):
            words = tuple(word for word in (ran.name, *ran.argv[1:]) if word and not word.startswith("-"))
            if compiles(words):
                yield f"{' '.join(words[:2])} ({ran.place})"


def _installs(use: Use) -> bool:
    operation = use.operation
    name = (use.command.words[operation.command].literal or "").rsplit("/", 1)[-1]
    return (
        operation.manager.name == "apt"
        and operation.kind is Kind.INSTALL
        and operation.subcommand == "install"
        and name in ("apt-get", "apt")
        and not operation.has_flag(_OPTION, "-d", "--download-only")
        and bool(operation.operands)
        # Without the network only what was fetched before can be installed.
        and use.run.origin.flag("network") != "none"
        and not any("recommends" in (word.text.lower()) for word in use.command.words)
    )


def _installed(build: Build, facts: Facts, stage: Stage) -> set[str]:
    """What *stage* and the stages beneath it install by name with apt."""
    own = _by_stage(build, facts)
    return set().union(*map(own.__getitem__, facts.graph.chain(stage.index)))


def _by_stage(build: Build, facts: Facts) -> list[frozenset[str]]:
    return facts.recall("installed by name", None, lambda: [_installed_in(one, build, facts) for one in build.stages])


def _before(run: Run, stage: Stage, build: Build, facts: Facts) -> set[str]:
    """What the stages beneath *stage* and its own RUNs up to *run* install by name with apt."""
    own = _by_stage(build, facts)
    found = set().union(*map(own.__getitem__, facts.graph.chain(stage.index)[1:]))
    return found.union(
        *(
            facts.recall("named in", one.index, partial(_named, one, build, facts))
            for one in stage.runs
            if one.index <= run.index
        )
    )


def _named(run: Run, build: Build, facts: Facts) -> frozenset[str]:
    """What *run* installs by name with apt."""
    uses = (use for use in facts.uses(run) if use.operation.manager.name == "apt")
    return frozenset(name for use in uses for name in packages_of(use, build))


def _installed_in(stage: Stage, build: Build, facts: Facts) -> frozenset[str]:
    """What *stage* itself installs so: every stage on top of it asks."""
    return frozenset(
        name
        for run in stage.runs
        for use in facts.uses(run)
        if use.operation.manager.name == "apt" and use.operation.kind is Kind.INSTALL
        for name in packages_of(use, build)
    )


def _naming(build: Build, run: Run, use: Use, added: tuple[str, ...], facts: Facts) -> Edit:
    """The edit that names *added* in front of the packages of *use*, on lines of their own where those stand so."""
    assert run.body is not None
    logical, words = run.body.logical, use.command.words
    starts = [logical.before(words[at].span.start) for at in use.operation.operands]
    for at in starts if run.body.form == "shell" else ():
        indent = build.text[build.text.rfind("\n", 0, at) + 1 : at]
        if indent.strip(" \t") == "" and (len(starts) > 1 or at != starts[0]):
            if at == starts[0] and "\n" not in build.text[starts[0] : starts[1]]:
                break
            gap = f" {facts.style.escape}{facts.style.newline}{indent}"
            return Edit.insert(at, "".join(f"{name}{gap}" for name in added))
    return Edit.insert(starts[0], "".join(f"{name} " for name in added))


def _change(
    build: Build,
    use: Use,
    run: Run,
    added: tuple[str, ...],
    left: tuple[tuple[str, tuple[str, ...]], ...],
    facts: Facts,
) -> Change:
    operation, words = use.operation, use.command.words
    assert run.body is not None
    logical = run.body.logical
    leading = written(words[operation.command : operation.verb + 1])
    edits = [insert_after(logical, words[operation.verb].span.end, f" {_OPTION}")]
    claims = [AddsOption(leading, (_OPTION,))]
    reason = "what is named is installed, with all that it depends on"
    if added:
        edits.append(_naming(build, run, use, added, facts))
        claims.append(AddsOption(leading, added))
        reason += f", and {', '.join(added)}, which {'it needs' if len(operation.operands) == 1 else 'they need'} too"
    for name, packages in left:
        reason += f"; {name} goes without {', '.join(packages)}"
    return Change(
        edits=tuple(edits),
        title=f"apt-get install {_OPTION}",
        reason=reason,
        safety=Safety.AGGRESSIVE,
        claims=tuple(claims),
        line=build.document.line_of(logical.before(use.command.span.start)),
    )
