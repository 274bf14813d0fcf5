"""Process 1 of the sandbox: starts the shells, answers their commands, watches the limits, reads the resulting tree.

Run by sandbox.py as `python -m tests.trace.process MODE`; talks pickled frames over standard input and output.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from posixpath import basename, dirname, join, normpath
from random import Random
from time import monotonic

from tests.trace import namespace, oracle, tree
from tests.trace.frames import read_frame, write_frame
from tests.trace.model import Body, Ending, Event, Job, Node, Outcome, Parse, Trace, UnsupportedShell
from tests.trace.places import is_place

TIME_LIMIT = 10.0
"""Seconds by the clock, generous for a busy machine; the shells' own limit is a second of processor time."""
EVENT_LIMIT = 400
RACE_WINDOW = 0.003
"""Seconds for which a command waits for others to race with when a job asks for jitter."""
ERRORS_KEPT = 2000
STUBS = "/.stub"
VOLATILE = frozenset({"_", "PWD", "OLDPWD", "SHLVL"})
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class Build:
    """State of one job while its bodies run."""

    job: Job
    events: list[Event] = field(default_factory=list)
    calls: Counter[tuple[str, ...]] = field(default_factory=Counter)
    keys: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    body: int = 0
    asked: dict[tuple[str, str], bool] = field(default_factory=dict)
    environments: dict[bytes, tuple[tuple[str, str], ...]] = field(default_factory=dict)


class Driver:
    def __init__(self, files: dict[str, bytes]) -> None:
        namespace.build_root(files)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(f"{namespace.HOME}/sock")
        os.chmod(f"{namespace.HOME}/sock", 0o777)
        self._listener.listen(256)
        self._listener.setblocking(False)
        namespace.seal()
        self._null = os.open("/dev/null", os.O_RDONLY)
        self._out = _scratch_file("/.out")
        self._err = _scratch_file("/.err")
        self._chance = Random(0)

    def run(self, job: Job) -> Trace:
        """Runs the bodies of `job` on an empty tree until one fails."""
        self._reset()
        build = Build(job)
        ending = Ending.OK
        for path in job.allow.starts:
            os.makedirs(path, exist_ok=True)
        for build.body, body in enumerate(job.bodies):
            status = self._run_body(body, build, [])
            if status is None:
                ending = Ending.LIMIT
            elif status:
                ending = Ending.FAILED
            if status != 0:
                break
        nodes: dict[str, Node] = {}
        if ending is Ending.OK:
            try:
                nodes = tree.snapshot()
                for kind, path in build.asked:  # a shell may ask for more files than a body does
                    if kind == "holds" and nodes.get(path) == tree.file(oracle.content(path)):
                        del nodes[path]
            except OSError:  # paths longer than any call takes
                ending = Ending.LIMIT
        culprit = next((event.argv for event in reversed(build.events) if event.status), None)
        outcome = Outcome(ending, culprit if ending is Ending.FAILED else None)
        output = blake2b(_content(self._out), digest_size=8).hexdigest()
        errors = _content(self._err)[:ERRORS_KEPT].decode("utf-8", "replace")
        return Trace(tuple(build.events), outcome, nodes, output, errors, tuple(build.asked))

    def parses(self, question: Parse) -> bool:
        """Whether the shell accepts the syntax of every body."""
        self._reset()
        build = Build(Job(question.bodies, question.shell, 0))
        return all(self._run_body(body, build, ["-n"]) == 0 for body in question.bodies)

    def _reset(self) -> None:
        tree.restore()
        for descriptor in (self._out, self._err):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)

    def _run_body(self, body: Body, build: Build, options: list[str]) -> int | None:
        """Exit status of the body's shell (128 + n for signal n), None when a limit stopped it."""
        try:
            os.makedirs(body.cwd, exist_ok=True)
            os.chdir(body.cwd)
        except OSError:
            return 1  # an earlier body has put a file there: no container starts
        program, name = program_for(body, build.job.shell)
        environment = {"HOME": "/root", "PATH": PATH, **dict(body.env)}
        environment["PATH"] = f"{STUBS}:{environment['PATH']}"
        home = namespace.HOME
        argv = [f"{home}/loader", "--library-path", home, "--preload", f"{home}/preload.so", "--argv0", name]
        argv += [f"{home}/{program}", *options, *body.shell[1:], body.script]
        process = os.posix_spawn(
            argv[0],
            [os.fsencode(word) for word in argv],
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, source, target)
                          for target, source in enumerate((self._null, self._out, self._err))],
            setpgroup=0,
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),  # Python ignores them
        )  # fmt: skip
        handle = os.pidfd_open(process)
        try:
            finished = self._serve(handle, build)
        finally:
            os.close(handle)
            # The container of a RUN ends with its shell: so does everything left in the background.
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            status = _reap(process)
            self._hang_up()
            os.chdir("/")
        return status if finished and status != 128 + signal.SIGXCPU else None

    def _serve(self, handle: int, build: Build) -> bool:
        """Answers commands until the shell ends (true) or a limit is reached (false)."""
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.register(self._listener, select.POLLIN)
        deadline = monotonic() + TIME_LIMIT
        waiting: list[socket.socket] = []
        while True:
            left = deadline - monotonic()
            if left <= 0 or len(build.events) > EVENT_LIMIT:
                return False
            ready = {descriptor for descriptor, _ in poll.poll(RACE_WINDOW * 1000 if waiting else left * 1000)}
            if self._listener.fileno() in ready:
                with contextlib.suppress(BlockingIOError):
                    waiting.append(self._listener.accept()[0])
                if build.job.jitter:
                    continue
            elif handle in ready:
                return True
            if waiting:
                chosen = self._chance.randrange(len(waiting)) if build.job.jitter else 0
                with waiting.pop(chosen) as client:
                    self._answer(client, build)

    def _hang_up(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()

    def _answer(self, client: socket.socket, build: Build) -> None:
        client.settimeout(1.0)
        try:
            request = _receive(client)
            kind, cwd, rest = request.split(b"\0", 2)
            if kind == b"exec":
                reply = _command(build, os.fsdecode(cwd), rest)
            else:
                path = normpath(join(os.fsdecode(cwd), os.fsdecode(rest[:-1])))
                reply = b"y" if _provide(build, kind.decode(), path) else b"n"
            client.sendall(struct.pack("=I", len(reply)) + reply)
        except (OSError, EOFError):
            return  # the command was killed while it asked


def program_for(body: Body, shell: str) -> tuple[str, str]:
    """The program that runs the body where /bin/sh is `shell`, and the name to call it by.

    Raises UnsupportedShell for shells that the sandbox does not have.
    """
    name = basename(body.shell[0])
    if name == "bash":
        return "bash", body.shell[0]
    if name not in ("sh", "dash", "ash"):
        raise UnsupportedShell(body.shell[0])
    if shell == "ash":
        return "busybox", body.shell[0] if name != "dash" else "sh"
    return shell, body.shell[0]


def _command(build: Build, cwd: str, data: bytes) -> bytes:
    """Records the command as an event; the answer is an action (act, print), a number and the output.

    The number is the exit status, or how many words stand in front of the command that acts.
    """
    job = build.job
    mask, fd0, fd1, fd2, stdin, limits, count, words = data.split(b"\0", 7)
    *arguments, block = words.split(b"\0", int(count))
    argv = tuple(os.fsdecode(word) for word in arguments)
    inner = oracle.unwrapped(argv)
    skipped = len(argv) - len(inner)
    if skipped and inner[0] in oracle.BUILTINS:
        return b"a" + bytes([skipped])
    stdio = (_descriptor(fd0), _descriptor(fd1), _descriptor(fd2))
    environment = _environment(build, block)
    key = build.keys.get(argv)
    if key is None:
        key = build.keys[argv] = oracle.normal(argv, job.allow)
    forced = oracle.forced(argv, job.allow)
    uses = () if forced else oracle.used_paths(argv, cwd, job.allow.missing_paths)
    sees = tuple((path, tree.something(path)) for path in uses)
    if forced:
        fails = job.additions_fail and not oracle.matches(argv, job.allow.removed)
        status = oracle.addition_status(job.seed, key) if fails else 0
    else:
        succeeds = job.pipes_succeed and stdio[1] == "pipe"
        status = 0 if succeeds else oracle.status(job.seed, key, build.calls[key])
        build.calls[key] += 1
    build.events.append(
        Event(argv, cwd, environment, int(mask), stdio, stdin.decode(), limits.decode(), sees, status, build.body)
    )
    if status:
        return b"p" + bytes([status])
    if inner and basename(inner[0]) in oracle.ACTING:
        return b"a" + bytes([skipped])
    for path in oracle.created_files(oracle.replaced(argv, job.allow)):
        tree.create(normpath(join(cwd, path)), path)
    return b"p\0" + (b"" if forced else os.fsencode(oracle.output(job.seed, key)))


def _environment(build: Build, block: bytes) -> tuple[tuple[str, str], ...]:
    known = build.environments.get(block)
    if known is None:
        pairs = (os.fsdecode(entry).partition("=")[::2] for entry in block.split(b"\0") if entry)
        known = tuple(sorted((name, value) for name, value in pairs if name not in VOLATILE))
        build.environments[block] = known
    return known


def _descriptor(link: bytes) -> str:
    target = os.fsdecode(link)
    if target in ("/.out (deleted)", "/.err (deleted)"):
        return target[2:5]
    return "(deleted)" if target.endswith(" (deleted)") else target


def _provide(build: Build, kind: str, path: str) -> bool:
    """Makes what is missing, if the oracle says that it is there.

    A directory for `cd`, for `stat` of a known place and as `parent` of a file to create; a file to `read`; and where
    a test (`stat` of anything else) or an `append` asks whether the base image holds a file, that file.
    """
    if path.startswith(("/proc", "/dev", "/.")):
        return False
    if kind == "stat" and is_place(path, build.job.places):
        kind = "cd"
    holds = kind in ("stat", "append")
    question = ("holds" if holds else kind, path)
    if holds and (question in build.asked or not os.path.isdir(dirname(path))):
        return False  # it was there, and a body has removed it; or it stands in no folder of the empty image
    folders = build.job.allow.folders
    if kind == "cd" and ("*" in folders or any(f"{folder}/".startswith(f"{path}/") for folder in folders)):
        build.asked[question] = True
    elif question not in build.asked:
        build.asked[question] = oracle.grants(build.job.seed, *question)
    if not build.asked[question]:
        return False
    try:
        if kind == "cd":
            os.makedirs(path, exist_ok=True)
        else:
            os.makedirs(dirname(path), exist_ok=True)
            if kind != "parent":
                tree.create(path, oracle.content(path))
    except OSError:
        return False
    return True


def _scratch_file(path: str) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    os.unlink(path)
    return descriptor


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _receive(client: socket.socket) -> bytes:
    data = client.recv(65536)
    if len(data) < 4:
        raise EOFError
    size = int(struct.unpack("=I", data[:4])[0]) + 4
    while len(data) < size:
        more = client.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data[4:]


def _reap(process: int) -> int:
    status = 0
    with contextlib.suppress(ChildProcessError):
        while True:
            done, code = os.waitpid(-1, 0)
            if done == process:
                exit_code = os.waitstatus_to_exitcode(code)
                status = exit_code if exit_code >= 0 else 128 - exit_code
    return status


def main(mode: str) -> None:
    namespace.die_with_parent()
    stdin, stdout = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    files = read_frame(stdin)
    assert isinstance(files, dict)
    try:
        namespace.isolate(as_user=mode == "user")
        if child := os.fork():
            os.waitpid(child, 0)
            return
        namespace.die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # process 1 then cannot be interrupted from within
        driver = Driver(files)
    except OSError as error:
        write_frame(stdout, f"{mode} namespace: {error}")
        return
    write_frame(stdout, "")
    while isinstance(batch := read_frame(stdin), list):
        write_frame(stdout, [driver.run(job) if isinstance(job, Job) else driver.parses(job) for job in batch])
