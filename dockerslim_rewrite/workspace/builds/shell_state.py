"""The state of a shell that reads a script: its directory, variables and lists, and what its commands have written.

Sources: POSIX, "Shell Command Language", "cd", "read", "shift"; Bash manual, "Arrays", "The Directory Stack".
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from weakref import ref

from ...analysis.shell.operations import unwrapped
from ...knowledge.build_commands import build_arguments, checkout_variables, chosen_tool
from ...patterns import re
from ...shell.reader import read_script
from ...shell.script import Node, Script, Simple, Word
from ..repository import joined
from .checkout import CHECKOUT, below, relative
from .found import Text, Unknown
from .kaniko import kaniko_words
from .option_variables import OptionVariables
from .places import is_remote
from .shell_repeats import PARAMETERS, shifted
from .shell_values import Words

#: Of an array or a command; one that doubles with each line is given up.
_MOST_WORDS: Final = 1_000
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=(.*)\Z", re.S)
#: Characters of the longest path that Linux takes.
_LONGEST: Final = 4096
_VARIABLE = re.compile(r"\"?\$\{?(\w+)\}?\"?")
#: Where popd leads that no pushd was before.
_LOST: tuple[Text, ...] = (Unknown("popd"),)
#: Files that are written, and words of a command that may name some.
MOST_FILES: Final = 1_000
_KEPT: Final = frozenset(("export", "readonly", "local", "declare", "typeset"))


class Saved(NamedTuple):
    """What a shell of its own leaves as it was."""

    folders: list[Text]
    starts: tuple[str, ...] | None
    variables: dict[str, Text | None]
    lists: dict[str, tuple[Text, ...] | None]


class ShellState:
    """The state of the shell that reads the script *path*, which may start in *folders* with *variables*.

    ``folders`` are those that it may be in by now, ``plain`` variables with options that choose neither Dockerfile nor
    stage, ``written`` files that commands have written, ``cloned`` where other repositories were put.
    """

    def __init__(
        self,
        kind: str,
        path: str,
        folders: Sequence[Text],
        variables: Mapping[str, Text],
        plain: OptionVariables | None,
        written: set[str] | None,
    ) -> None:
        self.folders = list(folders)
        #: Those that a file is read for: who starts it may be anywhere. None where that makes no difference any more.
        self.starts = tuple(map(str, folders)) if kind == "shell" else None
        #: What pushd left, for popd.
        self._left: list[tuple[list[Text], tuple[str, ...] | None]] = []
        checkout: dict[str, Text] = dict.fromkeys(checkout_variables(), CHECKOUT)
        # What others share is asked, and not copied for each script.
        shared = isinstance(variables, ChainMap)
        given: Mapping[str, Text] = variables if shared else {**checkout, **variables}
        own: dict[str, Text | None] = {}
        self._variables = own

        def lookup(name: str) -> Text | None:
            return own[name] if name in own else given[name] if name in given else checkout.get(name)

        self._lookup = lookup
        #: The words of arrays; None where they are not known.
        self._lists: dict[str, tuple[Text, ...] | None] = {}
        #: The build tool that a variable may stand for.
        self._tools: dict[str, str] = {}
        self.plain = plain if plain is not None else OptionVariables()
        #: What commands before have written, as far as it is known.
        self.written = written if written is not None else set()
        #: Where other repositories were cloned into.
        self.cloned: list[str] = []
        # A state that its own reader of words holds would stay until the next collection of garbage, with a copy of all
        # variables of a pipeline for each of its jobs.
        me = ref(self)
        self.words = Words(below(path.rpartition("/")[0]), lookup, self._lists.get, lambda: _absolute(me()))

    def saved(self) -> Saved:
        """What a shell of its own starts with."""
        return Saved(list(self.folders), self.starts, dict(self._variables), dict(self._lists))

    def restore(self, saved: Saved) -> None:
        """Go back to what was *saved*."""
        self.folders, self.starts = saved.folders, saved.starts
        self._variables.clear()
        self._variables.update(saved.variables)
        self._lists.clear()
        self._lists.update(saved.lists)

    def variable(self, name: str) -> Text | None:
        """The value of the variable *name*; None where nobody sets it."""
        return self._lookup(name)

    def bind(self, values: Mapping[str, Text | None]) -> None:
        """Give variables the *values*."""
        self._variables.update(values)

    def given(self, words: Sequence[Text] | None) -> tuple[Text, ...] | None:
        """Give the function that is called *words*, None for those that nobody knows; what was given before."""
        before = self._lists.get("@")
        self._lists["@"] = None if words is None else tuple(words)
        return before

    def forget(self, names: set[str]) -> None:
        """Take the variables *names* for unknown."""
        self._variables.update({name: Unknown(f"${name}") for name in names})
        self._lists.update(dict.fromkeys(names))

    def write(self, files: Iterable[str]) -> None:
        """Remember that a command writes *files*, as words of the script name them."""
        for one in files:
            value = self.words.value(one)
            if len(self.written) < MOST_FILES:
                places = [self._entered(folder, value) for folder in self.folders]
                self.written.update(place for place in places if isinstance(place, str))

    def changes(self, command: Simple) -> bool:
        """Follow *command* where it is about variables or directories: whether it is."""
        name = command.name
        if not command.words or name in _KEPT:
            for word in command.words[1:] or command.assignments:
                self._assign(word.text)
        elif name == "read":
            names = {word.text for word in command.words[1:] if word.text.isidentifier()}
            self.forget(names)
            for one in names:
                self.plain.set(one, None)
        elif name == "shift":
            count = command.words[1].text if len(command.words) > 1 else "1"
            known = {one: self.variable(one) for one in PARAMETERS}
            for one in PARAMETERS if None not in known.values() else ():
                self._variables[one] = known.get(shifted(one, count) or "", Unknown(f"${one}"))
            words = self._lists.get("@")
            self._lists["@"] = words[int(count) :] if words is not None and count in PARAMETERS else None
        elif name in ("cd", "pushd"):
            if name == "pushd":
                # For popd.
                self._left.append((list(self.folders), self.starts))
            self._enter(command)
        elif name == "git" and any(word.text == "clone" for word in command.words[1:3]):
            self.cloned += self._clone(command)
        elif name == "popd":
            self.folders, self.starts = self._left.pop() if self._left else ([*_LOST], self.starts)
        else:
            return False
        return True

    def command(self, words: Sequence[Word]) -> list[Text] | None:
        """The words of a command that builds something; None for any other."""
        found: list[Text] = []
        for word in words:
            # What variables make of many words is not worth knowing beyond some thousand.
            found += self.words.values(word.text) if len(found) < _MOST_WORDS else (self.words.value(word.text),)
        for at, first in enumerate(found):
            name = _VARIABLE.fullmatch(first.text) if isinstance(first, Unknown) else None
            tool = self._tools.get(name[1]) if name is not None else None
            if tool is not None or isinstance(first, str):
                found = [tool or str(first), *found[at + 1 :]]
                break
            # What is not known may also be what runs the tool, as sudo does, or nothing.
        found = found[unwrapped(tuple(word if isinstance(word, str) else None for word in found)) :]
        found = kaniko_words(found) or found
        known = [word if isinstance(word, str) else None for word in found]
        return None if build_arguments(known) is None else found

    def _assign(self, text: str) -> None:
        match = _ASSIGNMENT.match(text)
        if match is None:
            return
        name, adds, written = match.groups()
        self.plain.set(name, written)
        tool = chosen_tool(written)
        if tool is not None:
            self._tools.setdefault(name, tool)
        if written.startswith("("):
            before = self._lists.get(name) if adds else ()
            words = self.listed(written)
            together = None if before is None or words is None else (*before, *words)
            self._lists[name] = together if together is not None and len(together) <= _MOST_WORDS else None
            self._variables[name] = Unknown(written)
            return
        value, before_ = self.words.value(written), self.variable(name)
        if adds:
            known = isinstance(value, str) and isinstance(before_, str)
            value = f"{before_}{value}" if known else Unknown(written)
        self._variables[name] = value

    def listed(self, written: str) -> tuple[Text, ...] | None:
        """The words of the array *written* in parentheses; None where they are not known."""
        lines = [line for line in written[1:].rpartition(")")[0].split("\n") if not line.lstrip().startswith("#")]
        script = read_script("x " + " ".join(lines))
        if not isinstance(script, Script) or len(script.commands) != 1:
            return None
        return tuple(value for word in script.commands[0].words[1:] for value in self.words.values(word.text))

    def _enter(self, command: Simple) -> None:
        target = next((word for word in command.words[1:] if not word.text.startswith("-")), None)
        value: Text = Unknown("~") if target is None else self.words.value(target.text)
        if isinstance(value, str) and value.startswith("/"):
            self.starts = None
        self.folders = list(dict.fromkeys(self._entered(folder, value) for folder in self.folders))

    def _clone(self, command: Simple) -> Iterator[str]:
        """The folders that a *command* of Git may clone a repository into."""
        words = [value for word in command.words[2:] if isinstance(value := self.words.value(word.text), str)]
        at = next((at for at, word in enumerate(words) if is_remote(word) or word.endswith(".git")), None)
        if at is None:
            return
        into = next((one for one in words[at + 1 :] if not one.startswith("-")), None)
        into = into or words[at].rstrip("/").rpartition("/")[2].removesuffix(".git")
        places = [self._entered(folder, into) for folder in self.folders]
        yield from (one for one in places if isinstance(one, str))

    def _entered(self, folder: Text, value: Text) -> Text:
        if isinstance(value, Unknown):
            return value
        if value.startswith("/"):
            inside = relative(value)
            return Unknown(value) if inside is None else inside
        if isinstance(folder, Unknown):
            return Unknown(value)
        found = joined(folder, value)
        return found if len(found) <= _LONGEST else Unknown(value)


def assigned(node: Node) -> Iterator[str]:
    """The variables that *node* sets, a simple command."""
    if isinstance(node, Simple):
        words = node.assignments if not node.words else node.words[1:] if node.name in _KEPT else ()
        for word in words:
            match = _ASSIGNMENT.match(word.text)
            if match is not None:
                yield match[1]
        if node.name == "read":
            yield from (word.text for word in node.words[1:] if word.text.isidentifier())


def _absolute(state: ShellState | None) -> str | None:
    """The one directory that *state* is in, from the root; None where that is not known."""
    known = state.folders[0] if state is not None and len(state.folders) == 1 else None
    return below(known) if isinstance(known, str) else None
