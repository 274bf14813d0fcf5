"""Which commands are cheap, and which costly ones belong together: the data file says why."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from functools import lru_cache

from .tables import table

_VERSION = frozenset(("--version", "-v", "-V", "version"))
#: No more than so many words of a command are looked at.
_WORDS = 3


@lru_cache(maxsize=1)
def cheap_commands() -> frozenset[str]:
    """Names of commands that neither download nor compile."""
    return frozenset(table("costs")["cheap"])


@lru_cache(maxsize=1)
def _cheap_pairs() -> frozenset[str]:
    return frozenset(table("costs")["cheap_pairs"])


@lru_cache(maxsize=1)
def _blocks() -> dict[str, frozenset[str]]:
    found = {words: f"consecutive runs of {words} make one layer" for words in table("costs")["repeated"]}
    own = {words: frozenset((reason,)) for words, reason in found.items()}
    for block in table("costs")["block"]:
        for words in block["commands"]:
            own[words] = own.get(words, frozenset()) | {block["reason"]}
    return own


@lru_cache(maxsize=1)
def _joining() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for block in table("costs")["block"]:
        for words in block.get("with", ()):
            found[words] = found.get(words, frozenset()) | {block["reason"]}
    return found


def is_cheap(argv: Sequence[str | None]) -> bool:
    """Whether a command of the words *argv* (None where an expansion gives one) neither downloads nor compiles."""
    words = _first(argv)
    if not words:
        return False
    if words[0] in cheap_commands() or " ".join(words[:2]) in _cheap_pairs():
        return True
    return len(argv) == 2 and argv[1] in _VERSION


def one_block(commands: Sequence[Sequence[str | None]]) -> str | None:
    """Why costly *commands*, each by its words, form one block; None where they form none."""
    common: frozenset[str] | None = None
    own: frozenset[str] = frozenset()
    for argv in commands:
        mine, reasons = _reasons(tuple(argv[:_WORDS]))
        common = reasons if common is None else common & reasons
        own |= mine
    names = {argv[0] for argv in commands if argv}
    formed = {reason for reason in common & own if not (needed := _needed(reason)) or names & needed} if common else ()
    return min(formed, default=None)


@lru_cache(maxsize=64)
def _needed(reason: str) -> frozenset[str]:
    """The programs of which a block of *reason* has one; empty where any will do."""
    return frozenset(
        name for block in table("costs")["block"] if block["reason"] == reason for name in block.get("needs", ())
    )


@lru_cache(maxsize=1024)
def _reasons(argv: tuple[str | None, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Why a command of the first words *argv* forms a block with others by itself, and why by itself or with them."""
    mine = _of(argv, _blocks())
    return mine, mine | _of(argv, _joining())


def prepares(words: Sequence[str]) -> bool:
    """Whether a command of these words prepares an image, and is nothing that a container would run."""
    known = table("costs")["prepares"]["commands"]
    names = [words[0].rpartition("/")[2], *words[1:]] if words else []
    return any(" ".join(names[:length]) in known for length in (1, 2, 3))


def one_thought(commands: Sequence[Sequence[str | None]]) -> str | None:
    """As ``one_block``, for blocks that their author thinks of as one step."""
    reason = one_block(commands)
    return reason if reason in _thoughts() else None


@lru_cache(maxsize=1)
def _thoughts() -> frozenset[str]:
    return frozenset(block["reason"] for block in table("costs")["block"] if block.get("thought", False))


def only_cleaned(reason: str) -> bool:
    """Whether blocks of *reason* are joined only where one of them deletes what another leaves behind."""
    return reason in _cleaned()


@lru_cache(maxsize=1)
def _cleaned() -> frozenset[str]:
    return frozenset(block["reason"] for block in table("costs")["block"] if block.get("cleaned", False))


def is_ordinary_folder(path: str) -> bool:
    """Whether every image has the directory *path*: two commands that name it need have nothing in common."""
    return path in _ordinary()


@lru_cache(maxsize=1)
def _ordinary() -> frozenset[str]:
    return frozenset(table("costs")["ordinary"])


def writes_little(argv: Sequence[str | None]) -> bool:
    """Whether a command of the words *argv* writes next to nothing: an entry of a directory, a line of a file."""
    return bool(argv) and (argv[0] in _tiny() or " ".join(word or "" for word in argv[:2]) in _tiny())


@lru_cache(maxsize=1)
def _tiny() -> frozenset[str]:
    return frozenset((*table("costs")["tiny"], *table("costs")["tiny_pairs"]))


def starts_block(argv: Sequence[str | None]) -> bool:
    """Whether a costly command of the words *argv* forms one block with some other."""
    return bool(_of(argv, _blocks()))


def _of(argv: Sequence[str | None], known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    words = _first(argv)
    heads = (" ".join(words[:end]) for end in range(len(words), 0, -1))
    return next((known[head] for head in heads if head in known), frozenset())


def _first(argv: Sequence[str | None]) -> list[str]:
    """The first words of a command that are known, programs and scripts without a folder."""
    words: list[str] = []
    for word in argv[:_WORDS]:
        if word is None:
            break
        words.append(posixpath.basename(word) if not words or word.endswith(".py") else word)
    return words
