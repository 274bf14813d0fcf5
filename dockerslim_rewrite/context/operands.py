"""Arguments of calls in languages that are not read in full: where each ends, and which path it names."""

from __future__ import annotations

import posixpath

from ..knowledge.writing_calls import WritingCalls
from ..patterns import re
from ..record import record

#: Who writes more into one call is not read further.
_LONGEST = 1000
_DEEPEST = 40
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_BEHIND = re.compile(r"\s*(?:do\b|\{|if\b|unless\b|rescue\b|and\b|or\b|#|;)")
#: The end of a call, perhaps made into another form of the same name.
_CLOSED = re.compile(r"\)?(?:\.(?:toPath|toFile|toString|getPath|to_s)(?:\(\))?)?\Z")


@record
class Place:
    """What an argument names: ``path``, or a ``folder`` in which a name that is computed lies; else neither."""

    path: str | None = None
    folder: str | None = None


UNKNOWN = Place()


def arguments(text: str, start: int, words: WritingCalls, most: int = 20) -> tuple[list[str], int] | None:
    """The arguments from *start* on, behind the parenthesis of a call or its name, *most* of them as a rule, and where
    they end; None where they do not.
    """
    found: list[str] = []
    open_ones: list[str] = []
    bare = words.bare and text[start - 1 : start] != "("
    quote, at, begin = "", start, start
    end = min(len(text), start + _LONGEST)
    while at < end:
        one = text[at]
        if quote:
            if one == "\\":
                at += 1
            elif one == quote:
                quote = ""
        elif one in words.quotes:
            quote = one
        elif bare and not open_ones and (one == "\n" or _BEHIND.match(text, at)):
            break
        elif one in _PAIRS:
            if len(open_ones) == _DEEPEST:
                return None
            open_ones.append(_PAIRS[one])
        elif open_ones and one == open_ones[-1]:
            open_ones.pop()
        elif one in ")]}":
            break
        elif one == "," and not open_ones:
            found.append(text[begin:at].strip())
            begin = at + 1
            if len(found) == most:
                return found, at
        at += 1
    else:
        if at < len(text) or not bare:
            return None
    last = text[begin:at].strip()
    return [*found, last] if last else found, at


def place(argument: str, words: WritingCalls) -> Place:
    """What *argument* names."""
    if words.temporary.match(argument):
        return Place(None, "/tmp")
    joined = words.joins.match(argument)
    if joined is not None:
        return _joined(argument, joined.end(), words)
    bare = argument.lstrip("@&") if argument[:1] in "@&" else argument
    if bare[:1] == "$" and bare[1:2] in words.quotes:
        bare = bare[1:]
    if bare[:1] not in words.quotes or not bare:
        return UNKNOWN
    end = bare.find(bare[0], 1)
    if end < 0:
        return UNKNOWN
    said = bare[1:end]
    filled = words.computed.search(said) if words.computed is not None else None
    if filled is None and end == len(bare) - 1:
        return Place(said or None)
    known = said if filled is None else said[: filled.start()]
    # What is added before any slash may lead anywhere.
    folder = known.rpartition("/")[0] if known.strip("/") else ""
    return Place(None, folder or None)


def _joined(argument: str, start: int, words: WritingCalls) -> Place:
    """What a call names that puts its arguments together."""
    read = arguments(argument, start, words)
    if read is None or not read[0] or not _CLOSED.match(argument, read[1]):
        return UNKNOWN
    places = [place(part, words) for part in read[0]]
    if all(one.path is not None for one in places):
        return Place(posixpath.join(*(one.path or "" for one in places)))
    # Where an absolute part takes the place of all before it, one that is computed may lead anywhere.
    return UNKNOWN if words.resets else Place(None, places[0].path or places[0].folder)
