"""Where facts stand."""

from __future__ import annotations

from ..record import record


@record
class Evidence:
    """Where something stands: a context path (or the Dockerfile's name) and a line from 1; 0 is the file as a whole."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path
