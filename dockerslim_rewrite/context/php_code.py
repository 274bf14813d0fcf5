"""Commands that PHP code gives to the shell between backticks, told from those in strings, comments and text."""

from __future__ import annotations

from collections.abc import Iterator

from ..patterns import re

#: Text outside of code, comments, strings and commands; what has no end goes on to the end of the file.
_PART = re.compile(
    r"\?>.*?(?:<\?|\Z)"
    r"|(?://|#(?!\[))(?:(?!\?>)[^\n])*+"
    r"|/\*.*?(?:\*/|\Z)"
    r"|'(?:[^'\\]|\\(?:.|\Z))*+(?:'|\Z)"
    r'|"(?:[^"\\]|\\(?:.|\Z))*+(?:"|\Z)'
    r"""|<<<[ \t]*+["']?(?P<end>\w++)["']?\n.*?(?:\n[ \t]*+(?P=end)\b|\Z)"""
    r"|`(?P<command>(?:[^`\\]|\\(?:.|\Z))*+)(?:`|\Z)",
    re.DOTALL,
)


def shell_commands(text: str) -> Iterator[tuple[int, str | None]]:
    """The commands between backticks in the PHP file *text*, with their lines; None for one that variables make."""
    begin = text.find("<?")
    if begin < 0 or "`" not in text:
        return
    for match in _PART.finditer(text, begin):
        command = match["command"]
        if command is not None:
            yield text.count("\n", 0, match.start()) + 1, None if "$" in command else command
