"""Whether quotes change the words that a command gets, by the validator's own reading of words."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import NamedTuple

from ...patterns import re
from ...text.mentions import mentions
from ..core.observe import Command, Unit, commands

#: Commands that print one word and are part of every system, and others, which print none where they are missing.
_SURE = frozenset(
    (
        "nproc", "nproc --all", "uname", "uname -m", "uname -r", "uname -s", "uname -n", "id -u", "id -g", "id -un",
        "date +%s", "date +%F", "date +%Y", "date +%Y%m%d", "date +%Y-%m-%d",
    )
)  # fmt: skip
_ONE_WORD = re.compile(
    r"arch|whoami|getconf (?:_NPROCESSORS_ONLN|LONG_BIT)|apk --print-arch|dpkg --print-architecture|gcc -dumpmachine"
    r"|php-config --extension-dir|lsb_release (?:-(?:[cri]s|s[cri])|-c -s|-s -c)"
    r"|rpm -E (?:%fedora|%rhel|%{rhel}|%{fedora})"
    r"|go env (?:GOOS|GOARCH|GOHOSTOS|GOHOSTARCH)|git rev-parse (?:--short )?HEAD"
    r"|dpkg-architecture (?:--query |-q)DEB_(?:BUILD_GNU_TYPE|HOST_MULTIARCH|BUILD_MULTIARCH)"
)
_TOKEN = re.compile(
    r"""\\(?P<escaped>.)|'(?P<single>[^']*)'|(?P<double>")|\$\((?P<command>[^()'"\\`$;&|<>]*)\)|`(?P<old>[^`\\'"$]*)`
    |\$\{(?P<braced>[A-Za-z_]\w*)\}|\$(?P<name>[A-Za-z_]\w*)|(?P<dollar>[$`])|(?P<char>.)""",
    re.X | re.S,
)
_BACKQUOTES = re.compile(r"""\\.|'[^']*'|`(?P<command>[^`\\"'()#]+)`""", re.S)
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,^-]+\Z")
_SETS_UNSEEN = frozenset((".", "source", "eval"))
_MEANING_MORE = frozenset(("IFS", "PATH", "PWD", "OLDPWD", "HOME", "RANDOM", "LINENO", "SECONDS", "REPLY"))


class _Atom(NamedTuple):
    """A character, or an expansion of a variable or command of this ``text``, and whether quotes stand round it."""

    kind: str
    text: str
    quoted: bool


def _atoms(word: str) -> list[_Atom] | None:
    """The atoms of *word*; None where an expansion is not plain."""
    found: list[_Atom] = []
    quoted = False
    for match in _TOKEN.finditer(word):
        kind, text = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "double":
            quoted = not quoted
        elif kind == "dollar" or (quoted and kind in ("escaped", "single")):
            return None
        elif kind in ("escaped", "single", "char"):
            found += [_Atom("char", char, quoted or kind != "char") for char in text]
        else:
            named = {"old": "command", "braced": "name"}.get(kind, kind)
            found.append(_Atom(named, match[0], quoted))
    return None if quoted else found


def quoted_alike(before: str, after: str, known: Set[str]) -> bool:
    """Whether *after* is the word *before* but for quotes that change nothing, where the variables *known* are one
    word each.
    """
    left, right = _atoms(before), _atoms(after)
    if left is None or right is None or len(left) != len(right):
        return False
    alone = len(left) == 1
    for a, b in zip(left, right, strict=True):
        if a == b:
            continue
        if (a.kind, a.text) != (b.kind, b.text) or a.quoted:
            return False
        if a.kind == "char" and not _PLAIN.match(a.text):
            return False
        if a.kind == "name" and a.text.strip("${}") not in known:
            return False
        if a.kind == "command" and not _prints_one_word(a.text, missing=not alone):
            return False
    return True


def modern(word: str) -> str:
    """*word* with ``$(…)`` for backquotes round what means the same there."""
    return _BACKQUOTES.sub(lambda match: f"$({match['command']})" if match["command"] else match[0], word)


def one_word_names(found: tuple[Unit, ...], text: str, exported: Set[str]) -> frozenset[str]:
    """The variables that are one word wherever the body *found*, which is *text*, expands them."""
    named = mentions(text)
    if named.number["IFS"]:
        return frozenset()
    known = {"HOME"} if "HOME" not in exported and not named.number["HOME"] else set()
    if any(command.words[:1] and command.words[0] in _SETS_UNSEEN for command in commands(found)):
        return frozenset(known)
    for command, followed in _always(found):
        export = command.words[:1] == ("export",)
        pairs = command.raw[1:] if export else command.assignments if not command.words else ()
        for pair in pairs:
            literal = not export and not pair.startswith("\0")
            name, equals, value = pair.lstrip("\0").partition("=")
            set_at = named.assigned.get(name) if name.isidentifier() else None
            if not equals or set_at is None or name in _MEANING_MORE or named.number[name] != 1:
                continue
            if named.expanded.get(name, set_at) < set_at:
                continue
            noticed = followed and not export and len(pairs) == 1
            if _PLAIN.match(value) if literal else _is_one_word(value, known, missing=noticed):
                known.add(name)
    return frozenset(known)


def _always(found: tuple[Unit, ...]) -> Iterator[tuple[Command, bool]]:
    """Commands that ran before whatever stands behind them does, each with whether that needs its success."""
    for index, unit in enumerate(found):
        if isinstance(unit, Command):
            yield unit, index + 1 < len(found)
        elif unit.kind == "then" and index == 0 and "&" not in unit.text:
            for part in unit.parts:
                if part and isinstance(part[0], Command):
                    yield part[0], False


def _is_one_word(value: str, known: Set[str], *, missing: bool) -> bool:
    atoms = _atoms(value)
    if not atoms:
        return False
    for atom in atoms:
        if atom.kind == "char" and not _PLAIN.match(atom.text):
            return False
        if atom.kind == "name" and atom.text.strip("${}") not in known:
            return False
        if atom.kind == "command" and not _prints_one_word(atom.text, missing=missing):
            return False
    return True


def _prints_one_word(expansion: str, *, missing: bool) -> bool:
    """Whether the substitution *expansion* is one word; *missing*: or, as far as that goes unnoticed, none."""
    command = " ".join(expansion.strip("`").removeprefix("$(").removesuffix(")").split())
    return command in _SURE or (missing and _ONE_WORD.fullmatch(command) is not None)
