"""Shell bodies: that the generator writes all of the grammar, and that rewriting them leaves their traces."""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockerslim_rewrite import Options, ParseError, rewrite
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.ir.steps import Run
from dockerslim_rewrite.shell.script import Compound, Group, Pipeline, Script, Sequence
from dockerslim_rewrite.syntax import parse
from tests.properties.strategies import dockerfiles
from tests.trace import judge, unavailable
from tests.trace.pairs import Pair, pairs

#: What a body must be made of, by how it is recognised in the text of a script.
WRITTEN = {
    "single quotes": r"'",
    "double quotes": r'"',
    "backslash": r"\\",
    "parameter": r"\$\w",
    "parameter with operator": r"\$\{\w+[:%+-]",
    "command substitution": r"\$\([^(]",
    "backquotes": r"`",
    "arithmetic": r"\$\(\(",
    "wildcard": r"\*\.c|\[ab\]\?",
    "braces": r"\{a,b\}",
    "home": r"~/",
    "assignment": r"(?<![\w-])A=",
    "redirection of output": r"> /tmp",
    "redirection to append": r">> ",
    "redirection of input": r"< ",
    "duplicated descriptor": r"2>&1",
    "here-document in a script": r"<<-?'?E",
    "set": r"\bset -",
    "trap": r"\btrap\b",
    "exit": r"\bexit\b",
    "cd": r"\bcd ",
    "umask": r"\bumask\b",
    "exec": r"\bexec\b",
    "until": r"\buntil\b",
    "sourced file": r"\. /",
}
NODES = {
    "Simple", "Pipeline", "negated Pipeline", "AndOr", "Sequence", "background job", "group", "subshell",
    "redirected group", "if", "for", "while", "case", "function", "comment", "continuation",
    "comment in a continuation", "here-document as script", "here-document beside a command",
}  # fmt: skip


def kinds(text: str) -> Counter[str]:
    """What the RUNs of a file are made of."""
    found: Counter[str] = Counter()
    for step in read_build(parse(text)):
        if not isinstance(step, Run) or step.body is None:
            continue
        found["continuation"] += "\\\n" in step.origin.text or "\\\r\n" in step.origin.text
        found["comment in a continuation"] += bool(step.origin.comments)
        found["here-document as script"] += step.body.form == "heredoc"
        found["here-document beside a command"] += step.body.form == "mixed"
        script = step.body.script
        if not isinstance(script, Script):
            found["not read"] += 1
            continue
        found.update(name for name, pattern in WRITTEN.items() if re.search(pattern, script.text))
        found["comment"] += bool(script.comments)
        for node in script.nodes:
            if isinstance(node, Group):
                found["subshell" if node.subshell else "group"] += 1
                found["redirected group"] += bool(node.redirects)
            elif isinstance(node, Compound):
                found[node.kind] += 1
            else:
                found[type(node).__name__] += 1
            found["negated Pipeline"] += isinstance(node, Pipeline) and node.negated
            found["background job"] += isinstance(node, Sequence) and any(one.text == "&" for one in node.separators)
    return found


def test_the_generator_covers_the_grammar(capsys: pytest.CaptureFixture[str]) -> None:
    total: Counter[str] = Counter()

    @settings(max_examples=1000, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(dockerfiles())
    def collect(text: str) -> None:
        try:
            total.update(kinds(text))
        except ParseError:
            total["refused"] += 1

    collect()
    few = {name: total[name] for name in NODES | WRITTEN.keys() if total[name] < 5}
    assert not few, f"hardly ever written: {few}"
    with capsys.disabled():
        print(f"\n{', '.join(f'{name} {count}' for name, count in total.most_common())}", end=" ")


@pytest.mark.skipif(unavailable() is not None, reason=f"no sandbox: {unavailable()}")
@settings(max_examples=max(20, settings.default.max_examples // 5) if settings.default else 20)
@given(dockerfiles(), st.sampled_from(["safe", "standard", "aggressive"]))
def test_generated_bodies_leave_the_same_trace(text: str, level: str) -> None:
    try:
        result = rewrite(text, Options(level=level, extend_select=("lint",)))
    except ParseError:
        return
    seeds = range(int(os.environ.get("DOCKERSLIM_TRACE_SEEDS", "4")))
    for pair in pairs(result):
        if isinstance(pair, Pair):
            verdict = judge(pair.before, pair.after, pair.allow, seeds=seeds, shells=pair.shells[:2])
            assert not verdict.wrong, f"{verdict.differences[0]}\n{text}\n---\n{result.text}"
