"""Cleanups that claims add to a body: what may be deleted, and where in the body."""

from __future__ import annotations

from collections.abc import Sequence

from ...patterns import re
from ..core.observe import Command, Unit, commands

#: Commands that may be added because they only empty a tool's own cache.
_CLEANERS = re.compile(
    r"(?:yum|dnf|microdnf|tdnf|zypper|apt-get|apt) (?:clean|autoclean)(?: (?:all|--all|-a))?\Z"
    r"|(?:conda|mamba|micromamba) clean -\w+\Z|npm cache clean --force\Z|yarn cache clean(?: --all)?\Z"
    r"|pnpm store prune\Z"
    r"|composer (?:clear-cache|clearcache)\Z|go clean(?: -cache| -modcache)+\Z"
    r"|dotnet nuget locals all --clear\Z|gem sources -c\Z"
    r"|(?:apt-get|apt) (?:-y )?(?:purge|autoremove|remove)\b.*|apk del\b.*"
)
#: An update of apt's lists, as an earlier RUN may have it: with options, and nothing besides.
_UPDATE = re.compile(r"apt(?:-get)?(?: -o [\w:][\w:-]*=[\w./:-]*| -[\w:=.-]+)* update(?: -[\w:=.-]+)*\Z")
#: Folders that hold nothing but caches and temporary files; files elsewhere need to be named in the same RUN.
_CACHES = (
    "/var/lib/apt/lists/", "/var/cache/", "/tmp/", "/var/tmp/", "~/.cache/", "/root/.cache/", "~/.npm", "~/.cpan",
    "~/.cpanm", "~/.m2/repository", "~/.gradle/caches", "~/.hex/packages", "~/.bun/install/cache",
    "/usr/local/bundle/cache/",
    "~/.composer/cache",
    "/usr/local/cargo/registry", "/usr/local/cargo/git", "/usr/local/share/.cache/",
)  # fmt: skip


def unsafe_addition(command: Command, before: list[Command], behind: list[Command]) -> str | None:
    """Why a claimed cleanup may not stand between *before* and *behind* of one RUN; None when it may."""
    words = list(command.raw)
    if words[:1] == ["sudo"]:
        at = _end_of_sudo(words)
        if at > 1 and not any(list(other.raw[:at]) == words[:at] for other in before):
            return f"{' '.join(words[:at])} is nobody that this RUN has acted as"
        words = words[at:]
    if "/" in words[0] and words[0] != "rm":
        if not any(words[0] in other.raw for other in before):
            return f"{words[0]} is not how this RUN has called it"
        words = [words[0].rpartition("/")[2].strip("\"'").removesuffix(".phar"), *words[1:]]
    if words[:1] == ["set"]:
        return None
    if words[:2] == ["micromamba", "clean"] and len(words) > 3:
        root = words[3:]
        # It empties the packages of a root only where this RUN was given that one.
        said = (other.raw[at : at + len(root)] for other in before for at in range(len(other.raw)))
        if not re.match(r"-r|--root-prefix(?:=|\Z)", root[0]) or tuple(root) not in map(tuple, said):
            return f"{' '.join(root)} is not what this RUN has told micromamba"
        words = words[:3]
    text = " ".join(words)
    if _UPDATE.match(text):
        return None if _reads_lists(behind[:1]) else "apt-get update without an install after it"
    if words[:1] != ["rm"]:
        if not _CLEANERS.match(text):
            return f"{text} is not a command that only cleans up"
        tool = words[0]
        if tool in ("apt-get", "apt", "apk"):
            return None
        if any(other.words[:1] == (tool,) for other in behind) and tool in ("go", "dotnet"):
            return f"{tool} is used again after its cleanup"
        return None
    return _unsafe_removal(words, before, behind)


def _end_of_sudo(words: Sequence[str]) -> int:
    """Where the command begins that ``sudo``, the first of *words*, runs."""
    options = next((at for at, word in enumerate(words[1:], 1) if not word.startswith("-")), len(words))
    # `sudo -u NAME`: the same words have to stand before a command that ran already.
    return options + 1 if words[options - 1] in ("-u", "--user") else options


def _unsafe_removal(words: Sequence[str], before: Sequence[Command], behind: Sequence[Command]) -> str | None:
    """Why ``rm``, the first of *words*, may not stand between *before* and *behind* of one RUN; None when it may."""
    targets = [word for word in words[1:] if not word.startswith("-")]
    if not targets:
        return "rm without a path"
    for target in targets:
        bare = target.rstrip("*")
        if ".." in target or not target.startswith(("/", "~")):
            return f"rm of {target}, which is not an absolute path"
        if bare.startswith(_CACHES) or f"{bare}/".startswith(_CACHES):
            if any(bare in word for other in behind for word in other.raw if other.words[:1] != ("rm",)):
                return f"{target} is used again after its removal"
            if target.startswith("/var/lib/apt/lists") and _reads_lists(behind):
                return "apt reads its lists again after their removal"
            continue
        if bare.endswith("/.git"):
            if (reason := _history_is_used(bare.removesuffix("/.git"), before, behind)) is not None:
                return reason
            continue
        name = bare.rsplit("/", 1)[-1]
        if not name or not any(name in word for other in before for word in other.raw):
            return f"{target} is not a cache, and nothing in this RUN names it"
        if any(name in word for other in behind for word in other.raw):
            return f"{target} is used again after its removal"
    return None


def _history_is_used(folder: str, before: Sequence[Command], behind: Sequence[Command]) -> str | None:
    """Why ``.git`` in *folder* may not go: none of *before* cloned into it, or git is used again."""
    name = folder.rsplit("/", 1)[-1]
    cloned = (
        command
        for command in before
        if "clone" in command.words and any(word.endswith("git") for word in command.words[:3])
    )
    entered = any(command.words == ("cd", folder) for command in before)
    if not any(_last(word) == name or (word == "." and entered) for command in cloned for word in command.raw):
        return f"nothing in this RUN clones into {folder}"
    if any("git" in word for command in behind for word in command.raw[:2]):
        return "git is used again after the removal of what it keeps"
    return None


def _last(word: str) -> str:
    """The name of the folder that a clone of *word*, or into it, makes."""
    return word.strip("\"'").rstrip("/").removesuffix(".git").replace(":", "/").rsplit("/", 1)[-1]


#: Where a command may begin in the words of another: behind wrappers, in the script of `sh -c`, behind xargs.
_BEGINS = (
    r"(?:^|[;&|(]\s*|[\"'])(?:(?:\S*/)?(?:sudo|env|exec|command|time|nice|ionice|timeout|eatmydata|xargs|nohup|chronic"
    r"|retry|gosu|su-exec|fakeroot)\s+(?:(?!\S*apt|rosdep|ansible)\S+\s+){0,6})?(?:/\S+/)?"
)
_APT = re.compile(
    _BEGINS + r"(?:(?:apt-get|apt|aptitude|apt-fast)\s+(?:(?![;&|])\S+\s+){0,8}?"
    r"(?P<verb>update|install|upgrade|dist-upgrade|full-upgrade|safe-upgrade|build-dep|source|download|satisfy"
    r"|search|show|policy|list|madison|changelog)(?![\w-])"
    r"|(?P<reader>apt-cache|apt-file\s+(?:search|find|list|show)|rosdep\s+install|ansible-playbook|ansible"
    r"|mk-build-deps|gdebi|tasksel|dselect|apt-rdepends|unattended-upgrades?|pkcon)(?=[\s\"']|$))"
)
#: What only prints, or looks for, the words that it is given.
_PRINTS = frozenset(("echo", "printf", "grep", "egrep", "sed", "awk", "cat", "test", "[", "rm"))


def _reads_lists(behind: Sequence[Command]) -> bool:
    for command in behind:
        if command.words[:1] and command.words[0] in _PRINTS:
            continue
        for found in _APT.finditer(" ".join(command.raw)):
            return found["verb"] != "update"
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
