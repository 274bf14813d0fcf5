"""What is told of a Dockerfile in a string: in lines of its file, and without names that only we know."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options
from dockerslim_rewrite.embedded.hosts import host_of
from dockerslim_rewrite.embedded.rewrite import rewrite_embedded
from dockerslim_rewrite.pipeline import Result

BAKE = 'target "a" {\n  dockerfile-inline = <<EOT\n%s\nEOT\n}\n'


def _rewritten(kind: str, text: str) -> Result:
    return rewrite_embedded(host_of(kind), text, Options(level="aggressive"), "x")


def _told(result: Result) -> list[str]:
    changes = [part for one in result.changes for part in (one.title, one.reason, *one.evidence)]
    return changes + [part for one in result.remarks for part in (one.reason, *one.evidence)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bake", BAKE % "FROM ${BASE}\nMAINTAINER me\nRUN apt-get update && apt-get install -y curl"),
        ("bake", BAKE % "FROM x AS a\nMAINTAINER me\nFROM y\nCOPY --from=${BASE} /x /x\nRUN echo x"),
        ("bake", BAKE % "FROM --platform=${P} ${BASE:?}\nMAINTAINER me"),
        ("python", 'x = f"""FROM {base}\nRUN apt-get update && apt-get install -y curl\nMAINTAINER me\n"""\n'),
        ("python", 'x = """FROM {b}\nMAINTAINER x\nRUN apt-get update && apt-get install -y {c}\n""".format(b=1)\n'),
        ("python", 'x = """FROM %s\nMAINTAINER x\nUSER %s\n""" % (1, 2)\n'),
    ],
)
def test_nothing_is_said_of_what_another_language_puts_in(kind: str, text: str) -> None:
    result = _rewritten(kind, text)
    assert result.changed or "--from" in text or result.remarks
    assert "DS413" not in {one.rule for one in result.remarks}
    assert not any("DOCKERSLIM" in one or "declares" in one for one in _told(result))


def test_a_placeholder_is_called_what_is_written() -> None:
    steps = "".join(f"ENV A{at} {{v{at}}}\n" for at in range(12))
    text = f'x = f"""FROM debian:{{v}}\n{steps}RUN apt-get update\nRUN apt-get install -y curl=1\nADD {{v}} /x\n"""\n'
    told = _told(_rewritten("python", text))
    assert not any("PLACEHOLDER" in one for one in told)


def test_lines_in_what_is_told_are_those_of_the_file() -> None:
    text = BAKE % "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl"
    (merged,) = [one for one in _rewritten("bake", text).changes if one.rule == "DS101"]
    assert merged.title == "merge the RUNs on lines 4 and 5"
