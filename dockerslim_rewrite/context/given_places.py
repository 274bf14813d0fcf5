"""Places that whoever starts a container gives in a variable, in sources of languages that are not read in full."""

from __future__ import annotations

from collections.abc import Iterator

from ..knowledge.place_variables import VariableReads, is_switch, names_place

#: So many characters before a variable tell what becomes of it.
_NEAR = 60


def given_places(line: str, code: str, told: VariableReads) -> Iterator[str]:
    """The variables that *line* of *code* reads and that may say where the program writes."""
    for match in told.reads.finditer(line):
        name = next(filter(None, match.groupdict().values()), "")
        if is_switch(line, match.start(), match.end()) or not names_place(name, code):
            continue
        if not told.passed.search(line, max(0, match.start() - _NEAR), match.start()):
            yield name
