"""DS611: wget's progress."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.bases import System, system
from ...analysis.facts import Facts
from ...analysis.packages.cleanup import always_runs
from ...analysis.shell.operations import Kind
from ...change import AddsOption, Change, Safety
from ...ir.build import Build, Stage
from ...shell.edits import insert_after
from ...shell.script import Pipeline, walk
from ..base import Proposals, missed
from .commands import Call, calls, written

_GNU = "--progress=dot:giga"
_BUSYBOX = "-q"
_QUIET = ("--quiet", "--no-verbose", "--progress", "--output-file", "--append-output", "--background", "--spider")
_NOT_A_DOWNLOAD = ("--version", "--help", "-V", "-h", "-i", "--input-file")
#: The first Fedora whose wget is wget2, which fails on dot:giga. Source: Fedora's change "Wget2 as wget"; the
#: wget2 project's issue 317.
_WGET2 = 40


def quiet_progress(build: Build, facts: Facts) -> Proposals:
    """Let wget print one dot a megabyte: `--progress=dot:giga`; Busybox's wget nothing: `-q`.

    By default wget prints a line for every 50 kB when its output is no terminal, so a build's log holds thousands of
    them for one download.

    Safe because only what is printed to standard error differs. Only GNU wget knows the option: Busybox (Alpine) does
    not, and with `-q` goes on printing its errors; wget2 (Fedora from 40 on) fails on it. So the system must be known;
    where standard error goes into a pipe or is captured the call stays. Source: wget(1), `--progress`; Busybox, wget.
    """
    options: dict[int, str | None] = {}
    for call in calls(build, facts):
        if call.name != "wget" or not _prints(call.argv[1:]):
            continue
        line = call.line(build)
        if call.stage.index not in options:
            options[call.stage.index] = _option(system(build, facts, call.stage), build, facts, call.stage)
        option = options[call.stage.index]
        captured = _captured(call)
        if captured is not None or option is None:
            yield missed(line, f"wget's progress stays: {captured or 'which wget this is, is not known'}")
            continue
        yield Change(
            edits=(insert_after(call.body.logical, call.words[0].span.end, f" {option}"),),
            title=f"wget {option}",
            reason="a line for every 50 kB fills the build's log",
            safety=Safety.SAFE,
            claims=(AddsOption(written(call.words[:1]), (option,)),),
            line=line,
        )


def _prints(words: Sequence[str | None]) -> bool:
    """Whether progress would be printed: a URL is there, and no option keeps wget quiet."""
    for word in words:
        if word is None:
            continue
        if word.startswith("--"):
            if word.partition("=")[0] in (*_QUIET, *_NOT_A_DOWNLOAD):
                return False
        elif word.startswith("-") and (word[1:2] in ("q", "a", "b", "o", "V", "h") or "nv" in word or "q" in word[1:4]):
            return False
    return any(word is None or not word.startswith("-") for word in words)


def _captured(call: Call) -> str | None:
    """Whether something reads the progress."""
    to_output = any(redirect.operator.startswith("2") for redirect in call.command.redirects)
    for node in call.script.nodes:
        if isinstance(node, Pipeline) and call.command in node.items[:-1]:
            at = node.items.index(call.command)
            if to_output or node.operators[at].text == "|&":
                return "a pipe may read what it prints"
    if to_output and any(word.text == "1" for redirect in call.command.redirects if (word := redirect.target)):
        nested = any(call.command in walk(inner) for node in call.script.commands for inner in node.nested)
        if nested:
            return "what it prints is captured"
    return None


def _option(known: System, build: Build, facts: Facts, stage: Stage) -> str | None:
    """The option that this stage's wget surely knows; None when it is not known which wget it is."""
    if known.family in ("debian", "suse"):
        return _GNU
    if known.family in ("alpine", "busybox"):
        return _GNU if _installs_wget(facts, build, stage) else _BUSYBOX
    if known.family != "rhel" or known.image is None:
        return None
    release = (known.image.release or known.image.parts.version or "").partition(".")[0]
    if known.image.distribution == "fedora" and not (release.isdigit() and int(release) < _WGET2):
        return None
    return _GNU


def _installs_wget(facts: Facts, build: Build, stage: Stage) -> bool:
    """Whether GNU wget is surely installed, and nothing is removed again that could take it along."""
    found = False
    for at in facts.graph.chain(stage.index):
        for run in build.stages[at].runs:
            script = facts.script(run)
            for use in facts.uses(run):
                if use.operation.kind is Kind.REMOVE:
                    return False
                if use.operation.kind is not Kind.INSTALL or script is None or not always_runs(script, use.command):
                    continue
                if any(use.command.words[i].text.partition("=")[0] == "wget" for i in use.operation.operands):
                    found = True
    return found
