"""Process 1 of the sandbox: starts the shells, answers their commands, watches the limits, reads the resulting tree.

Run by sandbox.py as `python -m tests.trace MODE`; talks pickled frames over standard input and output.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import socket
import stat
import struct
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from posixpath import basename, dirname, join, normpath
from random import Random
from time import monotonic
from typing import BinaryIO

from tests.trace import namespace, oracle
from tests.trace.model import Body, Ending, Event, Job, Node, Outcome, Parse, Trace, UnsupportedShell
from tests.trace.places import is_place

TIME_LIMIT = 2.0
EVENT_LIMIT = 400
RACE_WINDOW = 0.003
"""Seconds for which a command waits for others to race with when a job asks for jitter."""
ERRORS_KEPT = 2000
STUBS = "/.stub"
SKELETON = ("bin", "etc", "home", "lib", "opt", "root", "run", "sbin", "srv", "tmp", "usr", "usr/bin", "usr/lib",
            "usr/local", "usr/local/bin", "usr/sbin", "usr/share", "usr/src", "var", "var/cache", "var/lib",
            "var/lib/apt", "var/lib/apt/lists", "var/log", "var/tmp", "var/www")  # fmt: skip
OURS = frozenset({"dev", "proc", ".trace"})
VOLATILE = frozenset({"_", "PWD", "OLDPWD", "SHLVL"})
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class Build:
    """State of one job while its bodies run."""

    job: Job
    events: list[Event] = field(default_factory=list)
    calls: Counter[tuple[str, ...]] = field(default_factory=Counter)
    body: int = 0
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
        for build.body, body in enumerate(job.bodies):
            status = self._run_body(body, build, [])
            if status is None:
                ending = Ending.LIMIT
            elif status:
                ending = Ending.FAILED
            if status != 0:
                break
        tree: dict[str, Node] = {}
        if ending is Ending.OK:
            try:
                tree = _snapshot()
            except OSError:  # paths longer than any call takes
                ending = Ending.LIMIT
        culprit = next((event.argv for event in reversed(build.events) if event.status), None)
        outcome = Outcome(ending, culprit if ending is Ending.FAILED else None)
        output = blake2b(_content(self._out), digest_size=8).hexdigest()
        errors = _content(self._err)[:ERRORS_KEPT].decode("utf-8", "replace")
        return Trace(tuple(build.events), outcome, tree, output, errors)

    def parses(self, question: Parse) -> bool:
        """Whether the shell accepts the syntax of every body."""
        self._reset()
        build = Build(Job(question.bodies, question.shell, 0))
        return all(self._run_body(body, build, ["-n"]) == 0 for body in question.bodies)

    def _reset(self) -> None:
        _empty("/", OURS)
        _empty("/dev", frozenset({"null"}))
        os.umask(0o022)
        for name in SKELETON:
            os.mkdir(f"/{name}")
        os.chmod("/tmp", 0o1777)
        for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
            os.symlink(f"/proc/self/fd{target}", f"/dev/{name}")
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
                reply = b"y" if _provide(build.job, kind.decode(), path) else b"n"
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
    """Records the command as an event; the answer is an action (act, print), the status and the output."""
    job = build.job
    mask, fd0, fd1, fd2, stdin, limits, count, words = data.split(b"\0", 7)
    *arguments, block = words.split(b"\0", int(count))
    argv = tuple(os.fsdecode(word) for word in arguments)
    stdio = (_descriptor(fd0), _descriptor(fd1), _descriptor(fd2))
    environment = _environment(build, block)
    key = oracle.normal(argv, job.allow.flags)
    sees = tuple((path, _something(path)) for path in oracle.used_paths(argv, cwd, job.allow.missing_paths))
    forced = oracle.forced(argv, job.allow)
    status = 0 if forced else oracle.status(job.seed, key, build.calls[key])
    build.calls[key] += 1
    build.events.append(
        Event(argv, cwd, environment, int(mask), stdio, stdin.decode(), limits.decode(), sees, status, build.body)
    )
    if status:
        return b"p" + bytes([status])
    if argv and basename(argv[0]) in oracle.ACTING:
        return b"a\0"
    for path in oracle.created_files(key):
        _create(normpath(join(cwd, path)), path)
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


def _provide(job: Job, kind: str, path: str) -> bool:
    """Makes a missing directory (`cd`, `stat` of a known place, `parent` of a file to create) or file (`read`)."""
    if path.startswith(("/proc", "/dev", "/.")):
        return False
    if kind == "stat" and not is_place(path, job.places):
        return False
    if not oracle.grants(job.seed, "cd" if kind == "stat" else kind, path):
        return False
    try:
        if kind in ("cd", "stat"):
            os.makedirs(path, exist_ok=True)
        else:
            os.makedirs(dirname(path), exist_ok=True)
            if kind == "read":
                _create(path, "")
    except OSError:
        return False
    return True


def _create(path: str, content: str) -> None:
    with contextlib.suppress(OSError):  # a file where a directory should be, or no room: then there is no such file
        os.makedirs(dirname(path), exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        try:
            os.write(descriptor, os.fsencode(content))
        finally:
            os.close(descriptor)


def _something(path: str) -> bool:
    try:
        return bool(os.listdir(path))
    except NotADirectoryError:
        return True
    except OSError:
        return False


def _snapshot() -> dict[str, Node]:
    """What differs from the empty image, by path."""
    tree: dict[str, Node] = {}
    expected = {f"/{name}": Node("directory", 0o1777 if name == "tmp" else 0o755) for name in SKELETON}
    stack = [entry.path for entry in os.scandir("/") if entry.name not in OURS]
    while stack:
        path = stack.pop()
        node = _node(path)
        if node.kind == "directory":
            _open_up(path, 0o700)
            stack += [entry.path for entry in os.scandir(path)]
        if expected.pop(path, None) != node:
            tree[path] = node
    tree.update({path: Node("missing", 0) for path in expected if path not in tree})
    return tree


def _node(path: str) -> Node:
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        return Node("directory", mode)
    if stat.S_ISLNK(status.st_mode):
        return Node("link", 0, os.readlink(path))
    if stat.S_ISREG(status.st_mode):
        _open_up(path, 0o600)
        with open(path, "rb") as file:
            return Node("file", mode, blake2b(file.read(), digest_size=8).hexdigest())
    return Node("special", mode)


def _open_up(path: str, mode: int) -> None:
    """Makes an entry of the tree accessible where this process has no rights beyond its owner's."""
    if not os.access(path, mode >> 6):
        os.chmod(path, mode)


def _empty(directory: str, keep: frozenset[str]) -> None:
    """Removes all in `directory` but `keep`, step by step: bodies can nest deeper than a path or the stack may be."""
    os.chdir(directory)
    above: list[str] = []
    while True:
        inner = None
        for entry in os.scandir("."):
            if not above and entry.name in keep:
                continue
            if entry.is_dir(follow_symlinks=False):
                inner = entry.name
            else:
                os.unlink(entry.name)
        if inner is not None:
            _open_up(inner, 0o700)
            os.chdir(inner)
            above.append(inner)
        elif above:
            os.chdir("..")
            os.rmdir(above.pop())
        else:
            os.chdir("/")
            return


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


def read_frame(stream: BinaryIO) -> object | None:
    """The next frame, None at the end."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    frame: object = pickle.loads(stream.read(struct.unpack("=Q", head)[0]))
    return frame


def write_frame(stream: BinaryIO, value: object) -> None:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    stream.write(struct.pack("=Q", len(data)) + data)
    stream.flush()


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
