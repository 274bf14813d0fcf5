"""``dockerslim review``: what a pull request could have better, on its own lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..record import evolve
from ..report.text import printable

if TYPE_CHECKING:
    from ..pipeline import Options
    from ..review.reviewed import Scope
    from ..review.run import Review
    from .request import Request

#: The format that names a commit and places on its lines.
_OF_A_COMMIT = "github-review"
_OWN = ("text", "json", _OF_A_COMMIT)


def review_command(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH...]", help="Files and directories.")] = None,
    base: Annotated[str | None, typer.Option("--base", metavar="REF", help="What to compare with.")] = None,
    head: Annotated[str | None, typer.Option("--head", metavar="REF", help="Instead of the working tree.")] = None,
    scope: Annotated[str, typer.Option("--scope", help="changed-lines, changed-files or all.")] = "changed-lines",
    format: Annotated[
        str, typer.Option("--format", help="text, json, github-review, or a format of rewrite.")
    ] = "text",
    level: Annotated[str | None, typer.Option("--level", help="safe, standard or aggressive.")] = None,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Read no configuration.")] = False,
    write: Annotated[
        list[str] | None, typer.Option("--write", metavar="FORMAT=FILE", help="A format into a file as well.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if there is anything to change, or a build that fails now.")
    ] = False,
    post: Annotated[str | None, typer.Option("--post", metavar="FORGE", help="Post to github or gitlab.")] = None,
    number: Annotated[int | None, typer.Option("--number", min=1, help="Of the pull request, for --post.")] = None,
    send: Annotated[
        bool, typer.Option("--send", help="With --post: do it; without, show what would be posted.")
    ] = False,
) -> None:
    """Review what a branch changes in Dockerfiles, or changes for them.

    Both sides are rewritten and the findings of the base are taken from those of the head. Each suggestion lies in one
    hunk of the diff and can be accepted without the others. --post takes its token from GITHUB_TOKEN or GITLAB_TOKEN.

    Exit 1: with --check, there is something to change, or a build that fails now; 2: nothing could be reviewed, since
    an option is wrong, the directory is no Git repository, or a commit is not there.
    """
    from ..review.git import GitError
    from ..review.reviewed import Scope
    from .files import InputError
    from .request import Request
    from .rewrite import CHANGES, DONE, USAGE, complain, options_of

    try:
        if scope not in [one.value for one in Scope]:
            raise ValueError(f"--scope: unknown value {scope!r}; choose from {', '.join(one.value for one in Scope)}")
        _known(format, post)
        if post is None and (send or number is not None):
            raise ValueError(f"{'--send' if send else '--number'}: posts nothing without --post github or gitlab")
        further = [_further(one) for one in write or []]
        twice = next((file for at, (_, file) in enumerate(further) if file in [one for _, one in further[:at]]), None)
        if twice is not None:
            raise ValueError(f"--write: {twice} is named twice")
        typed = Request(paths=(), config=config, isolated=isolated)
        if level is not None:
            typed = evolve(typed, level=level, given=frozenset(("level",)))
            _ = options_of(typed).safety
        for option, given in (("--base", base), ("--head", head), *(("PATH", path) for path in paths or ())):
            if given == "":
                raise ValueError(f"{option}: is empty")
        if head is None and (post is not None or _OF_A_COMMIT in (format, *(kind for kind, _ in further))):
            # Comments belong to a commit: what is not committed is not in it.
            head = "HEAD"
        found, root = _review(typed, base, head, paths or [], Scope(scope))
        for kind, file in further:
            file.write_bytes(_document(found, root, kind).encode("utf-8", "surrogateescape"))
        if post is None:
            from .output import put

            put(_document(found, root, format).encode("utf-8", "surrogateescape"))
        else:
            from .posting import post_review

            post_review(found, root, post, number, send=send)
    except (GitError, InputError, ValueError) as error:
        complain(str(error))
        raise typer.Exit(USAGE) from None
    except OSError as error:
        complain(f"{error.filename or 'standard output'}: cannot be written: {error.strerror}")
        raise typer.Exit(USAGE) from None
    for line in found.skipped:
        print(printable(f"dockerslim: skipped: {line}"), file=sys.stderr)
    raise typer.Exit(CHANGES if check and any(one.changes or one.broken for one in found.files) else DONE)


def _known(format: str, post: str | None, option: str = "--format") -> None:
    from ..report.formats import FORMATS

    if format not in (*_OWN, *FORMATS):
        raise ValueError(f"{option}: unknown value {format!r}; choose from {', '.join((*_OWN, *FORMATS))}")
    if post not in (None, "github", "gitlab"):
        raise ValueError(f"--post: unknown value {post!r}; choose from github, gitlab")


def _further(given: str) -> tuple[str, Path]:
    kind, separator, file = given.partition("=")
    if not separator or not file or file == "-":
        raise ValueError(f"--write: {given!r} is not FORMAT=FILE")
    _known(kind, None, "--write")
    return kind, Path(file)


def _review(typed: Request, base: str | None, head: str | None, paths: list[str], scope: Scope) -> tuple[Review, Path]:
    from ..review.git import Git
    from ..review.run import review
    from ..workspace.repository import root_of
    from .files import accepted_for, lock_for
    from .inputs import Inputs
    from .rewrite import options_of

    root = root_of(Path.cwd())
    git = Git(root)
    git.ask()
    inputs = Inputs(typed)

    def options(path: Path) -> Options:
        own = inputs.configured(typed, str(path))
        accepted = accepted_for(str(path)) if not own.no_baseline else frozenset()
        return evolve(options_of(own), lock=lock_for(str(path), own.lock), accepted=accepted)

    inside = [os.path.relpath(os.path.realpath(path), root) for path in paths]
    outside = next((given for given, path in zip(paths, inside, strict=True) if path.startswith("..")), None)
    if outside is not None:
        raise ValueError(f"{outside}: lies outside of the repository {root}")
    return review(git, base or git.default_base(), head, inside, scope, options), root


def _document(found: Review, root: Path, format: str) -> str:
    from ..report.formats import document
    from ..report.review import github_review

    if format == _OF_A_COMMIT:
        return github_review(found, root)
    results = [one.narrowed(root) for one in found.files]
    if format == "json":
        from ..report.review import review_json

        return review_json(found, root)
    if format == "text":
        from ..report.review import review_lines

        return "".join(f"{printable(line)}\n" for line in review_lines(found))
    return document(format, results)
