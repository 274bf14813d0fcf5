"""Paths in descriptions of builds as paths of the repository."""

from __future__ import annotations

from ...patterns import re
from ..repository import Repository, joined
from .checkout import relative
from .found import Text, Unknown

_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git@|github\.com/|[\w.-]+@[\w.-]+:|-\Z")


def is_remote(text: str) -> bool:
    """Whether a context is no folder: an address, a repository, or standard input."""
    return _REMOTE.match(text) is not None


def folder(repository: Repository, base: str, text: Text, *, told: bool = True) -> Text:
    """The folder that *text* names, seen from *base*; unknown for addresses and what lies outside, which is *told*."""
    if isinstance(text, Unknown):
        return text
    if is_remote(text) or text.startswith("~"):
        return Unknown(text)
    if text.startswith("/"):
        # Only scripts that ask where they lie get absolute paths into the repository.
        inner = relative(text)
        return Unknown(text) if inner is None else inner
    found = joined(base, text)
    if not repository.inside(found):
        if told:
            repository.complain(f"{base}/{text}" if base else text, "lies outside of the repository; not followed")
        return Unknown(text)
    return found


def file(repository: Repository, base: Text, text: Text, *, told: bool = True) -> Text:
    """The file that *text* names as seen from the folder *base*; unknown where either is, or it lies outside."""
    if isinstance(base, Unknown):
        return Unknown(str(text)) if isinstance(text, str) else text
    return folder(repository, base, text, told=told)
