"""Rules as users find them: by the codes of other tools, and explained with links."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options
from dockerslim_rewrite.cli.rules import explain
from dockerslim_rewrite.knowledge.sources import link_of, links
from dockerslim_rewrite.passes import Pass, rules
from dockerslim_rewrite.pipeline import selected

#: Every code of hadolint, of BuildKit's checks and of tally that the catalogue of rules promises an answer to.
ANSWERED = {
    "DS101": "DL3059 moreThanOneInstall",
    "DS104": "prefer-copy-chmod",
    "DS106": "no-unreachable-stages",
    "DS201": "DL3009",
    "DS202": "DL3019",
    "DS203": "DL3032 DL3040 DL3036",
    "DS204": "DL3042",
    "DS206": "DL3060",
    "DS208": "tarSomethingRmTheSomething",
    "DS210": "prefer-package-cache-mounts",
    "DS301": "DL3006 DL3007",
    "DS501": "DL3002 DS002",
    "DS502": "DL3004",
    "DS503": "DL3064 SecretsUsedInArgOrEnv",
    "DS504": "DL3046",
    "DS506": "DL3066",
    "DS601": "DL3020",
    "DS602": "DL4000",
    "DS603": "DL3025",
    "DS604": "LegacyKeyValueFormat",
    "DS605": "FromAsCasing StageNameCasing ConsistentInstructionCasing",
    "DS606": "NoEmptyContinuation",
    "DS607": "DL3000 DL3003",
    "DS608": "DL3027",
    "DS609": "DL3014 DL3030 DL3034 DL3038",
    "DS610": "DL4006",
    "DS611": "DL3047",
    "DS612": "DL4001",
    "DS613": "DL3015",
    "DS614": "DL4003 DL4004 DL3012 MultipleInstructionsDisallowed",
    "DS615": "DL3021",
    "DS616": "DL4005",
    "DS619": "RedundantTargetPlatform ExposeProtoCasing ExposeInvalidFormat DL3048",
    "DS625": "DL3045",
    "DS620": "DL3008 DL3018 DL3013 DL3016 DL3033 DL3028 DL3062",
    "DS621": "SC2035",
    "DS622": "SC2164",
    "DS623": "SC2086 SC2046",
    "DS624": "SC3046 SC2006",
    "DS626": "SC2164 DL3003",
    "DS627": "SC2028 SC3037",
}
PAIRS = [(rule, code) for rule, codes in ANSWERED.items() for code in codes.split()]


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
