"""Other machines, by Dask distributed.

Work units carry content: the Dockerfile, and the context as far as a rule asked for it, under its digest. So workers
need no shared disk, a unit that a lost worker had is done by another, and what is done twice comes to the same.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import time
import zlib
from asyncio import CancelledError
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ...analysis.locked import Lock
from ...context.project import FolderProject
from ...record import evolve, record
from ..facts import Facts, facts_of
from ..outcome import Outcome, digest
from ..unit import Unit, compute, failed
from . import Done, Prepare
from .work import broken, work

if TYPE_CHECKING:
    from ..cache import Cache

#: A larger context does not travel: the file is done on this machine.
_MOST = 128 * 1024 * 1024
#: Contexts that are held on the cluster for files to come.
_HELD = 32
#: Units on the way for each thread of the cluster, and if that is not known yet.
_AHEAD, _AT_LEAST = 4, 16
#: So many seconds a batch waits without a single worker, and between two looks at who is there.
_ALONE, _LOOK = 60.0, 5.0


@record
class Parcel:
    """A unit without anything that is bound to this machine."""

    path: str
    name: str
    root: str
    data: bytes
    options: Any
    lock: tuple[dict[str, Any], dict[str, Any], tuple[Any, ...]]
    named: bool
    program: str


@record
class Answer:
    """What a worker says: the outcome with the facts that it rests on, or that it ``wants`` the context first."""

    outcome: Outcome | None = None
    facts: Facts | None = None
    wants: bool = False
    refusal: str | None = None


class Lost(ValueError):
    """Nobody is left who could do the work; the message is one line for people."""


class _Wanted(Exception):
    """A rule asks for the context."""


class DaskCluster:
    """The workers of the *scheduler* at an address such as ``tcp://host:8786``."""

    def __init__(self, prepare: Prepare, store: Cache | None, scheduler: str) -> None:
        self._prepare = prepare
        self._store = store
        self._scheduler = scheduler
        self._client: Any = None
        self._contexts: OrderedDict[str, Any] = OrderedDict()

    def __enter__(self) -> DaskCluster:
        try:
            from distributed import Client
        except ImportError:
            raise ValueError("--executor dask needs the extra: pip install 'dockerslim-rewrite[cluster]'") from None
        _quiet()
        try:
            self._client = Client(self._scheduler, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise ValueError(f"--scheduler {self._scheduler}: cannot be reached: {error}") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._contexts.clear()
        # Of a scheduler that is gone nobody can take leave.
        with contextlib.suppress(Exception, CancelledError):
            self._client.close(timeout=2)

    def run(self, paths: Iterable[tuple[str, bool]]) -> Iterator[Done]:
        """The outcomes, in the order of *paths*."""
        waiting: deque[_Job | Done] = deque()
        source = iter(paths)
        more = True
        while True:
            while more and len(waiting) < self._window():
                following = next(source, None)
                if following is None:
                    more = False
                else:
                    waiting.append(self._begun(*following))
            if not waiting:
                return
            first = waiting.popleft()
            yield first if isinstance(first, Done) else self._finished(first)

    def _window(self) -> int:
        return max(_AT_LEAST, self._threads() * _AHEAD)

    def _threads(self) -> int:
        """How many threads the workers have now: they come and go."""
        with self._reaching():
            return sum(self._client.nthreads().values()) if self._client.status == "running" else 0

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        """What goes wrong inside is the scheduler's end. Raises ``Lost``."""
        try:
            yield
        except (Exception, CancelledError):  # noqa: BLE001 - it has many ways to be gone
            raise self._lost("is lost") from None

    def _lost(self, what: str) -> Lost:
        return Lost(f"--scheduler {self._scheduler}: {what}; run the same again once it is back: what is done is kept")

    def _submit(self, function: Any, *arguments: Any, **options: Any) -> Any:
        with self._reaching():
            return self._client.submit(function, *arguments, retries=3, **options)

    def _result(self, future: Any) -> Any:
        """What *future* comes to. Raises ``Lost`` where nobody is left who could do it."""
        seen = time.monotonic()
        while True:
            try:
                return future.result(timeout=_LOOK)
            except TimeoutError:
                if self._client.status != "running":
                    raise self._lost("is lost") from None
            except CancelledError:
                raise self._lost("is lost") from None
            if self._threads():
                seen = time.monotonic()
            elif time.monotonic() - seen > _ALONE:
                raise self._lost("has no worker left")

    def _begun(self, path: str, named: bool) -> _Job | Done:
        from ..cache import key_of, program

        try:
            unit = self._prepare(path, named)
        except (ValueError, OSError) as error:
            return Done(failed(path, path, str(error)))
        if unit.options.templates is not None:
            raise ValueError("--templates lie on this machine; leave out --executor dask")
        key = key_of(unit)
        known = self._store.get(unit, key) if self._store is not None else None
        if known is not None:
            return Done(known, cached=True)
        bare = evolve(unit.options, lock=Lock(), builds=None)
        lock = unit.options.lock
        packages = {target: dict(table) for target, table in lock.packages.items()}
        plain = (dict(lock.entries), packages, lock.proofs)
        parcel = Parcel(path, unit.name, unit.root, unit.data, bare, plain, unit.named, program())
        return _Job(unit, key, parcel, self._submit(answer, parcel, None, pure=False))

    def _finished(self, job: _Job) -> Done:
        unit = job.unit
        try:
            found: Answer = self._result(job.future)
            if found.wants:
                carried = [one.carried(_MOST) for one in unit.projects()]
                if any(one is None for one in carried):
                    return work(unit.path, unit.named, self._prepare, self._store, None)
                found = self._result(self._submit(answer, job.parcel, self._context(carried), pure=False))
        except Lost:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a cluster raises for one file, the others go on
            return Done(broken(unit.path, unit.name, error))
        if found.refusal is not None:
            raise ValueError(found.refusal)
        if found.outcome is None:
            return Done(failed(unit.path, unit.name, f"{unit.path}: no worker gave an answer; left as it is", code=3))
        if self._store is not None:
            self._store.keep(job.key, found.facts, found.outcome, unit)
        return Done(found.outcome)

    def _context(self, projects: Sequence[FolderProject | None]) -> Any:
        """*projects* as something on the cluster: what many files have in common travels once."""
        packed = zlib.compress(pickle.dumps(list(projects)), 1)
        key = f"context-{digest(packed)}"
        if key not in self._contexts:
            self._contexts[key] = self._submit(_held, packed, key=key)
            while len(self._contexts) > _HELD:
                self._contexts.popitem(last=False)
        return self._contexts[key]


def _quiet() -> None:
    """Let the libraries log nothing: of a scheduler that is gone they write tracebacks for each message on its way."""
    for name in ("distributed", "tornado", "asyncio", *list(logging.root.manager.loggerDict)):
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logger = logging.getLogger(name)
            logger.handlers = [logging.NullHandler()]
            logger.propagate = False


class _Job:
    """A unit on its way."""

    def __init__(self, unit: Unit, key: str, parcel: Parcel, future: Any) -> None:
        self.unit = unit
        self.key = key
        self.parcel = parcel
        self.future = future


def answer(parcel: Parcel, context: bytes | None) -> Answer:
    """What a worker makes of *parcel*, with the *context* that it asked for before."""
    from ..cache import program

    if parcel.program != program():
        return Answer(refusal="a worker runs another version of dockerslim-rewrite; install the same everywhere")
    opened: list[list[FolderProject]] = []

    def projects(sources: Sequence[str] | None = None) -> Sequence[FolderProject]:
        if context is None:
            raise _Wanted
        opened.append(pickle.loads(zlib.decompress(context)))
        return opened[-1]

    options = evolve(parcel.options, lock=Lock(*parcel.lock))
    unit = Unit(parcel.path, parcel.name, parcel.root, parcel.data, options, projects, parcel.named)
    try:
        outcome = compute(unit)
    except _Wanted:
        return Answer(wants=True)
    except Exception as error:  # noqa: BLE001 - one file never stops the others
        return Answer(broken(unit.path, unit.name, error))
    return Answer(outcome, facts_of(opened[0], unit.root) if opened else None)


def _held(packed: bytes) -> bytes:
    return packed
