"""Which operands of a command have to be files that are there."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.knowledge.needed_operands import is_needed, knows_needs


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("cat a b", "a b"),
        ("cat - a", "- a"),
        ("cp -r a b c", "a b"),
        ("cp -t a b", ""),
        ("mv a -S .x b", "a"),
        ("rm a", "a"),
        ("rm -rf a", ""),
        ("rm -- -f", "-f"),
        ("chmod -R 755 a b", "a b"),
        ("chmod --reference=a b", ""),
        ("sed -n 1p a", "a"),
        ("sed -i.bak s/a/b/ a", "a"),
        ("sed -e 1p a", ""),
        ("head -n 5 a", "a"),
        ("head -5 a", "a"),
        ("install -m 755 a b", "a"),
        ("install -d a b", ""),
        ("grep -q x a", "a"),
        ("grep -rq x a", ""),
        ("unzip a b", "a"),
        ("tar -xzf a b", "a"),
        ("tar xf a", "a"),
        ("tar -czf a b", ""),
        ("dpkg -i a", "a"),
        ("/bin/cat a", "a"),
        ("tool a", ""),
    ],
)
def test_what_has_to_be_there(line: str, needed: str) -> None:
    argv = line.split()
    assert [word for at, word in enumerate(argv) if is_needed(argv, at)] == needed.split()


@pytest.mark.parametrize(
    ("argv", "at", "needed"),
    [
        (("cp", "a", None), 1, True),
        (("rm", None, "a"), 2, False),
        (("rm", "a", None), 1, False),
        (("cat", "a", None), 1, True),
    ],
)
def test_what_an_expansion_decides_may_be_an_option(argv: tuple[str | None, ...], at: int, needed: bool) -> None:
    assert is_needed(argv, at) is needed
    assert knows_needs("cat")
    assert not knows_needs("tool")
