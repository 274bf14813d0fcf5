"""Whether a program runs without the packages that package.json lists for development."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from ...ir.build import Build, Stage
from ...ir.steps import Exec, Healthcheck
from ...knowledge.development import (
    Omission,
    builtin,
    called,
    configures,
    configuring_keys,
    only_a_tool,
    reads_configuration,
)
from ...patterns import re
from ...shell.names import POSIX_SHELLS
from ...shell.reader import read_script
from ...shell.script import Script
from ...text.structured import read_json
from ..facts import Facts
from ..flow.given_commands import given_commands, single_commands
from ..flow.start import start_of
from ..shell.wrapped import started
from .javascript import loaded
from .listed import INSTALLING

_NODE = frozenset(("node", "nodejs"))
_MANAGERS = frozenset(("npm", "yarn", "pnpm"))
#: Modules of Node.js that start programs, or load what is not followed here.
_STARTS = frozenset(("child_process", "cluster", "module", "repl", "vm", "wasi", "worker_threads"))
#: Options of node that take no further word and load nothing.
_IDLE = re.compile(r"--(?:max-|inspect|trace-|no-|enable-source-maps|unhandled-rejections=|stack-)[\w:.=-]*\Z")
#: Programs that ask a container whether it is well, and come from elsewhere than npm.
_ASKING = frozenset(("curl", "wget", "nc", "test", "[", "exit", "true", "echo", "grep"))


class IdlePackages:
    """Asks about the project that the last stage of *build* has in *folder* (an absolute path)."""

    def __init__(self, build: Build, facts: Facts, folder: str) -> None:
        self.build = build
        self.facts = facts
        self.folder = folder
        project = facts.project
        self.files = project.image_files(build) if project is not None else {}
        self.package = self._json(posixpath.join(folder, "package.json"))

    @property
    def names(self) -> tuple[str, ...]:
        """The packages that are listed for development and for nothing else, sorted."""
        kept = self._listed("dependencies") | self._listed("optionalDependencies") | self._listed("peerDependencies")
        return tuple(sorted(self._listed("devDependencies") - kept))

    def needed(self, known: Omission) -> str | None:
        """Why the program may need one of them, when they are left out as *known* says; None when it does not."""
        scripts = self._scripts()
        lifecycle = next((name for name in INSTALLING if name in scripts), None)
        if lifecycle is not None:
            return f"the script {lifecycle} of package.json runs when it installs"
        if self.package is not None and "workspaces" in self.package:
            return "package.json has workspaces"
        strange = next((name for name in self.names if not only_a_tool(name)), None)
        if strange is not None:
            return f"it is not known that no program loads {strange}"
        return self._locked(known) or self._asked() or self._loaded() or self._configured() or self._given()

    def _locked(self, known: Omission) -> str | None:
        """What the lock file says against it."""
        texts = [text for name in known.lock if (text := self._text(posixpath.join(self.folder, name))) is not None]
        if known.marked is not None and not any(known.marked in text[:200] for text in texts):
            return f"no {known.lock[0]} shows which {known.manager} this is"
        lock = self._json(posixpath.join(self.folder, known.lock[0])) if known.manager == "npm" else None
        entries = lock.get("packages") if lock is not None else None
        packages = entries if isinstance(entries, dict) else {}
        for path, entry in packages.items():
            if not path or not isinstance(entry, dict) or entry.get("dev"):
                continue
            peers = entry.get("peerDependencies")
            for peer in peers if isinstance(peers, dict) else ():
                asked = packages.get(f"node_modules/{peer}")
                if isinstance(asked, dict) and asked.get("dev"):
                    return f"{path.rpartition('node_modules/')[2]} may load {peer}"
        # Without a lock file that says what packages ask for, a tool among those that stay may ask for others.
        tool = next((name for name in sorted(self._listed("dependencies")) if only_a_tool(name)), None)
        if tool is not None and not packages:
            return f"nothing tells which packages {tool} loads"
        return None

    def _asked(self) -> str | None:
        """What HEALTHCHECK runs that may come from one of them."""
        for step in self.build.stages[-1].steps:
            if not isinstance(step, Healthcheck) or step.test != "CMD":
                continue
            calls: list[tuple[str | None, ...]] = [] if step.argv is None else [step.argv]
            if step.argv is None:
                script = read_script(step.command)
                if not isinstance(script, Script):
                    return "HEALTHCHECK could not be read"
                calls = [one.argv for one in script.commands if one.words]
            for argv in calls:
                if posixpath.basename(argv[0] or "?") not in _ASKING:
                    return f"HEALTHCHECK runs {argv[0] or 'what a variable names'}"
        return None

    def _loaded(self) -> str | None:
        """What the container loads of them, or of what nothing lists."""
        settings = self._text(posixpath.join(self.folder, ".npmrc")) or ""
        if "NODE_OPTIONS" in self.build.text or "node-options" in settings:
            return "NODE_OPTIONS may load anything"
        return self._needed_by(self._started())

    def _configured(self) -> str | None:
        """Which configuration, that a package looks for which stays, names one of them."""
        kept = self._listed("dependencies") | self._listed("optionalDependencies") | self._listed("peerDependencies")
        reader = next((name for name in sorted(kept) if reads_configuration(name)), None)
        if reader is None:
            return None
        texts = {
            path: self._text(path) or ""
            for path in self.files
            if configures(posixpath.basename(path)) and "/node_modules/" not in path
        }
        package = self.package or {}
        texts |= {f"package.json ({key})": json.dumps(package[key]) for key in configuring_keys() if key in package}
        for path, text in texts.items():
            for name in self.names:
                words = "|".join(map(re.escape, called(name)))
                if re.search(rf"""['"`](?:{words})['"`/]|^\s*-\s+(?:{words})\s*$""", text, re.M):
                    return f"{reader} may read {posixpath.basename(path)}, which names {name}"
        return None

    def _given(self) -> str | None:
        """What other containers of the repository load of them."""
        for given in given_commands(self.build, self.facts.project):
            for argv in single_commands(given.argv):
                name = posixpath.basename(argv[0] or "")
                # A shell without further words is there for whoever looks around.
                if name in _ASKING or (name in POSIX_SHELLS and len(argv) == 1):
                    continue
                words = tuple(word for word in argv if word is not None)
                known = len(words) == len(argv)
                problem = self._needed_by(self._file(words)) if known else "what it runs is known only when it runs"
                if problem is not None:
                    shown = " ".join(word or "…" for word in given.argv[:3])
                    return f"{given.where} runs {shown}, and {problem}"
        return None

    def _needed_by(self, words: tuple[str, tuple[str, ...]] | str) -> str | None:
        """Why the program that starts with *words*, a file and packages that are loaded before it, may need them."""
        if isinstance(words, str):
            return words
        entry, preloaded = words
        found = loaded(posixpath.normpath(posixpath.join(self._workdir(), entry)), self._text)
        if isinstance(found, str):
            return found
        listed = self._listed("dependencies") | self._listed("optionalDependencies") | self._listed("peerDependencies")
        for name, where in {**found.modules, **dict.fromkeys(preloaded, "the command")}.items():
            if name in _STARTS:
                return f"{where} may start or load anything by {name}"
            if name not in listed and not builtin(name):
                return f"{where} loads {name}, which package.json does not list for programs that run"
        for path, text in found.texts.items():
            for name in self.names:
                if re.search(rf"""['"`]{re.escape(name)}['"`/]""", text):
                    return f"{path} names {name}"
        return None

    def _started(self) -> tuple[str, tuple[str, ...]] | str:
        """The file that the container starts, and the packages that are loaded before it; or why that is not known."""
        entry, command = start_of(self.build)
        main = entry or command
        if main is None:
            return "the container runs the base image's own command"
        rest = command.argv or () if entry is not None and command is not None else ()
        argv = self._words(main)
        return argv if isinstance(argv, str) else self._file((*argv, *rest))

    def _file(self, argv: tuple[str, ...] | str) -> tuple[str, tuple[str, ...]] | str:
        """The same for the words *argv*."""
        for _ in range(4):
            if isinstance(argv, str):
                return argv
            argv = started(argv)
            if posixpath.basename(argv[0] if argv else "") not in _MANAGERS:
                break
            argv = self._script(argv)
        if isinstance(argv, str):
            return argv
        if not argv or posixpath.basename(argv[0]) not in _NODE:
            return f"it is not known what {argv[0] if argv else 'the container'} loads"
        preloaded: list[str] = []
        words = iter(argv[1:])
        for word in words:
            if word in ("-r", "--require", "--import"):
                preloaded.append(re.sub(r"^(@[^/]+/[^/]+|[^/]+)/.*", r"\1", next(words, "?")))
            elif not word.startswith("-"):
                return word, tuple(preloaded)
            elif not _IDLE.match(word):
                return f"it is not known what node {word} loads"
        return "node is started without a file"

    def _words(self, step: Exec) -> tuple[str, ...] | str:
        """The words of the one command that *step* runs."""
        if step.argv is not None:
            return step.argv
        script = step.body.script if step.body is not None else None
        return _one_command(script) or f"the {step.keyword} on line {step.line} runs more than one plain command"

    def _script(self, argv: Sequence[str]) -> tuple[str, ...] | str:
        """The words of the script of package.json that *argv* runs."""
        words = [word for word in argv[1:] if word not in ("run", "run-script", "--silent", "-s", "--quiet", "-q")]
        if len(words) != 1 or words[0].startswith("-"):
            return f"it is not known what {' '.join(argv)} runs"
        scripts = self._scripts()
        beside = next((one for one in (f"pre{words[0]}", f"post{words[0]}") if one in scripts), None)
        if beside is not None:
            return f"package.json has a script {beside}"
        text = scripts.get(words[0], "node server.js" if words[0] == "start" else None)
        found = _one_command(read_script(text)) if isinstance(text, str) else None
        return found or f"the script {words[0]} of package.json is not one plain command"

    def _workdir(self) -> str:
        last: Stage = self.build.stages[-1]
        return (self.facts.state(last.steps[-1]).workdir if last.steps else None) or self.folder

    def _scripts(self) -> Mapping[str, Any]:
        found = self.package.get("scripts", {}) if self.package is not None else {}
        return found if isinstance(found, dict) else {}

    def _listed(self, key: str) -> frozenset[str]:
        found = self.package.get(key, {}) if self.package is not None else {}
        return frozenset(found) if isinstance(found, dict) else frozenset()

    def _json(self, path: str) -> Mapping[str, Any] | None:
        text = self._text(path)
        try:
            found = read_json(text) if text is not None else None
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def _text(self, path: str) -> str | None:
        """The text of the file of the context at the image path *path*."""
        file = self.files.get(path)
        return self.facts.project.text(file.path) if file is not None and self.facts.project is not None else None


def _one_command(script: object) -> tuple[str, ...] | None:
    """The words of the one plain command that *script* is."""
    if not isinstance(script, Script) or len(script.commands) != 1:
        return None
    words = script.commands[0].argv
    known = tuple(word for word in words if word is not None)
    return known if known and len(known) == len(words) and not script.commands[0].redirects else None
