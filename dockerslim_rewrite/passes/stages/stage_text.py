"""The edits that split a stage: a name for the builder, the runtime stage's own lines, and what moves there.

The user's text stays as it is, but for the builder's name. Instructions that only configure the image move behind the
last command, with the comments above them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ...analysis.runtime.shipped import Shipping
from ...analysis.shell.operations import Kind, command_names, operation
from ...ir.build import Build, Stage
from ...ir.steps import Arg, Copy, Env, Run, Step
from ...patterns import re
from ...record import record
from ...render.environment import render
from ...render.instructions import instruction
from ...shell.script import Script
from ...syntax.document import SegmentKind
from ...text import Edit, Span

_MOVED = frozenset(("CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "VOLUME"))
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_ACCOUNT_FILES = ("/etc/passwd", "/etc/group")

#: Build tools, and what they are told to put files among those of the image.
_INSTALLING = frozenset(("install", "install-strip", "--install"))
_BUILDERS = frozenset(("make", "gmake", "ninja", "cmake", "meson", "scons"))
_CHANGING = frozenset((Kind.INSTALL, Kind.REMOVE, Kind.UPGRADE))


@record
class Install:
    """Packages that the runtime stage installs with *manager*; ``lean``: without what is merely recommended.

    ``upgrade`` is the command that brings those of the base image up to date before. ``again`` are further commands
    that install.
    """

    manager: str
    packages: tuple[str, ...]
    lean: bool
    upgrade: str | None
    again: tuple[str, ...] = ()


@record
class Split:
    """The two names, the paths that the runtime stage copies, and the edits."""

    builder: str
    runtime: str
    places: tuple[str, ...]
    edits: tuple[Edit, ...]


def split_text(
    build: Build,
    stage: Stage,
    shipping: Shipping,
    base: str,
    added: Sequence[str],
    files: Sequence[str],
    install: Install,
    names: tuple[str, str] | None = None,
    templates: Path | None = None,
    owners: Mapping[str, str] = MappingProxyType({}),
) -> Split:
    """Split *stage*, the last of *build*, in two, called as *names* say: the runtime stage is based on *base*, begins
    with the lines *added*, installs what *install* says, and copies *files* besides what *shipping* says is copied
    again. *owners* are those of *files* that COPY gives to another account than root, with the account.
    """
    newline = build.document.style.newline
    cut = shipping.cut or [step for step in stage.steps if isinstance(step, Run | Copy)][-1]
    builder, runtime = names or _names(stage)
    before = [step for step in stage.steps if step.index <= cut.index]
    moved = [_with_comments(step, build) for step in before if step.keyword in _MOVED]
    places = list(files)
    copies: list[tuple[tuple[str, ...], str]] = [((place,), _landing(place)) for place in places]
    if shipping.users:
        # Accounts are there before something is given to one of them.
        copies.insert(0 if owners else len(copies), (_ACCOUNT_FILES, "/etc/"))
        places += _ACCOUNT_FILES
    block = render(
        "stages/runtime.j2",
        templates,
        words={word: _cased(word, stage) for word in ("FROM", "AS", "RUN", "COPY")},
        base=base,
        runtime=runtime,
        builder=builder,
        environment=[*(_cased_line(line, stage, templates) for line in added), *_environment(stage, before)],
        install=install,
        context=_context(before) if shipping.copied else [],
        copies=copies,
        owners=owners,
        frame=_frame(shipping, stage, before, stage.steps[len(before) :], index="/" not in places, templates=templates),
    )
    texts = [build.text[span.start : span.end].rstrip("\r\n") for span in moved]
    text = newline.join([block.rstrip("\n").replace("\n", newline), *texts]) + newline
    at = cut.origin.span.end
    lead = newline if build.text[:at].endswith("\n") else newline * 2
    edits = (_named(stage, builder), *(Edit.delete(*span) for span in moved), Edit.insert(at, lead + text))
    return Split(builder, runtime, tuple(places), edits)


def _landing(place: str) -> str:
    """Where what *place* stands for is copied to: a pattern's files keep their names."""
    return f"{posixpath.dirname(place)}/" if "*" in place else place


def _names(stage: Stage) -> tuple[str, str]:
    alias = stage.head.alias
    return "build" if alias is None or alias.lower() != "build" else "builder", alias or "runtime"


def _environment(stage: Stage, before: Sequence[Step]) -> list[str]:
    """ENV as it is written, and the ARGs that what follows reads, themselves or through others."""
    texts = [step.origin.logical.text for step in stage.steps if not isinstance(step, Run | Copy | Arg)]
    read = set(_VARIABLE.findall(" ".join(texts)))
    for step in reversed(before):
        if isinstance(step, Arg) and read & {pair.key for pair in step.pairs}:
            read |= set(_VARIABLE.findall(step.origin.logical.text))
    lines = []
    for step in before:
        if isinstance(step, Env) or (isinstance(step, Arg) and read & {pair.key for pair in step.pairs}):
            text = step.origin.logical.text if step.origin.comments else step.origin.text
            lines.append(text.replace("\r\n", "\n").strip())
    return lines


def _context(before: Sequence[Step]) -> list[str]:
    """What is copied from the build context, and the folders that it is copied to, as they are written."""
    found = [step for step in before if step.keyword == "WORKDIR" or _from_context(step)]
    last = max(index for index, step in enumerate(found) if isinstance(step, Copy))
    return [step.origin.text.replace("\r\n", "\n").strip() for step in found[: last + 1]]


def _from_context(step: Step) -> bool:
    return isinstance(step, Copy) and step.origin.flag("from") is None


def _frame(
    shipping: Shipping,
    stage: Stage,
    before: Sequence[Step],
    behind: Sequence[Step],
    *,
    index: bool,
    templates: Path | None,
) -> list[str]:
    """The working directory, user and shell that are in force behind the last command, unless set anew there; with
    *index*, that of shared libraries is renewed where the builder did.
    """
    folder = shipping.states[len(before)].workdir
    anew = next((step.origin.args for step in behind if step.keyword in ("WORKDIR", "COPY", "ADD")), "")
    if next((step.keyword for step in behind if step.keyword in ("WORKDIR", "COPY", "ADD")), "WORKDIR") != "WORKDIR":
        anew = ""
    lines = [_cased_line("RUN ldconfig", stage, templates)] if index and _loads(before) else []
    if shipping.copied and [step.keyword for step in before if step.keyword == "WORKDIR" or _from_context(step)][
        -1:
    ] == ["COPY"]:
        folder = None
    if folder and folder != "/" and not anew.startswith("/"):
        lines.append(_cased_line(f"WORKDIR {folder}", stage, templates))
    for keyword in ("USER", "SHELL"):
        step = next((one for one in reversed(before) if one.keyword == keyword), None)
        if step is not None and not any(one.keyword == keyword for one in behind):
            lines.append(step.origin.logical.text.strip())
    return lines


def _loads(before: Sequence[Step]) -> bool:
    """Whether the steps *before* renew the index of shared libraries, as what is copied needs as well.

    Debian's package manager does so whenever it installs or removes packages with libraries: behind what was built.
    """
    built = False
    for step in before:
        script = step.body.script if isinstance(step, Run) and step.body is not None else None
        if not isinstance(script, Script):
            continue
        if "ldconfig" in command_names(script):
            return True
        for command in script.commands:
            words = [word.text for word in command.words if word.text != "sudo"]
            found = operation(command.argv)
            if built and found is not None and found.manager.name == "apt" and found.kind in _CHANGING:
                return True
            built = built or (words[:1] != [] and words[0] in _BUILDERS and not _INSTALLING.isdisjoint(words))
    return False


def _named(stage: Stage, builder: str) -> Edit:
    origin = stage.head.origin
    alias = stage.head.alias
    if alias is None:
        return Edit.insert(origin.code_end, f" {_cased('AS', stage)} {builder}")
    start = origin.logical.text.rstrip().rindex(alias)
    return Edit(origin.logical.span(start, start + len(alias)), builder)


def _with_comments(step: Step, build: Build) -> Span:
    """The lines of *step* with the comments directly above it, and the empty lines below where some are above."""
    segments = build.document.segments
    at = next(i for i, one in enumerate(segments) if one.span.start <= step.origin.span.start < one.span.end)
    start, end = step.origin.span
    if at and segments[at - 1].kind is SegmentKind.COMMENT and segments[at].span.start == start:
        start = segments[at - 1].span.start
    above = build.text[:start].endswith(("\n\n", "\n\r\n"))
    if above and at + 1 < len(segments) and segments[at + 1].kind is SegmentKind.BLANK:
        end = segments[at + 1].span.end
    return Span(start, end)


def _cased(word: str, stage: Stage) -> str:
    """*word* in lower case where FROM is written so."""
    return word.lower() if stage.head.origin.text.lstrip()[:4].islower() else word


def _cased_line(line: str, stage: Stage, templates: Path | None) -> str:
    keyword, _, rest = line.partition(" ")
    return instruction(_cased(keyword, stage), rest, templates)
