"""Through which programs a container starts, and what its configuration names."""

from __future__ import annotations

import posixpath

from ...ir.build import Stage
from ...ir.steps import Exec, Healthcheck, Step
from ...patterns import re
from ...record import record
from ...shell.names import POSIX_SHELLS
from ...shell.reader import read_script
from ...shell.script import Script
from ..flow.given_commands import single_commands
from ..shell.operations import unwrapped
from ..usage import Usage

#: Builtins of the shell, and programs that every image with a shell has.
EVERYWHERE = frozenset(
    (
        "echo", "exec", "cd", "export", "sleep", "test", "[", "true", "false", ":", "set", "printf", "cat", "date",
        "mkdir", "env", "exit", "wait", "trap", "umask", "ulimit", "chmod", "chown", "rm", "ls", "ln", "cp", "mv",
        "touch", "pwd", "id", "hostname", "uname", "unset", "eval", "tail", "head", "grep", "sed", "tee", "kill",
        "shift", "basename", "dirname",
    )
)  # fmt: skip
#: Programs that start what their configuration names.
RUNNERS = frozenset(
    (
        "supervisord", "honcho", "foreman", "circusd", "pm2", "pm2-runtime", "s6-svscan", "runsvdir", "monit", "crond",
        "cron", "concurrently", "overmind", "hivemind", "multirun",
    )
)  # fmt: skip
_SCRIPT = re.compile(r".*\.(?:sh|bash|py|pl|rb|js|php|lua|tcl)\Z")


@record
class Started:
    """A program that the container runs: ``name`` as written, in instruction ``keyword`` on ``line``."""

    name: str
    keyword: str
    line: int

    @property
    def path(self) -> bool:
        """Whether it is named by a path."""
        return "/" in self.name

    @property
    def script(self) -> bool:
        """Whether its name says that it is a script, which may run anything."""
        return bool(_SCRIPT.match(self.name))


@record
class Starting:
    """How a container starts: its ``programs`` (builtins of the shell left out), every word of its commands, and
    whether it needs a shell, by name of the instruction that does (``needs_shell``).
    """

    programs: tuple[Started, ...]
    words: tuple[str, ...]
    needs_shell: str | None

    def paths(self, folder: str | None) -> tuple[str, ...]:
        """The absolute paths among the words; *folder* is where relative ones start."""
        found = []
        for word in self.words:
            text = word.rpartition("=")[2]
            if text.startswith("/") or (text.startswith("./") and folder):
                found.append(posixpath.normpath(posixpath.join(folder or "/", text)))
        return tuple(dict.fromkeys(found))


def starting(stage: Stage) -> Starting | str:
    """How the container of *stage* starts, or why that is not known."""
    last: dict[str, Step] = {step.keyword: step for step in stage.steps if isinstance(step, Exec | Healthcheck)}
    entry, command, health = last.get("ENTRYPOINT"), last.get("CMD"), last.get("HEALTHCHECK")
    main = entry if isinstance(entry, Exec) and _has_words(entry) else command
    if not isinstance(main, Exec) or not _has_words(main):
        return "it starts what the base image starts, so this may be an image to work in or to build others on"
    given = isinstance(command, Exec) and _has_words(command) and main is entry
    if _is_shell(main) and not given:
        return f"{main.keyword} starts a shell: this may be an image to work in"
    programs: list[Started] = []
    words: list[str] = []
    needs: str | None = None
    for step in (main, health):
        if step is None:
            continue
        found = _commands(step)
        if isinstance(found, str):
            return found
        commands, shell = found
        if shell:
            needs = needs or step.keyword
        for argv in commands:
            known = [word for word in argv if word]
            words += known
            name = argv[0] if argv else None
            if name is None:
                return f"a variable decides what {step.keyword} runs"
            if shell and name in EVERYWHERE:
                continue
            programs.append(Started(name, step.keyword, step.line))
        if step is main is entry and isinstance(command, Exec) and command.argv:
            words += command.argv
    return Starting(tuple(programs), tuple(words), needs)


def given_starting(usage: Usage, line: int) -> Starting | None:
    """How the containers of *usage* start where the image names no start, of which *line* is told for it; None where
    one of them starts what the base image does, or something that nobody knows.
    """
    if usage.plain or not usage.containers:
        return None
    programs: dict[Started, None] = {}
    words: list[str] = []
    needs: str | None = None
    for one in usage.containers:
        given = (*(one.entrypoint or ()), *(one.command or ()))
        if not given or None in given:
            return None
        shell = posixpath.basename(given[0] or "") in POSIX_SHELLS
        for argv in single_commands(given):
            at = unwrapped(argv)
            name = argv[at] if at < len(argv) else None
            if name is None or (posixpath.basename(name) in POSIX_SHELLS):
                return None
            words += [word for word in argv[at:] if word]
            if not shell or name not in EVERYWHERE:
                programs[Started(name, "command", line)] = None
        needs = needs or ("command" if shell else None)
    return Starting(tuple(programs), tuple(words), needs) if programs else None


def worked_in(stage: Stage) -> bool:
    """Whether the container of *stage* starts a shell, or what the base image starts."""
    last = {step.keyword: step for step in stage.steps if isinstance(step, Exec) and _has_words(step)}
    entry, command = last.get("ENTRYPOINT"), last.get("CMD")
    main = entry or command
    return main is None or (_is_shell(main) and not (entry and command))


def _is_shell(step: Exec) -> bool:
    """Whether *step* starts a shell that is given nothing to run."""
    argv: tuple[str | None, ...] | None = step.argv
    script = step.body.script if step.body is not None else None
    if argv is None and isinstance(script, Script) and len(script.commands) == 1:
        argv = script.commands[0].argv
    bare = [word for word in argv or () if word not in ("-l", "-i", "-li", "--login", "exec")]
    return len(bare) == 1 and posixpath.basename(bare[0] or "") in POSIX_SHELLS


def _has_words(step: Exec) -> bool:
    return bool(step.argv) or step.body is not None


def _commands(step: Step) -> tuple[list[tuple[str | None, ...]], bool] | str:
    """The commands that *step* runs, and whether a shell runs them."""
    text: str | None = None
    argv: tuple[str, ...] | None = None
    script: object = None
    if isinstance(step, Healthcheck):
        if step.test != "CMD":
            return [], False
        argv, text = step.argv, step.command
    elif isinstance(step, Exec):
        argv = step.argv
        script = step.body.script if step.body is not None else None
    if argv is not None:
        if posixpath.basename(argv[0]) not in POSIX_SHELLS:
            return [argv], False
        if len(argv) < 3 or not re.fullmatch(r"-[a-z]*c", argv[1]):
            return f"{step.keyword} starts a script or a shell, which may run anything"
        text = argv[2]
    if script is None and text is not None:
        script = read_script(text)
    if not isinstance(script, Script):
        return f"what {step.keyword} runs could not be read"
    found = []
    for command in script.commands:
        words = command.argv
        at = unwrapped(words)
        if at < len(words):
            found.append(words[at:])
    return found, True
