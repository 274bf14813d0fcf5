"""No program that a repository's own configuration names runs, whatever command asks Git about it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dockerslim_rewrite.review.tree import unpack
from dockerslim_rewrite.workspace.git import GitError, git

ROOT = Path(__file__).parents[2]
TEXT = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"
IDENTITY = {f"GIT_{who}_{what}": "jane@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
HOOKS = ("pre-commit", "commit-msg", "prepare-commit-msg", "post-commit", "post-index-change", "reference-transaction",
         "post-checkout", "pre-auto-gc", "post-rewrite", "fsmonitor-watchman", "pre-applypatch")  # fmt: skip


class Trap:
    """A repository whose configuration leads each of Git's programs to one that leaves a marker."""

    def __init__(self, folder: Path) -> None:
        self.root, self.markers = folder / "repo", folder / "markers"
        self.root.mkdir()
        self.markers.mkdir()
        self.plain("init", "-q", "-b", "main")
        for name in ("web", "api"):
            (self.root / name).mkdir()
            (self.root / name / "Dockerfile").write_text(TEXT)
        self.plain("add", "-A")
        self.plain("commit", "-qm", "one")
        (self.root / "api" / "Dockerfile").write_text(TEXT + "CMD curl a\n")
        self.plain("commit", "-qam", "two")
        (self.root / ".gitattributes").write_text("* filter=evil diff=evil merge=evil text\n")
        self.arm()
        # Its time differs, so that Git has to look into it.
        (self.root / "web" / "Dockerfile").write_text(TEXT + "CMD curl b\n")

    def program(self, name: str, then: str = "cat") -> str:
        path = self.root / ".git" / f"trap-{name}"
        path.write_text(f"#!/bin/sh\ntouch '{self.markers}/{name}'\nexec {then}\n")
        path.chmod(0o755)
        return str(path)

    def arm(self) -> None:
        values = {
            f"{key}.{what}": self.program(f"{key}-{what}", "false" if what == "process" else "cat")
            for key, whats in (
                ("filter.evil", ("clean", "smudge", "process")),
                ("merge.evil", ("driver",)),
                ("diff.evil", ("command", "textconv")),
            )
            for what in whats
        }
        for key in (
            "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy",
            "core.alternateRefsCommand", "diff.external", "gpg.program", "gpg.ssh.program",
            "gpg.ssh.defaultKeyCommand", "credential.helper", "sequence.editor", "pager.diff", "trailer.a.command",
        ):  # fmt: skip
            values[key] = self.program(key)
        values |= {f"alias.{name}": "!" + self.program(f"alias-{name}") for name in ("diff", "apply", "commit")}
        values |= {
            "filter.evil.required": "true",
            "commit.gpgSign": "true",
            "protocol.ext.allow": "always",
            "remote.origin.url": f"ext::{self.program('remote')}",
            "remote.origin.promisor": "true",
            "core.repositoryFormatVersion": "1",
            "extensions.partialClone": "origin",
            "submodule.recurse": "true",
        }
        hooks = self.root / ".git" / "trap-hooks"
        hooks.mkdir()
        for name in HOOKS:
            for folder in (hooks, self.root / ".git" / "hooks"):
                path = folder / name
                path.write_text(Path(self.program(f"hook-{name}")).read_text())
                path.chmod(0o755)
        values["core.hooksPath"] = str(hooks)
        for key, value in values.items():
            self.plain("config", key, value)

    def plain(self, *arguments: str, check: bool = True) -> None:
        identity = {
            f"GIT_{who}_{what}": "jane@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        subprocess.run(
            ["git", *arguments], cwd=self.root, env={**os.environ, **identity}, check=check, capture_output=True
        )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "dockerslim_rewrite", *arguments],
            cwd=self.root,
            env={
                **os.environ,
                **IDENTITY,
                "PYTHONPATH": str(ROOT),
                "DOCKERSLIM_CACHE": str(self.markers.parent / "cache"),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def sprung(self) -> set[str]:
        return {path.name for path in self.markers.iterdir()}


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


def test_the_trap_springs(trap: Trap) -> None:
    trap.plain("diff", "HEAD~1", check=False)
    trap.plain("config", "--unset", "filter.evil.process")
    trap.plain("config", "filter.evil.required", "false")
    trap.plain("config", "commit.gpgSign", "false")
    for arguments in (("diff", "HEAD~1"), ("archive", "HEAD"), ("commit", "-qam", "three")):
        trap.plain(*arguments, check=False)
    expected = {"process", "clean", "smudge"}
    assert {f"filter.evil-{one}" for one in expected} | {"core.fsmonitor", "hook-post-index-change"} <= trap.sprung()
    assert trap.sprung() & {"diff.evil-command", "diff.external"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("review", "--base", "HEAD~1"), 0),
        (("review", "--base", "HEAD~1", "--head", "HEAD", "--format", "json"), 0),
        (("batch", "run", ".", "--since", "HEAD~1"), 0),
        (("rewrite", ".", "--diff"), 0),
        (("builds", "."), 0),
    ],
)
def test_reading_runs_none_of_them(trap: Trap, arguments: tuple[str, ...], code: int) -> None:
    before = (trap.root / ".git" / "index").read_bytes()
    done = trap.call(*arguments)
    assert trap.sprung() == set()
    assert done.returncode == code, done.stderr
    assert (trap.root / ".git" / "index").read_bytes() == before


@pytest.mark.parametrize("to", ["tree", "commit", "branch"])
def test_applying_a_plan_runs_none_of_them(trap: Trap, to: str) -> None:
    trap.plain("config", "commit.gpgSign", "false")
    (trap.root / "web" / "Dockerfile").write_text(TEXT)
    for arguments in (("plan", "."), ("apply", "--to", to), ("status",), ("rollback",)):
        done = trap.call("batch", *arguments)
        assert trap.sprung() == set(), arguments
        if arguments[0] != "rollback":
            assert done.returncode == 0, done.stderr


def test_what_a_clone_lacks_is_not_fetched(trap: Trap) -> None:
    for path in (trap.root / ".git" / "objects").glob("??/*"):
        if git(trap.root, "cat-file", "-t", path.parent.name + path.name, check=False).text.strip() == "blob":
            path.unlink()
    done = trap.call("review", "--base", "HEAD~1", "--head", "HEAD")
    assert trap.sprung() == set()
    assert done.returncode == 2
    assert "fetch" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_looks_like_a_bare_repository_is_none(trap: Trap) -> None:
    inner = trap.root / "inner"
    trap.plain("clone", "-q", "--bare", "--no-local", str(trap.root), str(inner), check=False)
    subprocess.run(["git", "init", "-q", "--bare", str(inner)], check=True)
    with pytest.raises(GitError):
        git(inner, "rev-parse", "HEAD")


def test_a_tree_elsewhere_is_not_the_repositorys(trap: Trap) -> None:
    outside = trap.markers.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("")
    trap.plain("config", "core.worktree", str(outside))
    assert "secret" not in git(trap.root, "ls-files", "--others").text


def _commit(root: Path, entries: bytes) -> str:
    return subprocess.run(
        ["git", "hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
        cwd=root, input=entries, capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip


def test_unpacking_writes_nowhere_else(tmp_path: Path) -> None:
    root, folder = tmp_path / "repo", tmp_path / "out" / "tree"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=root, input=b"../../caught", capture_output=True, check=True
    ).stdout.decode().strip()  # fmt: skip
    here = bytes.fromhex(blob)
    below = bytes.fromhex(_commit(root, b"100644 caught\0" + here))
    tree = _commit(
        root,
        b"100644 ../up\0" + here + b"40000 ..\0" + below + b"100644 .git\0" + here + b"120000 link\0" + here
        + b"120000 same\0" + here + b"40000 same\0" + below + b"100644 kept\0" + here,
    )  # fmt: skip
    unpack(root, tree, folder)
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*")) == [
        "tree", "tree/kept", "tree/same", "tree/same/caught",
    ]  # fmt: skip


def test_a_tree_that_stands_for_many_files_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    name = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=root, input=b"a", capture_output=True, check=True
    ).stdout.decode().strip()  # fmt: skip
    mode = b"100644"
    for _ in range(5):
        name = _commit(root, b"".join(mode + b" a%d\0" % one + bytes.fromhex(name) for one in range(10)))
        mode = b"40000"
    with pytest.raises(GitError, match="as no project has"):
        unpack(root, name, tmp_path)


def test_an_answer_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec yes\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(GitError, match="more than 64 MiB"):
        git(tmp_path, "rev-parse", "HEAD")


def test_what_a_repository_puts_in_the_place_of_an_object_does_not_count(tmp_path: Path) -> None:
    """Nobody who looks at the commit on a forge sees it."""
    trap = Trap(tmp_path)
    real = git(trap.root, "rev-parse", "HEAD:web/Dockerfile").text.strip()
    other = git(trap.root, "hash-object", "-w", "--stdin", text="FROM scratch\n").text.strip()
    (trap.root / ".git/refs/replace").mkdir(parents=True)
    (trap.root / ".git/refs/replace" / real).write_text(f"{other}\n")
    assert git(trap.root, "cat-file", "blob", real).text == TEXT


def repository(folder: Path) -> Path:
    folder.mkdir()
    environment = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": os.devnull}
    (folder / "Dockerfile").write_text(TEXT)
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "one")):
        subprocess.run(["git", *words], cwd=folder, env=environment, check=True)
    return folder


@pytest.mark.parametrize("how", ["file", "link", "common"])
def test_what_git_knows_of_another_repository_is_not_asked(tmp_path: Path, how: str) -> None:
    other, mine = repository(tmp_path / "other"), tmp_path / "mine"
    if how == "common":
        (repository(mine) / ".git/commondir").write_text(f"{other}/.git\n")
    else:
        mine.mkdir()
        if how == "file":
            (mine / ".git").write_text(f"gitdir: {other}/.git\n")
        else:
            (mine / ".git").symlink_to(other / ".git")
    with pytest.raises(GitError, match="does not name this folder as its own"):
        git(mine, "log", "-1")


def test_work_trees_and_submodules_keep_theirs_elsewhere(tmp_path: Path) -> None:
    other = repository(tmp_path / "other")
    subprocess.run(["git", "worktree", "add", "-q", "--detach", tmp_path / "tree"], cwd=other, check=True)
    above = repository(tmp_path / "above")
    add = ["git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "below"]
    subprocess.run(add, cwd=above, check=True)
    for root in (other, tmp_path / "tree", above, above / "below"):
        assert git(root, "log", "-1", "--format=%s").text == "one\n"


@pytest.mark.parametrize("name", [".gitattributes", ".gitignore", "deep/.gitattributes", ".git/info/exclude"])
def test_patterns_without_end_are_not_handed_to_git(tmp_path: Path, name: str) -> None:
    root = repository(tmp_path / "one")
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("**/a/**/b\n" + "**/a/" * 7 + "b\n")
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    with pytest.raises(GitError, match=f"{name}:2: a pattern has more than 4"):
        git(root, "status")


def test_expressions_of_the_repositorys_configuration_do_not_count(tmp_path: Path) -> None:
    root = repository(tmp_path / "one")
    (root / ".gitattributes").write_text("Dockerfile diff=x\n")
    (root / "Dockerfile").write_text("FROM debian:12\n" + "# filler\n" * 9 + "RUN a\n" * 9)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    (root / "Dockerfile").write_text("FROM debian:12\n" + "# filler\n" * 9 + "RUN a\n" * 9 + "RUN b\n")
    subprocess.run(["git", "config", "diff.x.xfuncname", "^(FROM.*)$"], cwd=root, check=True)
    plain = subprocess.run(["git", "diff"], cwd=root, check=True, capture_output=True, text=True).stdout
    assert "@@ FROM" in plain
    assert "@@ FROM" not in git(root, "diff", "--no-ext-diff", "--no-textconv").text
