"""Whether a file is a template that something else makes a Dockerfile of."""

from __future__ import annotations

from ..knowledge.repository import is_template_name
from ..patterns import re
from ..syntax import ParseError, parse

_MARK = re.compile(r"\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}|<%(?:(?!<%).)*?%>|@[A-Z][A-Z0-9_]*+@|%%\w[\w.-]*+%%")
#: What no image can be called, where FROM names one: ``{base}``, ``<base>``, ``__BASE__``, ``##BASE##``.
_BASE = re.compile(r"(?<!\$)\{[A-Za-z_][\w.-]*+\}|<[A-Za-z_][\w .-]*+>|\b__[A-Z][A-Z0-9_]*?__\b|##\w++##")
_LINE = re.compile(r"^[ \t]*(?:\{\{|\{%|\{#|<%|@@?\()", re.M)
#: Instructions in whose arguments such marks have no other meaning.
_PLAIN = frozenset(("FROM", "ARG", "ENV", "COPY", "ADD", "WORKDIR", "USER", "EXPOSE", "VOLUME"))


def template_mark(name: str, text: str) -> tuple[int, str] | None:
    """Line and text of the mark that shows that the file *name* with *text* is a template; None for a Dockerfile.

    ``docker inspect --format '{{.State}}'`` in a RUN is none: outside of names that say so, only marks count that stand
    in arguments that no shell or program reads, or where an instruction has to begin.
    """
    marks = list(_MARK.finditer(text))
    if not marks and not _LINE.search(text) and not _BASE.search(text):
        return None
    if is_template_name(name):
        first = marks[0] if marks else _LINE.search(text)
        return None if first is None else _at(text, first)
    try:
        document = parse(text)
    except ParseError:
        first = _LINE.search(text) or next(iter(marks), None)
        return None if first is None else _at(text, first)
    for instruction in document.instructions:
        start, end = instruction.span
        found = _MARK.search(text, start, end) if instruction.keyword in _PLAIN else None
        if found is None and instruction.keyword == "FROM":
            found = _BASE.search(text, start, end)
        if found is None and instruction.keyword not in _KNOWN:
            found = _LINE.match(text, start)
        if found is not None:
            return _at(text, found)
    return None


_KNOWN = _PLAIN | {"RUN", "CMD", "ENTRYPOINT", "LABEL", "HEALTHCHECK", "SHELL", "ONBUILD", "STOPSIGNAL", "MAINTAINER"}


def _at(text: str, match: re.Match[str]) -> tuple[int, str]:
    return text.count("\n", 0, match.end()) + 1, match[0].strip()[:40]
