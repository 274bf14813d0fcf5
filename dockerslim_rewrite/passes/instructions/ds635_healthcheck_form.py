"""DS635: HEALTHCHECK in exec form."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import Safety
from ...ir.build import Build
from ...ir.steps import Healthcheck
from ..base import Proposals, missed
from .exec_forms import Stays, in_exec_form, runs_by_itself, tests
from .interpreters import without_interpreter


def healthcheck_form(build: Build, facts: Facts) -> Proposals:
    """Write the command of HEALTHCHECK as a JSON array where its words need no shell.

    In shell form each test starts a shell first. Nothing else changes: the test is no process 1, and gets no signals.

    Safe where the text is one command of plain words, as for DS603. A program outside the system's directories may be a
    script without a `#!` line, which only a shell runs: level standard, and left as it is where the build context
    has it so. Tests that are written alike stay alike. Source: Dockerfile reference, HEALTHCHECK.
    """
    found = list(tests(build, facts))
    staying = {
        one.step.command: one.step.line for one in found if isinstance(one, Stays) and isinstance(one.step, Healthcheck)
    }
    for test in found:
        if isinstance(test, Stays) or test.words is None:
            continue
        other = staying.get(test.step.command)
        if other is not None:
            yield missed(test.step.line, f"HEALTHCHECK stays in shell form, as the same one on line {other} does")
            continue
        bare = without_interpreter(test.words[0], test.step, test.stage, build, facts)
        if bare is not None:
            yield missed(test.step.line, f"HEALTHCHECK stays in shell form: {bare}")
            continue
        safety = Safety.SAFE if runs_by_itself(test.words[0]) else Safety.STANDARD
        yield in_exec_form(test.step, test.place, test.words, "the words need no shell", safety)
