"""A COPY of the whole context that comes later: only installations may stand before it, and only on files of theirs.

Which files an installation reads is not known here but by its form: what stands between may be a command of a closed
list, without operands that lie in the project, and a file that it names must be one that is copied first.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from ..change import CopiesFirst
from ..ir.steps import Copy, Env, Label, Listing, Run, Step, Value
from .accounts import is_account_command, unsafe_account
from .observe import Command
from .program import commands_of

_PLAIN = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.@+-]+\Z")
_ARCHIVE = re.compile(r".*\.(?:tar|tgz|gz|bz2|xz|zip|whl)\Z")
_CLEANS = re.compile(
    r"(?:npm cache clean --force|yarn cache clean(?: --all)?|pnpm store prune|go clean(?: -cache| -modcache)+)\Z"
)
_SYSTEM = re.compile(
    r"(?:apt-get|apt|apk|yum|dnf|microdnf|zypper)\Z"  # what they install comes from repositories
)
#: Words of language installers that name neither a file nor a folder.
_NAME = re.compile(r"[A-Za-z0-9@][A-Za-z0-9_.@/+~^<>=!,\[\]*:-]*\Z")
_LOCAL = re.compile(r"\.{0,2}/|\.\Z|\.\.\Z|file:|.*\.(?:whl|tar\.gz|tgz|zip|gem)\Z")
_MANIFESTS = {
    "npm": ("package.json",),
    "yarn": ("package.json",),
    "pnpm": ("package.json",),
    "go": ("go.mod",),
    "bundle": ("Gemfile",),
    "composer": ("composer.json",),
}
_VERBS = {
    "npm": frozenset(("ci", "install", "i")),
    "yarn": frozenset(("install",)),
    "pnpm": frozenset(("install", "i", "fetch")),
    "composer": frozenset(("install",)),
    "bundle": frozenset(("install",)),
}


def copied_later(
    left: Copy, right: Copy, rest: Sequence[Step], flags: Sequence[tuple[str, object]], claims: Sequence[CopiesFirst]
) -> Iterator[Copy]:
    """The steps of *rest* that may copy what *left* copies, if *right* copies some of it beforehand.

    *flags* are those that *right* may have. All steps before the ones that are given need no more than *right* copies.
    """
    if not any((claim.sources, claim.destination) == (right.sources, right.destination) for claim in claims):
        return
    if right.keyword not in (left.keyword, "COPY") or left.origin.heredocs or left.origin.flag("from") is not None:
        return
    if left.sources not in ((".",), ("./",)) or any(flag not in flags for flag in right_flags(right)):
        return
    if not all(_PLAIN.match(source) and not _ARCHIVE.match(source) for source in right.sources):
        return
    if right.destination != left.destination.rstrip("/") + "/" or "$" in left.destination:
        return
    for step in rest:
        if isinstance(step, Copy) and step.sources == left.sources:
            yield step
        if not _needs_no_more(step, right.sources):
            return


def right_flags(step: Copy) -> list[tuple[str, str | None]]:
    """The flags of *step* by name and value."""
    return [(flag.name, flag.value) for flag in step.origin.flags]


def _needs_no_more(step: Step, sources: Sequence[str]) -> bool:
    """Whether *step* reads nothing of the project but the files *sources*."""
    if isinstance(step, Env | Label | Listing) or (
        isinstance(step, Value) and step.keyword in ("WORKDIR", "STOPSIGNAL")
    ):
        return True
    if not isinstance(step, Run) or any(name == "mount" and "bind" in (value or "bind") for name, value in step.flags):
        return False
    found = commands_of(step)
    return bool(found) and all(_installs(command, sources) for command in found)


def _installs(command: Command, sources: Sequence[str]) -> bool:
    words = list(command.words)
    if command.redirects or not words:
        return False
    if words[:2] in (["rm", "-rf"], ["rm", "-r"], ["rm", "-f"]):
        return all(word.lstrip("\0").startswith(("/var/", "/tmp/", "/root/.cache")) for word in words[2:])
    if _CLEANS.match(" ".join(words)):
        return True
    if is_account_command(command):
        return unsafe_account(command, ()) is None
    if words[0] == "set" or _SYSTEM.match(words[0]):
        return not any(_LOCAL.match(word) for word in words[1:])
    if words[0] in ("python", "python3") and words[1:3] == ["-m", "pip"]:
        words = words[2:]
    if words[0] in ("pip", "pip3"):
        return _pip(words, sources)
    return _by_manifest(words, sources)


def _pip(words: Sequence[str], sources: Sequence[str]) -> bool:
    if words[1:2] != ["install"]:
        return words[1:3] == ["cache", "purge"]
    rest = iter(words[2:])
    for word in rest:
        if word in ("-r", "--requirement", "-c", "--constraint"):
            file = next(rest, "")
            if posixpath.basename(file) not in sources:
                return False
        elif word.startswith(
            ("-r", "--requirement=", "-e", "--editable", "-c", "--constraint=", "-f", "--find-links", "-t")
        ):
            return False
        elif word in ("-i", "--index-url", "--extra-index-url", "--trusted-host", "--timeout", "--retries"):
            next(rest, "")
        elif not word.startswith("-") and (not _NAME.match(word) or _LOCAL.match(word)):
            return False
    return True


def _by_manifest(words: Sequence[str], sources: Sequence[str]) -> bool:
    name = words[0]
    if name not in _MANIFESTS or not set(_MANIFESTS[name]) <= set(sources):
        return False
    if name == "go":
        return words[1:] == ["mod", "download"] or words[1:] == ["mod", "download", "-x"]
    operands = [word for word in words[1:] if not word.startswith("-")]
    options = [word for word in words[1:] if word.startswith("-")]
    if any("\0" in word for word in words) or any(
        re.match(r"--(?:prefix|cwd|dir|gemfile|working-dir)", one) for one in options
    ):
        return False
    if name == "composer" and not {"--no-autoloader", "--no-scripts"} <= set(options):
        return False
    if name == "npm" and {"-g", "--global"} & set(options):
        return bool(operands) and not any(_LOCAL.match(word) for word in operands)
    if name == "yarn" and not operands:
        return True
    return len(operands) == 1 and operands[0] in _VERBS[name]
