"""What ``verify`` and ``rewrite --verify`` share: the options of builds as typed, and carrying them out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..record import record
from ..regular import read_text, read_whole
from ..report.text import printable

if TYPE_CHECKING:
    from ..engine.interface import BuildFailed
    from ..engine.verify import Candidate, Side, Verification, VerifyOptions


@record
class BuildRequest:
    """How to build, as typed; see the options of ``dockerslim verify``. Times in seconds."""

    context: Path | None = None
    engine: str | None = None
    target: str | None = None
    build_args: tuple[str, ...] = ()
    network: str | None = None
    smoke: str | None = None
    smoke_file: Path | None = None
    touch: Path | None = None
    control: bool = True
    warm: bool = True
    timeout: float = 3600.0
    log: Path | None = None

    def folder(self, dockerfile: str) -> Path:
        """The build context for *dockerfile*: the one that the passes read as well. Raises ``ValueError``."""
        if self.context is not None:
            folder = self.context
        elif dockerfile == "-":
            raise ValueError("a Dockerfile from standard input is built with --context")
        else:
            from ..workspace.uses import workspace_for

            projects = workspace_for(Path(dockerfile)).projects(Path(dockerfile))
            folder = Path(projects[0].name) if projects else Path(dockerfile).parent
        if not folder.is_dir():
            raise ValueError(f"--context {folder}: is not a directory")
        return folder

    def options(self) -> VerifyOptions:
        """The same as the engine takes it. Raises ``ValueError`` with one line that says what is wrong."""
        from ..engine.choose import check_name
        from ..engine.interface import EngineError
        from ..engine.verify import VerifyOptions, smoke_command

        try:
            check_name(self.engine)
        except EngineError as error:
            raise ValueError(f"--engine: {error}") from None
        if self.smoke is not None and self.smoke_file is not None:
            raise ValueError("--smoke and --smoke-file exclude each other")
        try:
            script = read_text(self.smoke_file) if self.smoke_file else self.smoke
        except OSError as error:
            raise ValueError(f"--smoke-file {self.smoke_file}: cannot be read: {error.strerror}") from None
        try:
            command = None if script is None else smoke_command(script)
        except ValueError as error:
            raise ValueError(f"the smoke command: {error}") from None
        return VerifyOptions(
            engine=self.engine,
            target=self.target,
            build_args=tuple(_build_arg(text) for text in self.build_args),
            network=self.network,
            smoke=command,
            control=self.control,
            warm=self.warm,
            touch=self.touch,
            build_timeout=self.timeout,
            log=self.log,
        )


def _build_arg(text: str) -> tuple[str, str | None]:
    name, given, value = text.partition("=")
    return name, value if given else None


def build_both(
    before: Path, after: Candidate, context: Path, options: VerifyOptions, *, quiet: bool
) -> Verification | BuildFailed | None:
    """Build and compare, with a line of progress unless *quiet*; None after a complaint that no engine works."""
    from ..engine.interface import BuildFailed, EngineError
    from ..engine.verify import verify
    from .progress import ProgressLine

    progress = ProgressLine(quiet=quiet)
    try:
        outcome = verify(before, after, context, options, progress)
        for side in (outcome.before, outcome.after):
            _remember(side, context, options.target)
        return outcome
    except BuildFailed as failure:
        return failure
    except (EngineError, OSError) as error:
        progress.clear()
        print(printable(f"dockerslim: {error}"), file=sys.stderr)
        return None
    finally:
        progress.clear()


def _remember(side: Side, context: Path, target: str | None) -> None:
    """Keep for editors how large the layers of *side* are; a Dockerfile that is gone by now has none."""
    from ..ir.build import read_build
    from ..syntax import ParseError, parse
    from ..workspace.measured import remember
    from .files import now

    try:
        build = read_build(parse(read_whole(side.dockerfile).decode("utf-8", "surrogateescape")))
    except (OSError, ParseError):
        return
    layers = [(layer.instruction, layer.size) for layer in side.image.layers]
    remember(build, context, target, layers, now().date())
