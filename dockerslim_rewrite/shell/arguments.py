"""Words of a command taken apart into options and operands, by a table of the options that take a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Flag(NamedTuple):
    """An option as written: ``name`` with its dashes, the value if it has one, the index of its word."""

    name: str
    value: str | None
    at: int


class Arguments(NamedTuple):
    """``operands`` are indexes of words. ``certain`` is False when an expansion stands where an option could."""

    flags: tuple[Flag, ...]
    operands: tuple[int, ...]
    certain: bool


def split(words: Sequence[str | None], start: int, values: frozenset[str], *, whole: bool = False) -> Arguments:
    """Take ``words[start:]`` apart; None is a word that an expansion decides.

    *values* are the options (``-o``, ``--option``) whose value is the next word, or the rest of a short one. Options
    may stand behind operands, ``--`` ends them (GNU getopt's habit, which package managers share). Where they are
    *whole*, a word with one dash is one option and no bundle of letters: ``go build -cover``, ``mvn -DskipTests``.
    """
    flags: list[Flag] = []
    operands: list[int] = []
    certain = True
    index = start
    while index < len(words):
        word = words[index]
        if word is None:
            certain = False
            operands.append(index)
        elif word == "--":
            operands.extend(range(index + 1, len(words)))
            break
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            if equals:
                flags.append(Flag(name, value, index))
            elif name in values:
                flags.append(Flag(name, words[index + 1] if index + 1 < len(words) else None, index))
                index += 1
            else:
                flags.append(Flag(name, None, index))
        elif len(word) > 1 and word[0] == "-":
            index += (_whole if whole else _short)(word, words, index, values, flags)
        else:
            operands.append(index)
        index += 1
    return Arguments(tuple(flags), tuple(operands), certain)


def _whole(word: str, words: Sequence[str | None], index: int, values: frozenset[str], flags: list[Flag]) -> int:
    """Note the one option that *word* is; how many words behind it are values."""
    name, equals, value = word.partition("=")
    if name in values:
        flags.append(Flag(name, value if equals else words[index + 1] if index + 1 < len(words) else None, index))
        return 0 if equals else 1
    # Of a letter in upper case the value may follow at once: `-Pproduction`.
    if word[:2] in values and word[1].isupper():
        flags.append(Flag(word[:2], word[2:], index))
    flags.append(Flag(word, None, index))
    return 0


def _short(word: str, words: Sequence[str | None], index: int, values: frozenset[str], flags: list[Flag]) -> int:
    """Note the bundled short options of *word*; how many words behind it are values."""
    if word in values:
        flags.append(Flag(word, words[index + 1] if index + 1 < len(words) else None, index))
        return 1
    for at in range(1, len(word)):
        name = f"-{word[at]}"
        if name in values:
            rest = word[at + 1 :]
            if rest:
                flags.append(Flag(name, rest.removeprefix("="), index))
                return 0
            flags.append(Flag(name, words[index + 1] if index + 1 < len(words) else None, index))
            return 1
        flags.append(Flag(name, None, index))
    if len(word) > 2:
        flags.append(Flag(word, None, index))
    return 0
