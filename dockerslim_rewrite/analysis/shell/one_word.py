"""Which expansions are one word whatever happens, so that quotes round them change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...knowledge.one_word import prints_one_word
from ...patterns import re
from ...shell.expansions import Expansion, expansions
from ...shell.script import AndOr, Node, Script, Simple, Word
from ...text.mentions import mentions

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,^-]+\Z")
#: Names that mean more to a shell than their value.
_SPECIAL = frozenset(("IFS", "PATH", "PWD", "OLDPWD", "HOME", "RANDOM", "LINENO", "SECONDS", "REPLY"))
#: Commands that may set variables without naming them here.
_READS_TEXT = frozenset((".", "source", "eval"))


class Known:
    """What is known of the variables of one script, which starts with the names *exported* set to who knows what."""

    def __init__(self, script: Script, exported: frozenset[str]) -> None:
        self.script = script
        #: Variables that hold one word, by where that is so from on; of some, ShellCheck knows it as well.
        self.since: dict[str, int] = {}
        self.seen: set[str] = set()
        self.splits_at_blanks = not mentions(script.text).number["IFS"]
        if "HOME" not in exported and not mentions(script.text).number["HOME"]:
            self.since["HOME"] = 0
        if not any(command.name in _READS_TEXT for command in script.commands):
            for link in _always(script):
                self._take_in(link)

    def _take_in(self, link: _Link) -> None:
        command = link.command
        export = command.name == "export"
        words = command.words[1:] if export else command.assignments if not command.words else ()
        for word in words:
            name, equals, value = word.text.partition("=")
            if not equals or name in _SPECIAL or not name.isidentifier():
                continue
            named = mentions(self.script.text)
            # What expands it before that gets what no one here has set: the validator takes nothing of it for known.
            if named.number[name] != 1 or named.expanded.get(name, word.span.start) < word.span.start:
                continue
            if self._is_one_word(value, word.span.start, succeeded=link.followed and not export and len(words) == 1):
                self.since[name] = command.span.end
                if link.first and "$" not in value and "`" not in value:
                    self.seen.add(name)

    def _is_one_word(self, value: str, at: int, *, succeeded: bool) -> bool:
        """Whether the assigned *value* is one word; *succeeded*: what goes on has seen its substitution succeed."""
        found = expansions(value)
        if found is None:
            return False
        rest = "".join(value[end:start] for end, start in _between(found, len(value)))
        if len(rest) >= 2 and rest[0] == rest[-1] and rest[0] in "'\"" and (rest[0] == '"' or not found):
            rest = rest[1:-1]
        if not all(self._holds(one, at, surely=not succeeded) for one in found):
            return False
        return bool(rest or found) and (not rest or _PLAIN.match(rest) is not None) and not rest.startswith("~")

    def _holds(self, expansion: Expansion, at: int, *, surely: bool) -> bool:
        if expansion.command:
            return prints_one_word(expansion.command, surely=surely)
        return expansion.name in self.since and self.since[expansion.name] <= at

    def quotable(self, word: Word) -> tuple[Expansion, ...]:
        """The expansions of *word* that stand outside of quotes; none where one of them may be several words, or
        where linters have nothing to say.
        """
        found = expansions(word.text)
        bare = [one for one in found or () if not one.quoted]
        if not self.splits_at_blanks or not found or not bare or all(one.name in self.seen for one in bare):
            return ()
        rest = "".join(word.text[end:start] for end, start in _between(found, len(word.text)))
        if rest and not _PLAIN.match(rest):
            return ()
        alone = not rest and len(found) == 1
        return tuple(bare) if all(self._holds(one, word.span.start, surely=alone) for one in bare) else ()


def _between(found: tuple[Expansion, ...], length: int) -> list[tuple[int, int]]:
    """Where the text between expansions begins and ends."""
    ends = [0, *(one.end for one in found)]
    return list(zip(ends, [*(one.start for one in found), length], strict=True))


class _Link(NamedTuple):
    """A command behind which all others stand. ``followed``: what follows runs only if it succeeds; ``first``: nothing
    comes before it in its chain but assignments.
    """

    command: Simple
    followed: bool
    first: bool


def _always(script: Script) -> Iterator[_Link]:
    for index, item in enumerate(script.root.items):
        last = index + 1 == len(script.root.items)
        if script.root.separators[index : index + 1] and script.root.separators[index].text == "&":
            continue
        chain: tuple[Node, ...] = (item,)
        if isinstance(item, AndOr):
            chain = item.items if all(operator.text == "&&" for operator in item.operators) else item.items[:1]
        first = True
        for at, link in enumerate(chain if last else chain[:1]):
            if isinstance(link, Simple):
                yield _Link(link, last and at + 1 < len(chain), first)
            first = first and isinstance(link, Simple) and (not link.words or link.name == "export")
