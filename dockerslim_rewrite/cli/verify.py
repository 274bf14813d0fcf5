"""``dockerslim verify``: build both, compare the images."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..engine.verify import Candidate, VerifyOptions

EQUIVALENT, DIFFERENT, NOT_BUILT = 0, 1, 2


def verify_command(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="The Dockerfile as it was.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The Dockerfile as it is now.")],
    context: Annotated[Path | None, typer.Option(help="The build context; by default the folder of BEFORE.")] = None,
    engine: Annotated[str | None, typer.Option(help="docker, podman or buildah; default: what is there.")] = None,
    target: Annotated[str | None, typer.Option(help="The stage to build.")] = None,
    build_arg: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, or NAME from the environment.")] = None,
    network: Annotated[str | None, typer.Option(help="The engine's network for building and running.")] = None,
    smoke: Annotated[str | None, typer.Option(help="A command to run in both: shell, or a JSON array.")] = None,
    smoke_file: Annotated[Path | None, typer.Option(help="A file with that command.")] = None,
    expect: Annotated[list[str] | None, typer.Option(help="Paths that may be gone, as /usr/share/doc/**.")] = None,
    expect_config: Annotated[list[str] | None, typer.Option(help="Fields that may differ, as User, Env.PATH.")] = None,
    fewer_packages: Annotated[bool, typer.Option("--fewer-packages", help="Packages may be gone, with files.")] = False,
    touch: Annotated[Path | None, typer.Option(help="The file in the context to change for warm builds.")] = None,
    warm: Annotated[bool, typer.Option("--warm/--no-warm", help="Build again with a file changed.")] = True,
    control: Annotated[bool, typer.Option("--control/--no-control", help="Build BEFORE twice to know noise.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds that one build may take.")] = 3600.0,
    log: Annotated[Path | None, typer.Option(help="Keep the output of the builds in this file.")] = None,
    format: Annotated[str, typer.Option("--format", help="text, json or markdown.")] = "text",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Build two Dockerfiles and compare the images. Exit 0: equivalent, 1: different, 2: could not be built."""
    from ..engine.announced import Announced
    from ..engine.expectations import removals
    from ..engine.verify import Candidate, VerifyOptions, smoke_command

    if format not in ("text", "json", "markdown"):
        raise _refusal(f"unknown format {format!r}; known formats: text, json, markdown")
    if smoke is not None and smoke_file is not None:
        raise _refusal("--smoke and --smoke-file exclude each other")
    folder = context or before.parent
    if not folder.is_dir():
        raise _refusal(f"--context {folder}: is no folder")
    try:
        script = smoke_file.read_text("utf-8") if smoke_file else smoke
        command = None if script is None else smoke_command(script)
        for path in (before, after):
            path.open("rb").close()
    except OSError as error:
        raise _refusal(f"{error.filename}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise _refusal(f"the smoke command: {error}") from None
    options = VerifyOptions(
        engine=engine,
        target=target,
        build_args=tuple(_build_arg(text) for text in build_arg or ()),
        network=network,
        smoke=command,
        control=control,
        warm=warm,
        touch=touch,
        build_timeout=timeout,
        log=log,
    )
    expected = removals(expect or (), "announced with --expect")
    candidate = Candidate(after, Announced(expected, frozenset(expect_config or ()), fewer_packages))
    raise typer.Exit(_carry_out(before, candidate, folder, options, format, quiet))


def _carry_out(before: Path, after: Candidate, context: Path, options: VerifyOptions, format: str, quiet: bool) -> int:
    from ..engine.interface import BuildFailed, EngineError
    from ..engine.verify import verify
    from ..report import verify as report
    from .progress import ProgressLine

    progress = ProgressLine(quiet=quiet)
    try:
        result = verify(before, after, context, options, progress)
    except BuildFailed as failure:
        progress.clear()
        if format == "text":
            for line in report.failure_lines(failure):
                print(line, file=sys.stderr)
        else:
            print(report.failure_json(failure) if format == "json" else report.failure_markdown(failure))
        return NOT_BUILT
    except (EngineError, OSError) as error:
        progress.clear()
        print(f"dockerslim: {error}", file=sys.stderr)
        return NOT_BUILT
    finally:
        progress.clear()
    if format == "json":
        print(report.verification_json(result))
    elif format == "markdown":
        print(report.verification_markdown(result), end="")
    else:
        for line in report.verification_lines(result):
            print(line)
    return EQUIVALENT if result.equivalent else DIFFERENT


def _build_arg(text: str) -> tuple[str, str | None]:
    name, given, value = text.partition("=")
    return name, value if given else None


def _refusal(message: str) -> typer.Exit:
    print(f"dockerslim: {message}", file=sys.stderr)
    return typer.Exit(NOT_BUILT)
