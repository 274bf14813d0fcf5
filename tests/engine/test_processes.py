"""The processes of a container are told by their root, its ports by the sockets that they hold."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dockerslim_rewrite.engine.processes import end_all, listeners_in, listening, rooted, taken


def test_ports_are_told_by_who_holds_them() -> None:
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        first.listen()
        port = first.getsockname()[1]
        assert port in listening([os.getpid()])
        assert taken([port, 1]) == {port}
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        assert port not in listening([child.pid])
        child.communicate(b"\n")
    assert taken([port]) == set()


def test_only_listening_sockets_count() -> None:
    rows = (
        "0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1 0",
        "1: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 0 0 4712 1 0",
    )
    assert listeners_in(rows) == [(8080, "4711")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the root of a process")
def test_whatever_is_rooted_there_ends(tmp_path: Path) -> None:
    """A process that left its group and its session, as daemons do, is found all the same; others are left alone."""
    program = "import os,sys,time; os.chroot(sys.argv[1]); os.fork() and os._exit(0); os.setsid(); time.sleep(60)"
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    deadline = time.monotonic() + 5
    while not (found := rooted(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(found) == 1
    end_all(tmp_path)
    assert rooted(tmp_path) == []
    assert os.getpid() not in rooted(Path("/"))
