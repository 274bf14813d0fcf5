"""How a file is written, so that inserted text looks like its surroundings."""

from __future__ import annotations

from collections import Counter

from ..patterns import re
from ..record import record

_LEADING = re.compile(r"^([ \t]*)&&([ \t]+)", re.M)
_TRAILING = re.compile(r"(?<=\S)([ \t]*)&&([ \t]*)[\\`]([ \t]*)\r?$", re.M)
_CONTINUED = re.compile(r"[\\`][ \t]*\r?\n(?:[ \t]*+#.*\n){0,20}([ \t]++)(?=[^\s#])")
_COMMAND = re.compile(r"(?:&&|;)[ \t]*[\\`][ \t]*\r?\n(?:[ \t]*+#.*\n){0,20}([ \t]*+)(?=[^\s#])")
#: Operands are often set below each other far to the right; commands are not.
_DEEP = 8


@record
class Style:
    """The habits of one file or instruction.

    ``newline`` is LF or CRLF; ``indent`` what continuation lines start with; ``leading`` tells whether ``&&`` starts
    a line (else it ends one); ``gap`` is the blank between ``&&`` and the command where it leads.
    """

    newline: str
    escape: str
    indent: str
    leading: bool
    gap: str = " "
    spread: bool = True

    def joint(self) -> str:
        """The text that joins one command to the next with ``&&`` over a line break."""
        if self.leading:
            return f" {self.escape}{self.newline}{self.indent}&&{self.gap}"
        return f" && {self.escape}{self.newline}{self.indent}"


def style_of(text: str, escape: str, base: Style | None = None) -> Style:
    """The style of *text*; what it does not show is taken from *base*, or from common habit."""
    newline = base.newline if base else ("\r\n" if "\r\n" in text else "\n")
    leading = _LEADING.findall(text)
    trailing = len(_TRAILING.findall(text))
    if leading or trailing:
        leads = len(leading) > trailing
    else:
        leads = base.leading if base else False
    indent = base.indent if base else "    "
    gap = base.gap if base else " "
    if leads and leading:
        (indent, gap), _ = Counter(leading).most_common(1)[0]
    else:
        commands = Counter(_COMMAND.findall(text))
        operands = Counter(found for found in _CONTINUED.findall(text) if len(found.expandtabs(4)) <= _DEEP)
        shown = commands or operands
        if shown:
            indent = shown.most_common(1)[0][0] or "    "
    return Style(newline, escape, indent, leads, gap)
