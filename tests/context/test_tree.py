"""The walk through a context: what it lists and reads, and that hostile trees end within limits."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from dockerslim_rewrite.context.dockerignore import read_dockerignore
from dockerslim_rewrite.context.tree import ContextTree, Limits


def write(root: Path, *names: str, text: str = "x\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def paths(tree: ContextTree) -> list[str]:
    return [file.path for file in tree.files]


def test_lists_what_is_let_in(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b/c.py", "node_modules/d.js", "node_modules/keep/e.js", "b/f.log")
    tree = ContextTree(tmp_path, read_dockerignore("node_modules\n**/*.log\n"))
    assert paths(tree) == ["a.py", "b/c.py"]
    assert tree.complete
    assert tree.folders == {"b"}
    again = ContextTree(tmp_path, read_dockerignore("node_modules\n!node_modules/keep\n"))
    assert "node_modules/keep/e.js" in paths(again)
    assert "node_modules/d.js" not in paths(again)


def test_modes_are_those_of_the_files(tmp_path: Path) -> None:
    write(tmp_path, "secret")
    (tmp_path / "secret").chmod(0o600)
    assert ContextTree(tmp_path).by_path["secret"].mode == 0o600


def test_links_are_not_followed(tmp_path: Path) -> None:
    inside = tmp_path / "context"
    write(inside, "a/b.py")
    write(tmp_path, "outside/secret.py")
    (inside / "a" / "loop").symlink_to(inside)
    (inside / "a" / "self").symlink_to("self")
    (inside / "out").symlink_to(tmp_path / "outside")
    (inside / "out.py").symlink_to(tmp_path / "outside" / "secret.py")
    tree = ContextTree(inside)
    assert paths(tree) == ["a/b.py"]
    assert tree.complete
    assert tree.read("out.py") is None
    assert tree.read("out/secret.py") is None
    assert tree.read("../outside/secret.py") is None


def test_a_file_that_becomes_a_link_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "context/a.py", "secret")
    tree = ContextTree(tmp_path / "context")
    assert paths(tree) == ["a.py"]
    (tmp_path / "context" / "a.py").unlink()
    (tmp_path / "context" / "a.py").symlink_to(tmp_path / "secret")
    assert tree.read("a.py") is None


def test_what_is_no_text_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "binary.py").write_bytes(b"import os\0\xff")
    (tmp_path / "latin.py").write_bytes("x = 'é'\n".encode("latin-1"))
    (tmp_path / "bom.py").write_bytes(b"\xef\xbb\xbfx = 1\n")
    os.mkfifo(tmp_path / "pipe.py")
    tree = ContextTree(tmp_path)
    assert tree.read("binary.py") is None
    assert tree.read("latin.py") is None
    assert tree.read("bom.py") == "x = 1\n"
    assert tree.read("pipe.py") is None


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_lists_for_pip_may_be_in_utf_16(tmp_path: Path, encoding: str) -> None:
    data = "\ufeffFlask==3.0.3\r\n".encode(encoding)
    for name in ("requirements.txt", "Requirements-dev.txt", "constraints.txt", "notes.txt", "setup.py"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "req.txt").write_bytes(data[2:])
    (tmp_path / "req.in").write_bytes(data + b"a")
    tree = ContextTree(tmp_path)
    for name in ("requirements.txt", "Requirements-dev.txt", "constraints.txt"):
        assert tree.read(name) == "Flask==3.0.3\r\n"
    for name in ("notes.txt", "setup.py", "req.txt", "req.in"):
        assert tree.read(name) is None


def test_a_huge_file_is_listed_and_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "huge.py", "wb") as file:
        file.truncate(1 << 36)
    tree = ContextTree(tmp_path)
    start = time.monotonic()
    assert tree.by_path["huge.py"].size == 1 << 36
    assert tree.read("huge.py") is None
    assert time.monotonic() - start < 1


def test_all_that_is_read_is_bounded(tmp_path: Path) -> None:
    write(tmp_path, *(f"{number}.py" for number in range(20)), text="x" * 1000)
    tree = ContextTree(tmp_path, limits=Limits(read_bytes=5000))
    assert sum(tree.read(path) is not None for path in paths(tree)) == 6


def test_sources_come_before_what_was_installed(tmp_path: Path) -> None:
    write(tmp_path, *(f"node_modules/p{number}/i.js" for number in range(300)), "src/a.js", "zz.py")
    tree = ContextTree(tmp_path, limits=Limits(entries=100))
    assert not tree.complete
    assert {"src/a.js", "zz.py"} <= set(paths(tree))


class _Endless:
    """A folder with a million files, as ``os.scandir`` would give it."""

    def __init__(self, path: object) -> None:
        self.made = 0

    def __enter__(self) -> _Endless:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __iter__(self) -> _Endless:
        return self

    def __next__(self) -> _Entry:
        if self.made == 1_000_000:
            raise StopIteration
        self.made += 1
        return _Entry(f"{self.made}.py")


class _Entry:
    def __init__(self, name: str) -> None:
        self.name = name

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        return False

    def is_file(self, *, follow_symlinks: bool) -> bool:
        return True

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        return os.stat_result((0o100644, 0, 0, 1, 0, 0, 5, 0, 0, 0))


def test_a_million_files_end_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "scandir", _Endless)
    tree = ContextTree(tmp_path)
    start = time.monotonic()
    assert len(tree.files) == Limits().entries
    assert not tree.complete
    assert time.monotonic() - start < 5
    slow = ContextTree(tmp_path, limits=Limits(entries=10_000_000, seconds=0.2))
    start = time.monotonic()
    assert not slow.complete
    assert time.monotonic() - start < 2


def test_a_folder_that_cannot_be_read_makes_the_listing_incomplete(tmp_path: Path) -> None:
    assert not ContextTree(tmp_path / "missing").complete


def test_links_within_the_context_are_followed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "f").write_text("x")
    (tmp_path / "up").symlink_to("a/b")
    (tmp_path / "a" / "out").symlink_to("../up/f")
    (tmp_path / "root").symlink_to("/a/b")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "empty").mkdir()
    tree = ContextTree(tmp_path)
    followed = {
        path: tree.followed(path) for path in ("a/b/f", "up/f", "./a/out", "root/f", "up/../b", "../up", "self", "")
    }
    assert followed == {
        "a/b/f": "a/b/f", "up/f": "a/b/f", "./a/out": "a/b/f", "root/f": "a/b/f", "up/../b": "a/b", "../up": "a/b",
        "self": None, "": "",
    }  # fmt: skip
    assert [tree.unknown(path) for path in ("empty/x", "empty", "a/x")] == [True, True, False]


@pytest.mark.parametrize("name", [".Dockerfile.dockerslim-4711-s1nni61v", ".report.html.dockerslim-4711"])
def test_what_another_run_is_writing_is_no_part_of_a_context(tmp_path: Path, name: str) -> None:
    write(tmp_path, "app/a.py", f"app/{name}", f"empty/{name}", "app/.dockerslim-baseline", "app/a.dockerslim-1")
    tree = ContextTree(tmp_path)
    assert paths(tree) == ["app/.dockerslim-baseline", "app/a.dockerslim-1", "app/a.py"]
    assert tree.unknown("empty/x")
