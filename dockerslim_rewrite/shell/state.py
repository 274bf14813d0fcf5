"""What a script leaves behind in the shell that runs it, and what a script takes from that shell.

Joining two RUNs makes one shell of two, so whatever the first leaves the second may see. Source of the effects: POSIX
2.14 (special built-ins) and 2.12 (execution environment), in ``knowledge/data/shell_state.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ..knowledge.shell_state import state_effects
from ..patterns import re
from ..record import record
from .script import AndOr, Compound, Group, Node, Pipeline, Script, Sequence, Simple, Word

#: Variables that shells or common tools read without a ``$`` in the script.
_AMBIENT = frozenset(
    [
        "PATH",
        "HOME",
        "IFS",
        "LANG",
        "LANGUAGE",
        "TERM",
        "TZ",
        "USER",
        "SHELL",
        "PWD",
        "OLDPWD",
        "ENV",
        "BASH_ENV",
        "CDPATH",
        "PS4",
        "TMPDIR",
        "DEBIAN_FRONTEND",
        "CC",
        "CXX",
        "CFLAGS",
        "CXXFLAGS",
        "LDFLAGS",
        "MAKEFLAGS",
        "GOPATH",
        "GOROOT",
        "JAVA_HOME",
        "PYTHONPATH",
        "NODE_ENV",
        "OPTIND",
    ]
)
_REFERENCE = re.compile(r"\$\{?[#!]?([A-Za-z_][A-Za-z0-9_]*)")
#: ``${NAME:=word}``, and ``=``, ``+=``, ``++`` or ``--`` in an arithmetic expansion.
_ASSIGNING = re.compile(
    # Where another expansion begins, the search goes on from there.
    r"\$\{[A-Za-z_][A-Za-z0-9_]*:?=|\$\(\((?:(?!\)\)|\$\(\().)*?(?:[^=!<>]=(?!=)|<<=|>>=|\+\+|--)",
    re.S,
)
_DECLARING = re.compile(r"\b(?:export|readonly|declare|typeset)\b([^;&|]*)")
_WORD = re.compile(r"\w+")
_ARITHMETIC = re.compile(r"\$\(\(|\(\(|\blet\b")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Commands that put another program at /bin/sh: the next RUN runs under it, while in one RUN the old shell goes on.
_REPLACES_SHELL = re.compile(
    r"(?:sudo )?(?>\S*/)?(?:(?:ln|rm|mv|cp|install|dpkg-divert|update-alternatives)\b.*"
    r"\s(?:/usr)?(?:/bin/)?(?:sh|dash|bash)(?=\s|$)|dpkg-reconfigure\b.*\bdash\b)"
)
#: Words before a command that run it in the same shell (POSIX ``command``, bash's ``builtin`` and ``time``).
_PREFIXES = frozenset(("command", "builtin", "time"))
#: Special built-ins keep the assignments before them (POSIX 2.14); those that are judged otherwise are not listed.
_KEEPS_ASSIGNMENTS = frozenset((":", "set", "export", "readonly", "unset", "times"))
_FAILURE = re.compile(r"(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])\Z")
#: What these do to a variable is more than to set it (its type, a place in the arguments), and may not be undone.
_STAYS = frozenset(("read", "readonly", "declare", "typeset", "local", "getopts", "mapfile", "readarray"))
_EXITS = frozenset(("exit", "exec", "return"))


@record
class Leaks:
    """What differs in a shell after a script has run in it.

    ``options`` are the letters or names that ``set`` or ``shopt`` switched; ``leaves`` tells that the script may end
    the shell (``exit``, ``exec``); ``unknown`` names a command whose effect cannot be told (``source``, ``eval``).
    """

    cwd: bool = False
    assigned: frozenset[str] = frozenset()
    exported: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    leaves: bool = False
    unknown: str | None = None

    @property
    def errexit(self) -> bool:
        """Whether ``set -e`` is on afterwards."""
        return "e" in self.options

    def __bool__(self) -> bool:
        return bool(
            self.cwd
            or self.assigned
            or self.exported
            or self.functions
            or self.options - {"x", "v"}
            or self.leaves
            or self.unknown
        )


@lru_cache(maxsize=1024)
def leaks(script: Script) -> Leaks:
    """What *script* leaves behind."""
    found = _Collector()
    found.visit(script.root)
    if found.unknown is None and _ASSIGNING.search(script.text):
        found.unknown = "an expansion that assigns"
    return Leaks(
        found.cwd,
        frozenset(found.assigned),
        frozenset(found.exported),
        frozenset(found.functions),
        frozenset(found.options),
        found.leaves,
        found.unknown,
    )


class _Collector:
    def __init__(self) -> None:
        self.cwd = False
        self.assigned: set[str] = set()
        self.exported: set[str] = set()
        self.functions: set[str] = set()
        self.options: set[str] = set()
        self.leaves = False
        self.unknown: str | None = None

    def visit(self, node: Node) -> None:
        if isinstance(node, Simple):
            self.simple(node)
        elif isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                background = index < len(node.separators) and node.separators[index].text == "&"
                if background:
                    self.unknown = self.unknown or "a background job"
                else:
                    self.visit(item)
        elif isinstance(node, AndOr):
            for index, item in enumerate(node.items):
                if not (index and node.operators[index - 1].text == "||" and _fails(item)):
                    self.visit(item)
        elif isinstance(node, Pipeline):
            if len(node.items) == 1:
                self.visit(node.items[0])
        elif isinstance(node, Group):
            if not node.subshell:
                self.visit(node.body)
        else:
            self.compound(node)

    def compound(self, node: Compound) -> None:
        if node.kind == "function":
            self.functions.add(node.name or "?")
        elif node.kind == "test":
            self.unknown = self.unknown or "an arithmetic or [[ ]] command"
        if node.kind == "for":
            self.assigned.add(node.name or "?")
        for part in node.parts:
            self.visit(part)

    def simple(self, node: Simple) -> None:
        if not node.words:
            self.assigned.update(_assigned_name(word) for word in node.assignments)
            if any("((" in word.text for word in node.assignments):
                self.unknown = self.unknown or "an arithmetic expansion"
            return
        words = _without_prefixes(node.words)
        if not words:
            return
        name = words[0].literal
        if name is None or words[0].value.glob or name.startswith("~"):
            self.unknown = self.unknown or f"the command {words[0].text}"
            return
        if _REPLACES_SHELL.match(" ".join(word.text for word in words)):
            self.unknown = self.unknown or "a command that replaces /bin/sh"
            return
        if name in _KEEPS_ASSIGNMENTS:
            self.assigned.update(_assigned_name(word) for word in node.assignments)
        arguments = words[1:]
        if name == "printf" and len(arguments) > 1 and arguments[0].literal == "-v":
            self.assigned.add(_assigned_name(arguments[1]))
        effects = state_effects(name)
        if not effects:
            return
        if name in ("set", "shopt"):
            self.set_options(arguments)
        elif name in _EXITS:
            self.leaves = self.leaves or name != "exec" or bool(arguments)
            if name == "exec" and not arguments:
                self.unknown = self.unknown or "exec with a redirection"
        elif name in ("export", "unset"):
            self.exported.update(_assigned_name(word) for word in arguments)
        elif effects == {"cwd"}:
            self.cwd = True
        elif name in _STAYS:
            self.unknown = self.unknown or name
        elif effects == {"variables"}:
            self.assigned.update(_assigned_name(word) for word in arguments)
        elif effects == {"functions"}:
            self.functions.update(_assigned_name(word) for word in arguments)
        else:
            self.unknown = self.unknown or name

    def set_options(self, arguments: tuple[Word, ...]) -> None:
        values = [word.literal for word in arguments]
        index = 0
        while index < len(values):
            value = values[index]
            if value is None or value == "--" or not value.startswith(("-", "+")):
                self.unknown = self.unknown or "set with operands"
                return
            letters = value[1:]
            if letters.endswith("o"):
                index += 1
                option = values[index] if index < len(values) else None
                self.options.add({"errexit": "e", "nounset": "u", "xtrace": "x"}.get(option or "?", option or "?"))
                letters = letters[:-1]
            self.options.update(letters if value.startswith("-") else (f"+{letter}" for letter in letters))
            index += 1


def _fails(node: Node) -> bool:
    """Whether *node*, which stands behind ``||``, ends the shell with a failure: so does what fails in a chain."""
    if not isinstance(node, Simple) or node.name != "exit" or node.assignments or node.redirects:
        return False
    return len(node.words) == 1 or (len(node.words) == 2 and bool(_FAILURE.match(node.words[1].text)))


def _without_prefixes(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """*words* from the command on that really runs in this shell; empty when an option makes it
    another thing (``command -v`` only asks)."""
    while words and words[0].literal in _PREFIXES:
        words = words[1:]
        while words and words[0].text.startswith("-"):
            if words[0].text not in ("-p", "--"):
                return ()
            words = words[1:]
    return words


def _assigned_name(word: Word) -> str:
    """The name that *word* assigns to; ``?`` when an expansion has part in it."""
    match = _NAME.match(word.text)
    return match[0] if match and word.text[match.end() : match.end() + 1] in ("", "=", "+", "[") else "?"


@lru_cache(maxsize=1024)
def references(text: str) -> frozenset[str]:
    """The names of variables that *text* expands anywhere; single quotes are not looked at, so it may be too many."""
    return frozenset(_REFERENCE.findall(text))


@lru_cache(maxsize=1024)
def _declared(text: str) -> frozenset[str]:
    """The words behind ``export`` and the like, which may name a variable that is set already."""
    return frozenset(word for words in _DECLARING.findall(text) for word in _WORD.findall(words))


@lru_cache(maxsize=1024)
def uses_arithmetic(text: str) -> bool:
    """Whether names may be used without a ``$``."""
    return bool(_ARITHMETIC.search(text))


@lru_cache(maxsize=1024)
def _reads_commands(script: Script) -> bool:
    """Whether *script* runs text from elsewhere in its own shell, which may name any variable."""
    return any(command.name in (".", "source", "eval") for command in script.commands)


def starts_absolute(script: Script) -> bool:
    """Whether the first thing that *script* does, whatever happens, is a ``cd`` to an absolute path."""
    first = _first(script.root)
    if first is None or first.name != "cd" or len(first.words) != 2:
        return False
    target = first.words[1].value
    return bool(target.literal and target.literal.startswith("/") and not target.glob)


def _first(node: Node) -> Simple | None:
    while not isinstance(node, Simple):
        if isinstance(node, AndOr) or (isinstance(node, Sequence) and node.items):
            node = node.items[0]
        else:
            return None
    return node


def interference(first: Leaks, second: Script, environment: frozenset[str]) -> str | None:
    """Why *second* would notice what *first* leaves behind; None when it cannot.

    *environment* holds the names that the image or the build exports: an assignment to one of them reaches every
    command. Exits are not judged here.
    """
    if first.unknown:
        return f"{first.unknown} may change the shell's state"
    if first.cwd and not starts_absolute(second):
        return "it changes the working directory"
    if "?" in first.assigned or "?" in first.exported:
        return "it sets a variable whose name is not known"
    text = second.text
    used = references(text)
    for name in sorted(first.exported):
        return f"it exports or unsets {name}"
    for name in sorted(first.assigned):
        if name in environment or name in _AMBIENT or name.startswith("LC_"):
            return f"it changes the environment variable {name}"
        if name in used or name in _declared(text) or uses_arithmetic(text) or _reads_commands(second):
            return f"it sets {name}, which the next command uses"
    if first.functions:
        return f"it defines the function {sorted(first.functions)[0]}"
    options = first.options - {"x", "v", "e", "+x", "+v"}
    if options == {"u"} and not used and "$" not in text:
        options = frozenset()
    if options == {"pipefail"} and "|" not in text.replace("||", ""):
        options = frozenset()
    if options:
        return f"it changes shell options ({', '.join(sorted(options))})"
    return None


def plain_chain(node: Node) -> bool:
    """Whether *node* is only simple commands and pipelines of them, joined by ``&&``, without substitutions.

    Such a chain does the same with and without ``set -e``.
    """
    for link in _links(node):
        parts = link.items if isinstance(link, Pipeline) and not link.negated else (link,)
        if not all(isinstance(part, Simple) and not part.nested for part in parts):
            return False
    if isinstance(node, Sequence):
        return len(node.items) == 1 and not node.separators and plain_chain(node.items[0])
    return not isinstance(node, AndOr) or all(operator.text == "&&" for operator in node.operators)


def _links(node: Node) -> Iterator[Node]:
    if isinstance(node, Sequence | AndOr):
        for item in node.items:
            yield from _links(item)
    else:
        yield node
