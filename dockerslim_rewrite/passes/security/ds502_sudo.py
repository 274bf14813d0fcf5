"""DS502: sudo where root works already."""

from __future__ import annotations

import re

from ...analysis.bases import root_evidence
from ...analysis.facts import Facts
from ...analysis.flow.outcome import must_succeed
from ...analysis.flow.start import start_of
from ...analysis.shell.operations import Kind
from ...change import Change, Remark, RemovesWords, ReplacesWords, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Onbuild, Run, Value
from ...knowledge.shell_state import state_effects
from ...shell.edits import delete, drop_word
from ...shell.names import POSIX_SHELLS
from ...shell.script import Script, Simple
from ..base import Proposals, missed
from ..shell.commands import calls, written

#: Commands that do the same whatever the environment holds: sudo clears it, and without sudo they see it.
_PLAIN = frozenset(
    (
        "apt-get", "apt", "apt-key", "apt-mark", "add-apt-repository", "dpkg", "yum", "dnf", "apk", "zypper",
        "rpm", "useradd", "usermod", "userdel", "groupadd", "adduser", "addgroup", "chpasswd", "passwd",
        "mkdir", "rmdir", "rm", "mv", "cp", "ln", "install", "touch", "chmod", "chown", "chgrp", "tee", "cat",
        "sed", "truncate", "update-alternatives", "ldconfig", "locale-gen", "update-locale",
        "update-ca-certificates", "update-rc.d", "service", "systemctl", "tar", "gunzip", "gzip", "unzip",
        "a2enmod", "a2dismod", "a2ensite", "a2dissite", "ls", "sysctl", "dpkg-reconfigure",
        "debconf-set-selections",
    )
)  # fmt: skip
_SUDO = ("sudo", "/usr/bin/sudo")
_HARMLESS = frozenset(["DEBIAN_FRONTEND", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TERM", "TZ"])
#: Options by which sudo leaves the environment as it is, but for PATH.
_KEEPS_ENVIRONMENT = frozenset(("-E", "--preserve-env"))
_SHELLS = POSIX_SHELLS | {"zsh", "su", "env"}


def sudo(build: Build, facts: Facts) -> Proposals:
    """Drop `sudo` where the user is root anyway.

    In a build sudo has no password to ask for and no terminal; where the user is root it does nothing but start one
    more process.

    Safe where nothing sets another user, the base image is known to start as root (or a package manager works without
    sudo in the same state), and the command does the same in any environment: sudo clears the environment and sets
    its own PATH. Other commands are a matter of level standard, and stay where the build sets PATH or variables that
    they would see; `sudo -E` hides PATH alone. `sudo -u`, `-i` and all other options, assignments, redirections and
    shells with expansions in their text stay; so does a sudo whose failure the build would not notice, unless
    something shows that it is installed. The package sudo goes (level aggressive) only where nothing else in the file
    names sudo, no scripts are copied or downloaded that could, and the image starts something of its own, so that no
    other Dockerfile is known or likely to go on from it. Source: sudo(8), sudoers(5), `env_reset` and `secure_path`.
    """
    for stage in build.stages:
        evidence = root_evidence(build, facts, stage)
        for run in stage.runs:
            script = facts.script(run)
            if script is None:
                if run.argv and run.argv[0] == "sudo":
                    yield missed(run.line, "sudo stays: the RUN is in exec form")
                continue
            for command in script.commands:
                if command.name in _SUDO:
                    yield _one(build, facts, stage, run, script, command, evidence)
        if evidence is not None:
            yield from _package(build, facts, stage)


def _one(
    build: Build, facts: Facts, stage: Stage, run: Run, script: Script, command: Simple, evidence: str | None
) -> Change | Remark:
    assert run.body is not None
    logical = run.body.logical
    line = build.document.line_of(logical.before(command.span.start))
    kept = len(command.words) > 1 and command.words[1].text in _KEEPS_ENVIRONMENT
    at = 2 if kept else 1
    reason = _not_root(facts, run, evidence) or _obstacle(command, at) or _absent(stage, facts, run, script, command)
    safety = Safety.SAFE
    if reason is None:
        reason, safety = _environment(facts, run, command, at)
    if reason is not None:
        return missed(line, f"sudo stays: {reason}")
    first, second = command.words[0], command.words[at]
    return Change(
        edits=tuple(delete(run.origin, logical, first.span.start, second.span.start)),
        title=f"{second.text} without sudo",
        reason=f"the user is root: {evidence or 'USER says so'}",
        safety=safety,
        claims=(ReplacesWords(written(command.words[: at + 1]), written(command.words[at : at + 1])),),
        line=line,
    )


def _not_root(facts: Facts, run: Run, evidence: str | None) -> str | None:
    state = facts.state(run)
    if not state.may_be_root:
        return f"the user is {state.user}"
    if state.user is None and evidence is None:
        return "it is not known as which user the base image starts"
    return None


def _absent(stage: Stage, facts: Facts, run: Run, script: Script, command: Simple) -> str | None:
    """Why *command* may fail today for want of sudo, and would work without it; None where sudo is surely there."""
    if must_succeed(script, command, errexit=facts.state(run).errexit):
        return None
    there = facts.recall("sudo is there", stage.index, lambda: _there(stage, facts))
    if there is not None and there <= run.index:
        return None
    return "nothing shows that sudo is there, and the build goes on where it is not"


def _there(stage: Stage, facts: Facts) -> int | None:
    """The index of the first RUN of *stage* and those under it that needs sudo to succeed, or installs it."""
    runs = (run for index in facts.graph.chain(stage.index) for run in facts.build.stages[index].runs)
    return min((run.index for run in runs if _needs_sudo(run, facts) or _installs_sudo(run, facts)), default=None)


def _needs_sudo(run: Run, facts: Facts) -> bool:
    script = facts.script(run)
    errexit = facts.state(run).errexit
    return script is not None and any(
        one.name in _SUDO and must_succeed(script, one, errexit=errexit) for one in script.commands
    )


def _installs_sudo(run: Run, facts: Facts) -> bool:
    return any(
        use.operation.kind is Kind.INSTALL
        and "sudo" in [use.command.words[at].literal for at in use.operation.operands]
        for use in facts.uses(run)
    )


def _obstacle(command: Simple, at: int) -> str | None:
    """Why *command*, whose word *at* is the one that sudo starts, would do something else without it, whatever the
    environment.
    """
    if command.assignments or command.redirects:
        return "assignments or redirections stand beside it"
    if len(command.words) <= at:
        return "no command follows it"
    name = command.words[at].literal
    if name is None:
        return "an expansion names the command"
    if name.startswith("-"):
        return f"the option {name} says more than 'as root'"
    if "=" in name:
        return "it sets a variable for the command"
    if state_effects(name) or name in ("cd", "export", "source", ".", "exec", "command", "type"):
        return f"{name} is the shell's own, and no program that sudo could run"
    if name.rsplit("/", 1)[-1] in _SHELLS and any(re.search(r"[$~`]", word.text) for word in command.words[at + 1 :]):
        return f"{name} would see another environment"
    return None


def _environment(facts: Facts, run: Run, command: Simple, at: int) -> tuple[str | None, Safety]:
    """Why the environment could make a difference, and the level when it does not surely make none."""
    state = facts.state(run)
    name = (command.words[at].literal or "").rsplit("/", 1)[-1]
    if name in _PLAIN and not any(word.literal and word.literal.startswith("--use-compress") for word in command.words):
        return None, Safety.SAFE
    seen = sorted(name for name in state.exported if name not in _HARMLESS and (at == 1 or name == "PATH"))
    if seen:
        return f"{name} would see {', '.join(seen[:3])}, which sudo hides", Safety.STANDARD
    return None, Safety.STANDARD


def _package(build: Build, facts: Facts, stage: Stage) -> Proposals:
    """Take sudo out of the packages that are installed where nothing else says sudo.

    It stays where others may go on from the image: nobody knows what they call.
    """
    if _goes_on(build, facts):
        return
    users = [step for step in stage.steps if isinstance(step, Value) and step.keyword == "USER"]
    for run in stage.runs:
        for use in facts.uses(run):
            if use.operation.kind is not Kind.INSTALL or run.body is None:
                continue
            operands = [use.command.words[at] for at in use.operation.operands]
            found = [word for word in operands if word.text == "sudo"]
            if not found or use.operation.wrappers:
                continue
            line = build.document.line_of(run.body.logical.before(found[0].span.start))
            if (
                len(re.findall(r"\bsudo(?:ers)?\b", build.text)) > len(found)
                or users
                or _runs_unseen(build, facts, stage)
            ):
                # It is there to be called, by what nobody reads here.
                continue
            if len(operands) == len(found):
                yield missed(line, "the package sudo stays: the command installs nothing else")
            else:
                leading = written(use.command.words[use.operation.command : use.operation.verb + 1])
                edits = [edit for word in found for edit in drop_word(run.body, run.origin, word.span)]
                yield Change(
                    edits=tuple(edits),
                    title="do not install sudo",
                    reason="the container runs as root, and nothing calls sudo",
                    safety=Safety.AGGRESSIVE,
                    claims=(RemovesWords(leading, ("sudo",) * len(found)),),
                    line=line,
                )


def _goes_on(build: Build, facts: Facts) -> bool:
    """Whether other Dockerfiles go on from the image, or may: it starts nothing of its own."""
    if facts.project is not None and facts.project.usage.heirs:
        return True
    return start_of(build) == (None, None)


def _runs_unseen(build: Build, facts: Facts, stage: Stage) -> bool:
    """Whether *stage*, or one built from it, gets files from outside that could call sudo."""
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        if any(isinstance(step, Copy | Onbuild) for step in build.stages[index].steps):
            return True
        for call in calls(build, facts, build.stages[index]):
            if call.name in ("curl", "wget", "git", "svn", "hg", "npm", "pip", "pip3") or not call.name:
                return True
        if any(run.argv is None and facts.script(run) is None for run in build.stages[index].runs):
            return True
    return False
