"""What a project has accepted of its Dockerfiles: findings that are known, so that only new ones are told.

An entry names the rule, the stage and the instruction by its text, not by its line: it stays good when the file grows
above it, and ends when the instruction changes. The file is text, sorted, an entry a line, so that branches merge.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from ..change import Remark, RemarkKind
from ..ir.build import Build
from ..ir.steps import Step
from ..record import record
from .stage_labels import stage_labels

#: The file's name, beside the Dockerfiles that it is for.
FILE_NAME = ".dockerslim-baseline"
_HEADER = "# Known findings, accepted. Made by `dockerslim baseline`; --prune drops what is gone.\n"
_SHOWN = 60


class BaselineError(ValueError):
    """A baseline that cannot be read; the message says which line and what to do."""


@record
class Accepted:
    """One finding: *instruction* is a digest of the instruction's text, *shown* its beginning, for people."""

    rule: str
    stage: str
    instruction: str
    shown: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two entries the same."""
        return self.rule, self.stage, self.instruction


#: The accepted findings of one Dockerfile: the keys of their entries.
Known = frozenset[tuple[str, str, str]]


def accepted_at(rule: str, line: int, build: Build) -> Accepted:
    """The entry for a finding of *rule* on *line* of *build*, the program as the user has it."""
    stage, step = _at(line, build)
    text = " ".join(step.origin.logical.text.split()) if step is not None else ""
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return Accepted(rule, stage, digest, text[:_SHOWN])


def standing(accepted: Known, build: Build) -> Known:
    """Those of *accepted* whose stage of *build* says their instruction."""
    steps = (step for stage in build.stages for step in (stage.head, *stage.steps))
    said = {accepted_at("", step.line, build).key[1:] for step in (*build.preamble, *steps)}
    return frozenset(key for key in accepted if key[1:] in said)


def displaced(accepted: Known, build: Build) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Those of *accepted* whose stage of *build* does not say their instruction, by rule and instruction.

    They hold wherever it stands: the stage has another name, or exchanged it with one.
    """
    return {(key[0], key[2]): key for key in sorted(accepted - standing(accepted, build))}


def _at(line: int, build: Build) -> tuple[str, Step | None]:
    found: tuple[str, Step | None] = ("", None)
    labels = stage_labels(build)
    for step in build.preamble:
        if step.line <= line:
            found = ("", step)
    for stage in build.stages:
        for step in (stage.head, *stage.steps):
            if step.line <= line:
                found = (labels[stage.index], step)
    return found


def read_baseline(text: str, path: str) -> dict[str, Known]:
    """The accepted findings in *text*, by the name of the Dockerfile. Raises ``BaselineError``, naming *path*."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [_unescaped(part) for part in line.split("\t")]
        if len(parts) < 4:
            raise BaselineError(f"{path}:{number}: no entry of a baseline; solve the conflict, or make it anew")
        name, rule, stage, instruction = parts[:4]
        found.setdefault(name, set()).add((rule, stage, instruction))
    return {name: frozenset(entries) for name, entries in found.items()}


def write_baseline(entries: Mapping[str, Iterable[Accepted]]) -> str:
    """The text for *entries*, by the name of the Dockerfile; ``read_baseline`` gives them back."""
    lines = {line_of(name, one) for name, found in entries.items() for one in found}
    return _HEADER + "".join(f"{line}\n" for line in sorted(lines))


def line_of(name: str, entry: Accepted) -> str:
    """The line for *entry* of the Dockerfile *name*, without its end."""
    return "\t".join((*map(_escaped, (name, *entry.key)), _plain(entry.shown))).rstrip()


def _escaped(text: str) -> str:
    """*text* on one line, without tabs."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"t": "\t", "n": "\n", "r": "\r"}.get(found[1], found[1]), text)


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)


class AcceptedFindings:
    """The findings *known* of the program *build* as the user has it, and which of them are still there."""

    def __init__(self, known: Known, build: Build) -> None:
        self._known = known
        self._build = build
        self._met: set[tuple[str, str, str]] = set()

    def __bool__(self) -> bool:
        return bool(self._known)

    def holds(self, rule: str, line: int) -> bool:
        """Whether the project has accepted the finding of *rule* on *line*; noted for ``stale``."""
        key = accepted_at(rule, line, self._build).key
        if key not in self._known:
            if (key[0], key[2]) not in self._displaced:
                return False
            key = self._displaced[key[0], key[2]]
        self._met.add(key)
        return True

    @cached_property
    def _displaced(self) -> dict[tuple[str, str], tuple[str, str, str]]:
        return displaced(self._known, self._build)

    def unmet(self, ran: Iterable[str]) -> Known:
        """The accepted findings of the rules that *ran* which are no longer there."""
        running = set(ran)
        return frozenset(key for key in self._known if key[0] in running and key not in self._met)

    def stale(self, ran: Iterable[str]) -> list[Remark]:
        """A remark where accepted findings of the rules that *ran* are no longer there."""
        gone = sorted(self.unmet(ran))
        if not gone:
            return []
        entries = "1 entry of the baseline matches" if len(gone) == 1 else f"{len(gone)} entries of the baseline match"
        reason = f"{entries} nothing ({gone[0][0]} first); `dockerslim baseline --prune` drops what is gone"
        return [Remark(RemarkKind.ANALYSIS, reason, 1, rule="DS000")]
