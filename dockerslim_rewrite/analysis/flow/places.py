"""Where a command runs, and the paths that its words stand for there.

Paths are absolute; what cannot be told is None, not guessed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from ...ir.expansion import MAX_LENGTH
from ...patterns import re
from ...record import evolve, record
from ...shell.script import Compound, Script, Simple, Word
from ...shell.words import word_value
from .state import substitute

NAME = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
_SPECIAL = re.compile(r"\$[^A-Za-z_{]|\$\{[A-Za-z_][A-Za-z0-9_]*[^A-Za-z0-9_}]|`")
#: A pattern that leads into a folder for temporary files: which one does not matter.
_PATTERN = re.compile(r"[*?\[]")
_TEMPORARY = re.compile(r"/tmp/[\w.*?+-]+/?\Z")
#: Folders that images have already, with more in them than one Dockerfile put there.
BROAD = frozenset(
    (
        "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root",
        "/run", "/sbin", "/srv", "/sys", "/usr", "/usr/bin", "/usr/include", "/usr/lib", "/usr/libexec",
        "/usr/local", "/usr/local/bin", "/usr/local/etc", "/usr/local/include", "/usr/local/lib", "/usr/local/sbin",
        "/usr/local/share", "/usr/sbin", "/usr/share", "/usr/src", "/var", "/var/cache", "/var/lib", "/var/log",
        "/var/run", "/var/spool", "/var/www", "/usr/local/go", "/go", "/go/src", "/go/pkg",
    )
)  # fmt: skip


@record
class Place:
    """A path that was written: a file, or a folder with everything in it; ``link`` for a symbolic link."""

    path: str
    link: bool = False


@record
class Frame:
    """Where a command runs: its folder (None: not known), and the variables whose values are known.

    ``broad`` are folders with more in them than one Dockerfile put there.
    """

    folder: str | None
    variables: Mapping[str, str]
    broad: frozenset[str]


def absolute(path: str, folder: str | None) -> str | None:
    """*path* made absolute; None where it is relative and the folder is not known."""
    if path.startswith("/"):
        return posixpath.normpath(path).replace("//", "/")
    return posixpath.normpath(posixpath.join(folder, path)) if folder else None


def literal(word: Word, variables: Mapping[str, str]) -> str | None:
    """What *word* stands for with *variables* put in; None where more than that decides."""
    value = word.value
    if value.literal is not None:
        return None if value.glob or value.brace or value.tilde else value.literal
    bare = word_value(NAME.sub("x", word.text))
    if bare.glob or bare.brace or bare.tilde or _SPECIAL.search(word.text) or "'" in word.text:
        return None
    named = NAME.findall(word.text)
    names = set(named)
    if not names or not names <= set(variables) or sum(len(variables[name]) for name in named) > MAX_LENGTH:
        return None
    return substitute(word.text, tuple(sorted((name, variables[name]) for name in names)))


def pattern_folder(word: Word) -> str | None:
    """The folder in which all lies that the pattern *word* stands for (``bin`` for ``bin/*.sh``); None for no pattern,
    and where more decides.
    """
    value = word.value
    if value.literal is None or not value.glob or value.brace or value.tilde:
        return None
    head, slash, _ = value.literal.rpartition("/")
    return None if _PATTERN.search(head) else f"{head}{slash}" or "."


def unchanged(variables: Mapping[str, str], script: Script) -> Mapping[str, str]:
    """Those of *variables* that *script* gives no values to."""
    own = {name for name, _ in assigned(script)}
    return {name: value for name, value in variables.items() if name not in own}


def known_words(command: Simple, known: Mapping[str, str]) -> tuple[str | None, ...]:
    """The words of *command* with the variables put in that are *known*, and that its script does not change; None for
    one that more decides.
    """
    if None not in command.argv:
        return command.argv
    return tuple(
        literal(word, known) if told is None else told for word, told in zip(command.words, command.argv, strict=True)
    )


def path_of(word: Word, frame: Frame) -> str | None:
    """The path that *word* stands for where it runs in *frame*; None where more decides."""
    text = literal(word, frame.variables)
    return absolute(text, frame.folder) if text else None


def place_of(path: str | None, frame: Frame) -> Place | None:
    """The place at *path*, seen from the folder of *frame*; None where one of them is not known."""
    found = absolute(path, frame.folder) if path else None
    return Place(found) if found else None


def moved(command: Simple, frame: Frame) -> Frame:
    """The frame behind *command*."""
    if command.name not in ("cd", "pushd", "popd"):
        return frame
    words = command.words[1:]
    target = literal(words[-1], frame.variables) if len(words) == 1 and command.name == "cd" else None
    if target is None and len(words) == 1 and _TEMPORARY.match(words[0].text):
        target = "/tmp/of-a-pattern"
    return evolve(frame, folder=absolute(target, frame.folder) if target and target != "-" else None)


def assigned(script: Script) -> Iterator[tuple[str, str | None]]:
    """The variables that the script itself gives values to, with the value where it is a plain one."""
    for node in script.nodes:
        if isinstance(node, Simple):
            words = node.assignments if not node.words else ()
            if node.name in ("export", "readonly", "local", "declare", "read", "unset"):
                words = (*words, *node.words[1:])
            for word in words:
                name, equals, _ = word.text.partition("=")
                text = word.literal
                if "$(mktemp" in word.text:
                    text = f"{name}=/tmp/of-{name}"
                yield name.rstrip("+"), text.partition("=")[2] if equals and text and name[-1:] != "+" else None
        elif isinstance(node, Compound) and node.name:
            yield node.name, None
