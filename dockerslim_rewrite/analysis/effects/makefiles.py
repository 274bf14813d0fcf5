"""The recipes of a plain Makefile. Source: GNU make manual, "Writing Rules" and "Writing Recipes in Rules"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...patterns import re
from ...record import record

_ASSIGNMENT = re.compile(r"(?:export\s+|override\s+)?([\w.-]+)\s*(?::{0,3}=|\?=|\+=|!=)\s*(.*)\Z")
_RULE = re.compile(r"([^\t#=][^=:#]*+)::?(?!=)\s*+([^=;#]*)(?:;(.*)|#.*)?\Z")
_REFERENCE = re.compile(r"\$(?:\(([\w.-]+)\)|\{([\w.-]+)\})")
#: What a plain Makefile does not hold: other files, definitions of many lines, code that is run while it is read.
_BEYOND = re.compile(r"(?:-?include|sinclude|define|load|vpath)\b|.*\$[({](?:eval|call|shell|foreach)\b")
_CONDITION = re.compile(r"(?:ifeq|ifneq|ifdef|ifndef|else|endif)\b")
_MOST = 200


@record
class Makefile:
    """Targets with what they depend on and their recipes' lines, the variables, and the first target."""

    rules: dict[str, tuple[list[str], list[str]]]
    variables: dict[str, str]
    first: str | None


def read_makefile(text: str) -> Makefile | None:
    """Read the Makefile *text*; None where it holds more than variables, conditions and rules."""
    rules: dict[str, tuple[list[str], list[str]]] = {}
    variables: dict[str, str] = {}
    first: str | None = None
    current: list[str] = []
    for line in text.replace("\\\n\t", " ").replace("\\\n", " ").split("\n"):
        if line.startswith("\t"):
            for target in current:
                rules[target][1].append(line[1:])
            continue
        bare = line.strip()
        if not bare or bare.startswith("#") or _CONDITION.match(bare):
            continue
        if _BEYOND.match(bare):
            return None
        assigned = _ASSIGNMENT.match(bare)
        if assigned:
            variables[assigned[1]] = assigned[2].partition("#")[0].strip() if "!=" not in bare else "$?"
            current = []
            continue
        rule = _RULE.match(bare)
        if rule is None:
            if bare.startswith(("export", "unexport", ".")):
                continue
            return None
        current = _put(rule[1], variables).split()
        if any("%" in target or "$" in target for target in current):
            return None
        for target in current:
            needs, recipe = rules.setdefault(target, ([], []))
            needs.extend(one for one in _put(rule[2], variables).split() if one != "|")
            if rule[3]:
                recipe.append(rule[3].strip())
            if first is None and not target.startswith("."):
                first = target
    return Makefile(rules, variables, first)


def recipes(file: Makefile, targets: Sequence[str], given: dict[str, str]) -> tuple[str, ...] | None:
    """The scripts that making *targets* runs, in order, with the variables *given*; None where that is not known."""
    wanted = list(targets) or ([file.first] if file.first else [])
    found: list[str] = []
    done: set[str] = set()
    for target in wanted:
        if not _make(target, file, {**file.variables, **given}, done, found, explicit=True):
            return None
    return tuple(found)


def _make(
    target: str, file: Makefile, variables: dict[str, str], done: set[str], found: list[str], *, explicit: bool = False
) -> bool:
    if target in done:
        return True
    done.add(target)
    if len(done) > _MOST:
        return False
    rule = file.rules.get(target)
    if rule is None:
        # A file that is there; make's built-in rules only call compilers.
        return not explicit
    for one in rule[0]:
        if "$" in one or not _make(one, file, variables, done, found):
            return False
    found.extend(_lines(rule[1], variables))
    return True


def _lines(recipe: Sequence[str], variables: dict[str, str]) -> Iterator[str]:
    for line in recipe:
        text = _put(line.strip().lstrip("@-+ "), variables)
        yield text.replace("$(MAKE)", "make").replace("${MAKE}", "make").replace("$$", "$")


def _put(text: str, variables: dict[str, str]) -> str:
    """*text* with the values of variables, as often as one holds another."""
    for _ in range(8):
        new = _REFERENCE.sub(lambda match: variables.get(match[1] or match[2], match[0]), text)
        if new == text:
            break
        text = new
    return text
