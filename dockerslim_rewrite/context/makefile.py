"""Targets of a Makefile that a command makes, as far as they are plain.

Source: GNU make manual, "How make Reads a Makefile", "Recipe Syntax", "Automatic Variables", "The shell Function".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..analysis.project import Evidence
from ..patterns import re
from .following import Following, Words

_SETS = re.compile(
    r"(?:(?:export|override|private)\s+)*+(?P<name>[\w.-]+)\s*(?P<how>\?=|\+=|!=|:{0,3}=)\s*+(?P<value>.*)\Z", re.S
)
_RULE = re.compile(r"(?P<targets>[^\s:=#][^:=#]*+)::?(?!=)\s*+(?P<needs>[^;]*+)(?:;(?P<first>.*))?\Z", re.S)
_DIRECTIVE = re.compile(
    r"(?:if(?:n?eq|n?def)|else|endif|-?include|sinclude|define|endef|export|unexport|undefine|vpath|load)\b"
)
_PLAIN_NAME = re.compile(r"[\w.-]+\Z")
_NAMES = ("GNUmakefile", "makefile", "Makefile")
_MOST = 50
#: How deep variables of variables are followed, and how long a command may become by them.
_DEEPEST = 8
_LONGEST = 20_000
#: Stands for what only make knows: for a shell a variable, so a word that nobody knows.
_UNKNOWN = "${MAKE_SAYS}"


class _Rule(NamedTuple):
    """What a target needs, and its commands with their lines; both grow while the file is read."""

    needs: list[str]
    recipe: list[tuple[str, int]]


def follow_make(follower: Following, argv: Words, cwd: str | None, where: Evidence, depth: int) -> None:
    """Follow the recipes of what ``make`` is told to make; a Makefile or a target that is not there is a doubt."""
    names, wanted, given = list(_NAMES), [], {}
    words = iter(argv[1:])
    for word in words:
        if word is None:
            follower.doubt("what make does is not known: a variable says what it makes", where, blind=True)
            return
        if word in ("-C", "--directory"):
            cwd = posixpath.normpath(posixpath.join(cwd or "/", next(words, None) or ""))
        elif word in ("-f", "--file"):
            names = [next(words, None) or ""]
        elif "=" in word and not word.startswith("-"):
            name, _, value = word.partition("=")
            given[name.rstrip(":?+")] = value
        elif not word.startswith("-"):
            wanted.append(word)
    context = next((path for name in names if (path := follower.placed_file(name, cwd))), None)
    text = follower.tree.read(context) if context is not None else None
    if context is None or text is None:
        follower.doubt("what make does is not known: its file is not in the context", where, blind=True)
        return
    if ("make", context, tuple(wanted), cwd) in follower.seen:
        return
    follower.seen.add(("make", context, tuple(wanted), cwd))
    follower.followed.append(context)
    rules, variables = _read(text)
    variables |= given
    missing = next((name for name in wanted if name not in rules), None)
    if missing is not None:
        follower.doubt(f"what make {missing} does is not known: {context} has no such target", where, blind=True)
        return
    waiting = wanted or [name for name in rules if not name.startswith(".")][:1]
    done: set[str] = set()
    while waiting and len(done) < _MOST:
        name = waiting.pop(0)
        if name in done or name not in rules:
            continue
        done.add(name)
        rule = rules[name]
        needs = _Expansion(variables).of(" ".join(rule.needs)).split()
        waiting += needs
        automatic = {"@": name, "<": needs[0] if needs else "", "^": " ".join(needs), "+": " ".join(needs)}
        expansion = _Expansion(variables, automatic)
        for command, line in rule.recipe:
            plain = expansion.of(command).lstrip("@-+ \t")
            follower.script(plain, cwd, Evidence(context, line), depth + 1, line=line)


def _read(text: str) -> tuple[dict[str, _Rule], dict[str, str]]:
    """The rules by target, and the variables; of conditions both branches, of definitions nothing."""
    rules: dict[str, _Rule] = {}
    variables: dict[str, str] = {}
    targets: Sequence[str] | None = None
    defining = False
    for line, number in _lines(text):
        bare = line.strip()
        if defining or bare.startswith("define "):
            defining = bare != "endef"
            continue
        if line.startswith("\t") and targets is not None:
            if bare:
                _put(rules, targets, (), ((bare, number),))
            continue
        sets = _SETS.match(bare)
        if sets is not None:
            _set(variables, sets["name"], sets["how"], sets["value"].partition(" #")[0].strip())
            targets = None
            continue
        if not bare or bare.startswith("#") or _DIRECTIVE.match(bare):
            continue
        rule = _RULE.match(bare)
        if rule is None:
            targets = None
            continue
        targets = _Expansion(variables).of(rule["targets"]).split()
        needs = rule["needs"].partition("#")[0].strip()
        # A variable of a target alone: either value may be meant.
        local = _SETS.match(needs)
        if local is not None:
            variables.setdefault(local["name"], _UNKNOWN)
            continue
        first = ((rule["first"].strip(), number),) if (rule["first"] or "").strip() else ()
        _put(rules, targets, [one for one in needs.split() if one != "|"], first)
    return rules, variables


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """The lines of *text*, continued ones as one, with the number of the first."""
    held, first = "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        first = first or number
        if line.endswith("\\"):
            held += f"{line[:-1]} "
            continue
        yield held + (line.strip() if held else line), first
        held, first = "", 0
    if held:
        yield held, first


def _put(
    rules: dict[str, _Rule], targets: Sequence[str], needs: Sequence[str], recipe: Sequence[tuple[str, int]]
) -> None:
    for target in targets:
        rule = rules.setdefault(target, _Rule([], []))
        rule.needs.extend(needs)
        rule.recipe.extend(recipe)


def _set(variables: dict[str, str], name: str, how: str, value: str) -> None:
    if how == "!=":
        variables[name] = f"$(shell {value})"
    elif how == "+=":
        variables[name] = f"{variables.get(name, '')} {value}".strip()
    elif how != "?=" or name not in variables:
        variables[name] = value


class _Expansion:
    """Puts values of *variables*, and the *automatic* ones of one target, into texts, each value made once."""

    def __init__(self, variables: Mapping[str, str], automatic: Mapping[str, str] | None = None) -> None:
        self._variables = variables
        self._automatic = automatic or {}
        self._values: dict[str, str] = {}

    def of(self, text: str, depth: int = 0) -> str:
        """*text* as a shell gets it: what only make knows is a variable without a value.

        The function ``shell`` runs a command, as the shell's own substitution does; no other one runs anything.
        """
        found: list[str] = []
        at = length = 0
        while at < len(text) and length < _LONGEST:
            length += len(found[-1]) if found else 0
            sign = text.find("$", at)
            if sign < 0 or sign + 1 == len(text):
                found.append(text[at:])
                break
            found.append(text[at:sign])
            opening = text[sign + 1]
            at = sign + 2
            if opening == "$":
                found.append("$")
            elif opening in "({":
                end = _closing(text, sign + 1)
                found.append(self._value(text[at:end], depth + 1))
                at = end + 1
            else:
                found.append(self._automatic.get(opening, self._variables.get(opening, _UNKNOWN)))
        return "".join(found)[:_LONGEST]

    def _value(self, inner: str, depth: int) -> str:
        name, _, rest = inner.partition(" ")
        if depth > _DEEPEST:
            return _UNKNOWN
        if name == "shell":
            return f"$({self.of(rest, depth)})"
        if inner == "MAKE":
            return "make"
        if not _PLAIN_NAME.match(inner) or inner not in self._variables:
            return _UNKNOWN
        if inner not in self._values:
            # One that holds itself is not known.
            self._values[inner] = _UNKNOWN
            self._values[inner] = self.of(self._variables[inner], depth)
        return self._values[inner]


def _closing(text: str, start: int) -> int:
    """Where the bracket at *start* is closed; the end of *text* where it is not."""
    opening = text[start]
    closing = ")" if opening == "(" else "}"
    level = 0
    for at in range(start, len(text)):
        level += (text[at] == opening) - (text[at] == closing)
        if not level:
            return at
    return len(text)
