"""The command line: one file a command, each loaded when it is called."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

#: Exit codes by the convention of shells: 128 and the number of the signal.
_SIGNALLED = 128
_INTERRUPTED = 130
_USAGE = 2
_FAILED = 3
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
    _heed_signals()
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
    except SystemExit as error:
        if isinstance(error.code, int) and error.code > _SIGNALLED:
            _leave(error.code)
        raise
    except BrokenPipeError:
        _silence()
        code = _NOBODY_READS
    except OSError as error:
        # Standard output is full, or closed.
        _silence()
        _complain(f"standard output: cannot be written: {error.strerror}")
        code = _USAGE
    except Exception as error:  # noqa: BLE001 - no traceback ever reaches a user
        from ..failure import said

        _complain(f"failed ({said(error)}); please report this")
        code = _FAILED
    if code == _INTERRUPTED:
        _leave(code)
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
        from ..report.text import printable

        print(printable(f"dockerslim: {text[:1].lower()}{text[1:]}{usage}"), file=sys.stderr)
        return int(getattr(error, "exit_code", _USAGE))


def _heed_signals() -> None:
    """From now on SIGTERM and SIGINT end the program as an error does: what was begun is taken back."""
    with contextlib.suppress(ValueError):  # Outside of the main thread signals are somebody else's.
        signal.signal(signal.SIGTERM, _end)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end)
        sys.unraisablehook = _unraisable


def _end(number: int, _: FrameType | None) -> NoReturn:
    """End as after an error, temporary files removed. A second signal would break just that off, so none counts."""
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(_SIGNALLED + number)


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    """A signal that came while an object was taken down raises where nobody catches it: end then as well."""
    if isinstance(found.exc_value, KeyboardInterrupt):
        _leave(_INTERRUPTED)
    if isinstance(found.exc_value, SystemExit) and isinstance(found.exc_value.code, int):
        _leave(found.exc_value.code)
    sys.__unraisablehook__(found)


def _leave(code: int) -> NoReturn:
    """End now, with *code*: threads that wait for the network would keep the process for as long as they do."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _open_streams() -> None:
    """Give the standard streams that whoever started the program has closed a place to read from, and to fail at."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        from .closed import closed_stream

        sys.stdout = closed_stream()


def _complain(text: str) -> None:
    """Tell *text*, unless it is standard error itself that is full: then the exit code is all that is left to tell."""
    from ..report.text import printable

    try:
        print(printable(f"dockerslim: {text}"), file=sys.stderr, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _silence() -> None:
    """Let nothing more be written: Python flushes standard output once more when it ends, and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = sys.__stdout__ or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
