"""DS628: scripts in CMD, ENTRYPOINT and HEALTHCHECK as what Docker makes of them."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import Safety
from ...ir.build import Build
from ..base import Proposals, missed
from .base_forms import shell_unsure
from .exec_forms import Stays, all_of, commands, in_exec_form, short_line, tests, with_exec


def shell_command(build: Build, facts: Facts) -> Proposals:
    """Write a short script in CMD, ENTRYPOINT or HEALTHCHECK as the shell that Docker starts for it.

    hadolint asks for a JSON array whatever the words are. `["/bin/sh", "-c", "…"]` is one, and is no easier to read
    than the script, so this rule runs only on request.

    A chain of commands becomes `["/bin/sh", "-c", "… && exec …"]`, which runs just what the shell form runs and hands
    process 1 over. Other scripts of one short line are written as what Docker makes of them: the image stays the same
    to the letter. So it is where the other of ENTRYPOINT and CMD would see a difference. Longer scripts, and those for
    another SHELL, stay. Of a HEALTHCHECK's test only the exit status counts. Source: Dockerfile reference, "Shell and
    exec form"; hadolint DL3025.
    """
    for one in commands(build, facts):
        if isinstance(one, Stays) or (one.words is not None and one.others is None):
            continue
        step = one.step
        unsure = shell_unsure(step, one.stage, build, facts)
        if unsure is not None:
            yield missed(step.line, f"{step.keyword} stays in shell form: {unsure}")
            continue
        text = (with_exec(one.script) if one.others is None else None) or short_line(one.script)
        if text is None or len(step.origin.kinds) > 1:
            reason = one.others or "it is a script of its own; put it into a file, or end it in exec"
            yield missed(step.line, f"{step.keyword} stays in shell form: {reason}")
            continue
        why = "the same shell runs the same text, written as what Docker makes of it"
        why += f": {one.others}" if one.others is not None else ""
        yield in_exec_form(step, all_of(step), ("/bin/sh", "-c", text), why, Safety.STANDARD)
    for test in tests(build, facts):
        if isinstance(test, Stays):
            yield missed(test.step.line, f"HEALTHCHECK stays in shell form: {test.reason}")
        elif test.words is None:
            words = ("/bin/sh", "-c", test.text)
            yield in_exec_form(test.step, test.place, words, "written as what Docker makes of it", Safety.STANDARD)
