"""Where to read about what rules rest on, and about the findings of other tools."""

from __future__ import annotations

from functools import lru_cache

from ..patterns import re
from .tables import table

_HADOLINT = re.compile(r"DL\d{4}\Z")
_SHELLCHECK = re.compile(r"SC\d{4}\Z")
#: The words of a check's name, acronyms included: "JSONArgsRecommended".
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z]+")


@lru_cache(maxsize=1)
def _sources() -> dict[str, str]:
    data = table("sources")
    return dict(data["sources"])


def links(documentation: str) -> list[str]:
    """Addresses of the sources that *documentation* names, in the order of the data file."""
    text = " ".join(documentation.split())
    return [address for name, address in _sources().items() if name in text]


def link_of(code: str) -> str | None:
    """The page on a finding of hadolint or ShellCheck or on one of BuildKit's checks; None for other tools' codes."""
    if _HADOLINT.match(code):
        return f"https://github.com/hadolint/hadolint/wiki/{code}"
    if _SHELLCHECK.match(code):
        return f"https://www.shellcheck.net/wiki/{code}"
    words = _WORDS.findall(code)
    if len(words) > 1 and "".join(words) == code:
        return f"https://docs.docker.com/reference/build-checks/{'-'.join(words).lower()}/"
    return None
