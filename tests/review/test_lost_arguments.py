"""Arguments that descriptions of builds give no more, or give under a name that no ARG has any more."""

from __future__ import annotations

import pytest

from .test_breaks import told
from .test_review import Make

COMPOSE = "services:\n  a:\n    build:\n      context: .\n{}"
WORKFLOW = "jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n{}"
BAKE = 'target "a" {{\n{}}}\n'
REST = "\nUSER 1000\n"


@pytest.mark.parametrize(
    ("path", "text", "given"),
    [
        ("compose.yaml", COMPOSE, "      args:\n        V: '3.24'\n"),
        ("compose.yaml", COMPOSE, "      args: [V=3.24]\n"),
        (".github/workflows/b.yml", WORKFLOW, "          build-args: |\n            V=3.24\n"),
        ("docker-bake.hcl", BAKE, '  args = { V = "3.24" }\n'),
    ],
)
@pytest.mark.parametrize("image", ["alpine:${V}", "$V", "alpine:$V-x"])
def test_a_base_that_needs_what_nobody_gives_any_more(repo: Make, path: str, text: str, given: str, image: str) -> None:
    files = {"Dockerfile": f"ARG V\nFROM {image}{REST}", path: text.format(given)}
    found = [one for one in told(repo, files, {path: text.format("")}) if "no value any more" in one[2]]
    assert [one[:2] for one in found] == [(2, True)]
    assert found[0][2].endswith(f" gives `V` no value any more, so {image} names no image and its build fails")


@pytest.mark.parametrize(
    ("dockerfile", "before", "after"),
    [
        ("ARG V=3.24\nFROM alpine:${V}", "V: x", "W: x"),
        ("ARG V\nFROM alpine:${V:-3.24}", "V: x", "W: x"),
        ("ARG V\nFROM alpine${V}", "V: x", "W: x"),
        ("ARG V\nFROM alpine:3.24-$V", "V: x", "W: x"),
        ("ARG V\nFROM alpine:${V}", "V: x", "V: ${X}"),
        ("ARG V\nFROM alpine:${V}", "V: x", "V:"),
        ("ARG V\nFROM alpine:${V}", "W: x", "U: x"),
    ],
)
def test_a_base_that_needs_no_value_or_had_none(repo: Make, dockerfile: str, before: str, after: str) -> None:
    text = COMPOSE.format("      args:\n        {}\n")
    files = {"Dockerfile": f"{dockerfile}{REST}", "compose.yaml": text.format(before)}
    found = told(repo, files, {"compose.yaml": text.format(after)})
    assert not [one for one in found if "no value" in one[2]]


DECLARED = "FROM alpine:3.24\nARG {0}\nRUN wget https://example.org/${{{0}}}\nUSER 1000\n"


def test_an_argument_that_builds_give_under_its_old_name(repo: Make) -> None:
    files = {"Dockerfile": DECLARED.format("V"), "compose.yaml": COMPOSE.format("      args:\n        V: x\n")}
    found = told(repo, files, {"Dockerfile": DECLARED.format("W")})
    assert found == [(2, False, "`W` gets no value: compose.yaml:3 gives `V`, which no ARG declares any more")]


@pytest.mark.parametrize("args", ["{}", "{W: x, V: x}"])
def test_an_argument_that_nobody_gave_or_somebody_gives(repo: Make, args: str) -> None:
    files = {"Dockerfile": DECLARED.format("V"), "compose.yaml": COMPOSE.format(f"      args: {args}\n")}
    found = told(repo, files, {"Dockerfile": DECLARED.format("W")})
    assert not [one for one in found if "no value" in one[2]]
