"""One or more bodies against the one that took their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from itertools import chain, islice

from ...change import JoinsCommands
from ...ir.steps import Run
from ...shell.script import Script
from ..core.observe import Block, Command, Unit, commands, units
from ..core.verdict import Undecided, Unsound
from ..users.accounts import is_account_command, unsafe_account
from .claims import Licences, deletes_lists, is_cleanup
from .cleanups import unsafe_addition
from .entering import is_idle, left_with, stopping, stops
from .folders import behind_cd
from .joining import check_fresh, needed, starts_errexit


class _Row:
    """Bodies that correspond to the beginning of ``after``; ``ends`` are the numbers of them that are all of it.

    ``isolated`` tells which of them stand in a subshell of their own.
    """

    __slots__ = ("after", "bodies", "ends", "isolated", "runs", "scripts")

    def __init__(self, after: tuple[Unit, ...]) -> None:
        self.after = after
        self.runs: list[Run] = []
        self.scripts: list[Script] = []
        self.bodies: list[tuple[Unit, ...]] = []
        self.isolated: list[bool] = []
        self.ends: list[int] = []


class Bodies:
    """Compares shell bodies. *near* gives the licences of the changes that edit the text from one RUN to another.

    Each body is compared under those near it and the RUN before it. All start in *workdir*; the body of the RUN right
    before them is *earlier*; of RUNs that are *headless* the ``cd`` that heads them is gone.
    """

    def __init__(
        self,
        near: Callable[[Run, Run], Licences],
        workdir: str | None = None,
        earlier: tuple[Unit, ...] = (),
        headless: Callable[[Run], bool] | None = None,
    ) -> None:
        self.near = near
        self.workdir = workdir
        self.earlier = earlier
        self.headless = headless
        self.licences = Licences(())
        self.known_words: frozenset[str] = frozenset()
        #: The words of commands without which the body that is being placed fails.
        self.needed: frozenset[tuple[str, ...]] = frozenset()
        self._known: dict[tuple[int, int, bool, bool], bool] = {}

    def longest(self, runs: Iterable[Run], right: Run, exported: Set[str]) -> int:
        """How many of *runs*, from the first on, each in a fresh shell, do together what *right* does.

        *runs* are as many as might have been joined. Raises ``Unsound`` or ``Undecided`` where there is no such number.
        """
        left = iter(runs)
        first, second = next(left), next(left, None)
        if right.argv is not None or stays_exec(first, self.near(first, first)):
            if first.argv != right.argv:
                raise Unsound("the words of an exec-form RUN changed", first.line, right.line)
            return 1
        row, failure = self._correspondence(first, second, left, right, exported)
        for count in reversed(row.ends):
            try:
                self._joint(row, count, right, exported)
            except Unsound as unsound:
                failure = unsound
            else:
                return count
        raise failure or Unsound("the commands of a RUN changed", first.line, right.line)

    def _correspondence(
        self, first: Run, second: Run | None, others: Iterable[Run], right: Run, exported: Set[str]
    ) -> tuple[_Row, Unsound | None]:
        """The bodies of RUNs laid beside that of *right* as far as it goes, and why it goes no further."""
        after = units(_script(right))
        row = _Row(after)
        at = 0
        try:
            for run in chain((first,), () if second is None else (second,), others):
                self._under(self.near(row.runs[-1] if row.runs else run, run))
                script = _script(run)
                self._know(script, exported)
                after = row.after = self._installs(after, at)
                body = left_with(units(script), self.licences.claims)
                if is_idle(
                    body, units(row.scripts[-1]) if row.scripts else self.earlier, self.workdir, self.licences.claims
                ):
                    body = ()
                elif self.headless is not None and self.headless(run):
                    body = behind_cd(body, self.licences.claims)
                at, isolated = self._place(body, after, at, run, right, alone=second is None)
                row.runs.append(run)
                row.scripts.append(script)
                row.bodies.append(body)
                row.isolated.append(isolated)
                rest = islice(after, at, None)
                if not (isolated and len(row.bodies) == 1) and all(map(self._licensed_addition, rest)):
                    row.ends.append(len(row.bodies))
                if at == len(after):
                    break
        except Unsound as unsound:
            return row, unsound
        if not row.ends:
            return row, Unsound(f"a command was added: {_name(after[at])}", first.line, right.line)
        return row, None

    def _know(self, script: Script, exported: Set[str]) -> None:
        """Note what only some claims ask of the body *script* that is placed next."""
        body = units(script)
        self.needed = needed(body) if self.licences.replacing("dot") else frozenset()
        self.known_words = frozenset()
        if self.licences.respelling("quoted"):
            from .quoting import one_word_names

            self.known_words = one_word_names(body, script.text, exported)

    def _installs(self, after: tuple[Unit, ...], at: int) -> tuple[Unit, ...]:
        if not self.licences.of(JoinsCommands):
            return after
        from .installs import parted

        return parted(after, at, self.licences.claims)

    def _dotted(self, before: Command, after: Command) -> bool:
        from .replacing import dotted

        return dotted(before, after, self.licences.replacing("dot"))

    def _under(self, licences: Licences) -> None:
        self.licences = licences
        self._known.clear()

    def _place(
        self, body: tuple[Unit, ...], after: tuple[Unit, ...], at: int, run: Run, right: Run, *, alone: bool
    ) -> tuple[int, bool]:
        """Where in *after* the units end that correspond to *body* from *at* on, and whether it is in a subshell."""
        strict = starts_errexit(body)
        while at < len(after) and self._licensed_addition(after[at]) and self._row(body, after, at, strict) is None:
            at += 1
        head = after[at] if at < len(after) else None
        wrapped = not alone and isinstance(head, Block) and head.kind == "subshell" and not head.text
        if wrapped and isinstance(head, Block) and self._whole(body, head.parts[0]):
            return at + 1, True
        end = self._row(body, after, at, strict)
        if end is None:
            raise Unsound(self._difference(body, after[at:]), run.line, right.line)
        return end, False

    def _joint(self, row: _Row, count: int, right: Run, exported: Set[str]) -> None:
        """Raise unless the first *count* bodies may stand together in the body of *right*."""
        scripts, bodies = row.scripts[:count], row.bodies[:count]
        self._under(self.near(row.runs[0], row.runs[count - 1]))
        lines = (None, right.line)
        result = _script(right)
        if result.comments and any(script.comments for script in scripts[:-1]):
            raise Unsound("a shell comment swallows what follows", *lines)
        if [text for script in scripts for text in _comments(script)] != _comments(result):
            raise Unsound("a shell comment changed", *lines)
        if count > 1:
            check_fresh(bodies, row.isolated, scripts, exported, lines)
        self._additions(bodies, row.after, lines)

    def _row(
        self, before: Sequence[Unit], after: Sequence[Unit], at: int, errexit_first: bool, adding: bool = True
    ) -> int | None:
        """Where in *after* the units end that correspond from *at* on to all of *before*; None when they do not.

        Commands may come and go only where *adding* says that no status is looked at on the way.
        """
        i, j = 0, at
        while i < len(before):
            if j < len(after) and self._unit(before[i], after[j], errexit_first, adding):
                i, j = i + 1, j + 1
            elif adding and (chain := stopping(before[i], self.licences.claims)):
                end = self._row(chain, after, j, False)
                if end is None:
                    return None
                i, j = i + 1, end
            elif adding and j < len(after) and self._licensed_addition(after[j]):
                j += 1
            elif adding and self._licensed_removal(before[i], after[j:], before[i - 1] if i else None):
                i += 1
            elif adding and j < len(after) and self._absorbing(before[i:], after[j:], errexit_first):
                return len(after)
            else:
                return None
        return j

    def _absorbing(self, before: Sequence[Unit], after: Sequence[Unit], errexit_first: bool) -> bool:
        """Whether two ``;`` lists and what ``&&`` joins behind them correspond: ``{ a; b; } && c`` is ``a; b && c``."""
        left, right = before[0], after[0]
        if not (isinstance(left, Block) and isinstance(right, Block) and left.kind == right.kind == "then"):
            return False
        return self._lists(_absorbed(left, before[1:]), _absorbed(right, after[1:]), errexit_first)

    def _whole(self, before: Sequence[Unit], after: Sequence[Unit], adding: bool = True) -> bool:
        """Whether all of *after* corresponds to all of *before*."""
        end = self._row(before, after, 0, False, adding)
        if end is None or end == len(after):
            return end is not None
        return adding and all(self._licensed_addition(unit) for unit in after[end:])

    def _licensed_addition(self, unit: Unit) -> bool:
        return isinstance(unit, Command) and self.licences.adds(unit)

    def _licensed_removal(self, unit: Unit, rest: Sequence[Unit], previous: Unit | None = None) -> bool:
        """Whether *unit* may go, with *rest* of the body to come, and *previous* right before it."""
        if not isinstance(unit, Command) or not self.licences.removes(unit):
            return False
        again = next((kind for kind in (is_cleanup, deletes_lists) if kind(unit)), None)
        return again is None or previous == unit or any(isinstance(one, Command) and again(one) for one in rest)

    def _unit(self, before: Unit, after: Unit, errexit_first: bool = False, adding: bool = True) -> bool:
        if before == after:
            return True
        if isinstance(before, Command):
            if isinstance(after, Block):
                return adding and stops(before, after, self.licences.claims)
            if before.raw in self.needed and self._dotted(before, after):
                return True
            return self.licences.same(before, after, self.known_words)
        key = (id(before), id(after), errexit_first, adding)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._block(before, after, errexit_first, adding)
        return known

    def _block(self, before: Block, after: Unit, errexit_first: bool, adding: bool) -> bool:
        if isinstance(after, Command):
            return before.kind == "then" and adding and self._lists(before, Block("then", ((after,),)), errexit_first)
        if before.kind == "then" and after.kind != "then":
            return adding and self._lists(before, Block("then", ((after,),)), errexit_first)
        if before.kind == after.kind and before.text == after.text and len(before.parts) == len(after.parts):
            pairs = enumerate(zip(before.parts, after.parts, strict=True))
            if all(self._whole(a, b, adding and _may_grow(before, index)) for index, (a, b) in pairs):
                return True
        return before.kind == after.kind == "then" and adding and self._lists(before, after, errexit_first)

    def _lists(self, before: Block, after: Block, errexit_first: bool) -> bool:
        """Two ``;`` lists: items may go or, where ``set -e`` watches over them, be added."""
        i = j = 0
        while i < len(before.parts) or j < len(after.parts):
            left = before.parts[i] if i < len(before.parts) else None
            right = after.parts[j] if j < len(after.parts) else None
            last = i == len(before.parts) - 1
            if left is not None and right is not None and self._whole(left, right):
                i, j = i + 1, j + 1
            elif (
                left is not None
                and not last
                and len(left) == 1
                and self._licensed_removal(left[0], [unit for part in after.parts[j:] for unit in part])
            ):
                i += 1
            elif right is not None and errexit_first and len(right) == 1 and self._licensed_addition(right[0]):
                j += 1
            else:
                return False
        return "&" not in before.text and "&" not in after.text

    def _difference(self, body: Sequence[Unit], after: Sequence[Unit]) -> str:
        for unit, other in zip(body, after, strict=False):
            if not self._unit(unit, other):
                return f"{_name(unit)} became {_name(other)}"
        if len(body) > len(after):
            return f"{_name(body[len(after)])} is gone"
        return "the commands of a RUN changed"

    def _additions(
        self, bodies: Sequence[tuple[Unit, ...]], after: tuple[Unit, ...], lines: tuple[int | None, int]
    ) -> None:
        if not self.licences.adding:
            return
        known = Counter(command.raw for body in bodies for command in commands(body))
        here = commands(after)
        for index, command in enumerate(here):
            if known[command.raw]:
                known[command.raw] -= 1
            elif self.licences.adds(command):
                if is_account_command(command):
                    # In a RUN of its own the account would be there for all that follows as well.
                    behind = () if self.licences.merges(command) else here[index + 1 :]
                    reason = unsafe_account(command, behind)
                else:
                    reason = unsafe_addition(command, here[:index], here[index + 1 :])
                if reason is not None:
                    raise Unsound(reason, *lines)


def stays_exec(run: Run, licences: Licences) -> bool:
    """Whether *run* is in exec form and *licences* do not let a shell start its program."""
    if run.argv is None:
        return False
    from .exec_runs import gets_shell_form

    return not gets_shell_form(run, licences)


def _absorbed(block: Block, behind: Sequence[Unit]) -> Block:
    """The list *block* with the units *behind* it as part of its last item."""
    return Block(block.kind, (*block.parts[:-1], (*block.parts[-1], *behind)), block.text)


def _may_grow(block: Block, part: int) -> bool:
    """Whether the status of *part* of *block* is looked at only where the whole block's is.

    Not so on the left of ``||``, in a pipeline, whose output goes elsewhere too, and in a condition.
    """
    if block.kind == "or":
        return part > 0
    if block.kind == "pipe":
        return False
    if block.kind.startswith(("if", "while")):
        return part > 0 and "elif" not in block.text
    return True


def _comments(script: Script) -> list[str]:
    return [script.text[span.start : span.end].strip() for span in script.comments]


def _script(run: Run) -> Script:
    if run.argv is not None:
        from .exec_runs import shell_form

        return shell_form(run.argv)
    if run.body is None or not isinstance(run.body.script, Script):
        raise Undecided("a RUN whose shell text cannot be read changed", run.line)
    return run.body.script


def _name(unit: Unit) -> str:
    if isinstance(unit, Command):
        return "`" + " ".join((*unit.assignments, *unit.raw)).replace("\0", "") + "`"
    return f"a {unit.kind} of commands"
