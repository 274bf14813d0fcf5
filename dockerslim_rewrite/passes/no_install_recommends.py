"""DS613: recommended packages."""

from __future__ import annotations

import re

from ..analysis.facts import Facts, Use
from ..analysis.packages import Kind
from ..change import AddsOption, Change, Safety
from ..ir.build import Build, Stage
from ..ir.steps import Run
from ..shell.edits import insert_after
from ..text import Edit
from .base import Proposals, missed, rewrite_pass
from .commands import calls, written

_OPTION = "--no-install-recommends"
_CERTIFICATES = "ca-certificates"
#: Packages that recommend ca-certificates, without which they fetch nothing over https.
_NEED_CERTIFICATES = frozenset(("curl", "wget", "git", "git-core", "aria2", "lynx", "libcurl4", "libcurl3"))
#: Packages whose recommended ones later commands of this name build with.
_COMPILERS = {
    "python3-pip": ("pip", "pip3", "python3"),
    "python-pip": ("pip", "pip2", "python"),
    "r-base": ("R", "Rscript", "install2.r"),
    "r-base-core": ("R", "Rscript", "install2.r"),
    "ruby-full": ("gem", "bundle"),
    "cpanminus": ("cpanm",),
}
_COMPILER = re.compile(r"(?:build-essential|gcc|g\+\+|clang)(?:[-=].*)?\Z")


@rewrite_pass("DS613", "no-install-recommends", Safety.AGGRESSIVE, ("DL3015",))
def no_install_recommends(build: Build, facts: Facts) -> Proposals:
    """Install what is named and what that depends on, not what is only recommended.

    apt-get adds recommended packages by default: documentation, fonts, mail servers. They make up a third of what many
    installs fetch.

    At level aggressive, since something may use a recommended package without naming it. Where curl, wget or git are
    installed without ca-certificates, which they only recommend, it is named as well, so that https goes on working;
    where a package's recommended compilers are what later commands build with, the install stays and a remark says
    so. Safe is the rest: dependencies are installed in any case. Source: Docker's "Building best practices";
    apt-get(8), `--no-install-recommends`; the packages' control files in Debian.
    """
    lowered = build.text.lower()
    if "install-recommends" in lowered.replace(_OPTION, ""):
        return
    for stage in build.stages:
        names = _installed(build, facts, stage)
        certified = _CERTIFICATES in names or "https://" not in lowered
        for run in stage.runs:
            for use in facts.uses(run):
                if not _installs(use):
                    continue
                assert run.body is not None
                line = build.document.line_of(run.body.logical.before(use.command.span.start))
                compiler = _compiles(use, names, build, facts, stage)
                if compiler is not None:
                    yield missed("DS613", line, compiler)
                    continue
                needs = bool(set(_packages(use)) & _NEED_CERTIFICATES)
                yield _change(use, run, line, certificates=needs and not certified)
                certified = certified or needs


def _installs(use: Use) -> bool:
    operation = use.operation
    name = (use.command.words[operation.command].literal or "").rsplit("/", 1)[-1]
    return (
        operation.manager.name == "apt"
        and operation.kind is Kind.INSTALL
        and operation.subcommand == "install"
        and name in ("apt-get", "apt")
        and not operation.has_flag(_OPTION)
        and not any("recommends" in (word.text.lower()) for word in use.command.words)
    )


def _packages(use: Use) -> list[str]:
    return [re.split(r"[=/:]", use.command.words[at].text, maxsplit=1)[0] for at in use.operation.operands]


def _installed(build: Build, facts: Facts, stage: Stage) -> frozenset[str]:
    """What *stage* and the stages beneath it install by name with apt."""
    names: set[str] = set()
    at: int | None = stage.index
    while at is not None:
        for run in build.stages[at].runs:
            for use in facts.uses(run):
                if use.operation.manager.name == "apt" and use.operation.kind is Kind.INSTALL:
                    names.update(_packages(use))
        at = facts.graph.bases[at]
    return frozenset(names)


def _compiles(use: Use, names: frozenset[str], build: Build, facts: Facts, stage: Stage) -> str | None:
    if any(_COMPILER.match(name) for name in names):
        return None
    for package in _packages(use):
        users = _COMPILERS.get(package)
        if users is None:
            continue
        for call in calls(build, facts, stage):
            if call.name in users and "install" in " ".join(word.text for word in call.words):
                return f"{package} recommends the compiler that {call.name} on line {call.line(build)} may need"
    return None


def _change(use: Use, run: Run, line: int, *, certificates: bool) -> Change:
    operation, words = use.operation, use.command.words
    assert run.body is not None
    leading = written(words[operation.command : operation.verb + 1])
    edits = [insert_after(run.body.logical, words[operation.verb].span.end, f" {_OPTION}")]
    claims = [AddsOption(leading, (_OPTION,))]
    reason = "recommended packages are not needed by those that are named"
    if certificates:
        first = words[operation.operands[0]].span.start
        edits.append(Edit.insert(run.body.logical.before(first), f"{_CERTIFICATES} "))
        claims.append(AddsOption(leading, (_CERTIFICATES,)))
        needing = sorted(set(_packages(use)) & _NEED_CERTIFICATES)[0]
        reason += f"; {needing} only recommends {_CERTIFICATES}, so it is named now"
    return Change(
        rule="DS613",
        edits=tuple(edits),
        title=f"apt-get install {_OPTION}",
        reason=reason,
        safety=Safety.AGGRESSIVE,
        claims=tuple(claims),
        line=line,
    )
