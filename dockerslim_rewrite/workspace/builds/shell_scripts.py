"""Builds in shell scripts: commands in order, with the variables and folders that the script itself sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...analysis.shell.operations import unwrapped
from ...knowledge.build_commands import names_a_builder
from ...patterns import re
from ...record import evolve
from ...shell.reader import read_script
from ...shell.script import AndOr, Compound, Group, Node, Pipeline, Script, Simple, Word, children, walk
from ...text.lines import line_at
from ..repository import Repository
from .checkouts import not_in
from .command_line import built
from .found import FoundBuild, Place, Text, Unknown
from .handed_scripts import handed_script, own_lines, repeated_command
from .option_variables import OptionVariables
from .overwritten import doubted, may_write, redirected, speaks_of_one
from .overwritten import written as files_written
from .shell_repeats import MOST_ITEMS, MOST_REPEATS, PARAMETERS, Function, bound, loop_words, own_names, told
from .shell_state import MOST_FILES, ShellState, assigned
from .shell_values import stands_for_several
from .shell_words import logical_lines

#: Larger scripts are generated, or no scripts.
_MAX_SCRIPT = 256 * 1024
#: A line that says what stands behind it is about.
_CHANGES = re.compile(r"\s*+(?:[A-Za-z_]\w*\+?=|(?:cd|pushd|popd)(?:\s|\Z))")
_ASKS = frozenset(
    ("[", "[[", "test", "command", "which", "type", "hash", "grep", "egrep", "false", "true", "pgrep", "diff")
)
#: What xargs adds to the words of a command, or puts in the place of a mark.
_MORE = Unknown('"$@"')
_ADDED = "_added_"
#: Shells that start shells are followed so far.
_MAX_HANDED = 5


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
        self._state = ShellState(kind, path, folders, variables or {}, plain, written)
        self._functions: dict[str, Function] = {}
        #: Functions that something calls, and those that are being read.
        self._called: set[str] = set()
        self._running: set[str] = set()
        self._repeats = MOST_REPEATS
        #: How many shells above hand their scripts on.
        self._depth = 0

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
            self._state.write(redirected(node.redirects))
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
            self._state.write(redirected(node.redirects))
            return
        if isinstance(node, Compound):
            if node.kind == "function" and node.name:
                # It is read where it is called.
                self._functions[node.name] = Function(node, script, self._line, self._path)
                return
            yield from self._compound(node, script)
            self._state.write(redirected(node.redirects))
            return
        for child in children(node):
            yield from self._node(child, script)
        if isinstance(node, Group):
            self._state.write(redirected(node.redirects))

    def _compound(self, node: Compound, script: Script) -> Iterator[FoundBuild]:
        """The builds in *node*: a branch may be passed over, and a loop's body is run with several values."""
        loop = node.name if node.kind == "for" else None
        names = self._sets(node)
        if loop is not None:
            self._state.plain.set(loop, None)
            names.add(loop)
        folders, starts = list(self._state.folders), self._state.starts
        items = self._items(node, script) if loop is not None else None
        if node.kind in ("for", "while", "function") and items is None:
            self._state.forget(names)
        for item in items if items is not None else [None]:
            if loop is not None and item is not None:
                self._state.bind({loop: item})
            for child in children(node):
                yield from self._node(child, script)
        self._state.folders, self._state.starts = folders, starts
        self._state.forget(names)

    def _items(self, loop: Compound, script: Script) -> Sequence[Text] | None:
        """The words that the *loop* goes through; None where they are not known, or too many."""
        written = loop_words(loop, script)
        items = self._state.listed(f"({written})") if written is not None else None
        if items is None or not told(items) or not 0 < len(items) <= min(MOST_ITEMS, self._repeats):
            return None
        self._repeats -= len(items)
        return items

    def _call(self, name: str, command: Simple) -> Iterator[FoundBuild]:
        """The builds of the function *name*, which *command* calls."""
        function = self._functions[name]
        self._called.add(name)
        if name in self._running or self._repeats <= 0:
            self._state.forget(self._sets(function.node))
            if any(isinstance(one, Simple) and one.name in ("cd", "pushd", "popd") for one in walk(function.node)):
                self._state.folders = [Unknown(name)]
            return
        self._repeats -= 1
        words = [value for word in command.words[1:] for value in self._state.words.values(word.text)]
        before = {one: self._state.variable(one) for one in (*PARAMETERS, *own_names(function.node))}
        self._state.bind(bound(words))
        given = self._state.given(None if any(map(stands_for_several, words)) else words)
        self._running.add(name)
        place, (self._line, self._path) = (self._line, self._path), (function.line, function.path)
        for child in children(function.node):
            yield from self._node(child, function.script)
        self._line, self._path = place
        self._running.discard(name)
        self._state.bind(before)
        self._state.given(given)

    def _sets(self, node: Node) -> set[str]:
        """The variables that *node* may set, those of functions that it calls among them."""
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [node]
        while waiting:
            for inner in walk(waiting.pop()):
                found.update(assigned(inner))
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
        saved = self._state.saved()
        for node in nodes:
            yield from self._node(node, script)
        self._state.restore(saved)

    def _list(self, node: AndOr, script: Script) -> Iterator[FoundBuild]:
        """The builds in a list: what stands behind ``||``, or behind the ``&&`` of a test, runs or does not."""
        first, *others = node.items
        yield from self._node(first, script)
        perhaps = _tests(first)
        for operator, item in zip(node.operators, others, strict=True):
            perhaps = perhaps or operator.text == "||" or _tests(item)
            folders, starts = list(self._state.folders), self._state.starts
            yield from self._node(item, script)
            if perhaps:
                self._state.forget(self._sets(item))
                self._state.starts = starts
                self._state.folders = list(dict.fromkeys((*folders, *self._state.folders)))

    def _simple(self, command: Simple, script: Script) -> Iterator[FoundBuild]:
        for inner in command.nested:
            yield from self._node(inner, script)
        if command.name in self._functions:
            yield from self._call(str(command.name), command)
            return
        if self._state.changes(command):
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
        handed = handed_script(command, written, script.text, self._state.words.value)
        if handed is not None:
            text, at = handed
            line = self._line + line_at(script.text, at) - 1
            yield from self._handed(text if mark is None else text.replace(mark, f"${_ADDED}"), line)
            return
        words = self._state.command(written)
        if words is None:
            if written and may_write(written[0].text):
                self._state.write(files_written([self._state.words.value(word.text) for word in written[:MOST_FILES]]))
            return
        if mark is not None:
            words = [Unknown(str(word)) if mark in str(word) else word for word in words]
        words += [_MORE] if more else []
        if not self._repository.follows(self._path):
            return
        given = next((one.target for one in command.redirects if one.operator in ("<", "0<")), None)
        read = None if given is None else self._state.words.value(given.text)
        place = Place(self._path, line)
        found = built(self._repository, self._kind, place, words, self._state.folders, read, self._state.plain)
        if found is None:
            return
        if self._state.starts is not None:
            start: list[Text] = [Unknown("the start")]
            anywhere = built(self._repository, self._kind, place, words, start, read, self._state.plain)
            if anywhere is None or (anywhere.context, anywhere.dockerfile) != (found.context, found.dockerfile):
                found = evolve(found, seen_from=self._state.starts)
        found = doubted(self._repository, found, self._state.written)
        yield not_in(found, self._state.cloned) if self._state.cloned else found

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
