"""``dockerslim batch``: what it writes, what it says, and that nothing stops it."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from dockerslim_rewrite.batch.rollout import tiers
from dockerslim_rewrite.change import Safety
from dockerslim_rewrite.pipeline.options import Options, codes_of, selected

from .conftest import APT, Cli, dockerfiles, git, start


def test_a_batch_writes_what_rewrite_writes_and_a_second_one_finds_nothing(repository: Path, cli: Cli) -> None:
    one_by_one = cli("rewrite", ".", "--diff", "-q").stdout
    assert "rm -rf /var/lib/apt/lists" in one_by_one
    assert cli("batch", "--diff", "-q", "-j2").stdout == one_by_one
    assert git(repository, "status", "--short") == ""
    done = cli("batch", "-i")
    assert (done.returncode, "3 of 4 files changed" in done.stderr) == (0, True)
    assert git(repository, "diff", "--name-only").count("Dockerfile") == 3
    again = cli("batch", "-i")
    assert "0 of 4 files changed" in again.stderr
    assert cli("batch", "--check").returncode == 0


def test_check_finds_changes_and_writes_nothing(repository: Path, cli: Cli) -> None:
    assert cli("batch", "--check").returncode == 1
    assert git(repository, "status", "--short") == ""
    assert cli("batch", "--check", "-i").returncode == 2


def test_bad_files_are_told_in_one_line_each_and_stop_nobody(repository: Path, cli: Cli) -> None:
    (repository / "web/bad.Dockerfile").write_bytes(b"FROM a\0b")
    (repository / "web/link.Dockerfile").symlink_to("/etc/passwd")
    done = cli("batch", "-i", ".", "web/bad.Dockerfile")
    assert done.returncode == 2
    assert "web/bad.Dockerfile: binary data" in done.stderr
    assert "Traceback" not in done.stderr
    assert "3 of 5 files changed" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("batch", "nowhere"), "nowhere: cannot be read: No such file or directory"),
        (("batch", "-"), "standard input is one file"),
        (("batch", "--rollout", "last"), "--rollout: unknown tier 'last'; choose from caches,"),
        (("batch", "--rollout", "caches", "--level", "safe"), "--rollout and --level exclude each other"),
        (("batch", "--since", "nothing"), "git diff:"),
        (("batch", "--report", "x.pdf"), "--report x.pdf: unknown form"),
        (("batch", "--executor", "dask"), "needs --scheduler"),
        (("batch", "status"), "holds no plan"),
        (("batch", "plan", "--plan", "web"), "is there and holds no plan"),
    ],
)
def test_mistakes_are_told_in_one_line(cli: Cli, arguments: tuple[str, ...], told: str) -> None:
    done = cli(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", ["gitlab", "github", "checkstyle", "junit"])
def test_a_report_in_a_format_is_that_of_rewrite(cli: Cli, tmp_path: Path, form: str) -> None:
    report = tmp_path / "report"
    for _ in range(2):
        # The second time it comes from the cache.
        assert cli("batch", "--check", "--report", f"{form}={report}").returncode == 1
        assert report.read_text() == cli("rewrite", ".", "--check", "--format", form).stdout


def test_a_tier_allows_what_it_names_and_no_more(cli: Cli, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    cli("batch", "--rollout", "caches", "--report", str(report))
    rules = {one["rule"] for file in json.loads(report.read_text())["files"] for one in file["changes"]}
    assert rules
    assert all(rule.startswith("DS2") for rule in rules)


def test_each_tier_has_the_rules_of_those_before_it_and_none_that_is_off_by_default() -> None:
    def codes(options: Options) -> set[str]:
        return {one.code for phase in selected(options) for one in phase.passes}

    default = codes(Options())
    before: set[str] = set()
    level = Safety.SAFE
    for one in tiers():
        options = Options(level=one.level, select=one.select)
        rules = codes(options)
        assert before < rules or (before == rules and level < options.safety), one.name
        assert level <= options.safety
        assert rules <= default
        assert not codes_of(("lint",)) & rules
        before, level = rules, options.safety
    assert before == default


def test_since_takes_only_what_changed(repository: Path, cli: Cli) -> None:
    (repository / "web/Dockerfile").write_text(APT + "EXPOSE 80\n")
    (repository / "web/new.Dockerfile").write_text(APT)
    done = cli("batch", "--since", "HEAD")
    assert "2 of 2 files changed" in done.stderr


def test_limit_stops_after_so_many_changes(repository: Path, cli: Cli) -> None:
    cli("batch", "-i", "--limit", "1")
    assert git(repository, "diff", "--name-only").count("Dockerfile") == 1


def test_a_file_edited_meanwhile_is_left_alone(repository: Path) -> None:
    from dockerslim_rewrite.batch.outcome import Outcome, Status, digest
    from dockerslim_rewrite.cli.batch_run import _finished
    from dockerslim_rewrite.cli.batching import BatchCall
    from dockerslim_rewrite.cli.request import Request

    path = repository / "web/Dockerfile"
    outcome = Outcome(str(path), "web/Dockerfile", Status.CHANGED, before=digest(b"FROM old\n"), text="FROM new\n")
    done = _finished(outcome, BatchCall(Request(paths=(".",), in_place=True)))
    assert (done.status, done.code) == (Status.FAILED, 2)
    assert path.read_text() == APT


def _many(root: Path, count: int) -> None:
    for number in range(count):
        folder = root / "many" / f"{number:03}"
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(APT.replace("curl\n", f"curl tool{number}\n", 1))


@pytest.mark.slow
def test_killed_at_any_time_no_file_is_half_written_and_a_new_run_comes_to_the_same_end(
    repository: Path, cli: Cli, tmp_path: Path
) -> None:
    _many(repository, 60)
    before = dockerfiles(repository)
    cli("batch", "-i", "-q")
    after = dockerfiles(repository)
    for number in range(6):
        for name, data in before.items():
            (repository / name).write_bytes(data)
        process = start(repository, tmp_path / f"cache{number}", "batch", "-i", "-q", "-j2")
        time.sleep(0.4 + 0.25 * number)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert all(data in (before[name], after[name]) for name, data in dockerfiles(repository).items())
        process = start(repository, tmp_path / f"cache{number}", "batch", "-i", "-q", "-j2")
        process.communicate(timeout=120)
        assert dockerfiles(repository) == after
        assert not list(repository.rglob(".*dockerslim-*"))


def test_ctrl_c_says_how_to_go_on(repository: Path, tmp_path: Path) -> None:
    _many(repository, 200)
    process = start(repository, tmp_path / "cache", "batch", "-i", "-j2")
    while not git(repository, "diff", "--name-only") and process.poll() is None:
        time.sleep(0.05)
        if any(b"rm -rf" in data for data in dockerfiles(repository).values()):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on from there" in err
    assert "Traceback" not in err


def test_what_a_killed_run_left_behind_changes_no_result(repository: Path, cli: Cli) -> None:
    app = repository / "app"
    app.mkdir()
    text = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD npm start\n"
    (app / "Dockerfile").write_text(text)
    (app / "package.json").write_text('{"name": "a", "scripts": {"start": "node s.js"}}\n')
    (app / "s.js").write_text('require("http").createServer().listen(3000)\n')
    expected = cli("batch", "--diff", "-q", "--no-cache", "app").stdout
    assert "+USER 1000:1000" in expected
    left = app / ".Dockerfile.dockerslim-64781-6te3hv2n"
    left.write_text("FROM node")
    left.chmod(0o600)
    assert cli("batch", "--diff", "-q", "--no-cache", "app").stdout == expected


def test_a_file_that_another_batch_wrote_alike_is_done(repository: Path) -> None:
    from dockerslim_rewrite.batch.outcome import Outcome, Status, digest
    from dockerslim_rewrite.cli.batch_run import _write
    from dockerslim_rewrite.cli.files import InputError

    path = repository / "web/Dockerfile"
    before, after = path.read_bytes(), "FROM scratch\n"
    path.write_text(after)
    outcome = Outcome(path=str(path), name="web/Dockerfile", status=Status.CHANGED, before=digest(before), text=after)
    _write(outcome)
    assert path.read_text() == after
    path.write_text("FROM other\n")
    with pytest.raises(InputError, match="was changed meanwhile"):
        _write(outcome)
