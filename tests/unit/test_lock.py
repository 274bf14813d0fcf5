"""The lock file and the logic over it: text, merging, refreshing, checking; and the images a Dockerfile takes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dockerslim_rewrite.cli.app import app
from dockerslim_rewrite.cli.files import InputError
from dockerslim_rewrite.cli.lock import LockRequest, run, save
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.ir.reference import ImageReference, parse
from dockerslim_rewrite.registry.bases import BaseImage, base_images
from dockerslim_rewrite.registry.errors import NotFound, RegistryError, Unavailable
from dockerslim_rewrite.registry.lock import (
    Lock,
    LockEntry,
    LockError,
    Moved,
    load,
    lockable,
    read_lock,
    refresh,
    write_lock,
)
from dockerslim_rewrite.registry.resolution import Resolution
from dockerslim_rewrite.registry.versions import levels, read_tag
from dockerslim_rewrite.syntax import parse as parse_document
from dockerslim_rewrite.text import Source

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW = datetime(2026, 6, 7, 8, 9, 10, tzinfo=UTC)


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def entry(tag: str, number: int, locked: datetime = THEN) -> LockEntry:
    return LockEntry(tag, digest(number), ("linux/amd64", "linux/arm64"), "docker.io", locked)


class Table:
    """A resolver that answers from a table and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, tuple[str | None, int] | RegistryError]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def resolve(self, reference: ImageReference) -> Resolution:
        self.asked.append(reference.canonical)
        answer = self.answers[reference.canonical]
        if isinstance(answer, RegistryError):
            raise answer
        tag = reference.tag.text if reference.tag else None
        return Resolution(
            reference.registry, reference.repository, tag, answer[0], digest(answer[1]), ("linux/arm64", "linux/amd64")
        )


PYTHON = "docker.io/library/python:3"
ALPINE = "docker.io/library/alpine:latest"
REFERENCES = [parse("python:3"), parse("alpine"), parse("docker.io/library/alpine:latest")]


def test_new_references_are_locked_once_each() -> None:
    table = Table({PYTHON: ("3.12.1", 1), ALPINE: (None, 2)})
    outcome = refresh(Lock(), REFERENCES, table, NOW)
    assert sorted(table.asked) == [ALPINE, PYTHON]
    assert outcome.lock.entries == {PYTHON: entry("3.12.1", 1, NOW), ALPINE: entry("latest", 2, NOW)}
    assert [item.before for item in outcome.moved] == [None, None]
    assert outcome.failed == {}


def test_what_is_locked_is_asked_for_only_when_wanted() -> None:
    lock = Lock({PYTHON: entry("3.12.1", 1), ALPINE: entry("3.20", 2)})
    quiet = Table({})
    outcome = refresh(lock, REFERENCES, quiet, NOW, wanted=lambda _: False)
    assert quiet.asked == []
    assert outcome.lock == lock
    table = Table({PYTHON: ("3.12.2", 3)})
    outcome = refresh(lock, REFERENCES, table, NOW, wanted=lambda key: key == PYTHON)
    moved = replace(entry("3.12.2", 3, NOW), previous=digest(1))
    assert outcome.lock.entries == {ALPINE: entry("3.20", 2), PYTHON: moved}
    assert outcome.moved == (Moved(PYTHON, entry("3.12.1", 1), moved),)


def test_what_did_not_move_keeps_its_time() -> None:
    lock = Lock({PYTHON: entry("3.12.1", 1)})
    outcome = refresh(lock, [parse("python:3")], Table({PYTHON: ("3.12.1", 1)}), NOW)
    assert outcome.lock == lock
    assert outcome.moved == ()


def test_a_change_of_platforms_alone_is_a_move() -> None:
    lock = Lock({PYTHON: replace(entry("3.12.1", 1), platforms=("linux/amd64",))})
    outcome = refresh(lock, [parse("python:3")], Table({PYTHON: ("3.12.1", 1)}), NOW)
    assert [item.reference for item in outcome.moved] == [PYTHON]


PINNED = parse(f"python:3@{digest(1)}")


def test_a_digest_is_asked_for_again_by_its_tag() -> None:
    table = Table({PYTHON: ("3.12.1", 2)})
    assert refresh(Lock(), [PINNED], table, NOW).lock == Lock(), "what has a digest needs no lock"
    renewed = refresh(Lock(), [PINNED], table, NOW, renew=True).lock
    assert renewed.entries == {PYTHON: replace(entry("3.12.1", 2, NOW), previous=digest(1))}
    # From then on it is locked like any other: asked for when wanted, kept when pruned, told when it moved.
    assert refresh(renewed, [PINNED], Table({}), NOW, wanted=lambda _: False, prune=True).lock == renewed
    again = refresh(renewed, [PINNED], Table({PYTHON: ("3.12.1", 3)}), NOW)
    assert again.lock.entries[PYTHON].previous == digest(2)
    assert [item.reference for item in again.moved] == [PYTHON]


def test_what_was_before_is_certain_or_not_said() -> None:
    table = Table({PYTHON: ("3.12.1", 2)})
    several = [PINNED, parse(f"python:3@{digest(7)}")]
    (entries,) = refresh(Lock(), several, table, NOW, renew=True).lock.entries.values()
    assert entries.previous is None, "two files name two digests: neither is the one before"
    (same,) = refresh(Lock(), [parse(f"python:3@{digest(2)}")], table, NOW, renew=True).lock.entries.values()
    assert same.previous is None, "nothing moved"
    unwanted = refresh(Lock(), [PINNED], Table({}), NOW, wanted=lambda _: False, renew=True)
    assert unwanted.lock == Lock()
    untagged = refresh(Lock(), [parse(f"python@{digest(1)}")], Table({}), NOW, renew=True)
    assert untagged.lock == Lock(), "without a tag there is nothing to ask for"


def test_failures_keep_the_entry_and_are_told() -> None:
    lock = Lock({PYTHON: entry("3.12.1", 1), ALPINE: entry("3.20", 2)})
    table = Table({PYTHON: Unavailable("no answer"), ALPINE: NotFound("gone")})
    outcome = refresh(lock, REFERENCES, table, NOW)
    assert outcome.lock == lock
    assert outcome.failed == {ALPINE: "gone", PYTHON: "no answer"}
    assert outcome.moved == (Moved(ALPINE, entry("3.20", 2), None),)


def test_unused_entries_go_only_when_pruned() -> None:
    lock = Lock({PYTHON: entry("3.12.1", 1), ALPINE: entry("3.20", 2)})
    table = Table({PYTHON: ("3.12.1", 1)})
    assert refresh(lock, [parse("python:3")], table, NOW).lock == lock
    pruned = refresh(lock, [parse("python:3")], table, NOW, prune=True)
    assert set(pruned.lock.entries) == {PYTHON}
    assert pruned.moved == (Moved(ALPINE, entry("3.20", 2), None),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("python", True), ("python:3", True), ("scratch", False), ("python:$V", False), (f"a@{digest(1)}", False)],
)
def test_lockable(text: str, expected: bool) -> None:
    assert lockable(parse(text)) is expected


def test_an_entry_is_found_however_the_reference_is_spelled() -> None:
    lock = Lock({ALPINE: entry("3.20", 2)})
    for text in ("alpine", "alpine:latest", "docker.io/alpine", "index.docker.io/library/alpine"):
        assert lock.find(parse(text)) == entry("3.20", 2)
    for text in ("alpine:3", "ghcr.io/library/alpine", "$A"):
        assert lock.find(parse(text)) is None


_tags = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}\Z")
_repositories = st.from_regex(r"\A[a-z0-9]{1,5}(?:/[a-z0-9]{1,5}){0,2}\Z")
_keys = st.builds(lambda repository, tag: parse(f"{repository}:{tag}").canonical, _repositories, _tags)
_times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda it: it.replace(microsecond=0, tzinfo=UTC))
_entries = st.builds(
    LockEntry,
    _tags,
    st.integers(0, 2**256 - 1).map(digest),
    st.lists(st.sampled_from(["linux/amd64", "linux/arm/v7", "windows/amd64:10.0.1"]), unique=True).map(
        lambda names: tuple(sorted(names))
    ),
    st.sampled_from(["docker.io", "ghcr.io", "localhost:5000"]),
    _times,
)


@given(st.dictionaries(_keys, _entries, max_size=5))
def test_what_is_written_is_read_back(entries: dict[str, LockEntry]) -> None:
    text = write_lock(Lock(entries))
    assert read_lock(text) == Lock(entries)
    assert write_lock(read_lock(text)) == text
    # The order in which entries came does not show.
    assert write_lock(Lock(dict(reversed(entries.items())))) == text


def test_times_are_written_in_utc() -> None:
    moment = datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert "locked = 2026-01-02T03:04:05Z\n" in write_lock(Lock({PYTHON: entry("3", 1, moment)}))


GOOD = write_lock(Lock({PYTHON: entry("3.12.1", 1)}))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("version = 1", "version = 2", "version 2"),
        ("version = 1", "", "version None"),
        ("digest = ", "digst = ", "digest"),
        (digest(1), "sha256:12", "not a digest"),
        ("docker.io/library/python:3", "python:3", "in full"),
        ("docker.io/library/python:3", "Python", "lower case"),
        ('tag = "3.12.1"', 'tag = "no tag"', "no tag"),
        ('tag = "3.12.1"', "tag = 3", "tag"),
        ("locked = 2026-01-02T03:04:05Z", "locked = 2026-01-02T03:04:05", "zone"),
        ("\n[image", "\n<<<<<<< ours\n[image", "conflict"),
        ("registry = ", 'previous = "x"\nregistry = ', "not a digest"),
        ("[image.", "[[image]]\n[x.", "tables"),
    ],
)
def test_what_cannot_be_used_is_refused(before: str, after: str, said: str) -> None:
    assert before in GOOD
    with pytest.raises(LockError, match=re.escape(said)):
        read_lock(GOOD.replace(before, after))


def test_a_merge_that_doubles_an_entry_is_an_error() -> None:
    table = GOOD[GOOD.index("[image") :]
    with pytest.raises(LockError):
        read_lock(GOOD + "\n" + table)


def test_branches_that_lock_different_images_merge(tmp_path: Path) -> None:
    names = ["a", "f", "m", "t", "z"]
    base = {f"docker.io/library/{name}:1": entry("1.0", index) for index, name in enumerate(names)}
    sides = {
        "base": base,
        "ours": base | {"docker.io/library/c:1": entry("1.0", 7)},
        "theirs": base | {"docker.io/library/p:1": entry("1.0", 8), "docker.io/library/z:1": entry("1.1", 9)},
    }
    for name, entries in sides.items():
        (tmp_path / name).write_text(write_lock(Lock(entries)), encoding="utf-8")
    merged = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert read_lock(merged.stdout).entries == sides["ours"] | sides["theirs"]


def test_saving_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "dockerslim.lock"
    lock = Lock({PYTHON: entry("3.12.1", 1)})
    assert save(path, lock)
    assert load(path) == lock
    path.chmod(0o640)
    assert not save(path, lock), "the same lock is not written again"
    assert save(path, Lock())
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match="nowhere"):
        save(tmp_path / "nowhere" / "dockerslim.lock", lock)


def test_a_lock_that_is_read_only_or_lies_elsewhere_is_left_as_it_is(tmp_path: Path) -> None:
    path, link = tmp_path / "dockerslim.lock", tmp_path / "link.lock"
    assert save(path, Lock({PYTHON: entry("3.12.1", 1)}))
    before = path.read_bytes()
    link.symlink_to(path)
    with pytest.raises(InputError, match="symbolic link"):
        save(link, Lock())
    path.chmod(0o444)
    with pytest.raises(InputError, match="read-only"):
        save(path, Lock())
    assert path.read_bytes() == before


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dockerslim.lock"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(LockError, match=r"dockerslim\.lock"):
        load(path)


def images(text: str, **arguments: str) -> list[tuple[str, int, str | None]]:
    build = read_build(parse_document(Source.from_bytes(text.encode())))
    found: tuple[BaseImage, ...] = base_images(build, arguments)
    return [(item.text, item.line, str(item.reference) if item.reference else None) for item in found]


def test_images_of_a_file() -> None:
    text = """ARG V=3.12
ARG NAME="python" REST='$V'
FROM ${NAME}:$V AS build
ARG V=9
FROM Build AS next
RUN --mount=type=bind,from=golang:1.22,target=/go true
COPY --from=build /a /b
COPY --from=nginx:1 /etc/nginx /etc/nginx
COPY --from=0 /a /b
FROM scratch
FROM debian:${UNSET}
FROM ubuntu
"""
    assert images(text) == [
        ("${NAME}:$V", 3, "python:3.12"),
        ("golang:1.22", 6, "golang:1.22"),
        ("nginx:1", 8, "nginx:1"),
        ("debian:${UNSET}", 11, None),
        ("ubuntu", 12, "ubuntu"),
    ]
    assert images(text, V="3.13", UNSET="12")[0] == ("${NAME}:$V", 3, "python:3.13")


@pytest.mark.parametrize(
    ("tag", "tags", "expected"),
    [
        (
            "latest",
            ["latest", "3", "2", "3.1", "3.2", "3.2.1", "3.10", "4.0rc1", "4-rc", "3-slim", "alpine", "20240101"],
            (("3", "2"), ("3.10", "3.2", "3.1"), ("3.2.1",), ("20240101",)),
        ),
        ("3-slim", ["3.1-slim", "3.1.4-slim", "3.1", "3.1-apache", "4-slim"], (("3.1-slim",), ("3.1.4-slim",))),
        ("slim-bookworm", ["3-slim-bookworm", "3-bookworm-slim", "3-slim"], (("3-slim-bookworm",),)),
        ("bookworm-slim", ["bookworm-20240101-slim", "12-slim", "bookworm-slim"], (("bookworm-20240101-slim",),)),
        ("stable-slim", ["13-slim", "13", "stable"], (("13-slim",),)),
        ("8-jre", ["8u222-jre", "8-jre-slim", "8u300-jre"], (("8u300-jre", "8u222-jre"),)),
        ("3.1", ["3.10", "3.10.1", "3.1.5"], (("3.1.5",),)),
        ("lts", ["22", "24", "lts"], (("24", "22"),)),
        ("edge", ["3.1", "edge"], ()),
    ],
)  # fmt: skip
def test_version_tags_keep_the_variant(tag: str, tags: list[str], expected: tuple[tuple[str, ...], ...]) -> None:
    assert levels(tag, tags) == expected


@given(st.lists(_tags, max_size=20), _tags)
def test_levels_hold_only_more_exact_tags_of_one_variant(tags: list[str], tag: str) -> None:
    wanted = read_tag(tag)
    for level in levels(tag, tags):
        for name in level:
            assert name in tags
            found = read_tag(name)
            assert found.numbers
            assert found.words == wanted.words
            assert found.numbers[: len(wanted.numbers)] == wanted.numbers
            assert len(found.numbers) > len(wanted.numbers)


def project(folder: Path) -> LockRequest:
    (folder / "Dockerfile").write_text("FROM python:3\n", encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "web.Dockerfile").write_text("FROM alpine\nFROM $X\n", encoding="utf-8")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "Dockerfile").write_text("FROM node\n", encoding="utf-8")
    return LockRequest((str(folder),), folder / "dockerslim.lock")


@pytest.mark.parametrize("option", [["--check"], ["--prune"], []])
def test_a_lock_that_is_a_link_is_refused_before_it_is_read(tmp_path: Path, option: list[str]) -> None:
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    project(folder)
    (tmp_path / "outside").write_text('secret = "x\x01y"\n', encoding="utf-8")
    (folder / "dockerslim.lock").symlink_to(tmp_path / "outside")
    result = CliRunner().invoke(app, ["lock", *option, "--no-packages", str(folder)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        f"dockerslim: {folder / 'dockerslim.lock'}: is a symbolic link, which may lead out of the repository;"
        " name the file with --file\n"
    )


def test_the_command_locks_checks_and_updates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = project(tmp_path)
    first = Table({PYTHON: ("3.12.1", 1), ALPINE: ("3.20", 2)})
    later = Table({PYTHON: ("3.12.2", 3), ALPINE: ("3.20", 2)})
    assert run(request, first) == 0
    assert set(load(request.lock_file).entries) == {ALPINE, PYTHON}
    written = request.lock_file.read_bytes()
    assert "web.Dockerfile:2: $X is not locked" in capsys.readouterr().err
    # Without --update nothing that is locked is asked for.
    assert run(request, Table({})) == 0
    assert run(replace(request, check=True), first) == 0
    capsys.readouterr()
    assert run(replace(request, check=True), later) == 1
    assert capsys.readouterr().out == f"{PYTHON}: 3.12.1 {digest(1)[:19]} -> 3.12.2 {digest(3)[:19]}\n"
    assert request.lock_file.read_bytes() == written, "--check writes nothing"
    assert run(replace(request, update=("alpine",)), later) == 0
    assert request.lock_file.read_bytes() == written
    assert run(replace(request, update=("python",)), later) == 0
    assert load(request.lock_file).entries[PYTHON].tag == "3.12.2"


def test_the_command_complains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = project(tmp_path)
    assert run(request, Table({PYTHON: Unavailable("no answer"), ALPINE: ("3.20", 2)})) == 2
    assert "no answer" in capsys.readouterr().err
    assert set(load(request.lock_file).entries) == {ALPINE}, "what could be asked for is locked"
    assert run(replace(request, update=("golang",)), Table({})) == 2
    assert "golang" in capsys.readouterr().err
    assert run(replace(request, format="xml"), Table({})) == 2
    request.lock_file.write_text("version = 99\n", encoding="utf-8")
    assert run(request, Table({})) == 2
    assert request.lock_file.read_text(encoding="utf-8") == "version = 99\n"
    assert run(replace(request, paths=(str(tmp_path / "none"),), lock_file=tmp_path / "x"), Table({})) == 2


def test_the_command_reports_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = replace(project(tmp_path), format="json")
    assert run(request, Table({PYTHON: ("3.12.1", 1), ALPINE: ("3.20", 2)})) == 0
    assert f'"digest": "{digest(1)}"' in capsys.readouterr().out


def test_the_time_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    request = project(tmp_path)
    run(request, Table({PYTHON: ("3.12.1", 1), ALPINE: ("3.20", 2)}))
    assert load(request.lock_file).entries[PYTHON].locked == datetime(1970, 1, 2, tzinfo=UTC)
