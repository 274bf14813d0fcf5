"""What a package manager leaves in a layer, whether it is gone already, and whether a command may be added there."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial

from ...ir.steps import Run
from ...patterns import re
from ...shell.body import Body
from ...shell.braces import expanded
from ...shell.edits import append, starts_errexit
from ...shell.script import AndOr, Compound, Group, Node, Script, Simple, walk
from ...shell.state import leaks
from ...text import Edit, Span
from ...text.paths import matches
from ..facts import Facts

#: The end of a word that stands for everything in a directory, read from behind: only there it is looked for.
_BACKWARDS = re.compile(r"(?:(?:\*_)?+\*++/)++")
#: Options of `set` under which a shell takes a pattern for a name.
_NO_PATTERNS = re.compile(r"-[a-zA-Z]*f|noglob\Z")


_HOME = re.compile(r"""(?P<quote>")\$(?:HOME|\{HOME\})(?P<bare>[\w./-]*)"|\$(?:HOME|\{HOME\})(?P<rest>[\w./*?-]*)""")


def appendable(run: Run, facts: Facts) -> str | None:
    """Why no command can be added at the end of *run*'s body; None when one can."""
    script = facts.script(run)
    if script is None:
        if run.body is not None and run.body.form == "mixed":
            return "a here-document stands in it"
        return "its shell text could not be read with certainty"
    if not script.root.items:
        return "it holds no command"
    if run.body is not None and run.body.form == "heredoc" and not starts_errexit(script.root):
        return "its here-document goes on after a failure; begin it with set -e"
    if run.body is not None and run.body.form == "shell" and any(map(partial(_goes_on, run), script.comments)):
        return "a shell comment would swallow the command"
    if any(node.kind == "function" and node.name == "rm" for node in script.nodes if isinstance(node, Compound)):
        return "it gives rm another meaning"
    if any(one.name == "set" and any(map(_NO_PATTERNS.match, _literals(one))) for one in script.commands):
        return "it switches off patterns, by which the files are named"
    if any(separator.text == "&" for separator in script.root.separators):
        return "it starts a background job"
    last = script.root.items[-1]
    if any(one.operator == "<<" for node in walk(last) for one in getattr(node, "redirects", ())):
        return "it ends with a here-document"
    tail = last.items[-1] if isinstance(last, AndOr) else last
    if isinstance(tail, Group) and tail.body.items and starts_errexit(tail.body):
        return "its last commands are in braces with `set -e`, which && behind them would switch off"
    if leaks(script).leaves:
        return "it may end the shell with exit, exec or return"
    return None


def _goes_on(run: Run, comment: Span) -> bool:
    """Whether the shell's *comment* takes in lines of *run* below its own; else a command has its place before it."""
    assert run.body is not None
    start = run.body.logical.before(comment.start)
    return "\n" in run.origin.text[start - run.origin.span.start :].strip()


def _literals(command: Simple) -> list[str]:
    return [word for word in command.argv[1:] if word]


def append_to(run: Run, facts: Facts, command: str) -> Edit:
    """The edit that adds *command* to *run*, which is ``appendable``."""
    assert isinstance(run.body, Body)
    return append(run.body, run.origin, command, facts.style)


def mounted(run: Run, paths: Iterable[str]) -> bool:
    """Whether a cache or tmpfs mount of *run* covers one of *paths*: then nothing of it reaches the layer."""
    for mount in run.mounts:
        if mount.get("type", "bind") not in ("cache", "tmpfs"):
            continue
        bare = run.mount_target(mount).rstrip("/")
        for path in paths:
            if bare and (path == bare or path.startswith(bare + "/")):
                return True
    return False


def _everything(word: str) -> str:
    """What *word* ends with and stands for everything in a directory: ``/*``, several of them, ``/*_*``."""
    found = _BACKWARDS.match(word[::-1])
    return found[0] if found is not None else ""


def removes(command: Simple, path: str, *, braces: bool = False) -> bool:
    """Whether *command* is an ``rm`` that takes *path*, all that is in it, or a folder above it.

    With *braces* the shell expands them.
    """
    argv = command.argv
    at = 0
    while at < len(argv) and argv[at] in ("sudo", "command"):
        at += 1
    if at == len(argv) or (argv[at] or "").rpartition("/")[2] != "rm":
        return False
    for known, written in zip(argv[at + 1 :], command.words[at + 1 :], strict=True):
        word = known if known is not None else _below_home(written.text)
        if word is None or word.startswith("-"):
            continue
        listed = braces and written.value.brace and not written.value.quoted
        if any(_takes(one, path) for one in (expanded(word) if listed else (word,))):
            return True
    return False


def _takes(word: str, path: str) -> bool:
    """Whether *word* stands for *path*, all that is in it, or a folder above it."""
    # Each file of apt's lists has an underscore in its name.
    bare = _at_home(word[: len(word) - len(_everything(word))].rstrip("/"))
    if bare == _at_home(path) or (bare and _at_home(path).startswith(bare + "/")):
        return True
    return "*" in bare and "/" in bare and _matches(bare, _at_home(path))


def _matches(pattern: str, path: str) -> bool:
    """Whether *pattern*, whose last part alone has signs of one, stands for *path* or a folder above it."""
    parts, names = pattern.split("/"), path.split("/")
    if len(parts) > len(names) or any(re.search(r"[*?\[]", part) for part in parts[:-1]):
        return False
    # A pattern does not stand for hidden names unless it says the dot.
    name = names[len(parts) - 1]
    said = not name.startswith(".") or parts[-1].startswith(".")
    return parts[:-1] == names[: len(parts) - 1] and said and matches(name, parts[-1])


def _below_home(text: str) -> str | None:
    """The path that a word says whose only expansion is the home folder at its head; None for another word."""
    match = _HOME.fullmatch(text)
    return None if match is None else f"$HOME{match['bare'] if match['quote'] else match['rest']}"


def _at_home(path: str) -> str:
    """*path* with root's home folder written as ``~``."""
    for home in ("/root", "$HOME", "${HOME}"):
        if path == home or path.startswith(home + "/"):
            return "~" + path[len(home) :]
    return path


def says(command: Simple, text: str | None) -> bool:
    """Whether *command* is written just as *text*, perhaps behind sudo."""
    written = " ".join(word.text for word in command.words)
    return text is not None and written.removeprefix("sudo ") == text


def always_runs(script: Script, command: Simple) -> bool:
    """Whether *command* runs whenever *script* succeeds: it stands in the outermost ``&&`` chain or list."""
    return id(command) in _spine_of(script)


@lru_cache(maxsize=1024)
def _spine_of(script: Script) -> frozenset[int]:
    """The identities of the commands on the spine; the script, which the cache holds, keeps them alive."""
    return frozenset(id(one) for one in _spine(script.root))


def _spine(node: Node) -> Iterable[Node]:
    if isinstance(node, Simple):
        yield node
    elif isinstance(node, AndOr):
        if all(operator.text == "&&" for operator in node.operators):
            for item in node.items:
                yield from _spine(item)
        else:
            yield from _spine(node.items[0])
    elif isinstance(node, Group):
        yield from _spine(node.body)
    elif not isinstance(node, Compound):
        for item in node.items:
            yield from _spine(item)
