"""What the ENTRYPOINT of known images does with the words of CMD; see ``data/entrypoints.toml``."""

from __future__ import annotations

from fnmatch import fnmatchcase

from .tables import table


def entrypoint_minds(image: str, first: str) -> bool | None:
    """Whether the ENTRYPOINT of *image* (its name without tag) does more than run the words of a CMD that starts with
    the word *first*; None for an image whose ENTRYPOINT is not known.
    """
    data = table("entrypoints")
    if image in data["none"] or image in data["passes"]:
        return False
    words = data["looks"].get(image)
    return None if words is None else any(fnmatchcase(first, word) for word in words)
