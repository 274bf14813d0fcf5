"""A process that scans modules for another one: orders come on standard input, answers go to standard output."""

from __future__ import annotations

import pickle
import sys

from .scanning import scan_one


def main() -> None:
    """Read (jobs, cwd, environment) and write the list of their scans."""
    jobs, cwd, environment = pickle.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(pickle.dumps([scan_one(job, cwd, environment) for job in jobs]))
