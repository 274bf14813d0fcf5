"""``dockerslim batch``: all Dockerfiles of a repository, at once or planned in shards."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from ..record import evolve
from .options import from_table
from .request import Request
from .rewrite import complain

#: Options of `rewrite` that make sense for one file only, or that the batch has in another form.
_NOT_FOR_MANY = frozenset(
    (
        "output",
        "stdin_filename",
        "suggest",
        "watch",
        "format",
        "statistics",
        "python",
        "context",
        "target",
        "smoke_file",
        "prove",
    )
)
_PLANNING = _NOT_FOR_MANY | {"in_place", "diff", "check", "verify", "engine", "build_arg", "network", "smoke", "strict"}


class _Group(TyperGroup):
    """``batch PATH…`` is ``batch run PATH…``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``run`` in front of what names no command."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["run", *args]
        found: list[str] = super().parse_args(ctx, args)
        return found


batch_app = typer.Typer(
    cls=_Group,
    name="batch",
    help="Rewrite all Dockerfiles of a repository, or plan that in shards: `batch [PATH...]` is `batch run [PATH...]`.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Paths = Annotated[list[str] | None, typer.Argument(metavar="[PATH...]", help="Files, directories and patterns.")]
Jobs = Annotated[int, typer.Option("-j", "--jobs", min=0, help="Processes; 0: one for each core.")]
Rollout = Annotated[
    str | None, typer.Option("--rollout", metavar="TIER", help="A tier of the migration; see the docs.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Stop after so many files that change.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="REF", help="Only files that changed since this revision.")
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither read nor keep results of earlier runs.")]
Where = Annotated[Literal["local", "dask"], typer.Option("--executor", help="Where the work is done.")]
Scheduler = Annotated[str | None, typer.Option("--scheduler", metavar="ADDRESS", help="For dask: its scheduler.")]
Folder = Annotated[Path, typer.Option("--plan", metavar="DIR", help="The directory of the plan.")]
Shards = Annotated[list[str] | None, typer.Argument(metavar="[SHARD...]", help="Shards of the plan; default: all.")]
_PLAN = Path(".dockerslim/migration")


def _known(folder: Path) -> Path:
    """The plan that is meant: where none is named, that of the nearest directory above which has one, as Git does.

    Raises ``ValueError`` as ``_own`` does.
    """
    if folder != _PLAN:
        return folder
    for place in (Path.cwd(), *Path.cwd().parents):
        if (place / _PLAN).is_dir():
            return _own(folder if place == Path.cwd() else place / _PLAN)
        if os.path.lexists(place / ".git"):
            break
    return _own(folder)


def _own(folder: Path) -> Path:
    """*folder*, which lies where the repository says, and where nobody named another place leads nowhere else.

    Raises ``ValueError`` for a link, which a stranger's repository may have put there.
    """
    link = next((one for one in (folder.parent, folder) if one.is_symlink()), None)
    if link is not None:
        raise ValueError(
            f"{link}: is a symbolic link to {os.readlink(link)}; name the directory of the plan with --plan"
        )
    return folder


@batch_app.command("run")
@from_table(Request, _NOT_FOR_MANY)
def run_command(
    call: typer.Context,
    paths: Paths = None,
    jobs: Jobs = 0,
    rollout: Rollout = None,
    limit: Limit = None,
    since: Since = None,
    no_cache: NoCache = False,
    report: Annotated[
        list[Path] | None,
        typer.Option("--report", metavar="FILE", help="A report: .html, .json, .md, .csv or FORMAT=FILE."),
    ] = None,
    executor: Where = "local",
    scheduler: Scheduler = None,
    **values: Any,
) -> None:
    """Rewrite all Dockerfiles, in parallel. Without --in-place nothing is written.

    Exit codes are those of `rewrite`. A file that cannot be read or rewritten is told and does not stop the others.
    Interrupted, each file is as it was or as it should be, and the same command goes on.
    """
    from .batch_run import run
    from .batching import BatchCall

    request = _request(call, paths, values)
    wanted = BatchCall(request, jobs, rollout, limit, since, not no_cache, executor, scheduler)
    raise typer.Exit(_carried_out(lambda: run(wanted, tuple(report or ()))))


@batch_app.command("plan")
@from_table(Request, _PLANNING)
def plan_command(
    call: typer.Context,
    paths: Paths = None,
    by: Annotated[
        Literal["owner", "directory", "rule", "file", "service"], typer.Option("--by", help="What makes a shard.")
    ] = "owner",
    max_files: Annotated[int, typer.Option("--max-files", min=1, help="Files in one shard, at most.")] = 25,
    depth: Annotated[int, typer.Option("--depth", min=1, help="For --by directory: its levels.")] = 1,
    folder: Folder = _PLAN,
    jobs: Jobs = 0,
    rollout: Rollout = None,
    limit: Limit = None,
    since: Since = None,
    no_cache: NoCache = False,
    executor: Where = "local",
    scheduler: Scheduler = None,
    **values: Any,
) -> None:
    """Plan the migration: a patch for each shard, a table of all changes, and PLAN.md. No Dockerfile is touched."""
    from .batch_plan import plan
    from .batching import BatchCall

    request = _request(call, paths, values)
    wanted = BatchCall(request, jobs, rollout, limit, since, not no_cache, executor, scheduler)
    raise typer.Exit(
        _carried_out(lambda: plan(wanted, _own(folder) if folder == _PLAN else folder, by, max_files, depth))
    )


@batch_app.command("apply")
def apply_command(
    shards: Shards = None,
    to: Annotated[
        Literal["tree", "commit", "branch"], typer.Option("--to", help="The working tree, a commit or a branch each.")
    ] = "tree",
    author: Annotated[str | None, typer.Option(metavar="NAME <EMAIL>", help="The author of commits.")] = None,
    sign_off: Annotated[bool, typer.Option("--sign-off", help="Add Signed-off-by.")] = False,
    trailer: Annotated[list[str] | None, typer.Option(metavar="KEY: VALUE", help="A line at a message's end.")] = None,
    base: Annotated[str, typer.Option(metavar="REF", help="What branches start from.")] = "HEAD",
    folder: Folder = _PLAN,
) -> None:
    """Apply shards of the plan: to the working tree, as a commit each, or as a branch each."""
    from ..batch.plan.apply import Commits
    from .batch_plan import apply

    commits = Commits(author, sign_off, tuple(trailer or ()), base)
    raise typer.Exit(_carried_out(lambda: apply(_known(folder), tuple(shards or ()), to, commits)))


@batch_app.command("status")
def status_command(
    folder: Folder = _PLAN,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="Form of the answer.")] = "text",
) -> None:
    """Compare the plan with the repository: which shards are open, merged, changed since, refused."""
    from .batch_plan import status

    raise typer.Exit(_carried_out(lambda: status(_known(folder), format)))


@batch_app.command("refuse")
def refuse_command(
    shards: Annotated[list[str], typer.Argument(metavar="SHARD...", help="Shards that their owners do not want.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is remembered and shown.")],
    folder: Folder = _PLAN,
) -> None:
    """Remember that owners refuse shards: later plans leave these rules out for these files."""
    from .batch_plan import refuse

    raise typer.Exit(_carried_out(lambda: refuse(_known(folder), tuple(shards), reason)))


@batch_app.command("rollback")
def rollback_command(shards: Shards = None, folder: Folder = _PLAN) -> None:
    """Take shards back: from the working tree, by reverting their commit, or by deleting their branch."""
    from .batch_plan import rollback

    raise typer.Exit(_carried_out(lambda: rollback(_known(folder), tuple(shards or ()))))


cache_app = typer.Typer(
    name="cache", help="The results that batches keep.", no_args_is_help=True, rich_markup_mode=None
)


@cache_app.callback()
def cache_root() -> None:
    """The results that batches keep."""


@cache_app.command("clean")
def cache_clean_command() -> None:
    """Remove all results that batches have kept, and what was measured."""
    from ..batch.cache import Cache
    from ..report.text import counted, printable
    from ..workspace.kept import cache_folder
    from ..workspace.measured import forget

    folder = cache_folder()
    try:
        count = Cache(folder).clean()
        forget()
    except OSError as error:
        complain(f"{error.filename}: cannot be removed: {error.strerror}")
        raise typer.Exit(2) from None
    print(printable(f"{counted(count, 'result')} removed from {folder}"), file=sys.stderr)


def _request(call: typer.Context, paths: list[str] | None, values: dict[str, Any]) -> Request:
    from .builds import BuildRequest

    building = None
    names = ("engine", "network", "smoke")
    chosen = {name: values.pop(name, None) for name in names}
    arguments = values.pop("build_arg", None) or ()
    if values.pop("verify", False):
        building = BuildRequest(build_args=arguments, warm=False, **chosen)
    elif arguments or any(value is not None for value in chosen.values()):
        complain("options that say how to build are for --verify")
        raise typer.Exit(2)
    given = {name: value for name, value in values.items() if value is not None}
    typed = frozenset(name for name in given if _typed(call, name))
    return evolve(Request(paths=tuple(paths or (".",)), **given), verify=building, given=typed)


def _typed(call: typer.Context, name: str) -> bool:
    source = call.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _carried_out(command: Any) -> int:
    """The exit code of *command*; a mistake is told in one line."""
    try:
        code: int = command()
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error))
        return 2
    except ValueError as error:
        complain(str(error))
        return 2
    return code
