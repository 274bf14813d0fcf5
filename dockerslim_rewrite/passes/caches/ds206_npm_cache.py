"""DS206: the caches of JavaScript's package managers."""

from __future__ import annotations

import posixpath

from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind
from ...change import Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...patterns import re
from ..base import Proposals
from .cleaning import clean_after

MANAGERS = frozenset(("npm", "yarn", "bun"))
_BERRY = re.compile(r"corepack|berry|\.yarn\b|\.yarnrc\.yml|--immutable|set version|workspaces focus|\bpnp\b", re.I)
_ITSELF = re.compile(r"[\"']?npm(?![\w.-])")
_CLASSIC_LOCK = "# yarn lockfile v1"
_CLASSIC_FLAGS = ("--frozen-lockfile", "--pure-lockfile", "--production", "--prod", "--no-lockfile", "--ignore-engines")


def npm_cache(build: Build, facts: Facts) -> Proposals:
    """Empty the cache of npm, Yarn classic or Bun in the RUN that installed packages.

    They keep the archive of every package that they download, about as much as node_modules itself.

    Safe because node_modules does not depend on the cache; a later install that is told to work offline keeps it. Yarn
    2 and later may run the application *from* its cache: there nothing is touched. Where the file does not show which
    Yarn it uses, but options that only Yarn classic has do, or the lock file in the context, the level is standard.
    pnpm's store is linked into node_modules, so that emptying it frees nothing. Source: npm-cache(1); Yarn
    documentation, `yarn cache clean`, "Plug'n'Play"; pnpm documentation, `pnpm store prune`.
    """
    yield from clean_after(build, facts, MANAGERS, _judge)


def _judge(uses: list[Use], run: Run, stage: Stage, facts: Facts) -> Safety | str | None:
    name = uses[0].operation.manager.name
    installs = [use for use in uses if use.operation.kind in (Kind.INSTALL, Kind.UPGRADE)]
    if not installs:
        return None
    if any(use.operation.has_flag("--cache", "--cache-folder", "--cache-dir") for use in installs):
        return "its place is chosen by an option"
    if name == "npm" and _replaces_itself(installs[-1]):
        return "npm replaces itself, and nothing here shows that the new one runs on this Node.js"
    return _yarn(installs, facts) if name == "yarn" else Safety.SAFE


def _replaces_itself(use: Use) -> bool:
    """Whether *use* installs npm, of which the next call is the new one. Installing one that Node.js is too old for
    succeeds; calling it does not.
    """
    return any(_ITSELF.match(use.command.words[at].text) for at in use.operation.operands)


def _lock_files(facts: Facts) -> Safety | str | None:
    """What the lock files and settings of the context tell of the Yarn that wrote them; None without any."""
    project = facts.project
    names = [file.path for file in project.files] if project is not None else []
    texts = [project.text(path) or "" for path in names if posixpath.basename(path) == "yarn.lock"] if project else []
    if any(posixpath.basename(path) == ".yarnrc.yml" for path in names) or any("\n__metadata:" in one for one in texts):
        return "Yarn 2 and later, of which the build context has a file, may run the application from their cache"
    return Safety.STANDARD if texts and all(_CLASSIC_LOCK in one for one in texts) else None


def _yarn(installs: list[Use], facts: Facts) -> Safety | str:
    if _BERRY.search(facts.build.text):
        return "Yarn 2 and later may run the application from its cache"
    if all(use.operation.subcommand.startswith("global") for use in installs):
        return Safety.SAFE
    if any(use.operation.has_flag(*_CLASSIC_FLAGS) for use in installs):
        return Safety.STANDARD
    told = _lock_files(facts)
    if told is not None:
        return told
    return "nothing shows that this is Yarn classic; later versions may run the application from their cache"
