"""What a stage and those built from it need of their base image, command by command."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence

from ...ir.build import Build, Stage
from ...ir.steps import Copy, Exec, Healthcheck, Onbuild, Run, Step
from ...knowledge.build_tools import build_tools
from ...knowledge.effects import only_assigns
from ...knowledge.libraries import libraries
from ...knowledge.lifetimes import packages_ended
from ...knowledge.smaller import (
    Smaller,
    documentation,
    installer,
    is_data,
    is_library,
    of_the_system,
    programs_of,
)
from ...patterns import re
from ...record import record
from ...shell.names import POSIX_SHELLS, SYSTEM_PATH
from ...shell.reader import read_script
from ...shell.script import Compound, Script, Simple
from ..bases import base_image
from ..evidence import Evidence
from ..facts import Facts
from ..flow.command_folders import command_folders
from ..flow.given_commands import given_commands
from ..flow.places import known_words, unchanged
from ..packages.asked import decided_elsewhere, python_minor, python_target
from ..packages.exact import LOCKS
from ..packages.listed import Lists, Unmet
from ..packages.yarn_runs import run_by_yarn
from ..project import StartedProgram
from ..shell.operations import Kind, Operation, operation, unwrapped
from ..shell.wrapped import compression, inner_commands, started
from .folders import folders
from .ground import Ground
from .java_kit import compiled_at_start
from .language_installs import LanguageInstalls
from .needs_texts import check_text, is_for_browsers, is_static

_SYSTEM = frozenset(("", *SYSTEM_PATH))
_SHELLS = POSIX_SHELLS | {".", "source", "eval", "su", "runuser", "chroot"}
#: Build tools of Java, and the wrappers by which projects bring them.
_BUILDS = re.compile(r"(?:gradle|mvn)w?d?\Z|(?:sbt|ant|lein|mill|bazel(?:isk)?)\Z")
_ASKS = frozenset(("which", "type", "hash"))
#: Subcommands of npm that run a script of package.json: those named by an operand, and those that name themselves.
_RUNS = frozenset(("run", "run-script"))
#: Scripts may call others so many times: a script that calls itself has no end.
_MOST = 8
_SHEBANG = re.compile(r"#! */(?:usr/)?bin/(?:env +)?(?:ba|da|a)?sh\b[^\n]*\n")
#: A first line by which the interpreter is the one that PATH finds: the image's own, not the distribution's.
_FOUND = re.compile(r"#! */usr/bin/env +([a-z][a-z0-9.]*)[ \t]*\n")
#: Options by which npx asks nothing, or fetches nothing.
_AGREES = frozenset(("-y", "--yes", "--no", "--no-install"))
#: How a script starts what it was given.
_PASSED_ON = frozenset(('"$@"', "$@", '"${@}"', "$*"))
_SCRIPTS = _RUNS | {"start", "test", "stop", "restart"}
_COMMAND = re.compile(r"-[a-z]*c")
_VERSION = re.compile(r"[\[=<>~!@:;]")
#: Addresses that Git reaches by ssh, and commands that reach a remote which their words need not name. Source: git(1).
_SSH = re.compile(r"ssh://|\A[\w.-]+@[\w.-]+:")
_REMOTE = frozenset(("push", "pull", "fetch", "clone", "ls-remote", "remote", "submodule", "lfs", "archive"))


@record
class Needs:
    """Debian packages that the smaller image lacks, sorted, and the first RUN that needs one of them, if any does.

    ``brought`` says that what is installed in any case brings back much of what the larger image has: a compiler, or
    headers. ``looked_up`` says that lock files tell of all that languages' package managers install, not only what is
    known of names. ``named`` is what the code of those packages may start or load, which the smaller image lacks.
    """

    packages: tuple[str, ...]
    first: Run | None
    brought: bool = False
    looked_up: bool = True
    named: tuple[str, ...] = ()


def needs(stage: Stage, build: Build, facts: Facts, smaller: Smaller) -> Needs:
    """What is missing when *smaller* takes the place of the image under *stage*.

    Raises ``Unmet``, with the command named, where that is not known or where nothing brings it back.
    """
    for other, sources in enumerate(facts.graph.sources):
        if stage.index in sources:
            raise Unmet(f"the stage {build.stages[other].name} takes files from it")
    ground = Ground(facts, smaller, Lists(build, facts))
    reader = _Reader(ground)
    image = base_image(build, facts, stage)
    reader.old = image is None or packages_ended(image, facts.today or image.as_of) is not None
    if image is not None:
        ground.family, ground.release = image.family or "", image.stands_on
    stages = [stage, *(build.stages[index] for index in facts.graph.heirs(stage.index))]
    steps = [step for one in stages for step in one.steps]
    if image is not None and image.name == "python" and not decided_elsewhere(steps):
        ground.python = python_minor(image.parts.version)
        ground.target = python_target(image.family, image.parts.version)
    if image is not None and image.workdir is not None:
        reader.folders = folders(stage, facts, image.workdir)
    for step in steps:
        reader.step(step)
    reader.process(steps)
    ground.load()
    first = next((run for run in ground.missing.values() if run is not None), None)
    tools = build_tools("apt")
    brought = any(name.endswith("-dev") or (tools and name in tools.tools) for name in ground.installed)
    return Needs(tuple(sorted(ground.missing)), first, brought, ground.looked_up, tuple(ground.named))


def started_programs(facts: Facts) -> tuple[StartedProgram, ...]:
    """The programs that code of the project starts, in the container and while the image is built."""
    if facts.project is None or not facts.build.stages:
        return ()
    found = [*facts.project.behaviour(facts.build).programs]
    found += (one for _, behaviour in facts.project.built(facts.build) for one in behaviour.programs)
    return tuple(dict.fromkeys(found))


def starting_needs(
    stage: Stage, build: Build, facts: Facts, smaller: Smaller, installed: Collection[str], programs: Collection[str]
) -> tuple[str, ...]:
    """What the container of *stage* is missing when only what it starts runs on *smaller*, beside the packages
    *installed* and *programs* that come along. Raises ``Unmet`` where that is not known.
    """
    ground = Ground(facts, smaller, Lists(build, facts))
    ground.installed |= set(installed)
    ground.programs |= {*programs, *(program for package in installed for program in programs_of(package))}
    _Reader(ground).process(stage.steps)
    return tuple(sorted(ground.missing))


class _Reader:
    """Reads steps in order, and notes on the *ground* what they need."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.facts, self.lists, self.smaller = ground.facts, ground.lists, ground.smaller
        self.languages = LanguageInstalls(ground)
        #: Where steps work whose folder the base image decides, by index.
        self.folders: Mapping[int, str | None] = {}
        self.depth = 0
        self.functions: set[str] = set()
        #: Whether the distribution may be one whose packages cannot do without folders for manual pages.
        self.old = False
        #: The words that the script at hand was started with; None where it changes them.
        self.passed: Sequence[str | None] | None = ()

    def _folder(self, step: Step) -> str | None:
        return self.facts.state(step).workdir or self.folders.get(step.index)

    def step(self, step: Step) -> None:
        self.ground.folder = self._folder(step)
        check_text(step, self.ground, old=self.old)
        if isinstance(step, Run):
            self._run(step)
        elif isinstance(step, Onbuild):
            raise Unmet(f"what the trigger on line {step.line} meets in another build is not known")
        elif isinstance(step, Copy) and not (
            self.smaller.copies
            or self.smaller.documentation
            or is_static(step)
            or is_for_browsers(step, self.facts.build)
        ):
            raise Unmet(f"what line {step.line} copies may be linked to libraries that only the larger image has")

    def _run(self, run: Run) -> None:
        if run.argv is not None:
            self.command(run.argv, run)
            return
        script = self.facts.script(run)
        if script is None:
            raise Unmet(f"the RUN on line {run.line} could not be read")
        self._script(script, run)
        if not self.smaller.documentation and all(one in script.text for one in ("https://", "sources.list")):
            self.ground.package("ca-certificates", "update-ca-certificates", run)

    def _script(self, script: Script, run: Run | None) -> None:
        self.functions = {
            node.name
            for node in script.nodes
            if isinstance(node, Compound) and node.kind == "function" and node.name is not None
        }
        constants = self.facts.state(run).constants if run is not None else {}
        working = command_folders(script, self.ground.folder, constants)
        known = unchanged(constants, script)
        if any(_changes_words(command) for command in script.commands):
            self.passed = None
        for command in script.commands:
            self.ground.folder = working[command.span]
            at = unwrapped(command.argv)
            if at < len(command.words) and command.words[at].text in _PASSED_ON and self.passed is not None:
                if self.passed:
                    self.command(self.passed, run)
            elif command.words:
                self.command(known_words(command, known), run, command.words[0].text)

    def process(self, steps: Sequence[Step]) -> None:
        """What the container runs."""
        if steps:
            self.ground.folder = self._folder(steps[-1])
        entry = next((step for step in reversed(steps) if step.keyword == "ENTRYPOINT"), None)
        command = next((step for step in reversed(steps) if step.keyword == "CMD"), None)
        if self.smaller.command_goes and entry is None and command is None:
            raise Unmet("the container runs the larger image's own command")
        if self.smaller.documentation:
            self._documented()
            return
        argv: tuple[str, ...] = ()
        for step in (entry, command):
            if isinstance(step, Exec) and step.argv is None:
                script = step.body.script if step.body is not None else None
                if not isinstance(script, Script):
                    raise Unmet(f"the {step.keyword} on line {step.line} could not be read")
                self._script(script, None)
                break
            if isinstance(step, Exec) and step.argv is not None:
                argv += step.argv
        # A script of the project is read, whatever programs that only start others are called so.
        if argv and not self._own_script(argv[0], argv[1:], None, direct=True):
            self.command(started(argv), None)
        for step in steps:
            if isinstance(step, Healthcheck) and step.test == "CMD":
                self._healthcheck(step)
        for given in given_commands(self.facts.build, self.facts.project):
            self._elsewhere(given.argv, given.where)
        for one in started_programs(self.facts):
            self._by_code(one)

    def _documented(self) -> None:
        """What code of the project reads of the documentation."""
        for one in started_programs(self.facts):
            if one.name is not None and documentation().paths.match(one.name):
                raise Unmet(f"code reads {one.name} ({one.evidence}), which is left out there")

    def _elsewhere(self, argv: Sequence[str | None], where: Evidence) -> None:
        try:
            self.command(argv if None in argv else started(tuple(map(str, argv))), None)
        except Unmet as reason:
            raise Unmet(f"{reason} ({where})") from None

    def _by_code(self, started: StartedProgram) -> None:
        """A program that code of the project starts."""
        folder, name = posixpath.split(started.name or "")
        if started.name is not None and (is_library(started.name) or is_data(started.name)):
            self._by_name(started)
            return
        if started.name is None or folder not in _SYSTEM:
            raise Unmet(f"what code starts or loads is not known: {started.written} ({started.evidence})")
        try:
            self._program(name, (), None)
            # Of what code makes of a command, only the beginning is known.
            if name == "git" and needs_ssh(started.written.split()[1:]):
                self.ground.package("openssh-client", "ssh", None)
        except Unmet as reason:
            raise Unmet(f"code starts {name} ({started.evidence}), and {reason}") from None

    def _by_name(self, started: StartedProgram) -> None:
        """A library or a table of the distribution that code uses: beneath Java all variants have the same."""
        name = started.name or ""
        project = self.facts.project
        if self.smaller.kind != "slim" or (project is not None and name in project.image_files(self.facts.build)):
            return
        known = of_the_system()
        package = known.files.get(name)
        if package is not None and name not in self.smaller.files:
            self.ground.missing.setdefault(package, None)
        elif package is None and is_data(name):
            self.ground.named[f"{started.evidence} names {name}"] = None
        elif package is None:
            found = libraries(known.development(name) or "", self.ground.family, self.ground.release)
            if not found:
                raise Unmet(f"code loads {name} ({started.evidence}), and which package brings it is not known")
            self.ground.missing.update(dict.fromkeys(found))

    def _healthcheck(self, step: Healthcheck) -> None:
        if step.argv is not None:
            self.command(step.argv, None)
            return
        self._inline(step.command, None)

    def command(self, argv: Sequence[str | None], run: Run | None, text: str | None = None) -> None:
        """One command with its words (None: an expansion decides), as *run* or else the container runs it."""
        at = unwrapped(tuple(argv))
        if at >= len(argv):
            return
        word = argv[at]
        folder, name = posixpath.split(word or "")
        if self.smaller.kind == "jre" and _BUILDS.match(name):
            raise Unmet(f"{name} may compile, which takes the development kit")
        if word is not None and folder not in _SYSTEM and self._own_program(word, argv[at + 1 :], run):
            return
        if word is None or folder not in _SYSTEM:
            raise Unmet(f"what {word or text} does is not known")
        done = operation(tuple(argv))
        rest = argv[at + 1 :]
        if name in self.functions:
            return
        if name in (".", "source") and rest and only_assigns(rest[0] or ""):
            return
        if name in _SHELLS and rest:
            self._shell(name, rest, run)
        elif name == "xargs" or name == "find":
            for inner in inner_commands(name, rest):
                self.command(inner, run, f"the command after {name}")
        elif name in _ASKS:
            # Whether a program is there decides what happens next, so it is needed like one that runs.
            for asked in rest:
                if asked is None or not asked.startswith("-"):
                    self.command((asked,), run, f"the command that {name} asks for")
        elif done is not None and done.manager.name in ("apt", "apk"):
            self._system(done, argv, name)
        elif self.smaller.documentation:
            if name in documentation().commands:
                raise Unmet(f"{name} needs the documentation that is left out there")
        elif done is not None:
            self._language(done, argv, run)
        elif name == "tar":
            self._archive(rest, run)
        elif name == "java" and self.smaller.kind == "jre" and (kit := compiled_at_start(argv[at:])) is not None:
            raise Unmet(f"java compiles {kit} when it starts, which takes the development kit")
        else:
            self._program(name, rest, run)

    def _shell(self, name: str, rest: Sequence[str | None], run: Run | None) -> None:
        """The shell *name*, which is told what to do by *rest*."""
        if len(rest) > 1 and rest[0] and _COMMAND.fullmatch(rest[0]) and rest[1] is not None:
            self._inline(rest[1], run)
        elif not (name in POSIX_SHELLS and rest[0] and self._own_script(rest[0], rest[1:], run, direct=False)):
            raise Unmet(f"what {name} {rest[0] or '…'} does is not known")

    def _own_program(self, path: str, rest: Sequence[str | None], run: Run | None) -> bool:
        """Whether *path* is a script of the project's, started with *rest* by its name; then what it needs is read."""
        if self._own_script(path, rest, run, direct=True):
            return True
        interpreter = _FOUND.match(self._own_text(path, direct=True) or "")
        if interpreter is not None:
            self.command((interpreter[1], path, *rest), run)
        return interpreter is not None

    def _own_script(self, path: str, rest: Sequence[str | None], run: Run | None, *, direct: bool) -> bool:
        """Whether *path* is a shell script of the project's, started with *rest*; then its commands are read.

        *direct*: by its name, so that its first line says what runs it.
        """
        text = self._own_text(path, direct=direct)
        if text is None or (direct and not _SHEBANG.match(text)):
            return False
        outer, self.passed = self.passed, rest
        self._inline(text, run, path)
        self.passed = outer
        return True

    def _own_text(self, path: str, *, direct: bool) -> str | None:
        """The text of the project's file that *path* leads to, *direct* as a program; None where there is none."""
        folders = [self.ground.folder or "/"]
        if direct and "/" not in path:
            folders = [*SYSTEM_PATH, *folders]
        for folder in folders:
            place = posixpath.normpath(posixpath.join(folder, path))
            text = self.lists.text(place, "/" if place.startswith("/") else self.ground.folder)
            if text is not None:
                return text
        return None

    def _inline(self, text: str, run: Run | None, name: str | None = None) -> None:
        script = read_script(text)
        if not isinstance(script, Script) or self.depth > _MOST:
            raise Unmet(f"the script {name or repr(text)} could not be read")
        outer = self.functions, self.ground.folder
        self.depth += 1
        self._script(script, run)
        self.depth -= 1
        self.functions, self.ground.folder = outer

    def _program(self, name: str, rest: Sequence[str | None], run: Run | None) -> None:
        if name.startswith("python") and any(word is None or word.endswith("setup.py") for word in rest[:1]):
            raise Unmet(f"what {name} {rest[0] or '…'} builds is not known")
        if name == "npx" and "node" in self.smaller.own:
            self._npx(rest)
            return
        if name in self.smaller.commands or name in self.ground.installed or name in self.ground.programs:
            return
        package = self.smaller.packages.get(name)
        if package is None:
            raise Unmet(f"it is not known whether {name} is there{self.ground.hint}")
        self.ground.package(package, name, run)
        if name == "git" and needs_ssh([word or "…" for word in rest]):
            self.ground.package("openssh-client", "ssh", run)

    def _npx(self, rest: Sequence[str | None]) -> None:
        """What npx runs: a program of an installed package. Raises ``Unmet`` where it may fetch one first.

        Source: npm documentation, "npx" (a name with a version is looked for in the registry).
        """
        name = next((word for word in rest if word is None or word not in _AGREES), None)
        if name is None or name not in self.ground.programs:
            raise Unmet(f"what npx {name or '…'} runs is not known")

    def _system(self, done: Operation, argv: Sequence[str | None], name: str) -> None:
        named = {_VERSION.split(word, maxsplit=1)[0] for at in done.operands if (word := argv[at])}
        if done.kind is Kind.INSTALL:
            if self.smaller.documentation and (not done.certain or not done.operands):
                raise Unmet(f"which packages {name} installs is not known")
            self.ground.installed |= named
            self.ground.programs |= {program for package in named for program in programs_of(package)}
        elif self.smaller.documentation or done.kind is not Kind.REMOVE:
            return
        elif not (done.certain and named <= self.ground.installed):
            raise Unmet(f"{name} {done.subcommand} may find nothing to remove there")

    def _language(self, done: Operation, argv: Sequence[str | None], run: Run | None) -> None:
        if done.asks:
            return
        manager, known = done.manager.name, installer(done.manager.name)
        if manager == "bundler" and done.subcommand == "exec" and done.operands:
            self.command(argv[done.operands[0] :], run)
            return
        if manager in LOCKS:
            if done.subcommand == "run" and done.operands:
                self.command(argv[done.operands[0] :], run)
            else:
                self.languages.locked(done, argv, run)
            return
        if manager == "yarn":
            self._yarn(done, argv, run)
            return
        if known is None:
            raise Unmet(f"what {done.executable} {done.subcommand} needs is not known".replace("  ", " "))
        if manager == "npm" and done.has_flag("--prefix", "-C", "-w", "--workspace", "--workspaces", "-g"):
            self.ground.folder = None
        if manager == "npm" and done.subcommand in _SCRIPTS:
            names = [argv[at] for at in done.operands] if done.subcommand in _RUNS else [done.subcommand]
            for text in self.lists.npm_script(names[0] or "" if names else "", self.ground.folder):
                self._inline(text, run)
        elif manager == "npm" and done.kind is Kind.INSTALL and not done.operands and self.facts.project is not None:
            self.languages.npm(done, run, known)
        elif done.kind is Kind.INSTALL:
            self.languages.installs(done, argv, known)
            self.ground.programs |= known.commands
        elif done.subcommand and done.subcommand not in known.harmless:
            raise Unmet(f"what {done.executable} {done.subcommand} does is not known")

    def _yarn(self, done: Operation, argv: Sequence[str | None], run: Run | None) -> None:
        """What Yarn installs, or runs: a script of package.json, or a program that its packages bring."""
        known = installer("npm")
        assert known is not None
        if done.kind is Kind.INSTALL:
            self.languages.yarn(done, argv, run, known)
            return
        name = run_by_yarn(done, argv)
        if name is None:
            return
        folder = None if done.has_flag("--cwd", "--top-level", "-T") else self.ground.folder
        if self.lists.has_script(name, folder):
            for text in self.lists.npm_script(name, folder):
                self._inline(text, run)
        else:
            self._program(name, (), run)

    def _archive(self, rest: Sequence[str | None], run: Run | None) -> None:
        """tar calls a program for each kind of compression but gzip's, which every image has."""
        if "bzip2" in self.smaller.commands:
            return
        kind = compression(rest)
        if kind is None:
            raise Unmet("which compression tar meets is not known")
        if kind:
            self.ground.package("bzip2" if kind == "bzip2" else "xz-utils", kind, run)


def needs_ssh(words: Sequence[str]) -> bool:
    """Whether ``git`` with *words* may reach its remote by ssh, which Debian's package only suggests."""
    if any(_SSH.search(word) for word in words):
        return True
    verb = next((word for word in words if not word.startswith("-")), "")
    return verb in _REMOTE and not any("://" in word for word in words)


def _changes_words(command: Simple) -> bool:
    """Whether *command* changes the words that its script was started with."""
    return command.name == "shift" or (command.name == "set" and any(word.text == "--" for word in command.words))
