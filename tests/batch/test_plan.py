"""Shards: each applies, parses and holds alone, and in any order all come to what the batch does at once."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockerslim_rewrite.batch.outcome import digest
from dockerslim_rewrite.batch.plan.apply import to_tree
from dockerslim_rewrite.batch.plan.files import PlannedFile, PlannedShard
from dockerslim_rewrite.batch.plan.patches import diff_of
from dockerslim_rewrite.batch.plan.shards import sharded
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.syntax import parse

from .conftest import Cli, dockerfiles, git, start

PLAN = ".dockerslim/migration"
KINDS = ("owner", "directory", "rule", "file", "service")


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _shards(repository: Path) -> list[str]:
    return [one["name"] for one in json.loads((repository / PLAN / "plan.json").read_text())["shards"]]


def test_a_plan_says_who_owns_what_and_touches_nothing(repository: Path, cli: Cli) -> None:
    done = cli("batch", "plan", "--by", "owner")
    assert done.returncode == 0
    assert git(repository, "status", "--short") == "?? .dockerslim/\n"
    assert _shards(repository) == ["all", "backend", "ops"]
    rows = list(csv.DictReader((repository / PLAN / "changes.csv").open()))
    assert {(row["file"], row["owner"]) for row in rows} == {
        ("web/Dockerfile", "'@all"),
        ("api/Dockerfile", "'@backend"),
        ("jobs/night run/Dockerfile", "'@ops"),
    }
    assert all(row["rule"].startswith("DS") and row["status"] == "open" for row in rows)
    assert "3 files in 3 shards by owner" in (repository / PLAN / "PLAN.md").read_text()


@pytest.mark.parametrize("by", KINDS)
def test_each_shard_applies_alone_and_all_in_any_order_come_to_the_same(
    repository: Path, cli: Cli, tmp_path: Path, by: str
) -> None:
    cli("batch", "plan", "--by", by, "--max-files", "1")
    before, names = dockerfiles(repository), _shards(repository)
    assert len(names) == 3
    for name in names:
        assert cli("batch", "apply", name).returncode == 0
        changed = [one for one, data in dockerfiles(repository).items() if data != before[one]]
        assert len(changed) == 1
        read_build(parse((repository / changed[0]).read_text()))
        assert cli("rewrite", *changed, "--check", "-q").returncode == 0
        assert cli("batch", "rollback", name).returncode == 0
        assert dockerfiles(repository) == before
    order = names[:]
    Random(by).shuffle(order)
    assert cli("batch", "apply", *order).returncode == 0
    together = dockerfiles(repository)
    git(repository, "checkout", "-q", ".")
    cli("batch", "-i", "-q")
    assert dockerfiles(repository) == together


def test_the_same_repository_elsewhere_gives_the_same_plan_to_the_byte(
    repository: Path, cli: Cli, tmp_path: Path
) -> None:
    cli("batch", "plan")
    first = _tree(repository / PLAN)
    shutil.rmtree(repository / ".dockerslim")
    elsewhere = tmp_path / "another place"
    shutil.move(repository, elsewhere)
    shutil.copytree(elsewhere, repository)
    cli("batch", "plan", "--no-cache", "-j1")
    assert _tree(repository / PLAN) == first
    shutil.rmtree(repository)
    from .conftest import start

    process = start(elsewhere, tmp_path / "other cache", "batch", "plan")
    process.communicate(timeout=60)
    assert _tree(elsewhere / PLAN) == first


def test_branches_carry_author_trailers_and_only_their_files(repository: Path, cli: Cli) -> None:
    cli("batch", "plan")
    head = git(repository, "rev-parse", "HEAD")
    done = cli(
        *("batch", "apply", "ops", "backend", "--to", "branch", "--sign-off"),
        *("--author", "Bot <bot@example.com>", "--trailer", "Ticket: 7"),
    )
    assert done.returncode == 0, done.stderr
    assert git(repository, "rev-parse", "HEAD") == head
    assert git(repository, "diff", "--name-only") == ""
    assert git(repository, "diff", "--name-only", "HEAD", "dockerslim/backend") == "api/Dockerfile\n"
    said = git(repository, "log", "-1", "--format=%an <%ae>%n%B", "dockerslim/backend")
    assert said.startswith("Bot <bot@example.com>\nSlim Dockerfiles: @backend\n")
    assert "Ticket: 7\nSigned-off-by: Jane Doe <jane@example.com>\n" in said
    assert cli("batch", "apply", "ops", "--to", "branch").returncode == 2
    rest = cli("batch", "apply", "--to", "branch")
    assert rest.returncode == 0
    assert "backend: has its branch already; `rollback` takes it back" in rest.stderr
    cli("batch", "rollback", "all")
    git(repository, "merge", "-q", "dockerslim/ops")
    states = {one["shard"]: one["state"] for one in json.loads(cli("batch", "status", "--format", "json").stdout)}
    assert states == {"all": "open", "backend": "open", "ops": "merged"}
    assert cli("batch", "rollback", "backend").returncode == 0
    assert "dockerslim/backend" not in git(repository, "branch", "--list")


def test_a_commit_holds_the_shard_alone_and_is_reverted(repository: Path, cli: Cli) -> None:
    cli("batch", "plan")
    before = dockerfiles(repository)
    (repository / "done/app").write_text("being edited")
    assert cli("batch", "apply", "backend", "--to", "commit").returncode == 0
    assert git(repository, "show", "--format=", "--name-only", "HEAD") == "api/Dockerfile\n"
    assert git(repository, "status", "--short", "--untracked-files=no") == " M done/app\n"
    assert cli("batch", "rollback", "backend").returncode == 0
    assert dockerfiles(repository) == before


def test_a_shard_that_was_staged_when_the_machine_stopped_is_committed(repository: Path, cli: Cli) -> None:
    cli("batch", "plan")
    git(repository, "apply", "--index", str(repository / PLAN / "patches/backend.patch"))
    (repository / "web/Dockerfile").write_text("FROM debian:12\n")
    git(repository, "add", "web/Dockerfile")
    assert cli("batch", "apply", "backend", "--to", "commit").returncode == 2
    git(repository, "reset", "-q", "web/Dockerfile")
    assert cli("batch", "apply", "backend", "--to", "commit").returncode == 0
    assert git(repository, "show", "--format=", "--name-only", "HEAD") == "api/Dockerfile\n"
    assert git(repository, "diff", "--cached", "--name-only") == ""
    assert cli("batch", "rollback", "backend").returncode == 0


def test_the_plan_is_found_from_a_directory_below(repository: Path, cli: Cli, tmp_path: Path) -> None:
    cli("batch", "plan")
    for words, said in ((("status",), "3 open"), (("apply", "backend"), "backend: applied to the working tree")):
        process = start(repository / "api", tmp_path / "cache", "batch", *words)
        out, _ = process.communicate(timeout=120)
        assert (process.returncode, said in out) == (0, True)
    assert git(repository, "diff", "--name-only") == "api/Dockerfile\n"


@pytest.mark.parametrize("to", ["tree", "commit", "branch"])
def test_a_patch_that_somebody_edited_is_not_applied(repository: Path, cli: Cli, to: str) -> None:
    cli("batch", "plan")
    head, before = git(repository, "rev-parse", "HEAD"), dockerfiles(repository)
    patch = repository / PLAN / "patches/backend.patch"
    patch.write_text(patch.read_text().replace("--no-cache-dir", "--no-cache-dir --pre"))
    done = cli("batch", "apply", "backend", "--to", to)
    assert done.returncode == 2
    assert "its patch would make something else of api/Dockerfile than was planned; plan again" in done.stderr
    assert (git(repository, "rev-parse", "HEAD"), dockerfiles(repository)) == (head, before)
    assert git(repository, "status", "--short", "--untracked-files=no") == ""
    assert "dockerslim/" not in git(repository, "branch", "--list")


MORE = {
    "another file": "--- /dev/null\n+++ b/.github/workflows/x.yml\n@@ -0,0 +1 @@\n+on: push\n",
    "a copy": "diff --git a/api/Dockerfile b/z/D\nsimilarity index 100%\ncopy from api/Dockerfile\ncopy to z/D\n",
    "a mode": "diff --git a/api/Dockerfile b/api/Dockerfile\nold mode 100644\nnew mode 100755\n",
    "a link": "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+../po\n",
}


@pytest.mark.parametrize("to", ["tree", "commit", "branch"])
@pytest.mark.parametrize("more", MORE)
def test_a_patch_that_does_more_than_was_planned_is_not_applied(repository: Path, cli: Cli, to: str, more: str) -> None:
    cli("batch", "plan")
    head, before = git(repository, "rev-parse", "HEAD"), _tree(repository)
    patch = repository / PLAN / "patches/backend.patch"
    text = patch.read_text()
    patch.write_text(MORE[more] + text if more == "a mode" else text + MORE[more])
    done = cli("batch", "apply", "backend", "--to", to)
    assert done.returncode == 2
    assert "plan again" in done.stderr
    after = {name: content for name, content in _tree(repository).items() if not name.startswith((".git/", PLAN))}
    assert after == {name: content for name, content in before.items() if not name.startswith((".git/", PLAN))}
    assert git(repository, "rev-parse", "HEAD") == head
    assert git(repository, "status", "--short", "--untracked-files=no") == ""


@pytest.mark.parametrize("name", ["../../x", "/x", "a/../../x", "a\n", "\u001b[31m", ".git/hooks/x", ""])
@pytest.mark.parametrize("what", ["shard", "file"])
def test_a_plan_names_nothing_elsewhere(repository: Path, cli: Cli, name: str, what: str) -> None:
    cli("batch", "plan")
    plan = repository / PLAN / "plan.json"
    data = json.loads(plan.read_text())
    (data["shards"][0] if what == "shard" else data["shards"][0]["files"][0])["name"] = name
    plan.write_text(json.dumps(data))
    for action in ("status", "apply", "rollback"):
        done = cli("batch", action)
        assert (done.returncode, "is no plan, or one of another version" in done.stderr) == (2, True)


def test_status_tells_what_changed_since_and_planning_again_settles_it(repository: Path, cli: Cli) -> None:
    cli("batch", "plan")
    (repository / "web/Dockerfile").write_text("FROM debian:12\nRUN apt-get update && apt-get install -y jq\n")
    done = cli("batch", "status")
    assert "all      changed since" in done.stdout
    assert cli("batch", "apply", "all").returncode == 2
    cli("batch", "plan")
    assert "3 open" in cli("batch", "status").stdout


def test_what_was_refused_is_remembered_and_left_out(repository: Path, cli: Cli) -> None:
    cli("batch", "plan")
    assert cli("batch", "refuse", "backend", "--reason", "frozen until May").returncode == 0
    assert "refused        1 file" in cli("batch", "status").stdout
    assert cli("batch", "apply", "backend").returncode == 2
    assert cli("batch", "apply").returncode == 0
    assert git(repository, "diff", "--name-only", "api") == ""
    git(repository, "checkout", "-q", ".")
    cli("batch", "plan")
    assert _shards(repository) == ["all", "ops"]
    assert "- backend: frozen until May" in (repository / PLAN / "PLAN.md").read_text()


_CONTROL: tuple[Literal["Cs", "Cc"], ...] = ("Cs", "Cc")
_SURROGATES: tuple[Literal["Cs"], ...] = ("Cs",)
names = st.text(st.characters(exclude_characters="/", exclude_categories=_CONTROL), min_size=1, max_size=12)
lines = st.lists(
    st.text(st.characters(exclude_characters="\n", exclude_categories=_SURROGATES), max_size=8), max_size=9
)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        git(Path(folder), "init", "-q")
        git(Path(folder), "config", "core.autocrlf", "false")
        yield Path(folder)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(names, st.tuples(lines, lines, st.booleans()), min_size=2, max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_patches_apply_in_any_order_whatever_files_are_called(
    scratch: Path, files: dict[str, tuple[list[str], list[str], bool]], order: Random
) -> None:
    # The names themselves differ by more than case for file systems that see no difference.
    texts = {
        f"{number}{name}": ("\n".join(["FROM a", *before]) + "\n" * end, "\n".join(["FROM a", *after]) + "\n")
        for number, (name, (before, after, end)) in enumerate(files.items())
        if name not in (".", "..") and not name.endswith((" ", "."))
    }
    patches = []
    for name, (before, after) in texts.items():
        (scratch / name).write_bytes(before.encode())
        found = diff_of(before, after, name)
        assert bool(found) == (before != after)
        if found:
            (scratch / "patch").write_bytes(found.encode())
            digests = (digest(before.encode()), digest(after.encode()))
            patches.append((found, PlannedShard("s", "s", (PlannedFile(name, *digests, ()),), 1, 0)))
    order.shuffle(patches)
    for patch, shard in patches:
        (scratch / "patch").write_bytes(patch.encode())
        to_tree(scratch, scratch / "patch", shard)
    for name, (_, after) in texts.items():
        assert (scratch / name).read_bytes() == after.encode()
        (scratch / name).unlink()


@given(
    found=st.lists(st.tuples(st.sampled_from(("@a", "@b @c", "x/y", "X y", "…")), st.integers(0, 99)), unique=True),
    most=st.integers(1, 7),
    order=st.randoms(use_true_random=False),
)
def test_shards_are_disjoint_whole_small_enough_and_the_same_in_any_order(
    found: list[tuple[str, int]], most: int, order: Random
) -> None:
    pairs = [(key, f"{key}/{number}") for key, number in found]
    shards = sharded(pairs, most)
    assert sorted(name for one in shards for name in one.files) == sorted(name for _, name in pairs)
    assert all(1 <= len(one.files) <= most for one in shards)
    assert len({one.name for one in shards}) == len(shards)
    order.shuffle(pairs)
    assert sharded(pairs, most) == shards


def test_a_merged_branch_is_not_said_to_be_taken_back(repository: Path, cli: Cli) -> None:
    cli("batch", "plan")
    assert cli("batch", "apply", "ops", "--to", "branch").returncode == 0
    git(repository, "merge", "-q", "--no-edit", "dockerslim/ops")
    done = cli("batch", "rollback", "ops")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ops: dockerslim/ops is merged; revert its commit" in done.stderr
    assert "dockerslim/ops" in git(repository, "branch", "--list")
    git(repository, "revert", "--no-edit", "HEAD")
    assert cli("batch", "rollback", "ops").returncode == 0
    assert "dockerslim/ops" not in git(repository, "branch", "--list")


def test_a_link_in_the_place_of_the_plan_leads_nowhere(repository: Path, cli: Cli, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository / ".dockerslim").symlink_to(outside)
    for words in (("plan",), ("status",), ("apply",)):
        done = cli("batch", *words)
        assert done.returncode == 2
        assert ".dockerslim: is a symbolic link to" in done.stderr
    assert list(outside.iterdir()) == []
    assert cli("batch", "plan", "--plan", str(outside / "plan")).returncode == 0
    assert (outside / "plan" / "PLAN.md").is_file()


@pytest.mark.parametrize("key", ["name", "title", "before"])
def test_a_plan_that_somebody_broke_is_told_in_a_line(repository: Path, cli: Cli, key: str) -> None:
    cli("batch", "plan")
    path = repository / PLAN / "plan.json"
    data = json.loads(path.read_text())
    shard = data["shards"][0]
    (shard if key in shard else shard["files"][0])[key] = 1
    path.write_text(json.dumps(data))
    done = cli("batch", "status")
    assert done.returncode == 2
    assert done.stderr.endswith("plan.json: is no plan, or one of another version; plan again\n")


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("plan.json", '{"name": "of the owner\'s"}', "docs: is there and holds no plan"),
        ("notes.md", "", "docs/notes.md: is no part of the plan"),
        ("patches/001.sql", "", "docs/patches/001.sql: is no part of the plan"),
    ],
)
def test_planning_again_deletes_nothing_that_is_somebody_elses(
    repository: Path, cli: Cli, file: str, text: str, told: str
) -> None:
    words = ("batch", "plan", "--plan", "docs")
    assert cli(*words).returncode == 0
    (repository / "docs/.applied.json.7").write_text("")
    assert cli(*words).returncode == 0
    (repository / "docs" / file).write_text(text)
    before = _tree(repository)
    done = cli(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert _tree(repository) == before
