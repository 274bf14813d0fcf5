"""``dockerslim rewrite``: from files to files, with the journal on standard error."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..knowledge.repository import embedding_language
from ..pipeline import Options, Result, rewrite, unified_diff
from ..pipeline.options import account_of
from ..pipeline.settings import settings
from ..record import evolve
from ..report.text import Told, printable, report_lines, statistics_lines, summary_line, total_line
from ..syntax import ParseError
from .files import InputError, accepted_for, lock_for, now, read_input, repository_path, write_output
from .inputs import Inputs
from .output import put
from .request import Request as Request

if TYPE_CHECKING:
    from .proof import Proof

DONE, CHANGES, USAGE, UNPROVEN = 0, 1, 2, 3


def run(request: Request) -> int:
    """Carry out *request*; the exit code."""
    # What is loaded stays: no collection need look at it.
    gc.freeze()
    if request.watch:
        from .watch import watch

        try:
            # A mistake in the options does not go away while files change.
            _check(request)
            options_of(request)
            if not (request.output or request.in_place or request.check):
                request = evolve(request, diff=True)
            return watch(request, _once)
        except ValueError as error:
            complain(str(error))
            return USAGE
    return _once(request)


def _once(request: Request) -> int:
    try:
        _check(request)
        inputs = Inputs(request)
        paths = inputs.paths()
        # A mistake in the options is told once, not for every file.
        options_of(request)
    except ValueError as error:
        complain(str(error))
        return USAGE
    if inputs.folders and not (request.output or request.in_place or request.check or request.diff):
        request = evolve(request, diff=True)
    code = DONE
    results: list[Result] = []
    proofs: list[Proof | None] = []
    # What several files share, such as the baseline of a directory, is wrong for each of them and said once.
    said: set[str] = set()
    for path in paths:
        try:
            own = inputs.configured(request, path)
            result, proof = _one(path, options_of(own), own, inputs)
        except (InputError, ParseError, ValueError) as error:
            reason = str(error) if isinstance(error, InputError) else located(path, error)
            if reason not in said:
                complain(reason)
            said.add(reason)
            code = max(code, USAGE)
            continue
        except (RecursionError, MemoryError, OSError) as error:
            if isinstance(error, BrokenPipeError) or (isinstance(error, OSError) and error.filename is None):
                raise
            why = error.strerror if isinstance(error, OSError) else "too large, or nested too deeply, to be read"
            complain(f"{path}: {why}; left as it is")
            code = max(code, USAGE)
            continue
        except Exception as error:  # noqa: BLE001 - one file never stops the others
            from ..failure import failure

            complain(f"{path}: {failure(error)}")
            code = max(code, UNPROVEN)
            continue
        results.append(result)
        proofs.append(proof)
        code = max(code, proof.code if proof else DONE)
        if request.strict and result.bugs:
            code = max(code, UNPROVEN)
        elif request.check and (result.changed or result.companions):
            code = max(code, CHANGES)
    if request.format == "text":
        _sum_up(results, request, inputs.told)
    if request.format == "json":
        from ..report.json import report_json

        keep_text = not (request.output or request.in_place or request.check)
        verified = [None if proof is None else proof.document for proof in proofs]
        put((report_json(results, text=keep_text, verified=verified) + "\n").encode())
    elif request.format != "text":
        from ..report.formats import document

        put(document(request.format, results).encode("utf-8", "surrogateescape"))
    return code


def _check(request: Request) -> None:
    if request.output and (len(request.paths) > 1 or Path(request.paths[0]).is_dir()):
        raise ValueError("-o takes one file; use --in-place for many")
    if request.output and request.in_place:
        raise ValueError("-o and --in-place exclude each other")
    if len(request.paths) > 1 and not (request.in_place or request.diff or request.check or request.format != "text"):
        raise ValueError("several files on standard output would run together; use --in-place, --diff or --check")
    if request.check and (request.output or request.in_place):
        raise ValueError("--check writes nothing; leave out -o and --in-place")
    if request.check and request.verify:
        raise ValueError("--check builds nothing; leave out --verify")
    if request.in_place and "-" in request.paths:
        raise ValueError("standard input cannot be rewritten in place; use -o")
    for one in settings():
        value = getattr(request, one.name, None)
        if one.choices:
            one.check(value)
        if one.kind == "folder" and value is not None and not value.is_dir():
            raise ValueError(f"{one.flag} {value}: not a directory")
    if request.check and request.prove:
        raise ValueError("--check builds nothing; leave out --prove")
    for building in (request.verify, request.prove):
        if building is not None:
            building.options()


def options_of(request: Request) -> Options:
    """What *request* chooses for the compiler. Raises ``ValueError``."""
    options = Options(
        level=request.level,
        select=request.select,
        extend_select=request.extend_select,
        ignore=request.ignore,
        style=request.style,
        templates=request.templates,
        pin=request.pin,
        today=now().date(),
        account=account_of(request.account),
        dockerignore=request.dockerignore,
        cleanup=request.cleanup,
        flatten=request.flatten,
        generated=request.generated,
    )
    _ = options.safety
    return options


def _one(path: str, options: Options, request: Request, inputs: Inputs) -> tuple[Result, Proof | None]:
    data = read_input(path)
    # What an editor pipes lies where it says.
    named = inputs.name(path) or path
    accepted = accepted_for(named) if not request.no_baseline else frozenset()
    lock = lock_for(named, request.lock)
    options = evolve(options, lock=lock, accepted=accepted, **inputs.surroundings(request, path))
    host = embedding_language(path)
    if host is not None:
        return _embedded(host, path, data, options, request, inputs), None
    if request.prove is not None:
        options = _proved(path, data, options, request)
    result = rewrite(data, options, inputs.name(path))
    proof = _proof(path, data, result, request)
    refused = proof is not None and proof.refusal is not None
    if not refused:
        _write(path, data, result, request)
    if not (refused and request.quiet):
        _tell(result, request, inputs.told)
    if request.suggest:
        from .suggest import print_drafts

        print_drafts(result, options)
    if proof is not None and proof.refusal is not None:
        complain(proof.refusal)
    return result, proof


def _proved(path: str, data: bytes, options: Options, request: Request) -> Options:
    """*options* with a lock that holds what builds prove of the file."""
    from .proofs import Proving, prove_and_record

    assert request.prove is not None
    how = Proving(request.prove)
    to = None if request.quiet or request.format != "text" else sys.stderr
    _, lock = prove_and_record(path, data, options, how, request.lock, to, quiet=request.quiet)
    return evolve(options, lock=lock)


def _embedded(host: str, path: str, data: bytes, options: Options, request: Request, inputs: Inputs) -> Result:
    """The file *path* of the language *host* with the Dockerfiles in its strings rewritten."""
    from ..embedded.hosts import host_of
    from ..embedded.rewrite import rewrite_embedded

    if request.verify is not None or request.prove is not None:
        raise ValueError(f"{path}: Dockerfiles within other files cannot be built with --verify or --prove")
    result = rewrite_embedded(host_of(host), data, evolve(options, builds=None), path)
    _write(path, data, result, request)
    _tell(result, request, inputs.told)
    return result


def _proof(path: str, data: bytes, result: Result, request: Request) -> Proof | None:
    """What two builds say about *result*; None if nobody asked or there is nothing to compare."""
    if request.verify is None or not (result.changed or result.companions):
        return None
    from .proof import prove

    return prove(path, data, result, request.verify, report=request.format == "text" and not request.quiet)


def _write(path: str, data: bytes, result: Result, request: Request) -> None:
    if request.output:
        if not (result.to_bytes() == data and _same_file(path, request.output)):
            write_output(request.output, result.to_bytes())
    elif request.in_place:
        if result.changed:
            write_output(path, result.to_bytes(), data)
    elif not (request.diff or request.check or request.format != "text"):
        put(result.to_bytes())
    for companion in result.companions:
        if request.output or request.in_place:
            before = None if companion.before is None else companion.before.encode("utf-8", "surrogateescape")
            write_output(str(companion.path), companion.text.encode("utf-8", "surrogateescape"), before)
            complain(f"{companion.path}: written; it {companion.reason}")
    if request.diff and request.format == "text":
        print_diff(result, path)


def _tell(result: Result, request: Request, told: Told) -> None:
    """The journal of one file on standard error, in the length that *request* asks for, but for what was *told*."""
    if request.format != "text" or request.statistics:
        return
    if request.quiet:
        if result.changed:
            print(summary_line(result), file=sys.stderr)
        return
    for line in report_lines(result, told):
        print(line, file=sys.stderr)


def _sum_up(results: list[Result], request: Request, told: Told) -> None:
    if request.statistics:
        for line in statistics_lines(results):
            print(line, file=sys.stderr)
    if len(results) > 1 and not (request.statistics or request.quiet):
        for line in told.lines():
            print(line, file=sys.stderr)
    if request.statistics or (len(results) > 1 and not request.quiet):
        print(total_line(results), file=sys.stderr)


def _same_file(path: str, output: str) -> bool:
    try:
        return path != "-" and os.path.samefile(path, output)
    except OSError:
        return False


def print_diff(result: Result, path: str) -> None:
    """The difference that *result* makes to the file *path*, on standard output, in colour on a terminal."""
    diff = unified_diff(result.original, result.text, repository_path(path)) if result.changed else ""
    diff += "".join(
        unified_diff(companion.before, companion.text, repository_path(str(companion.path)))
        for companion in result.companions
    )
    forced = os.environ.get("FORCE_COLOR", "") not in ("", "0")
    if not sys.stdout.isatty() and not forced:
        put(diff.encode("utf-8", "surrogateescape"))
        return
    colour = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
    if os.environ.get("NO_COLOR") and not forced:
        colour = {}
    for line in diff.splitlines():
        start = colour.get(line[:1], "")
        print(f"{start}{printable(line)}{chr(27) + '[0m' if start else ''}")


def located(path: str, error: Exception) -> str:
    """*error* in one line that names the file *path*, with the line where it is known."""
    name = "<stdin>" if path == "-" else path
    if isinstance(error, ParseError):
        return f"{name}:{error.line}: {error.reason}; left as it is"
    return str(error)


def complain(message: str) -> None:
    """One line on standard error."""
    print(f"dockerslim: {printable(message)}", file=sys.stderr)
