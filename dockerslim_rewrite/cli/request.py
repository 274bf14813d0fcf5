"""What one call of ``rewrite`` asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..record import record

if TYPE_CHECKING:
    from .builds import BuildRequest


@record
class Request:
    """The options of one call; ``given`` names those that were typed, which configuration does not change."""

    paths: tuple[str, ...]
    output: str | None = None
    in_place: bool = False
    diff: bool = False
    check: bool = False
    watch: bool = False
    level: str = "standard"
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    style: str = "keep"
    templates: Path | None = None
    format: str = "text"
    statistics: bool = False
    strict: bool = False
    quiet: bool = False
    pin: str | None = None
    lock: Path | None = None
    context: Path | None = None
    account: str = "app:10001"
    dockerignore: bool = False
    cleanup: str = "delete"
    flatten: bool = False
    suggest: bool = False
    no_baseline: bool = False
    generated: bool = False
    config: Path | None = None
    isolated: bool = False
    python: bool = False
    stdin_filename: Path | None = None
    verify: BuildRequest | None = None
    prove: BuildRequest | None = None
    given: frozenset[str] = frozenset()
