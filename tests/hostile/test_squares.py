"""What one pass, one table or one expression does to a file grows with the file, not with its square.

What is counted in calls cannot see work within one call of Python's own, so the sizes here are such that the square of
them takes minutes, and the time allowed is many times what is needed.
"""

from __future__ import annotations

import faulthandler
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from dockerslim_rewrite import ParseError, rewrite

ENOUGH = 15


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    faulthandler.dump_traceback_later(120, exit=True)
    start = time.process_time()
    yield
    faulthandler.cancel_dump_traceback_later()
    assert time.process_time() - start < ENOUGH


def test_triggers_of_triggers_take_no_memory() -> None:
    tracemalloc.start()
    with pytest.raises(ParseError, match="ONBUILD may not stand after ONBUILD"):
        rewrite("FROM debian:12\n" + "ONBUILD \\\n" * 20_000 + "RUN true\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000
