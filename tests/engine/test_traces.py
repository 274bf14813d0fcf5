"""Traces of strace, read: only what happens in the container counts, and what becomes of each call."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.engine.traces import Traced, read_trace, under_strace

ROOT = "/var/tmp/buildah1/mnt/rootfs"
#: The engine opens files of the host; then it enters the root and runs the container's program.
START = f'10 openat(AT_FDCWD</>, "/etc/hostconfig", O_RDONLY) = 3</etc/hostconfig>\n11 chroot("{ROOT}") = 0\n'


def _traced(*calls: str) -> Traced:
    return read_trace(START + "".join(f"11 {call}\n" for call in calls))


@pytest.mark.parametrize(
    ("call", "field", "path"),
    [
        (f'openat(AT_FDCWD<{ROOT}>, "/app/a", O_RDONLY|O_CLOEXEC) = 3<{ROOT}/app/a>', "found", "/app/a"),
        (f'openat(AT_FDCWD<{ROOT}/app>, "b", O_RDONLY) = 3', "found", "/app/b"),
        (f'openat(5<{ROOT}/app>, "../c", O_RDONLY) = 3', "found", "/c"),
        (f'openat(AT_FDCWD<{ROOT}>, "/no", O_RDONLY) = -1 ENOENT (No such file or directory)', "sought", "/no"),
        (f'openat(AT_FDCWD<{ROOT}>, "/new", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3', "written", "/new"),
        (f'openat(AT_FDCWD<{ROOT}>, "/old", O_RDWR) = 3', "written", "/old"),
        (f'openat(AT_FDCWD<{ROOT}>, "/his", O_WRONLY) = -1 EACCES (Permission denied)', "refused", "/his"),
        (f'openat(AT_FDCWD<{ROOT}>, "/ro", O_WRONLY) = -1 EROFS (Read-only file system)', "refused", "/ro"),
        ('mkdir("/data", 0777) = 0', "written", "/data"),
        ('mkdir("/data", 0777) = -1 EACCES (Permission denied)', "refused", "/data"),
        (f'mkdirat(AT_FDCWD<{ROOT}/app>, "d", 0777) = 0', "written", "/app/d"),
        ('execve("/bin/sh", ["sh"], 0x7ff /* 3 vars */) = 0', "found", "/bin/sh"),
        ('execve("/bin/no", ["no"], 0x7ff /* 3 vars */) = -1 ENOENT (No such file or directory)', "sought", "/bin/no"),
        ('execve("/app/x", ["x"], 0x7ff /* 3 vars */) = -1 EACCES (Permission denied)', "refused", "/app/x"),
    ],
)
def test_a_call_is_read(call: str, field: str, path: str) -> None:
    found = _traced(call)
    assert {name: getattr(found, name) for name in Traced.__fields__} == {  # type: ignore[attr-defined]
        name: frozenset({path} if name == field else ()) for name in ("found", "sought", "written", "refused")
    }


def test_what_the_host_does_does_not_count() -> None:
    assert read_trace(START) == Traced()
    assert _traced('openat(AT_FDCWD</root>, "/root/x", O_RDONLY) = 3') == Traced()


def test_a_call_in_two_parts_is_one() -> None:
    text = f'11 openat(AT_FDCWD<{ROOT}>, "/app/a", O_RDONLY <unfinished ...>\n12 +++ exited with 0 +++\n'
    assert read_trace(f"{START}{text}11 <... openat resumed>) = 3\n").found == {"/app/a"}


def test_what_was_made_is_not_missed_though_it_was_sought_first() -> None:
    sought = f'openat(AT_FDCWD<{ROOT}>, "/app/a", O_RDONLY) = -1 ENOENT (No such file or directory)'
    made = f'openat(AT_FDCWD<{ROOT}>, "/app/a", O_WRONLY|O_CREAT, 0666) = 3'
    assert _traced(sought, made) == Traced(written=frozenset({"/app/a"}))


def test_strace_is_the_child_of_what_it_traces() -> None:
    from pathlib import Path

    command = under_strace(["buildah", "run"], Path("/t"))
    assert command[0] == "strace"
    assert "-D" in command
    assert command[-2:] == ["buildah", "run"]
