"""Dockerfiles that a script writes, piece by piece, of templates in a folder of their own.

Which template makes which file is the script's affair: it names the templates and redirects into a path that may be the
file's, and the lines of the file are those of the templates, with something in the place of each mark.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from functools import partial

from ..analysis.evidence import Evidence
from ..analysis.usage import Maker
from ..knowledge.repository import is_template_name, template_endings
from ..patterns import re
from ..record import record
from ..text.lines import line_at
from .repository import Repository

#: So much of a Dockerfile stands in the templates.
_SHARE = 0.6
#: So many templates of a script are read, so much of each, and so much of a line.
_MOST = 50
_LONGEST = 200_000
_LONGEST_LINE = 2_000
#: Redirections, the output options of programs that fill templates in, and copies that are edited afterwards.
_WRITES = re.compile(
    r"(?:>\|? ?|\btee |-(?:o|-out|-output|-output-file)[ =]|-template[ =][^\s:]{1,200}:"
    r"|\bcp (?:-\w{1,8} )?[^\s;&|]{1,200} )"
    r"(?P<path>[\"']?[^\s;&|<>()\"']{0,200}dockerfile[^\s;&|<>()\"']{0,60})",
    re.I,
)
#: Directories of templates, whatever the templates are called.
_ROOMS = re.compile(r"(?:\A|/)\.?(?:templates?|tpl|tmpl)(?:/|\Z)", re.I)
_EXPANSION = re.compile(r"\$(?:\{[^{}]{0,60}\}|\w{1,60})")
#: What stands in a template for something else.
_MARK = re.compile(
    r"%%\w{1,60}%%|\{\{[^{}]{1,100}\}\}|@@?[A-Za-z]\w{0,60}@@?|\$\{?\w{1,60}\}?|<%[^%]{1,100}%>|__[A-Z]\w{0,60}__"
)
#: A line of which fewer characters are known is like any other.
_LEAST = 5


@record
class Written:
    """Where a script writes Dockerfiles to, as pieces between which anything may stand, and the templates it names."""

    pieces: tuple[str, ...]
    at: Evidence
    templates: tuple[str, ...]


def writer_of(
    repository: Repository, scripts: Sequence[str], folder: str, path: str, lines: frozenset[str]
) -> Maker | None:
    """Which of *scripts*, files of *folder*, writes the file at *path*, which holds *lines*; None where none does."""
    for found in repository.recall(("writers", folder), partial(_all_written, repository, scripts, folder)):
        below = posixpath.relpath(path, folder or ".")
        if not _fits(found.pieces, below):
            continue
        shares = {one: _share(lines, _known(repository, one)) for one in found.templates}
        together = frozenset().union(*(_known(repository, one) for one in found.templates))
        if _share(lines, together) >= _SHARE:
            return Maker(found.at, max(shares, key=lambda one: shares[one]))
    return None


def _all_written(repository: Repository, scripts: Sequence[str], folder: str) -> tuple[Written, ...]:
    return tuple(
        written
        for name in scripts
        if repository.is_file(posixpath.join(folder, name))
        for written in _written(repository, posixpath.join(folder, name))
    )


def _written(repository: Repository, script: str) -> Iterator[Written]:
    text = repository.read(script, _LONGEST)
    targets = [] if text is None else [*_WRITES.finditer(text)]
    if text is None or not targets:
        return
    templates = tuple(_templates(repository, posixpath.dirname(script), text))
    for target in targets if templates else ():
        path = target["path"].strip("\"'").removeprefix("./")
        if not is_template_name(path):
            yield Written(tuple(_EXPANSION.split(path)), Evidence(script, line_at(text, target.start())), templates)


def _templates(repository: Repository, folder: str, text: str) -> Iterator[str]:
    """The templates of Dockerfiles that the script *text* in *folder* names; all of a family that has variables."""
    endings = "|".join(map(re.escape, template_endings()))
    named = re.compile(
        rf"[^\s\"'=<>():]{{0,120}}dockerfile[^\s\"'<>():]{{0,80}}(?:{endings})\b"
        r"|(?<![^\s\"'=/])\.?(?:templates?|tpl|tmpl)/[^\s\"'=<>():]{0,120}dockerfile[^\s\"'<>():]{0,80}",
        re.I,
    )
    seen: set[str] = set()
    for match in named.finditer(text):
        place, _, name = match[0].rpartition("/")
        # A folder that begins with a variable is most often the script's own.
        place = _EXPANSION.sub("", place, count=1).lstrip("/") if place.startswith("$") else place
        place = posixpath.normpath(posixpath.join(folder, place))
        pieces = _EXPANSION.split(name)
        if not repository.is_folder(place):
            continue
        for other in sorted(os.listdir(repository.root / place)):
            path = posixpath.normpath(posixpath.join(place, other))
            template = is_template_name(other) or _ROOMS.search(place) is not None
            if path not in seen and len(seen) < _MOST and template and _fits(pieces, other):
                seen.add(path)
                yield path


def _known(repository: Repository, template: str) -> frozenset[tuple[str, ...]]:
    """The lines of *template*, as pieces between its marks, of which enough is known."""

    def read() -> frozenset[tuple[str, ...]]:
        text = repository.read(template, _LONGEST) if repository.is_file(template) else None
        bare = (line.strip() for line in (text or "").splitlines())
        split = (tuple(_MARK.split(line)) for line in bare if not line.startswith("#") and len(line) <= _LONGEST_LINE)
        return frozenset(one for one in split if len("".join(one)) >= _LEAST)

    return repository.recall(("template lines", template), read)


def _share(lines: frozenset[str], known: frozenset[tuple[str, ...]]) -> float:
    marked = [one for one in known if len(one) > 1]
    held = sum((line,) in known or any(_fits(one, line) for one in marked) for line in lines)
    return held / len(lines) if lines else 0.0


def _fits(pieces: Sequence[str], text: str) -> bool:
    """Whether *text* is *pieces*, in their order, with anything between two of them."""
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
