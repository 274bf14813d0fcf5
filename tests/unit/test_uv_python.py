"""Which Pythons a project of uv's asks for, and whether that of the image is one of them."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.analysis.runtime.uv_python import Version, admits


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        (">=3.11", (3, 12), True),
        (">=3.12", (3, 12), True),
        (">=3.13", (3, 12), False),
        (">=3.9, <3.13", (3, 12), True),
        (">=3.9,<3.12", (3, 12), False),
        ("<4", (3, 12), True),
        (">=3.11", (), True),
        (">=3.11,<4", (3,), False),
        ("~=3.11", (3, 12), True),
        ("~=3.11.0", (3, 12), False),
        ("==3.12.*", (3, 12), True),
        ("==3.12", (3, 12), False),
        ("!=3.12.1", (3, 11), True),
        ("3.12", (3, 12, 4), True),
        ("3.12.4", (3, 12, 4), True),
        ("3.12.4", (3, 12), False),
        ("cpython-3.12", (3, 12), True),
        ("pypy@3.10", (3, 10), False),
        ("===3.12", (3, 12), False),
    ],
)
def test_which_python_a_project_asks_for(wanted: str, there: Version, expected: bool) -> None:
    assert admits(wanted, there) == expected
