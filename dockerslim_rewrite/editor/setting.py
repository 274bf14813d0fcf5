"""Where shell text sets a variable, or names it without expanding it: a rename leaves none of these places behind.

Read without a shell's grammar, so that no script is too strange for it: what may be such a place counts as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..ir.build import Build
from ..ir.steps import Exec, Healthcheck, Run
from ..knowledge.variables import naming_commands, words_before
from ..syntax import Instruction

_COMMAND_END = re.compile(r"[;&|\n(){}`]+")
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\[[^]]*\])?\+?=")
#: Steps whose text a shell reads.
_SHELLS = (Run, Exec, Healthcheck)
#: HEALTHCHECK has it before its command.
_KEYWORD = "CMD"
_QUOTES = "\"'"


def setting_line(build: Build, name: str) -> int | None:
    """The line of the first instruction whose shell text sets the variable *name*; None where none does."""
    return next((step.line for step in build if isinstance(step, _SHELLS) and _sets_in(step.origin, name)), None)


def expanding_line(build: Build, name: str) -> int | None:
    """The line of the first instruction that expands a variable *name*, whoever sets it; None where none does."""
    used = re.compile(rf"\$\{{?[#!]?{re.escape(name)}(?![A-Za-z0-9_])")
    return next((step.line for step in build if any(used.search(text) for text in _texts(step.origin))), None)


def _sets_in(origin: Instruction, name: str) -> bool:
    # Of the exec form any word may be a script.
    words = origin.json
    return any(sets(text, name) for text in (words if words is not None else _texts(origin)))


def _texts(origin: Instruction) -> Iterator[str]:
    """The text of an instruction behind its keyword and flags, and its here-documents."""
    yield origin.args_logical.text
    for heredoc in origin.heredocs:
        yield origin.text[heredoc.body.start - origin.span.start : heredoc.body.end - origin.span.start]


def sets(text: str, name: str) -> bool:
    """Whether the shell text *text* sets the variable *name*, or names it in another way than by expanding it."""
    word = re.escape(name)
    if re.search(rf"\$\{{{word}:?=|\$\{{!{word}\b|\(\([^)]*(?<![A-Za-z0-9_$]){word}\b", text):
        return True
    return any(_command_sets(part.split(), name) for part in _COMMAND_END.split(text))


def _command_sets(words: list[str], name: str) -> bool:
    """Whether the command made of *words* sets *name*; a quote at the start of a word, as behind ``sh -c``, is none."""
    for at, word in enumerate(words):
        bare = word.strip(_QUOTES)
        found = _ASSIGNED.match(bare)
        if found is not None:
            if found["name"] == name:
                return True
        elif bare in naming_commands():
            return any(_named(one) == name for one in words[at + 1 :])
        elif bare not in words_before() and bare != _KEYWORD and not bare.startswith("-"):
            # A shell that is given a script: ``sh -c "V=3"``.
            return "-c" in words[at:] and _command_sets(words[words.index("-c", at) + 1 :], name)
    return False


def _named(word: str) -> str:
    """The variable that *word* of a command that names variables names, quotes and what it is set to left out."""
    return re.split(r"[=+\[]", word.strip(_QUOTES), maxsplit=1)[0]
