"""What is found in one Python module."""

from __future__ import annotations

from ...analysis.project import Doubt, Evidence, Listener, Privilege, StartedProgram, WrittenPath
from ...record import record


@record
class Ran:
    """A program that the code runs: its words where they are a list, else a command line; None is not known."""

    words: tuple[str | None, ...]
    line: str | None
    evidence: Evidence


@record
class ModuleScan:
    """What one module does."""

    writes: tuple[WrittenPath, ...] = ()
    listeners: tuple[Listener, ...] = ()
    privileges: tuple[Privilege, ...] = ()
    runs: tuple[Ran, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    programs: tuple[StartedProgram, ...] = ()
