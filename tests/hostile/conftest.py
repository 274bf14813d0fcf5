"""What tests of hostile input have in common."""

from __future__ import annotations

import faulthandler
import time
from collections.abc import Iterator

import pytest

#: Seconds of processor time for one test that would take minutes or hours without a bound.
ENOUGH = 15


@pytest.fixture
def soon() -> Iterator[None]:
    """Fail, or end the run, where a test takes too long."""
    faulthandler.dump_traceback_later(120, exit=True)
    start = time.process_time()
    yield
    faulthandler.cancel_dump_traceback_later()
    assert time.process_time() - start < ENOUGH
