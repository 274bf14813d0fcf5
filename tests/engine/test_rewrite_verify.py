"""``rewrite --verify``: what two builds show decides whether anything is written. The builds are of paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dockerslim_rewrite.cli.app import app
from dockerslim_rewrite.engine import verify as module
from dockerslim_rewrite.engine.interface import BuildRequest, EngineError
from tests.engine.paper import PaperEngine

POOR = "FROM debian:12\nMAINTAINER Jane\nRUN /a=1\n"
#: The rewriter turns MAINTAINER into a LABEL; what the paper engine then builds is up to each test.
MARK = "LABEL"


class Judged(PaperEngine):
    """Builds what the file says, and beside it, for the rewritten file, *extra*."""

    def __init__(self, extra: str = "") -> None:
        super().__init__()
        self.extra = extra
        self.ignored: list[bool] = []

    def lines(self, request: BuildRequest) -> list[str]:
        self.ignored.append(request.dockerfile.with_name(f"{request.dockerfile.name}.dockerignore").is_file())
        lines = super().lines(request)
        return [*lines, self.extra] if any(line.startswith(MARK) for line in lines) else lines


def _call(monkeypatch: pytest.MonkeyPatch, engine: PaperEngine | None, *arguments: str, data: str = "") -> Result:
    def choose(wanted: str | None, folder: Path) -> PaperEngine:
        if engine is None:
            raise EngineError("no container engine works here.")
        return engine

    monkeypatch.setattr(module, "choose", choose)
    return CliRunner().invoke(app, ["rewrite", "--verify", *arguments], input=data, catch_exceptions=False)


@pytest.fixture
def poor(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("pass")
    path = tmp_path / "Dockerfile"
    path.write_text(POOR)
    return path


def test_an_equivalent_rewrite_is_written(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Judged()
    done = _call(monkeypatch, engine, str(poor), "-i")
    assert done.exit_code == 0, done.stderr
    assert MARK in poor.read_text()
    assert [line.split()[1] for line in engine.journal if line.startswith("build")] == ["before", "control", "after"]
    assert f"{poor} (rewritten)" in done.stderr
    assert "\nequivalent\n" in done.stderr
    assert "DS6" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("extra", ["RUN /b=2", "RUN /a=3"])
@pytest.mark.parametrize("output", [["-i"], ["-o", "{folder}/out"], [], ["--diff"]])
def test_another_image_is_not(poor: Path, monkeypatch: pytest.MonkeyPatch, extra: str, output: list[str]) -> None:
    arguments = [word.format(folder=poor.parent) for word in output]
    done = _call(monkeypatch, Judged(extra), str(poor), *arguments)
    assert done.exit_code == 1
    assert poor.read_text() == POOR
    assert not (poor.parent / "out").exists()
    assert done.stdout == ""
    assert "different" in done.stderr
    assert done.stderr.endswith("the rewritten file builds another image, so nothing was written\n")


def test_what_does_not_build_is_not(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _call(monkeypatch, Judged("RUN fail"), str(poor), "-i")
    assert done.exit_code == 2
    assert poor.read_text() == POOR
    assert "the rewritten file does not build, so nothing was written" in done.stderr
    assert "at RUN false\n  oh\n  no\n" in done.stderr
    poor.write_text(POOR + "RUN fail\n")
    done = _call(monkeypatch, Judged(), str(poor), "-i")
    assert done.exit_code == 2
    assert "the file as it was does not build, so nothing was written" in done.stderr


def test_without_an_engine_nothing_is_written(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _call(monkeypatch, None, str(poor), "-i", "-q")
    assert done.exit_code == 2
    assert poor.read_text() == POOR
    assert done.stderr == (
        f"dockerslim: no container engine works here.\ndockerslim: {poor}: not verified, so nothing was written\n"
    )


def test_what_stays_as_it_is_needs_no_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = tmp_path / "Dockerfile"
    good.write_text('FROM debian:12\nCMD ["true"]\n')
    done = _call(monkeypatch, None, str(good))
    assert (done.exit_code, done.stdout) == (0, good.read_text())


def test_each_file_is_judged_by_itself(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = poor.with_name("bad.Dockerfile")
    bad.write_text(POOR + "RUN fail\n")
    done = _call(monkeypatch, Judged(), str(bad), str(poor), "-i", "-q")
    assert done.exit_code == 2
    assert MARK not in bad.read_text()
    assert MARK in poor.read_text()


@pytest.mark.parametrize(("extra", "code"), [("", 0), ("RUN /b=2", 1), ("RUN fail", 2)])
def test_json(poor: Path, monkeypatch: pytest.MonkeyPatch, extra: str, code: int) -> None:
    done = _call(monkeypatch, Judged(extra), str(poor), "--format", "json")
    assert done.exit_code == code
    entry = json.loads(done.stdout)["files"][0]
    assert entry["verification"]["equivalent"] == {0: True, 1: False, 2: None}[code]
    assert ("text" in entry) is (code == 0)
    if code == 1:
        assert [file["path"] for file in entry["verification"]["files"]] == ["/b"]
    if code == 2:
        assert entry["verification"]["failed"]["instruction"] == "RUN false"


def test_standard_input_wants_a_context(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _call(monkeypatch, Judged(), "-", data=POOR)
    assert done.exit_code == 2
    assert "a Dockerfile from standard input is built with --context" in done.stderr
    done = _call(monkeypatch, Judged(), "-", "--context", str(poor.parent), data=POOR)
    assert done.exit_code == 0
    assert MARK in done.stdout


def test_what_is_ignored_beside_the_file_is_ignored_for_both(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poor.with_name("Dockerfile.dockerignore").write_text("*.md\n")
    engine = Judged()
    assert _call(monkeypatch, engine, str(poor)).exit_code == 0
    assert engine.ignored == [True, True, True]


@pytest.fixture
def composed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Dockerfile in a folder of its own; the compose file above it builds with another folder as the context."""
    (tmp_path / "compose.yaml").write_text(
        "services:\n  web:\n    build:\n      context: source\n      dockerfile: ../docker/Dockerfile\n"
    )
    for name in ("source", "docker"):
        (tmp_path / name).mkdir()
    (tmp_path / "source" / "app.py").write_text("pass")
    path = tmp_path / "docker" / "Dockerfile"
    path.write_text(POOR)
    return path


def test_builds_have_the_context_that_the_passes_have(composed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The paper engine reads app.py, which lies only in the folder that the compose file names."""
    engine = Judged()
    assert _call(monkeypatch, engine, str(composed)).exit_code == 0
    assert "build after fresh 'pass'" in engine.journal
    monkeypatch.setattr(module, "choose", lambda wanted, folder: engine)
    done = CliRunner().invoke(app, ["verify", str(composed), str(composed)], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr


def test_a_context_that_is_named_comes_first(composed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "app.py").write_text("other")
    engine = Judged()
    assert _call(monkeypatch, engine, str(composed), "--context", str(tmp_path / "other")).exit_code == 0
    assert "build after fresh 'other'" in engine.journal


def test_a_dockerignore_is_written_when_builds_agree_with_it(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The image may lack what is left out, and only the rewritten file is built without it."""
    (poor.parent / "node_modules" / "a").mkdir(parents=True)
    (poor.parent / "node_modules" / "a" / "index.js").write_text("1")
    (poor.parent / "package.json").write_text("{}")
    poor.write_text("FROM node:18\nMAINTAINER Jane\nCOPY . /app\nRUN npm ci\n")

    class Copies(Judged):
        def lines(self, request: BuildRequest) -> list[str]:
            lines = super().lines(request)
            return lines if self.ignored[-1] else [*lines, "RUN /app/node_modules/a/index.js=1"]

    engine = Copies()
    done = _call(monkeypatch, engine, str(poor), "-i", "--dockerignore")
    assert done.exit_code == 0, done.stderr
    assert engine.ignored == [False, False, True]
    assert "node_modules" in poor.with_name(".dockerignore").read_text()
    assert "left out by .dockerignore" in done.stderr


def test_the_smoke_command_has_a_say(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poor.write_text(POOR + "RUN says=hello\n")
    done = _call(monkeypatch, Judged("RUN says=goodbye"), str(poor), "--smoke", "true")
    assert done.exit_code == 1
    assert "other output" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--check"], ["--smoke", "a", "--smoke-file", "b"], ["--smoke-file", "nowhere"], ["--context", "nowhere"]],
)
def test_bad_options(poor: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    done = _call(monkeypatch, Judged(), str(poor), "-i", *arguments)
    assert done.exit_code == 2
    assert poor.read_text() == POOR
    assert len(done.stderr.splitlines()) == 1


def test_an_engine_is_named_or_given_by_its_path(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in ("docker", "/usr/bin/docker"):
        assert _call(monkeypatch, Judged(), str(poor), "--engine", engine).exit_code == 0
    for command in (["rewrite", str(poor), "--verify"], ["verify", str(poor), str(poor)]):
        done = CliRunner().invoke(app, [*command, "--engine", "/usr/bin/kaniko"], catch_exceptions=False)
        complaint = "dockerslim: --engine: unknown engine '/usr/bin/kaniko'; known engines: docker, podman, buildah\n"
        assert (done.exit_code, done.stderr) == (2, complaint)


def test_options_of_builds_need_it(poor: Path) -> None:
    done = CliRunner().invoke(app, ["rewrite", str(poor), "-i", "--smoke", "true"])
    assert done.exit_code == 2
    assert poor.read_text() == POOR
