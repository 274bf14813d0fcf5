"""What words of a shell script stand for, as far as the script and its place tell."""

from __future__ import annotations

import re
from collections.abc import Callable

from .found import Text, Unknown

_PIECE = re.compile(
    r"""(?P<single>'[^']*')
      | (?P<double>"(?:\\.|\$\((?:[^()]|\([^()]*\))*+\)|[^"\\])*+")
      | (?P<command>\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`)
      | (?P<braced>\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})
      | (?P<variable>\$[A-Za-z_]\w*|\$[0-9@*#?$!])
      | (?P<escaped>\\.)
      | (?P<other>.)""",
    re.X | re.S,
)
_BRACED = re.compile(r"\$\{([A-Za-z_]\w*|\d)(?:(:?[-=])(.*))?\}\Z", re.S)
_HERE = re.compile(r"\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?")
_DIRNAME = re.compile(
    r"""(?:cd\s++(?:-P\s++|--\s++)*+)?["']?(?:\$\(|`)?\s*+dirname\s+(?:--\s+)?["']?\$\{?(?:0|BASH_SOURCE)"""
)

#: Names for what another tool puts into a script before a shell sees it.
_FOREIGN = "_foreign_"
_STANDS_FOR = re.compile(r"\$\{(" + _FOREIGN + r"\w+)\}")

#: No word of a build is longer; one that doubles with each line is given up.
_LONGEST = 100_000

#: A variable's value: known, unknown, or None where nobody sets it.
Lookup = Callable[[str], Text | None]


def stand_in(written: str, unknown: dict[str, Text]) -> str:
    """A variable of the shell for what is *written* in another tool's language; it is added to those *unknown*."""
    name = f"{_FOREIGN}{len(unknown)}"
    unknown[name] = Unknown(written)
    return f"${{{name}}}"


class _Open(Exception):
    """Part of a word is not known."""


class Words:
    """Reads words in a script in the folder *home* (absolute) of the checkout *root*; *lookup* gives variables."""

    def __init__(self, root: str, home: str, lookup: Lookup, folder: Callable[[], str | None]) -> None:
        self._root = root
        self._home = home
        self._lookup = lookup
        self._folder = folder

    def value(self, text: str) -> Text:
        """What the word *text* stands for."""
        try:
            return self._expand(text, quoted=False)
        except _Open:
            return Unknown(_STANDS_FOR.sub(self._written, text))

    def _written(self, match: re.Match[str]) -> str:
        """What *match*, a variable, was made of: what is no shell's stands in a script under a name of its own."""
        found = self._lookup(match[1])
        return found.text if isinstance(found, Unknown) and match[1].startswith(_FOREIGN) else match[0]

    def _expand(self, text: str, *, quoted: bool) -> str:
        out: list[str] = []
        length = 0
        for match in _PIECE.finditer(text):
            length += len(out[-1]) if out else 0
            if length > _LONGEST:
                raise _Open
            kind, piece = match.lastgroup, match[0]
            if kind == "single":
                out.append(piece if quoted else piece[1:-1])
            elif kind == "double":
                out.append(piece if quoted else self._expand(piece[1:-1], quoted=True))
            elif kind == "command":
                out.append(self._command(piece[2:-1] if piece[0] == "$" else piece[1:-1]))
            elif kind == "braced":
                out.append(self._braced(piece))
            elif kind == "variable":
                out.append(self._variable(piece[1:]))
            elif kind == "escaped":
                out.append(piece[1:] if not quoted or piece[1] in '$`"\\' else piece)
            else:
                out.append(piece)
        return "".join(out)

    def _variable(self, name: str) -> str:
        if name == "PWD":
            found: Text | None = self._folder()
        else:
            found = self._lookup(name)
        if not isinstance(found, str):
            raise _Open
        return found

    def _braced(self, piece: str) -> str:
        match = _BRACED.match(piece)
        if match is None:
            if re.fullmatch(r"\$\{(?:BASH_SOURCE\[0\]|0)%/\*\}", piece):
                return self._home
            raise _Open
        name, operator, default = match[1], match[2], match[3]
        if operator is None:
            return self._variable(name)
        found = None if name.isdigit() else self._lookup(name)
        if isinstance(found, Unknown):
            raise _Open
        if found is None or (found == "" and operator.startswith(":")):
            return self._expand(default, quoted=False)
        return found

    def _command(self, text: str) -> str:
        bare = text.strip()
        if bare == "pwd":
            folder = self._folder()
            if folder is None:
                raise _Open
            return folder
        if bare.startswith("git rev-parse --show-toplevel"):
            return self._root
        if _DIRNAME.match(bare):
            # cd "$(dirname "$0")/.." && pwd
            behind = re.search(r"dirname(?:(?!dirname)[^)`])*[)`][\"']?((?:/[\w.-]+)*)[\"']?", bare)
            tail = behind[1] if behind is not None and bare.startswith("cd") else ""
            pure = re.fullmatch(r"dirname\s+(?:--\s+)?[\"']?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?[\"']?", bare)
            if pure or (bare.startswith("cd") and re.search(r"&&\s*pwd(?:\s+-P)?\Z", bare)):
                return self._home + tail
        if re.fullmatch(r"(?:realpath|readlink -f)\s+[\"']?\$\(dirname.*", bare) and _HERE.search(bare):
            tail = re.search(r"\)[\"']?((?:/[\w.-]+)*)[\"']?\Z", bare)
            return self._home + (tail[1] if tail else "")
        raise _Open
