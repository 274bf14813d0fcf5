"""The seeded oracle: how a pretended command ends, what it prints, and which of its words count.

Pure functions of (seed, argv, occurrence): the same command gets the same answer before and after a rewrite, wherever
in whichever RUN it stands.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from posixpath import basename
from typing import Any

from tests.trace.model import Allowance, Argv, Words

BEHAVIOUR: dict[str, Any] = tomllib.loads((Path(__file__).parent / "behaviour.toml").read_text())
ACTING = frozenset(BEHAVIOUR["act"])
ASKING = frozenset(BEHAVIOUR["ask"])
CERTAIN = frozenset(BEHAVIOUR["certain"])
WRAPPERS = frozenset(BEHAVIOUR["wrap"])
TRANSPARENT = frozenset(BEHAVIOUR["transparent"])
BUILTINS = frozenset(BEHAVIOUR["builtin"])

#: What runs a module as if it were a command.
_INTERPRETER = re.compile(r"(?:\S*/)?python[\d.]*(?: -m)?")

# With one failure rate for all seeds a long body would never be walked to its end, or a short one never fail.
RATES = (1 / 8, 1 / 16, 1 / 4, 1 / 32)
STATUSES = (1, 2, 100)


def chance(*parts: object) -> tuple[float, int]:
    """A number in [0, 1) and a byte, both fixed by `parts`."""
    digest = blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogateescape"), digest_size=9).digest()
    return int.from_bytes(digest[:8], "big") / 2**64, digest[8]


def status(seed: int, argv: Argv, occurrence: int) -> int:
    """Exit status of the `occurrence`-th call of `argv`. Seed 0: everything succeeds; some never fail."""
    if seed == 0 or " ".join(argv) in CERTAIN:
        return 0
    rate = 0.5 if argv and basename(argv[0]) in ASKING else RATES[(seed - 1) % len(RATES)]
    draw, byte = chance("status", seed, occurrence, *argv)
    return STATUSES[byte % len(STATUSES)] if draw < rate else 0


def addition_status(seed: int, argv: Argv) -> int:
    """Exit status of a command that may be added, in jobs that let it fail: every time the same."""
    draw, byte = chance("addition", seed, *argv)
    return STATUSES[byte % len(STATUSES)] if draw < 1 / 2 else 0


def grants(seed: int, kind: str, path: str) -> bool:
    """Whether a missing directory or file that a builtin asks for is there after all.

    kind: `holds` asks whether the base image holds a file that is tested or appended to, which need not be; others
    (`cd`, `read`, `parent`) need what they ask for.
    """
    if kind == "holds":
        return seed != 0 and chance(kind, seed, path)[0] < 1 / 4
    return seed == 0 or chance(kind, seed, path)[0] >= 1 / 16


def content(path: str) -> str:
    """What a file of the base image holds. As a script it leaves traces in its shell."""
    return f"export HELD_{chance('content', path)[1]:02x}=1; umask 026\n"


def output(seed: int, argv: Argv) -> str:
    """Standard output of `argv` when it succeeds."""
    words = (basename(argv[0]), *argv[1:]) if argv else ()
    for size in (2, 1):
        text = BEHAVIOUR["output"].get(" ".join(words[:size]))
        if text is not None:
            return f"{text}\n" if text else ""
    return f"out-{chance('output', seed, *argv)[0].hex()[4:12]}\n"


def has_words(argv: Argv, words: Sequence[str]) -> bool:
    """Whether `argv` runs the command words[0] and has the other words, all of them globs, behind it in this order."""
    for start, word in enumerate(argv):
        if start and basename(argv[0]) not in WRAPPERS and not _INTERPRETER.fullmatch(" ".join(argv[:start])):
            return False
        if fnmatchcase(word, words[0]) or fnmatchcase(basename(word), words[0]):
            rest = iter(argv[start + 1 :])
            if all(any(fnmatchcase(word, glob) for word in rest) for glob in words[1:]):
                return True
    return False


def unwrapped(argv: Argv) -> Argv:
    """The command that `sudo`, called without options, runs."""
    while len(argv) > 1 and basename(argv[0]) in TRANSPARENT and not argv[1].startswith("-") and "=" not in argv[1]:
        argv = argv[1:]
    return argv


def replaced(argv: Argv, allow: Allowance) -> Argv:
    """`argv` with the leading words that may be replaced replaced."""
    for pair in allow.replaced:
        size = len(pair.before)
        if len(argv) >= size and all(map(fnmatchcase, argv, pair.before)):
            literal = tuple(
                argv[pair.before.index(glob)] if glob in pair.before else glob for glob in pair.after
            )  # a word that is a glob stays what it was
            argv = literal + argv[size:]
    return argv


def named(groups: Iterable[Words], argv: Argv) -> tuple[str, ...]:
    """The words that `groups` name for the command `argv`."""
    return tuple(glob for one in groups if has_words(argv, one.command) for glob in one.words)


def is_anchored(word: str, argv: Argv, allow: Allowance) -> bool:
    """Whether `word` of `argv` has the `./` in front that a claim may have put there."""
    return word.startswith("./") and any(fnmatchcase(word[2:], glob) for glob in named(allow.anchored, argv))


def normal(argv: Argv, allow: Allowance) -> Argv:
    """`argv` as it is equal before and after: without what may come and go, replaced, operands in order."""
    argv = replaced(argv, allow)
    if allow.anchored:
        argv = tuple(word.removeprefix("./") if is_anchored(word, argv, allow) else word for word in argv)
    gone = named((*allow.inserted, *allow.dropped), argv)
    if gone:
        argv = (argv[0], *(word for word in argv[1:] if not any(fnmatchcase(word, glob) for glob in gone)))
    for command in allow.reordered:
        if has_words(argv, command):
            argv = (argv[0], *sorted(argv[1:]))
    return _removable(argv, (*allow.missing_paths, *allow.extra_paths))


def _removable(argv: Argv, globs: tuple[str, ...]) -> Argv:
    """`argv` of `rm -f` without the paths that may be missing, or come: wildcards expand to what is there."""
    if not globs or not forgives(argv):
        return argv
    return tuple(word for at, word in enumerate(argv) if not at or about(word, globs) is None)


def forgives(argv: Argv) -> bool:
    """Whether it is an `rm` that takes missing files for removed."""
    inner = unwrapped(argv)
    return inner[:1] == ("rm",) and any(re.match(r"-\w*f|--force", word) for word in inner[1:])


def about(word: str, globs: Iterable[str]) -> str | None:
    """The first of `globs` that the path or wildcard `word` names, all of it, or by a directory on the way there."""
    word = word.replace("[^", "[!")
    for glob in globs:
        path = glob
        while path.count("/") > 1:
            if fnmatchcase(word, path) or ("*" in word and fnmatchcase(path, word)):
                return glob
            path = path.rpartition("/")[0]
    return None


@lru_cache(maxsize=4096)
def _matcher(patterns: tuple[Argv, ...]) -> re.Pattern[str]:
    def word(glob: str) -> str:
        # fnmatch's "." may run over the separator between words; a word may not.
        body = fnmatch.translate(glob).removesuffix(r"\Z").removesuffix(r"\z").replace(".*", r"[^\0]*")
        return rf"(?:{body}\0)+"

    return re.compile("|".join("".join(map(word, pattern)) for pattern in patterns) or r"(?!)", re.DOTALL)


def matches(argv: Argv, patterns: tuple[Argv, ...]) -> bool:
    """Whether `argv` is one of the commands described by `patterns` (see Allowance)."""
    if not patterns or not argv:
        return False
    text = "".join(f"{word}\0" for word in (basename(argv[0]), *argv[1:]))
    return _matcher(patterns).fullmatch(text) is not None


def forced(argv: Argv, allow: Allowance) -> bool:
    """Whether `argv` may be added or removed and so must not fail."""
    return matches(argv, allow.added) or matches(argv, allow.removed)


def root_of(glob: str) -> str:
    """The directory or file that a glob of Allowance.missing_paths is about: the part before the first wildcard."""
    fixed = re.split(r"[*?\[]", glob, maxsplit=1)[0]
    if fixed != glob and not fixed.endswith("/"):
        fixed = fixed.rpartition("/")[0]
    return fixed.rstrip("/") or "/"


def _within(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def used_paths(argv: Argv, cwd: str, globs: Iterable[str]) -> tuple[str, ...]:
    """Those of the removable paths that this command depends on: named in it, standing below it, or known."""
    if forgives(argv):
        return ()
    roots = dict.fromkeys(map(root_of, globs))
    known = {
        use["path"] for use in BEHAVIOUR["use"]
        if has_words(argv, use["words"]) and not set(argv) & set(use.get("unless", ()))
    }  # fmt: skip

    def used(root: str) -> bool:
        named = any(root in word for word in argv[1:])
        return named or any(_within(path, root) for path in (cwd, *known)) or any(_within(root, path) for path in known)

    return tuple(root for root in roots if root != "/" and used(root))


@lru_cache(maxsize=4096)
def created_files(argv: Argv) -> tuple[str, ...]:
    """Files that the command leaves when it succeeds, absolute or relative to its directory."""
    words = set(argv)
    files = [
        effect["creates"]
        for effect in BEHAVIOUR["effect"]
        if has_words(argv, effect["words"])
        and words.isdisjoint(effect.get("unless", ()))
        and ("when" not in effect or not words.isdisjoint(effect["when"]))
    ]
    for download in BEHAVIOUR["download"]:
        if has_words(argv, [download["command"]]):
            files += _downloaded(argv, download)
    if has_words(argv, ["git", "clone"]):
        files += _cloned(argv)
    return tuple(files)


def _downloaded(argv: Argv, download: dict[str, Any]) -> list[str]:
    into = [value for option, value in pairwise(argv) if option in download["into"]]
    if into:
        return [path for path in into if path != "-"]
    addresses = [word for word in argv if "://" in word]
    if addresses and (not download["named"] or set(argv) & set(download["named"])):
        return [basename(addresses[-1].partition("?")[0]) or "index.html"]
    return []


def _cloned(argv: Argv) -> list[str]:
    at = next((i for i, word in enumerate(argv) if "://" in word or word.startswith("git@")), None)
    if at is None:
        return []
    target = argv[at + 1] if at + 1 < len(argv) else basename(argv[at].rstrip("/")).removesuffix(".git")
    return [f"{target}/.git/HEAD"]
