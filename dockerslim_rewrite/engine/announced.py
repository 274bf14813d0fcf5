"""What the journal of a rewrite announces: which files may be gone, which fields of the configuration may differ."""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..change import (
    AddsAssignment,
    AddsCommand,
    AddsInstruction,
    AddsOption,
    Change,
    ChangesBase,
    ChangesFlag,
    ChangesForm,
    Claim,
    DropsFiles,
    OmitsDevelopment,
    Renames,
    ReplacesInstruction,
    RespellsValue,
    SetsUser,
    SplitsStage,
)
from ..patterns import re
from .expectations import Difference, Expectation, left_out_by_slim_images, removals

#: The field of an image's configuration that an instruction decides about.
_FIELDS = {
    "CMD": "Cmd",
    "ENTRYPOINT": "Entrypoint",
    "ENV": "Env",
    "EXPOSE": "ExposedPorts",
    "HEALTHCHECK": "Healthcheck",
    "LABEL": "Labels",
    "ONBUILD": "OnBuild",
    "SHELL": "Shell",
    "STOPSIGNAL": "StopSignal",
    "USER": "User",
    "VOLUME": "Volumes",
    "WORKDIR": "WorkingDir",
}
#: The names in a line of ENV that a split adds; their values have no blanks.
_ASSIGNED = re.compile(r"(?:\A|(?<= ))([A-Za-z_][A-Za-z0-9_]*)=")
_HOMES = ("/root", "/home/*")


@dataclass(frozen=True, slots=True)
class Announced:
    """``expected`` are differences of files, ``config`` names of fields or entries as ``compare_configs`` takes them.

    ``fewer_packages``: packages may be missing, and with them what belongs to them. ``other_base``: the image is built
    on another one, and differs where those two do.
    """

    expected: tuple[Expectation, ...] = ()
    config: frozenset[str] = frozenset()
    fewer_packages: bool = False
    other_base: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    """What an added option may do: entry ``[[option]]`` of ``claims.toml``."""

    options: frozenset[str]
    command: str | None
    packages: bool
    patterns: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class _Command:
    """What an added command does to files: entry ``[[command]]`` of ``claims.toml``."""

    commands: frozenset[str]
    operands: bool
    kinds: frozenset[Difference]
    patterns: tuple[str, ...]
    reason: str


def announced(changes: Iterable[Change], left_out: Iterable[str] = ()) -> Announced:
    """Everything that the claims of *changes* allow to differ, and the paths *left_out* of the build context."""
    expected: list[Expectation] = []
    for path in left_out:
        expected += removals(_patterns(path), "left out by .dockerignore")
    config: set[str] = set()
    packages = other_base = False
    for change in changes:
        expected += _owners(change)
        expected += _built_otherwise(change)
        for claim in change.claims:
            expected += _files(claim, change.rule)
            config.update(_config(claim))
            packages = packages or _drops_packages(claim)
            other_base = other_base or (isinstance(claim, SplitsStage) or _slims(claim))
    return Announced(tuple(dict.fromkeys(expected)), frozenset(config), packages, other_base)


def _files(claim: Claim, rule: str) -> Iterator[Expectation]:
    if isinstance(claim, DropsFiles):
        for path in claim.paths:
            for pattern in _patterns(path):
                yield Expectation(pattern, f"announced by {rule}", frozenset({Difference.REMOVED}))
    elif isinstance(claim, AddsOption):
        for known in _effects(claim):
            for pattern in known.patterns:
                yield Expectation(pattern, f"announced by {rule}: {known.reason}")
    elif isinstance(claim, AddsCommand):
        yield from _done_by(claim.argv, rule)
    elif isinstance(claim, AddsInstruction) and claim.keyword == "RUN":
        for command in claim.text.split("&&"):
            yield from _done_by(tuple(command.removeprefix("RUN").split()), rule)
    elif isinstance(claim, OmitsDevelopment):
        for pattern in _table()["omission"].get(claim.manager, ()):
            yield Expectation(pattern, f"announced by {rule}: packages for development are left out")
    elif _slims(claim):
        yield from left_out_by_slim_images()
    elif isinstance(claim, SplitsStage):
        reason = f"left behind in the stage {claim.builder}, announced by {rule}"
        yield Expectation("/**", reason, frozenset({Difference.REMOVED}), besides=claim.places)
        if claim.environment:
            reason = f"what pip installed, in a virtual environment, announced by {rule}"
            for pattern in (claim.environment, f"{claim.environment}/**"):
                yield Expectation(pattern, reason, frozenset({Difference.ADDED}))
        if claim.installs:
            # Full images have these packages without what they recommend.
            reason = f"comes with packages that the stage {claim.runtime} installs, announced by {rule}"
            for pattern in ("/usr/lib/**", "/usr/share/**", "/usr/bin/**", "/etc/**", "/var/lib/dpkg/**"):
                yield Expectation(pattern, reason, frozenset({Difference.ADDED}))
        for folder in dict.fromkeys(one for place in claim.places for one in _folders_above(place)):
            yield Expectation(folder, "made anew above what is copied", frozenset({Difference.MODE, Difference.OWNER}))


def _folders_above(path: str) -> Iterator[str]:
    """The folders that *path* lies in, but for the root."""
    while (path := posixpath.dirname(path)) not in ("/", ""):
        yield path


def _built_otherwise(change: Change) -> Iterator[Expectation]:
    """Programs that a split has built with another environment, which lie among what it copies."""
    if not any(isinstance(claim, AddsAssignment) for claim in change.claims):
        return
    for claim in change.claims:
        for place in claim.places if isinstance(claim, SplitsStage) else ():
            for pattern in (place, f"{place}/**"):
                yield Expectation(pattern, f"built anew, announced by {change.rule}", frozenset({Difference.CHANGED}))


def _done_by(argv: tuple[str, ...], rule: str) -> Iterator[Expectation]:
    """What a command that a change adds does to files."""
    for known in _commands():
        if argv and posixpath.basename(argv[0]) in known.commands:
            paths = [word for word in argv[1:] if word.startswith("/")] if known.operands else []
            for pattern in (*known.patterns, *(one for path in paths for one in _patterns(path))):
                yield Expectation(pattern, f"announced by {rule}: {known.reason}", known.kinds)


def _owners(change: Change) -> Iterator[Expectation]:
    """A change that lets another user run the container makes the files that it needs that user's own."""
    if any(isinstance(claim, SetsUser) for claim in change.claims) and any(
        isinstance(claim, ChangesFlag) and claim.name == "chown" and claim.before is None for claim in change.claims
    ):
        reason = f"announced by {change.rule}: copied files are the container's user's"
        yield Expectation("/**", reason, frozenset({Difference.OWNER}))


def _patterns(path: str) -> Iterator[str]:
    """A path as claims write it: absolute, below HOME (``~``), or relative to a folder that is not said."""
    path = path.rstrip("/")
    if path.startswith("~"):
        roots = tuple(f"{home}{path[1:]}" for home in _HOMES)
    else:
        roots = (path if path.startswith("/") else f"**/{posixpath.normpath(path)}",)
    for root in roots:
        yield root
        yield f"{root}/**"


def _config(claim: Claim) -> Iterator[str]:
    match claim:
        case ChangesForm(keyword) | AddsInstruction(keyword, _) | ReplacesInstruction(_, keyword):
            if keyword in _FIELDS:
                yield _FIELDS[keyword]
        case Renames("LABEL", before, after):
            yield from (f"Labels.{before}", f"Labels.{after}")
        case SetsUser() | RespellsValue("USER"):
            yield "User"
        case RespellsValue("WORKDIR"):
            yield "WorkingDir"
        case SplitsStage():
            for line in claim.added:
                yield from (f"Env.{key}" for key in _ASSIGNED.findall(line.removeprefix("ENV ")))
        case _:
            return


def _slims(claim: Claim) -> bool:
    return isinstance(claim, ChangesBase) and claim.how == "slimmed"


def _drops_packages(claim: Claim) -> bool:
    """Whether packages may be missing: the base has fewer, a package manager takes them out or installs fewer."""
    if isinstance(claim, SplitsStage) or _slims(claim):
        return True
    if isinstance(claim, DropsFiles):
        words = [word for word in claim.argv if word not in ("sudo", "&&")]
        return bool(words) and words[0] in _removers() and any(word in _removers()[words[0]] for word in words[1:])
    return isinstance(claim, AddsOption) and any(known.packages for known in _effects(claim))


def _effects(claim: AddsOption) -> Iterator[_Rule]:
    for known in _rules():
        fits = known.command is None or (claim.command and posixpath.basename(claim.command[0]) == known.command)
        if fits and not known.options.isdisjoint(claim.options):
            yield known


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "claims.toml").read_text("utf-8"))


@cache
def _rules() -> tuple[_Rule, ...]:
    return tuple(
        _Rule(
            frozenset(entry["options"]),
            entry.get("command"),
            entry.get("packages", False),
            tuple(entry.get("patterns", ())),
            entry["reason"],
        )
        for entry in _table()["option"]
    )


@cache
def _commands() -> tuple[_Command, ...]:
    return tuple(
        _Command(
            frozenset(entry["commands"]),
            entry.get("operands", False),
            frozenset(Difference(kind) for kind in entry["kinds"]),
            tuple(entry.get("patterns", ())),
            entry["reason"],
        )
        for entry in _table()["command"]
    )


@cache
def _removers() -> dict[str, frozenset[str]]:
    return {command: frozenset(words) for command, words in _table()["removers"].items()}
