"""DS609: package managers that would ask."""

from __future__ import annotations

from ...analysis.facts import Facts, Use
from ...analysis.flow.outcome import must_succeed
from ...analysis.shell.operations import Kind
from ...change import AddsOption, Change, Safety
from ...ir.build import Build
from ...ir.steps import Run
from ...shell.edits import insert_after
from ...shell.script import Script
from ..base import Proposals, missed
from .commands import reads_pipe, written

_OPTIONS = {
    "apt": "-y",
    "yum": "-y",
    "dnf": "-y",
    "tdnf": "-y",
    "zypper": "-y",
    "conda": "-y",
    "mamba": "-y",
    "pacman": "--noconfirm",
}
_ASKING = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.REMOVE))
#: Options with which nothing is asked, or nothing done.
_QUIET = frozenset(
    (
        "-s", "--simulate", "--dry-run", "--just-print", "--recon", "--no-act", "--print-uris", "--assume-no",
        "--assumeno", "--trivial-only", "--quiet=2", "-q=2", "-h", "--help", "--version",
    )
)  # fmt: skip
#: Subcommands that only show something, or that do not know the option.
_SHOWS = frozenset(("group list", "group info", "module list", "module info", "env create", "env update"))


def assume_yes(build: Build, facts: Facts) -> Proposals:
    """Let package managers go ahead without asking: `-y`.

    A build has nobody to answer. Today's build may pass because nothing needed confirmation; when a new dependency
    appears, apt-get asks, reads no answer and aborts.

    Safe because a build that passes has answered yes, or was not asked, wherever the RUN needs the command to succeed;
    where a failure is tolerated it is a matter of level standard. A command that reads its answers from a pipe or
    file stays. Source: apt-get(8), dnf(8), zypper(8), conda documentation.
    """
    switched_on = "assume-yes" in build.text.lower() or "assumeyes=" in build.text.lower()
    for stage in build.stages:
        for run in stage.runs:
            script = facts.script(run)
            if script is None or switched_on:
                continue
            for use in facts.uses(run):
                option = _missing(use)
                if option is None:
                    continue
                logical = run.body.logical if run.body else run.origin.logical
                line = build.document.line_of(logical.before(use.command.span.start))
                reason = _obstacle(use, script)
                if reason is not None:
                    yield missed(line, f"no {option} added: {reason}")
                    continue
                yield _change(use, run, script, option, line, errexit=facts.state(run).errexit)


def _missing(use: Use) -> str | None:
    """The option that *use* lacks; None when it would not ask."""
    operation = use.operation
    known = operation.manager
    option = _OPTIONS.get(known.name)
    if option is None or operation.kind not in _ASKING or operation.has_flag(*known.assume_yes, *_QUIET):
        return None
    name = (use.command.words[operation.command].literal or "").rsplit("/", 1)[-1]
    if name == "apt" and operation.subcommand in ("list", "show", "search"):
        return None
    if len(operation.operands) and operation.subcommand in ("group", "module"):
        shown = use.command.words[operation.operands[0]].literal
        if f"{operation.subcommand} {shown}" in _SHOWS:
            return None
    if operation.subcommand in _SHOWS:
        return None
    if known.name == "pacman" and not operation.operands and not operation.has_flag("-u", "--sysupgrade"):
        return None
    if known.name == "apt" and sum(flag.name in ("-q", "--quiet") for flag in operation.flags) > 1:
        return None
    return option


def _obstacle(use: Use, script: Script) -> str | None:
    if reads_pipe(script, use.command):
        return "it reads its answers from a pipe or a file"
    if not use.operation.certain and use.command.argv[use.operation.command + 1 : use.operation.verb + 1].count(None):
        return "an expansion may hold its options"
    if any(word.text in ("$OPTS", "$APT_OPTS", "$APT_FLAGS") for word in use.command.words):
        return "an expansion may hold its options"
    return None


def _change(use: Use, run: Run, script: Script, option: str, line: int, *, errexit: bool) -> Change:
    operation, words = use.operation, use.command.words
    assert run.body is not None
    at = operation.verb
    if operation.manager.operations:
        at = operation.flags[0].at if operation.flags else at
    needed = must_succeed(script, use.command, errexit=errexit)
    leading = written(words[operation.command : at + 1])
    return Change(
        edits=(insert_after(run.body.logical, words[at].span.end, f" {option}"),),
        title=f"{' '.join(leading)} with {option}",
        reason="nobody answers a question that is asked in a build",
        safety=Safety.SAFE if needed else Safety.STANDARD,
        claims=(AddsOption(leading, (option,)),),
        line=line,
    )
