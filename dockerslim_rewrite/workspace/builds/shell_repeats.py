"""What a script runs several times: the bodies of functions for their calls, and those of loops over words.

Source: POSIX, "Shell Command Language", "Function Definition Command", "The for Loop", "Special Parameters".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ...patterns import re
from ...record import record
from ...shell.script import Compound, Script, Simple, walk
from .found import Text, Unknown
from .shell_values import stands_for_several

_HEAD = re.compile(r"for\s+\w+\s+in\s")
_GLOB = re.compile(r"[*?\[]")
#: Parameters that have a name of one digit.
PARAMETERS: Final = tuple("123456789")
#: Loops over more words are read once, with none of them known; and so is what is called more often.
MOST_ITEMS: Final = 30
MOST_REPEATS: Final = 300


@record(eq=False)
class Function:
    """A function, and the script and the place where it stands."""

    node: Compound
    script: Script
    line: int
    path: str


def loop_words(loop: Compound, script: Script) -> str | None:
    """The words that the ``for`` *loop* of *script* goes through, as they are written; None where they are no list."""
    if not loop.parts:
        return None
    head = script.text[loop.span.start : loop.parts[0].span.start].rstrip()
    match = _HEAD.match(head)
    if match is None or not head.endswith("do"):
        return None
    words = head[match.end() : -2]
    bare = words.rstrip()
    if bare.endswith(";"):
        return bare[:-1].strip()
    return bare.strip() if "\n" in words[len(bare) :] else None


def told(items: Sequence[Text] | None) -> bool:
    """Whether each of *items* is one word: none that is a pattern, or stands for several."""
    if items is None:
        return False
    return not any(stands_for_several(one) or (isinstance(one, str) and _GLOB.search(one)) for one in items)


def bound(words: Sequence[Text]) -> dict[str, Text | None]:
    """The parameters of a function that is called with *words*."""
    values: list[Text] = []
    for word in words:
        if stands_for_several(word):
            # Behind it nobody knows which is which.
            values += [Unknown(f"${name}") for name in PARAMETERS]
            break
        values.append(word)
    values += [""] * len(PARAMETERS)
    return dict(zip(PARAMETERS, values, strict=False))


def shifted(name: str, count: str) -> str | None:
    """The parameter that *name* is after ``shift`` by *count*; None where nobody knows."""
    found = str(int(name) + int(count)) if count in PARAMETERS else ""
    return found if found in PARAMETERS else None


def own_names(function: Compound) -> Iterator[str]:
    """The variables that are the *function*'s own."""
    for node in walk(function):
        if isinstance(node, Simple) and node.name in ("local", "declare", "typeset"):
            yield from (word.text.partition("=")[0].rstrip("+") for word in node.words[1:])
