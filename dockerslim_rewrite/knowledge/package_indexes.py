"""Where package managers look when nobody says otherwise."""

from __future__ import annotations

from .tables import table


def usual_index(kind: str) -> str:
    """The address of the index that packages of *kind* (``pypi``, ``npm``, ``gem``) come from as a rule."""
    return str(table("package_indexes")[kind])
