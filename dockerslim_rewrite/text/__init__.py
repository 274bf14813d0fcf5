"""Text as it lies on disk: decoding, positions, spans, edits and patches. Knows nothing of Dockerfiles."""

from .patch import Edit, OverlapError, Patch
from .shown import readable, shown
from .source import Position, Source, Span

__all__ = ["Edit", "OverlapError", "Patch", "Position", "Source", "Span", "readable", "shown"]
