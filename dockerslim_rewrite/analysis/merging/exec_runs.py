"""RUNs in exec form, as what a shell would read.

Sources: Dockerfile reference, "Shell and exec form"; POSIX 2.2 (quoting), 2.9.1 (command search).
"""

from __future__ import annotations

import shlex

from ...ir.build import Stage
from ...ir.steps import Run
from ...knowledge.shell_state import state_effects
from ...patterns import re
from ...shell.reader import read_script
from ...shell.script import Script
from ..facts import Facts

_PROGRAM = re.compile(r"[A-Za-z0-9_.+/-]+\Z")
#: Commands that shells have of their own, and that are not the same in all of them and in the programs of these names.
_BUILT_IN = frozenset(
    (
        "[", "alias", "bg", "builtin", "command", "echo", "false", "fc", "fg", "getopts", "hash", "history", "jobs",
        "kill", "let", "printf", "pwd", "read", "test", "time", "times", "true", "type", "ulimit", "umask", "wait",
        "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "function",
        "select", "coproc",
    )
)  # fmt: skip
_HARD = re.compile(r"[\n\r\\\x00-\x1f\ud800-\udfff]|<<")


def exec_text(run: Run, stage: Stage, facts: Facts) -> str | None:
    """The text for a shell that runs the words of *run* of *stage*, which is in exec form; None where a shell might
    run something else, or where no RUN before it shows that there is one.
    """
    words = run.argv
    if not words or not _PROGRAM.match(words[0]) or words[0] in _BUILT_IN or state_effects(words[0]):
        return None
    if any(_HARD.search(word) for word in words) or not _shell_before(run, stage, facts):
        return None
    return " ".join(map(shlex.quote, words))


def exec_script(run: Run, stage: Stage, facts: Facts) -> Script | None:
    """The script of ``exec_text``; None where there is none."""
    text = exec_text(run, stage, facts)
    script = read_script(text) if text is not None else None
    return script if isinstance(script, Script) else None


def _shell_before(run: Run, stage: Stage, facts: Facts) -> bool:
    """Whether a RUN in shell form, which can be read, stands before *run* in its stage or in one beneath."""
    for at in facts.graph.chain(stage.index):
        if any(one.index < run.index and facts.script(one) is not None for one in facts.build.stages[at].runs):
            return facts.state(run).shell is None or facts.state(run).shell == ("/bin/sh", "-c")
    return False
