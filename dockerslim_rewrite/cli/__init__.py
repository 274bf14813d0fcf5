"""The command line: one file a command, each loaded when it is called."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys

#: Exit codes by the convention of shells: 128 and the number of the signal.
_INTERRUPTED = 130
_USAGE = 2
_NOBODY_READS = 141
#: Python's own 700 cost a fifth of the time over many files, and some of it when the program starts.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def main() -> None:
    """Entry point of ``dockerslim``."""
    _run(sys.argv[1:])


def rewrite_main() -> None:
    """Entry point of ``rewrite``, which is ``dockerslim rewrite``."""
    _run(["rewrite", *sys.argv[1:]])


def _run(arguments: list[str]) -> None:
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    _open_streams()
    with contextlib.suppress(ValueError):  # Outside of the main thread signals are somebody else's.
        signal.signal(signal.SIGTERM, _end)
    from .quick import read_plain
    from .serving import PLAIN, start

    plain = read_plain(arguments[1:]) if arguments[:1] == ["rewrite"] else None
    try:
        if arguments in PLAIN:
            code = start()
        elif plain is None:
            code = _by_typer(arguments)
        else:
            from .rewrite import Request, run

            code = run(Request(**plain))
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except BrokenPipeError:
        _silence()
        code = _NOBODY_READS
    except OSError as error:
        # Standard output is full, or closed.
        _silence()
        print(f"dockerslim: standard output: cannot be written: {error.strerror}", file=sys.stderr)
        code = _USAGE
    sys.exit(code)


def _by_typer(arguments: list[str]) -> int:
    """Read *arguments* with Typer and carry them out; the exit code. A mistake is told in one line."""
    from typer import Abort

    from .app import app

    try:
        return app(arguments, prog_name="dockerslim", standalone_mode=False) or 0
    except Abort:
        return _INTERRUPTED
    except Exception as error:
        # Typer brings its own copy of the library whose exceptions these are, under a private name.
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        context = getattr(error, "ctx", None)
        usage = f"; see `{context.command_path} --help`" if context is not None else ""
        text = " ".join(message().split()).rstrip(".").replace("Value error, ", "")
        print(f"dockerslim: {text[:1].lower()}{text[1:]}{usage}", file=sys.stderr)
        return int(getattr(error, "exit_code", _USAGE))


def _end(number: int, _: object) -> None:
    """End as after an error: what was begun is taken back, temporary files among it."""
    sys.exit(128 + number)


def _open_streams() -> None:
    """Give the standard streams that whoever started the program has closed a place to read from, and to fail at."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        from .closed import closed_stream

        sys.stdout = closed_stream()


def _silence() -> None:
    """Let nothing more be written: Python flushes standard output once more when it ends, and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = sys.__stdout__ or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
