"""Calls that write, in sources of languages that are not read in full.

A function that is given another name is called by it; one that is handed on may be called with anything.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterator

from ..knowledge.writing_calls import ANYBODY, Call, WritingCalls
from ..patterns import re
from ..record import record
from .operands import UNKNOWN, Place, arguments, place

#: So many characters before a name tell whose it is.
_NEAR = 100
#: Characters of what the code says, as it is shown.
_SHOWN = 40
_NAME = re.compile(r"[\w$]")
_RENAMED = re.compile(r"(?P<name>[\w$]+)\s*(?:\bas\b|:)\s*(?P<alias>[\w$]+)\Z")
_TAKEN = re.compile(r"[\w$]+\Z")
#: A name that stands for what follows it, perhaps with a call around that.
_GETS = re.compile(r"(?<![\w$.])(?P<alias>[\w$]{1,60})\s{0,4}(?::=|=)\s{0,4}(?:[\w$.]{1,40}\(\s{0,4})?\Z")
#: What follows a function that is handed on, rather than a word of a sentence.
_HANDED = re.compile(r"\s{0,20}(?:[,;)\]}]|\.bind\b|$)", re.M)
_CALLED = re.compile(r"\s{0,20}(?:\?\.|!)?\(")
#: What a constructor makes is named before: arguments of types.
_TYPED = re.compile(r"<[\w, ?]{0,60}>")


@record
class FoundCall:
    """A call at ``offset`` that writes at ``place``; ``said`` is the argument as it stands in the code."""

    offset: int
    place: Place
    said: str


class _Names:
    """What names of one file stand for: ``owners`` of functions, and functions, as owner and name."""

    def __init__(self, words: WritingCalls) -> None:
        self.words = words
        self.owners = dict(words.owners)
        self.functions: dict[str, tuple[str, str]] = {}
        #: Where the names are bound.
        self.spans: list[tuple[int, int]] = []

    def bind(self, text: str) -> None:
        """Note the names that *text* binds."""
        for expression in self.words.binds:
            for match in expression.finditer(text):
                found = match.groupdict()
                owner = self.words.modules.get(found.get("module") or "") or self.owners.get(found.get("owner") or "")
                if found.get("owner") == "":
                    owner = ""
                if owner is not None and owner in (*self.words.calls, *self.words.owners.values(), ""):
                    self._bound(found, owner)
                    self.spans.append(match.span())
        self.spans.sort()

    def binds(self, at: int) -> bool:
        """Whether a name is bound at *at* rather than used."""
        index = bisect_right(self.spans, (at, sys.maxsize)) - 1
        return index >= 0 and at < self.spans[index][1]

    def _bound(self, found: dict[str, str | None], owner: str) -> None:
        alias, names = found.get("alias"), found.get("names")
        if alias is not None:
            self.owners.setdefault(alias, owner)
        if found.get("star") is not None:
            self.functions |= {name: (owner, name) for name in self.words.calls.get(owner, ())}
        for one in (names or "").strip("{} \t\r\n").split(","):
            taken = one.strip().removeprefix("type ")
            renamed = _RENAMED.match(taken)
            name = renamed["name"] if renamed is not None else taken
            if not _TAKEN.match(name):
                continue
            if name in self.words.through or name in ("self", "default"):
                self.owners.setdefault(renamed["alias"] if renamed is not None else name, owner)
            elif self.call(owner, name) is not None:
                self.functions[renamed["alias"] if renamed is not None else name] = (owner, name)

    def call(self, owner: str | None, name: str) -> Call | None:
        """The call *name* of *owner*; None where it does not write."""
        plain = self.words.suffix.sub("", name)
        for one in (owner, ANYBODY):
            known = self.words.calls.get(one, {}) if one is not None else {}
            if name in known or plain in known:
                return known.get(name) or known[plain]
        return None


def calls(text: str, words: WritingCalls) -> Iterator[FoundCall]:
    """The calls of *text* that write, and functions that write and are handed on."""
    if words.mentions.search(text) is None and "](" not in text:
        return
    names = _Names(words)
    names.bind(text)
    renamed: dict[str, Call] = {}
    for match in words.mentions.finditer(text):
        if names.binds(match.start()):
            continue
        owner, start = _owner(text, match.start(), names)
        known = names.functions.get(match[0]) if owner is None else None
        call = names.call(known[0] if known is not None else owner if owner is not None else "", match[0])
        if call is None or _is_comment(text, match.start()) or _defined(text, match.start(), words):
            continue
        opened = _opened(text, match.end(), words)
        if opened is not None:
            yield from _written(text, start, opened, call, words)
        elif known is not None or (owner is not None and owner in words.calls):
            gets = _GETS.search(text, max(0, start - _NEAR), start)
            if gets is not None and _HANDED.match(text, match.end()):
                renamed[gets["alias"]] = call
            elif _HANDED.match(text, match.end()) and (known is None or _hands(text, match.start())):
                yield FoundCall(start, UNKNOWN, "")
    for alias, (owner, name) in names.functions.items():
        told = names.call(owner, name)
        if not words.mentions.fullmatch(alias) and told is not None:
            renamed[alias] = told
    if renamed:
        expression = re.compile(rf"(?<![\w$.])(?:{'|'.join(map(re.escape, renamed))})(?![\w$])")
        for match in expression.finditer(text):
            opened = _opened(text, match.end(), words)
            if opened is not None and not _is_comment(text, match.start()) and not _defined(text, match.start(), words):
                yield from _written(text, match.start(), opened, renamed[match[0]], words)
    yield from _chosen(text, names)


def _chosen(text: str, names: _Names) -> Iterator[FoundCall]:
    """Calls of functions that are chosen while the program runs: ``fs[name](…)``."""
    if "?." not in names.words.separators or not names.words.through:
        return
    owners = "|".join(re.escape(name) for name, owner in names.owners.items() if owner in names.words.modules.values())
    for match in re.finditer(rf"(?<![\w$.])(?:{owners})\[(?![\"'](?:read|exists|stat))[^\]\n]{{1,60}}\]\(", text):
        yield FoundCall(match.start(), UNKNOWN, "")


def _owner(text: str, at: int, names: _Names) -> tuple[str | None, int]:
    """Whose the name at *at* is, with where its owner begins: None for nobody's, itself for one that is not known."""
    words = names.words
    begin = max(0, at - _NEAR)
    start = at
    while True:
        before = text[begin:start].rstrip()
        separator = next((one for one in words.separators if before.endswith(one)), None)
        if separator is None:
            return None, start
        before = before[: -len(separator)].rstrip()
        end = len(before)
        while end and _NAME.match(before[end - 1]):
            end -= 1
        name = before[end:]
        start = begin + end
        if name in words.through and any(before[:end].rstrip().endswith(one) for one in words.separators):
            continue
        required = words.required.search(before) if words.required is not None and not name else None
        if required is not None:
            return words.modules.get(required["module"], "?"), begin + required.start()
        return names.owners.get(name, "?"), start


def _opened(text: str, end: int, words: WritingCalls) -> int | None:
    """Where the arguments of a call begin whose name ends at *end*; None where it is none."""
    typed = _TYPED.match(text, end)
    match = _CALLED.match(text, typed.end() if typed is not None else end)
    if match is not None:
        return match.end()
    if words.bare and text[end : end + 1] == " " and re.match(r"[\w\"':@\[]", text[end + 1 : end + 2]):
        return end + 1
    return None


def _written(text: str, offset: int, opened: int, call: Call, words: WritingCalls) -> Iterator[FoundCall]:
    """What the call writes whose arguments begin at *opened*."""
    read = arguments(text, opened, words, max((*call.at, 0 if call.mode is None else call.mode + 1)) + 1)
    if read is None:
        yield FoundCall(offset, UNKNOWN, "")
        return
    given = read[0]
    if call.mode is not None:
        rest = ", ".join(given[call.mode :])
        if not rest or words.reads.match(rest):
            return
    if call.only is not None:
        index, said = call.only
        told = place(given[index], words).path if index < len(given) else None
        if told is not None and said not in told:
            return
    if not call.at:
        yield FoundCall(offset, UNKNOWN, "")
    for at in call.at:
        argument = given[at] if at < len(given) else None
        if argument is None or any(one.startswith(("...", "*")) for one in given[: at + 1]):
            if not call.given or argument is not None:
                yield FoundCall(offset, UNKNOWN, argument or "")
        elif call.past is None or not call.past.fullmatch(argument):
            found = place(argument, words)
            if call.folder:
                # An empty name stands for the folder of temporary files.
                found = Place(None, found.path or found.folder or ("/tmp" if _is_empty(argument) else None))
            yield FoundCall(offset, found, argument)


def _is_empty(argument: str) -> bool:
    return argument in ('""', "''", "``", "nil")


def _is_comment(text: str, at: int) -> bool:
    line = text[max(0, at - _NEAR) : at].rpartition("\n")[2].lstrip()
    return line.startswith(("//", "#", "/*", "*"))


def _defined(text: str, at: int, words: WritingCalls) -> bool:
    """Whether the name at *at* is that of a function which the code defines."""
    return text[max(0, at - _NEAR) : at].rstrip(" ").endswith(words.defines) and text[at - 1 : at] in (" ", ".")


def _hands(text: str, at: int) -> bool:
    """Whether a name that was imported is handed on where it stands, rather than imported."""
    before = text[max(0, at - _NEAR) : at].rstrip()
    return before.endswith(("(", "[", "=", "=>", ":", "?"))


def shown(said: str) -> str:
    """What is written where the code computes it, as it says so itself."""
    text = " ".join(said.split())
    if not text:
        return "a path that the code computes"
    return f"wherever {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'} says"
