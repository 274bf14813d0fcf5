"""From steps of the IR to instructions. Law: reading what was rendered yields the step that was rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..ir.steps import (
    Arg,
    Copy,
    Env,
    Exec,
    From,
    Healthcheck,
    Label,
    Listing,
    Onbuild,
    Run,
    Shell,
    Step,
    Value,
)
from .environment import render


def instruction(step: Step, values: dict[str, str | None] | None = None, folder: Path | None = None) -> str:
    """The text of *step* from its template, on one line, without here-documents.

    *values* gives the keys of an ENV, LABEL or ARG with their values after quote removal; such values are quoted so
    that exactly they are read again (``$`` included). Raises ``TemplateError``.
    """
    flags = [(flag.name, flag.value) for flag in step.origin.flags]
    fields: dict[str, Any] = {"flags": flags}
    if isinstance(step, From):
        fields |= {"image": step.image, "alias": step.alias}
    elif isinstance(step, Run | Exec):
        fields |= {"argv": step.argv, "text": step.origin.args}
    elif isinstance(step, Copy):
        fields |= {"sources": list(step.sources), "destination": step.destination}
    elif isinstance(step, Env | Label | Arg):
        known = values or {}
        fields["pairs"] = [(pair.key, known.get(pair.key, pair.value)) for pair in step.pairs]
    elif isinstance(step, Shell):
        fields["argv"] = step.argv
    elif isinstance(step, Value):
        fields["value"] = step.value
    elif isinstance(step, Listing):
        fields["words"] = step.words
    elif isinstance(step, Healthcheck):
        fields |= {"test": step.test, "argv": step.argv, "command": step.command}
    elif isinstance(step, Onbuild):
        fields["trigger"] = instruction(step.trigger, values, folder) if step.trigger else ""
    return render(f"instructions/{step.keyword.lower()}.j2", folder, **fields)
