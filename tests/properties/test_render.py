"""The law of rendering: reading what was rendered yields what was rendered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.ir.steps import Env, Label
from dockerslim_rewrite.render.environment import quoted, render
from dockerslim_rewrite.render.fragments import fragment
from dockerslim_rewrite.render.instructions import instruction
from dockerslim_rewrite.render.sources import TemplateError
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.validate.core.observe import value

TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\x85\u2028\u2029"), max_size=20
)
WORDS = st.lists(TEXT.filter(bool), min_size=1, max_size=4)


@given(TEXT, st.sampled_from(["\\", "`"]))
def test_quoted_values_are_read_as_they_are(text: str, escape: str) -> None:
    source = f"# escape={escape}\nFROM a\nENV K={quoted(text, escape)}\nLABEL l={quoted(text, escape)}\n"
    env, label = read_build(parse(source)).stages[0].steps
    assert isinstance(env, Env)
    assert isinstance(label, Label)
    assert value(env.pairs[0].value or "", escape) == (text,)
    assert value(label.pairs[0].value or "", escape) == (text,)


@pytest.mark.parametrize(
    "text",
    [
        "RUN a && b", 'RUN ["a", "b"]', "RUN --network=none a", "CMD a b", "EXPOSE 80 443/udp", "VOLUME /a /b",
        "USER a",
        "WORKDIR /a b", "STOPSIGNAL 9", "MAINTAINER a b", 'SHELL ["/bin/bash", "-c"]', "HEALTHCHECK NONE",
        "HEALTHCHECK --interval=5s CMD a b", 'HEALTHCHECK CMD ["a"]', "ONBUILD RUN a", "ADD --chown=1 a b", "ARG A",
    ],
)  # fmt: skip
def test_every_kind_comes_back(text: str) -> None:
    step = read_build(parse(f"FROM a\n{text}\n")).stages[0].steps[0]
    keyword, _, body = text.partition(" ")
    assert instruction(keyword, body) == text
    assert instruction(keyword.lower(), body) == f"{keyword.lower()} {body}"
    assert step.keyword == keyword


@given(TEXT.filter(str.strip))
def test_what_an_instruction_says_is_no_template(text: str) -> None:
    assert instruction("USER", text) == f"USER {text}".rstrip(" ")


def test_a_folder_of_templates_takes_precedence(tmp_path: Path) -> None:
    (tmp_path / "instructions").mkdir()
    (tmp_path / "instructions" / "user.j2").write_text("{{ keyword }} {{ body }}:0")
    assert instruction("USER", "app", tmp_path) == "USER app:0"
    assert instruction("WORKDIR", "/a", tmp_path) == "WORKDIR /a"


@pytest.mark.parametrize("template", ["{{ missing }}", "{{ ''.__class__.__mro__ }}", "{% for %}", "{{ 1 / 0 }}"])
def test_bad_templates_are_one_clear_error(template: str, tmp_path: Path) -> None:
    (tmp_path / "bad.j2").write_text(template)
    with pytest.raises(TemplateError, match=r"bad\.j2"):
        render("bad.j2", tmp_path)


def test_user_text_is_no_template() -> None:
    assert fragment("remove-files", paths=("/tmp/{{ 7*7 }}",)) == "rm -f '/tmp/{{ 7*7 }}'"
