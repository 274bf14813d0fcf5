"""Each request that the server answers."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.locked import NO_LOCK
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.registry.lock import load
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.workspace.measured import remember

from .client import COMMAND, Editor, applied, editor, edits_of

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.asyncio

TEXT = """ARG VERSION=12
FROM debian:${VERSION} AS build
ARG VERSION
WORKDIR /src
# what it prints
COPY main.c .
RUN gcc -o main \\
    main.c && echo $VERSION

FROM debian:12
RUN apt-get update && apt-get install -y curl
COPY --from=build /src/main /main
RUN --network=host apt-get update && apt-get install -y wget
CMD /main
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "main.c").write_text("int main() { return 0; }\n")
    (tmp_path / "Dockerfile").write_text(TEXT)
    return tmp_path


def item(uri: str) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(uri)


async def test_what_it_can_do_is_told_at_the_start(folder: Path) -> None:
    async with editor(folder) as ed:
        able = ed.started.capabilities
        assert able.text_document_sync.change is types.TextDocumentSyncKind.Incremental  # type: ignore[union-attr]
        assert isinstance(able.code_action_provider, types.CodeActionOptions)
        assert list(able.code_action_provider.code_action_kinds or ()) == ["quickfix", "source.fixAll.dockerslim"]
        assert able.diagnostic_provider is not None
        assert able.rename_provider.prepare_provider  # type: ignore[union-attr]
        assert able.document_formatting_provider is None
        assert able.position_encoding == "utf-16"
        for provider in ("hover", "inlay_hint", "code_lens", "document_link", "folding_range", "document_symbol"):
            assert getattr(able, f"{provider}_provider"), provider
        assert able.definition_provider
        assert able.references_provider
        assert set(able.execute_command_provider.commands) == {  # type: ignore[union-attr]
            "dockerslim.apply",
            "dockerslim.fixAll",
            "dockerslim.preview",
            "dockerslim.showDiff",
        }


async def test_diagnostics_name_rule_reason_and_page(folder: Path) -> None:
    async with editor(folder) as ed:
        found = await ed.diagnostics(ed.open(folder / "Dockerfile"))
        lists = [one for one in found if one.code == "DS201"]
        assert [one.range.start.line for one in lists] == [10, 12]
        assert lists[0].range == types.Range(types.Position(10, 0), types.Position(10, 45))
        assert "package lists" in lists[0].message
        assert lists[0].severity is types.DiagnosticSeverity.Warning
        assert lists[0].source == "dockerslim"
        page = Path(lists[0].code_description.href.removeprefix("file://"))  # type: ignore[union-attr]
        assert page.read_text().startswith("# DS201 ")
        assert isinstance(lists[0].data, dict)
        assert lists[0].data.pop("saving") > 1_000_000
        assert lists[0].data == {"rule": "DS201", "change": True, "level": "safe"}


async def test_a_published_page_is_linked_where_there_is_one(folder: Path) -> None:
    pages = {"DOCKERSLIM_RULE_PAGES": "https://example.org/rules"}
    async with editor(folder, environment=pages) as ed:
        found = await ed.diagnostics(ed.open(folder / "Dockerfile"))
        links = {one.code: one.code_description.href for one in found if one.code_description}
        assert links["DS201"] == "https://example.org/rules/DS201"


async def test_the_same_text_is_answered_with_unchanged(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        first = await ed.client.text_document_diagnostic_async(types.DocumentDiagnosticParams(item(uri)))
        again = types.DocumentDiagnosticParams(item(uri), previous_result_id=first.result_id)
        second = await ed.client.text_document_diagnostic_async(again)
        assert second.kind == "unchanged"
        ed.change(uri, ((0, 0), (0, 0), "# new\n"))
        third = await ed.client.text_document_diagnostic_async(again)
        assert third.kind == "full"


async def test_diagnostics_are_pushed_to_who_does_not_pull(folder: Path) -> None:
    async with editor(folder, pulls=False) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert "DS201" in {one.code for one in await ed.published(uri, 1)}
        version = ed.change(uri, "FRO debian:12\n")
        (wrong,) = await ed.published(uri, version)
        assert wrong.severity is types.DiagnosticSeverity.Error
        assert "FROM" in wrong.message
        ed.client.text_document_did_close(types.DidCloseTextDocumentParams(item(uri)))
        assert await ed.published(uri) == []


async def test_each_quick_fix_is_right_alone(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        fixes = [one for one in await ed.actions(uri, (0, 0), (14, 0)) if one.title.startswith("DS")]
        assert len(fixes) > 1
        assert sum(bool(one.is_preferred) for one in fixes) == 1, [one.title for one in fixes]
        whole = rewrite(TEXT, Options(context=folder), str(folder / "Dockerfile"))
        for one in fixes:
            assert one.edit is not None
            text = applied(TEXT, edits_of(one.edit, uri))
            assert text != TEXT
            # A right file, of which the rest can still be made.
            after = rewrite(text, Options(context=folder), str(folder / "Dockerfile"))
            assert not after.bugs
            assert len(after.changes) < len(whole.changes)


async def test_all_of_one_rule(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        (action,) = [one for one in await ed.actions(uri, (10, 0), (10, 0)) if one.title.startswith("Fix all of DS201")]
        text = applied(TEXT, edits_of(action.edit, uri))
        assert text == rewrite(TEXT, Options(select=("DS201",)), str(folder / "Dockerfile")).text
        assert text.count("rm -rf /var/lib/apt/lists/*") == 2


async def test_fix_all_is_safe_unless_somebody_says_otherwise(folder: Path) -> None:
    path = str(folder / "Dockerfile")
    for sent, level in ((None, "safe"), ({"level": "aggressive"}, "aggressive"), ({"level": "standard"}, "standard")):
        async with editor(folder, options=sent) as ed:
            uri = ed.open(folder / "Dockerfile")
            (action,) = await ed.actions(uri, (0, 0), (0, 0), only=["source.fixAll"])
            assert action.kind == "source.fixAll.dockerslim"
            text = applied(TEXT, edits_of(action.edit, uri))
            assert text == rewrite(TEXT, Options(level=level, context=folder), path).text
            assert await ed.actions(uri, (0, 0), (0, 0), only=["refactor"]) == []
            # Many editors cannot ask for a kind, and have no other way to it.
            assert action in await ed.actions(uri, (0, 0), (0, 0))


async def test_no_finding_is_called_safe_that_only_a_higher_level_makes(folder: Path) -> None:
    text = "FROM debian:12\nRUN apt-get update && apt-get install -y git\nCOPY a /a\n"
    text += "RUN apt-get install -y python3-tk && pip install lmdb\n"
    for given in (text, f'D = """\n{text}"""\n'):
        async with editor(folder) as ed:
            language = "dockerfile" if given is text else "python"
            uri = ed.open(folder / ("Dockerfile" if given is text else "x.py"), given, language)
            (action,) = await ed.actions(uri, (0, 0), (0, 0), only=["source.fixAll"])
            after = applied(given, edits_of(action.edit, uri))
            ed.change(uri, after)
            told = {one.code: one.data or {} for one in await ed.diagnostics(uri)}
            levels = {code: data["level"] for code, data in told.items() if data.get("change")}
            assert levels["DS201"] == "standard"
            assert "safe" not in levels.values(), levels
            line = 1 if given is text else 2
            hovered = types.HoverParams(item(uri), types.Position(line, 1))
            shown = await ed.client.text_document_hover_async(hovered)
            assert "safe" not in shown.contents.value.split("DS201")[1].split(")")[1]  # type: ignore[union-attr]


async def test_ignore_here_silences_the_rule_there_and_nothing_else(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        before = await ed.diagnostics(uri)
        (action,) = [one for one in await ed.actions(uri, (10, 3), (10, 3)) if one.title == "Ignore DS201 here"]
        text = applied(TEXT, edits_of(action.edit, uri))
        assert text.splitlines()[10:12] == ["# dockerslim: ignore=DS201", TEXT.splitlines()[10]]
        ed.change(uri, text)
        after = await ed.diagnostics(uri)
        assert [one.range.start.line for one in after if one.code == "DS201"] == [13]
        assert len(before) == len(after) + 1


async def test_a_second_rule_joins_the_comment_that_is_there(folder: Path) -> None:
    run = "RUN apt-get update && apt-get install -y curl && pip install flask\n"
    text = f"FROM python:3.12-slim\n# dockerslim: ignore=DS202\n{run}"
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        codes = {one.code for one in await ed.diagnostics(uri)}
        assert "DS201" in codes
        assert "DS202" not in codes
        (action,) = [one for one in await ed.actions(uri, (2, 3), (2, 3)) if one.title == "Ignore DS201 here"]
        assert applied(text, edits_of(action.edit, uri)) == text.replace("DS202", "DS202,DS201")


async def test_ignore_here_keeps_line_ends_and_indentation(folder: Path) -> None:
    text = "FROM debian:12\r\n  RUN apt-get update && apt-get install -y curl\r\n"
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        (action,) = [one for one in await ed.actions(uri, (1, 4), (1, 4)) if one.title == "Ignore DS201 here"]
        assert applied(text, edits_of(action.edit, uri)) == text.replace(
            "  RUN", "  # dockerslim: ignore=DS201\r\n  RUN"
        )


async def test_hover_explains_changes_and_what_is_in_the_way(folder: Path) -> None:
    digest = "sha256:" + "a" * 64
    (folder / "dockerslim.lock").write_text(
        f'version = 1\n[image."docker.io/library/debian:12"]\ntag = "12.5"\ndigest = "{digest}"\n'
        'registry = "docker.io"\nlocked = 2024-05-01T00:00:00Z\nplatforms = ["linux/amd64"]\n'
    )
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")

        async def at(line: int) -> str:
            params = types.HoverParams(item(uri), types.Position(line, 1))
            found = await ed.client.text_document_hover_async(params)
            assert found is not None
            assert isinstance(found.contents, types.MarkupContent)
            assert found.range is not None
            assert found.range.start.line == line
            return found.contents.value

        assert "DS201" in await at(10)
        assert "12.5" in await at(9)
        assert digest in await at(9)
        assert await ed.client.text_document_hover_async(types.HoverParams(item(uri), types.Position(8, 0))) is None
        held = rewrite(TEXT, Options(), "Dockerfile").remarks
        line = next(one.line for one in held if one.needs is not None and one.rule != "DS304")
        assert "Held back: needs level aggressive" in await at(line - 1)


async def test_inlay_hints_and_lenses_tell_bytes(folder: Path) -> None:
    (folder / "compose.yaml").write_text("services:\n  web:\n    build:\n      context: .\n      target: build\n")
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        everything = types.Range(types.Position(0, 0), types.Position(99, 0))
        hints = await ed.client.text_document_inlay_hint_async(types.InlayHintParams(item(uri), everything))
        assert hints
        assert all(str(one.label).startswith("about ") for one in hints)
        assert 10 in {one.position.line for one in hints}
        part = types.Range(types.Position(0, 0), types.Position(1, 0))
        assert not await ed.client.text_document_inlay_hint_async(types.InlayHintParams(item(uri), part))
        lenses = await ed.client.text_document_code_lens_async(types.CodeLensParams(item(uri)))
        assert lenses
        titles = [one.command.title for one in lenses if one.command]
        assert titles[0].startswith("rewrite: ")
        assert "about" in titles[0]
        assert "built by compose web (compose.yaml:3)" in titles
        (stage,) = [one for one in lenses if one.command and one.command.title.startswith("built by")]
        assert stage.range.start.line == 1


async def test_hints_tell_how_large_a_layer_was_until_it_is_edited(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKERSLIM_CACHE", str(tmp_path_factory.mktemp("cache")))
    layers = [("RUN apt-get update && apt-get install -y curl", 2_000_000), ("COPY /src/main /main", 3000)]
    layers += [("RUN apt-get update && apt-get install -y wget", 1_000_000)]
    remember(read_build(parse(TEXT)), folder, None, layers, date(2026, 1, 2))
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        everything = types.Range(types.Position(0, 0), types.Position(99, 0))

        async def told() -> dict[int, types.InlayHint]:
            asked = types.InlayHintParams(item(uri), everything)
            return {one.position.line: one for one in await ed.client.text_document_inlay_hint_async(asked) or ()}

        hints = await told()
        assert str(hints[10].label).startswith("2.0 MB, about ")
        assert hints[10].tooltip == "The layer has 2.0 MB, as `verify` built it on 2026-01-02."
        assert hints[11].label == "3.0 kB"
        ed.change(uri, TEXT.replace("curl", "curl jq"))
        hints = await told()
        assert str(hints[10].label).startswith("about ")
        assert 11 not in hints


async def test_hints_and_lenses_can_be_switched_off(folder: Path) -> None:
    async with editor(folder, options={"inlayHints": False, "codeLens": False}) as ed:
        uri = ed.open(folder / "Dockerfile")
        everything = types.Range(types.Position(0, 0), types.Position(99, 0))
        assert not await ed.client.text_document_inlay_hint_async(types.InlayHintParams(item(uri), everything))
        assert not await ed.client.text_document_code_lens_async(types.CodeLensParams(item(uri)))


LINKED = {
    "debian:${VER}": "https://hub.docker.com/_/debian",
    "nginx:1.27": "https://hub.docker.com/_/nginx",
    "busybox": "https://hub.docker.com/_/busybox",
    "mcr.microsoft.com/dotnet/sdk:8.0": "https://mcr.microsoft.com/artifact/mar/dotnet/sdk",
    "ghcr.io/foo/bar:1": "https://ghcr.io/foo/bar",
    "public.ecr.aws/docker/library/node:20": "https://gallery.ecr.aws/docker/library/node",
}


async def test_images_and_rules_lead_to_their_pages(folder: Path) -> None:
    text = """ARG VER=12
ARG UNSET
ARG NAMED=base
FROM debian:${VER} AS Base
# dockerslim: ignore=DS201,DL3009
RUN apt-get update && apt-get install -y nginx
COPY --from=nginx:1.27 /a /c
COPY --from=base /a /c
COPY --from=0 /a /c
RUN --mount=from=busybox,target=/b ls
FROM mcr.microsoft.com/dotnet/sdk:8.0
FROM ghcr.io/foo/bar:1
FROM public.ecr.aws/docker/library/node:20
FROM debian:${UNSET}
FROM base
FROM ${NAMED}
FROM registry.example.org/a
"""
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        found = await ed.client.text_document_document_link_async(types.DocumentLinkParams(item(uri)))
        lines = text.splitlines()
        places = {
            lines[one.range.start.line][one.range.start.character : one.range.end.character]: one.target
            for one in found or ()
        }
        assert str(places.pop("DS201")).endswith("apt-lists.md")
        assert places == LINKED


async def test_links_folds_and_symbols(folder: Path) -> None:
    async with editor(folder) as ed:
        text = TEXT.replace("FROM debian:12\n", "FROM ghcr.io/a/b:1 AS other\nFROM grafana/grafana:11\n")
        uri = ed.open(folder / "Dockerfile", text)
        links = await ed.client.text_document_document_link_async(types.DocumentLinkParams(item(uri)))
        hub = "https://hub.docker.com"
        pages = [f"{hub}/_/debian", "https://ghcr.io/a/b", f"{hub}/r/grafana/grafana"]
        assert [one.target for one in links or []] == pages
        folds = await ed.client.text_document_folding_range_async(types.FoldingRangeParams(item(uri)))
        assert (1, 7) in [(one.start_line, one.end_line) for one in folds or []]
        assert (6, 7) in [(one.start_line, one.end_line) for one in folds or []]
        symbols = await ed.client.text_document_document_symbol_async(types.DocumentSymbolParams(item(uri)))
        assert symbols
        assert [one.name for one in symbols] == ["ARG", "build", "other", "stage 2"]
        assert isinstance(symbols[1], types.DocumentSymbol)
        assert [one.name for one in symbols[1].children or []] == ["ARG", "WORKDIR", "COPY", "RUN"]


async def places(
    ed: Editor, uri: str, line: int, character: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    position = types.Position(line, character)
    declared = await ed.client.text_document_definition_async(types.DefinitionParams(item(uri), position))
    context = types.ReferenceContext(include_declaration=True)
    used = await ed.client.text_document_references_async(types.ReferenceParams(context, item(uri), position))
    assert isinstance(declared, list)
    return (
        [(one.range.start.line, one.range.start.character) for one in declared if isinstance(one, types.Location)],
        [(one.range.start.line, one.range.start.character) for one in used or []],
    )


async def test_definition_and_references(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert await places(ed, uri, 11, 13) == ([(1, 26)], [(1, 26), (11, 12)])
        assert await places(ed, uri, 7, 22) == ([(2, 4)], [(0, 4), (1, 14), (2, 4), (7, 20)])
        assert await places(ed, uri, 4, 3) == ([], [])


async def test_a_note_on_what_a_merge_takes_in_stands_where_it_is_written(folder: Path) -> None:
    text = "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y wget && chmod 777 /x\nRUN ls\n"
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        told = [one for one in await ed.diagnostics(uri) if one.code == "DS505"]
        assert [one.range.start.line for one in told] == [2]
        (action,) = [one for one in await ed.actions(uri, (2, 0), (2, 0)) if one.title == "Ignore DS505 here"]
        ignoring = applied(text, edits_of(action.edit, uri))
        assert ignoring.splitlines()[2:4] == ["# dockerslim: ignore=DS505", text.splitlines()[2]]
        ed.change(uri, ignoring)
        assert not {"DS505", "DS000"} & {one.code for one in await ed.diagnostics(uri)}


async def test_rename_of_a_stage_and_of_an_argument(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")

        async def renamed(line: int, character: int, name: str) -> str:
            params = types.RenameParams(item(uri), types.Position(line, character), name)
            return applied(TEXT, edits_of(await ed.client.text_document_rename_async(params), uri))

        prepared = await ed.client.text_document_prepare_rename_async(
            types.PrepareRenameParams(item(uri), types.Position(11, 14))
        )
        assert isinstance(prepared, types.PrepareRenamePlaceholder)
        assert prepared.placeholder == "build"
        assert await renamed(11, 14, "maker") == TEXT.replace("AS build", "AS maker").replace(
            "from=build", "from=maker"
        )
        assert await renamed(0, 5, "TAG") == TEXT.replace("VERSION", "TAG")
        for line, character, name, reason in (
            (11, 14, "Not A Name", "lower case"),
            (11, 14, "scratch", "image"),
            (0, 5, "1x", "letters"),
            (0, 5, "TARGETOS", "builder"),
        ):
            with pytest.raises(JsonRpcException, match=reason):
                await renamed(line, character, name)


@pytest.mark.parametrize(
    ("text", "new", "reason"),
    [
        ("RUN V=3; echo $V", "Q", "line 3 sets V"),
        ("RUN for V in a b; do echo $V; done", "Q", "line 3 sets V"),
        ("RUN export V=3 && make", "Q", "line 3 sets V"),
        ("RUN read -r a V < /x; echo $V", "Q", "line 3 sets V"),
        ('RUN sh -c "V=3; make"', "Q", "line 3 sets V"),
        ("RUN echo $((V + 1))", "Q", "line 3 sets V"),
        ('RUN ["env", "V=3", "make"]', "Q", "line 3 sets V"),
        ('RUN ["sh", "-c", "V=3; make"]', "Q", "line 3 sets V"),
        ("RUN echo '$V'", "Q", "line 3 hands \\$V on in quotes"),
        ("RUN sh -c 'make $V'", "Q", "line 3 hands"),
        ("RUN true # don't\nRUN echo '${V}'", "Q", "line 4 hands"),
        ("RUN cat <<'E' > /x\n$V\nE", "Q", "line 3 hands"),
        ("RUN <<E\n#!/usr/bin/perl\nprint $V\nE", "Q", "line 3 hands"),
        ("RUN <<E\ncat <<'F'\n$V\nF\nE", "Q", "line 3 hands"),
        ("RUN Q=3; echo $V $Q", "Q", "variable Q already, on line 3"),
        ("RUN echo ${Q:-x}", "Q", "variable Q already, on line 3"),
        ("RUN [ -v V ] && make", "Q", "line 3 names V"),
        ("RUN n=V; echo ${!n}", "Q", "line 3 names V"),
        ("RUN eval echo \\$V", "Q", "line 3 names V"),
        ("RUN env | grep V", "Q", "line 3 names V"),
        ("RUN python -c \"import os; os.environ['V']\"", "Q", "line 3 names V"),
        ("RUN <<E\npython3 - <<F\nimport os; os.environ['V']\nF\nE", "Q", "line 3 names V"),
        ('RUN ["echo", "$V"]', "Q", "line 3 names V"),
        ("RUN --mount=type=secret,id=x,env=V echo $V", "Q", "line 3 names V"),
        ('SHELL ["powershell", "-c"]\nRUN $X=3; Write-Host $V', "Q", "line 4 names V"),
        ("RUN echo %V%", "Q", "line 3 names V"),
        ("RUN echo $$V", "Q", "line 3 names V"),
        ("COPY <<'E' /x\necho $V\nE", "Q", "line 3 names V"),
        ("ENV X='$V'", "Q", "line 3 names V"),
        ("RUN ls", "PATH", "meaning"),
        ("RUN ls", "LD_LIBRARY_PATH", "meaning"),
    ],
)
async def test_a_rename_that_would_change_the_build_is_refused(folder: Path, text: str, new: str, reason: str) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", f"FROM a\nARG V=1\n{text}\n")
        with pytest.raises(JsonRpcException, match=reason):
            await ed.client.text_document_rename_async(types.RenameParams(item(uri), types.Position(1, 4), new))


async def test_a_rename_leaves_alone_what_nobody_expands(folder: Path) -> None:
    text = """FROM a
ARG V=1
RUN make V=$V
RUN echo ${#V} "\\\\$V"
VOLUME ["/$V"]
COPY <<EOF /y
$V
EOF
LABEL x='$V' y="it's $V"
ONBUILD RUN echo $V
RUN ["make", "V=1"]
RUN <<'EOF'
echo "it's $V"
EOF
HEALTHCHECK CMD V=3; test $V
CMD ["env", "V=1", "x"]
"""
    renamed = text.replace("ARG V", "ARG Q").replace("make V=$V", "make V=$Q").replace("/y\n$V", "/y\n$Q")
    renamed = renamed.replace("${#V}", "${#Q}").replace("\\\\$V", "\\\\$Q").replace('["/$V"]', '["/$Q"]')
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        params = types.RenameParams(item(uri), types.Position(1, 4), "Q")
        edit = await ed.client.text_document_rename_async(params)
        assert applied(text, edits_of(edit, uri)) == renamed.replace("it's $V", "it's $Q")


@pytest.mark.parametrize("name", ["DEBIAN_FRONTEND", "PIP_INDEX_URL"])
async def test_a_name_with_a_meaning_is_kept(folder: Path, name: str) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", f"FROM a\nARG {name}=x\nRUN apt-get install -y x\n")
        with pytest.raises(JsonRpcException, match="meaning"):
            await ed.client.text_document_rename_async(types.RenameParams(item(uri), types.Position(1, 4), "Q"))


async def test_a_stage_is_renamed_wherever_its_name_is_quoted(folder: Path) -> None:
    text = (
        'FROM a AS s1\nFROM b\nCOPY --from="s1" /a /b\nRUN --mount=type=bind,From=s1,target=/x ls\n'
        "RUN --mount=type=bind,\"from=s1\",target=/x ls\nRUN --mount='type=bind,from=s1' ls\n"
    )
    params_of = types.Position(0, 10)
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        edit = await ed.client.text_document_rename_async(types.RenameParams(item(uri), params_of, "s2"))
        assert applied(text, edits_of(edit, uri)) == text.replace("s1", "s2")
        ed.change(uri, text.replace('--from="s1"', "--from=s''1"))
        with pytest.raises(JsonRpcException, match="line 3 names s1 in a way"):
            await ed.client.text_document_rename_async(types.RenameParams(item(uri), params_of, "s2"))


async def test_an_argument_is_renamed_in_every_stage_that_declares_it(folder: Path) -> None:
    text = "FROM a AS x\nARG U=1\nRUN make $U\nFROM b\nARG U=1\nRUN make ${U}\n"
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        params = types.RenameParams(item(uri), types.Position(1, 4), "Q")
        edit = await ed.client.text_document_rename_async(params)
        assert applied(text, edits_of(edit, uri)) == text.replace("U", "Q").replace("RQN", "RUN")
        ed.change(uri, f"ARG BASE=x\n{text}".replace("FROM b\nARG U=1", "FROM ${BASE}"))
        params = types.RenameParams(item(uri), types.Position(2, 4), "Q")
        with pytest.raises(JsonRpcException, match="line 5 may be built on the stage x"):
            await ed.client.text_document_rename_async(params)


async def test_a_byte_order_mark_stays_first(folder: Path) -> None:
    text = "\ufeffFROM debian:12 as x\nCMD ./x\n"
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        (action,) = [one for one in await ed.actions(uri, (0, 0), (0, 0)) if one.title == "Ignore DS605 here"]
        ignoring = applied(text, edits_of(action.edit, uri))
        assert ignoring == "\ufeff# dockerslim: ignore=DS605\nFROM debian:12 as x\nCMD ./x\n"


async def test_renaming_an_argument_names_who_gives_it(folder: Path) -> None:
    (folder / "compose.yaml").write_text("services:\n  web:\n    build:\n      context: .\n      args: {V: 2}\n")
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", "FROM a\nARG V=1\nRUN make V=$V\n")
        await ed.client.text_document_rename_async(types.RenameParams(item(uri), types.Position(1, 4), "Q"))
        assert any("the argument V is given at compose.yaml:3" in one.message for one in ed.client.messages)


async def test_each_renaming_of_a_stage_names_the_lines_that_ask_for_it(folder: Path) -> None:
    text = "services:\n  web:\n    build:\n      context: .\n      target: base\n  db:\n    image: base\n"
    (folder / "compose.yaml").write_text(text)
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", "FROM a AS base\nFROM base AS last\n")
        for count in (1, 2):
            await ed.client.text_document_rename_async(types.RenameParams(item(uri), types.Position(0, 11), "other"))
            told = [one.message for one in ed.client.messages if "named as a target" in one.message]
            assert len(told) == count
            assert "at compose.yaml:3 (target on line 5); change it there as well" in told[-1]


async def test_a_stage_gets_a_name_with_capitals(folder: Path) -> None:
    text = "FROM a AS base\nFROM other AS Other2\nCOPY --from=base /a /b\n"
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        edit = await ed.client.text_document_rename_async(
            types.RenameParams(item(uri), types.Position(0, 11), "BuildStage")
        )
        assert applied(text, edits_of(edit, uri)) == text.replace("base", "BuildStage")
        for new, reason in (
            ("OTHER2", "there is a stage OTHER2 already"),
            ("Other", "name of an image"),
            ("Scratch", "image"),
        ):
            with pytest.raises(JsonRpcException, match=reason):
                await ed.client.text_document_rename_async(types.RenameParams(item(uri), types.Position(0, 11), new))


async def test_what_lies_outside_of_the_workspace_is_not_added_to_a_baseline(folder: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    async with editor(inner) as ed:
        for place, offered in ((inner, True), (tmp_path, False), (inner / ".." / "x", False)):
            uri = ed.open(place / "Dockerfile", TEXT)
            titles = [one.title for one in await ed.actions(uri, (0, 0), (14, 0))]
            assert any(one.startswith("Ignore") for one in titles)
            assert any("baseline" in one for one in titles) is offered


async def test_a_client_of_few_abilities_gets_what_it_can_show(folder: Path) -> None:
    async with editor(folder, modern=False) as ed:
        uri = ed.open(folder / "Dockerfile")
        whole = types.Range(types.Position(0, 0), types.Position(40, 0))
        params = types.CodeActionParams(item(uri), whole, types.CodeActionContext([]))
        (command,) = await ed.client.text_document_code_action_async(params) or ()
        assert isinstance(command, types.Command)
        assert (command.command, list(command.arguments or ())) == ("dockerslim.fixAll", [uri])
        assert "that is safe" in command.title
        asked: asyncio.Future[types.ApplyWorkspaceEditParams] = asyncio.get_running_loop().create_future()

        @ed.client.feature(types.WORKSPACE_APPLY_EDIT)  # type: ignore[untyped-decorator]
        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            asked.set_result(params)
            return types.ApplyWorkspaceEditResult(applied=True)

        await ed.command(command.command, uri)
        safe = rewrite(TEXT, Options(level="safe", context=folder), str(folder / "Dockerfile"))
        assert applied(TEXT, edits_of((await asyncio.wait_for(asked, 10)).edit, uri)) == safe.text
        found = await ed.client.text_document_document_symbol_async(types.DocumentSymbolParams(item(uri)))
        assert all(isinstance(one, types.SymbolInformation) for one in found or ())
        assert {one.container_name for one in found or ()} >= {None, "build"}  # type: ignore[union-attr]
        line = next(at for at, one in enumerate(TEXT.splitlines()) if one.startswith("RUN apt-get"))
        shown = await ed.client.text_document_hover_async(types.HoverParams(item(uri), types.Position(line, 2)))
        assert shown is not None
        assert isinstance(shown.contents, types.MarkupContent)
        assert shown.contents.kind is types.MarkupKind.PlainText
        assert "DS2" in shown.contents.value
        assert not [mark for mark in ("**", "`", "](") if mark in shown.contents.value]


async def test_a_broken_configuration_is_told_where_the_file_is_edited(folder: Path) -> None:
    (folder / "dockerslim.toml").write_text("levle = 3\n")
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        told = [one for one in await ed.diagnostics(uri) if "levle" in one.message]
        assert [(one.range.start.line, one.severity) for one in told] == [(0, types.DiagnosticSeverity.Warning)]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("ARG S=s1\nFROM a AS s1\nFROM ${S}\n", True),
        ("ARG N=1\nFROM a AS s1\nFROM s$N\n", True),
        ("ARG S\nFROM a AS s1\nFROM $S\n", True),
        ("ARG S=1\nFROM a AS s1\nFROM b\nCOPY --from=s${S} /a /a\n", True),
        ("ARG S=debian:12\nFROM a AS s1\nFROM $S\nCOPY --from=s1 /a /a\n", False),
        ("ARG S=1\nFROM a AS s1\nFROM debian:$S\nCOPY --from=s1 /a /a\n", False),
    ],
)
async def test_a_stage_that_a_variable_names_is_not_renamed(folder: Path, text: str, refused: bool) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        params = types.RenameParams(item(uri), types.Position(1, 10), "s2")
        if refused:
            with pytest.raises(JsonRpcException, match="may mean this stage by"):
                await ed.client.text_document_rename_async(params)
        else:
            edit = await ed.client.text_document_rename_async(params)
            assert applied(text, edits_of(edit, uri)) == text.replace("s1", "s2")


@pytest.mark.parametrize("versioned", [True, False])
async def test_a_rename_is_of_a_version_where_the_client_knows_them(folder: Path, versioned: bool) -> None:
    able = types.WorkspaceEditClientCapabilities(document_changes=versioned)
    async with editor(folder, edits=able) as ed:
        uri = ed.open(folder / "Dockerfile")
        ed.change(uri, TEXT)
        params = types.RenameParams(item(uri), types.Position(11, 14), "maker")
        edit = await ed.client.text_document_rename_async(params)
        assert edit is not None
        assert (edit.changes is None) == versioned
        for change in edit.document_changes or ():
            assert change.text_document.version == 2  # type: ignore[union-attr]


async def test_renaming_a_target_names_who_builds_it(folder: Path) -> None:
    (folder / "compose.yaml").write_text("services:\n  web:\n    build:\n      context: .\n      target: build\n")
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        params = types.RenameParams(item(uri), types.Position(11, 14), "maker")
        await ed.client.text_document_rename_async(params)
        assert any("compose.yaml:3" in one.message for one in ed.client.messages)


async def test_renaming_inside_a_compose_file_names_what_is_beside_it(folder: Path) -> None:
    text = "services:\n  web:\n    build:\n      target: build\n      dockerfile_inline: |\n"
    text += "        FROM a AS build\n        RUN ls\n"
    (folder / "compose.yaml").write_text(text)
    async with editor(folder) as ed:
        uri = ed.open(folder / "compose.yaml", text, "dockercompose")
        params = types.RenameParams(item(uri), types.Position(5, 19), "maker")
        edit = await ed.client.text_document_rename_async(params)
        assert applied(text, edits_of(edit, uri)) == text.replace("AS build", "AS maker")
        assert any("build stands on line 4 as well" in one.message for one in ed.client.messages)


async def test_renaming_in_a_string_tells_of_no_other_dockerfile(folder: Path) -> None:
    text = 'D = """\nFROM debian:12\nADD a /b\nRUN ls /b\n"""\nH = """\nFROM debian:12 AS b\nRUN ls /b\nFROM b\n"""\n'
    async with editor(folder) as ed:
        uri = ed.open(folder / "x.py", text, "python")
        params = types.RenameParams(item(uri), types.Position(8, 5), "made")
        edit = await ed.client.text_document_rename_async(params)
        assert applied(text, edits_of(edit, uri)) == text.replace("AS b", "AS made").replace("FROM b", "FROM made")
        assert not ed.client.messages


async def test_hover_says_that_the_lock_cannot_be_read(folder: Path) -> None:
    (folder / "dockerslim.lock").write_text("<<<<<<< HEAD\nversion = 1\n")
    async with editor(folder, options={"pin": "digest"}) as ed:
        uri = ed.open(folder / "Dockerfile", "FROM debian:12\nRUN ls\n")
        shown = await ed.client.text_document_hover_async(types.HoverParams(item(uri), types.Position(0, 2)))
        assert shown is not None
        assert "not readable" in shown.contents.value  # type: ignore[union-attr]
        assert "is locked" not in shown.contents.value  # type: ignore[union-attr]


async def test_what_ENV_sets_is_not_renamed(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile", "FROM debian:12\nENV A=1\nRUN echo $A\n")
        params = types.RenameParams(item(uri), types.Position(1, 4), "B")
        with pytest.raises(JsonRpcException, match="set by ENV"):
            await ed.client.text_document_rename_async(params)


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if (path / "Dockerfile").is_file()))
async def test_command_line_api_and_server_write_the_same_bytes(tmp_path: Path, example: str) -> None:
    folder = tmp_path / example
    shutil.copytree(EXAMPLES / example, folder)
    (folder / ".git").mkdir()
    path = folder / "Dockerfile"
    subprocess.run([*COMMAND[:-1], "rewrite", str(path), "-o", str(tmp_path / "out"), "-q"], check=True, cwd=folder)
    expected = (tmp_path / "out").read_bytes()
    lock = folder / "dockerslim.lock"
    options = Options(context=folder, lock=load(lock) if lock.exists() else NO_LOCK)
    assert rewrite(path.read_bytes(), options).text.encode() == expected
    async with editor(folder) as ed:
        assert (await ed.text(ed.open(path))).encode() == expected


async def test_preview_and_apply(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        shown = await ed.command("dockerslim.preview", uri)
        whole = rewrite(TEXT, Options(context=folder), str(folder / "Dockerfile"))
        assert shown["text"] == whole.text
        assert shown["diff"].startswith("--- a/Dockerfile\n")
        asked: asyncio.Future[types.ApplyWorkspaceEditParams] = asyncio.get_running_loop().create_future()

        @ed.client.feature(types.WORKSPACE_APPLY_EDIT)  # type: ignore[untyped-decorator]
        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            asked.set_result(params)
            return types.ApplyWorkspaceEditResult(applied=True)

        await ed.command("dockerslim.apply", uri)
        edit = (await asyncio.wait_for(asked, 10)).edit
        assert applied(TEXT, edits_of(edit, uri)) == whole.text
        assert edit.document_changes is not None
        assert edit.document_changes[0].text_document.version == 1  # type: ignore[union-attr]


async def lens_commands(ed: Editor, uri: str) -> list[str]:
    found = await ed.client.text_document_code_lens_async(types.CodeLensParams(item(uri)))
    return [one.command.command for one in found or () if one.command is not None]


async def test_a_client_that_applies_no_edits_is_told_so(folder: Path) -> None:
    async with editor(folder, applies=False) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert "dockerslim.apply" not in await lens_commands(ed, uri)
        with pytest.raises(JsonRpcException, match="lets no server change a file"):
            await ed.command("dockerslim.apply", uri)
    async with editor(folder, applies=False, modern=False) as ed:
        whole = types.Range(types.Position(0, 0), types.Position(40, 0))
        params = types.CodeActionParams(item(ed.open(folder / "Dockerfile")), whole, types.CodeActionContext([]))
        assert not await ed.client.text_document_code_action_async(params)


async def test_an_edit_that_the_client_refuses_is_told(folder: Path) -> None:
    async with editor(folder) as ed:

        @ed.client.feature(types.WORKSPACE_APPLY_EDIT)  # type: ignore[untyped-decorator]
        def apply(_: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            return types.ApplyWorkspaceEditResult(applied=False, failure_reason="another version")

        with pytest.raises(JsonRpcException, match="the editor changed nothing: another version"):
            await ed.command("dockerslim.fixAll", ed.open(folder / "Dockerfile"))


async def test_the_diff_is_shown_to_clients_that_show_documents(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert "dockerslim.showDiff" in await lens_commands(ed, uri)
        await ed.command("dockerslim.showDiff", uri)
        shown = await ed.command("dockerslim.preview", uri)
        (asked,) = ed.client.shown_documents
        file = Path(str(to_fs_path(asked.uri)))
        assert file.name == "Dockerfile.diff"
        assert file.read_text() == shown["diff"]
    assert not file.parent.parent.exists()


async def test_who_shows_no_diff_is_offered_none(folder: Path) -> None:
    async with editor(folder, shows=False) as ed:
        assert not [one for one in await lens_commands(ed, ed.open(folder / "Dockerfile")) if one != "dockerslim.apply"]
    async with editor(folder, shows=False, previews=True) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert "dockerslim.preview" in await lens_commands(ed, uri)
        assert (await ed.command("dockerslim.preview", uri))["diff"]


async def test_formatting_is_offered_only_when_asked_for(folder: Path) -> None:
    text = "from debian:12\nrun   echo a\n"
    async with editor(folder, options={"formatting": True}) as ed:
        assert ed.started.capabilities.document_formatting_provider
        uri = ed.open(folder / "Dockerfile", text)
        params = types.DocumentFormattingParams(item(uri), types.FormattingOptions(4, True))
        edits = await ed.client.text_document_formatting_async(params)
        assert applied(text, list(edits or [])) == "FROM debian:12\nRUN echo a\n"
