"""Why recommended packages have to stay: people and images that use what is there, keys that are fetched, and
repositories whose packages nobody knows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from ...analysis.facts import Facts, Use
from ...analysis.flow.given_commands import single_commands
from ...analysis.shell.operations import Kind
from ...ir.build import Stage
from ...ir.steps import Copy, Exec, Run
from ...knowledge.recommends import fetches_keys, has_agent, is_repository, kept
from ...knowledge.starts import idles
from ...patterns import re
from ...shell.names import POSIX_SHELLS
from ...shell.script import Pipeline, Script, Simple, walk

_FETCHERS = frozenset(("curl", "wget"))
#: Commands that only change or delete what the image's own lists of repositories say, and such as write no text.
_OF_THE_IMAGES = frozenset(
    ("sed", "rm", "cat", "grep", "mv", "cp", "ls", "perl", "mkdir", "chmod", "chown", "touch", "test", "[")
)
#: Where repositories are listed: not among keys and settings. Source: sources.list(5), apt.conf(5), apt_preferences(5).
_LISTS = re.compile(r"sources\.list|/etc/apt/(?!(?:keyrings|trusted\.gpg|auth\.conf|apt\.conf|preferences)[./\w]*\Z)")


#: Packages that bring a repository: MySQL's, Percona's, PostgreSQL's, Microsoft's, NVIDIA's.
_REPOSITORY = re.compile(r"(?:release|repo\b|apt-config|keyring|prod)[\w.$(){}+~ -]{0,60}\.deb", re.I)
#: What people work in through a browser, with a shell of its own.
_WORKBENCHES = re.compile(r"\b(?:code-server|openvscode-server|rstudio-server|jupyter-?lab|theia-ide)\b")


def keeps(use: Use, names: Collection[str], present: Collection[str], stage: Stage, facts: Facts) -> str | None:
    """Why what *use* installs, the packages *names*, keeps its recommended packages; None where nothing speaks for it.

    *present* is all that the stage installs by name.
    """
    workplace = facts.project.usage.workplace if facts.project is not None else None
    if workplace is not None:
        return f"people work in the container that {workplace} builds"
    bench = facts.recall("workbench", stage.index, lambda: _workbench(stage, facts))
    if bench is not None:
        return bench
    inside = facts.recall("worked inside", stage.index, lambda: _worked_inside(stage, facts))
    if inside is not None:
        return inside
    heirs = facts.project.usage.heirs if facts.project is not None else ()
    if heirs:
        return f"what is built on the image may use them ({heirs[0]})"
    for package in sorted(names):
        lost = kept(package, present)
        if lost:
            return f"{package} is mostly used with {' and '.join(lost)}, which it only recommends"
    stages = facts.build.stages
    every = facts.recall("repositories", None, lambda: [next(_additions(one, facts), None) for one in stages])
    for index in facts.graph.chain(stage.index)[::-1]:
        adding = every[index]
        if adding is not None and (index != stage.index or adding[0] <= use.run.index):
            return adding[1]
    if has_agent(present):
        return None
    fetches = facts.recall("fetches keys", None, lambda: [_fetching(one, facts) for one in stages])
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        fetching = fetches[index]
        if not fetching:
            continue
        at = bisect_left(fetching, (use.run.index, "")) if index == stage.index else 0
        if at < len(fetching):
            return f"{fetching[at][1]} needs gpg-agent and dirmngr, which only come along"
    return None


def _workbench(stage: Stage, facts: Facts) -> str | None:
    """Which workbench *stage*, or a stage on top of it, installs or starts; None for none."""
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        for step in facts.build.stages[index].steps:
            match = _WORKBENCHES.search(step.origin.args) if isinstance(step, Run | Exec) else None
            if match is not None:
                return f"people work in {match[0]} (line {step.line}), in a shell as well"
    return None


def _worked_inside(stage: Stage, facts: Facts) -> str | None:
    """Who starts a container of *stage*, or of a stage on top of it, that only waits for people; None where nobody."""
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        last = {step.keyword: step for step in facts.build.stages[index].steps if isinstance(step, Exec)}
        entry, command = last.get("ENTRYPOINT"), last.get("CMD")
        main = command if command is not None and (command.argv or command.body is not None) else entry
        if main is None:
            continue
        starts = [_commands(main)]
        if main is command and entry is not None and entry.argv and command.argv:
            starts.append([*single_commands((*entry.argv, *command.argv))])
        if any(map(idles, starts)):
            return f"the container only waits for people to work inside (line {main.line})"
    for container in facts.project.usage.containers if facts.project is not None else ():
        words = container.command or container.entrypoint
        if words and idles([*single_commands(words)]):
            return f"people work in the container that {container.started or container.where} keeps waiting"
    return None


def _commands(step: Exec) -> list[tuple[str | None, ...]]:
    """The commands of *step*, without those of a script that cannot be read."""
    script = step.body.script if step.body is not None else None
    lines: list[Sequence[str | None]] = [step.argv] if step.argv else []
    lines += [one.argv for one in script.commands if one.words] if isinstance(script, Script) else []
    return [command for line in lines for command in single_commands(line)]


def _additions(stage: Stage, facts: Facts) -> Iterator[tuple[int, str]]:
    unknown = "and nobody knows what"
    brought: Run | None = None
    for step in stage.steps:
        if isinstance(step, Copy) and (step.destination == "/etc/apt" or _LISTS.search(step.destination)):
            yield step.index, f"line {step.line} copies lists of repositories, {unknown} their packages recommend"
        if not isinstance(step, Run):
            continue
        told = next(_repositories(step, facts), None)
        if told is None and brought is not None and any(use.operation.kind is Kind.UPDATE for use in facts.uses(step)):
            told, step = "dpkg -i", brought
        if brought is None and _brings_repository(step, facts):
            brought = step
        if told is not None:
            yield step.index, f"{told} (line {step.line}) adds a repository, {unknown} its packages recommend"


def _fetching(stage: Stage, facts: Facts) -> Sequence[tuple[int, str]]:
    """The RUNs of *stage* that fetch keys, in order, and the first words of the command with its line."""
    found = ((run, words) for run in stage.runs for words in islice(_fetchers(run, facts), 1))
    return [(run.index, f"{words} (line {run.line})") for run, words in found]


def _fetchers(run: Run, facts: Facts) -> Iterator[str]:
    script = facts.script(run)
    for command in script.commands if script is not None else ():
        words = [word.text for word in command.words]
        if fetches_keys(words):
            yield " ".join(words[:2])


def _repositories(run: Run, facts: Facts) -> Iterator[str]:
    """The commands of *run* that add a repository, or run what was fetched, which may do it."""
    script = facts.script(run)
    if script is None:
        return
    unpacked = False
    for command in script.commands:
        name = _name(command)
        if name == "dpkg" and any(word.text in ("-i", "--install") for word in command.words):
            unpacked = True
        elif unpacked and name in ("apt-get", "apt") and any(word.text == "update" for word in command.words):
            # Lists are fetched anew behind a package that brought a repository.
            yield "dpkg -i"
        texts = [*(word.text for word in command.words), *(one.target.text for one in command.redirects if one.target)]
        idle = name in _OF_THE_IMAGES or (name == "install" and "-d" in texts)
        if (
            is_repository(name)
            or name.endswith("-release")
            or (not idle and any(_LISTS.search(text) for text in texts))
        ):
            yield name
    for node in walk(script.root):
        if isinstance(node, Pipeline):
            names = [_name(one) for one in node.items if isinstance(one, Simple)]
            if _FETCHERS.intersection(names[:1]) and names[-1] in POSIX_SHELLS:
                yield f"{names[0]} … | {names[-1]}"


def _brings_repository(run: Run, facts: Facts) -> bool:
    """Whether *run* unpacks a package that by its name brings a repository."""
    script = facts.script(run)
    return any(
        _name(command) == "dpkg" and any(_REPOSITORY.search(word.text) for word in command.words)
        for command in (script.commands if script is not None else ())
    )


def _name(command: Simple) -> str:
    words = [word.text for word in command.words if word.text not in ("sudo", "-E", "env") and "=" not in word.text]
    return words[0].rpartition("/")[2] if words else ""
