"""Shell form and exec form: when do both run the same process?"""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.build import Build, Stage
from ...ir.steps import Exec, Healthcheck, Shell, Step
from ...patterns import re
from ...record import record
from ...shell.reader import read_script
from ...shell.script import AndOr, Node, Script, Simple
from ..core.observe import Command, units
from ..core.program import base_of
from ..core.verdict import Unsound
from .effects import needs_shell

#: Shells, with options, that run plain words just as they would run without a shell.
_PLAIN_SHELL = re.compile(r"(?:/usr)?(?:/bin/)?(?:ba|da|a)?sh(?: -[euxo]+| pipefail)* -[eux]*c\Z")
_DEFAULT_SHELL = ("/bin/sh", "-c")
#: An ENTRYPOINT that runs the words of CMD as they stand, as its only child.
_STARTS_WORDS = re.compile(r"(?:[^ ]*/)?(?:tini( -[vgws]+)*|dumb-init( -[cv]+)*)( --)?\Z")


@record(slots=False)
class Launch:
    """What decides, at one point of a stage, how shell form runs: SHELL, and what stands as ENTRYPOINT."""

    shell: tuple[str, ...] = _DEFAULT_SHELL
    entrypoint: Exec | None = None

    def after(self, step: Step) -> Launch:
        """The same behind *step*."""
        if isinstance(step, Shell):
            return Launch(step.argv, self.entrypoint)
        if isinstance(step, Exec) and step.keyword == "ENTRYPOINT":
            return Launch(self.shell, step)
        return self


def same_process(left: Exec, right: Exec, launch: Launch, stage: Stage | None, build: Build) -> bool:
    """Whether the exec form *right* runs what the shell form *left* of CMD or ENTRYPOINT runs in *stage*.

    *launch* tells what is in force at *left*; *stage* is None for the trigger of an ONBUILD, which runs who knows
    where. Raises ``Unsound`` where the other of the two would mean something else.
    """
    if left.argv is not None or right.argv is None or left.body is None or stage is None:
        return False
    script = left.body.script
    if not isinstance(script, Script):
        return False
    if launch.shell == _DEFAULT_SHELL and right.argv == (*_DEFAULT_SHELL, script.text):
        # The very words that Docker writes into the image for the shell form.
        return True
    others = [one for one in stage.steps if isinstance(one, Exec) and one.keyword != left.keyword]
    if left.keyword == "CMD":
        entrypoint = others[-1] if others else launch.entrypoint
        argv = entrypoint.argv if entrypoint is not None else None
        # An empty ENTRYPOINT is none: the container starts CMD itself.
        if argv and not _STARTS_WORDS.match(" ".join(argv)):
            raise Unsound("the words of CMD are arguments of ENTRYPOINT", left.line, right.line)
    elif any(one.argv != () for one in others[-1:]) or _heirs_command(stage, build):
        raise Unsound("CMD would become arguments of ENTRYPOINT", left.line, right.line)
    if right.argv[:2] == _DEFAULT_SHELL and len(right.argv) == 3:
        return launch.shell == _DEFAULT_SHELL and right.argv[2] == _handed_over(script)
    return _runs(script, right.argv, launch)


def same_test(left: Healthcheck, right: Healthcheck, launch: Launch) -> bool:
    """Whether the exec form *right* tests a container's health as the shell form *left* does; flags aside."""
    if left.test != right.test or left.argv is not None or right.argv is None:
        return False
    if right.argv == (*_DEFAULT_SHELL, left.command):
        return launch.shell == _DEFAULT_SHELL
    script = read_script(left.command)
    return isinstance(script, Script) and _runs(script, right.argv, launch)


def _heirs_command(stage: Stage, build: Build) -> bool:
    """Whether a stage that is built from *stage*, and has its ENTRYPOINT, sets a CMD."""
    heirs = {stage.index}
    for other in build.stages[stage.index + 1 :]:
        if base_of(other, build) not in heirs:
            continue
        keywords = {step.keyword for step in other.steps if isinstance(step, Exec)}
        if "ENTRYPOINT" not in keywords:
            if "CMD" in keywords:
                return True
            heirs.add(other.index)
    return False


def _runs(script: Script, argv: Sequence[str], launch: Launch) -> bool:
    """Whether *script* is one plain command of the words *argv*, which its shell would only start."""
    found = units(script)
    if len(found) != 1 or not isinstance(found[0], Command) or not _PLAIN_SHELL.match(" ".join(launch.shell)):
        return False
    words = found[0].words
    if words[:1] == ("exec",):
        words = words[1:]
    plain = not found[0].assignments and not found[0].redirects and not any(w.startswith("\0") for w in words)
    return plain and words == tuple(argv) and bool(words) and not needs_shell(words[0])


#: A program that variables name in part, and a slash outside of them shows to be no command of the shell's own.
_PATH = re.compile(r"(\"?)(?:\$\w++|\$\{\w+\}|[\w.-])*/(?:\$\w++|\$\{\w+\}|[\w./-])*\1\Z")


def _handed_over(script: Script) -> str | None:
    """The text of *script* with ``exec`` before its last command; None where that would not be its last act."""
    if len(script.root.items) != 1 or script.root.separators or script.comments:
        return None
    last: Node = script.root.items[0]
    if isinstance(last, AndOr):
        if any(operator.text != "&&" for operator in last.operators):
            return None
        last = last.items[-1]
    if not isinstance(last, Simple) or last.assignments or not last.words:
        return None
    if not _PATH.match(last.words[0].text) if last.name is None else needs_shell(last.name):
        return None
    return f"{script.text[: last.span.start]}exec {script.text[last.span.start :]}"
