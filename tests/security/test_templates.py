"""Text of users is data to the templates: nothing in it is ever evaluated, wherever it stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.render.environment import environment
from dockerslim_rewrite.render.sources import TemplateError

#: What would show in the result, or raise, if it were evaluated.
BAITS = (
    "{{ 7*7 }}",
    "{% for i in range(3) %}x{% endfor %}",
    "{# gone #}",
    "{{ ''.__class__.__mro__ }}",
    "{{ cycler.__init__.__globals__.os.system('id') }}",
    "{% include '/etc/passwd' %}",
    "{% raw %}",
    "${{ 7*7 }}",
    "# {{ 7*7 }}",
)
EVALUATED = ("49", "xxx", "<class", "uid=", "root:")

PLACES = """\
# {bait}
ARG A='{bait}'
FROM debian:12 AS build
LABEL a="{bait}" '{bait}'=b
MAINTAINER {bait}
ENV B '{bait}'
ENV C {bait}
# {bait}
RUN apt-get update
RUN apt-get install -y curl '{bait}'
RUN echo '{bait}' && \\
    # {bait}
    cd '/{bait}'
RUN wget -O '/tmp/{bait}.tar.gz' https://example.com/ && tar -xf '/tmp/{bait}.tar.gz'
RUN cat <<'EOF'
{bait}
EOF
COPY ["{bait}", "/srv/"]
ADD file '{bait}'
COPY <<'EOF' /x
{bait}
EOF
WORKDIR '{bait}'
WORKDIR srv
EXPOSE 80
VOLUME ["{bait}"]
USER '{bait}'
ONBUILD RUN echo '{bait}'
HEALTHCHECK CMD echo '{bait}'
ENTRYPOINT ["echo", "{bait}"]
CMD echo '{bait}'
"""


@pytest.mark.parametrize("bait", BAITS)
@pytest.mark.parametrize("style", ["keep", "canonical"])
@pytest.mark.parametrize("level", ["safe", "standard", "aggressive"])
def test_text_of_users_survives_to_the_letter(bait: str, style: str, level: str) -> None:
    text = PLACES.replace("{bait}", bait.replace("'", ""))
    wanted = text.count(bait.replace("'", ""))
    result = rewrite(text, Options(level=level, extend_select=("lint",), style=style))
    assert result.changed
    # The maintainer's name and quoted values may be written with another quote, never without a character.
    assert result.text.count(bait.replace("'", "")) == wanted
    assert not any(sign in result.text.replace(bait, "") for sign in EVALUATED)


@pytest.mark.parametrize("bait", BAITS)
def test_nor_under_templates_of_ones_own(bait: str, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    (folder / "instructions").mkdir(parents=True)
    bare = bait.replace("'", "")
    text = f"FROM debian:12\nLABEL a='{bare}'\nRUN echo '{bare}'\n"
    assert rewrite(text, Options(style="canonical", templates=folder)).text.count(bare) == 2


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self._TemplateReference__context.environment }}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}",
        "{{ ().__class__.__base__ }}",
        "{{ unknown }}",
    ],
)
def test_templates_are_in_a_sandbox(source: str, tmp_path: Path) -> None:
    """Templates come with the project or its user; even so they reach no more than the values they are given."""
    from jinja2 import TemplateError as JinjaError
    from jinja2.sandbox import SandboxedEnvironment

    sandbox = environment(tmp_path, "\\")
    assert isinstance(sandbox, SandboxedEnvironment)
    with pytest.raises((JinjaError, TemplateError)):
        sandbox.from_string(source).render()


@pytest.mark.parametrize(
    "source",
    [
        '{% include "dockerfile.j2" %}',
        '{% extends "dockerfile.j2" %}',
        '{% import "dockerfile.j2" as a %}{{ a }}',
        "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% for i in range(99999999) %}a{% endfor %}",
        "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
    ],
)
def test_a_template_without_end_is_named(source: str, tmp_path: Path) -> None:
    """It was said of the Dockerfile that it is too large."""
    (tmp_path / "dockerfile.j2").write_text(source)
    with pytest.raises(TemplateError, match=r"template dockerfile\.j2"):
        rewrite("FROM debian:12\nRUN a\n", Options(style="canonical", templates=tmp_path))


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10 ** 9 }}",
        "{{ 'a' * 999999999 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 'a' | center(999999999) }}",
        "{% for i in range(999) %}{{ 'a' * 1 ~ directives }}{% endfor %}",
    ],
)
def test_no_template_of_a_users_makes_a_text_that_fills_the_memory(source: str, tmp_path: Path) -> None:
    (tmp_path / "dockerfile.j2").write_text(source)
    with pytest.raises(TemplateError, match=r"template dockerfile\.j2"):
        rewrite("FROM debian:12\nRUN a\n", Options(style="canonical", templates=tmp_path))


@pytest.mark.parametrize("how", ["file", "include", "folder"])
def test_no_template_lies_elsewhere(how: str, tmp_path: Path) -> None:
    """A repository's configuration may name its templates, and a link in it anything of the machine."""
    folder = tmp_path / "templates"
    (folder / "instructions").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/secret").write_text("SECRET")
    run = folder / "instructions/run.j2"
    if how == "file":
        run.symlink_to(tmp_path / "elsewhere/secret")
    else:
        (folder / "part").symlink_to(tmp_path / "elsewhere" / ("secret" if how == "include" else ""))
        run.write_text("RUN {% include 'part' %}" if how == "include" else "RUN {% include 'part/secret' %}")
    with pytest.raises(TemplateError, match="leads out of the directory of templates") as raised:
        rewrite("FROM debian:12\nRUN a\n", Options(style="canonical", templates=folder))
    assert "SECRET" not in str(raised.value)


def test_a_template_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "instructions").mkdir()
    os.mkfifo(tmp_path / "instructions/run.j2")
    with pytest.raises(TemplateError, match=r"run\.j2: cannot be read: not a regular file"):
        rewrite("FROM debian:12\nRUN a\n", Options(style="canonical", templates=tmp_path))
