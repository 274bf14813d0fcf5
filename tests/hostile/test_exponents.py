"""The exponent with which counted work grows over three sizes: 1 in proportion, 2 with the square."""

from __future__ import annotations

from collections.abc import Callable
from cProfile import Profile
from math import log

from dockerslim_rewrite import Options, rewrite

#: What work in proportion may show: a table that is larger asks for a little more.
LINEAR = 1.1


def exponents(work: Callable[[int], object], sizes: tuple[int, int, int], of: str = "") -> list[float]:
    """How the calls that *work* makes grow from each of *sizes* to the next; only those of the functions named *of*."""
    work(1)
    work(2)
    counted = []
    for size in sizes:
        profile = Profile()
        profile.runcall(work, size)
        counted.append(sum(one.callcount for one in profile.getstats() if of in str(one.code)))
    return [
        log(max(counted[i + 1], 1) / max(counted[i], 1)) / log(sizes[i + 1] / sizes[i]) for i in range(len(sizes) - 1)
    ]


def aggressive(text: str) -> None:
    assert rewrite(text, Options(level="aggressive")).bugs == ()


def test_comments_above_an_instruction_that_goes() -> None:
    """Whether each of them stands right above it was found out by reading all lines in between."""

    def work(size: int) -> None:
        aggressive("FROM debian:12\n" + "# comment x\n" * size + "RUN apt-get install -y x\n")

    assert max(exponents(work, (500, 1_000, 2_000))) <= LINEAR
