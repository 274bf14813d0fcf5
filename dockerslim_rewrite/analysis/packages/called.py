"""How a package manager was called, so that what cleans up behind it is called alike, or not at all."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from ...ir.steps import Run
from ...knowledge.managers import Manager
from ...patterns import re
from ...shell.script import Group, Node, Script, Simple, children, walk
from ..facts import Facts, Use
from ..shell.operations import Kind
from .cleanup import always_runs

#: Variables that decide which program is found, and where it keeps its cache.
_DECIDING = re.compile(r"(?:PATH|HOME|XDG_CACHE_HOME|TMPDIR|\w+_HOME|\w+_DIR|\w+_PREFIX|npm_config_\w+)\Z", re.I)
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)\+?=")
_USER = re.compile(r"(?:-[A-Za-z]*[ui]|--user(?:=.*)?|--login)\Z")
_ENTERS = frozenset(("export", ".", "source", "eval", "set", "conda", "workon", "nvm"))
#: Where apk's word for a package ends and a version or a repository begins.
_VERSION = re.compile(r"[=<>~@]")
#: Packages with the program of a manager, as far as they do not have its name.
_PACKAGES = {"npm": "node", "yarn": "node", "bun": "node", "go": "golang", "dotnet": "dotnet", "composer": "php"}


def cleaning_command(filled: Sequence[Use], known: Manager, run: Run, facts: Facts) -> tuple[str, str | None]:
    """The command that empties the cache of *known* behind the operations *filled* of *run*, without sudo for root, and
    why it may not stand at the end of the RUN (None where it may).
    """
    script = facts.script(run)
    clean = known.clean or ""
    last = filled[-1]
    if script is None:
        return clean, "its shell text could not be read with certainty"
    removes = clean.startswith("rm ")
    moved = next((name for name, value in facts.state(run).env.items() if _leads_away(name, value, known)), None)
    if removes and moved is not None:
        return clean, f"{moved} puts it elsewhere"
    for use in filled:
        problem = _outside(use, script, known, removes=removes, last=use is last)
        if problem is not None:
            return clean, problem
    at = last.operation.command
    callers = {_caller(use) for use in filled}
    if len(callers) > 1:
        return clean, f"{known.name} is called in more than one way"
    prefix = [word.text for word in last.command.words[:at]]
    other = any(_USER.match(word) for word in prefix)
    if removes:
        return (clean, f"the cache is another user's ({' '.join(prefix)})") if other else (clean, None)
    tool, _, rest = clean.partition(" ")
    written = last.command.words[at].text
    named = posixpath.basename(last.operation.executable)
    if tool != named and (tool, named) != ("composer", "composer.phar"):
        return clean, f"{known.name} is called as {written}"
    gone = _gone_behind(last, script, known, facts, run)
    if gone is not None:
        return clean, gone
    place, problem = _place(filled, known, script)
    if problem is not None:
        return clean, problem
    words = f"{written} {rest}{place}"
    return (f"{' '.join(prefix)} {words}" if other else words), None


def _place(filled: Sequence[Use], known: Manager, script: Script) -> tuple[str, str | None]:
    """The option, with a space before it, by which *filled* say where the cache lies, and why it cannot be repeated."""
    told = {_told(use, known) for use in filled}
    if len(told) > 1:
        return "", f"{known.name} is given more than one place for its packages"
    place = told.pop()
    if re.search(r"[\s`()]", place[1:].replace(" ", "", 1)):
        return "", f"{known.name} is told by more than a word where its packages lie"
    names = re.findall(r"\$\{?(\w++)", place)
    if "$" in place and (not names or any(re.search(rf"\b(?:{name}=|for\s+{name}\b)", script.text) for name in names)):
        return "", f"the RUN sets where {known.name} puts its packages ({place.strip()})"
    return place, None


def _told(use: Use, known: Manager) -> str:
    """The option of *use* that says where the cache lies, as written and with a space before it; empty for none."""
    words = [word.text for word in use.command.words]
    for at in range(use.operation.command + 1, len(words)):
        name, equals, _ = words[at].partition("=")
        if name in known.places:
            return f" {words[at]}" if equals else f" {' '.join(words[at : at + 2])}"
        short = next((one for one in known.places if len(one) == 2 and words[at].startswith(one)), None)
        if short is not None:
            return f" {words[at]}"
    return ""


def _leads_away(name: str, value: str | None, known: Manager) -> bool:
    """Whether the variable *name* puts the cache of *known* where the command that empties it does not look."""
    usual = value and any(path.startswith(f"{value.rstrip('/')}/") for path in known.paths)
    return name in known.location and not usual


def _caller(use: Use) -> tuple[str, ...]:
    at = use.operation.command
    prefix = tuple(word.text for word in use.command.words[:at])
    who = tuple(word for word in prefix if word != "env") if any(map(_USER.match, prefix)) else ()
    return (*who, use.command.words[at].text)


def _outside(use: Use, script: Script, known: Manager, *, removes: bool, last: bool) -> str | None:
    """Why what follows the list that *use* stands in is no place to clean up behind it.

    Where the *last* operation surely ran, so did the tool; a deletion does no harm where nothing was filled.
    """
    command = use.command
    words = [word.text for word in (*command.assignments, *command.words[: use.operation.command])]
    for word in words:
        match = _ASSIGNED.match(word)
        if match and (_DECIDING.match(match[1]) or match[1] in known.location):
            return f"{known.name} is given {match[1]} of its own"
    if last and not removes and not always_runs(script, command):
        return f"{known.name} runs in a branch, a loop or a function"
    inside = _subshell(script.root, command)
    if inside is not None and not removes and any(_changes_path(one) for one in inside):
        return f"{known.name} runs in a subshell with settings of its own"
    return None


def _subshell(node: Node, command: Simple) -> list[Simple] | None:
    """The commands of the innermost ``( … )`` that *command* stands in; None where it stands in none."""
    if isinstance(node, Simple):
        return None
    for child in children(node):
        if any(one is command for one in walk(child)):
            inner = _subshell(child, command)
            if inner is None and isinstance(node, Group) and node.subshell:
                return [one for one in walk(node) if isinstance(one, Simple)]
            return inner
    return None


def _changes_path(command: Simple) -> bool:
    return command.name in _ENTERS or (not command.words and bool(command.assignments))


def _meant(word: str, facts: Facts) -> Sequence[str | None]:
    """The packages that ``apk del`` takes away by *word*: a package that is installed by that name, or all of a virtual
    one; None stands for those that nobody knows.
    """
    groups = facts.recall("virtual packages", None, lambda: _virtual(facts))
    return groups.get(word, (None,))


def _virtual(facts: Facts) -> Mapping[str, Sequence[str | None]]:
    """What each name stands for by which apk installs, anywhere in the build. Source: apk-add(8), --virtual."""
    found: dict[str, list[str | None]] = {}
    for stage in facts.build.stages:
        for run in stage.runs:
            for use in facts.uses(run):
                done = use.operation
                if done.manager.name != "apk" or done.kind is not Kind.INSTALL:
                    continue
                words = [use.command.argv[at] for at in done.operands]
                group = done.flag_value("-t", "--virtual")
                if group is not None:
                    found.setdefault(group, []).extend([group, *words])
                for word in words:
                    if word is not None:
                        found.setdefault(_VERSION.split(word)[0], []).append(word)
    return found


def _gone_behind(last: Use, script: Script, known: Manager, facts: Facts, run: Run) -> str | None:
    """Which command behind *last* takes the program away that would clean up; None where none does."""
    start = last.command.span.start
    executable = last.operation.executable
    name = posixpath.basename(executable)
    package = _PACKAGES.get(known.name, known.name)
    for use in facts.uses(run):
        if use.command.span.start > start and use.operation.kind is Kind.REMOVE:
            for at in use.operation.operands:
                word = use.command.argv[at]
                taken = [word] if word is None or use.operation.manager.name != "apk" else _meant(word, facts)
                if any(one is None or one.startswith(".") or package in one or name in one for one in taken):
                    return f"{use.operation.subcommand} after it may remove {name}"
    for command in script.commands:
        if command.span.start <= start or command.name not in ("rm", "mv", "unlink"):
            continue
        for word in command.argv[1:]:
            if word is None or word.startswith("-"):
                continue
            bare = word.rstrip("/*")
            if posixpath.basename(bare) == name or (bare and executable.startswith(f"{bare}/")):
                return f"{command.name} after it removes {word}"
            if "/" not in executable and posixpath.basename(bare) in (name, package, f"mini{name}", f".{name}", "bin"):
                return f"{command.name} after it removes {word}"
    return None
