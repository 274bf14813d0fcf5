"""What a container does from its first process on: scripts, servers and programs followed through the project."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ..analysis.effects.reached import MOST_COMMANDS
from ..analysis.project import Evidence, Need, WriteKind
from ..analysis.shell.operations import Kind, operation
from ..knowledge.effects import only_assigns
from ..knowledge.processes import kind_of, only_asks, rebuilds, server_named, wrapper_values
from ..knowledge.vocabulary import vocabularies
from ..patterns import re
from ..shell.arguments import split
from ..shell.names import POSIX_SHELLS
from ..shell.reader import read_script
from ..shell.script import Compound, Redirect, Script, Simple
from ..text.lines import line_at
from .brought import brought, sources_among, sources_in
from .following import Following, Words

_SHELLS = POSIX_SHELLS | {"zsh"}
_PYTHON = re.compile(r"python(?:\d(?:\.\d+)?)?\Z|pypy3?\Z")
_NODE = frozenset(("node", "nodejs", "nodemon", "ts-node", "tsx", "ts-node-dev", "bun"))
#: Managers of packages that install beside the project or for all of the system.
_OF_LANGUAGES = frozenset(("bundler", "composer", "poetry", "pipenv", "pdm", "uv", "bun", "gem", "pip"))
_NODE_PACKAGES = frozenset(("npm", "yarn", "pnpm"))
_BY_LANGUAGE = {
    "ruby": "ruby", "rackup": "ruby", "puma": "ruby", "unicorn": "ruby", "thin": "ruby", "rails": "ruby",
    "java": "java", "php": "php", "dotnet": "dotnet",
}  # fmt: skip
_WRITERS = {
    "mkdir": (0, WriteKind.FOLDER), "touch": (0, WriteKind.FILE), "tee": (0, WriteKind.FILE),
    "truncate": (0, WriteKind.FILE), "chmod": (1, WriteKind.FILE), "rm": (0, WriteKind.REMOVAL),
    "rmdir": (0, WriteKind.REMOVAL), "unlink": (0, WriteKind.REMOVAL),
}  # fmt: skip
_COPIERS = frozenset(("cp", "mv", "ln", "install", "rsync"))
#: The option of mkdir with which directories may be there already.
_PARENTS = re.compile(r"--parents\Z|-[A-Za-z]*p")
_ENDLESS = 8


class Follower(Following):
    """Follows shell scripts, and what they and the container itself start."""

    # -- scripts ------------------------------------------------------------------------------------------------

    def script(self, text: str, cwd: str | None, where: Evidence, depth: int, *, line: int = 1) -> None:
        """Follow the shell script *text*, whose first line is line *line* of the file in *where*."""
        script = read_script(text)
        if not isinstance(script, Script):
            self.doubt(f"the shell script cannot be read: {script.reason}", where, blind=True)
            return
        functions = {node.name for node in script.nodes if isinstance(node, Compound) and node.kind == "function"}
        for node in script.nodes:
            for redirect in getattr(node, "redirects", ()):
                self._redirect(redirect, cwd, self._at(where, text, redirect.span.start, line))
            if not isinstance(node, Simple) or not node.words:
                continue
            at = self._at(where, text, node.span.start, line)
            if len(self.commands) == MOST_COMMANDS:
                self.doubt(f"what starts runs more than {MOST_COMMANDS:,} commands", at, blind=True)
                return
            self.commands.append(text[node.span.start : node.span.end])
            argv = tuple(self._expanded(word.text, word.literal) for word in node.words)
            if argv[0] == "cd":
                target = argv[1] if len(argv) > 1 else None
                cwd = posixpath.normpath(posixpath.join(cwd or "/", target)) if target else None
            elif argv[0] in functions:
                continue
            elif argv[0] in (".", "source"):
                self._shell_file(argv[1] if len(argv) > 1 else None, cwd, at, depth)
            elif _is_arguments(node.words[-1].text) and (len(argv) == 1 or argv[:-1] == ("exec",)):
                if self.arguments:
                    self.program(self.arguments, cwd, at, depth + 1)
                else:
                    self.doubt("it runs whatever it is told when it starts", at, blind=True)
            else:
                self.program(argv, cwd, at, depth + 1)

    def _expanded(self, text: str, literal: str | None) -> str | None:
        """A word with what ENV sets; None where the running script decides."""
        if literal is not None:
            return literal
        match = re.fullmatch(r'"?\$\{?(\w+)(?::?-([^"$}]*))?\}?"?', text)
        if match is None:
            return None
        value = self.environment.get(match[1])
        return value if value is not None else match[2]

    def _at(self, where: Evidence, text: str, offset: int, line: int) -> Evidence:
        return where if where.path == self.dockerfile else Evidence(where.path, line_at(text, offset) - 1 + line)

    def _redirect(self, redirect: Redirect, cwd: str | None, where: Evidence) -> None:
        if ">" not in redirect.operator or redirect.target is None:
            return
        target = self._expanded(redirect.target.text, redirect.target.literal)
        if redirect.operator.endswith("&") or (target or "").lstrip("&").isdigit():
            return
        self.write(target, WriteKind.FILE, redirect.target.text, cwd, where)

    def _shell_file(self, path: str | None, cwd: str | None, where: Evidence, depth: int) -> None:
        context = self.placed_file(path, cwd)
        text = self.tree.read(context) if context else None
        if context is None and path is not None and only_assigns(path):
            return
        if context is None or text is None:
            said = f"the script {path} is not in the context" if path else "a script that it reads has no fixed name"
            self.doubt(said, where, blind=True)
        elif depth < _ENDLESS and ("script", context, cwd) not in self.seen:
            self.seen.add(("script", context, cwd))
            self.followed.append(context)
            self.script(text, cwd, Evidence(context, 1), depth + 1)

    # -- programs -----------------------------------------------------------------------------------------------

    def program(self, argv: Words, cwd: str | None, where: Evidence, depth: int = 0) -> None:
        """Follow the program that the words *argv* start in *cwd*."""
        argv = tuple(argv)
        if depth > _ENDLESS:
            self.doubt("its scripts call each other too deeply", where)
            return
        while argv and argv[0] is not None:
            values = wrapper_values(posixpath.basename(argv[0]))
            if values is None:
                break
            argv = _unwrapped(argv, values)
        if argv[:1] == ("",):
            # An ENTRYPOINT of one empty word is none: CMD says it all.
            argv = argv[1:]
            if not argv:
                self.doubt("an empty ENTRYPOINT starts whatever the container is told", where, blind=True)
            else:
                self.program(argv, cwd, where, depth + 1)
            return
        if not argv:
            return
        if argv[0] is None:
            self.doubt("the program's name is known only when it runs", where, blind=True)
            return
        name = posixpath.basename(argv[0])
        if self._known(name, argv, cwd, where):
            return
        self._interpreted(name, argv, cwd, where, depth)

    def _known(self, name: str, argv: Words, cwd: str | None, where: Evidence) -> bool:
        """Note what the table of programs says of *argv*; False for a program that it does not know."""
        kind = kind_of(name)
        shown = " ".join(word or "…" for word in argv[:4])
        if kind is not None:
            needs = {
                "service": Need.SERVICE,
                "drops": Need.DROPS,
                "packages": Need.PACKAGES,
                "system": Need.SYSTEM,
                "owner": Need.CHANGE_OWNER,
                "raw": Need.RAW_SOCKET,
            }
            if kind == "packages" and only_asks(tuple(argv)):
                return True
            if kind in needs:
                self.need(needs[kind], shown, where)
            elif kind == "fetch" and any(word is None or re.match(r"-[a-zA-Z]*[oOP]|--output", word) for word in argv):
                self.doubt(f"{shown} may write a file", where)
            elif kind == "editor" and any(word is None or word.startswith(("-i", "--in-place")) for word in argv):
                self.write(argv[-1], WriteKind.FILE, shown, cwd, where)
            return True
        if name in _WRITERS:
            skip, write = _WRITERS[name]
            arguments = split(argv, 1, frozenset(("-m", "--mode", "-s", "--size", "-d", "-t", "-r")))
            if name == "mkdir" and not any(_PARENTS.match(flag.name) for flag in arguments.flags):
                # It fails where the directory is there already: nobody may make it before.
                write = WriteKind.FILE
            for index in arguments.operands[skip:]:
                self.write(argv[index], write, shown, cwd, where)
            return True
        if name in _COPIERS:
            self.write(argv[-1], WriteKind.FILE, shown, cwd, where)
            return True
        return False

    def _interpreted(self, name: str, argv: Words, cwd: str | None, where: Evidence, depth: int) -> None:
        server = server_named(name)
        verb = next((word for word in argv[1:] if word is None or not word.startswith(("-", "+"))), None)
        if rebuilds(name, verb):
            said = f"{name} {verb or ''}".rstrip()
            self.doubt(f"{said} builds the program when it starts, and writes where root built it", where, blind=True)
        elif name in _SHELLS:
            self._shell(argv, cwd, where, depth)
        elif _PYTHON.match(name):
            from .python_programs import follow_python

            follow_python(self, argv, cwd, where)
        elif server is not None:
            from .python_programs import follow_server

            follow_server(self, name, server, argv, cwd, where)
        elif name in ("make", "gmake"):
            from .makefile import follow_make

            follow_make(self, argv, cwd, where, depth)
        elif name in _NODE:
            from .node_files import loaded

            # Options in NODE_OPTIONS come first: modules that are loaded before all others.
            argv = (argv[0], *(self.environment.get("NODE_OPTIONS") or "").replace('"', "").split(), *argv[1:])
            own = loaded(argv, cwd, self.placed.context_of, self.tree) if self.placed.complete else None
            self._language("node", cwd, where, own)
        elif name in _NODE_PACKAGES:
            from .node import follow_package

            follow_package(self, argv, cwd, where, depth)
        elif name == "bundle" and len(argv) > 2 and argv[1] == "exec":
            self.program(argv[2:], cwd, where, depth + 1)
        elif (done := operation(argv)) is not None and done.manager.name in _OF_LANGUAGES and done.kind is Kind.INSTALL:
            said = f"{done.executable} {done.subcommand}".rstrip()
            self.doubt(f"{said} installs packages, and writes where root copied what it is told", where, blind=True)
        elif name in _BY_LANGUAGE:
            from .compiled import brought_archive

            archive = argv[argv.index("-jar") + 1] if name == "java" and "-jar" in argv[:-1] else None
            if archive is not None and not brought_archive(archive, cwd, self.build):
                self.doubt(f"what {archive} does is not known: the build does not make it", where, blind=True)
                return
            self._language(_BY_LANGUAGE[name], cwd, where)
        else:
            self._file(name, argv, cwd, where, depth)

    def _shell(self, argv: Words, cwd: str | None, where: Evidence, depth: int) -> None:
        for index, word in enumerate(argv[1:], start=1):
            if word is not None and re.fullmatch(r"-[a-z]*c", word):
                text = argv[index + 1] if index + 1 < len(argv) else None
                if text is None:
                    self.doubt("the shell's command is known only when it runs", where, blind=True)
                else:
                    self.script(text, cwd, where, depth + 1)
                return
            if word is None or not word.startswith(("-", "+")):
                self._shell_file(word, cwd, where, depth)
                return
        self.doubt("an interactive shell runs whatever it is told", where, blind=True)

    def _file(self, name: str, argv: Words, cwd: str | None, where: Evidence, depth: int) -> None:
        """A program by its path, or one found in PATH."""
        context = self.placed_file(argv[0], cwd) if "/" in (argv[0] or "") else self._in_path(name)
        if context is None:
            from .compiled import language_of

            language = language_of(name, self.build, self.tree)
            if language is None:
                self.doubt(f"what {name} does is not known: it is not in the context", where, blind=True)
            else:
                files = brought(vocabularies()[language].suffixes, self.tree, self.placed)
                own = None
                if language == "rust":
                    from .crates import of_crate

                    own = of_crate(name, files, self.tree)
                self._language(language, cwd, where, own)
            return
        text = self.tree.read(context)
        if text is None:
            self.doubt(f"{context} is a binary file", where, blind=True)
            return
        first = text.split("\n", 1)[0]
        if not first.startswith("#!"):
            self.doubt(f"{context} has no #! line that says what runs it", where, blind=True)
            return
        words = first[2:].split()
        if words and posixpath.basename(words[0]) == "env":
            words = [word for word in words[1:] if not word.startswith("-")]
        if words and posixpath.basename(words[0]) in _SHELLS:
            before, self.arguments = self.arguments, tuple(argv[1:]) or self.arguments
            self._shell_file(argv[0] if "/" in (argv[0] or "") else self.placed.image_of[context], cwd, where, depth)
            self.arguments = before
        elif words:
            self.program((*words, self.placed.image_of.get(context)), cwd, where, depth + 1)

    def _in_path(self, name: str) -> str | None:
        folders = (self.environment.get("PATH") or "").split(":")
        folders += ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        for folder in folders:
            if folder.startswith("/") and (found := self.placed.context_of.get(f"{folder}/{name}")):
                return found
        return None

    # -- languages ----------------------------------------------------------------------------------------------

    def _language(self, language: str, cwd: str | None, where: Evidence, own: Sequence[str] | None = None) -> None:
        """Look at all sources of *language* in the context, or at the program's *own* ones."""
        key = ("language", language, None if own is None else tuple(own))
        if key in self.seen:
            return
        self.seen.add(key)
        words = vocabularies()[language]
        if own is None:
            found = sources_in(words, self.tree, self.placed, cwd)
        else:
            # What Cargo builds of a crate leaves out its tests; an interpreter loads whatever is named.
            found = sources_among(words, own, self.tree, cwd, every=language == "node")
        if not (found.followed or found.doubts):
            said = f"what the program does is not known: the context holds no {words.name} sources"
            self.doubt(said, where, blind=True)
            return
        if not self.tree.complete:
            self.doubt("the context is too large to be read completely", where)
        self.add(found)


def _is_arguments(text: str) -> bool:
    return text.strip('"') in ("$@", "$*", "${@}")


def _unwrapped(argv: tuple[str | None, ...], values: frozenset[str]) -> tuple[str | None, ...]:
    """The words behind a program that only runs another."""
    name = posixpath.basename(argv[0] or "")
    index = 1
    while index < len(argv):
        word = argv[index]
        if word is None:
            break
        if word == "--":
            index += 1
            break
        if word in values:
            index += 2
        elif word.startswith("-") or _belongs(name, word):
            index += 1
        else:
            break
    return argv[index:]


def _belongs(name: str, word: str) -> bool:
    """Whether the operand *word* is for the wrapper *name* itself: an assignment of env, the time of timeout."""
    return (name == "env" and "=" in word) or (name == "timeout" and bool(re.fullmatch(r"[\d.]+[smhd]?", word)))
