"""Rules as users find them: by the codes of other tools, and explained with links."""

from __future__ import annotations

from pathlib import Path

import pytest

import dockerslim_rewrite
from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.change import Safety
from dockerslim_rewrite.cli.rules import explain
from dockerslim_rewrite.knowledge.sources import link_of, links
from dockerslim_rewrite.passes import Pass, rules
from dockerslim_rewrite.pipeline import selected
from dockerslim_rewrite.report.findings import advice

#: Every code of hadolint, of BuildKit's checks and of tally that some rule has to answer.
PROMISED = frozenset(
    (
        "ConsistentInstructionCasing", "DL3000", "DL3002", "DL3003", "DL3004", "DL3006", "DL3007", "DL3008", "DL3009",
        "DL3012", "DL3013", "DL3014", "DL3015", "DL3016", "DL3018", "DL3019", "DL3020", "DL3021", "DL3025", "DL3027",
        "DL3028", "DL3030", "DL3032", "DL3033", "DL3034", "DL3036", "DL3038", "DL3040", "DL3042", "DL3045", "DL3046",
        "DL3047", "DL3048", "DL3059", "DL3060", "DL3062", "DL3064", "DL3066", "DL4000", "DL4001", "DL4003", "DL4004",
        "DL4005", "DL4006", "DS002", "ExposeInvalidFormat", "ExposeProtoCasing", "FromAsCasing",
        "LegacyKeyValueFormat", "MultipleInstructionsDisallowed", "NoEmptyContinuation", "RedundantTargetPlatform",
        "SC2006", "SC2028", "SC2035", "SC2046", "SC2086", "SC2164", "SC3037", "SC3046", "SecretsUsedInArgOrEnv",
        "StageNameCasing", "moreThanOneInstall", "no-unreachable-stages", "prefer-copy-chmod",
        "prefer-package-cache-mounts", "tarSomethingRmTheSomething",
    )
)  # fmt: skip
PAIRS = [(one.code, code) for one in rules() for code in one.answers]


def test_every_promised_code_is_answered() -> None:
    assert {code for _, code in PAIRS} >= PROMISED


def test_the_table_is_sound() -> None:
    known = rules()
    assert len({one.code for one in known}) == len({one.name for one in known}) == len(known)
    for one in known:
        assert one.level is None or one.ceiling is None or one.level <= one.ceiling
        assert one.group in {"size", "security", "cache", "correctness", "buildkit", "lint"}
        assert set(one.without) <= {other.code for other in known}
        assert all(word == word.lower() for word in one.mentions)


@pytest.mark.parametrize("one", rules(), ids=lambda one: one.code)
def test_the_summary_is_the_first_line_of_the_documentation(one: Pass) -> None:
    assert one.summary == one.doc.split("\n", 1)[0]


def test_every_module_of_a_rule_is_in_the_table() -> None:
    root = Path(dockerslim_rewrite.__file__).parent / "passes"
    there = {path.relative_to(root).with_suffix("").as_posix().replace("/", ".") for path in root.glob("*/ds[0-9]*.py")}
    assert there == {one.module for one in rules()}


def test_lint_is_off_unless_it_is_asked_for() -> None:
    def groups(select: tuple[str, ...] = (), extend_select: tuple[str, ...] = ()) -> set[str]:
        phases = selected(Options(select=select, extend_select=extend_select))
        return {one.group for phase in phases for one in phase.passes}

    everything = {one.group for one in rules()}
    assert groups() == everything - {"lint"}
    assert groups(extend_select=("lint",)) == groups(select=("all",)) == everything
    assert groups(select=("lint",)) == {"lint"}
    assert groups(select=("size", "cache")) == {"size", "cache"}


@pytest.mark.parametrize(("rule", "code"), PAIRS)
@pytest.mark.parametrize("spell", [str, str.lower])
def test_a_code_of_another_tool_selects_the_rule(rule: str, code: str, spell: type[str]) -> None:
    phases = selected(Options(select=(spell(code),)))
    assert rule in {one.code for phase in phases for one in phase.passes}


@pytest.mark.parametrize(("rule", "code"), PAIRS)
def test_a_code_of_another_tool_is_explained_by_the_rule(
    rule: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(code) == 0
    assert rule in capsys.readouterr().out


def test_an_unknown_code_selects_nothing() -> None:
    with pytest.raises(ValueError, match="DL9999"):
        selected(Options(select=("DL9999",)))


def test_findings_have_pages() -> None:
    assert link_of("DL3025") == "https://github.com/hadolint/hadolint/wiki/DL3025"
    assert link_of("SC2035") == "https://www.shellcheck.net/wiki/SC2035"
    checks = "https://docs.docker.com/reference/build-checks"
    assert link_of("JSONArgsRecommended") == f"{checks}/json-args-recommended/"
    assert link_of("SecretsUsedInArgOrEnv") == f"{checks}/secrets-used-in-arg-or-env/"
    assert link_of("prefer-copy-chmod") is None
    assert link_of("DS002") is None


@pytest.mark.parametrize("one", rules(), ids=lambda one: one.code)
def test_every_rule_names_its_sources_and_links_one(one: Pass) -> None:
    assert "Source" in one.doc
    assert [*links(one.doc), *filter(None, map(link_of, one.answers))], "no source that can be looked up"


@pytest.mark.parametrize("one", rules(), ids=lambda one: one.code)
def test_a_rule_that_rests_on_assumptions_says_what_to_look_at(one: Pass) -> None:
    assert bool(one.look) is (one.ceiling is not None and one.ceiling > Safety.SAFE)
    assert one.look.startswith(("whether ", "who ")) or not one.look


def test_what_to_look_at_fits_a_healthcheck_too() -> None:
    text = "FROM debian:12\nRUN true\nHEALTHCHECK CMD ./check --fast\n"
    (change,) = rewrite(text, Options(level="standard", select=("DS635",))).changes
    assert advice(change).endswith(
        "; look whether the program is a script without a #! line, which only a shell starts"
    )
