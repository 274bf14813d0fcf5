"""Follows the commands of a script through wrappers, scripts of the context and build files."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

from ...knowledge.effects import builds, installer_habit, is_plain, is_settings, list_habit, printers, wrappers
from ...knowledge.managers import manager_name
from ...knowledge.vocabulary import language_of, vocabularies
from ...patterns import re
from ...shell.names import SYSTEM_PATH
from ...shell.reader import read_script
from ...shell.script import Compound, Node, Pipeline, Script, Simple, walk
from ..packages.cleanup import always_runs
from ..shell.operations import operation
from .follow_builds import make, managed
from .follow_python import python_program, python_text
from .following import Following, is_known, joined
from .reached import MOST_COMMANDS, MOST_DEEP, Files, Ran
from .wrappers import Behind, Words, behind, last_of, shebang, shell_call

_PYTHON = re.compile(r"(?:python|pypy)(?:\d(?:\.\d+)?)?\Z")
_INTERPRETERS = {"node": "node", "nodejs": "node", "ts-node": "node", "tsx": "node", "deno": "node", "bun": "node",
                 "ruby": "ruby", "jruby": "ruby", "php": "php"}  # fmt: skip
#: The option behind which a line of code stands, perhaps at the end of several letters (``perl -0pe``); None is Perl.
#: Sources: perlrun(1), ruby(1), "Command-line API" of Node, php(1).
_CODE: dict[str | None, re.Pattern[str]] = {
    None: re.compile(r"-[acflnpstTuUwWX0-9]*[eE]"),
    "ruby": re.compile(r"-[acflnpsSvwW0-9]*e"),
    "node": re.compile(r"-(?:p|e|pe)\Z|--(?:eval|print)\b"),
    "php": re.compile(r"-[rBRE]\Z|--(?:run|process-\w+)\b"),
}
_LOADING = ("-r", "--require", "--import", "--loader")
_SCRIPT = re.compile(r".*\.(?:sh|bash|zsh|ksh|py|pl|rb|js|mjs|cjs|php|run|bin|bsx)\Z", re.I)
_REFERENCE = re.compile(r"\"?\$\{?(\w+)\}?(/[\w./+-]*)?\"?\Z")
_FETCHERS = frozenset(("curl", "wget"))
_MAKES = frozenset(("make", "gmake"))


class Reading(Following):
    """Follows shell scripts, and what they start."""

    def __init__(
        self,
        files: Files,
        text_of: Callable[[str], str | None],
        variables: Mapping[str, str],
        downloads: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(files, text_of, variables, downloads)
        self._functions: set[str] = set()

    # -- scripts ------------------------------------------------------------------------------------------------

    def script(self, script: Script, folder: str | None, place: str, *, surely: bool = True, depth: int = 0) -> None:
        """Follow the commands of *script*, which starts in *folder*."""
        if self._is_too_much(depth, place):
            return
        self._functions |= {
            node.name or "" for node in script.nodes if isinstance(node, Compound) and node.kind == "function"
        }
        fed = _fed(script)
        for command in script.commands:
            if not command.words:
                continue
            if self._is_too_much(depth, place):
                return
            argv = tuple(self._value(word.text, word.literal) for word in command.words)
            always = surely and always_runs(script, command)
            if argv[0] in ("cd", "pushd"):
                target = argv[1] if len(argv) > 1 else None
                folder = joined(folder, target) if target and not target.startswith(("-", "~")) else None
                self.found.append(Ran(argv, folder, place, always))
            elif argv[0] in (".", "source"):
                self._sourced(argv, folder, place, depth)
            elif argv[0] == "eval":
                self._eval(command, argv, folder, place, depth)
            elif argv[0] not in self._functions or argv[0] is None:
                given = fed.get(id(command)) or next((node for node in command.nested if _fetches(node)), None)
                self.command(argv, folder, place, surely=always, depth=depth, fed=given)

    def _is_too_much(self, depth: int, place: str) -> bool:
        """Whether nothing more is followed, which is noted once for all that is left out."""
        spent = len(self.found) > MOST_COMMANDS
        if (depth > MOST_DEEP and not spent) or len(self.found) == MOST_COMMANDS + 1:
            self.unread("script", "commands that call each other too deep, or too many of them", place)
        return spent or depth > MOST_DEEP

    def text(self, text: str, folder: str | None, place: str, *, surely: bool = True, depth: int = 0) -> None:
        """Follow the shell script *text*."""
        script = read_script(text)
        if isinstance(script, Script):
            self.script(script, folder, place, surely=surely, depth=depth)
        else:
            self.unread("script", "a shell script that cannot be read", place)

    def _value(self, text: str, literal: str | None) -> str | None:
        if literal is not None:
            return literal
        match = _REFERENCE.match(text)
        value = self.variables.get(match[1]) if match else None
        return None if value is None or match is None else value + (match[2] or "")

    def _sourced(self, argv: Words, folder: str | None, place: str, depth: int) -> None:
        path = argv[1] if len(argv) > 1 else None
        if path is not None and is_settings(path):
            return
        if path is None:
            self.unread("dynamic", "a file that the shell reads", place)
            return
        text = self.read(path, folder)
        if text is None:
            self.unread("script", path, place)
        elif self.first(("sourced", path, folder)):
            self.text(text, folder, f"{path}, {place}", depth=depth + 1)

    def _eval(self, command: Simple, argv: Words, folder: str | None, place: str, depth: int) -> None:
        if all(word is not None for word in argv):
            self.text(" ".join(word or "" for word in argv[1:]), folder, place, depth=depth + 1)
            return
        inner = [one for node in command.nested for one in walk(node) if isinstance(one, Simple)]
        names = {(one.name or "").rpartition("/")[2] for one in inner}
        if not names or not names <= printers():
            self.unread("dynamic", last_of(tuple(word.text for word in command.words)), place)

    # -- commands -----------------------------------------------------------------------------------------------

    def command(
        self,
        argv: Words,
        folder: str | None,
        place: str,
        *,
        surely: bool = True,
        depth: int = 0,
        user: str | None = None,
        fed: Node | None = None,
    ) -> None:
        """Follow the command *argv*; *fed* is what is piped into it."""
        if self._is_too_much(depth, place):
            return
        if argv[:1] == ("",):
            # An ENTRYPOINT of one empty word is none: CMD says it all.
            argv = argv[1:]
        if not argv:
            return
        if argv[0] is None:
            self.unread("dynamic", "a command that is named when it runs", place)
            return
        if self.own(argv[0], folder) is not None:
            # A file of this build is what it says, whatever programs are called so elsewhere.
            self._program(argv, folder, place, surely, depth, user)
            return
        inner = behind(argv)
        for one in inner:
            self._behind(one, argv, folder, place, surely and len(inner) == 1, depth, user, fed)
        name = posixpath.basename(argv[0])
        if inner or (name in wrappers() and not wrappers()[name].subcommands and manager_name(name) is None):
            self.found.append(Ran(argv, folder, place, surely, user))
            return
        call = shell_call(argv)
        if call is not None:
            substituted = not call.known or (call.file or "").startswith("<(")
            if substituted and fed is not None and _fetches(fed):
                self._downloaded(fed, argv[0], place)
            elif substituted:
                self.unread("dynamic", last_of(argv), place)
            elif call.text is not None:
                self.text(call.text, folder, place, surely=surely, depth=depth + 1)
            elif call.file is not None and call.file not in ("-", "/dev/stdin"):
                self._file(call.file, folder, place, depth, surely=surely, shell=True)
            else:
                self._input(argv, folder, place, depth, fed)
            return
        self._program(argv, folder, place, surely, depth, user)

    def _behind(
        self,
        one: Behind,
        argv: Words,
        folder: str | None,
        place: str,
        surely: bool,
        depth: int,
        user: str | None,
        fed: Node | None,
    ) -> None:
        who = one.user or user
        if one.elsewhere:
            self.unread("program", f"{argv[0]} in another root directory", place)
        elif one.text is not None:
            self.text(one.text, folder, place, surely=surely, depth=depth + 1)
        elif one.argv is None:
            self.unread("dynamic", last_of(argv), place)
        elif one.fetches and one.argv and one.argv[0] and not is_known(one.argv[0]):
            self.unread("program", one.argv[0], place)
        else:
            self.command(one.argv, folder, place, surely=surely, depth=depth + 1, user=who, fed=fed)

    def _downloaded(self, fed: Node, shell: str, place: str) -> None:
        """A script from the network that a shell runs at once."""
        words = [word.text for one in walk(fed) if isinstance(one, Simple) for word in one.words]
        if not any(installer_habit(word) is not None for word in words):
            self.unread("download", f"a script from the network that {shell} runs", place)

    def _input(self, argv: Words, folder: str | None, place: str, depth: int, fed: Node | None) -> None:
        """A shell that reads its input: a download, words that are printed, or something unknown."""
        commands = [one for one in walk(fed) if isinstance(one, Simple)] if fed is not None else []
        names = [(one.name or "").rpartition("/")[2] for one in commands]
        if fed is not None and _fetches(fed):
            self._downloaded(fed, argv[0] or "a shell", place)
        elif len(commands) == 1 and names[0] in ("echo", "printf") and all(commands[0].argv[1:]):
            self.text("\n".join(word or "" for word in commands[0].argv[1:]), folder, place, depth=depth + 1)
        elif names == ["yes"] or (fed is None and len(argv) == 1):
            self.unread("dynamic", f"what {argv[0]} reads", place)
        else:
            self.unread("dynamic", f"what {argv[0]} is given through a pipe", place)

    def _program(self, argv: Words, folder: str | None, place: str, surely: bool, depth: int, user: str | None) -> None:
        word = argv[0] or ""
        name = posixpath.basename(word)
        self.found.append(Ran(argv, folder, place, surely, user))
        if name in ("true", "false", "test", "[", "echo"):
            return
        if self.own(word, folder) is not None:
            self._file(word, folder, place, depth, surely=surely)
            return
        done = operation(argv)
        if done is not None:
            managed(self, done, argv, folder, place, depth)
        elif _PYTHON.match(name):
            python_program(self, argv, folder, place, depth)
        elif name in _INTERPRETERS or name == "perl":
            self._interpreted(name, argv, folder, place)
        elif name in _MAKES:
            make(self, argv, folder, place, depth)
        elif is_plain(name) or list_habit(name, next((one for one in argv[1:] if one and one[0] != "-"), "")):
            return
        elif name in builds():
            self.unread("build", name, place)
        elif ("/" in word and posixpath.dirname(word) not in SYSTEM_PATH and (
            _SCRIPT.match(name) or not word.startswith("/") or word.startswith(("/tmp/", "/root/", "/home/"))
        )) or (_SCRIPT.match(name) and name.endswith((".sh", ".bash"))):  # fmt: skip
            self.unread("script", word, place)
        else:
            self.unread("program", name, place)

    # -- files --------------------------------------------------------------------------------------------------

    def _file(
        self, path: str, folder: str | None, place: str, depth: int, *, surely: bool, shell: bool = False
    ) -> None:
        """Follow the script at *path*."""
        whole = path if shell else self.own(path, folder) or path
        text = self.read(whole, folder)
        if text is None:
            self.unread("script", path, place)
            return
        if not self.first(("file", joined(folder, whole), folder)):
            return
        words = shebang(text)
        inside = f"{posixpath.basename(path)}, {place}"
        runner = posixpath.basename(words[0]) if words else "sh"
        if shell or shell_call((runner, "-c", "true")) is not None:
            self.text(text, folder, inside, surely=surely, depth=depth + 1)
        elif _PYTHON.match(runner):
            python_text(self, text, joined(folder, whole), folder, inside, depth)
        elif runner in _INTERPRETERS:
            self._foreign(_INTERPRETERS[runner], text, path, place)
        elif runner in _MAKES:
            self.unread("build", path, place)
        else:
            self.unread("script", path, place)

    def _interpreted(self, name: str, argv: Words, folder: str | None, place: str) -> None:
        language = _INTERPRETERS.get(name)
        # What -r names for Node is loaded first, and is not what it runs.
        given = [word for at, word in enumerate(argv) if at and (language != "node" or argv[at - 1] not in _LOADING)]
        operand = next((word for word in given if word is None or not word.startswith("-")), "")
        if operand == "" or any(_CODE[language].match(word or "") for word in given):
            # A line of code on the command line prints or computes; what it starts is written in it.
            if any(word is None or re.search(r"apt|system|exec|spawn|popen|`", word) for word in argv[1:]):
                self.unread("dynamic", last_of(argv), place)
            return
        text = self.read(operand, folder) if operand else None
        if text is None or operand is None or language is None:
            self.unread("script", operand or f"what {name} runs", place)
        else:
            self._foreign(language, text, operand, place)

    def _foreign(self, language: str, text: str, path: str, place: str) -> None:
        """A file of a language that is not read in full: unknown if it, or another of its language, starts programs."""
        words = vocabularies()[language]
        texts = [text]
        for context in self.files.context.values():
            if language_of(context) == language and "node_modules/" not in context:
                texts.append(self.text_of(context) or "")
        if any(pattern.search(one) for one in texts for pattern in words.runs):
            self.unread("script", path, place)


def _fetches(node: Node) -> bool:
    """Whether a command in *node* downloads."""
    return any(
        isinstance(one, Simple) and any((word or "").rpartition("/")[2] in _FETCHERS for word in one.argv[:2])
        for one in walk(node)
    )


def _fed(script: Script) -> dict[int, Node]:
    """What is piped into each simple command of *script* that ends a pipe, by the command's identity."""
    found: dict[int, Node] = {}
    for node in script.nodes:
        if isinstance(node, Pipeline):
            for at, item in enumerate(node.items[1:], start=1):
                if isinstance(item, Simple):
                    found[id(item)] = node.items[at - 1]
    return found
