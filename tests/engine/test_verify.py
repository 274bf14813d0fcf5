"""The order of work and its judgement, with an engine of paper: what is built is what the Dockerfile's text says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerslim_rewrite.engine import verify as module
from dockerslim_rewrite.engine.announced import Announced
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.choose import choose
from dockerslim_rewrite.engine.context import source_file, touched
from dockerslim_rewrite.engine.expectations import removals
from dockerslim_rewrite.engine.interface import BuildFailed, EngineError, RunOutcome
from dockerslim_rewrite.engine.verify import Candidate, VerifyOptions, smoke_command, verify, verify_each
from dockerslim_rewrite.report import verify as report
from dockerslim_rewrite.report.verify import verification_lines
from tests.engine.paper import PaperEngine

Verify = Callable[..., module.Verification]


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> PaperEngine:
    engine = PaperEngine()
    monkeypatch.setattr(module, "choose", lambda wanted, folder: engine)
    return engine


@pytest.fixture
def verified(tmp_path: Path, paper: PaperEngine) -> Verify:
    def run(
        before: str, after: str, announced: Announced | None = None, estimate: int | None = None, **options: object
    ) -> module.Verification:
        context = tmp_path / "context"
        context.mkdir()
        (context / "app.py").write_text("pass")
        for name, text in (("before", before), ("after", after)):
            steps = "".join(f"RUN {line}\n" for line in text.splitlines())
            (tmp_path / name).write_text(f"FROM debian:12\n{steps}")
        candidate = Candidate(tmp_path / "after", announced or Announced(), estimate)
        return verify(tmp_path / "before", candidate, context, VerifyOptions(**options))  # type: ignore[arg-type]

    return run


def test_builds_come_in_order_and_everything_goes(verified: Verify, paper: PaperEngine, tmp_path: Path) -> None:
    result = verified("/a=1\n", "/a=1\n")
    assert result.equivalent
    assert result.touched == Path("app.py")
    assert paper.journal[:6] == [
        "fetch debian:12",
        "build before fresh 'pass'",
        "build before-warm 'pass\\n'",
        "build control fresh 'pass'",
        "build after fresh 'pass'",
        "build after-warm 'pass\\n'",
    ]
    assert {line.split()[0] for line in paper.journal[6:-1]} == {"remove"}
    assert paper.journal[-1] == "close"
    assert paper.images == {}
    assert (tmp_path / "context" / "app.py").read_text() == "pass"


def test_a_missing_file_is_unexpected_unless_announced(verified: Verify) -> None:
    result = verified("/a=1\n/b=22\n", "/a=1\n", warm=False, control=False)
    assert not result.equivalent
    assert [d.path for d in result.unexpected] == ["/b"]
    assert result.saved == 2


def test_announced_differences_leave_the_verdict_alone(verified: Verify) -> None:
    result = verified("/a=1\n/b=22\n", "/a=1\n", announced=Announced(removals(["/b"], "a claim")))
    assert result.equivalent
    assert len(result.files) == 1


def test_what_never_stays_the_same_is_known_from_the_control(verified: Verify) -> None:
    assert verified("/a=1\n/id=*\n", "/a=1\n/id=*\n").equivalent


def test_without_control_noise_counts(verified: Verify) -> None:
    assert not verified("/a=1\n/id=*\n", "/a=1\n/id=*\n", control=False).equivalent


def test_the_smoke_command_has_a_say(verified: Verify) -> None:
    result = verified("/a=1\nsays=hello\n", "/a=1\nsays=goodbye\n", smoke=("true",))
    assert not result.unexpected
    assert not result.smoke_agrees
    assert not result.equivalent
    assert "exit status 0 before, exit status 0 after, other output" in "\n".join(report.verification_lines(result))


def test_a_smoke_command_that_was_cut_short_gets_another_chance(
    verified: Verify, paper: PaperEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter(("hello", "hel", "hello", "hello"))
    monkeypatch.setattr(paper, "run", lambda request: RunOutcome(0, next(said), ""))
    result = verified("/a=1\n", "/a=1\n", smoke=("true",))
    assert result.equivalent
    assert next(said, None) is None


def test_a_failed_build_names_the_instruction_and_leaves_nothing(verified: Verify, paper: PaperEngine) -> None:
    with pytest.raises(BuildFailed) as caught:
        verified("/a=1\n", "fail\n")
    assert list(report.failure_lines(caught.value))[1:] == ["  oh", "  no"]
    assert "RUN false" in next(report.failure_lines(caught.value))
    assert json.loads(report.failure_json(caught.value))["failed"]["instruction"] == "RUN false"
    assert "    oh\n    no" in report.failure_markdown(caught.value)
    assert paper.images == {}
    assert "close" in paper.journal


def test_several_rewrites_are_held_against_one_build(tmp_path: Path, paper: PaperEngine) -> None:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "app.py").write_text("pass")
    texts = {"before": "/a=1", "same": "/a=1", "broken": "fail", "less": "/b=1"}
    for name, line in texts.items():
        (tmp_path / name).write_text(f"FROM debian:12\nRUN {line}\n")
    afters = [Candidate(tmp_path / name) for name in ("same", "broken", "less")]
    outcomes = list(verify_each(tmp_path / "before", afters, tmp_path / "context", VerifyOptions(warm=False)))
    assert [isinstance(o, BuildFailed) or o.equivalent for o in outcomes] == [True, True, False]
    assert isinstance(outcomes[1], BuildFailed)
    assert [line.split()[1] for line in paper.journal if line.startswith("build")] == [
        "before", "control", "after-1", "after-2", "after-3",
    ]  # fmt: skip
    assert paper.images == {}


def test_a_file_to_touch_has_to_be_there(verified: Verify, paper: PaperEngine) -> None:
    with pytest.raises(EngineError, match=r"nowhere\.py"):
        verified("/a=1\n", "/a=1\n", touch=Path("nowhere.py"))
    assert not [line for line in paper.journal if line.startswith("build")]


def test_reports_say_the_same(verified: Verify) -> None:
    before = "/a=1\n/opt=\n/x|y=`1`\n/var/lib/apt/lists/one=12345\n"
    result = verified(before, "/a=2\n/opt=\n", estimate=5)
    text = "\n".join(report.verification_lines(result))
    assert "! changed /a (0 B)" in text
    assert "removed 1: package lists (−5 B)" in text
    assert text.endswith("different")
    assert "estimated were 5 B" in text
    data = json.loads(report.verification_json(result))
    assert (data["saved"], data["equivalent"], data["before"]["size"]) == (8, False, 9)
    assert {d["path"]: d["expected"] for d in data["files"]}["/var/lib/apt/lists/one"] == "package lists"
    markdown = report.verification_markdown(result)
    assert markdown.startswith("### ❌ different: 8 B (88.9 %) smaller")
    assert "- removed `/x\\|y`" in markdown


def test_a_whole_folder_is_one_entry(verified: Verify) -> None:
    groups = report.by_folder(verified("/a=1\n/opt=\n/opt/x=1\n/opt/y/z=1\n/optional=1\n", "/a=1\n").files)
    assert [(group.name, group.count) for group in groups] == [("/opt", 3), ("/optional", 1)]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("curl x | grep y", ("/bin/sh", "-c", "curl x | grep y")),
        (' ["/app", "-check"]\n', ("/app", "-check")),
        ("[ -f /a ]", None),
        ("[]", None),
        ("[1]", None),
    ],
)
def test_smoke_commands(text: str, command: tuple[str, ...] | None) -> None:
    if command is None:
        with pytest.raises(ValueError, match=r"JSON|Expecting"):
            smoke_command(text)
    else:
        assert smoke_command(text) == command


def test_images_from_outside(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(
        'ARG V=3.11\nARG "W=x"\nFROM python:${V}-slim AS build\nFROM scratch\nFROM build\nFROM Build AS two\n'
        "FROM node:18\nFROM ${NOTHING}\nFROM node:18\n"
    )
    assert external_images(file, {}) == ("python:3.11-slim", "node:18")
    assert external_images(file, {"V": "3.12"}) == ("python:3.12-slim", "node:18")
    file.write_text("FROM a b c d\n")
    assert external_images(file, {}) == ()


def test_the_file_to_touch_is_source_not_manifest(tmp_path: Path) -> None:
    for name in ("requirements.txt", "package.json", "tests/big.py", "src/main.py", ".hidden.py", "setup.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x" * 99)
    assert source_file(tmp_path) == Path("src/main.py")
    (tmp_path / "app.py").write_text("x")
    (tmp_path / "larger.py").write_text("xx")
    assert source_file(tmp_path) == Path("larger.py")
    with touched(tmp_path, Path("app.py")):
        assert (tmp_path / "app.py").read_text() == "x\n"
    assert (tmp_path / "app.py").read_text() == "x"


def test_no_engine_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"(?s)docker: not installed.*podman: not.*buildah: not.*apt-get install"):
        choose(None, tmp_path)
    with pytest.raises(EngineError, match="unknown engine 'kaniko'"):
        choose("kaniko", tmp_path)


def test_without_a_smoke_the_start_is_watched(verified: Verify, paper: PaperEngine) -> None:
    result = verified("/a=1\nlistens=5000", "/a=1\nlistens=5000", warm=False, control=False)
    assert [line for line in paper.journal if line.startswith("start")] == ["start before", "start after"]
    assert result.equivalent
    text = "\n".join(verification_lines(result))
    assert "the container's start: listens on 5000 in both" in text
    assert "rests on the files and the configuration of both images, the container's start, without requests; " in text


@pytest.mark.parametrize("after", ["/a=1\nlistens=5001", "/a=1\nends=1", "/a=1\nends=0"])
def test_a_container_that_starts_otherwise_is_another(verified: Verify, after: str) -> None:
    result = verified("/a=1\nlistens=5000", after, warm=False, control=False)
    assert not result.equivalent
    assert not result.unexpected


def test_with_a_smoke_it_is_not_watched(verified: Verify, paper: PaperEngine) -> None:
    result = verified("listens=5000", "listens=5001", warm=False, control=False, smoke=("true",))
    assert result.equivalent
    assert not [line for line in paper.journal if line.startswith("start")]
    assert "nobody used" not in "\n".join(verification_lines(result))


def test_another_base_alone_is_not_enough(verified: Verify) -> None:
    """Without a smoke, and where nobody watched, files that may differ tell nothing of whether the program works."""
    other = Announced(other_base=True)
    result = verified("/a=1\nlistens=80", "/a=1\nlistens=80", announced=other, warm=False, control=False, start=False)
    assert not result.equivalent
    assert "on another base that is not enough" in "\n".join(verification_lines(result))


def test_what_is_not_the_same_in_two_builds_is_listed(verified: Verify) -> None:
    text = "\n".join(verification_lines(verified("/a=*\n", "/a=*\n", warm=False)))
    assert "    changed /a (differs between two builds of BEFORE)" in text
