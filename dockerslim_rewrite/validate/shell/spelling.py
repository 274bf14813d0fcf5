"""Words that say the same in another spelling, by the validator's own reading."""

from __future__ import annotations

from collections.abc import Sequence, Set

from ...change import RespellsWords
from ...patterns import re
from .quoting import modern, quoted_alike

#: Commands whose operands are files, and behind what words, in one line, an operand surely is one.
_FILES = {
    **dict.fromkeys(("rm", "rmdir", "mv", "cp", "install", "gunzip", "bunzip2", "unxz"), re.compile("")),
    **dict.fromkeys(("chmod", "chown", "chgrp"), re.compile(r" (?:-\S+ )*[^-\s]\S* ")),
    "sed": re.compile(r"(?=.* (?:-[a-zA-Z]*i|--in-place)).* [^-\s]\S* ", re.S),
    "dpkg": re.compile(r"(?=.* (?:-i|--install|--unpack) )"),
    "rpm": re.compile(r"(?=.* (?:-[iUF][a-z]*|--install|--upgrade|--freshen) )(?!.* (?:-\w*e|--erase))"),
    "unzip": re.compile(r"(?: -[qonjuaL]+)* \Z"),
    "tar": re.compile(r"(?: -\S+)* -?[zjJav]*x[zjJavp]*f \Z"),
}
#: Options with which the name itself goes on: into a link, or to the output.
_NAMING = re.compile(r"-[a-zA-Z]*v|--verbose|--changes|--symbolic-link|--parents")
_SYMBOLIC = re.compile(r"-[a-zA-Z]*s")
_WRAPPERS = frozenset(("sudo", "exec", "command", "env", "nice", "time", "timeout", "eatmydata"))


def respelled(old: Sequence[str], new: Sequence[str], claims: Sequence[RespellsWords], known: Set[str]) -> bool:
    """Whether the words *new* are *old* but for spellings that *claims* name; the variables *known* are one word."""
    if len(old) != len(new) or not claims:
        return False
    return all(
        a == b
        or any(claim.how == "anchored" and _anchored(old, at, b, claim) for claim in claims)
        or _same_word(a, b, claims, known)
        for at, (a, b) in enumerate(zip(old, new, strict=True))
    )


def same_values(before: Sequence[str], after: Sequence[str], claims: Sequence[RespellsWords], known: Set[str]) -> bool:
    """Whether words of assignments or redirections, by value, are the same but for such spellings."""
    if before == after:
        return True
    return len(before) == len(after) and all(
        a == b or _same_word(a.removeprefix("\0"), b.removeprefix("\0"), claims, known)
        for a, b in zip(before, after, strict=True)
    )


def _same_word(before: str, after: str, claims: Sequence[RespellsWords], known: Set[str]) -> bool:
    """Whether *after* is *before* with ``$(…)`` for backquotes, and with quotes that change nothing."""
    if any(claim.how == "dollar" and before in claim.words for claim in claims):
        before = modern(before)
    if before == after:
        return True
    return any(
        claim.how == "quoted" and before in claim.words and quoted_alike(before, after, known) for claim in claims
    )


def _anchored(words: Sequence[str], at: int, after: str, claim: RespellsWords) -> bool:
    """Whether *after* is the pattern ``words[at]`` with ``./`` before it, an operand that names files."""
    word = words[at]
    if word not in claim.words or after != f"./{word}" or word[0] not in "*?":
        return False
    name = claim.command[0] if len(claim.command) == 1 else ""
    start = next((i for i, one in enumerate(words) if one.rpartition("/")[2] == name), None)
    files = _FILES.get(name)
    if start is None or start >= at or files is None:
        return False
    if start and not (words[0] in _WRAPPERS and all(re.fullmatch(r"-\w+|[\w.=]+", one) for one in words[1:start])):
        return False
    before = words[start + 1 : at]
    # What stands in single quotes is what it says.
    if "--" in before or any(re.search(r"[$`]", re.sub(r"'[^']*'", "", one)) for one in before):
        return False
    if name not in ("sed", "dpkg", "rpm", "unzip", "tar") and any(map(_NAMING.match, before)):
        return False
    if name == "cp" and any(map(_SYMBOLIC.match, before)):
        return False
    return files.match(" " + "".join(f"{one} " for one in before)) is not None
