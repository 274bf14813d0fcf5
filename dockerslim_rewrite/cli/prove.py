"""``dockerslim prove``: show by building what cannot be read, and write the proof into the lock."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..report.text import printable

if TYPE_CHECKING:
    from .inputs import Inputs
    from .proofs import Outcome, Proving
    from .request import Request

_ON_NETWORK = "The network of the containers; by default they are cut off."


def prove_command(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Dockerfiles, or directories with some.")],
    goal: Annotated[str | None, typer.Option(help="Search for the best in size, security or cache.")] = None,
    in_place: Annotated[bool, typer.Option("-i", "--in-place", help="Write the rewritten file as well.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print what rewriting makes of the file now.")] = False,
    level: Annotated[str, typer.Option(help="How far the other rules may go.")] = "standard",
    rule: Annotated[list[str] | None, typer.Option(help="Try only this rule, as DS402.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Leave these rules out.")] = None,
    lock: Annotated[Path | None, typer.Option(help="The lock file; else the nearest, or one beside the file.")] = None,
    context: Annotated[Path | None, typer.Option(help="The build context; else as the repository builds it.")] = None,
    engine: Annotated[str | None, typer.Option(help="docker, podman or buildah, or a path to one of them.")] = None,
    target: Annotated[str | None, typer.Option(help="The stage to build.")] = None,
    build_arg: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, or NAME from the environment.")] = None,
    build_network: Annotated[str | None, typer.Option(help="The engine's network for building.")] = None,
    network: Annotated[str | None, typer.Option(help=_ON_NETWORK)] = None,
    smoke: Annotated[str | None, typer.Option(help="A command to run in each image: shell, or a JSON array.")] = None,
    smoke_file: Annotated[Path | None, typer.Option(help="A file with that command.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that one build may take.")] = 3600.0,
    start_timeout: Annotated[float, typer.Option(help="Seconds to watch a container start.")] = 20.0,
    log: Annotated[Path | None, typer.Option(help="Keep the output of the builds in this file.")] = None,
    format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No plan and no progress.")] = False,
) -> None:
    """Build files and their candidates, prove what cannot be read, and record it in the lock.

    Builds and containers run code of the project; everything else in this program only reads it. Exit 0: proved, or
    nothing to prove; 1: not proved; 2: could not be built.
    """
    from .builds import BuildRequest
    from .proofs import Proving
    from .request import Request

    if format not in ("text", "json"):
        raise _refusal(f"unknown format {format!r}; known formats: text, json")
    building = BuildRequest(
        context=context,
        engine=engine,
        target=target,
        build_args=tuple(build_arg or ()),
        network=build_network,
        smoke=smoke,
        smoke_file=smoke_file,
        warm=goal == "cache",
        timeout=timeout,
        log=log,
    )
    typed = frozenset(name for name, value in (("level", level != "standard"), ("ignore", ignore)) if value)
    how = Proving(building, network, goal, start_timeout, tuple(rule or ()))
    request = Request(
        paths=tuple(paths), level=level, ignore=tuple(ignore or ()), lock=lock, context=context, in_place=in_place,
        diff=diff, quiet=quiet, format=format, given=typed,
    )  # fmt: skip
    raise typer.Exit(run(request, how))


def run(request: Request, how: Proving) -> int:
    """Prove each file of *request*; the exit code."""
    from ..engine.prove.choice import GOALS
    from ..pipeline.options import codes_of
    from ..record import evolve
    from .files import InputError, read_input
    from .inputs import Inputs
    from .rewrite import located, options_of

    reports: list[dict[str, Any]] = []
    code = 0
    try:
        if how.goal is not None and how.goal not in GOALS:
            raise ValueError(f"--goal {how.goal!r}: choose from {', '.join(GOALS)}")
        try:
            how = evolve(how, rules=tuple(sorted(codes_of(how.rules))))
        except ValueError as error:
            raise ValueError(f"--rule: {error}") from None
        options_of(request)
        how.building.options()
        inputs = Inputs(request)
        paths = inputs.paths()
    except ValueError as error:
        raise _refusal(str(error)) from None
    for path in paths:
        try:
            outcome = _prove_one(path, read_input(path), inputs.configured(request, path), inputs, how)
        except (InputError, ValueError) as error:
            print(f"dockerslim: {printable(located(path, error))}", file=sys.stderr)
            code = 2
            continue
        code = max(code, outcome.code)
        if request.format == "json":
            from ..report.ladder import ladder_object

            reports.append(ladder_object(path, outcome.ladder, outcome.best, outcome.reason))
    if request.format == "json":
        print(json.dumps(reports, indent=2))
    return code


def _prove_one(path: str, data: bytes, request: Request, inputs: Inputs, how: Proving) -> Outcome:
    """Prove one file, tell it, write the proof into the lock, and do what *request* asks for. Raises ``ValueError``."""
    from ..pipeline import rewrite
    from ..record import evolve
    from .files import lock_for, write_output
    from .proofs import prove_and_record
    from .rewrite import options_of, print_diff

    options = evolve(options_of(request), lock=lock_for(path, request.lock), **inputs.surroundings(request, path))
    to = sys.stdout if request.format == "text" else None
    outcome, lock = prove_and_record(path, data, options, how, request.lock, to, quiet=request.quiet)
    if outcome.proof is None:
        return outcome
    result = rewrite(data, evolve(options, lock=lock), path)
    if request.diff and request.format == "text":
        print_diff(result, path)
    if request.in_place and result.changed:
        write_output(path, result.to_bytes(), data)
    return outcome


def _refusal(message: str) -> typer.Exit:
    print(f"dockerslim: {printable(message)}", file=sys.stderr)
    return typer.Exit(2)
