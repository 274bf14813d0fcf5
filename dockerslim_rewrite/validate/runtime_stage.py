"""The runtime stage of a split beside the stage that it came from: frame, environment, and every path that was written.

The judge has its own view of what commands write: the plain words of common commands. For what it does not see there it
does not ask.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from ..change import AddsInstruction, ChangesFlag, Claim, SplitsStage
from ..ir.build import Stage
from ..ir.steps import Arg, Copy, Env, Exec, Run, Step, Value
from ..shell.script import Script
from .metadata import folder
from .observe import Command, commands, units, value
from .program import script_of
from .runtime_packages import check_install, check_left
from .verdict import Undecided, Unsound

#: What base images set: variables and the folder, which are meant where the program says nothing.
_SET: dict[str, tuple[dict[str, str], str]] = {
    "golang": ({"GOPATH": "/go"}, "/go"),
    "rust": ({"CARGO_HOME": "/usr/local/cargo"}, "/"),
}
_PASSING = re.compile(r"/(?:tmp|var/tmp|var/cache|var/lib/apt|dev|proc|root/\.cache|go/pkg)(?:/|\Z)")
#: Folders that every distribution has; only what is put into them has to be copied.
_STANDING = frozenset(
    (
        "/", "/bin", "/etc", "/home", "/lib", "/mnt", "/opt", "/root", "/sbin", "/srv", "/tmp", "/usr", "/usr/bin",
        "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/local/share",
        "/usr/sbin", "/usr/share", "/usr/src", "/var", "/var/lib", "/var/log", "/var/www", "/go", "/go/src", "/go/bin",
    )
)  # fmt: skip
#: Programs that every image with a shell has, and the one that a Java runtime has.
_SYSTEM = frozenset(("/bin/sh", "/bin/bash", "/usr/bin/env", "/usr/bin/java", "/bin/echo", "/bin/sleep", "/bin/cat"))
_ACCOUNTS = frozenset(("useradd", "adduser", "groupadd", "addgroup"))
_ADDED = re.compile(r"ENV PATH=(?:/[A-Za-z0-9_./-]+:)+\$PATH\Z")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_COMPILERS = frozenset(("go", "gcc", "g++", "cc", "curl"))


class RuntimeStage:
    """The second of *stages*, which came with the first from *stage* by *claim*, beside the claims *others*.

    The checks raise ``Unsound`` or ``Undecided``.
    """

    def __init__(
        self, claim: SplitsStage, stage: Stage, stages: Sequence[Stage], escape: str, others: Sequence[Claim]
    ) -> None:
        self.claim = claim
        self.others = others
        self.stage = stage
        self.builder, self.runtime = stages
        self.context = False
        self.escape = escape
        name = re.split(r"[:@]", stage.head.image.lower().removeprefix("docker.io/").removeprefix("library/"))[0]
        known, self.start = _SET.get(name, ({}, "/"))
        self.env: dict[str, str] = dict(known)
        self.needs: dict[str, Step] = {}
        self.gone: set[str] = set()
        self.provided = {
            posixpath.normpath(source)
            for step in self.runtime.steps
            if isinstance(step, Copy) and self._from_builder(step)
            for source in step.sources
        }

    def prefix(self, before: Sequence[Step]) -> int:
        """How many steps the runtime stage begins with that copy, and restate the frame left by the steps *before*."""
        steps = self.runtime.steps
        copies = [index for index, step in enumerate(steps) if isinstance(step, Copy)]
        if not copies:
            raise Unsound("the runtime stage copies nothing", self.stage.head.line, self.runtime.head.line)
        self._inherited()
        at = copies[-1] + 1
        again = self._again(steps[:at])
        self._environment(before, [step for step in steps[:at] if step not in again])
        return at + self._frame(before, steps[at:])

    def _inherited(self) -> None:
        """What the old base image sets, and the new one does not, must be set again before anything reads it."""
        missing = set(self.env)
        for step in self.runtime.steps:
            text = step.origin.args
            used = missing & {match[1] or match[2] for match in _VARIABLE.finditer(text)}
            if used and not isinstance(step, Copy | Run):
                raise Unsound(f"{sorted(used)[0]} is not set in the runtime stage", self.stage.head.line, step.line)
            if isinstance(step, Env):
                missing -= {pair.key for pair in step.pairs}

    def _again(self, steps: Sequence[Step]) -> list[Step]:
        """The steps that copy again from the build context what the builder copied, with the folders it goes to."""
        again = [step for step in steps if _of_context(step)]
        if not any(isinstance(step, Copy) for step in again):
            return []
        wanted = [_text_of(step) for step in again]
        if all(wanted != _copies_of_context(stage) for stage in (self.builder, self.stage)):
            raise Unsound("the runtime stage copies something else from the context", None, again[0].line)
        self.context = True
        return again

    def _from_builder(self, step: Copy) -> bool:
        """Whether *step* copies from the builder, to the same paths, and changes nothing on the way."""
        flags = [(flag.name, (flag.value or "").lower()) for flag in step.origin.flags]
        owners = [("chown", one.after) for one in self.others if isinstance(one, ChangesFlag) and one.name == "chown"]
        if step.keyword != "COPY" or [flag for flag in flags if flag not in owners] != [
            ("from", self.claim.builder.lower())
        ]:
            return False
        target = step.destination
        if len(step.sources) == 1 and not target.endswith("/"):
            return step.sources[0] == target and target.startswith("/")
        return all(posixpath.dirname(one) + "/" == target for one in step.sources)

    def _environment(self, before: Sequence[Step], steps: Sequence[Step]) -> None:
        """The variables that were in force must be there, each set to the same, in the same order."""
        old = [pair for step in before if isinstance(step, Env) for pair in self._pairs(step)]
        arguments = {pair for step in before if isinstance(step, Arg) for pair in self._pairs(step)}
        new: list[tuple[object, object]] = []
        copied: set[str] = set()
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
                inherited = {f"ENV {key}={given}" for key, given in self.env.items()}
                if not (text in self.claim.added and (_ADDED.match(text) or text in inherited)):
                    new += self._pairs(step)
            elif isinstance(step, Run):
                if not self._added(step):
                    check_install(step, self.stage, self.claim, self.others)
            elif not (isinstance(step, Arg) and set(self._pairs(step)) <= arguments):
                raise Unsound(f"{step.keyword} was added to the runtime stage", *lines)
        if old != new:
            raise Unsound("the runtime stage has another environment", self.stage.head.line, self.runtime.head.line)

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
        anew = next((step.origin.args for step in behind if step.keyword == "WORKDIR"), "")
        taken = 0
        place = self._folder(before)
        if place is None:
            raise Undecided("the working directory is not known", *lines)
        if any("ldconfig" in command.words for step in before for command in self._quiet(step)):
            if not steps or (steps[0].keyword, steps[0].origin.args) != ("RUN", "ldconfig"):
                raise Unsound("the runtime stage lacks the index of shared libraries", *lines)
            taken += 1
        again = [step for step in self.builder.steps if _of_context(step)] if self.context else []
        restated = bool(again) and isinstance(again[-1], Copy)
        if place != "/" and not anew.startswith("/") and not restated:
            step = steps[taken] if taken < len(steps) else None
            if not isinstance(step, Value) or step.keyword != "WORKDIR" or step.value != place:
                raise Unsound(f"the runtime stage does not work in {place}", *lines)
            taken += 1
        for keyword in ("USER", "SHELL"):
            wanted = next((step for step in reversed(before) if step.keyword == keyword), None)
            if wanted is None or any(step.keyword == keyword for step in behind):
                continue
            text = wanted.origin.args
            if taken >= len(steps) or (steps[taken].keyword, steps[taken].origin.args) != (keyword, text):
                raise Unsound(f"the runtime stage lost {keyword} {text}", wanted.line, self.runtime.head.line)
            taken += 1
        return taken

    def _folder(self, before: Sequence[Step]) -> str | None:
        place: str | None = self.start
        env = dict(self.env)
        for step in before:
            if isinstance(step, Env):
                self._learn(env, step)
            elif isinstance(step, Value) and step.keyword == "WORKDIR":
                place = folder(_filled(step.value, env), place, self.escape)
        return place

    def _learn(self, env: dict[str, str], step: Env) -> None:
        found = {pair.key: "".join(value(_filled(pair.value or "", env), self.escape)) for pair in step.pairs}
        env.update(found)

    def check_paths(self) -> None:
        """Everything that the old stage wrote under a name of its own must be in the runtime stage."""
        env = dict(self.env)
        place: str | None = self.start
        accounts = False
        for step in self.stage.steps:
            if isinstance(step, Env):
                self._learn(env, step)
            elif isinstance(step, Value) and step.keyword == "WORKDIR":
                place = folder(_filled(step.value, env), place, self.escape)
            elif isinstance(step, Copy):
                if not (self.context and _of_context(step)):
                    self._copied(step, _filled(step.destination, env), place)
            elif isinstance(step, Run):
                found = self._run(step)
                accounts = accounts or any(command.words and command.words[0] in _ACCOUNTS for command in found)
                moves = any(command.words[:1] == ("cd",) for command in found)
                for command in found:
                    self._deleted(command, env)
                    for path in _written(command, env):
                        if path.startswith("/") or not moves:
                            written = posixpath.normpath(posixpath.join(place or "/", path))
                            self.gone.discard(written)
                            self.needs.setdefault(written, step)
        if accounts and not {"/etc/passwd", "/etc/group"} <= self.provided:
            raise Unsound("the runtime stage lacks the created accounts", self.stage.head.line, self.runtime.head.line)
        for path, step in self.needs.items():
            if path not in self.gone:
                self._need(path, step)
        for path in self.gone & self.provided:
            raise Unsound(f"{path} is deleted in the builder", self.stage.head.line, self.runtime.head.line)
        check_left(self.stage, self.runtime, self.claim)
        self._program(place, env)

    def _deleted(self, command: Command, env: Mapping[str, str]) -> None:
        """Note what ``rm`` takes away: it need not be in the runtime stage, and cannot be."""
        if command.words[:1] not in (("rm",), ("mv",)):
            return
        operands = [_filled(word.lstrip("\0"), env).rstrip("/") for word in command.words[1:] if word[:1] != "-"]
        for one in operands if command.words[0] == "rm" else operands[:-1]:
            if one.startswith("/"):
                inside = {path for path in (*self.needs, *self.provided) if path == one or path.startswith(one + "/")}
                self.gone |= {one, *inside}

    def _run(self, step: Run) -> list[Command]:
        script = script_of(step)
        if script is None:
            raise Undecided("a RUN that could not be read may write anything", step.line)
        return commands(units(script))

    def _quiet(self, step: Step) -> list[Command]:
        script = script_of(step)
        return [] if script is None else commands(units(script))

    def _copied(self, step: Copy, target: str, place: str | None) -> None:
        path = posixpath.normpath(posixpath.join(place or "/", target.strip("\"'")))
        if path not in _STANDING:
            self._need(path, step)
            return
        for source in step.sources:
            self._need(posixpath.join(path, posixpath.basename(source.split("?")[0].rstrip("/"))), step)

    def _program(self, place: str | None, env: Mapping[str, str]) -> None:
        last = {step.keyword: step for step in self.stage.steps if isinstance(step, Exec)}
        main = last.get("ENTRYPOINT") or last.get("CMD")
        if main is None:
            raise Unsound("the container starts through what the old base image starts", self.stage.head.line)
        name: str | None = None
        if main.argv:
            name = main.argv[0]
        elif main.body is not None and isinstance(main.body.script, Script):
            words = [word for command in commands(units(main.body.script))[:1] for word in command.words]
            name = next((_filled(word.lstrip("\0"), env) for word in words if word != "exec"), None)
        if name is None:
            raise Undecided("what the container starts could not be read", main.line)
        if "/" in name and posixpath.normpath(name) not in _SYSTEM:
            self._need(posixpath.join(place or "/", name), main)

    def _need(self, path: str, step: Step) -> None:
        path = posixpath.normpath(path).replace("//", "/")
        if "$" in path or path in _STANDING or _PASSING.match(path):
            return
        if not any(path == one or path.startswith(one.rstrip("/") + "/") for one in self.provided):
            raise Unsound(f"{path} is not in the runtime stage", step.line, self.runtime.head.line)


def _of_context(step: Step) -> bool:
    """Whether *step* copies from the build context, or sets the folder for what does."""
    return step.keyword == "WORKDIR" or (isinstance(step, Copy) and step.origin.flag("from") is None)


def _copies_of_context(stage: Stage) -> list[str]:
    found = [step for step in stage.steps if _of_context(step)]
    last = max((index for index, step in enumerate(found) if isinstance(step, Copy)), default=-1)
    return [_text_of(step) for step in found[: last + 1]]


def _text_of(step: Step) -> str:
    return step.origin.text.strip()


def _filled(text: str, env: Mapping[str, str]) -> str:
    """*text* with the variables that are known put in."""
    return _VARIABLE.sub(lambda match: env.get(match[1] or match[2], match[0]), text)


def _written(command: Command, env: Mapping[str, str]) -> Iterator[str]:
    """Paths that the words of *command* plainly say it writes."""
    words = [_filled(word.lstrip("\0"), env) for word in command.words]
    words = [word if not re.search(r"[$*`?{\"']", word) else "" for word in words]
    name = words[0] if words else ""
    operands = [word for word in words[1:] if word and not word.startswith("-")]
    if name == "mkdir" and "-m" not in words:
        yield from operands
    elif name in ("cp", "mv") and len(operands) > 1 and words[-1] and not any(w.startswith("-t") for w in words):
        target = operands[-1]
        names = [posixpath.basename(word.rstrip("/")) for word in operands[:-1]]
        if posixpath.normpath(target) not in _STANDING:
            yield target
        elif all(one not in ("", ".") for one in names):
            yield from (posixpath.join(target, one) for one in names)
    elif name in _COMPILERS and "-o" in words[1:-1] and words[words.index("-o") + 1]:
        yield words[words.index("-o") + 1]
    for operator, target in command.redirects:
        if ">" in operator and target.startswith("/"):
            yield target
