"""Who may read what, by modes and owners alone."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.engine.prove.access import Account, account, unreadable
from dockerslim_rewrite.engine.rootfs import Entry, Kind, RootFilesystem

PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"
GROUP = "root:x:0:\napp:x:1001:\nmedia:x:44:app,www\n"


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Account(0, frozenset((0,)))),
        ("root", Account(0, frozenset((0,)))),
        ("app", Account(1000, frozenset((1001, 44)))),
        ("1000", Account(1000, frozenset((1001, 44)))),
        ("4711", Account(4711, frozenset((0,)))),
        ("4711:12", Account(4711, frozenset((12,)))),
        ("app:media", Account(1000, frozenset((44,)))),
        ("nobody-here", None),
    ],
)
def test_accounts(user: str, expected: Account | None) -> None:
    assert account(user, PASSWD, GROUP) == expected


def _files(**modes: tuple[int, int, int]) -> RootFilesystem:
    files = RootFilesystem()
    files.apply([("/app", Entry(Kind.DIRECTORY, 0o755, 0, 0)), ("/private", Entry(Kind.DIRECTORY, 0o700, 0, 0))])
    files.apply([("/private/a", Entry(Kind.FILE, 0o644, 0, 0))])
    files.apply([(f"/app/{name}", Entry(Kind.FILE, *frame)) for name, frame in modes.items()])
    return files


def test_the_first_class_that_fits_decides() -> None:
    files = _files(mine=(0o400, 1000, 0), group=(0o640, 0, 1001), other=(0o604, 0, 0), closed=(0o600, 0, 0))
    files.apply([("/app/odd", Entry(Kind.FILE, 0o047, 1000, 0))])
    who = Account(1000, frozenset((1001,)))
    # The owner of /app/odd may not read it, though everybody else may.
    assert unreadable(files, who, ["/app", "/private"]) == ("/app/closed", "/app/odd", "/private", "/private/a")
    assert unreadable(files, who, ["/app/mine"]) == ()
    assert unreadable(files, Account(0, frozenset((0,))), ["/app", "/private"]) == ()
