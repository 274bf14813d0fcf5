"""A judge of shell bodies: runs the RUNs of a stage before and after a rewrite, and tells whether they do the same.

The shells are real (dash, bash, busybox ash); every external command is pretended. It leaves its argv, directory,
environment, umask, limits, descriptors and input in the trace, prints a word derived from its argv, and succeeds or
fails as a seeded oracle says, so that failure paths are walked too. `cd`, redirections and the plain file commands
act on a scratch tree in memory. The bodies are hostile: they run in namespaces of their own without network, rights or
anything to execute but the shells (see namespace.py and preload.c).

What it cannot see: what a command would really do; the shells' hash of command locations; differences that show only
with an oracle answer that no seed gave.
"""

from tests.trace.model import (
    SHELLS,
    Allowance,
    Assignment,
    Body,
    Ending,
    Event,
    Node,
    Outcome,
    Replacement,
    Trace,
    UnsupportedShell,
    Words,
)
from tests.trace.sandbox import Sandbox, run, unavailable
from tests.trace.toolchain import Unavailable
from tests.trace.verdict import SEEDS, Difference, Kind, Verdict, compare, judge

__all__ = [
    "SEEDS",
    "SHELLS",
    "Allowance",
    "Assignment",
    "Body",
    "Difference",
    "Ending",
    "Event",
    "Kind",
    "Node",
    "Outcome",
    "Replacement",
    "Sandbox",
    "Trace",
    "Unavailable",
    "UnsupportedShell",
    "Verdict",
    "Words",
    "compare",
    "judge",
    "run",
    "unavailable",
]
