"""Lines that a runner of continuous integration picks out of the log: GitHub's and Azure's commands."""

from __future__ import annotations

from collections.abc import Sequence

from ..pipeline import Result
from .findings import Finding, all_findings, clean
from .text import counted, printable

#: So many of a kind are shown for a step; GitHub drops the rest without a word.
LIMIT = 10


def github(results: Sequence[Result]) -> str:
    """Workflow commands, the most important of each kind within GitHub's limit, then how many more there are."""
    found = list(all_findings(results))
    lines: list[str] = []
    left = 0
    for kind, command in (("error", "error"), ("warning", "warning"), ("note", "notice")):
        own = [one for one in found if one.severity == kind]
        shown = sorted(own, key=lambda one: (not one.security, -one.saving))[:LIMIT]
        left += len(own) - len(shown)
        lines += [_command(command, one) for one in sorted(shown, key=own.index)]
    if left:
        lines.append(f"dockerslim: and {counted(left, 'finding')} more, beyond what GitHub shows for a step")
    return "".join(f"{line}\n" for line in lines)


def azure(results: Sequence[Result]) -> str:
    """Logging commands of Azure Pipelines; notes are warnings there as well."""
    return "".join(
        f"##vso[task.logissue type={'error' if one.breaks else 'warning'};sourcepath={_azure(one.path)};"
        f"linenumber={one.line};columnnumber=1;code={one.rule}]{_azure(one.message)}\n"
        for one in all_findings(results)
    )


def _command(command: str, one: Finding) -> str:
    place = f"file={_property(one.path)},line={one.line},title={_property(one.rule)}"
    return f"::{command} {place}::{_data(one.message)}"


def _data(text: str) -> str:
    text = printable(clean(text).replace("\n", " ").replace("\r", " "))
    return text.replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _azure(text: str) -> str:
    return _data(text).replace("%25", "%AZP25").replace(";", "%3B").replace("]", "%5D")
