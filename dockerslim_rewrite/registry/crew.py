"""Threads for questions to the network, which nobody waits for once their answers are not wanted any more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def crew(workers: int) -> Iterator[ThreadPoolExecutor]:
    """*workers* threads. Where the block is left by an exception, a signal among them, none is waited for."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
