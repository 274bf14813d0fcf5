"""Which variables of its environment a shell reads in a RUN: not those in single quotes, behind a backslash or in a
comment, and none that the command sets by itself.

Sources: POSIX, "Quoting", "Here-Document", "Parameter Expansion"; Dockerfile reference, "RUN --mount=type=secret" (env)
and "Here-Documents".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.flow.state import State
from ..ir.steps import Run
from ..patterns import re
from ..shell.names import POSIX_SHELLS
from ..shell.script import Script

#: Where a shell gives names a value: an assignment, or the words of a command that sets them.
_SETS = re.compile(r"\b\w++=|\b(?:read|for|export|local|declare|typeset|getopts|mapfile|readarray)\b[^\n;&|]*+")
#: Commands that may set any name: what they read or evaluate stands elsewhere.
_SETS_ANY = frozenset((".", "source", "eval"))
_NAME = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
#: What stands before a text that a further shell reads with the same environment.
_SHELL = re.compile(
    r"(?:\A|[\s;&|(])(?:sh|bash|dash|ash|zsh)(?:[ \t]{1,8}-\w{1,20}){0,4}[ \t]{1,8}-\w{0,20}c[ \t]{1,8}\Z"
)
#: So far back the command that a quoted text belongs to is looked for.
_BACK = 200


def read_variables(run: Run, state: State) -> Iterator[str]:
    """The names that the shell of *run*, which finds *state*, expands and does not set itself; none where in doubt."""
    script = run.body.script if run.body is not None else None
    given = {mount["env"] for mount in run.mounts if mount.get("env")}
    if isinstance(script, Script):
        if any(command.name in _SETS_ANY for command in script.commands):
            return
        text = script.text
        for start, end in sorted(script.comments, reverse=True):
            text = text[:start] + text[end:]
        named = [*_expanded(text)]
    elif run.body is not None and run.body.form == "mixed" and _is_posix(state):
        text = run.origin.args
        if "'" in text or '"' in text or "#" in text:
            # What reads the here-documents was not read, and quotes hide what it does.
            return
        named = [*_expanded(text), *(name for body in _bodies(run) for name in _expanded(body, heredoc=True))]
    else:
        return
    own = {word for match in _SETS.finditer(text) for word in re.findall(r"\w+", match[0])}
    yield from (name for name in named if name not in own and name not in given)


def _is_posix(state: State) -> bool:
    return not state.shell or state.shell[0].rpartition("/")[2] in POSIX_SHELLS


def _bodies(run: Run) -> Iterator[str]:
    """The here-documents of *run* that a shell expands."""
    start = run.origin.span.start
    for one in run.origin.heredocs:
        if one.expand:
            yield run.origin.text[one.body.start - start : one.body.end - start]


def _expanded(text: str, *, heredoc: bool = False) -> Iterator[str]:
    """The names that *text* expands; in a here-document quotes are characters like any other."""
    at = 0
    # For each substitution that is open, whether a double quote is: inside of it quoting begins anew.
    quoted = [False]
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 2
            continue
        if char == "'" and not heredoc and not quoted[-1]:
            end = text.find("'", at + 1)
            end = len(text) if end < 0 else end
            if _SHELL.search(text[max(0, at - _BACK) : at]):
                yield from _expanded(text[at + 1 : end])
            at = end + 1
            continue
        if char == '"' and not heredoc:
            quoted[-1] = not quoted[-1]
        elif text.startswith("$(", at):
            quoted.append(False)
            at += 1
        elif char == ")" and len(quoted) > 1 and not quoted[-1]:
            quoted.pop()
        else:
            match = _NAME.match(text, at)
            if match is not None:
                yield match[1] or match[2]
                at = match.end()
                continue
        at += 1
