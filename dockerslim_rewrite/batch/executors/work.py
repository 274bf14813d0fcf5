"""What every executor does with a path: prepare, look into the cache, compute. Nothing that a file holds stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...failure import failure
from ..outcome import Outcome
from ..unit import Prover, compute, failed
from . import Done, Prepare

if TYPE_CHECKING:
    from ..cache import Cache


def work(path: str, named: bool, prepare: Prepare, store: Cache | None, prove: Prover | None) -> Done:
    """The outcome of the file at *path*; what goes wrong is in it."""
    try:
        unit = prepare(path, named)
    except (ValueError, OSError) as error:
        return Done(failed(path, path, str(error)))
    try:
        if prove is not None:
            return Done(compute(unit, prove))
        from ..cache import compute_cached

        return Done(*compute_cached(unit, store))
    except MemoryError:
        return Done(failed(path, unit.name, f"{path}: takes more memory than there is; left as it is"))
    except Exception as error:  # noqa: BLE001 - the rim of the batch: one file never stops the others
        return Done(broken(path, unit.name, error))


def broken(path: str, name: str, error: BaseException) -> Outcome:
    """The outcome where this program failed, which is a bug to be told, not the file's fault."""
    return failed(path, name, f"{path}: {failure(error)}", code=3)
