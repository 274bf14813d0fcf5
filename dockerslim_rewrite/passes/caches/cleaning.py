"""What the cleanup passes share: a command that empties a manager's cache, at the end of the RUN that filled it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence

from ...analysis.bases import base_name, surely_root
from ...analysis.deleted import deletes
from ...analysis.effects.asking import effects
from ...analysis.effects.cache_users import links_into_cache, works_offline
from ...analysis.effects.reached import Unread
from ...analysis.facts import Facts, Use
from ...analysis.merging.stranded import stranded
from ...analysis.packages.cache_readers import cache_reader
from ...analysis.packages.called import cleaning_command
from ...analysis.packages.cleanup import append_to, appendable, says
from ...analysis.packages.mounted_caches import cache_mounted
from ...analysis.shell.operations import Kind, Operation, operation
from ...change import Change, DropsFiles, RemovesCommand, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Run
from ...knowledge.managers import Manager
from ...knowledge.writes import settles_permissions
from ...patterns import re
from ...render.fragments import fragment
from ...shell.edits import drop_command
from ...shell.script import AndOr, Node, Simple
from ...text.paths import within
from ..base import Proposals, missed
from ..shell.commands import written
from .estimates import left_behind
from .refreshing import IDLE, only_refreshes

#: Where dnf keeps its packages, by this name or as yum.
_RPM = ("/var/cache/dnf", "/var/cache/yum")
#: Releases in which yum is a program of its own: Red Hat's and its likes' before 8, Amazon Linux before 2022.
_RPM_WITH_YUM = re.compile(r"(?:\A|/)(?:centos|rhel|oraclelinux|scientificlinux/sl|amazonlinux|\w*amazonlinux)\Z")
_OLD_TAG = re.compile(r"(?:centos|el)?[5-7](?:\D|\Z)|20(?:1\d|18)|[12](?:\.\d|\Z)")
_OLD_NAME = re.compile(r"(?:rhel|ubi|centos)[-/]?[5-7]\b|(?:\A|/)manylinux(?:1|2010|2014)_")
#: Scripts that are there to clean up.
_CLEANING = re.compile(r"clean|purge", re.I)
#: Says for a RUN with operations of one manager at which level its cache may go, or why it may not; None says nothing.
Judge = Callable[[list[Use], Run, Stage, Facts], Safety | str | None]


def clean_after(build: Build, facts: Facts, managers: frozenset[str], judge: Judge) -> Proposals:
    """Propose, for each RUN that fills the cache of one of *managers*, to empty it at its end: in stages that ship, and
    where a directory that holds the cache is copied into another stage.
    """
    for stage in build.stages:
        taken = () if facts.graph.ships(stage.index) else taken_of(stage, build)
        if not taken and not facts.graph.ships(stage.index):
            continue
        for run in stage.runs:
            # Managers that keep their packages in the same place have one cache, which the last of them empties.
            one_yum = _yum_is_dnf(stage, build, facts)
            caches: dict[tuple[str, ...], list[Use]] = {}
            for use in facts.uses(run):
                if use.operation.manager.name in managers:
                    caches.setdefault(_place(use, one_yum=one_yum), []).append(use)
            for place, shared in caches.items():
                last = next((use for use in reversed(shared) if use.operation.kind in FILLS), None)
                behind = last.command.span.start if last is not None else 0
                if any(_empties(use.operation) and use.command.span.start > behind for use in shared) or not last:
                    continue
                if taken and not any(within(path, one) for path in place for one in taken):
                    continue
                if place == _RPM and _deletes(run, place[:1], behind, facts):
                    continue
                name = last.operation.manager.name
                uses = [use for use in shared if use.operation.manager.name == name]
                yield from _one(run, stage, uses, build, facts, judge)


def taken_of(stage: Stage, build: Build, *, same: bool = False) -> tuple[str, ...]:
    """The directories of *stage* that COPY takes into other stages; *same*: to where they are in *stage*."""
    names = {stage.name, str(stage.index)}
    return tuple(
        posixpath.normpath(source)
        for other in build.stages
        for step in other.steps
        if isinstance(step, Copy) and (origin := step.origin.flag("from")) and origin.lower() in names
        for source in step.sources
        if source.startswith("/") and source != "/"
        if not same or posixpath.normpath(step.destination) == posixpath.normpath(source)
    )


def _yum_is_dnf(stage: Stage, build: Build, facts: Facts) -> bool:
    """Whether yum is a name of dnf under *stage*, as it is since Fedora 22 and Red Hat's release 8; older releases,
    which have a yum of its own, say so in their tags.
    """
    name, tag = base_name(build, facts, stage)
    return not (_OLD_TAG.match(tag) and _RPM_WITH_YUM.search(name)) and not _OLD_NAME.search(name)


def _place(use: Use, *, one_yum: bool) -> tuple[str, ...]:
    """Where the manager of *use* keeps its packages."""
    known = use.operation.manager
    return _RPM if one_yum and known.name in ("yum", "dnf") else known.paths


def _deletes(run: Run, paths: Sequence[str], behind: int, facts: Facts) -> bool:
    """Whether a command of *run* behind the offset *behind* deletes one of *paths*."""
    script = facts.script(run)
    commands = script.commands if script is not None else ()
    return any(one.span.start > behind and any(deletes(one, path, run, facts) for path in paths) for one in commands)


def _one(run: Run, stage: Stage, uses: list[Use], build: Build, facts: Facts, judge: Judge) -> Proposals:
    known = uses[0].operation.manager
    filled = [use for use in uses if use.operation.kind in FILLS]
    if known.clean is None or not _stays(run, filled, facts) or _cleaned_by_script(run, stage, known, facts):
        return
    if only_refreshes(run, uses, facts):
        yield missed(run.line, f"{IDLE} {known.name} fetches the index anew where it installs")
        return
    verdict = judge(uses, run, stage, facts)
    if verdict is None:
        return
    command, unlike = cleaning_command(filled, known, run, facts)
    # What lies in a layer below takes no less room for being deleted here.
    below = None if any(map(_fetches, filled)) else _fetched_below(run, stage, known, facts)
    if known.clean_built is not None and below is not None:
        command = command.replace(known.clean.partition(" ")[2], known.clean_built.partition(" ")[2])
        below = None
    problem = (
        verdict
        if isinstance(verdict, str)
        else _stored(below, filled)
        or cache_reader(build, known.name)
        or _alternative(filled, run, facts)
        or _hidden(filled[-1], facts)
        or works_offline(known, run, stage, facts)
        or next((found for use in filled if (found := links_into_cache(use, facts)) is not None), None)
        or unlike
        or appendable(run, facts)
        or _nowhere(run, command, facts)
        or _settled(run, command, known, filled[-1], facts)
    )
    if problem is not None or isinstance(verdict, str):
        yield missed(run.line, f"{known.name}'s cache stays in the layer: {problem}")
        return
    sudo = filled[-1].operation.wrappers[:1] == ("sudo",) and not command.startswith("sudo ")
    if sudo and not surely_root(run, build, facts, stage):
        command = fragment("as-root", facts.templates, command=command)
    yield Change(
        edits=(append_to(run, facts, command),),
        title=f"empty {known.name}'s cache where it was filled",
        reason=f"only the next install on this machine would read {_emptied(command)}, and there is none",
        safety=verdict,
        claims=(DropsFiles(tuple(command.split()), known.paths),),
        line=run.line,
        saving=left_behind(_since_cleaned(uses), stage, build, facts),
    )


def _alternative(uses: Sequence[Use], run: Run, facts: Facts) -> str | None:
    """Why it is not known which of *uses* ran: one stands before `||`, as where one of two programs is there."""
    script = facts.script(run)
    for node in script.nodes if script is not None else ():
        if isinstance(node, AndOr) and any(operator.text == "||" for operator in node.operators):
            last = max(at for at, operator in enumerate(node.operators) if operator.text == "||")
            use = next((use for use in uses if any(use.command is item for item in node.items[: last + 1])), None)
            if use is not None:
                return f"{use.operation.executable} may be missing: something else runs where it fails"
    return None


def _hidden(use: Use, facts: Facts) -> str | None:
    """The variables of the image that sudo hides from *use*, and that decide on its cache; None where it runs alone."""
    if use.operation.wrappers[:1] != ("sudo",):
        return None
    hidden = [name for name in ("HOME", "PATH") if name in facts.state(use.run).env]
    return f"under sudo {use.operation.executable} sees another {' and another '.join(hidden)}" if hidden else None


def _stays(run: Run, filled: Sequence[Use], facts: Facts) -> bool:
    """Whether what *filled*, operations of one manager, left in its cache stays in the layer of *run*, and was fetched
    for it.
    """
    if not filled or run.origin.flag("network") == "none":
        return False
    known = filled[-1].operation.manager
    return not _gone(run, known, filled[-1], facts) and not cache_mounted(run, known, facts)


def _cleaned_by_script(run: Run, stage: Stage, known: Manager, facts: Facts) -> bool:
    """Whether a script that *run* calls empties the cache of *known*, and nothing fills it again; one that nobody can
    read is believed by its name.
    """
    cleaned = False
    for one in effects(facts).of_run(run, stage):
        if isinstance(one, Unread):
            cleaned = cleaned or _CLEANING.search(one.what.rpartition("/")[2]) is not None
            continue
        done = operation(one.argv)
        if done is not None and done.manager.name == known.name:
            cleaned = _empties(done) or (cleaned and done.kind not in FILLS)
        elif one.name == "rm":
            words = [word.rstrip("/*") for word in one.argv[1:] if word]
            cleaned = cleaned or all(any(within(path, word) for word in words) for path in known.paths)
    return cleaned


def uncleaned(run: Run, uses: Sequence[Use], facts: Facts) -> bool:
    """Whether *run*, with *uses* of one manager, fills its cache and neither empties it nor can be made to."""
    filled = [use for use in uses if use.operation.kind in FILLS]
    known = uses[0].operation.manager
    if not _stays(run, filled, facts):
        return False
    return appendable(run, facts) is not None or cleaning_command(filled, known, run, facts)[1] is not None


def _fetches(use: Use) -> bool:
    """Whether *use* does nothing but fetch what is built later."""
    return use.operation.kind is Kind.DOWNLOAD or use.operation.subcommand == "get"


def _fetched_below(run: Run, stage: Stage, known: Manager, facts: Facts) -> Run | None:
    """The first RUN below *run* that fetched what *run* builds with."""

    def first() -> Run | None:
        below = (other for at in facts.graph.chain(stage.index) for other in facts.build.stages[at].runs)
        fetching = (
            other
            for other in below
            if any(use.operation.manager.name == known.name and _fetches(use) for use in facts.uses(other))
        )
        return min(fetching, key=lambda other: other.index, default=None)

    found = facts.recall("first fetches", (stage.index, known.name), first)
    return found if found is not None and found.index < run.index else None


def _stored(below: Run | None, filled: Sequence[Use]) -> str | None:
    """Why emptying a cache behind *filled* would free nothing: *below* fetched what they only build with."""
    if below is None or any(use.operation.kind is not Kind.BUILD for use in filled):
        return None
    return f"it was filled on line {below.line}, and a layer below takes no less room for being emptied here"


def _emptied(command: str) -> str:
    """What *command* empties, for people: the places that it names, or what its tool knows of."""
    words = command.split()
    named = [word.removesuffix("/*").removesuffix("/*.gem") for word in words if word.startswith(("/", "~"))]
    return " and ".join(named) if "rm" in words and named else "it"


def _empties(done: Operation) -> bool:
    """Whether *done* empties its manager's cache, and is not only called so."""
    if not done.subcommand and done.has_flag(*done.manager.emptied):
        return True
    return done.kind is Kind.CLEAN and not done.has_flag(*done.manager.idle)


def _settled(run: Run, command: str, known: Manager, last: Use, facts: Facts) -> str | None:
    """What behind *last* settles owners and permissions, which a tool that writes once more would undo; None where
    nothing does, or where *command* only deletes.
    """
    script = facts.script(run)
    if script is None or command.startswith("rm "):
        return None
    for one in script.commands:
        words = [word.text for word in one.words if word.text != "sudo"]
        name = words[0].rpartition("/")[2] if words else ""
        deep = any(word.startswith("-") and "R" in word for word in words[1:]) and any(
            word.startswith("/") and path.replace("~", "/root").startswith(word.rstrip("/") + "/")
            for word in words[1:]
            for path in known.paths
        )
        if one.span.start > last.command.span.start and settles_permissions(name, deep=deep):
            return f"{name} settles who may read and write files, and nothing may come behind it"
    return None


def _since_cleaned(uses: list[Use]) -> list[Use]:
    """The operations behind the last one that emptied the cache already."""
    cleaned = [at for at, use in enumerate(uses) if _empties(use.operation)]
    return uses[cleaned[-1] + 1 :] if cleaned else uses


def _nowhere(run: Run, command: str, facts: Facts) -> str | None:
    """Why *command* would have no folder to start in behind *run*; None where it has one, or is a tool of the shell."""
    script = facts.script(run)
    if script is None or command.startswith("rm "):
        return None
    state = facts.state(run)
    word = stranded(script, state.workdir or "/", state.constants)
    return None if word is None else f"{word} may be the directory that the RUN ends in, and it is deleted"


FILLS = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.UPDATE, Kind.DOWNLOAD, Kind.BUILD))


def _gone(run: Run, known: Manager, last: Use, facts: Facts) -> bool:
    """Whether the RUN cleans up behind the last operation that fills the cache."""
    start = last.command.span.start
    for use in facts.uses(run):
        if use.operation.manager.name == known.name and _empties(use.operation) and use.command.span.start > start:
            return True
    script = facts.script(run)
    commands = script.commands if script else ()
    return any(
        (says(command, known.clean) or any(deletes(command, path, run, facts) for path in known.paths))
        and command.span.start > start
        for command in commands
    )


def always(uses: list[Use], run: Run, stage: Stage, facts: Facts) -> Safety:
    """The judge of caches that nothing but the manager reads, and never needs."""
    return Safety.SAFE


def done_again(run: Run, facts: Facts, manager: str, cleans: Callable[[Simple], bool]) -> Proposals:
    """Propose to drop cleanups of *manager* that a later command of the same chain does again.

    They come of merged RUNs. Between the two stands nothing but *manager* itself, or what fetches its index anew.
    """
    script = facts.script(run)
    if script is None or run.body is None or not any(cleans(command) for command in script.commands):
        return
    uses = {id(use.command): use.operation for use in facts.uses(run) if use.operation.manager.name == manager}
    for chain in script.root.items:
        if not isinstance(chain, AndOr) or any(operator.text != "&&" for operator in chain.operators):
            continue
        filled = False
        for at, item in enumerate(chain.items):
            if isinstance(item, Simple) and cleans(item) and filled and not item.redirects and not item.assignments:
                again = next((n for n, one in enumerate(chain.items[at + 1 :]) if _is(one, cleans)), None)
                between = chain.items[at + 1 : at + 1 + (again or 0)]
                if again is None or not _only(between, uses):
                    continue
                edits = drop_command(run.body, run.origin, item)
                if edits:
                    yield Change(
                        edits=tuple(edits),
                        title=f"{' '.join(written(item.words)[:2])} … once, at the end",
                        reason=f"the same RUN cleans up after {manager} again",
                        safety=Safety.SAFE,
                        claims=(RemovesCommand(written(item.words)),),
                        line=run.line,
                    )
            filled = filled or (id(item) in uses and uses[id(item)].kind in FILLS)


def _is(node: Node, cleans: Callable[[Simple], bool]) -> bool:
    return isinstance(node, Simple) and cleans(node)


def _only(nodes: Sequence[Node], uses: Mapping[int, Operation]) -> bool:
    """Whether *nodes* are operations of one manager, or begin anew with an update of its index before any other."""
    for node in nodes:
        operation = uses.get(id(node))
        if operation is None:
            continue
        return operation.kind is Kind.UPDATE or all(id(other) in uses for other in nodes)
    return True
