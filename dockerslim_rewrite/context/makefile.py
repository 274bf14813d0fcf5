"""Targets of a Makefile that a command makes, as far as they are plain."""

from __future__ import annotations

import posixpath
import re

from ..analysis.project import Evidence
from .following import Following, Words

_RULE = re.compile(r"(?!\t)(?P<targets>[\w./-]+(?:\s+[\w./-]+)*)\s*::?(?!=)\s*(?P<needs>[^#;]*)")
_SETS = re.compile(r"(?:export\s+)?(?P<name>\w+)\s*[:?]?=\s*(?P<value>.*)")
_USES = re.compile(r"\$[({](\w+)[)}]")
_NAMES = ("GNUmakefile", "makefile", "Makefile")
_MOST = 50


def follow_make(follower: Following, argv: Words, cwd: str | None, where: Evidence, depth: int) -> None:
    """Follow the recipes of what ``make`` is told to make; a Makefile that is not there is a doubt."""
    names, wanted = list(_NAMES), []
    words = iter(argv[1:])
    for word in words:
        if word in ("-C", "--directory"):
            cwd = posixpath.normpath(posixpath.join(cwd or "/", next(words, None) or ""))
        elif word in ("-f", "--file"):
            names = [next(words, None) or ""]
        elif word is not None and not word.startswith("-") and "=" not in word:
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
    waiting = wanted or [name for name in rules if not name.startswith(".")][:1]
    done: set[str] = set()
    while waiting and len(done) < _MOST:
        name = waiting.pop(0)
        if name in done or name not in rules:
            continue
        done.add(name)
        needs, recipe, line = rules[name]
        waiting += needs
        for command in recipe:
            plain = _USES.sub(lambda match: variables.get(match[1], match[0]), command).replace("$$", "$")
            follower.script(plain.lstrip("@-+ "), cwd, Evidence(context, line), depth + 1, line=line)


def _read(text: str) -> tuple[dict[str, tuple[list[str], list[str], int]], dict[str, str]]:
    """The rules by target (what they need, their commands, their line), and the variables."""
    rules: dict[str, tuple[list[str], list[str], int]] = {}
    variables: dict[str, str] = {}
    recipe: list[str] | None = None
    for number, line in enumerate(text.replace("\\\n", " ").split("\n"), start=1):
        if line.startswith("\t"):
            if recipe is not None and line.strip():
                recipe.append(line.strip())
            continue
        rule, sets = _RULE.match(line), _SETS.match(line)
        if sets is not None:
            variables[sets["name"]] = sets["value"].strip()
        elif rule is not None:
            recipe = []
            for target in rule["targets"].split():
                rules[target] = (rule["needs"].split(), recipe, number)
    return rules, variables
