"""Where shell text sets a variable, or names it without expanding it: a rename leaves none of these places behind.

Read without a shell's grammar, so that no script is too strange for it: what may be such a place counts as one.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.build import Build
from ..ir.steps import Run
from ..knowledge.variables import naming_commands, words_before
from ..patterns import re
from ..syntax import Instruction

_COMMAND_END = re.compile(r"[;&|\n(){}`]+")
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\[[^]]*\])?\+?=")
_QUOTES = "\"'"
#: What stands in single quotes, with the double quotes and escapes in which one of them is an apostrophe.
_SINGLE = re.compile(r"\\.|\"(?:\\.|[^\"\\])*\"|'(?P<inside>[^']*)'", re.S)
#: A here-document of the shell's own, within the text that it is given, whose name is quoted.
_LITERAL_TEXT = re.compile(r"<<-?\s*['\"\\]")
#: Where it stands at the start of a here-document, another program than a shell may read the text.
_INTERPRETER = re.compile(r"#!(?!\s*\S*/(?:env\s+)?(?:ba|da|a|k|z)?sh\b)")


def setting_line(build: Build, name: str) -> int | None:
    """The line of the first RUN whose shell text sets the variable *name*; None where none does.

    What runs in a container later has no arguments of the build.
    """
    return next((step.line for step in build if isinstance(step, Run) and _sets_in(step.origin, name)), None)


def expansion_of(name: str) -> re.Pattern[str]:
    """What expands the variable *name*, which is the group ``name``."""
    return re.compile(rf"\$\{{?[#!]?(?P<name>{re.escape(name)})(?![A-Za-z0-9_])")


def quoted_line(build: Build, name: str) -> int | None:
    """The line of the first RUN that names ``$name`` where the shell does not expand it: in single quotes, or in a text
    that goes to a program as it is. That program may be a shell, which has the variable, or read something else into
    it. None where no RUN does.
    """
    used = expansion_of(name)
    return next((step.line for step in build if isinstance(step, Run) and _quotes(step, used)), None)


def _quotes(step: Run, used: re.Pattern[str]) -> bool:
    if step.origin.json is not None:
        return False
    texts = [step.origin.args_logical.text]
    for heredoc, text in zip(step.origin.heredocs, bodies(step.origin), strict=True):
        script = step.body is not None and step.body.form == "heredoc"
        if not heredoc.expand and not script and used.search(text):
            return True
        if _INTERPRETER.match(text) and used.search(text):
            return True
        texts.append(text)
    return any(_LITERAL_TEXT.search(text) and used.search(text) for text in texts[1:]) or any(
        used.search(match["inside"] or "")
        for text in texts
        # A comment's apostrophe opens a quote for one that reads the whole, and a line for one that reads lines.
        for part in (text, *text.split("\n"))
        for match in _SINGLE.finditer(part)
    )


def expanding_line(build: Build, name: str) -> int | None:
    """The line of the first instruction that expands a variable *name*, whoever sets it; None where none does."""
    used = expansion_of(name)
    return next((step.line for step in build if any(used.search(text) for text in _texts(step.origin))), None)


def _sets_in(origin: Instruction, name: str) -> bool:
    words = origin.json
    if words is None:
        return any(sets(text, name) for text in _texts(origin))
    # Of the exec form any word may be a script, but not one that is a single word: `make V=1`.
    return _command_sets(list(words), name) or any(sets(text, name) for text in words if len(text.split()) > 1)


def _texts(origin: Instruction) -> Iterator[str]:
    """The text of an instruction behind its keyword and flags, and its here-documents."""
    yield origin.args_logical.text
    yield from bodies(origin)


def bodies(origin: Instruction) -> Iterator[str]:
    """The texts of its here-documents."""
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
        elif bare not in words_before() and not bare.startswith("-"):
            # A shell that is given a script: ``sh -c "V=3"``.
            return "-c" in words[at:] and _command_sets(words[words.index("-c", at) + 1 :], name)
    return False


def _named(word: str) -> str:
    """The variable that *word* of a command that names variables names, quotes and what it is set to left out."""
    return re.split(r"[=+\[]", word.strip(_QUOTES), maxsplit=1)[0]
