"""Commands that hand on what they are given: scripts to another shell, words to another command.

Sources: POSIX, "sh", "eval", "xargs", "Here-Document"; su(1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ...patterns import re
from ...shell.script import Simple, Word
from .found import Text

_SHELLS: Final = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh", "su"))
#: Options of shells that make the next word a script: -c, -ec, -lc.
_SCRIPT = re.compile(r"-[a-zA-Z]*c")
#: Options of xargs that take a word of their own.
_XARGS_VALUES: Final = frozenset(
    ("-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s", "--delimiter", "--max-args", "--max-procs")
)
_TABS = re.compile(r"(?m)^\t++")
_ESCAPED = re.compile(r"\\([\"\\`$\n])")
_HERE = re.compile(r"<<(?P<tabs>-?)[ \t]*+(?P<quote>[\"'\\]?)(?P<mark>[A-Za-z_]\w*+)")
#: A shell that reads what stands below on this machine.
_READS = re.compile(r"(?:^|[\s;&|(/])(?:ba|da|z|k|a)?sh(?=[\s;&|<)]|\Z)")
#: What lets another machine, or a container, read it.
_ELSEWHERE = re.compile(r"\b(?:ssh|exec|run|kubectl|chroot|vagrant|lxc|multipass)\b")


def handed_script(
    command: Simple, words: Sequence[Word], text: str, value: Callable[[str], Text]
) -> tuple[str, int] | None:
    """The script that *command* hands to another shell of this machine, and where in *text* it begins; None where it
    hands on none.

    *words* are those of the command proper, *text* is the script that it stands in, *value* tells what a word of that
    stands for.
    """

    def read(word: Word) -> str:
        found = value(word.text)
        return found if isinstance(found, str) else unquoted(word)

    name = words[0].text.rpartition("/")[2] if words else ""
    if name == "eval":
        return " ".join(map(read, words[1:])), words[0].span.start
    if name not in _SHELLS:
        return None
    for at, word in enumerate(words[1:-1], 1):
        if _SCRIPT.fullmatch(word.text):
            return read(words[at + 1]), words[at + 1].span.start
    for one in command.redirects:
        if one.operator == "<<<" and one.target is not None:
            return read(one.target), one.target.span.start
        if one.operator.startswith("<<"):
            line, _, body = text[one.span.start : one.span.end].partition("\n")
            tabs = _HERE.search(line)
            body = _TABS.sub("", body) if tabs is not None and tabs["tabs"] else body
            return body.rpartition("\n")[0], one.span.start + len(line) + 1
    return None


def unquoted(word: Word) -> str:
    """*word* as a script: what it holds of variables is replaced when that is read."""
    text = word.text
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1]
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text


def repeated_command(words: Sequence[Word]) -> tuple[Sequence[Word], str | None] | None:
    """The command that xargs runs again and again, and the word in it that stands for what it adds, None for words at
    the end; None for any other command.
    """
    if not words or words[0].text.rpartition("/")[2] != "xargs":
        return None
    mark: str | None = None
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        option = words[at].text
        if option.startswith("-I"):
            mark = option[2:] or (words[at + 1].text.strip("\"'") if at + 1 < len(words) else None)
        at += 2 if option in _XARGS_VALUES else 1
    return words[at:], mark


def own_lines(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Those of a script's *lines*, with their numbers, that a shell of this machine reads: here-documents for other
    commands are left out.
    """
    marks: list[tuple[str, bool]] = []
    for number, line in lines:
        if marks:
            mark, read = marks[0]
            if line.strip() == mark:
                del marks[0]
            elif read:
                yield number, line.lstrip("\t")
            continue
        read = _READS.search(line) is not None and _ELSEWHERE.search(line) is None
        if not line.lstrip().startswith("#"):
            marks = [(one["mark"], read) for one in _HERE.finditer(line)]
        yield number, line
