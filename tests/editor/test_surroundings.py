"""What an editor's files are rewritten under: configuration, lock, context and builds, as they are on disk now."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.uris import from_fs_path

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.cli.files import lock_for
from dockerslim_rewrite.editor.preferences import DEFAULT, known
from dockerslim_rewrite.editor.protocol import Server
from dockerslim_rewrite.editor.session import Session
from dockerslim_rewrite.editor.surroundings import Folder
from dockerslim_rewrite.pipeline.baseline import Accepted, read_baseline, write_baseline
from dockerslim_rewrite.pipeline.settings import settings
from dockerslim_rewrite.workspace.uses import workspace_for

from .client import Editor, applied, editor, edits_of

TEXT = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\nCOPY . /app\nCMD /app/run\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "workspace"
    inner.mkdir()
    (inner / ".git").mkdir()
    (inner / "Dockerfile").write_text(TEXT)
    return inner


async def codes(ed: Editor, uri: str) -> set[str]:
    return {str(one.code) for one in await ed.diagnostics(uri)}


def changed(ed: Editor, *paths: Path) -> None:
    events = [types.FileEvent(str(from_fs_path(str(path))), types.FileChangeType.Changed) for path in paths]
    ed.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))


async def until(ed: Editor, uri: str, wanted: Any) -> set[str]:
    """The codes as soon as they are as *wanted*: what changed on disk is looked at when it has settled."""
    for _ in range(100):
        found = await codes(ed, uri)
        if wanted(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


@pytest.mark.asyncio
async def test_configuration_counts_and_is_read_again_when_it_changes(folder: Path) -> None:
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert "DS201" in await codes(ed, uri)
        (folder / "dockerslim.toml").write_text('ignore = ["DS201"]\n')
        changed(ed, folder / "dockerslim.toml")
        assert await until(ed, uri, lambda found: "DS201" not in found)
        (folder / "dockerslim.toml").write_text("ignore = [\n")
        changed(ed, folder / "dockerslim.toml")
        await until(ed, uri, lambda _: bool(ed.client.messages))
        assert any("no TOML" in one.message for one in ed.client.messages)
        # What the project forbids is not known.
        assert await ed.actions(uri, (0, 0), (20, 0), ["source.fixAll"]) == []
        (folder / "dockerslim.toml").write_text('ignore = ["DS501"]\n')
        changed(ed, folder / "dockerslim.toml")
        await until(ed, uri, lambda found: "DS201" in found)


@pytest.mark.asyncio
async def test_the_lock_counts_and_is_read_again_when_it_changes(folder: Path) -> None:
    lock = 'version = 1\n[image."docker.io/library/debian:12"]\ntag = "12.%s"\ndigest = "sha256:%s"\n'
    lock += 'registry = "docker.io"\nlocked = 2024-05-01T00:00:00Z\nplatforms = ["linux/amd64"]\n'
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        for number in (5, 6):
            (folder / "dockerslim.lock").write_text(lock % (number, str(number) * 64))
            changed(ed, folder / "dockerslim.lock")
            await until(ed, uri, lambda found: True)
            position = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(0, 1))
            for _ in range(100):
                found = await ed.client.text_document_hover_async(position)
                if found is not None and f"12.{number}" in found.contents.value:  # type: ignore[union-attr]
                    break
                await asyncio.sleep(0.05)
            else:
                raise AssertionError(found)


@pytest.mark.asyncio
async def test_the_editors_settings_count_where_no_file_says_anything(folder: Path) -> None:
    async with editor(folder, options={"ignore": ["DS201"]}) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert "DS201" not in await codes(ed, uri)
        (folder / "dockerslim.toml").write_text('ignore = ["DS603"]\n')
        changed(ed, folder / "dockerslim.toml")
        found = await until(ed, uri, lambda found: "DS201" in found)
        assert "DS603" not in found
        sent = types.DidChangeConfigurationParams({"dockerslim": {"level": "nonsense"}})
        ed.client.workspace_did_change_configuration(sent)
        assert "DS201" in await codes(ed, uri)
        assert any("level cannot be 'nonsense'" in one.message for one in ed.client.messages)


@pytest.mark.asyncio
async def test_one_wrong_setting_drops_only_itself(folder: Path) -> None:
    options = {"ignore": ["DS201"], "inlayHints": "no", "nonsense": 1, "level": "safest", "select": ["NOPE"]}
    async with editor(folder, options=options) as ed:
        assert "DS201" not in await codes(ed, ed.open(folder / "Dockerfile"))
        told = " ".join(one.message for one in ed.client.messages)
        wanted = ("inlay-hints must be", "'nonsense'", "level cannot be", "unknown rule 'NOPE'")
        assert all(one in told for one in wanted)


@pytest.mark.asyncio
async def test_a_client_that_can_be_asked_is_asked_for_its_settings(folder: Path) -> None:
    async with editor(folder, settings={"ignore": ["DS201"], "level": None}) as ed:
        uri = ed.open(folder / "Dockerfile")
        await until(ed, uri, lambda found: "DS201" not in found)
        ed.client.set_configuration({"dockerslim": {"ignore": []}})
        ed.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await until(ed, uri, lambda found: "DS201" in found)


@pytest.mark.asyncio
async def test_a_file_in_a_folder_that_is_made_on_saving_is_text_alone(folder: Path) -> None:
    text = "FROM debian:12\nADD a /b\nCMD python a\n"
    async with editor(folder) as ed:
        new = folder / "new" / "deeper"
        uri = ed.open(new / "Dockerfile", text)
        assert await codes(ed, uri) == {one.rule for one in rewrite(text).changes}
        new.mkdir(parents=True)
        (new / "Dockerfile").write_text(text)
        (new / "a").write_text("")
        changed(ed, new / "Dockerfile")
        await until(ed, uri, lambda found: "DS601" in found)


@pytest.mark.asyncio
async def test_a_file_that_is_not_saved_has_the_context_that_a_build_gives_it(folder: Path) -> None:
    (folder / "compose.yaml").write_text("services:\n  a:\n    build: {context: ., dockerfile: new/Dockerfile}\n")
    (folder / "a.tar").write_text("")
    (folder / "b").mkdir()
    async with editor(folder) as ed:
        uri = ed.open(folder / "new" / "Dockerfile", 'FROM debian:12\nADD a.tar /b\nADD b /c\nCMD ["b"]\n')
        lines = [one.range.start.line for one in await ed.diagnostics(uri) if one.code == "DS601"]
        assert lines == [2]


@pytest.mark.asyncio
async def test_a_client_is_asked_to_tell_of_other_settings(folder: Path) -> None:
    async with editor(folder, settings={"ignore": ["DS201"]}, registers=True) as ed:
        uri = ed.open(folder / "Dockerfile")
        for _ in range(100):
            if types.WORKSPACE_DID_CHANGE_CONFIGURATION in ed.asked:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError(ed.asked)
        ed.client.set_configuration({"dockerslim": {}})
        # Whoever registered is told that something changed, and asks for it.
        ed.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await until(ed, uri, lambda found: "DS201" in found)


@pytest.mark.asyncio
async def test_a_folder_has_settings_of_its_own(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other folder"
    other.mkdir()
    (other / "Dockerfile").write_text(TEXT)
    async with editor(folder, settings={"ignore": ["DS201"]}) as ed:
        scope = str(from_fs_path(str(other)))
        ed.client.set_configuration({"dockerslim": {"ignore": ["DS603"], "codeLens": False}}, scope_uri=scope)
        added = types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder(scope, "other")], [])
        ed.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(added))
        first, second = ed.open(folder / "Dockerfile"), ed.open(other / "Dockerfile")
        found = await until(ed, second, lambda found: "DS603" not in found)
        assert "DS201" in found
        found = await until(ed, first, lambda found: "DS201" not in found)
        assert "DS603" in found
        for uri, shown in ((first, True), (second, False)):
            asked = types.CodeLensParams(types.TextDocumentIdentifier(uri))
            assert bool(await ed.client.text_document_code_lens_async(asked)) is shown


@pytest.mark.asyncio
async def test_a_client_that_only_says_that_something_changed_keeps_its_settings(folder: Path) -> None:
    async with editor(folder, options={"ignore": ["DS201"]}) as ed:
        uri = ed.open(folder / "Dockerfile")
        ed.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        assert "DS201" not in await codes(ed, uri)


@pytest.mark.asyncio
async def test_a_client_that_watches_files_is_told_to_ask_again(folder: Path) -> None:
    async with editor(folder, watches=True) as ed:
        uri = ed.open(folder / "Dockerfile")
        await codes(ed, uri)
        for _ in range(100):
            if ed.asked:
                break
            await asyncio.sleep(0.05)
        assert ed.asked == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES]
        ignored = folder / "node_modules" / "package.json"
        changed(ed, ignored)
        await asyncio.sleep(0.5)
        assert ed.asked == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES]
        changed(ed, folder / "requirements.txt")
        wanted = {types.WORKSPACE_CODE_LENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH}
        for _ in range(100):
            if wanted <= set(ed.asked) and ed.client.diagnostic_refresh_count:
                break
            await asyncio.sleep(0.05)
        assert set(ed.asked) == {types.WORKSPACE_DID_CHANGE_WATCHED_FILES, *wanted}
        assert ed.client.diagnostic_refresh_count == 1


@pytest.mark.asyncio
async def test_the_context_is_read(folder: Path) -> None:
    (folder / "run").write_text("#!/bin/sh\necho\n")
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        with_script = await ed.text(uri)
        assert with_script == rewrite(TEXT, Options(context=folder), str(folder / "Dockerfile")).text
        (folder / "run").write_text("echo\n")
        changed(ed, folder / "run")
        await until(ed, uri, lambda found: "DS603" not in found)


@pytest.mark.asyncio
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
async def test_nothing_outside_of_the_workspace_is_read(folder: Path) -> None:
    outside = folder.parent
    (folder / ".git").rmdir()
    (outside / ".git").mkdir()
    (outside / "dockerslim.toml").write_text('ignore = ["DS201"]\n')
    (outside / ".hadolint.yaml").write_text("ignored: [DL3009]\n")
    (outside / "dockerslim.lock").write_text("version = 99\n")
    (outside / "compose.yaml").write_text("services:\n  web:\n    build: workspace\n")
    (folder / "link.toml").symlink_to(outside / "dockerslim.toml")
    trace = outside / "trace"
    command = ["strace", "-f", "-e", "trace=openat,open", "-o", str(trace)]
    async with editor(folder, under=command) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert "DS201" in await codes(ed, uri)
        await ed.client.text_document_code_lens_async(types.CodeLensParams(types.TextDocumentIdentifier(uri)))
        assert not ed.client.messages
        other = ed.open(outside / "Dockerfile", TEXT)
        assert "DS201" in await codes(ed, other)
        (folder / "dockerslim.toml").write_text('extend = "../dockerslim.toml"\n')
        changed(ed, folder / "dockerslim.toml")
        assert "DS201" in await codes(ed, uri)
        await until(ed, uri, lambda found: bool(ed.client.messages))
        assert "lies outside of" in ed.client.messages[0].message
        (folder / "dockerslim.toml").unlink()
        (folder / "dockerslim.toml").symlink_to(outside / "dockerslim.toml")
        changed(ed, folder / "dockerslim.toml")
        await until(ed, uri, lambda found: found == {"None"})
    read = [line for line in trace.read_text(errors="replace").splitlines() if f'"{outside}/' in line]
    assert any(f'"{folder}' in line for line in read)
    assert [line for line in read if f'"{folder}' not in line] == []


def test_an_ignore_file_that_leads_outside_is_not_read(folder: Path) -> None:
    (folder.parent / "ignore").write_text("*\n")
    (folder / "run").write_text("echo\n")
    (folder / ".dockerignore").symlink_to(folder.parent / "ignore")
    path = folder / "Dockerfile"
    found = Folder(folder).holding(path, TEXT, DEFAULT, date(2026, 1, 1)).options.builds
    assert found is not None
    assert found() == ()
    (folder / ".dockerignore").unlink()
    found = Folder(folder).holding(path, TEXT, DEFAULT, date(2026, 1, 1)).options.builds
    assert found is not None
    assert len(found()) == 1


@pytest.mark.asyncio
async def test_without_a_folder_a_document_is_text_alone(folder: Path) -> None:
    (folder / "dockerslim.toml").write_text('ignore = ["DS201"]\n')
    async with editor() as ed:
        assert "DS201" in await codes(ed, ed.open(folder / "Dockerfile"))


@pytest.mark.asyncio
async def test_folders_come_and_go(folder: Path) -> None:
    (folder / "dockerslim.toml").write_text('ignore = ["DS201"]\n')
    async with editor() as ed:
        uri = ed.open(folder / "Dockerfile")
        one = types.WorkspaceFolder(str(from_fs_path(str(folder))), "workspace")
        for added, removed, expected in (([one], [], False), ([], [one], True)):
            event = types.WorkspaceFoldersChangeEvent(added, removed)
            ed.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
            assert ("DS201" in await codes(ed, uri)) is expected


@pytest.mark.asyncio
async def test_the_same_bytes_from_command_line_interface_and_server(folder: Path) -> None:
    examples = Path(__file__).parents[2] / "examples"
    async with editor(examples, options={"level": "standard"}) as ed:
        for path in sorted(examples.glob("*/Dockerfile")):
            uri = ed.open(path)
            text = await ed.text(uri)
            run = "from dockerslim_rewrite.cli import main; main()"
            command = [sys.executable, "-c", run, "rewrite", str(path), "-q"]
            done = subprocess.run(command, capture_output=True, check=True, env=os.environ | {"NO_COLOR": "1"})
            assert text.encode() == done.stdout, path
            options = Options(builds=partial(workspace_for(path).projects, path), lock=lock_for(str(path)))
            assert rewrite(path.read_bytes(), options, str(path)).text == text


def test_every_option_of_a_configuration_file_can_be_set_in_an_editor() -> None:
    left_out = {"templates", "lock", "dockerignore"}
    assert {one.key for one in settings() if one.config} - left_out <= set(known())


@pytest.mark.asyncio
async def test_what_the_project_has_accepted_is_not_told(folder: Path) -> None:
    command = [sys.executable, "-m", "dockerslim_rewrite", "baseline", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert "DS201" not in await codes(ed, uri)
        (folder / ".dockerslim-baseline").unlink()
        changed(ed, folder / ".dockerslim-baseline")
        assert "DS201" in await until(ed, uri, lambda found: "DS201" in found)


@pytest.mark.asyncio
async def test_a_baseline_as_written_holds_nothing_that_is_not_there(folder: Path) -> None:
    text = "FROM python:3.11\nRUN apt-get update\nRUN apt-get install -y gcc\nCMD foo bar\n"
    (folder / "Dockerfile").write_text(text)
    command = [sys.executable, "-m", "dockerslim_rewrite", "baseline", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    async with editor(folder) as ed:
        told = await ed.diagnostics(ed.open(folder / "Dockerfile"))
        assert not [one for one in told if one.code == "DS000" or (one.data or {}).get("change")]
        # An entry that matches nothing is still told.
        with (folder / ".dockerslim-baseline").open("a") as file:
            file.write("Dockerfile\tDS602\t\t000000000000\n")
        changed(ed, folder / ".dockerslim-baseline")
        await until(ed, str(from_fs_path(str(folder / "Dockerfile"))), lambda found: "DS000" in found)


@pytest.mark.asyncio
@pytest.mark.parametrize("create", [False, True])
async def test_what_is_told_of_an_instruction_is_added_to_the_baseline(folder: Path, create: bool) -> None:
    baseline = folder / ".dockerslim-baseline"
    uri_of = str(from_fs_path(str(baseline)))
    capabilities = types.WorkspaceEditClientCapabilities(
        document_changes=True, resource_operations=[types.ResourceOperationKind.Create] if create else None
    )
    async with editor(folder, edits=capabilities) as ed:
        uri = ed.open(folder / "Dockerfile")
        before = await codes(ed, uri)
        for rule, line in (("DS603", 3), ("DS201", 1)):
            title = f"Add {rule} here to the baseline"
            (action,) = [one for one in await ed.actions(uri, (line, 0), (line, 0)) if one.title == title]
            assert action.edit is not None
            assert action.edit.document_changes is not None
            *made, change = action.edit.document_changes
            assert [type(one) for one in made] == ([types.CreateFile] if create and not baseline.exists() else [])
            old = baseline.read_text() if baseline.exists() else ""
            edits = edits_of(types.WorkspaceEdit(document_changes=[change]), uri_of)
            baseline.write_text(applied(old, edits))
            changed(ed, baseline)
            assert rule not in await until(ed, uri, lambda found, rule=rule: rule not in found)
            baseline.write_text(baseline.read_text().rstrip("\n"))
        assert before - await codes(ed, uri) == {"DS201", "DS603"}
    known = read_baseline(baseline.read_text(), "")["Dockerfile"]
    assert {rule for rule, _, _ in known} == {"DS201", "DS603"}
    lines = baseline.read_text().splitlines()[1:]
    assert lines == sorted(lines)
    # What the command writes for the same findings is the same, to the byte.
    shown = [Accepted(*line.split("\t")[1:]) for line in lines]
    assert write_baseline({"Dockerfile": shown}).rstrip("\n") == baseline.read_text()


@pytest.mark.asyncio
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
async def test_an_open_baseline_is_added_to_as_it_stands_there(folder: Path, ends: str) -> None:
    baseline = folder / ".dockerslim-baseline"
    baseline.write_text("# saved\n" * 5 + "Other\tDS201\ts\t000000000000\n")
    text = ends.join(("# not saved", "Z\tDS201\ts\t000000000000", ""))
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        opened = ed.open(baseline, text, "plaintext")
        ed.change(opened, text)

        async def added() -> list[types.CodeAction]:
            return [one for one in await ed.actions(uri, (0, 0), (99, 0)) if "to the baseline" in one.title]

        first = (await added())[0]
        assert first.edit is not None
        assert first.edit.document_changes is not None
        assert first.edit.document_changes[0].text_document.version == 2  # type: ignore[union-attr]
        text = applied(text, edits_of(first.edit, opened))
        assert [line[:10] for line in text.split(ends)][::2] == ["# not save", "Z\tDS201\ts\t"]
        assert text.count("\n") == text.count(ends) == 3
        ed.change(opened, text)
        assert first.title not in [one.title for one in await added()]


@pytest.mark.asyncio
async def test_a_note_on_the_base_of_an_inserted_stage_is_ignored_at_its_own(folder: Path) -> None:
    text = "FROM python:3.10\nADD ./ /app\nWORKDIR /app\nRUN pip install -r requirements.txt\nCMD python app.py\n"
    (folder / "requirements.txt").write_text("psycopg2==2.9.9\n")
    (folder / "app.py").write_text("import requests\n")
    options = {"level": "aggressive", "extendSelect": ["lint"]}
    async with editor(folder, options=options) as ed:
        uri = ed.open(folder / "Dockerfile", text)
        told = [one for one in await ed.diagnostics(uri) if one.code == "DS306"]
        assert [one.range.start.line for one in told] == [0]
        assert "AS runtime" in await ed.text(uri)
        (action,) = [one for one in await ed.actions(uri, (0, 0), (0, 0)) if one.title == "Ignore DS306 here"]
        ed.change(uri, applied(text, edits_of(action.edit, uri)))
        assert "AS runtime" in await ed.text(uri)
        assert not {"DS306", "DS000"} & {one.code for one in await ed.diagnostics(uri)}


@pytest.mark.asyncio
async def test_a_baseline_that_leads_elsewhere_is_not_added_to(folder: Path) -> None:
    (folder.parent / "other").write_text("")
    (folder / ".dockerslim-baseline").symlink_to(folder.parent / "other")
    async with editor(folder) as ed:
        uri = ed.open(folder / "Dockerfile")
        assert "Add" not in " ".join(one.title for one in await ed.actions(uri, (1, 0), (1, 0)))
        (told,) = [one.message for one in await ed.diagnostics(uri) if one.code is None]
        assert ".dockerslim-baseline" in told
        assert "no change is offered until this is put right" in told
        (folder / ".dockerslim-baseline").unlink()
        changed(ed, folder / ".dockerslim-baseline")
        await until(ed, uri, lambda found: "DS201" in found)
        assert [one for one in await ed.actions(uri, (1, 0), (1, 0)) if "baseline" in one.title]


def test_what_was_read_long_ago_is_read_anew_for_every_document(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Folder(folder)
    path = folder / "Dockerfile"
    first = one.holding(path, TEXT, DEFAULT, date(2026, 1, 1))
    assert not one.outlived(first)
    monkeypatch.setattr("dockerslim_rewrite.editor.surroundings.LIFETIME", -1)
    assert one.outlived(first)
    one.watched = True
    assert not one.outlived(first)
    one.forget()
    second = one.holding(path, TEXT, DEFAULT, date(2026, 1, 1))
    assert (one.outlived(first), one.outlived(second)) == (True, False)


@pytest.mark.asyncio
async def test_what_is_found_out_anew_is_shown_to_a_client_that_watches_no_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    session = Session(server, lambda: datetime.now(UTC))
    told: list[set[object]] = []

    def published(params: types.PublishDiagnosticsParams) -> None:
        told.append({one.code for one in params.diagnostics})

    monkeypatch.setattr(server, "text_document_publish_diagnostics", published)
    session.add_folders([folder.as_uri()])
    document = session.documents.open(types.TextDocumentItem((folder / "Dockerfile").as_uri(), "dockerfile", 1, TEXT))
    session.touched(document)
    await asyncio.sleep(0.05)
    await session.analysed(document)
    await asyncio.sleep(0.05)
    assert [one >= {"DS201"} for one in told] == [True]
    (folder / "dockerslim.toml").write_text('ignore = ["DS201"]\n')
    for expected in (2, 2):
        # So much time has passed; nothing new is published where all is as it was.
        monkeypatch.setattr(session.folders[0], "_since", -1000.0)
        found = await session.analysed(document)
        assert found is not None
        assert "DS201" not in {one.rule for one in found.changes}
        await asyncio.sleep(0.3)
        assert len(told) == expected
    assert "DS201" not in told[-1]
    session.end()


@pytest.mark.asyncio
@pytest.mark.parametrize("asked_besides", [False, True])
async def test_a_text_whose_surroundings_grow_old_while_it_is_looked_at_is_told_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, asked_besides: bool
) -> None:
    server = Server()
    session = Session(server, lambda: datetime.now(UTC))
    told = asyncio.Event()
    monkeypatch.setattr(server, "text_document_publish_diagnostics", lambda _: told.set())
    session.add_folders([folder.as_uri()])
    (one,) = session.folders
    document = session.documents.open(types.TextDocumentItem((folder / "Dockerfile").as_uri(), "dockerfile", 1, TEXT))
    analyse = session._analyse
    aged: list[int] = []

    def slow(*arguments: Any) -> Any:
        found = analyse(*arguments)
        if not aged:
            # Ten seconds and the time that this took have passed since the folder was read.
            one._since = -1000.0
            aged.append(1)
        return found

    monkeypatch.setattr(session, "_analyse", slow)
    session.touched(document)
    others = [asyncio.ensure_future(session.analysed(document)) for _ in range(3 * asked_besides)]
    await asyncio.wait_for(told.wait(), 10)
    await asyncio.gather(*others)
    session.end()


@pytest.mark.asyncio
async def test_what_takes_longer_than_it_counts_is_answered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dockerslim_rewrite.editor.surroundings.LIFETIME", -1)
    session = Session(Server(), lambda: datetime.now(UTC))
    session.add_folders([folder.as_uri()])
    document = session.documents.open(types.TextDocumentItem((folder / "Dockerfile").as_uri(), "dockerfile", 1, TEXT))
    assert await asyncio.wait_for(session.analysed(document), 10) is not None
    session.end()
