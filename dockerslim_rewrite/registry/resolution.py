"""What a reference stands for at one moment, and who can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..ir.reference import ImageReference


@dataclass(frozen=True, slots=True)
class Resolution:
    """*tag* (None: untagged) of a repository stood for *digest* and *platforms*; *version_tag* has the same digest.

    ``version_tag`` is None when no tag of the same variant names the version more exactly.
    """

    registry: str
    repository: str
    tag: str | None
    version_tag: str | None
    digest: str
    platforms: tuple[str, ...]


class Resolver(Protocol):
    """Anything that can say what a reference stands for: a registry's client, or a table in a test."""

    def resolve(self, reference: ImageReference) -> Resolution:
        """What *reference* stands for. Raises ``RegistryError``."""
        ...
