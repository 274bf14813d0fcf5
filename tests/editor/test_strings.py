"""Dockerfiles in strings: compose files, Bake files and Python modules, in the editor and by themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from lsprotocol import types

from dockerslim_rewrite import Options
from dockerslim_rewrite.editor.kinds import kind_of
from dockerslim_rewrite.embedded.hosts import BAKE, COMPOSE, host_of
from dockerslim_rewrite.embedded.literal import view_of
from dockerslim_rewrite.embedded.rewrite import Host, rewrite_embedded
from dockerslim_rewrite.text import Edit, Patch

from .client import applied, editor, edits_of

INNER = "FROM debian:12\nARG V=$V1\nRUN apt-get update && apt-get install -y curl\nCMD /run\n"
COMPOSE_TEXT = """# the services
services:
  web:
    build:
      context: .
      dockerfile_inline: |
        FROM debian:12
        # 𝄞
        ARG TAG=${TAG:-1}
        RUN apt-get update && apt-get install -y curl && echo $$HOME
        CMD /run
    image: web
  other:
    build:
      dockerfile_inline: "FROM debian:12\\nRUN apt-get update\\n"
"""
BAKE_TEXT = """target "a" {
  dockerfile-inline = <<-EOT
    FROM debian:12
    RUN apt-get update && apt-get install -y curl && echo $${HOME}
  EOT
}
target "b" {
  dockerfile-inline = "FROM debian:12\\nRUN apt-get update && apt-get install -y curl\\n"
  tags = ["${TAG}"]
}
"""
PYTHON_TEXT = f'D = """\\\n{INNER}"""\nx = "RUN"\n'
LISTS = "rm -rf /var/lib/apt/lists/*"


@pytest.mark.parametrize(
    ("host", "text", "times"), [(COMPOSE, COMPOSE_TEXT, 1), (BAKE, BAKE_TEXT, 2), (host_of("python"), PYTHON_TEXT, 1)]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_dockerfiles_change(host: Host, text: str, times: int, newline: str) -> None:
    text = text.replace("\n", newline)
    result = rewrite_embedded(host, text, Options(select=("DS201",)))
    assert result.text.count(LISTS) == times
    # Taking out what was put in gives the old text, byte for byte.
    put_in = re.compile(rf" && \\+n?\s*{re.escape(LISTS)}")
    assert put_in.sub("", result.text) == text
    assert rewrite_embedded(host, result.text, Options(select=("DS201",))).text == result.text


def test_a_dollar_of_a_compose_file_stays_one() -> None:
    text = COMPOSE_TEXT.replace("CMD /run", "CMD exec /run $$HOME")
    result = rewrite_embedded(COMPOSE, text, Options(level="aggressive"))
    assert result.changed
    assert not re.search(r"(?<!\$)\$(?![${])", result.text)
    assert "${TAG:-1}" in result.text


def test_what_is_no_literal_block_says_so() -> None:
    result = rewrite_embedded(COMPOSE, COMPOSE_TEXT, Options())
    assert [one.line for one in result.remarks if "literal block" in one.reason] == [15]


@pytest.mark.parametrize(
    ("host", "text"),
    [
        (COMPOSE, "services: [\n"),
        (COMPOSE, "a: &a [*a, *a]\ndockerfile_inline: |\n"),
        (COMPOSE, "\ufeffdockerfile_inline: |\n  FROM debian:12\n  RUN ${COMMAND}\n"),
        (BAKE, "dockerfile-inline = <<EOT\nFROM debian:12\nRUN apt-get update\n"),
        (BAKE, 'dockerfile-inline = "FROM debian:12\\nRUN apt-get install ${x}"\n'),
        (BAKE, "dockerfile-inline = <<EOT\nFROM debian:12\n${all}\nRUN apt-get update && apt-get install -y x\nEOT\n"),
    ],
)
def test_what_cannot_be_read_stays(host: Host, text: str) -> None:
    result = rewrite_embedded(host, text, Options())
    assert result.text == text


@pytest.mark.parametrize("end", ["\n", "\n    ports: []\n", "\n\n\n  b:\n    image: b\n", ""])
def test_lines_move_behind_the_last_one(end: str) -> None:
    head = "services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM debian:12\n"
    text = f"{head}        ADD a /b\n        RUN apt-get update && apt-get install -y nginx{end}"
    result = rewrite_embedded(COMPOSE, text, Options())
    assert not result.bugs
    made = "        RUN apt-get update && apt-get install -y nginx && \\\n            rm -rf /var/lib/apt/lists/*\n"
    assert result.text == f"{head}{made}        COPY a /b{end}"


@pytest.mark.parametrize("end", ["\n", "\n    ports: []\n"])
def test_the_last_line_goes_with_its_margin(end: str) -> None:
    head = "services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM debian:12\n        RUN ls"
    text = f'{head}\n        CMD ["a"]\n        CMD ["b"]{end}'
    view = view_of(host_of("compose").find(text, "\n")[0].literal)  # type: ignore[arg-type]
    assert view is not None
    first, last = view.text.index('CMD ["a"]'), view.text.index('CMD ["b"]')
    # Two that touch are one for the file.
    edits = view.edits(Patch.of((Edit.delete(first, last), Edit.delete(last, len(view.text)))))
    assert edits is not None
    assert Patch.of(edits).apply(text) == head + end


def test_json_of_bake() -> None:
    text = json.dumps(
        {"target": {"a": {"dockerfile-inline": INNER.replace("$V1", "1")}, "b": {"tags": ["x"]}}}, indent=1
    )
    result = rewrite_embedded(BAKE, text, Options(select=("DS201", "DS603")))
    before, after = json.loads(text), json.loads(result.text)
    inline = after["target"]["a"].pop("dockerfile-inline")
    assert LISTS in inline
    assert '["/run"]' in inline
    before["target"]["a"].pop("dockerfile-inline")
    assert after == before


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "language", "text"),
    [
        ("compose.yaml", "yaml", COMPOSE_TEXT),
        ("compose.yaml", "dockercompose", COMPOSE_TEXT),
        ("docker-bake.hcl", "hcl", BAKE_TEXT),
        ("images.py", "python", PYTHON_TEXT),
    ],
)
async def test_strings_are_served(tmp_path: Path, name: str, language: str, text: str) -> None:
    kind = {"c": "compose", "d": "bake", "i": "python"}[name[0]]
    async with editor(tmp_path, options={"level": "standard"}) as ed:
        uri = ed.open(tmp_path / name, text, language)
        line = next(at for at, one in enumerate(text.splitlines()) if "apt-get install" in one)
        found = await ed.diagnostics(uri)
        (lists, *_) = [one for one in found if one.code == "DS201"]
        own = text.splitlines()[line]
        assert lists.range.start == types.Position(line, len(own) - len(own.lstrip()))
        whole = rewrite_embedded(host_of(kind), text, Options(), str(tmp_path / name))
        assert await ed.text(uri) == whole.text
        (action,) = await ed.actions(uri, (0, 0), (0, 0), only=["source.fixAll.dockerslim"])
        assert applied(text, edits_of(action.edit, uri)) == whole.text
        fix = next(one for one in await ed.actions(uri, (line, 9), (line, 9)) if one.title.startswith("DS201"))
        alone = applied(text, edits_of(fix.edit, uri))
        assert alone.count(LISTS) == 1
        assert rewrite_embedded(host_of(kind), alone, Options(), None).text == whole.text
        item = types.TextDocumentIdentifier(uri)
        symbols = await ed.client.text_document_document_symbol_async(types.DocumentSymbolParams(item))
        assert symbols
        hover = await ed.client.text_document_hover_async(types.HoverParams(item, types.Position(line, 9)))
        assert hover is not None
        assert "DS201" in hover.contents.value  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_other_texts_are_nobodys_business(tmp_path: Path) -> None:
    async with editor(tmp_path) as ed:
        for name, language, text in (
            ("notes.md", "markdown", INNER),
            ("a.py", "python", "x = 1\n"),
            ("compose.yaml", "yaml", "services: {}\n"),
            ("Dockerfile.j2", "dockerfile", "FROM {{ base }}\nRUN apt-get update\n"),
        ):
            found = await ed.diagnostics(ed.open(tmp_path / name, text, language))
            assert [one.message for one in found] == (
                ["a template: it holds {{ base }}; left alone"] if name.endswith(".j2") else []
            )


@pytest.mark.asyncio
async def test_a_module_is_served_for_a_dockerfile_without_run(tmp_path: Path) -> None:
    text = 'D = """FROM debian:12\nADD a /b\n"""\n'
    path = tmp_path / "x.py"
    async with editor(tmp_path) as ed:
        uri = ed.open(path, text, "python")
        assert await ed.text(uri) == rewrite_embedded(host_of("python"), text, Options()).text != text


def test_editors_call_compose_and_bake_files_by_many_names() -> None:
    for language in ("dockercompose", "docker-compose", "yaml", "yaml.docker-compose", "plaintext"):
        assert kind_of("compose.yaml", language) == "compose"
    for language in ("dockerbake", "docker-bake", "hcl", "terraform"):
        assert kind_of("docker-bake.hcl", language) == "bake"
    assert kind_of("values.yaml", "yaml") is None
