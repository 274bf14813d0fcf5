"""Builds in shell scripts: commands in order, with the variables and folders that the script itself sets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from ...analysis.shell.operations import unwrapped
from ...knowledge.build_commands import build_arguments, checkout_variables, chosen_tool, names_a_builder
from ...record import evolve
from ...shell.reader import read_script
from ...shell.script import AndOr, Compound, Group, Node, Pipeline, Script, Simple, Word, children, walk
from ...text.lines import line_at
from ..repository import Repository, joined
from .checkout import CHECKOUT, below, relative
from .checkouts import not_in
from .command_line import built
from .found import FoundBuild, Place, Text, Unknown
from .handed_scripts import handed_script, own_lines, repeated_command
from .kaniko import kaniko_words
from .option_variables import OptionVariables
from .other_ways import with_others
from .overwritten import doubted, may_write, redirected, speaks_of_one
from .overwritten import written as files_written
from .places import is_remote
from .script_callers import given_to_script
from .shell_repeats import MOST_ITEMS, MOST_REPEATS, PARAMETERS, Function, bound, loop_words, own_names, shifted, told
from .shell_values import Words
from .shell_words import logical_lines

T = TypeVar("T")
#: Larger scripts are generated, or no scripts.
_MAX_SCRIPT = 256 * 1024
#: Of an array or a command; one that doubles with each line is given up.
_MOST_WORDS = 1_000
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=(.*)\Z", re.S)
#: Characters of the longest path that Linux takes.
_LONGEST = 4096
#: A line that says what stands behind it is about.
_CHANGES = re.compile(r"\s*+(?:[A-Za-z_]\w*\+?=|(?:cd|pushd|popd)(?:\s|\Z))")
_VARIABLE = re.compile(r"\"?\$\{?(\w+)\}?\"?")
_ASKS = frozenset(
    ("[", "[[", "test", "command", "which", "type", "hash", "grep", "egrep", "false", "true", "pgrep", "diff")
)
#: Where popd leads that no pushd was before.
_LOST: tuple[Text, ...] = (Unknown("popd"),)
#: What xargs adds to the words of a command, or puts in the place of a mark.
_MORE = Unknown('"$@"')
_ADDED = "_added_"
#: Shells that start shells are followed so far.
_MAX_HANDED = 5
#: Files that are written, and words of a command that may name some.
_MOST_FILES = 1_000
_KEPT = frozenset(("export", "readonly", "local", "declare", "typeset"))


class Step(NamedTuple):
    """One of several texts for one shell, and where it stands."""

    text: str
    line: int
    path: str


class ScriptReader:
    """Reads one script. *folders* are those that it may start in, relative to the root; *home* is its own folder."""

    def __init__(
        self,
        repository: Repository,
        kind: str,
        path: str,
        line: int,
        folders: Sequence[Text],
        variables: Mapping[str, Text] | None = None,
        plain: OptionVariables | None = None,
        written: set[str] | None = None,
    ) -> None:
        self._repository = repository
        self._kind = kind
        self._path = path
        self._line = line
        self._folders = list(folders)
        #: Those that a file is read for: who starts it may be anywhere. None where that makes no difference any more.
        self._starts = tuple(map(str, folders)) if kind == "shell" else None
        #: What pushd left, for popd.
        self._left: list[tuple[list[Text], tuple[str, ...] | None]] = []
        self._variables: dict[str, Text | None] = dict.fromkeys(checkout_variables(), CHECKOUT)
        self._variables.update(variables or {})
        #: The words of arrays; None where they are not known.
        self._lists: dict[str, tuple[Text, ...] | None] = {}
        #: The build tool that a variable may stand for.
        self._tools: dict[str, str] = {}
        self._functions: dict[str, Function] = {}
        #: Functions that something calls, and those that are being read.
        self._called: set[str] = set()
        self._running: set[str] = set()
        self._repeats = MOST_REPEATS
        self._plain = plain if plain is not None else OptionVariables()
        #: What commands before have written, as far as it is known.
        self._written = written if written is not None else set()
        #: Where other repositories were cloned into.
        self._cloned: list[str] = []
        #: How many shells above hand their scripts on.
        self._depth = 0
        self._words = Words(below(path.rpartition("/")[0]), self._variables.get, self._lists.get, self._absolute)

    def _absolute(self) -> str | None:
        known = self._folders[0] if len(self._folders) == 1 else None
        return below(known) if isinstance(known, str) else None

    def steps(self, steps: Sequence[Step]) -> Iterator[FoundBuild]:
        """The builds in the texts of *steps*, which one shell reads one after the other."""
        if not any(map(_tells, (step.text for step in steps))):
            return
        for step in steps:
            self._line, self._path = step.line, step.path
            if len(step.text) <= _MAX_SCRIPT:
                yield from self._text(step.text)
        yield from self._uncalled()

    def read(self, text: str) -> Iterator[FoundBuild]:
        """The builds in *text*."""
        if len(text) > _MAX_SCRIPT or not _tells(text):
            return
        if not names_a_builder(text) or self._repository.follows(self._path):
            yield from self._text(text)
            yield from self._uncalled()

    def _text(self, text: str) -> Iterator[FoundBuild]:
        script = read_script(text)
        if isinstance(script, Script):
            yield from self._node(script.root, script)
            return
        # What cannot be read as a whole may still hold lines that can.
        for offset, line in own_lines(logical_lines(text)):
            one = read_script(line) if names_a_builder(line) or _CHANGES.match(line) else None
            if isinstance(one, Script):
                before, self._line = self._line, self._line + offset
                yield from self._node(one.root, one)
                self._line = before

    def _node(self, node: Node, script: Script) -> Iterator[FoundBuild]:
        if isinstance(node, Simple):
            yield from self._simple(node, script)
            self._write(redirected(node.redirects))
            return
        if isinstance(node, AndOr):
            yield from self._list(node, script)
            return
        if isinstance(node, Pipeline) and len(node.items) > 1:
            # Each of its commands runs in a shell of its own.
            for child in children(node):
                yield from self._apart([child], script)
            return
        if isinstance(node, Group) and node.subshell:
            yield from self._apart(children(node), script)
            self._write(redirected(node.redirects))
            return
        if isinstance(node, Compound):
            if node.kind == "function" and node.name:
                # It is read where it is called.
                self._functions[node.name] = Function(node, script, self._line, self._path)
                return
            yield from self._compound(node, script)
            self._write(redirected(node.redirects))
            return
        for child in children(node):
            yield from self._node(child, script)
        if isinstance(node, Group):
            self._write(redirected(node.redirects))

    def _compound(self, node: Compound, script: Script) -> Iterator[FoundBuild]:
        """The builds in *node*: a branch may be passed over, and a loop's body is run with several values."""
        loop = node.name if node.kind == "for" else None
        assigned = self._sets(node)
        if loop is not None:
            self._plain.set(loop, None)
            assigned.add(loop)
        folders, starts = list(self._folders), self._starts
        items = self._items(node, script) if loop is not None else None
        if node.kind in ("for", "while", "function") and items is None:
            self._forget(assigned)
        for item in items if items is not None else [None]:
            if loop is not None and item is not None:
                self._variables[loop] = item
            for child in children(node):
                yield from self._node(child, script)
        self._folders, self._starts = folders, starts
        self._forget(assigned)

    def _items(self, loop: Compound, script: Script) -> Sequence[Text] | None:
        """The words that the *loop* goes through; None where they are not known, or too many."""
        written = loop_words(loop, script)
        items = self._listed(f"({written})") if written is not None else None
        if items is None or not told(items) or not 0 < len(items) <= min(MOST_ITEMS, self._repeats):
            return None
        self._repeats -= len(items)
        return items

    def _call(self, name: str, command: Simple) -> Iterator[FoundBuild]:
        """The builds of the function *name*, which *command* calls."""
        function = self._functions[name]
        self._called.add(name)
        if name in self._running or self._repeats <= 0:
            self._forget(self._sets(function.node))
            if any(isinstance(one, Simple) and one.name in ("cd", "pushd", "popd") for one in walk(function.node)):
                self._folders = [Unknown(name)]
            return
        self._repeats -= 1
        words = [value for word in command.words[1:] for value in self._words.values(word.text)]
        before = {one: self._variables.get(one) for one in (*PARAMETERS, *own_names(function.node))}
        self._variables.update(bound(words))
        self._running.add(name)
        place, (self._line, self._path) = (self._line, self._path), (function.line, function.path)
        for child in children(function.node):
            yield from self._node(child, function.script)
        self._line, self._path = place
        self._running.discard(name)
        self._variables.update(before)

    def _sets(self, node: Node) -> set[str]:
        """The variables that *node* may set, those of functions that it calls among them."""
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [node]
        while waiting:
            for inner in walk(waiting.pop()):
                found.update(_assigned(inner))
                called = inner.name if isinstance(inner, Simple) else None
                if called is not None and called in self._functions and called not in seen:
                    seen.add(called)
                    waiting.append(self._functions[called].node)
        return found

    def _uncalled(self) -> Iterator[FoundBuild]:
        """The builds of functions that nothing here calls, with parameters that nobody knows."""
        for name, function in list(self._functions.items()):
            if name not in self._called:
                self._called.add(name)
                self._line, self._path = function.line, function.path
                yield from self._compound(function.node, function.script)

    def _apart(self, nodes: Sequence[Node], script: Script) -> Iterator[FoundBuild]:
        """The builds in *nodes*, which a shell of their own runs: what they set ends with it."""
        folders, variables, lists = list(self._folders), dict(self._variables), dict(self._lists)
        starts = self._starts
        for node in nodes:
            yield from self._node(node, script)
        self._folders, self._starts = folders, starts
        _restore(self._variables, variables)
        _restore(self._lists, lists)

    def _list(self, node: AndOr, script: Script) -> Iterator[FoundBuild]:
        """The builds in a list: what stands behind ``||``, or behind the ``&&`` of a test, runs or does not."""
        first, *others = node.items
        yield from self._node(first, script)
        perhaps = _tests(first)
        for operator, item in zip(node.operators, others, strict=True):
            perhaps = perhaps or operator.text == "||" or _tests(item)
            folders, starts = list(self._folders), self._starts
            yield from self._node(item, script)
            if perhaps:
                self._forget(self._sets(item))
                self._starts = starts
                self._folders = list(dict.fromkeys((*folders, *self._folders)))

    def _forget(self, names: set[str]) -> None:
        """Take the variables *names* for unknown."""
        self._variables.update({name: Unknown(f"${name}") for name in names})
        self._lists.update(dict.fromkeys(names))

    def _simple(self, command: Simple, script: Script) -> Iterator[FoundBuild]:
        for inner in command.nested:
            yield from self._node(inner, script)
        if command.name in self._functions:
            yield from self._call(str(command.name), command)
            return
        if self._changes(command):
            return
        at = unwrapped(command.argv)
        known = command.argv[at:]
        if not known or (known[0] is None and command.words[at].text[:1] not in '$"'):
            return
        line = self._line + line_at(script.text, command.span.start) - 1
        written: Sequence[Word] = command.words[at:]
        mark, more = None, False
        repeated = repeated_command(written)
        if repeated is not None:
            written, mark = repeated
            more = mark is None
        handed = handed_script(command, written, script.text, self._words.value)
        if handed is not None:
            text, at = handed
            line = self._line + line_at(script.text, at) - 1
            yield from self._handed(text if mark is None else text.replace(mark, f"${_ADDED}"), line)
            return
        words = self._command(written)
        if words is None:
            if written and may_write(written[0].text):
                self._write(files_written([self._words.value(word.text) for word in written[:_MOST_FILES]]))
            return
        if mark is not None:
            words = [Unknown(str(word)) if mark in str(word) else word for word in words]
        words += [_MORE] if more else []
        if not self._repository.follows(self._path):
            return
        given = next((one.target for one in command.redirects if one.operator in ("<", "0<")), None)
        read = None if given is None else self._words.value(given.text)
        place = Place(self._path, line)
        found = built(self._repository, self._kind, place, words, self._folders, read, self._plain)
        if found is None:
            return
        if self._starts is not None:
            start: list[Text] = [Unknown("the start")]
            anywhere = built(self._repository, self._kind, place, words, start, read, self._plain)
            if anywhere is None or (anywhere.context, anywhere.dockerfile) != (found.context, found.dockerfile):
                found = evolve(found, seen_from=self._starts)
        found = doubted(self._repository, found, self._written)
        yield not_in(found, self._cloned) if self._cloned else found

    def _write(self, files: Iterable[str]) -> None:
        """Remember that a command writes *files*, as words of the script name them."""
        for one in files:
            value = self._words.value(one)
            if len(self._written) < _MOST_FILES:
                places = [self._entered(folder, value) for folder in self._folders]
                self._written.update(place for place in places if isinstance(place, str))

    def _handed(self, text: str, line: int) -> Iterator[FoundBuild]:
        """The builds in *text*, which another shell reads that the *line* starts."""
        script = read_script(text) if self._depth < _MAX_HANDED and names_a_builder(text) else None
        if not isinstance(script, Script):
            return
        before, self._line = self._line, line
        self._depth += 1
        yield from self._apart([script.root], script)
        self._line = before
        self._depth -= 1

    def _changes(self, command: Simple) -> bool:
        """Follow *command* where it is about variables or directories: whether it is."""
        name = command.name
        if not command.words or name in _KEPT:
            for word in command.words[1:] or command.assignments:
                self._assign(word.text)
        elif name == "read":
            names = {word.text for word in command.words[1:] if word.text.isidentifier()}
            self._forget(names)
            for one in names:
                self._plain.set(one, None)
        elif name == "shift":
            count = command.words[1].text if len(command.words) > 1 else "1"
            known = {one: self._variables.get(one) for one in PARAMETERS}
            for one in PARAMETERS if None not in known.values() else ():
                self._variables[one] = known.get(shifted(one, count) or "", Unknown(f"${one}"))
        elif name in ("cd", "pushd"):
            if name == "pushd":
                # For popd.
                self._left.append((list(self._folders), self._starts))
            self._enter(command)
        elif name == "git" and any(word.text == "clone" for word in command.words[1:3]):
            self._cloned += self._clone(command)
        elif name == "popd":
            self._folders, self._starts = self._left.pop() if self._left else ([*_LOST], self._starts)
        else:
            return False
        return True

    def _command(self, words: Sequence[Word]) -> list[Text] | None:
        """The words of a command that builds something; None for any other."""
        found: list[Text] = []
        for word in words:
            # What variables make of many words is not worth knowing beyond some thousand.
            found += self._words.values(word.text) if len(found) < _MOST_WORDS else (self._words.value(word.text),)
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
        self._plain.set(name, written)
        tool = chosen_tool(written)
        if tool is not None:
            self._tools.setdefault(name, tool)
        if written.startswith("("):
            before = self._lists.get(name) if adds else ()
            words = self._listed(written)
            together = None if before is None or words is None else (*before, *words)
            self._lists[name] = together if together is not None and len(together) <= _MOST_WORDS else None
            self._variables[name] = Unknown(written)
            return
        value, before_ = self._words.value(written), self._variables.get(name)
        if adds:
            known = isinstance(value, str) and isinstance(before_, str)
            value = f"{before_}{value}" if known else Unknown(written)
        self._variables[name] = value

    def _listed(self, written: str) -> tuple[Text, ...] | None:
        """The words of the array *written* in parentheses; None where they are not known."""
        lines = [line for line in written[1:].rpartition(")")[0].split("\n") if not line.lstrip().startswith("#")]
        script = read_script("x " + " ".join(lines))
        if not isinstance(script, Script) or len(script.commands) != 1:
            return None
        return tuple(value for word in script.commands[0].words[1:] for value in self._words.values(word.text))

    def _enter(self, command: Simple) -> None:
        target = next((word for word in command.words[1:] if not word.text.startswith("-")), None)
        value: Text = Unknown("~") if target is None else self._words.value(target.text)
        if isinstance(value, str) and value.startswith("/"):
            self._starts = None
        self._folders = list(dict.fromkeys(self._entered(folder, value) for folder in self._folders))

    def _clone(self, command: Simple) -> Iterator[str]:
        """The folders that a *command* of Git may clone a repository into."""
        words = [value for word in command.words[2:] if isinstance(value := self._words.value(word.text), str)]
        at = next((at for at, word in enumerate(words) if is_remote(word) or word.endswith(".git")), None)
        if at is None:
            return
        into = next((one for one in words[at + 1 :] if not one.startswith("-")), None)
        into = into or words[at].rstrip("/").rpartition("/")[2].removesuffix(".git")
        places = [self._entered(folder, into) for folder in self._folders]
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


def _tells(text: str) -> bool:
    """Whether *text* may build something, or write what is built."""
    return names_a_builder(text) or speaks_of_one(text)


def _tests(node: Node) -> bool:
    """Whether *node* asks for something that may be so or not, as opposed to work that is meant to succeed."""
    if isinstance(node, Pipeline):
        return node.negated or any(map(_tests, node.items))
    if isinstance(node, Compound):
        return node.kind == "test"
    return isinstance(node, Simple) and node.name in _ASKS


def _restore(values: dict[str, T], before: Mapping[str, T]) -> None:
    values.clear()
    values.update(before)


def _assigned(node: Node) -> Iterator[str]:
    if isinstance(node, Simple):
        words = node.assignments if not node.words else node.words[1:] if node.name in _KEPT else ()
        for word in words:
            match = _ASSIGNMENT.match(word.text)
            if match is not None:
                yield match[1]
        if node.name == "read":
            yield from (word.text for word in node.words[1:] if word.text.isidentifier())


def script_file(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds in the script *path*: it may be called from its own folder or from the root, and with variables that
    its callers set.
    """
    text = repository.read(path)
    if text is None or not names_a_builder(text):
        return

    def read(variables: Mapping[str, Text]) -> list[FoundBuild]:
        return list(ScriptReader(repository, "shell", path, 1, _homes(path), variables).read(text))

    ways = given_to_script(repository, path, text)
    others = [read({name: Unknown(f"${name}") if one is None else one for name, one in way.items()}) for way in ways]
    yield from with_others(read({}), others)


def _homes(path: str) -> list[Text]:
    own = path.rpartition("/")[0]
    return list(dict.fromkeys(["", own]))
