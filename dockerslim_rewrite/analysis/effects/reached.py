"""The commands that a RUN, or what a container starts, comes to run: behind wrappers, in scripts, in build files.

What cannot be read is named with what is known of it (see ``knowledge/data/assumptions.toml`` for the kinds), never
left out: it may do anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ...record import record

#: Scripts may call others so deep, and so many commands are looked at; what lies beyond is not known.
MOST_DEEP = 8
MOST_COMMANDS = 4000


@record
class Ran:
    """A command that is run: its words (None for one that an expansion decides), and the folder it runs in, if known.

    ``surely``: it runs whenever what it belongs to succeeds. ``user`` is another user than the RUN's, as written.
    ``place`` says where it stands, for people.
    """

    argv: tuple[str | None, ...]
    folder: str | None
    place: str
    surely: bool
    user: str | None = None

    @property
    def beginning(self) -> str:
        """Its first words, for people."""
        return " ".join(word or "…" for word in self.argv[:3])

    @property
    def name(self) -> str:
        """The program without its folder; empty where an expansion gives it."""
        return (self.argv[0] or "").rpartition("/")[2]


@record
class Unread:
    """Something that is run and that could not be looked into; ``kind`` is what is known of it, ``what`` its name."""

    kind: str
    what: str
    place: str

    def __str__(self) -> str:
        return f"{self.what} ({self.place})"


Reached: TypeAlias = Ran | Unread


@record
class Files:
    """What the build puts into an image: ``context`` leads from image paths to context paths, ``texts`` to the texts of
    here-documents. ``known`` tells that the context is there to be read.
    """

    context: Mapping[str, str]
    texts: Mapping[str, str]
    known: bool
