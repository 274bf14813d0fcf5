"""DS633: lines that do something else than they say."""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.bases import System, system
from ...analysis.facts import Facts
from ...change import Remark
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Run
from ...patterns import re
from ...shell.script import Redirect, Simple
from ..base import Proposals, analysis
from .commands import calls

_BRACES = re.compile(r"(?<!\$)\{[^{},\s\"']*,[^{}\s\"']*\}")
_QUOTED = re.compile(r"(?P<quote>['\"]).*(?P=quote)\Z", re.S)
_INSTALLERS = re.compile(r"(?:pip3?(?:\.\d+)?|python3?|uv|conda|mamba|micromamba)\Z")
_PACKAGE = re.compile(r"[A-Za-z][\w.\[\],-]*\Z")
_PIP = re.compile(r"pip3?(?:\.\d+)?\Z")
#: The first releases whose Python refuses pip outside of a virtual environment. Source: PEP 668; Debian 12 release
#: notes, 5.2.2; Ubuntu 23.04 release notes.
_MANAGED = {
    "debian": ("bookworm", "trixie", "forky", "sid"),
    "ubuntu": ("lunar", "mantic", "noble", "plucky", "questing"),
}
#: Where one of these stands, pip may be another Python's, or is told to install all the same.
#: The packages that pip comes with there: images of these distributions have none.
_ITS_PIP = re.compile(r"python3?-pip(?:=|/|\Z)")
_OTHER_PYTHONS = (
    "-m venv",
    "virtualenv",
    "EXTERNALLY-MANAGED",
    "PIP_BREAK_SYSTEM_PACKAGES",
    "conda",
    "pyenv",
    "python.org/ftp",
)


def slips(build: Build, facts: Facts) -> Proposals:
    """Tell of lines that do something else than they say.

    `mkdir -p /srv/{a,b}` makes one directory with braces in its name where /bin/sh is dash or ash. `RUN export X=1`
    ends with its RUN. `pip install torch>=1.7` writes a file named `=1.7`. In `["nginx", "-g", "'daemon off;'"]` no
    shell takes the inner quotes away. `pip install` into the Python of Debian 12 or Ubuntu 23.04 fails, since that is
    externally managed.

    Nothing is changed: what was meant only the author knows. Safe for that reason. Source: POSIX, "Shell Command
    Language", which knows no brace expansion; Dockerfile reference, RUN and "Exec form"; PEP 668.
    """
    for stage in build.stages:
        known: System | None = None
        for step in stage.steps:
            if isinstance(step, Run) and step.argv is None:
                known = known or system(build, facts, stage)
                yield from _run(step, known, facts)
            elif isinstance(step, Exec) and step.argv:
                word = next((one for one in step.argv if len(one) > 2 and _QUOTED.match(one)), None)
                if word is not None:
                    reason = f"the quotes in {word} are part of the argument: in exec form no shell takes them away"
                    yield analysis(step.line, reason)
        yield from _managed(stage, build, facts)


def _run(run: Run, known: System, facts: Facts) -> Iterator[Remark]:
    script = facts.script(run)
    if script is None:
        return
    commands = [command for command in script.commands if command.words or command.assignments]
    if commands and all(_only_sets(command) for command in commands):
        yield analysis(run.line, f"{script.text.strip()} ends with its RUN; ENV keeps a variable for what follows")
        return
    for command in commands:
        name = command.name or ""
        at = next((one for one in command.redirects if _is_version(one, script.text)), None)
        if at is not None and at.target is not None and "install" in command.argv and _INSTALLERS.match(name):
            slip = _word_before(script.text, at.span.start) + script.text[at.span.start : at.target.span.end]
            yield analysis(run.line, f"the shell takes {slip} for a redirection: put quotes around it")
            return
    plain = facts.state(run).shell is None and known.shell in ("dash", "ash")
    for command in commands if plain else ():
        word = next((word.text for word in command.words[1:] if _BRACES.search(word.text) and word.value.brace), None)
        if word is not None and command.name not in ("awk", "sed", "find", "echo", "printf", "grep", "jq"):
            yield analysis(run.line, f"/bin/sh is {known.shell} here and does not expand {word}: it is one word")
            return


def _word_before(text: str, end: int) -> str:
    """What stands between the last blank before *end* and there."""
    return text[:end].split()[-1] if end and not text[end - 1].isspace() else ""


def _is_version(redirect: Redirect, text: str) -> bool:
    """Whether *redirect* comes of the bounds of a version that stand right behind the name of a package."""
    start = redirect.span.start
    target = redirect.target
    close = target is not None and target.span.start == start + len(redirect.operator)
    word = _word_before(text, start)
    return (
        close and _PACKAGE.match(word) is not None and target is not None and re.match(r"=?\d", target.text) is not None
    )


def _only_sets(command: Simple) -> bool:
    """Whether *command* does nothing but set variables of its shell."""
    return not command.words or (command.name == "export" and len(command.words) > 1)


def _managed(stage: Stage, build: Build, facts: Facts) -> Iterator[Remark]:
    """pip, the distribution's own, into a Python that the distribution manages; any other has a Python of its own."""
    known = system(build, facts, stage)
    image = known.image
    if image is None or image.name not in _MANAGED or image.release not in _MANAGED[image.name]:
        return
    found = tuple(calls(build, facts, stage))
    if not any(word is not None and _ITS_PIP.match(word) for call in found for word in call.argv):
        return
    for call in found:
        words = call.argv
        if not words or words[0] is None or not _PIP.match(words[0]) or "install" not in words:
            continue
        told = facts.state(call.run).env
        if "--break-system-packages" in words or {"PIP_BREAK_SYSTEM_PACKAGES", "VIRTUAL_ENV"} & told.keys():
            return
        if any(word in build.text for word in _OTHER_PYTHONS):
            return
        line = call.line(build)
        yield analysis(
            line, f"pip refuses to install into the Python of {image.name} {image.release}; use python3 -m venv"
        )
        return
