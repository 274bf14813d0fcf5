"""One or more bodies against the one that took their place."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.build import Build
from ..ir.steps import Run
from ..shell.script import Script
from .claims import Licences, unsafe_addition
from .effects import backgrounds, errexit, indifferent, may_end, noticed
from .observe import Block, Command, Unit, commands, units
from .verdict import Undecided, Unsound


class Bodies:
    """Compares shell bodies under the licences of the claimed changes."""

    def __init__(self, licences: Licences) -> None:
        self.licences = licences

    def check(self, group: Sequence[Run], right: Run, exported: frozenset[str], build: Build) -> None:
        """Raise unless *right* runs what the RUNs of *group* ran one after the other, each in a fresh shell."""
        if len(group) == 1 and group[0].argv is not None:
            if group[0].argv != right.argv:
                raise Unsound("the words of an exec-form RUN changed", group[0].line, right.line)
            return
        scripts = [_script(run) for run in group]
        after = units(_script(right))
        if _script(right).comments and len(group) > 1 and any(script.comments for script in scripts[:-1]):
            raise Unsound("a shell comment swallows what follows", group[0].line, right.line)
        if [text for script in scripts for text in _comments(script)] != _comments(_script(right)):
            raise Unsound("a shell comment changed", group[0].line, right.line)
        bodies = [units(script) for script in scripts]
        parts = self._parts(bodies, after, group, right)
        if len(group) > 1:
            self._fresh(bodies, parts, [script.text for script in scripts], exported, group, right)
        self._additions(after, group, right)

    def _parts(
        self, bodies: list[tuple[Unit, ...]], after: tuple[Unit, ...], group: Sequence[Run], right: Run
    ) -> list[bool]:
        """For each body whether it stands in a subshell; raises where the units do not correspond."""
        at = 0
        isolated: list[bool] = []
        for body in bodies:
            while at < len(after) and not self._begins(body, after[at:]) and self._licensed_addition(after[at]):
                at += 1
            head = after[at] if at < len(after) else None
            wrapped = (
                len(bodies) > 1
                and isinstance(head, Block)
                and head.kind == "subshell"
                and not head.text
                and self._whole(body, head.parts[0])
            )
            if wrapped:
                at += 1
                isolated.append(True)
                continue
            taken = self._row(body, after[at:], errexit_first=_starts_errexit(body))
            if taken is None:
                raise Unsound(self._difference(body, after[at:]), group[0].line, right.line)
            at += taken
            isolated.append(False)
        while at < len(after) and self._licensed_addition(after[at]):
            at += 1
        if at != len(after):
            raise Unsound(f"a command was added: {_name(after[at])}", group[0].line, right.line)
        return isolated

    def _row(self, before: Sequence[Unit], after: Sequence[Unit], *, errexit_first: bool) -> int | None:
        """How many units of *after* correspond to all of *before*; None when they do not."""
        i = j = 0
        while i < len(before):
            if j < len(after) and self._unit(before[i], after[j], errexit_first=errexit_first):
                i, j = i + 1, j + 1
            elif j < len(after) and self._licensed_addition(after[j]):
                j += 1
            elif self._licensed_removal(before[i]):
                i += 1
            else:
                return None
        return j

    def _whole(self, before: Sequence[Unit], after: Sequence[Unit]) -> bool:
        """Whether all of *after* corresponds to all of *before*."""
        taken = self._row(before, after, errexit_first=False)
        return taken is not None and all(self._licensed_addition(unit) for unit in after[taken:])

    def _begins(self, body: Sequence[Unit], after: Sequence[Unit]) -> bool:
        return self._row(body, after, errexit_first=_starts_errexit(tuple(body))) is not None

    def _licensed_addition(self, unit: Unit) -> bool:
        return isinstance(unit, Command) and self.licences.adds(unit)

    def _licensed_removal(self, unit: Unit) -> bool:
        return isinstance(unit, Command) and self.licences.removes(unit)

    def _unit(self, before: Unit, after: Unit, *, errexit_first: bool = False) -> bool:
        if before == after:
            return True
        if isinstance(before, Command) and isinstance(after, Command):
            return self.licences.same(before, after)
        if isinstance(before, Block) and isinstance(after, Block):
            if before.kind == after.kind and before.text == after.text and len(before.parts) == len(after.parts):
                pairs = zip(before.parts, after.parts, strict=True)
                if all(self._whole(a, b) for a, b in pairs):
                    return True
            if before.kind == after.kind == "then":
                return self._lists(before, after, errexit_first)
        if isinstance(before, Block) and isinstance(after, Command) and before.kind == "then":
            return self._lists(before, Block("then", ((after,),)), errexit_first)
        return False

    def _lists(self, before: Block, after: Block, errexit_first: bool) -> bool:
        """Two ``;`` lists: items may go or, where ``set -e`` watches over them, be added."""
        i = j = 0
        while i < len(before.parts) or j < len(after.parts):
            left = before.parts[i] if i < len(before.parts) else None
            right = after.parts[j] if j < len(after.parts) else None
            last = i == len(before.parts) - 1
            if left is not None and right is not None and self._whole(left, right):
                i, j = i + 1, j + 1
            elif left is not None and not last and len(left) == 1 and self._licensed_removal(left[0]):
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

    def _fresh(
        self,
        bodies: list[tuple[Unit, ...]],
        isolated: list[bool],
        texts: list[str],
        exported: frozenset[str],
        group: Sequence[Run],
        right: Run,
    ) -> None:
        lines = (group[0].line, right.line)
        for body in bodies:
            if backgrounds(body):
                raise Unsound("a background job stands in a joined RUN", *lines)
        for index, body in enumerate(bodies[:-1]):
            if isolated[index]:
                if errexit(body):
                    raise Unsound("set -e is without effect on the left of &&", *lines)
                continue
            if may_end(body):
                raise Unsound("exit ends the joined shell", *lines)
            if (
                errexit(body)
                and not all(indifferent(other) for other in bodies)
                and (index > 0 or not indifferent(_tail(body)) or not all(indifferent(other) for other in bodies[1:]))
            ):
                raise Unsound("set -e acts on other commands than before", *lines)
            for later, text in zip(bodies[index + 1 :], texts[index + 1 :], strict=True):
                reason = noticed(body, later, text, exported)
                if reason is not None:
                    raise Unsound(f"joined RUNs share a shell: {reason}", *lines)

    def _additions(self, after: tuple[Unit, ...], group: Sequence[Run], right: Run) -> None:
        before = [command for run in group for command in commands(units(_script(run)))]
        known = [command.raw for command in before]
        here = commands(after)
        for index, command in enumerate(here):
            if command.raw in known:
                known.remove(command.raw)
                continue
            if self.licences.adds(command):
                reason = unsafe_addition(command, here[:index], here[index + 1 :])
                if reason is not None:
                    raise Unsound(reason, group[0].line, right.line)


def _tail(body: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """The units whose status a body ends with."""
    last = body[-1]
    if isinstance(last, Block) and last.kind == "then" and len(body) == 1:
        return last.parts[-1]
    return body


def _starts_errexit(body: tuple[Unit, ...]) -> bool:
    first = body[0] if body else None
    if isinstance(first, Block) and first.kind == "then" and len(first.parts[0]) == 1:
        first = first.parts[0][0]
    return isinstance(first, Command) and first.words[:1] == ("set",) and errexit((first,))


def _comments(script: Script) -> list[str]:
    return [script.text[span.start : span.end].strip() for span in script.comments]


def _script(run: Run) -> Script:
    if run.body is None or not isinstance(run.body.script, Script):
        raise Undecided("a RUN whose shell text cannot be read changed", run.line)
    return run.body.script


def _name(unit: Unit) -> str:
    if isinstance(unit, Command):
        return "`" + " ".join((*unit.assignments, *unit.raw)).replace("\0", "") + "`"
    return f"a {unit.kind} of commands"
