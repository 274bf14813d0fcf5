"""What claims license in a shell body: words and commands that may come, go or change."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..change import (
    AddsAssignment,
    AddsCommand,
    AddsOption,
    Change,
    Claim,
    DropsFiles,
    RemovesCommand,
    RemovesOperand,
    RemovesOption,
    ReordersOperands,
    ReplacesWords,
)
from .observe import Command, Unit, commands

#: Commands that may be added because they only empty a tool's own cache.
_CLEANERS = re.compile(
    r"(?:yum|dnf|microdnf|tdnf|zypper|apt-get|apt) (?:clean|autoclean)(?: (?:all|--all|-a))?\Z"
    r"|(?:conda|mamba|micromamba) clean -\w+\Z|npm cache clean --force\Z|yarn cache clean(?: --all)?\Z"
    r"|pnpm store prune\Z"
    r"|bun pm cache rm\Z|composer (?:clear-cache|clearcache)\Z|go clean(?: -cache| -modcache)+\Z"
    r"|dotnet nuget locals all --clear\Z|pacman -Scc --noconfirm\Z|gem sources -c\Z"
    r"|(?:apt-get|apt) (?:-y )?(?:purge|autoremove|remove)\b.*|apk del\b.*"
)
#: Folders that hold nothing but caches and temporary files; files elsewhere need to be named in the same RUN.
_CACHES = (
    "/var/lib/apt/lists/", "/var/cache/", "/tmp/", "/var/tmp/", "~/.cache/", "/root/.cache/", "~/.npm", "~/.cpan",
    "~/.cpanm", "~/.m2/repository", "~/.gradle/caches", "~/.hex/packages", "/usr/local/bundle/cache/",
    "~/.composer/cache",
    "/usr/local/cargo/registry", "/usr/local/cargo/git", "/usr/local/share/.cache/",
)  # fmt: skip
#: Package managers that resolve all names of one install together, whatever their order, and what makes it one.
_INSTALLERS = frozenset(("apt", "apt-get", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper"))
_INSTALL_VERBS = frozenset(("install", "add", "in"))
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+:=~/-]*\Z(?<!-)")
_MAY_GO = frozenset(("apk", "rm", "chown", "chmod", "ln", "apt-get", "apt"))


class Licences:
    """The claims of all changes, by what they license."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.claims: list[Claim] = [claim for change in changes for claim in change.claims]

    def of(self, *kinds: type) -> list[Claim]:
        """The claims of these kinds."""
        return [claim for claim in self.claims if isinstance(claim, kinds)]

    def adds(self, command: Command) -> bool:
        """Whether *command* may stand in a body where there was none."""
        for claim in self.claims:
            if isinstance(claim, DropsFiles | AddsCommand) and claim.argv == command.raw:
                return isinstance(claim, AddsCommand) or not command.redirects
        return False

    def removes(self, command: Command) -> bool:
        """Whether *command* may disappear."""
        for claim in self.claims:
            if isinstance(claim, RemovesCommand) and claim.argv == command.raw:
                return command.raw[0] in _MAY_GO and not command.redirects
        return False

    def same(self, before: Command, after: Command) -> bool:
        """Whether *after* is *before* but for words that claims license."""
        if before.words == after.words and before.assignments == after.assignments:
            return before.redirects == after.redirects and self._nested(before, after)
        if before.redirects != after.redirects or not self._nested(before, after):
            return False
        if not self._assignments(before, after):
            return False
        old, new = list(before.raw), list(after.raw)
        for claim in self.claims:
            if isinstance(claim, ReplacesWords):
                if tuple(old[: len(claim.before)]) == claim.before:
                    old[: len(claim.before)] = claim.after
            elif isinstance(claim, ReordersOperands) and _reordered(old, new, claim):
                old = list(new)
        for claim in self.claims:
            if isinstance(claim, RemovesOption | RemovesOperand) and (
                _find(old, claim.command) is not None or _find(list(before.raw), claim.command) is not None
            ):
                gone = claim.options if isinstance(claim, RemovesOption) else claim.words
                old = _drop(old, new, gone)
            elif isinstance(claim, AddsOption) and (
                _find(new, claim.command) is not None or _find(list(before.raw), claim.command) is not None
            ):
                new = _drop(new, old, claim.options)
        return old == new

    def _nested(self, before: Command, after: Command) -> bool:
        if before.nested == after.nested:
            return True
        left, right = commands(before.nested), commands(after.nested)
        return len(left) == len(right) and all(self.same(a, b) for a, b in zip(left, right, strict=True))

    def _assignments(self, before: Command, after: Command) -> bool:
        if before.assignments == after.assignments:
            return True
        allowed = {f"{claim.name}={claim.value}" for claim in self.claims if isinstance(claim, AddsAssignment)}
        added = [one for one in after.assignments if one not in before.assignments]
        kept = tuple(one for one in after.assignments if one in before.assignments)
        return kept == before.assignments and all(one in allowed for one in added)


def _reordered(old: list[str], new: list[str], claim: ReordersOperands) -> bool:
    """Whether *new* is *old* but for the order of the packages of one install."""
    start = len(claim.command)
    if not (tuple(old[:start]) == tuple(new[:start]) == claim.command):
        return False
    names = sorted(claim.words)
    return (
        not _INSTALLERS.isdisjoint(claim.command)
        and not _INSTALL_VERBS.isdisjoint(claim.command)
        and all(_PACKAGE.match(name) for name in names)
        and sorted(old[start:]) == names == sorted(new[start:])
    )


def _find(words: list[str], wanted: tuple[str, ...]) -> int | None:
    """Where the words *wanted* stand in order in *words*; options may stand between them, as in ``apk -X URL add``."""
    for start in range(len(words)):
        if words[start] == wanted[0]:
            rest = iter(words[start + 1 :])
            if all(word in rest for word in wanted[1:]):
                return start
    return None


def _drop(words: list[str], others: list[str], gone: Sequence[str]) -> list[str]:
    """*words* without one occurrence of each of *gone* that *others* has fewer of."""
    kept = list(words)
    for word in gone:
        if word in kept and kept.count(word) > others.count(word):
            kept.remove(word)
    return kept


def unsafe_addition(command: Command, before: list[Command], behind: list[Command]) -> str | None:
    """Why a claimed cleanup may not stand between *before* and *behind* of one RUN; None when it may."""
    words = list(command.raw)
    if words[:1] == ["sudo"]:
        words = words[1:]
    if words[:1] == ["set"]:
        return None
    text = " ".join(words)
    if words[:1] != ["rm"]:
        if not _CLEANERS.match(text):
            return f"{text} is no command that only cleans up"
        tool = words[0]
        if tool in ("apt-get", "apt", "apk"):
            return None
        if any(other.words[:1] == (tool,) for other in behind) and tool in ("go", "dotnet"):
            return f"{tool} is used again behind its cleanup"
        return None
    targets = [word for word in words[1:] if not word.startswith("-")]
    if not targets:
        return "rm without a path"
    for target in targets:
        bare = target.rstrip("*")
        if ".." in target or not target.startswith(("/", "~")):
            return f"rm of {target}, which is no absolute path"
        if bare.startswith(_CACHES) or f"{bare}/".startswith(_CACHES):
            if any(bare in word for other in behind for word in other.raw if other.words[:1] != ("rm",)):
                return f"{target} is used again behind its removal"
            if target.startswith("/var/lib/apt/lists") and _reads_lists(behind):
                return "apt reads its lists again behind their removal"
            continue
        name = bare.rsplit("/", 1)[-1]
        if not name or not any(name in word for other in before for word in other.raw):
            return f"{target} is no cache, and nothing in this RUN names it"
        if any(name in word for other in behind for word in other.raw):
            return f"{target} is used again behind its removal"
    return None


def _reads_lists(behind: Sequence[Command]) -> bool:
    for command in behind:
        words = [word for word in command.words if not word.startswith("-")]
        while words and words[0] in ("sudo", "env", "exec", "command"):
            words = words[1:]
        if words and words[0] in ("apt-get", "apt", "aptitude") and len(words) > 1:
            if words[1] in ("update",):
                return False
            if words[1] in ("install", "upgrade", "dist-upgrade", "build-dep", "source", "download", "full-upgrade"):
                return True
    return False


def reads_lists(found: tuple[Unit, ...]) -> bool | None:
    """Whether a later body reads apt's lists before it fetches them: True, False (it fetches), None (neither)."""
    here = commands(found)
    if _reads_lists(here):
        return True
    updates = any(
        any(word == "update" for word in command.words) and any(word in ("apt-get", "apt") for word in command.words)
        for command in here
    )
    return False if updates else None
