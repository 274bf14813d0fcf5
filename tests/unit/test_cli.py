"""The command line on good and bad input: exit codes, one clear line, nothing lost, no traceback."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dockerslim_rewrite.cli import files

POOR = "FROM debian:12\nMAINTAINER Jane\nRUN apt-get update\nRUN apt-get install -y curl\n"
GOOD = 'FROM debian:12\nCMD ["true"]\n'


def call(
    *arguments: str | Path, data: bytes | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from dockerslim_rewrite.cli import main; main()", *map(str, arguments)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, input=data, capture_output=True, cwd=cwd, env=env, check=False)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


@pytest.fixture
def poor(tmp_path: Path) -> Path:
    path = tmp_path / "Dockerfile"
    path.write_text(POOR)
    return path


def test_module_is_the_command(poor: Path) -> None:
    command = [sys.executable, "-m", "dockerslim_rewrite", "rewrite", str(poor)]
    done = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2], check=False)
    assert (done.returncode, done.stdout) == (0, call("rewrite", poor).stdout)


@pytest.mark.parametrize("place", ["_one", "_once"])
def test_our_own_mistake_is_one_line(poor: Path, place: str) -> None:
    """In a rule it stops one file and no other; anywhere else it ends the program, and without a traceback."""
    good = poor.with_name("Good.Dockerfile")
    good.write_text(GOOD)
    code = (
        "from dockerslim_rewrite.cli import main, rewrite\n"
        f"right = rewrite.{place}\n"
        "def wrong(first, *more):\n"
        "    if str(first).endswith('Good.Dockerfile'): return right(first, *more)\n"
        "    raise KeyError('/s/.env')\n"
        f"rewrite.{place} = wrong\n"
        "main()"
    )
    command = [sys.executable, "-c", code, "rewrite", str(poor), str(good), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "failed (KeyError: '/s/.env'); please report this" in done.stderr
    if place == "_one":
        assert f"{poor}: left as it is: the rewriter failed" in done.stderr


def test_output_file(poor: Path, tmp_path: Path) -> None:
    done = call("rewrite", poor, "-o", tmp_path / "out")
    assert done.returncode == 0
    assert done.stdout == b""
    assert "apt-get update && \\\n" in (tmp_path / "out").read_text()
    assert poor.read_text() == POOR
    assert b"DS101" in done.stderr


def test_standard_input_and_output() -> None:
    done = call("rewrite", "-", data=POOR.encode())
    assert done.returncode == 0
    assert done.stdout.startswith(b"FROM debian:12\nLABEL ")


def test_check(poor: Path, tmp_path: Path) -> None:
    assert call("rewrite", poor, "--check").returncode == 1
    assert poor.read_text() == POOR
    good = tmp_path / "good"
    good.write_text(GOOD)
    assert call("rewrite", good, "--check").returncode == 0


@pytest.mark.parametrize("text", [POOR, POOR.rstrip("\n"), POOR.replace("\n", "\r\n"), "\ufeff" + POOR])
def test_git_applies_the_diff(text: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(text.encode())
    wanted = call("rewrite", "Dockerfile", "-q", cwd=tmp_path).stdout
    diff = call("rewrite", "Dockerfile", "--diff", "-q", cwd=tmp_path).stdout
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], input=diff, cwd=tmp_path, check=True)
    assert (tmp_path / "Dockerfile").read_bytes() == wanted


@pytest.mark.parametrize("mode", [0o4751, 0o2751, 0o6755, 0o1644])
def test_in_place_keeps_whose_rights_a_program_takes(poor: Path, mode: int) -> None:
    poor.chmod(mode)
    assert call("rewrite", "-i", poor).returncode == 0
    assert stat.S_IMODE(poor.stat().st_mode) == mode


def test_in_place_keeps_mode(poor: Path) -> None:
    poor.chmod(0o640)
    assert call("rewrite", "--in-place", poor).returncode == 0
    assert poor.read_text() != POOR
    assert stat.S_IMODE(poor.stat().st_mode) == 0o640
    assert os.listdir(poor.parent) == ["Dockerfile"]


def test_in_place_does_not_touch_what_is_good(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(GOOD)
    before = path.stat()
    assert call("rewrite", "--in-place", path).returncode == 0
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_json(poor: Path) -> None:
    report = json.loads(call("rewrite", poor, "--format", "json").stdout)
    assert {change["rule"] for change in report["files"][0]["changes"]} >= {"DS101", "DS201", "DS602"}
    assert report["files"][0]["text"].startswith("FROM debian:12\nLABEL ")


def test_select_by_another_tools_code(poor: Path) -> None:
    done = call("rewrite", poor, "--select", "DL4000", "--diff")
    assert b"+LABEL" in done.stdout
    assert b"+    apt-get" not in done.stdout


def test_rules_explain_and_ir(poor: Path) -> None:
    assert b"DL3009" in call("rules").stdout
    assert b"becomes" in call("explain", "DL3009").stdout
    assert json.loads(call("ir", poor).stdout)["stages"][0]["image"] == "debian:12"


BAD = {
    "no Dockerfile": b"hello world\n",
    "empty": b"",
    "only comments": b"# nothing\n",
    "binary": b"\x7fELF\0\0\0",
    "UTF-16": "FROM a\n".encode("utf-16"),
    "unterminated here-document": b"FROM a\nRUN <<EOF\nx\n",
    "template": b"{{ include }}\nFROM a\n",
    "huge": b"FROM a\n" + b"RUN true\n" * 1_200_000,
    "one long line": b"FROM a\nRUN " + b"x" * 1_000_000 + b"\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_content(name: str, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(BAD[name])
    for arguments in (["--in-place"], ["--check"], ["-o", str(tmp_path / "out")]):
        done = call("rewrite", path, *arguments)
        assert done.returncode == 2
        assert done.stdout == b""
        assert len(done.stderr.splitlines()) == 1
        assert str(path).encode() in done.stderr
    assert path.read_bytes() == BAD[name]
    assert not (tmp_path / "out").exists()


def test_bad_paths(poor: Path, tmp_path: Path) -> None:
    missing = call("rewrite", tmp_path / "missing")
    assert missing.returncode == 2
    assert b"No such file" in missing.stderr
    folder = call("rewrite", tmp_path, "-o", tmp_path / "out")
    assert folder.returncode == 2
    assert b"-o takes one file" in folder.stderr
    into_folder = call("rewrite", poor, "-o", tmp_path)
    assert into_folder.returncode == 2
    nowhere = call("rewrite", poor, "-o", tmp_path / "no" / "out")
    assert nowhere.returncode == 2
    assert poor.read_text() == POOR


def test_read_only_target_stays(poor: Path) -> None:
    poor.chmod(0o444)
    done = call("rewrite", "--in-place", poor)
    assert done.returncode == 2
    assert b"read-only" in done.stderr
    assert poor.read_text() == POOR


def test_symbolic_links_are_not_followed(poor: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(poor)
    attempts: list[list[str | Path]] = [["--in-place", link], ["-o", link, poor]]
    for arguments in attempts:
        done = call("rewrite", *arguments)
        assert done.returncode == 2
        assert b"symbolic link" in done.stderr
    assert poor.read_text() == POOR


@pytest.mark.parametrize(
    "arguments",
    [["--level", "bold"], ["--select", "DS999"], ["--format", "xml"], ["--style", "odd"], ["-o", "x", "--in-place"]],
)
def test_bad_options(arguments: list[str], poor: Path) -> None:
    done = call("rewrite", poor, *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_interrupted_write_loses_nothing(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(files.InputError, match="No space left"):
        files.write_output(str(poor), b"half")
    assert poor.read_text() == POOR
    assert os.listdir(poor.parent) == ["Dockerfile"]


def test_terminal_control_characters_are_neutralised(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"FROM debian:12\nRUN touch '\x1b[31m/a' \nRUN export X\x1b=1; touch /b\nFOO\x1b]0;x\x07\n")
    done = call("rewrite", path)
    assert b"\x1b" not in done.stderr


def test_declined_splits_are_shown_as_drafts_and_never_written(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text('FROM golang:1.22\nCOPY . /app\nRUN cd /app && go vet ./... && ./build.sh\nCMD ["/app/web"]\n')
    done = call("rewrite", path, "--select", "DS401", "--suggest")
    assert done.returncode == 0
    assert done.stdout == path.read_bytes()
    said = done.stderr.decode().splitlines()
    assert f"{path}:3: DS401 is not proven: what ./build.sh writes is not known. A draft, not written:" in said
    drafted = [line for line in said if "FROM" in line or "COPY --from" in line]
    assert len(drafted) == 5
    assert all(line.startswith("draft | ") for line in drafted)


def test_caches_are_kept_outside_on_request(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("# syntax=docker/dockerfile:1\nFROM python:3.12-slim\nRUN pip install flask\n")
    done = call("rewrite", path, "--cleanup", "cache-mount", "-q")
    assert b"RUN --mount=type=cache,target=/root/.cache/pip pip install flask" in done.stdout
    assert call("rewrite", path, "--cleanup", "burn", "-q").returncode == 2


def test_changes_that_are_alike_are_told_once_with_all_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    installs = [f"RUN apt-get update && apt-get install -y {name}\nENV {name.upper()}=1\n" for name in ("jq", "tree")]
    path.write_text("FROM debian:12\n" + "".join(installs) + 'CMD ["jq"]\n')
    told = call("rewrite", str(path), "--diff").stderr.decode().splitlines()
    (deleted,) = [line for line in told if ": DS201 delete " in line]
    assert deleted.startswith(f"{path}:2: ")
    assert deleted.endswith(", about 40 MB less] (also on line 4)")
    assert f"{path}: 2 changes, about 40 MB less in the image" in told


def test_what_many_files_have_in_common_is_counted(tmp_path: Path) -> None:
    for name in "abcde":
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(f"FROM example.org/{name}:1\nRUN apt-get install curl\n")
    done = call("rewrite", str(tmp_path), "--check")
    told = done.stderr.decode()
    assert done.returncode == 1
    assert told.count("Dockerfile:1: DS501 skipped: no USER is added") == 3
    assert "\nDS501 skipped in 2 more files: no USER is added: the base image's user is not known" in told
    assert told.count("DS609 apt-get install with -y") == 5
