"""DS613: recommended packages."""

from __future__ import annotations

import re

from ..analysis.facts import Facts, Use
from ..analysis.packages import Kind
from ..change import AddsOption, Change, Safety
from ..ir.build import Build, Stage
from ..ir.steps import Run
from ..knowledge.recommends import missing
from ..shell.edits import insert_after
from ..text import Edit
from .base import Proposals, rewrite_pass
from .commands import written

_OPTION = "--no-install-recommends"


@rewrite_pass("DS613", "no-install-recommends", Safety.AGGRESSIVE, ("DL3015",), mentions=("apt",))
def no_install_recommends(build: Build, facts: Facts) -> Proposals:
    """Install what is named and what that depends on, not what is only recommended.

    apt-get adds recommended packages by default: documentation, fonts, mail servers. They make up a third of what many
    installs fetch.

    At level aggressive, since something may use a recommended package without naming it. Where a package needs one of
    those for what it is mostly installed for (curl its certificates, gcc the C library's headers, pip a compiler), that
    one is named as well. Safe is the rest: dependencies are installed in any case. Source: Docker's "Building best
    practices"; apt-get(8), `--no-install-recommends`; the Recommends fields of Debian's packages.
    """
    if "install-recommends" in build.text.lower().replace(_OPTION, ""):
        return
    for stage in build.stages:
        present = _installed(build, facts, stage)
        for run in stage.runs:
            for use in facts.uses(run):
                if not _installs(use):
                    continue
                added = missing(_packages(use), present, build.text)
                present |= set(added)
                yield _change(build, use, run, added)


def _installs(use: Use) -> bool:
    operation = use.operation
    name = (use.command.words[operation.command].literal or "").rsplit("/", 1)[-1]
    return (
        operation.manager.name == "apt"
        and operation.kind is Kind.INSTALL
        and operation.subcommand == "install"
        and name in ("apt-get", "apt")
        and not operation.has_flag(_OPTION)
        and bool(operation.operands)
        and not any("recommends" in (word.text.lower()) for word in use.command.words)
    )


def _packages(use: Use) -> set[str]:
    """The packages that *use* names; where an expansion holds them, all words of the RUN that may be in it."""
    names = {re.split(r"[=/:]", use.command.words[at].text, maxsplit=1)[0] for at in use.operation.operands}
    if any("$" in name for name in names) and use.run.body is not None:
        names.update(re.findall(r"[A-Za-z0-9][A-Za-z0-9.+-]+", use.run.body.logical.text))
    return names


def _installed(build: Build, facts: Facts, stage: Stage) -> set[str]:
    """What *stage* and the stages beneath it install by name with apt."""
    names: set[str] = set()
    at: int | None = stage.index
    while at is not None:
        for run in build.stages[at].runs:
            for use in facts.uses(run):
                if use.operation.manager.name == "apt" and use.operation.kind is Kind.INSTALL:
                    names.update(_packages(use))
        at = facts.graph.bases[at]
    return names


def _change(build: Build, use: Use, run: Run, added: tuple[str, ...]) -> Change:
    operation, words = use.operation, use.command.words
    assert run.body is not None
    logical = run.body.logical
    leading = written(words[operation.command : operation.verb + 1])
    edits = [insert_after(logical, words[operation.verb].span.end, f" {_OPTION}")]
    claims = [AddsOption(leading, (_OPTION,))]
    reason = "recommended packages are not needed by those that are named"
    if added:
        first = words[operation.operands[0]].span.start
        edits.append(Edit.insert(logical.before(first), "".join(f"{name} " for name in added)))
        claims.append(AddsOption(leading, added))
        reason += f"; but for {', '.join(added)}, which they need and only recommend"
    return Change(
        rule="DS613",
        edits=tuple(edits),
        title=f"apt-get install {_OPTION}",
        reason=reason,
        safety=Safety.AGGRESSIVE,
        claims=tuple(claims),
        line=build.document.line_of(logical.before(use.command.span.start)),
    )
