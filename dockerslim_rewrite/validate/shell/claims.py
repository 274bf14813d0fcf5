"""What claims license, and where: words and commands that may come, go or change."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from itertools import accumulate
from typing import Any, TypeAlias, TypeVar

from ...change import (
    AddsAssignment,
    AddsCommand,
    AddsInstruction,
    AddsOption,
    Change,
    Claim,
    DropsFiles,
    JoinsInstructions,
    RemovesCommand,
    RemovesWords,
    ReplacesCommand,
    ReplacesWords,
    RespellsWords,
    SetsUser,
)
from ...patterns import re
from ...text import Span
from ..core.observe import Command, commands
from ..users.accounts import commands_of_added

#: Package managers that resolve all names of one install together, whatever their order, and what makes it one.
_INSTALLERS = frozenset(("apt", "apt-get", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper"))
_INSTALL_VERBS = frozenset(("install", "add", "in"))
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+:=~/-]*\Z(?<!-)")
#: Options of package managers that take no value.
_ALONE = re.compile(
    r"-[yqfmVuU]+\Z|--(?:yes|assume-yes|assumeyes|non-interactive|quiet|force|force-yes|no-install-(?:recommends|suggests)"
    r"|allow-[a-z-]+|fix-missing|ignore-missing|fix-broken|update|update-cache|no-cache|no-cache-dir|no-compile|upgrade"
    r"|user|no-document|show-progress|with-new-pkgs)\Z"
)
_MAY_GO = frozenset(("apk", "rm", "chown", "chmod", "ln", "apt-get", "apt"))
_CLEANS = re.compile(r"(?:yum|dnf|microdnf|tdnf|zypper) clean(?: (?:all|--all|-a))?\Z")

Kind = TypeVar("Kind")
Words: TypeAlias = ReplacesWords | RemovesWords | AddsOption


class Claimed:
    """The claims of all changes, by the place in the original text that the change edits."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.all = Licences(claim for change in changes for claim in change.claims)
        self._claims = [change.claims for change in changes]
        edits = sorted((*edit.span, index) for index, change in enumerate(changes) for edit in change.edits)
        self._edits = edits
        self._starts = [start for start, _, _ in edits]
        self._reach = list(accumulate((end for _, end, _ in edits), max))
        self._known: dict[tuple[int, ...], Licences] = {(): Licences(())}
        self._moved: dict[Span, int] = {}
        #: The same spans, those of instructions, in their order: every place asks which one it lies in.
        self._gone: list[Span] = []

    def moved(self, spans: Iterable[Span], to: int) -> None:
        """Note that the text at *spans* went to the offset *to*: what edits it now edits there."""
        for span in spans:
            if span not in self._moved:
                insort(self._gone, span)
            self._moved[span] = to

    def near(self, place: Span) -> Licences:
        """The licences of the changes that edit, or insert at the border of, *place*."""
        found = self._at(place)
        at = bisect_right(self._gone, place.start, key=lambda span: span.start) - 1
        if at >= 0 and place.end <= self._gone[at].end:
            to = self._moved[self._gone[at]]
            found |= self._at(Span(to, to))
        key = tuple(sorted(found))
        licences = self._known.get(key)
        if licences is None:
            licences = self._known[key] = Licences(claim for index in key for claim in self._claims[index])
        return licences

    def _at(self, place: Span) -> set[int]:
        first = bisect_left(self._reach, place.start)
        last = bisect_right(self._starts, place.end)
        return {index for _, end, index in self._edits[first:last] if end >= place.start}


class Licences:
    """Claims, by what they license."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self.claims: tuple[Claim, ...] = tuple(claims)
        self._of: dict[object, list[Any]] = {}
        # What one change adds, another may say in other words.
        replaced = self.of(ReplacesWords)
        self._merged = _commands_of_added_runs(self)
        added = {argv for claim in self.of(AddsCommand) for argv in _spellings(claim.argv, replaced)}
        self._added = added | self._merged
        self._deletes = {argv for claim in self.of(DropsFiles) for argv in _spellings(claim.argv, replaced)}
        self._removed = {claim.argv for claim in self.of(RemovesCommand) if _may_go(claim.argv)}
        self._respells = bool(self.of(RespellsWords) or self.of(ReplacesCommand))
        self._words = _seldom(claim for claim in self.claims if isinstance(claim, Words))

    @property
    def adding(self) -> bool:
        """Whether any command may come."""
        return bool(self._added or self._deletes)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The claims of this kind; those of a whole file are asked for again at each of its steps."""
        if kind not in self._of:
            self._of[kind] = [claim for claim in self.claims if isinstance(claim, kind)]
        return self._of[kind]

    def respelling(self, how: str) -> list[RespellsWords]:
        """The claims that words are spelled another way, in that of this name."""
        return [claim for claim in self.of(RespellsWords) if claim.how == how]

    def replacing(self, by: str) -> list[ReplacesCommand]:
        """The claims that a call becomes one of another program, in the way of this name."""
        return [claim for claim in self.of(ReplacesCommand) if claim.by == by]

    def adds(self, command: Command) -> bool:
        """Whether *command* may stand in a body where there was none."""
        return command.raw in self._added or (command.raw in self._deletes and not command.redirects)

    def merges(self, command: Command) -> bool:
        """Whether *command* is one of a RUN that a change adds and another joins with its neighbours."""
        return command.raw in self._merged

    def removes(self, command: Command) -> bool:
        """Whether *command* may disappear."""
        return command.raw in self._removed and not command.redirects

    def same(self, before: Command, after: Command, known: Set[str] = frozenset()) -> bool:
        """Whether *after* is *before* but for words that claims license; the variables *known* are one word each."""
        if not self._nested(before, after) or not self._redirects(before, after, known):
            return False
        if before.words == after.words and before.assignments == after.assignments:
            return True
        return self._assignments(before, after, known) and self._reads(before, after, known)

    def _reads(self, before: Command, after: Command, known: Set[str]) -> bool:
        old, new = list(before.raw), list(after.raw)
        for claim in self._words:
            if isinstance(claim, ReplacesWords) and tuple(old[: len(claim.before)]) == claim.before:
                old[: len(claim.before)] = claim.after
        for claim in self._words:
            if isinstance(claim, RemovesWords) and (
                _find(old, claim.command) is not None or _find(list(before.raw), claim.command) is not None
            ):
                old = _drop(old, new, claim.words)
            elif isinstance(claim, AddsOption) and (
                _find(new, claim.command) is not None or _find(list(before.raw), claim.command) is not None
            ):
                new = _without(new, old, claim)
        if old == new or any(_reordered(old, new, claim) for claim in self.respelling("sorted")):
            return True
        return self._respells and self._said_otherwise(old, new, known)

    def _said_otherwise(self, old: list[str], new: list[str], known: Set[str]) -> bool:
        # Most rewrites need none of these judges.
        from .replacing import stands_for
        from .spelling import respelled

        return respelled(old, new, self.of(RespellsWords), known) or any(
            stands_for(old, new, claim) for claim in self.of(ReplacesCommand)
        )

    def _nested(self, before: Command, after: Command) -> bool:
        if before.nested == after.nested:
            return True
        left, right = commands(before.nested), commands(after.nested)
        return len(left) == len(right) and all(self.same(a, b) for a, b in zip(left, right, strict=True))

    def _redirects(self, before: Command, after: Command, known: Set[str]) -> bool:
        if before.redirects == after.redirects:
            return True
        if [operator for operator, _ in before.redirects] != [operator for operator, _ in after.redirects]:
            return False
        old, new = (tuple(target for _, target in one.redirects) for one in (before, after))
        return self._same_values(old, new, known)

    def _same_values(self, before: tuple[str, ...], after: tuple[str, ...], known: Set[str]) -> bool:
        if not self._respells:
            return False
        from .spelling import same_values

        return same_values(before, after, self.of(RespellsWords), known)

    def _assignments(self, before: Command, after: Command, known: Set[str]) -> bool:
        if before.assignments == after.assignments or self._same_values(before.assignments, after.assignments, known):
            return True
        words = list(after.raw)
        claims = (claim for claim in self.of(AddsAssignment) if _find(words, claim.command) is not None)
        allowed = {f"{claim.name}={claim.value}" for claim in claims}
        added = [one for one in after.assignments if one not in before.assignments]
        kept = tuple(one for one in after.assignments if one in before.assignments)
        return kept == before.assignments and all(one in allowed for one in added)


def _commands_of_added_runs(licences: Licences) -> set[tuple[str, ...]]:
    """The commands of the RUNs for an account that stand in the RUN before or behind them, with which they merged."""
    if not joining_runs(licences) or not licences.of(SetsUser):
        return set()
    runs = (claim for claim in licences.of(AddsInstruction) if claim.keyword == "RUN")
    return {argv for claim in runs for argv in commands_of_added(claim)}


def joining_runs(licences: Licences) -> list[JoinsInstructions]:
    """The claims of *licences* that RUNs become one."""
    return [claim for claim in licences.of(JoinsInstructions) if claim.keyword == "RUN"]


def is_cleanup(command: Command) -> bool:
    """Whether *command* cleans up behind a package manager: it may go only where another one comes."""
    return bool(_CLEANS.match(" ".join(command.raw)))


def deletes_lists(command: Command) -> bool:
    """Whether *command* deletes apt's lists: it may go only where they are deleted once more."""
    return command.raw == ("rm", "-rf", "/var/lib/apt/lists/*")


def _may_go(argv: tuple[str, ...]) -> bool:
    """Whether a command of these words is one of those that a claim may take away."""
    return argv[:1] != () and (argv[0] in _MAY_GO or bool(_CLEANS.match(" ".join(argv))))


def _seldom(claims: Iterable[Words]) -> tuple[Words, ...]:
    """*claims* without those that say the same a fourth time: no command has an option more often."""
    seen: Counter[Words] = Counter()
    kept: list[Words] = []
    for claim in claims:
        seen[claim] += 1
        if seen[claim] < 4:
            kept.append(claim)
    return tuple(kept)


def _spellings(argv: tuple[str, ...], claims: Iterable[ReplacesWords]) -> set[tuple[str, ...]]:
    """*argv*, and what each of *claims* makes of it."""
    starting = {
        claim.after + argv[len(claim.before) :] for claim in claims if argv[: len(claim.before)] == claim.before
    }
    return {argv, *starting}


def _reordered(old: list[str], new: list[str], claim: RespellsWords) -> bool:
    """Whether *new* is *old* but for the order of the packages of one install.

    Both have lost the words that other claims bring or take, so of the claimed packages some may be gone from both.
    """
    start = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    names = set(claim.words)
    while start and old[start - 1] in names:
        start -= 1
    head = old[:start]
    return (
        _find(head, claim.command[:1]) is not None
        and any(word.rpartition("/")[2] in _INSTALLERS for word in head)
        and not _INSTALL_VERBS.isdisjoint(head)
        and all(_PACKAGE.match(name) for name in names)
        and names.issuperset(old[start:])
        and sorted(old[start:]) == sorted(new[start:])
    )


def _find(words: list[str], wanted: tuple[str, ...]) -> int | None:
    """Where the words *wanted* stand in order in *words*; options may stand between them, as in ``apk -X URL add``."""
    for start in range(len(words)):
        if words[start] == wanted[0]:
            rest = iter(words[start + 1 :])
            if all(word in rest for word in wanted[1:]):
                return start
    return None


def _without(words: list[str], others: list[str], claim: AddsOption) -> list[str]:
    """*words* without the options that *claim* adds, where they stand behind the command or a lone option.

    Anywhere else an option could become the value of the one before it. Operands may also stand behind operands.
    """
    kept = list(words)
    for word in claim.options:
        if word not in kept or kept.count(word) <= others.count(word):
            continue
        for at in range(1, len(kept)):
            if kept[at] == word and _apart(kept[at - 1], word, claim.command[-1]):
                del kept[at]
                break
    return kept


def _apart(left: str, word: str, verb: str) -> bool:
    """Whether *word* behind *left* is surely a word of its own in a command that *verb* names."""
    return left == verb or _ALONE.match(left) is not None or not (left.startswith("-") or word.startswith("-"))


def _drop(words: list[str], others: list[str], gone: Sequence[str]) -> list[str]:
    """*words* without one occurrence of each of *gone* that *others* has fewer of."""
    kept = list(words)
    for word in gone:
        if word in kept and kept.count(word) > others.count(word):
            kept.remove(word)
    return kept
