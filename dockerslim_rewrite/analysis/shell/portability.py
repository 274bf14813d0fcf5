"""Whether a script does the same in dash, ash and bash.

Sources: dash(1) and bash(1), "Bash POSIX Mode"; the differences that matter in scripts which pass in a POSIX shell.
"""

from __future__ import annotations

from ...patterns import re
from ...shell.script import Script, Simple, Word

#: Variables that bash sets by itself.
_BASH_ONLY = re.compile(
    r"\$\{?(?:RANDOM|SECONDS|UID|EUID|GROUPS|HOSTNAME|HOSTTYPE|OSTYPE|MACHTYPE|SHELL|SHELLOPTS|SHLVL|BASH\w*|FUNCNAME"
    r"|PIPESTATUS|DIRSTACK|EPOCH\w*|REPLY|0)\b"
)
_EXPANSION = re.compile(
    r"\$\{[!^]|\$\{\w+(?:\[|:\d|/|\^|,|@)|\$['\"]"
    # Where another one begins, the search goes on from there.
    r"|\$\(\((?:(?!\$\(\()[^)])*?(?:\*\*|\+\+|--)|<\(|>\(|<<<|&>|\|&"
)
_BRACES = re.compile(r"(?<!\$)\{(?:(?!,|\.\.)[^{}\s])*+(?:,|\.\.)[^{}\s]*\}")
#: Commands that exist in one shell only, or whose built-in forms differ.
_DIFFERENT = frozenset(
    (
        "source", ".", "pushd", "popd", "dirs", "declare", "typeset", "local", "let", "select", "shopt", "mapfile",
        "readarray", "read", "trap", "ulimit", "type", "hash", "enable", "builtin", "caller", "help", "history",
        "disown", "time", "function", "env", "printenv", "eval", "kill", "wait", "getopts", "[[", "((",
    )
)  # fmt: skip
_ASSIGNING = frozenset(("export", "readonly"))


def differs_in_bash(script: Script) -> str | None:
    """What bash would do otherwise than dash in *script*; None when nothing is known to."""
    text = script.text
    found = _BASH_ONLY.search(text) or _EXPANSION.search(text)
    if found is not None:
        return f"{found[0]} means something else in bash"
    if re.search(r"\[\^", text):
        return "a pattern with [^…] means something else in bash"
    for command in script.commands:
        reason = _command(command)
        if reason is not None:
            return reason
    return None


def _command(command: Simple) -> str | None:
    for word in (*command.words, *command.assignments):
        if _has_braces(word):
            return f"bash expands the braces in {word.text}"
    name = command.name
    if name in _DIFFERENT:
        return f"{name} works otherwise in bash"
    if name == "echo" and _prints_otherwise(command.words[1:]):
        return "bash's echo prints options and backslashes otherwise"
    if name == "printf" and any(re.search(r"\\[xuUe]|%q|%\(|-v\b", word.text) for word in command.words[1:2]):
        return "bash's printf knows other formats"
    if name in ("[", "test") and any(word.text in ("==", "=~", "<", ">", "-a", "-o") for word in command.words):
        return "bash's test knows other operators"
    if name in _ASSIGNING and any(re.search(r"=[^\"'=$]*\$", word.text) for word in command.words[1:]):
        return f"{name} splits an expansion otherwise in bash"
    if name == "set" and any(not re.fullmatch(r"[-+][aefuvxC]+", word.text) for word in command.words[1:]):
        return "set knows other options in bash"
    return None


def _has_braces(word: Word) -> bool:
    unquoted = re.sub(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.", "", word.text)
    return bool(_BRACES.search(unquoted))


def _prints_otherwise(words: tuple[Word, ...]) -> bool:
    """dash interprets backslashes in what echo prints and knows only ``-n``; bash the other way round."""
    if words and re.fullmatch(r"-[neE]*[eE][neE]*", words[0].text):
        return True
    for word in words:
        literal = word.literal
        if "\\" in (literal if literal is not None else re.sub(r'\\([$`"])', "", word.text)):
            return True
    return False
