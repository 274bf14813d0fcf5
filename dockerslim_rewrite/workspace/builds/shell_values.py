"""What words of a shell script stand for, as far as the script and its place tell."""

from __future__ import annotations

from collections.abc import Callable

from ...patterns import re
from .checkout import CHECKOUT
from .found import Text, Unknown
from .growth import too_long

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
_BRACED = re.compile(r"\$\{([A-Za-z_]\w*|\d)(?:(:?[-=+])(.*))?\}\Z", re.S)
_LIST = re.compile(r"(\"?)\$\{([A-Za-z_]\w*)\[[@*]\]\}\1\Z")
#: All parameters of a function.
_ALL = re.compile(r"\"\$(?:@|\{@\})\"\Z|\$[@*]\Z")
#: What may stand for any number of words: unquoted, or all parameters, or all of a list.
_SEVERAL = re.compile(r"""[$`]|"\$(?:@|\{@\}|\{\w+\[@\][^{}]*\})\"""")
_HERE = re.compile(r"\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?")
_DIRNAME = re.compile(
    r"""(?:cd\s++(?:-P\s++|--\s++)*+)?["']?(?:\$\(|`)?\s*+dirname\s+(?:--\s+)?["']?\$\{?(?:0|BASH_SOURCE)"""
)

#: Names for what another tool puts into a script before a shell sees it.
_FOREIGN = "_foreign_"
_STANDS_FOR = re.compile(r"\$\{(" + _FOREIGN + r"\w+)\}")

#: No word of a build is longer; one that doubles with each line is given up.
_LONGEST = 10_000
#: Characters that variables of one script may stand for in all, beyond those that are written.
_MOST = 2_000_000

#: A variable's value: known, unknown, or None where nobody sets it.
Lookup = Callable[[str], Text | None]
#: A list's words; None where they are not known.
ListLookup = Callable[[str], tuple[Text, ...] | None]


def stand_in(written: str, unknown: dict[str, Text]) -> str:
    """A variable of the shell for what is *written* in another tool's language; it is added to those *unknown*."""
    name = f"{_FOREIGN}{len(unknown)}"
    unknown[name] = Unknown(written)
    return f"${{{name}}}"


def stands_for_several(word: Text) -> bool:
    """Whether *word*, which is not known, may stand for any number of words."""
    return isinstance(word, Unknown) and _SEVERAL.match(word.text) is not None


class _Open(Exception):
    """Part of a word is not known."""


class Words:
    """Reads words in a script that lies in the directory *home* (absolute).

    *lookup* gives variables, *lists* arrays, and *folder* the directory that the script is in by now.
    """

    def __init__(self, home: str, lookup: Lookup, lists: ListLookup, folder: Callable[[], str | None]) -> None:
        self._home = home
        self._lookup = lookup
        self._lists = lists
        self._folder = folder
        self._left = _MOST

    def values(self, text: str) -> tuple[Text, ...]:
        """The words that the shell makes of the word *text*: what it replaces outside of quotes is split at blanks."""
        listed = _LIST.match(text)
        if listed is not None or _ALL.match(text):
            found = self._lists(listed[2] if listed is not None else "@")
            return (Unknown(text),) if found is None else found
        try:
            words = tuple(self._split(text))
            return (Unknown(text),) if too_long(text, "".join(words)) else words
        except _Open:
            return (self.value(text),)

    def _split(self, text: str) -> list[str]:
        words: list[str] = []
        # None between words: an empty text in quotes is a word, one outside of them is not.
        open_: str | None = None
        length = 0
        for match in _PIECE.finditer(text):
            found = self._expand(match[0], quoted=False)
            length += len(found)
            if length > _LONGEST:
                raise _Open
            if match.lastgroup not in ("command", "braced", "variable"):
                open_ = (open_ or "") + found
                continue
            parts = found.split()
            if found != "".join(parts) and (self._lookup("IFS") is not None or re.search(r"[\"'\\]", match[0])):
                # Where words end is said otherwise.
                raise _Open
            if open_ is not None and found[:1].isspace():
                words.append(open_)
                open_ = None
            for number, part in enumerate(parts):
                if number and open_ is not None:
                    words.append(open_)
                    open_ = None
                open_ = (open_ or "") + part
            if open_ is not None and parts and found[-1:].isspace():
                words.append(open_)
                open_ = None
        return words if open_ is None else [*words, open_]

    def value(self, text: str) -> Text:
        """What the word *text* stands for."""
        try:
            found = self._expand(text, quoted=False)
            return Unknown(text) if too_long(text, found) else found
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
        self._left -= max(len(found) - len(name), 0)
        if self._left < 0:
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
        found = self._lookup(name)
        if isinstance(found, Unknown) or (name.isdigit() and found is None):
            # Whoever calls may give a parameter, and mostly does.
            raise _Open
        given = found is not None and (found != "" or not operator.startswith(":"))
        if operator.endswith("+"):
            if found is None:
                # It is written for those who set it when they call.
                raise _Open
            return self._expand(default, quoted=False) if given else ""
        return self._expand(default, quoted=False) if not given or found is None else found

    def _command(self, text: str) -> str:
        bare = text.strip()
        if bare == "pwd":
            folder = self._folder()
            if folder is None:
                raise _Open
            return folder
        if bare.startswith("git rev-parse --show-toplevel"):
            return CHECKOUT
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
