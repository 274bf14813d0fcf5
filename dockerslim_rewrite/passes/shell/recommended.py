"""Why recommended packages have to stay: keys that are fetched, and repositories whose packages nobody knows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ...analysis.facts import Facts, Use
from ...ir.build import Stage
from ...ir.steps import Copy, Run
from ...knowledge.recommends import fetches_keys, has_agent, is_repository, kept
from ...shell.script import Pipeline, Simple, walk

_SHELLS = frozenset(("sh", "bash", "dash"))
_FETCHERS = frozenset(("curl", "wget"))
#: Commands that only change or delete what the image's own lists of repositories say.
_OF_THE_IMAGES = frozenset(("sed", "rm", "cat", "grep", "mv", "cp", "ls", "perl"))


def keeps(use: Use, names: Collection[str], present: Collection[str], stage: Stage, facts: Facts) -> str | None:
    """Why what *use* installs, the packages *names*, keeps its recommended packages; None where nothing speaks for it.

    *present* is all that the stage installs by name.
    """
    for package in sorted(names):
        lost = kept(package, present)
        if lost:
            return f"{package} is mostly used with {' and '.join(lost)}, which it only recommends"
    below = facts.graph.chain(stage.index)[:0:-1]
    before = [step for index in below for step in facts.build.stages[index].steps]
    here = [step for step in stage.steps if step.index <= use.run.index]
    for step in (*before, *here):
        if isinstance(step, Copy) and step.destination.startswith("/etc/apt"):
            return f"line {step.line} copies lists of repositories, and nobody knows what their packages recommend"
        told = _repository(step, facts) if isinstance(step, Run) else None
        if told is not None:
            return f"{told} (line {step.line}) adds a repository, and nobody knows what its packages recommend"
    if has_agent(present):
        return None
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        for run in facts.build.stages[index].runs:
            fetching = _fetching(run, facts) if index != stage.index or run.index >= use.run.index else None
            if fetching is not None:
                return f"{fetching} (line {run.line}) needs gpg-agent and dirmngr, which only come along"
    return None


def _repository(run: Run, facts: Facts) -> str | None:
    """The first of ``_repositories``: every install asks it of every RUN before."""
    return facts.recall("repositories", run.index, lambda: next(_repositories(run, facts), None))


def _fetching(run: Run, facts: Facts) -> str | None:
    """The first words of the command of *run* that fetches keys; None where none does."""
    return facts.recall("fetches keys", run.index, lambda: next(_fetchers(run, facts), None))


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
    for command in script.commands:
        name = _name(command)
        texts = [*(word.text for word in command.words), *(one.target.text for one in command.redirects if one.target)]
        if is_repository(name) or (
            name not in _OF_THE_IMAGES and any(re.search(r"sources\.list|/etc/apt/", text) for text in texts)
        ):
            yield name
    for node in walk(script.root):
        if isinstance(node, Pipeline):
            names = [_name(one) for one in node.items if isinstance(one, Simple)]
            if _FETCHERS.intersection(names[:1]) and names[-1] in _SHELLS:
                yield f"{names[0]} … | {names[-1]}"


def _name(command: Simple) -> str:
    words = [word.text for word in command.words if word.text not in ("sudo", "-E", "env") and "=" not in word.text]
    return words[0].rpartition("/")[2] if words else ""
