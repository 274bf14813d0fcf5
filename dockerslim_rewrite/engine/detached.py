"""Starting a container in the background and watching it through its engine: what docker and podman have in common."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .interface import EngineError, StartOutcome, StartRequest
from .process import TimedOut, capture
from .processes import listeners_in

#: Seconds for one question to the engine.
_SHORT = 120.0
_STEP = 0.3
#: How many characters of what it wrote are kept.
_KEPT = 4000
_STATE = "{{.State.Running}} {{.State.ExitCode}} {{.State.Pid}}"


def start(program: str, environment: Mapping[str, str], options: Sequence[str], request: StartRequest) -> StartOutcome:
    """Start the container of *request* with *program* and its *options* of ``run``; it is removed afterwards.

    Raises ``EngineError`` where the engine does not answer.
    """
    container = f"dockerslim-{secrets.token_hex(8)}"
    command = [program, "run", "--detach", "--name", container, "--no-healthcheck", *options]
    known = _ports(program, environment, None, request.network)
    try:
        begun = _ask([*command, f"--network={request.network or 'none'}", request.image], environment)
        if begun[0]:
            return StartOutcome(begun[0], output=begun[2][-_KEPT:])
        status, ports = _watch(program, environment, container, request, known)
        _, said, complained = _ask([program, "logs", container], environment)
        _, differences, _ = _ask([program, "diff", container], environment)
    finally:
        with contextlib.suppress(TimedOut):
            # Podman's rm would first wait for the container to heed SIGTERM.
            capture([program, "kill", container], _SHORT, environment)
            capture([program, "rm", "--force", container], _SHORT, environment)
    changed = {line[2:] for line in differences.splitlines() if line[:2] in ("A ", "C ")}
    return StartOutcome(status, ports, frozenset(changed), (said + complained)[-_KEPT:])


def _watch(
    program: str, environment: Mapping[str, str], container: str, request: StartRequest, known: frozenset[int]
) -> tuple[int | None, frozenset[int]]:
    deadline = time.monotonic() + request.timeout
    ports: frozenset[int] = frozenset()
    quiet = time.monotonic()
    while time.monotonic() < deadline:
        code, state, complaint = _ask([program, "inspect", "--format", _STATE, container], environment)
        if code:
            raise EngineError(f"{Path(program).name} inspect: {complaint.strip()}")
        running, status, pid = state.split()
        if running != "true":
            return int(status), ports
        found = _ports(program, environment, (container, int(pid)), request.network) - known
        if not found <= ports:
            ports, quiet = ports | found, time.monotonic()
        elif ports and time.monotonic() - quiet >= request.settle:
            break
        time.sleep(_STEP)
    return None, ports


def _ports(
    program: str, environment: Mapping[str, str], container: tuple[str, int] | None, network: str | None
) -> frozenset[int]:
    """The ports that are listened on in the container's network; without a container, in the one it will share."""
    if container is None:
        return _listed(Path("/proc/self")) if network == "host" else frozenset()
    name, pid = container
    code, text, _ = _ask([program, "exec", name, "cat", "/proc/net/tcp", "/proc/net/tcp6"], environment)
    rows = [line for line in text.splitlines() if not line.lstrip().startswith("sl")]
    if rows or not code:
        return frozenset(port for port, _ in listeners_in(rows))
    # An image without `cat`: its process may be one of this machine's, if the engine is.
    local = environment.get("DOCKER_HOST", "unix:").startswith("unix:")
    return _listed(Path("/proc") / str(pid)) if local and pid else frozenset()


def _listed(process: Path) -> frozenset[int]:
    found: set[int] = set()
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            lines = (process / "net" / name).read_text().splitlines()[1:]
            found.update(port for port, _ in listeners_in(lines))
    return frozenset(found)


def _ask(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    try:
        found = capture(command, _SHORT, environment)
    except TimedOut:
        raise EngineError(f"{os.path.basename(command[0])} {command[1]}: no answer in {_SHORT:.0f} seconds") from None
    return found.returncode, found.stdout, found.stderr
