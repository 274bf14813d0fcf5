"""Shell form and exec form: when do both run the same process?"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.steps import Exec, Healthcheck, Step
from ..shell.reader import read_script
from ..shell.script import Script
from .observe import Command, units
from .verdict import Unsound


def same_process(left: Exec, right: Exec, stage: Sequence[Step]) -> bool:
    """Whether the exec form *right* runs what the shell form *left* of CMD or ENTRYPOINT runs in *stage*.

    Raises ``Unsound`` where the other of the two would mean something else.
    """
    if left.argv is not None or right.argv is None or left.body is None:
        return False
    script = left.body.script
    if not isinstance(script, Script):
        return False
    others = [one for one in stage if isinstance(one, Exec) and one.keyword != left.keyword]
    if left.keyword == "CMD" and others and others[-1].argv is not None:
        raise Unsound("the words of CMD are arguments of ENTRYPOINT", left.line, right.line)
    if left.keyword == "ENTRYPOINT" and others:
        raise Unsound("CMD would become arguments of ENTRYPOINT", left.line, right.line)
    if right.argv[:2] == ("/bin/sh", "-c") and len(right.argv) == 3:
        return right.argv[2].replace("exec ", "") == script.text.replace("exec ", "")
    return _runs(script, right.argv)


def same_test(left: Healthcheck, right: Healthcheck) -> bool:
    """Whether the exec form *right* tests a container's health as the shell form *left* does; flags aside."""
    if left.test != right.test or left.argv is not None or right.argv is None:
        return False
    if right.argv == ("/bin/sh", "-c", left.command):
        return True
    script = read_script(left.command)
    return isinstance(script, Script) and _runs(script, right.argv)


def _runs(script: Script, argv: tuple[str, ...]) -> bool:
    """Whether *script* is one plain command of the words *argv*."""
    found = units(script)
    if len(found) != 1 or not isinstance(found[0], Command):
        return False
    words = found[0].words
    if words[:1] == ("exec",):
        words = words[1:]
    plain = not found[0].assignments and not found[0].redirects and not any(w.startswith("\0") for w in words)
    return plain and words == argv
