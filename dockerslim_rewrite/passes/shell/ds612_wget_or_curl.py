"""DS612: two tools for one purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...analysis.bases import base_image
from ...analysis.facts import Facts
from ...analysis.flow.outcome import must_succeed
from ...analysis.shell.operations import Kind
from ...change import Change, ReplacesCommand, Safety
from ...ir.build import Build, Stage
from ...patterns import re
from ...shell.edits import drop_word
from ...text import Edit
from ..base import Proposals, analysis, missed
from .commands import Call, calls, written

if TYPE_CHECKING:
    from ...analysis.effects.downloads import Step

#: Settings of one of the two that the other does not read.
_SETTINGS = re.compile(r"wgetrc|curlrc|CURL_HOME|WGETRC")


def wget_or_curl(build: Build, facts: Facts) -> Proposals:
    """Download with curl alone where a stage uses both wget and curl: `curl -fsSLO --retry 5` for `wget`.

    One of the two would do, and the other with its libraries need not be installed: 2 to 3 MB. What is installed stays:
    whether a script or a health check needs wget is not to be seen here.

    Safe it is only as far as a server gives both the same. A call becomes one of curl where it has no option but for
    what is printed, the file's name and `--no-check-certificate`; where the address is plain, http or https, and its
    last part is the name that both give the file; and where curl surely is there, since the base image brings it, or
    it was used or installed before. Both follow redirections and fail on an error of the server; curl repeats less
    often after a lost connection, leaves the file's date at today, and calls itself otherwise; hence level aggressive.
    Where one call has to stay, all do. Source: wget(1); curl(1); hadolint DL4001.
    """
    for stage in build.stages:
        found = [call for call in calls(build, facts, stage) if call.name in ("wget", "curl")]
        fetching = [call for call in found if call.name == "wget"]
        if not fetching or len(fetching) == len(found):
            continue
        first = {name: next(call for call in found if call.name == name) for name in ("wget", "curl")}
        late, early = sorted(first.values(), key=lambda one: one.line(build), reverse=True)
        yield analysis(
            late.line(build),
            f"{late.name} is used here and {early.name} on line {early.line(build)}: one of them would do",
            f"line {early.line(build)}",
        )
        planned = [(call, _plan(call, stage, build, facts)) for call in fetching]
        reason = next(((call, plan) for call, plan in planned if isinstance(plan, str)), None)
        if reason is not None:
            yield missed(reason[0].line(build), f"wget stays: {reason[1]}")
            continue
        for call, plan in planned:
            assert not isinstance(plan, str)
            before = written(call.words)
            after = _after(call, plan)
            yield Change(
                edits=tuple(_edits(call, plan)),
                title="curl for wget",
                reason=f"curl is there; line {first['curl'].line(build)} uses it",
                safety=Safety.AGGRESSIVE,
                claims=(ReplacesCommand(before, after, "curl"),),
                line=call.line(build),
                evidence=(f"line {first['curl'].line(build)}",),
            )


def _plan(call: Call, stage: Stage, build: Build, facts: Facts) -> tuple[Step, ...] | str:
    if call.words[0].text != "wget":
        return "it is called in another way"
    if any(redirect.span.start < call.words[-1].span.end for redirect in call.command.redirects):
        return "a redirection stands between its words"
    texts = [script.text for run in stage.runs if (script := facts.script(run)) is not None]
    if any(map(_SETTINGS.search, texts)):
        return "there are settings for one of the two"
    if not _there(call, stage, build, facts):
        return "it is not known that curl is there"
    from ...analysis.effects.downloads import by_curl

    state = facts.state(call.run)
    return by_curl(call.words, state.constants, frozenset(state.args))


def _there(call: Call, stage: Stage, build: Build, facts: Facts) -> bool:
    """Whether the base image brings curl, or it was used or installed before *call*, and no package was removed since
    that could be it.

    What a command names for installation is kept when packages go that nothing needs any more.
    """
    from ...analysis.effects.downloads import brings_curl

    used, installed = facts.graph.bases[stage.index] is None and brings_curl(base_image(build, facts, stage)), False
    for other in facts.calls(stage):
        if (other.run.index, other.command.span) >= (call.run.index, call.command.span):
            break
        use = next((use for use in facts.uses(other.run) if use.command is other.command), None)
        if use is not None and use.operation.kind is Kind.REMOVE:
            used = False
            installed = installed and use.operation.subcommand == "autoremove" and not use.operation.operands
        elif other.name == "curl":
            used = used or must_succeed(other.script, other.command)
        elif use is not None and use.operation.kind is Kind.INSTALL:
            names = {use.command.words[at].text.partition("=")[0] for at in use.operation.operands}
            installed = installed or ("curl" in names and must_succeed(other.script, other.command))
    return used or installed


def _after(call: Call, plan: tuple[Step, ...]) -> tuple[str, ...]:
    """The words as they then are."""
    became = {step.word: step.text.split(" ") if step.text is not None else [] for step in plan}
    return tuple(text for word in call.words for text in became.get(word, [word.text]))


def _edits(call: Call, plan: tuple[Step, ...]) -> list[Edit]:
    edits: list[Edit] = []
    for step in plan:
        if step.text is None:
            edits += drop_word(call.body, call.run.origin, step.word.span)
        else:
            edits.append(Edit(call.body.logical.span(*step.word.span), step.text))
    return edits
