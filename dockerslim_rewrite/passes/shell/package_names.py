"""Which packages an install names, and which of its words only a variable knows."""

from __future__ import annotations

from ...analysis.facts import Use
from ...ir.build import Build
from ...ir.steps import Arg, Env
from ...knowledge.recommends import needing
from ...patterns import re
from ...text.paths import matches

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]+")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
#: Other expansions, of which nothing is known: commands, arithmetic, operators.
_OTHER = re.compile(r"\$\([^()]*+\)?+\)?+|\$\{[^{}]*+\}?+|`[^`]*+`?+|\$")
#: A word up to its version, release or architecture; in braces those signs mean something else.
_BEFORE = re.compile(r"(?:[^=/:{]|\{[^{}]*+\}?+)++")
#: What a shell sets to words that stand there.
_SET = r"\b(?:{0}=(?:'[^']*+'|\"[^\"$`]*+\"|[^\s\"'$`;&|]++)(?=[\s;&|)]|\Z)|for\s+{0}\s+in\s+[^;$`]++;)"
#: Variables may hold others so deep.
_DEEP = 4


def packages_of(use: Use, build: Build) -> set[str]:
    """The packages that *use* names; where a variable holds them, all words of the RUN, ENV or ARG that may set it."""
    names = {_bare(use.command.words[at].text) for at in use.operation.operands}
    if any("$" in name for name in names) and use.run.body is not None:
        values = _values(build)
        texts = [use.run.body.logical.text, *(_put_in(name, values) for name in names)]
        texts += (value for key, held in values.items() for value in held if any(key in name for name in names))
        names.update(name for text in texts for name in _NAME.findall(text))
    return names


def unknown_name(use: Use, build: Build) -> str | None:
    """A word of *use* that may come to name a package which needs what it recommends; None where each is known."""
    body = use.run.body.logical.text if use.run.body is not None else ""
    values = _values(build)
    for at in use.operation.operands:
        word = _bare(use.command.words[at].text)
        if "$" not in word and "`" not in word:
            continue
        left = _put_in(word, values)
        if "$" not in left and "`" not in left:
            continue
        alone = _VARIABLE.fullmatch(word)
        if alone is not None and re.search(_SET.format(re.escape(alone[1] or alone[2])), body):
            # All words of the body count as packages.
            continue
        pattern = _OTHER.sub("*", _VARIABLE.sub("*", left))
        if any(matches(name, pattern) for name in needing()):
            return word
    return None


def _bare(word: str) -> str:
    """What *word* says without quotes, release and architecture."""
    match = _BEFORE.match(word.strip("\"'"))
    return match[0] if match is not None else word


def _values(build: Build) -> dict[str, list[str]]:
    """The values that ENV and ARG give to each variable."""
    found: dict[str, list[str]] = {}
    for step in (*build.preamble, *(step for stage in build.stages for step in stage.steps)):
        if isinstance(step, Env | Arg):
            for pair in step.pairs:
                if pair.value is not None:
                    found.setdefault(pair.key, []).append(pair.value.strip("\"'"))
    return found


def _put_in(text: str, values: dict[str, list[str]]) -> str:
    """*text* with each variable that has one value replaced by that."""

    def value(match: re.Match[str]) -> str:
        held = set(values.get(match[1] or match[2], ()))
        return held.pop() if len(held) == 1 else match[0]

    for _ in range(_DEEP):
        text, count = _VARIABLE.subn(value, text)
        if not count or len(text) > 4096:
            break
    return text
