"""The runtime stage of a split beside the stage that it came from: what it copies, its environment and its frame."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ...change import AddsInstruction, Claim, SplitsStage
from ...ir.build import Stage
from ...ir.steps import Arg, Copy, Env, Label, Run, Step, Value
from ...patterns import re
from ..bases.inherited import VARIABLE, filled, inherited, learn, unlike
from ..core.observe import value
from ..core.program import commands_of
from ..core.verdict import Undecided, Unsound
from ..metadata.metadata import folder
from ..moves.contents import Read
from .runtime_packages import check_install
from .runtime_paths import RuntimePaths, of_context

_ADDED = re.compile(r"ENV PATH=(?:/[A-Za-z0-9_./-]+:)+\$PATH\Z")

_BUILDERS = frozenset(("make", "gmake", "ninja", "cmake", "meson", "scons"))
#: What makes Debian's package manager install or remove packages.
_CHANGING = frozenset(
    ("install", "remove", "purge", "autoremove", "upgrade", "dist-upgrade", "full-upgrade", "reinstall", "build-dep")
)


class RuntimeStage:
    """The second of *stages*, which came with the first from *stage* by *claim*, beside the claims *others*.

    *known* are the variables and the folder of the old base image, where more is known of it than usual. The checks
    raise ``Unsound`` or ``Undecided``.
    """

    def __init__(
        self,
        claim: SplitsStage,
        stage: Stage,
        stages: Sequence[Stage],
        escape: str,
        others: Sequence[Claim],
        known: tuple[dict[str, str], str] | None = None,
    ) -> None:
        self.claim = claim
        self.others = others
        self.stage = stage
        self.builder, self.runtime = stages
        self.context = False
        self.late: Sequence[Step] = ()
        self.escape = escape
        self.env, self.start = known or inherited(stage)
        self.provided = {
            posixpath.normpath(source)
            for step in self.runtime.steps
            if isinstance(step, Copy) and self._from_builder(step)
            for source in step.sources
        }

    def prefix(self, before: Sequence[Step]) -> int:
        """How many steps the runtime stage begins with that copy, and restate the frame left by the steps *before*."""
        steps = self.runtime.steps
        self.late = [step for step in self.stage.steps[len(before) :] if isinstance(step, Copy)]
        copies = [index for index, step in enumerate(steps) if isinstance(step, Copy)]
        del copies[len(copies) - len(self.late) :]
        if not copies:
            raise Unsound("the runtime stage copies nothing", self.stage.head.line, self.runtime.head.line)
        self._inherited()
        at = copies[-1] + 1
        again = self._again(steps[:at])
        self._environment(before, [step for step in steps[:at] if step not in again])
        return at + self._frame(before, steps[at:])

    def check_paths(self, read: Read | None = None) -> None:
        """Everything that the old stage wrote under a name of its own must be in the runtime stage.

        What ``prefix`` found about the build context counts; *read* gives the text of a file of it.
        """
        stages = (self.stage, self.runtime)
        late = frozenset(step.index for step in self.late)
        RuntimePaths(
            self.claim, stages, self.provided, self.escape, self.others, context=self.context, late=late
        ).check(read)

    def _inherited(self) -> None:
        """What the old base image sets, and the new one does not, must be set again before anything reads it."""
        missing = set(self.env)
        for step in self.runtime.steps:
            text = step.origin.args
            used = missing & {match[1] or match[2] for match in VARIABLE.finditer(text)}
            if used and not isinstance(step, Copy | Run):
                raise Unsound(f"{sorted(used)[0]} is not set in the runtime stage", self.stage.head.line, step.line)
            if isinstance(step, Env):
                missing -= {pair.key for pair in step.pairs}
        other = missing & unlike(self.stage).keys() if self.claim.base != self.stage.head.image else set()
        if other:
            raise Unsound(
                f"{self.claim.base} sets {sorted(other)[0]} otherwise", self.stage.head.line, self.runtime.head.line
            )

    def _again(self, steps: Sequence[Step]) -> list[Step]:
        """The steps that copy again from the build context what the builder copied, with the folders it goes to."""
        again = [step for step in steps if of_context(step)]
        if not any(isinstance(step, Copy) for step in again):
            return []
        if self.late:
            raise Unsound("the runtime stage copies from the context twice", None, again[0].line)
        wanted = [_text_of(step) for step in again]
        if all(wanted != _copiesof_context(stage) for stage in (self.builder, self.stage)):
            raise Unsound("the runtime stage copies something else from the context", None, again[0].line)
        self.context = True
        return again

    def _from_builder(self, step: Copy) -> bool:
        """Whether *step* copies from the builder, to the same paths, and changes nothing on the way but owners, which
        ``check_owners`` looks at.
        """
        flags = [(flag.name, (flag.value or "").lower()) for flag in step.origin.flags if flag.name != "chown"]
        if step.keyword != "COPY" or flags != [("from", self.claim.builder.lower())]:
            return False
        target = step.destination
        if len(step.sources) == 1 and (target == "/" == step.sources[0] or not target.endswith("/")):
            if target == "/" and self.claim.base != "scratch":
                return False
            return step.sources[0] == target and target.startswith("/")
        return all(posixpath.dirname(one) + "/" == target for one in step.sources)

    def _environment(self, before: Sequence[Step], steps: Sequence[Step]) -> None:
        """The variables that were in force must be there, each set to the same, in the same order."""
        old = [pair for step in before if isinstance(step, Env) for pair in self._pairs(step)]
        arguments = {pair for step in before if isinstance(step, Arg) for pair in self._pairs(step)}
        new: list[tuple[object, object]] = []
        copied: set[str] = set()
        added = list(self.claim.added)
        for step in steps:
            lines = (self.stage.head.line, step.line)
            if isinstance(step, Copy):
                if not self._from_builder(step):
                    raise Unsound("the runtime stage copies to another path, or from elsewhere", *lines)
                if not copied.isdisjoint(step.sources):
                    raise Unsound("the runtime stage copies a path twice", *lines)
                copied.update(step.sources)
            elif isinstance(step, Env):
                text = f"ENV {step.origin.args}"
                if text in added and (_ADDED.match(text) or self._restores(step)):
                    added.remove(text)
                else:
                    new += self._pairs(step)
            elif isinstance(step, Label) and f"LABEL {step.origin.args}" in added:
                added.remove(f"LABEL {step.origin.args}")
            elif isinstance(step, Run):
                if not self._added(step):
                    check_install(step, self.stage, self.claim, self.others)
            elif not (isinstance(step, Arg) and set(self._pairs(step)) <= arguments):
                raise Unsound(f"{step.keyword} was added to the runtime stage", *lines)
        if old != new:
            raise Unsound("the runtime stage has another environment", self.stage.head.line, self.runtime.head.line)

    def _restores(self, step: Env) -> bool:
        """Whether *step* sets variables to what the old base image sets them to, and nothing else."""
        return all(self.env.get(pair.key) == pair.value and pair.value is not None for pair in step.pairs)

    def _added(self, step: Step) -> bool:
        """Whether another claim adds *step*."""
        text = step.origin.logical.text.strip()
        return any(isinstance(one, AddsInstruction) and one.text == text for one in self.others)

    def _pairs(self, step: Env | Arg) -> list[tuple[object, object]]:
        return [
            ("".join(value(pair.key, self.escape)), None if pair.value is None else value(pair.value, self.escape))
            for pair in step.pairs
        ]

    def _frame(self, before: Sequence[Step], steps: Sequence[Step]) -> int:
        """How many of *steps* restate folder, user and shell; each that was set, and is not set anew, must be."""
        lines = (self.stage.head.line, self.runtime.head.line)
        behind = self.stage.steps[len(before) :]
        first = next((step for step in behind if step.keyword == "WORKDIR" or isinstance(step, Copy)), None)
        anew = first.origin.args if first is not None and first.keyword == "WORKDIR" else ""
        taken = 0
        place = self._folder(before)
        stays = self.runtime.head.image == self.stage.head.image and not any(
            step.keyword == "WORKDIR" for step in self.stage.steps
        )
        if place is None and not stays and not anew.startswith("/"):
            raise Undecided("the working directory is not known", *lines)
        whole = "/" in self.provided
        if not whole and _indexes(before):
            if not steps or (steps[0].keyword, steps[0].origin.args) != ("RUN", "ldconfig"):
                raise Unsound("the runtime stage lacks the index of shared libraries", *lines)
            taken += 1
        again = [step for step in self.builder.steps if of_context(step)] if self.context else []
        restated = bool(again) and isinstance(again[-1], Copy)
        if place != "/" and not stays and not anew.startswith("/") and not restated:
            step = steps[taken] if taken < len(steps) else None
            if not isinstance(step, Value) or step.keyword != "WORKDIR" or step.value != place:
                raise Unsound(f"the runtime stage does not work in {place}", *lines)
            taken += 1
        for keyword in ("USER", "SHELL"):
            wanted = next((step for step in reversed(before) if step.keyword == keyword), None)
            if wanted is None and keyword == "SHELL" and self._new_shell(steps[taken : taken + 1]):
                taken += 1
            if wanted is None or any(step.keyword == keyword for step in behind):
                continue
            text = wanted.origin.args
            if taken >= len(steps) or (steps[taken].keyword, steps[taken].origin.args) != (keyword, text):
                raise Unsound(f"the runtime stage lost {keyword} {text}", wanted.line, self.runtime.head.line)
            taken += 1
        return taken

    def _new_shell(self, steps: Sequence[Step]) -> bool:
        """Whether the first of *steps* is a SHELL that another claim adds to the builder."""
        texts = [step.origin.logical.text.strip() for step in steps if step.keyword == "SHELL"]
        added = {step.origin.logical.text.strip() for step in self.builder.steps if self._added(step)}
        return bool(texts) and texts[0] in added

    def _folder(self, before: Sequence[Step]) -> str | None:
        place: str | None = self.start
        env = dict(self.env)
        for step in before:
            if isinstance(step, Env):
                learn(env, step, self.escape)
            elif isinstance(step, Value) and step.keyword == "WORKDIR":
                place = folder(filled(step.value, env), place, self.escape)
        return place


def _indexes(before: Sequence[Step]) -> bool:
    """Whether the steps *before* renew the index of shared libraries: by ``ldconfig``, or as Debian's package manager
    does when it installs or removes packages, behind what a build tool installed.
    """
    built = False
    for step in before:
        for command in commands_of(step):
            words = [word for word in command.words if word != "sudo"]
            if "ldconfig" in words:
                return True
            first = words[0] if words else ""
            if built and first in ("apt-get", "apt") and not _CHANGING.isdisjoint(words):
                return True
            installs = not {"install", "install-strip", "--install"}.isdisjoint(words)
            built = built or (first in _BUILDERS and installs)
    return False


def _copiesof_context(stage: Stage) -> list[str]:
    found = [step for step in stage.steps if of_context(step)]
    last = max((index for index, step in enumerate(found) if isinstance(step, Copy)), default=-1)
    return [_text_of(step) for step in found[: last + 1]]


def _text_of(step: Step) -> str:
    return step.origin.text.strip()
