"""Follows the commands of a script through wrappers, scripts of the context and build files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from ...knowledge.effects import builds, installer_habit, is_plain, is_settings, list_habit, printers, wrappers
from ...knowledge.managers import manager_name
from ...knowledge.vocabulary import language_of, vocabularies
from ...shell.reader import read_script
from ...shell.script import Compound, Node, Pipeline, Script, Simple, walk
from ..packages.cleanup import always_runs
from ..shell.operations import Kind, Operation, operation
from .makefiles import read_makefile, recipes
from .python_calls import read_python
from .reached import MOST_COMMANDS, MOST_DEEP, Files, Ran, Reached, Unread
from .wrappers import Behind, Words, behind, last_of, shebang, shell_call

_SYSTEM = frozenset(("/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"))
_PYTHON = re.compile(r"(?:python|pypy)(?:\d(?:\.\d+)?)?\Z")
_INTERPRETERS = {"node": "node", "nodejs": "node", "ts-node": "node", "tsx": "node", "deno": "node", "bun": "node",
                 "ruby": "ruby", "jruby": "ruby", "php": "php"}  # fmt: skip
_SCRIPT = re.compile(r".*\.(?:sh|bash|zsh|ksh|py|pl|rb|js|mjs|cjs|php|run|bin|bsx)\Z", re.I)
_REFERENCE = re.compile(r"\"?\$\{?(\w+)\}?(/[\w./+-]*)?\"?\Z")
_PYTHON_MANAGERS = frozenset(("pip", "uv"))
#: A path as pip tells it from the name of a package. Source: pip documentation, "pip install".
_LOCAL = re.compile(r"\.{1,2}(?:/|\Z)|/")
_NODE_MANAGERS = frozenset(("npm", "yarn", "pnpm", "bun"))
_NODE_INSTALLS = frozenset((Kind.INSTALL,))
_HOOKS = ("preinstall", "install", "postinstall", "prepare")
_BUILDING = frozenset(("cargo", "go", "maven", "gradle", "dotnet", "hex"))
_FETCHERS = frozenset(("curl", "wget"))
#: Modules of Python's own that start nothing.
_MODULES = frozenset(
    ("venv", "virtualenv", "compileall", "ensurepip", "json.tool", "http.server", "zipfile", "tarfile", "site")
)
_MAKES = frozenset(("make", "gmake"))
_MAKE_VALUES = frozenset(("-f", "--file", "--makefile", "-C", "--directory", "-I", "-l", "-o", "-W", "-j"))


class Reading:
    """Collects what is reached.

    *files* are what the image holds of the build, *text_of* reads the context; *downloads* are names of files that
    the build fetches from the network.
    """

    def __init__(
        self,
        files: Files,
        text_of: Callable[[str], str | None],
        variables: Mapping[str, str],
        downloads: frozenset[str] = frozenset(),
    ) -> None:
        self.downloads = downloads
        self.files = files
        self.text_of = text_of
        self.variables = variables
        self.found: list[Reached] = []
        self._seen: set[tuple[object, ...]] = set()
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
                folder = _joined(folder, target) if target and not target.startswith(("-", "~")) else None
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
            self._unread("script", "commands that call each other too deep, or too many of them", place)
        return spent or depth > MOST_DEEP

    def text(self, text: str, folder: str | None, place: str, *, surely: bool = True, depth: int = 0) -> None:
        """Follow the shell script *text*."""
        script = read_script(text)
        if isinstance(script, Script):
            self.script(script, folder, place, surely=surely, depth=depth)
        else:
            self._unread("script", "a shell script that cannot be read", place)

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
            self._unread("dynamic", "a file that the shell reads", place)
            return
        text = self._read(path, folder)
        if text is None:
            self._unread("script", path, place)
        elif self._first(("sourced", path, folder)):
            self.text(text, folder, f"{path}, {place}", depth=depth + 1)

    def _eval(self, command: Simple, argv: Words, folder: str | None, place: str, depth: int) -> None:
        if all(word is not None for word in argv):
            self.text(" ".join(word or "" for word in argv[1:]), folder, place, depth=depth + 1)
            return
        inner = [one for node in command.nested for one in walk(node) if isinstance(one, Simple)]
        names = {(one.name or "").rpartition("/")[2] for one in inner}
        if not names or not names <= printers():
            self._unread("dynamic", last_of(tuple(word.text for word in command.words)), place)

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
        if not argv:
            return
        if argv[0] is None:
            self._unread("dynamic", "a command that is named when it runs", place)
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
                self._unread("dynamic", last_of(argv), place)
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
            self._unread("program", f"{argv[0]} in another root directory", place)
        elif one.text is not None:
            self.text(one.text, folder, place, surely=surely, depth=depth + 1)
        elif one.argv is None:
            self._unread("dynamic", last_of(argv), place)
        elif one.fetches and one.argv and one.argv[0] and not self._is_known(one.argv[0]):
            self._unread("program", one.argv[0], place)
        else:
            self.command(one.argv, folder, place, surely=surely, depth=depth + 1, user=who, fed=fed)

    @staticmethod
    def _is_known(name: str) -> bool:
        return is_plain(name) or name in builds() or list_habit(name, "") is not None or manager_name(name) is not None

    def _downloaded(self, fed: Node, shell: str, place: str) -> None:
        """A script from the network that a shell runs at once."""
        words = [word.text for one in walk(fed) if isinstance(one, Simple) for word in one.words]
        if not any(installer_habit(word) is not None for word in words):
            self._unread("download", f"a script from the network that {shell} runs", place)

    def _input(self, argv: Words, folder: str | None, place: str, depth: int, fed: Node | None) -> None:
        """A shell that reads its input: a download, words that are printed, or something unknown."""
        commands = [one for one in walk(fed) if isinstance(one, Simple)] if fed is not None else []
        names = [(one.name or "").rpartition("/")[2] for one in commands]
        if fed is not None and _fetches(fed):
            self._downloaded(fed, argv[0] or "a shell", place)
        elif len(commands) == 1 and names[0] in ("echo", "printf") and all(commands[0].argv[1:]):
            self.text("\n".join(word or "" for word in commands[0].argv[1:]), folder, place, depth=depth + 1)
        elif names == ["yes"] or (fed is None and len(argv) == 1):
            self._unread("dynamic", f"what {argv[0]} reads", place)
        else:
            self._unread("dynamic", f"what {argv[0]} is given through a pipe", place)

    def _program(self, argv: Words, folder: str | None, place: str, surely: bool, depth: int, user: str | None) -> None:
        word = argv[0] or ""
        name = posixpath.basename(word)
        self.found.append(Ran(argv, folder, place, surely, user))
        if name in ("true", "false", "test", "[", "echo"):
            return
        done = operation(argv)
        if done is not None:
            self._managed(done, argv, folder, place, depth)
        elif _PYTHON.match(name):
            self._python(argv, folder, place, depth)
        elif name in _INTERPRETERS or name == "perl":
            self._interpreted(name, argv, folder, place)
        elif self._own(word, folder) is not None:
            self._file(word, folder, place, depth, surely=surely)
        elif name in _MAKES:
            self._make(argv, folder, place, depth)
        elif is_plain(name) or list_habit(name, next((one for one in argv[1:] if one and one[0] != "-"), "")):
            return
        elif name in builds():
            self._unread("build", name, place)
        elif ("/" in word and posixpath.dirname(word) not in _SYSTEM and (
            _SCRIPT.match(name) or not word.startswith("/") or word.startswith(("/tmp/", "/root/", "/home/"))
        )) or (_SCRIPT.match(name) and name.endswith((".sh", ".bash"))):  # fmt: skip
            self._unread("script", word, place)
        else:
            self._unread("program", name, place)

    # -- files --------------------------------------------------------------------------------------------------

    def _own(self, word: str, folder: str | None) -> str | None:
        """The image path of the file of this build that the command *word* starts; None for another."""
        if "/" in word:
            path = _joined(folder, word)
            return path if path in self.files.context or path in self.files.texts else None
        for place in (*(self.variables.get("PATH") or "").split(":"), *_SYSTEM):
            path = f"{place}/{word}"
            if path in self.files.context or path in self.files.texts:
                return path
        return None

    def _read(self, path: str, folder: str | None) -> str | None:
        """The text of the file of this build at an image path; None where it is another's, or cannot be read."""
        whole = _joined(folder, path)
        if whole is None:
            return None
        if whole in self.files.texts:
            return self.files.texts[whole]
        context = self.files.context.get(whole)
        return self.text_of(context) if context is not None else None

    def _file(
        self, path: str, folder: str | None, place: str, depth: int, *, surely: bool, shell: bool = False
    ) -> None:
        """Follow the script at *path*."""
        whole = path if shell else self._own(path, folder) or path
        text = self._read(whole, folder)
        if text is None:
            self._unread("script", path, place)
            return
        if not self._first(("file", _joined(folder, whole), folder)):
            return
        words = shebang(text)
        inside = f"{posixpath.basename(path)}, {place}"
        runner = posixpath.basename(words[0]) if words else "sh"
        if shell or shell_call((runner, "-c", "true")) is not None:
            self.text(text, folder, inside, surely=surely, depth=depth + 1)
        elif _PYTHON.match(runner):
            self._python_text(text, _joined(folder, whole), folder, inside, depth)
        elif runner in _INTERPRETERS:
            self._foreign(_INTERPRETERS[runner], text, path, place)
        elif runner in _MAKES:
            self._unread("build", path, place)
        else:
            self._unread("script", path, place)

    def _python(self, argv: Words, folder: str | None, place: str, depth: int) -> None:
        index = 1
        while index < len(argv):
            word = argv[index]
            if word == "-c":
                text = argv[index + 1] if index + 1 < len(argv) else None
                if text is None:
                    self._unread("dynamic", "what Python is given", place)
                else:
                    self._python_text(text, None, folder, place, depth)
                return
            if word == "-m":
                module = argv[index + 1] if index + 1 < len(argv) else None
                if module is None or not self._python_module(module, folder, place, depth):
                    self._unread("program", f"python -m {module or '…'}", place)
                return
            if word is None or not word.startswith("-"):
                break
            index += 2 if word in ("-W", "-X") else 1
        if index >= len(argv):
            if len(argv) == 1:
                self._unread("dynamic", "what Python reads", place)
            return
        word = argv[index]
        text = self._read(word, folder) if word else None
        if word is None or text is None:
            # setup.py is how a package is built; a script of that name elsewhere is none of this build's.
            kind = "build" if word and posixpath.basename(word) in ("setup.py", "manage.py", "waf") else "script"
            self._unread(kind, word or "what Python runs", place)
        elif self._first(("python", _joined(folder, word), folder)):
            self._python_text(text, _joined(folder, word), folder, f"{posixpath.basename(word)}, {place}", depth)

    def _python_module(self, module: str, folder: str | None, place: str, depth: int) -> bool:
        if module in (
            "venv",
            "virtualenv",
            "compileall",
            "ensurepip",
            "json.tool",
            "http.server",
            "zipfile",
            "tarfile",
        ):
            return True
        base = module.replace(".", "/")
        for path in (f"{base}.py", f"{base}/__main__.py"):
            text = self._read(path, folder)
            if text is not None:
                self._python_text(text, _joined(folder, path), folder, f"{path}, {place}", depth)
                return True
        return False

    def _python_text(self, text: str, path: str | None, folder: str | None, place: str, depth: int) -> None:
        if depth > MOST_DEEP:
            self._unread("script", "modules that import each other too deep", place)
            return
        file = read_python(text)
        if file is None:
            self._unread("script", "Python that cannot be read", place)
            return
        if {"apt", "apt_pkg", "aptsources"} & {name.partition(".")[0] for name in file.imports}:
            self.found.append(Ran(("python-apt",), folder, place, False))
        for one in file.started:
            if one.text is not None:
                self.text(one.text, folder, place, surely=False, depth=depth + 1)
            elif one.argv is not None:
                self.command(one.argv, folder, place, surely=False, depth=depth + 1)
            else:
                self._unread("dynamic", "a program that Python starts", place)
        here = posixpath.dirname(path) if path else folder
        for name in file.imports:
            up = len(name) - len(name.lstrip("."))
            base = here
            for _ in range(up - 1):
                base = posixpath.dirname(base) if base else None
            bare = name.lstrip(".").replace(".", "/")
            for candidate in (f"{bare}.py", f"{bare}/__init__.py") if bare else ():
                inner = self._read(candidate, base)
                if inner is not None and self._first(("module", _joined(base, candidate))):
                    self._python_text(inner, _joined(base, candidate), folder, f"{candidate}, {place}", depth + 1)

    def _interpreted(self, name: str, argv: Words, folder: str | None, place: str) -> None:
        operand = next((word for word in argv[1:] if word is None or not word.startswith("-")), "")
        if operand == "" or any(word in ("-e", "-r", "--eval", "-p") for word in argv[1:]):
            # A line of code on the command line prints or computes; what it starts is written in it.
            if any(word is None or re.search(r"apt|system|exec|spawn|popen|`", word) for word in argv[1:]):
                self._unread("dynamic", last_of(argv), place)
            return
        text = self._read(operand, folder) if operand else None
        language = _INTERPRETERS.get(name)
        if text is None or operand is None or language is None:
            self._unread("script", operand or f"what {name} runs", place)
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
            self._unread("script", path, place)

    # -- build files --------------------------------------------------------------------------------------------

    def _managed(self, done: Operation, argv: Words, folder: str | None, place: str, depth: int) -> None:
        name = done.manager.name
        if name in _NODE_MANAGERS:
            self._node(done, argv, folder, place, depth)
        elif name in _PYTHON_MANAGERS and done.kind is Kind.INSTALL:
            self._local_python(done, argv, folder, place, depth)
        elif name in _BUILDING and done.kind in (Kind.BUILD, Kind.OTHER):
            if done.subcommand not in ("", "version", "env", "clean", "mod", "list", "vet", "fmt"):
                self._unread("build", last_of(argv[done.command :]), place)
        elif done.subcommand in ("run", "run-script", "exec", "shell") or (
            name == "composer" and done.kind is Kind.OTHER
        ):
            self._unread("build", last_of(argv[done.command :]), place)

    def _local_python(self, done: Operation, argv: Words, folder: str | None, place: str, depth: int) -> None:
        """Installing a project of the context runs its setup.py; without one a build backend reads pyproject.toml."""
        words = [argv[at] for at in done.operands]
        words += [word for flag in ("-e", "--editable") if (word := done.flag_value(flag)) is not None]
        for word in words:
            path = (word or "").partition("[")[0]
            if not _LOCAL.match(path):
                continue
            text = self._read(posixpath.join(path, "setup.py"), folder)
            where = _joined(folder, path)
            if text is not None:
                if self._first(("setup.py", where)):
                    name = posixpath.normpath(posixpath.join(path, "setup.py"))
                    self._python_text(text, _joined(where, "setup.py"), where, f"{name}, {place}", depth + 1)
            elif not self.files.known:
                self._unread("script", "setup.py", place)

    def _node(self, done: Operation, argv: Words, folder: str | None, place: str, depth: int) -> None:
        subcommand = done.subcommand
        if done.kind in _NODE_INSTALLS or (done.manager.name == "yarn" and not subcommand):
            scripts: tuple[str, ...] = (
                () if done.operands or done.has_flag("-g", "--global", "--ignore-scripts") else _HOOKS
            )
        elif subcommand in ("run", "run-script"):
            first = argv[done.operands[0]] if done.operands else None
            if first is None:
                if done.operands:
                    self._unread("dynamic", last_of(argv), place)
                return
            scripts = (f"pre{first}", first, f"post{first}")
        elif subcommand in ("test", "start", "build", "stop", "restart"):
            scripts = (f"pre{subcommand}", subcommand, f"post{subcommand}")
        elif subcommand in ("exec", "dlx", "x"):
            rest = argv[done.operands[0] :] if done.operands else ()
            if rest and rest[0] and self._is_known(rest[0]):
                self.command(tuple(rest), folder, place, surely=False, depth=depth + 1)
            else:
                self._unread("program", last_of(argv), place)
            return
        else:
            return
        from ...text.structured import read_json

        prefix = done.flag_value("--prefix", "-C", "--cwd", "--dir")
        where = _joined(folder, prefix) if prefix else folder
        text = self._read("package.json", where)
        try:
            package = read_json(text) if text is not None else None
        except ValueError:
            package = None
        if not isinstance(package, dict):
            if (scripts and scripts is not _HOOKS) or (scripts and self.files.known):
                self._unread("build", last_of(argv[done.command :]), place)
            return
        table = package.get("scripts")
        for script in scripts:
            line = table.get(script) if isinstance(table, dict) else None
            if isinstance(line, str) and self._first(("package.json", where, script)):
                self.text(line, where, f"the script {script} of package.json, {place}", depth=depth + 1)

    def _make(self, argv: Words, folder: str | None, place: str, depth: int) -> None:
        targets: list[str] = []
        given: dict[str, str] = {}
        path: str | None = None
        index = 1
        while index < len(argv):
            word = argv[index]
            if word is None:
                self._unread("build", last_of(argv), place)
                return
            if word in ("-f", "--file", "--makefile"):
                path = argv[index + 1] if index + 1 < len(argv) else None
            elif word in ("-C", "--directory"):
                folder = _joined(folder, argv[index + 1] if index + 1 < len(argv) else None)
            elif word.startswith("-C"):
                folder = _joined(folder, word[2:])
            if word in _MAKE_VALUES and not (word == "-j" and not (argv[index + 1 : index + 2] or ("",))[0]):
                index += 1 if word == "-j" and not str((argv[index + 1 : index + 2] or ("",))[0]).isdigit() else 2
                continue
            if "=" in word and not word.startswith("-"):
                name, _, value = word.partition("=")
                given[name] = value
            elif not word.startswith("-"):
                targets.append(word)
            index += 1
        names = (path,) if path else ("GNUmakefile", "makefile", "Makefile")
        text = next((one for name in names if (one := self._read(name, folder)) is not None), None)
        file = read_makefile(text) if text is not None else None
        lines = recipes(file, targets, given) if file is not None else None
        if lines is None:
            self._unread("build", last_of(argv), place)
            return
        if self._first(("make", folder, *targets)):
            for line in lines:
                self.text(line, folder, f"Makefile, {place}", depth=depth + 1)

    # -- bookkeeping --------------------------------------------------------------------------------------------

    def _first(self, key: tuple[object, ...]) -> bool:
        known = key in self._seen
        self._seen.add(key)
        return not known

    def _unread(self, kind: str, what: str, place: str) -> None:
        if kind == "script" and installer_habit(what) is not None:
            return
        # What was downloaded is that, even where it is called as build scripts are.
        if kind in ("script", "build") and posixpath.basename(what) in self.downloads:
            kind = "download"
        self.found.append(Unread(kind, what, place))


def _joined(folder: str | None, path: str | None) -> str | None:
    if path is None or path.startswith("~"):
        return None
    if path.startswith("/"):
        return posixpath.normpath(path)
    return posixpath.normpath(posixpath.join(folder, path)) if folder else None


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
