"""Who owns a file: CODEOWNERS as GitHub and GitLab read it.

Sources: GitHub documentation, "About code owners" (the last match wins; lines with ``!`` are skipped; no ranges in
brackets; a pattern without owners takes owners away); GitLab documentation, "Code Owners syntax" (sections in brackets
with defaults, an optional ``^`` and a number of approvals; each section is matched by itself; ``!`` excludes within a
section).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ...patterns import re
from ...record import record
from ...regular import read_text
from ...text.stars import once
from ...workspace.repository import Repository

#: Where the two look, in their order; the first that is there counts.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
#: What stands for files without owner.
NOBODY = "unowned"
_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>(?:\s.*)?)\Z")
#: Two stars between slashes stand for any number of folders, none as well.
_SIGNS = {
    "/**/": ["/", "(?:.*/)?"],
    "**/": ["(?:.*/)?"],
    "/**": ["/", ".*"],
    "**": [".*"],
    "*": ["[^/]*"],
    "?": ["[^/]"],
}
_SIGN = re.compile(r"(/\*\*/|\A\*\*/|/\*\*\Z|\*\*|\*|\?)")
_REPEATED = re.compile(r"\*\*(?:/\*\*)+(?=/|\Z)")
#: Characters of a pattern: no path that a repository holds takes more to be told.
_LONGEST = 1_000
_MAX_BYTES = 3 * 1024 * 1024


@record
class _Entry:
    """A line: its pattern as it is written, and the longest text in that, which stands in every path that matches."""

    pattern: str
    text: str
    owners: tuple[str, ...]
    section: str
    excludes: bool


@record(slots=False)
class Owners:
    """The entries of a CODEOWNERS file, in order."""

    entries: tuple[_Entry, ...] = ()

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of the file *path*, relative to the root: in each section the last match's, each once."""
        found: dict[str, tuple[str, ...]] = {}
        left_out: set[str] = set()
        for one in self.entries:
            # Most of thousands of patterns never match: those are not even compiled.
            if one.text in path and _pattern(one.pattern).fullmatch(path):
                if one.excludes:
                    left_out.add(one.section)
                else:
                    found[one.section] = one.owners
        return tuple(
            dict.fromkeys(owner for section, owners in found.items() if section not in left_out for owner in owners)
        )


def owners_in(root: Path) -> Owners:
    """The owners that the repository at *root* names; nobody where it names none."""
    # Nothing outside of it is read, through links neither.
    repository = Repository(root)
    for place in PLACES:
        file = root / place
        try:
            if repository.is_file(place) and file.stat().st_size <= _MAX_BYTES:
                return read_owners(read_text(file, _MAX_BYTES, "replace"), gitlab=place.startswith(".gitlab"))
        except OSError:
            continue
    return Owners()


def read_owners(text: str, *, gitlab: bool = False) -> Owners:
    """The entries of *text*. Sections make it GitLab's, wherever it lies; what is no entry is passed over."""
    lines = [line.strip() for line in text.splitlines()]
    gitlab = gitlab or any(_SECTION.match(line) for line in lines)
    section, defaults = "", tuple[str, ...]()
    found: list[_Entry] = []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        head = _SECTION.match(line) if gitlab else None
        if head:
            section, defaults = head["name"].strip().lower(), tuple(head["owners"].split("#")[0].split())
            continue
        if line.startswith("!") and not gitlab:
            # GitHub skips a line that it cannot read, and knows no exclusions.
            continue
        words = _words(line)
        excludes = gitlab and words[0].startswith("!")
        # Any number of directories, twice, is any number of directories.
        pattern = _REPEATED.sub("**", words[0][1:] if excludes else words[0])
        if len(pattern) > _LONGEST:
            continue
        owners = tuple(words[1:]) or defaults
        found.append(_Entry(pattern, _longest_text(pattern), owners, section, excludes))
    return Owners(tuple(found))


def _words(line: str) -> list[str]:
    """The words of *line*: a blank behind a backslash belongs to a word, a ``#`` that begins one ends the line."""
    words = [re.sub(r"\\([ #])", r"\1", word) for word in re.findall(r"(?:\\.|\S)++", line)]
    for index, word in enumerate(words[1:], 1):
        if word.startswith("#"):
            return words[:index]
    return words


def _longest_text(pattern: str) -> str:
    """The longest part of *pattern* that stands for itself."""
    return max((part for part in _SIGN.split(pattern.strip("/")) if part not in _SIGNS), key=len, default="")


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """As .gitignore has it: a slash within anchors it, a folder stands for all in it; ``/*`` does not go deeper."""
    bare = pattern.strip("/")
    anchored = "/" in pattern.rstrip("/")
    pieces = ["" if anchored else "(?:.*/)?"]
    for part in _SIGN.split(bare):
        pieces += _SIGNS[part] if part in _SIGNS else map(re.escape, part)
    if pattern.endswith("/"):
        pieces += ["/", ".*"]
    elif not bare.endswith("*") or "/" not in bare:
        pieces.append("(?:/.*)?")
    return re.compile(once(pieces), re.S)
