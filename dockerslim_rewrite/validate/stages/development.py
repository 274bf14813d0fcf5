"""Options by which package managers leave out what only development needs: where they may appear."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Sequence

from ...change import Claim, FlattensStage, OmitsDevelopment, SplitsStage
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Healthcheck
from ...shell.script import Script
from ..core.observe import Command, commands, units
from ..core.program import base_of, commands_of
from ..core.verdict import Unsound

_OPTIONS = {
    "npm": frozenset(("--omit=dev", "--production", "--only=production", "--only=prod")),
    "yarn": frozenset(("--production", "--prod", "--production=true")),
    "pnpm": frozenset(("--prod", "-P", "--production")),
    "composer": frozenset(("--no-dev",)),
    "bundle": frozenset(("--without",)),
    "poetry": frozenset(("--no-dev", "--only")),
}
#: Subcommands that run nothing of the project.
_IDLE = frozenset(
    (
        "cache",
        "config",
        "set",
        "audit",
        "install",
        "i",
        "ci",
        "add",
        "global",
        "version",
        "clear-cache",
        "clearcache",
        "cc",
        "-v",
        "--version",
    )
)
_RUNNERS = frozenset(
    (
        "npx", "pnpx", "bunx", "tsc", "webpack", "jest", "mocha", "eslint", "gulp", "grunt", "make", "nodemon",
        "ts-node", "pytest", "tox", "nox", "mypy", "black", "flake8", "pylint", "ruff", "phpunit", "phpstan", "phpcs",
        "behat",
    )
)  # fmt: skip
_OF_NODE = frozenset(("npm", "yarn", "pnpm"))
#: What a container may start: programs that load what package.json lists for them, and those that start another.
_STARTS = frozenset(
    (
        "node",
        "nodejs",
        "npm",
        "yarn",
        "pnpm",
        "tini",
        "dumb-init",
        "env",
        "exec",
        "su-exec",
        "gosu",
        "docker-entrypoint.sh",
    )
)


def check_development(old: Build, new: Build, claims: Sequence[Claim]) -> None:
    """Refuse an option that leaves packages out without a claim, before a command that runs them, or under a container
    that starts one of them. Raises ``Unsound``.
    """
    before = Counter(_told(command) for stage in old.stages for step in stage.steps for command in commands_of(step))
    claimed = {claim.manager for claim in claims if isinstance(claim, OmitsDevelopment)}
    # What was one stage and is split is the last one still.
    builders = {claim.builder.lower() for claim in claims if isinstance(claim, SplitsStage | FlattensStage)}
    for stage in new.stages:
        found = [(step.line, command) for step in stage.steps for command in commands_of(step)]
        for at, (line, command) in enumerate(found):
            told = _told(command)
            if told is None:
                continue
            before[told] -= 1
            if before[told] >= 0:
                continue
            if told[0] not in claimed:
                raise Unsound(f"{told[0]} is told to leave packages out", None, line)
            alone = stage is not new.stages[-1] and (stage.head.alias or "").lower() not in builders
            if alone and not _reaches(stage, new):
                raise Unsound("packages are left out of a stage that others copy", None, line)
            for behind, other in found[at + 1 :]:
                if _runs(other):
                    raise Unsound(f"{other.words[0]} may run what is left out", None, behind)
            _started(new.stages[-1], told[0])


def _told(command: Command) -> tuple[str, str] | None:
    """The package manager that *command* tells to leave packages out, and the option."""
    name = next((word for word in command.words[:2] if word in _OPTIONS), "")
    told = (word for word in command.words[1:] if word in _OPTIONS.get(name, ()) or word.startswith("--without="))
    option = next(told, None) if name else None
    return None if option is None else (name, option)


def _reaches(stage: Stage, build: Build) -> bool:
    """Whether the last stage stands on *stage*."""
    at: int | str = len(build.stages) - 1
    while isinstance(at, int) and at != stage.index:
        at = base_of(build.stages[at], build)
    return at == stage.index


def _runs(command: Command) -> bool:
    words = [word for word in command.words if not word.startswith("-")]
    name = posixpath.basename(words[0]) if words else ""
    if "node_modules/.bin" in (words[0] if words else "") or name in _RUNNERS:
        return True
    return name in _OPTIONS and len(words) > 1 and words[1] not in _IDLE


def _started(stage: Stage, manager: str) -> None:
    last = {step.keyword: step for step in stage.steps if isinstance(step, Exec | Healthcheck)}
    main = last.get("ENTRYPOINT") or last.get("CMD")
    if not isinstance(main, Exec):
        if manager not in _OF_NODE and main is None:
            return
        raise Unsound("what the container starts is not known", stage.head.line)
    words: tuple[str, ...] = main.argv or ()
    if main.argv is None and main.body is not None and isinstance(main.body.script, Script):
        words = next((one.words for one in commands(units(main.body.script)) if one.words), ())
    name = posixpath.basename(words[0]) if words else ""
    of_node = manager in _OF_NODE
    if (of_node and name not in _STARTS) or any(
        posixpath.basename(word) in _RUNNERS or "vendor/bin/" in word for word in words
    ):
        raise Unsound(f"{name or 'the container'} may load what is left out", main.line)
