"""Processes on this machine."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING

from ..unit import Prover, failed
from . import Done, Prepare
from .work import work

if TYPE_CHECKING:
    from ..cache import Cache

#: Files that travel together: fewer messages, and still many portions for each process.
_PORTION = 16
#: Portions on the way for each process.
_AHEAD = 3
#: Seconds between two looks for whoever started a process.
_LOOKS = 0.25

Portion = list[tuple[str, bool]]


class LocalPool:
    """*jobs* processes; with one, the work is done in this process."""

    def __init__(self, prepare: Prepare, store: Cache | None, jobs: int, prove: Prover | None = None) -> None:
        self._work = (prepare, store, prove)
        self._jobs = jobs
        self._portion = _PORTION if prove is None else 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end(wait=kind is None)

    def run(self, paths: Iterable[tuple[str, bool]]) -> Iterator[Done]:
        """The outcomes, in the order of *paths*."""
        if self._jobs == 1:
            for path, named in paths:
                yield work(path, named, *self._work)
            return
        waiting: deque[tuple[Portion, Future[list[Done]]]] = deque()
        source, begun = iter(paths), 0
        while True:
            while len(waiting) < self._jobs * _AHEAD:
                # Small portions first: few files keep all processes busy as well.
                begun += 1
                portion = list(islice(source, min(self._portion, 1 + begun // (self._jobs * _AHEAD))))
                if not portion:
                    break
                waiting.append((portion, self._submit(portion)))
            if not waiting:
                return
            portion, future = waiting.popleft()
            try:
                yield from future.result()
            except BrokenProcessPool:
                self._end(wait=False)
                yield from self._one_by_one(portion)
                # What was under way went with the pool.
                waiting = deque((other, self._submit(other)) for other, _ in waiting)

    def _submit(self, portion: Portion) -> Future[list[Done]]:
        while True:
            if self._pool is None:
                self._pool = self._started()
            try:
                return self._pool.submit(_portion, portion)
            except BrokenProcessPool:
                self._end(wait=False)

    def _one_by_one(self, portion: Portion) -> Iterator[Done]:
        """A process died over one of *portion*: find out which, and give that one up."""
        for path, named in portion:
            try:
                yield self._submit([(path, named)]).result()[0]
            except BrokenProcessPool:
                self._end(wait=False)
                reason = f"{path}: left as it is: the process that rewrote it died (out of memory?)"
                yield Done(failed(path, path, reason, code=3))

    def _started(self) -> ProcessPoolExecutor:
        # A forked process has the program and the builds of the repository already.
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("fork" if "fork" in methods else None)
        gc.freeze()
        return ProcessPoolExecutor(self._jobs, context, _begin, self._work)

    def _end(self, *, wait: bool) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=wait, cancel_futures=True)
            self._pool = None


_hands: list[tuple[Prepare, Cache | None, Prover | None]] = []


def _begin(prepare: Prepare, store: Cache | None, prove: Prover | None) -> None:
    # The first process is told of Ctrl-C and ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(50_000)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _hands[:] = [(prepare, store, prove)]


def _end_with(parent: int) -> None:
    """End this process when *parent* is gone: killed, it could not say so, and nobody would ask for more work."""
    while os.getppid() == parent:
        time.sleep(_LOOKS)
    os._exit(1)


def _portion(portion: Portion) -> list[Done]:
    return [work(path, named, *_hands[0]) for path, named in portion]
