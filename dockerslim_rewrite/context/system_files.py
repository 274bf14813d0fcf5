"""What code reads and loads of the distribution beneath an image: shared libraries, tables, data of packages."""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.project import Evidence, StartedProgram
from ..knowledge.smaller import is_data, is_library, of_the_system
from ..knowledge.vocabulary import Vocabulary
from ..patterns import re

_QUOTED = re.compile(r"""(["'`])(/(?:usr|etc)/[^"'`\s$%{}*:]{2,120})\1""")
_LONGEST_LINE = 2000


def of_the_distribution(words: Vocabulary, path: str, text: str) -> Iterator[StartedProgram]:
    """What the source *text* at *path* loads and reads of the distribution; ``name`` is that of the file or library.

    What every image has is left out.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.strip()
        if not bare or bare.startswith(words.comments) or len(bare) > _LONGEST_LINE:
            continue
        where = Evidence(path, number)
        for expression in words.loads:
            for match in expression.finditer(line):
                named = library_name(match["library"]) if "library" in expression.groupindex else None
                if named is None or not of_the_system().has(named):
                    yield StartedProgram(named, match[0].strip()[:80], where)
        for expression, table in words.tables:
            if expression.search(line):
                yield StartedProgram(table, bare[:80], where)
        for match in _QUOTED.finditer(line):
            if is_distributed(match[2]):
                yield StartedProgram(match[2].rstrip("/"), match[2], where)


def is_distributed(path: str) -> bool:
    """Whether *path* is one that only packages of the distribution put files at, and not every image has."""
    return is_data(path) and not of_the_system().has(path)


def library_name(written: str | None) -> str | None:
    """The file of the library that is *written* by its name; None where it is not known."""
    if not written:
        return None
    if is_library(written):
        return written
    return f"{written}.so" if "/" in written or written.startswith("lib") else f"lib{written}.so"
