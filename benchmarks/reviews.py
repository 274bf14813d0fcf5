"""``python -m benchmarks.reviews FOLDER``: reviews of pull requests from the histories of public repositories.

FOLDER (or DOCKERSLIM_HISTORIES) holds clones, each with its history. What a pull request brought to a main branch is a
first-parent step of it that changes a Dockerfile: the step before is the base, the step the head. Each is reviewed and
posted to a server that plays GitHub with the diff that git makes of the two. Then the suggestions are read out of the
posted texts, as the forge would, and accepted: each alone, all, and sets of them drawn by chance. Every text that
comes out has to be one for BuildKit's parser and for the validator, and to be rewritten into what the head becomes.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dockerslim_rewrite.change import Change
from dockerslim_rewrite.pipeline import Options, rewrite
from dockerslim_rewrite.pipeline.engine import Engine
from dockerslim_rewrite.record import evolve
from dockerslim_rewrite.report.review import file_comments, github_comments, marks, summary
from dockerslim_rewrite.review.git import Git, GitError
from dockerslim_rewrite.review.posting import Client, Post, PostError, post_github
from dockerslim_rewrite.review.reviewed import Reviewed, Scope
from dockerslim_rewrite.review.run import Review, review
from dockerslim_rewrite.text import Source
from dockerslim_rewrite.validate import Verdict, validate
from dockerslim_rewrite.workspace.uses import Workspace
from tests.corpus.judges import buildkit
from tests.review.forge import Forge, served

VARIABLE = "DOCKERSLIM_HISTORIES"
_NAMES = (":(glob,icase)**/*Dockerfile*", ":(glob,icase)**/*Containerfile*")
#: How a forge's own merge, or its squashed commit, begins or ends.
_MERGED = re.compile(r"^Merge (pull|merge) request|\(#\d+\)$")
_BLOCK = re.compile(r"^(`{3,})suggestion\n(.*?)^\1$", re.M | re.S)
_SUBSETS = 6
BEGIN, END = "<!-- pull requests: written by make bench-reviews -->", "<!-- end of pull requests -->"


@dataclass(frozen=True, slots=True)
class Step:
    """What one pull request brought: the commits before and after."""

    base: str
    head: str


@dataclass(slots=True)
class Counts:
    """What came of the pull requests of one repository. ``wrong`` are lines for people, one a failure."""

    requests: int = 0
    files: int = 0
    suggestions: int = 0
    patches: int = 0
    outside: int = 0
    refused: int = 0
    texts: int = 0
    invalid: int = 0
    unproven: int = 0
    diverging: int = 0
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Count what *other* counts as well."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def main(argv: list[str] | None = None) -> int:
    """Print a table, or write it into a page; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reviews", description=__doc__)
    parser.add_argument("folder", nargs="?", default=os.environ.get(VARIABLE), metavar="FOLDER")
    parser.add_argument("--requests", type=int, default=12, metavar="N", help="of each repository (default 12)")
    parser.add_argument("--output", type=Path, metavar="PAGE", help="where the table goes, between its marks")
    parser.add_argument("--scope", choices=[one.value for one in Scope], default=Scope.LINES.value)
    options = parser.parse_args(argv)
    if options.folder is None:
        print(f"{VARIABLE} names no folder of repositories", file=sys.stderr)
        return 2
    total, rows = Counts(), []
    for path in sorted(Path(options.folder).iterdir()):
        counts = repository(path, options.requests, Scope(options.scope))
        if counts.requests:
            rows.append(_row(path.name, counts))
            print(rows[-1], flush=True)
            total.add(counts)
    page = [*table(rows, total), ""]
    if options.output is None:
        print("\n".join(page))
    else:
        written = options.output.read_text(encoding="utf-8")
        before, _, rest = written.partition(f"{BEGIN}\n")
        after = rest.partition(f"{END}\n")[2]
        options.output.write_text("\n".join([f"{before}{BEGIN}", *page, f"{END}\n{after}"]), encoding="utf-8")
    print("\n".join(total.wrong), file=sys.stderr)
    return 1 if total.wrong else 0


def repository(path: Path, most: int, scope: Scope) -> Counts:
    """Review the pull requests of the repository at *path*, at most so many, spread over its history."""
    counts = Counts()
    found = steps(path)
    chance = random.Random(7)
    # More than asked for: some commits hold files that a partial clone lacks.
    for at in [round(one * (len(found) - 1) / max(1, most - 1)) for one in range(min(most, len(found)))]:
        for step in found[at : at + 5]:
            try:
                counts.add(pull_request(path, step, scope, chance))
            except GitError:
                continue
            break
    return counts


def steps(path: Path) -> list[Step]:
    """The steps of the main branch that change a Dockerfile, newest first; merged requests where there are enough."""
    form = ("--format=%x01%H %P%x02%s", "--first-parent", "--diff-merges=first-parent", "--diff-filter=AMR")
    done = subprocess.run(
        ["git", "-C", str(path), "log", *form, "--name-only", "HEAD", "--", *_NAMES],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    every, merged = [], []
    for entry in done.stdout.split("\1")[1:]:
        commits, _, said = entry.partition("\2")
        head, *parents = commits.split()
        if parents:
            every.append(Step(parents[0], head))
            if len(parents) > 1 or _MERGED.search(said.split("\n")[0]):
                merged.append(every[-1])
    return merged if len(merged) >= 20 else every


def pull_request(path: Path, step: Step, scope: Scope, chance: random.Random) -> Counts:
    """Review one step, post it, and accept what was posted. Raises ``GitError``."""
    counts = Counts(requests=1)
    start = time.perf_counter()
    found = review(Git(path), step.base, step.head, (), scope, lambda _: Options())
    comments = github_comments(found.files)
    counts.seconds.append(time.perf_counter() - start)
    counts.files = len(found.files)
    counts.suggestions = sum(len(file.suggestions) for file in found.files)
    posted = _posted(path, step, found, comments, counts)
    by_path = {file.path: file for file in found.files}
    with TemporaryDirectory(prefix="head-") as scratch:
        if posted:
            Git(path).unpack(step.head, Path(scratch))
        workspace = Workspace(Path(scratch))
        for name, own in groupby(sorted(posted, key=lambda one: str(one["path"])), key=lambda one: str(one["path"])):
            file = Path(scratch) / name
            options = evolve(Options(), builds=lambda file=file: workspace.projects(file))
            _accepted(by_path[name], list(own), options, chance, counts)
    counts.wrong = [f"{path.name} {step.head[:12]} {line}" for line in counts.wrong]
    return counts


def _posted(
    path: Path, step: Step, found: Review, comments: Sequence[dict[str, Any]], counts: Counts
) -> list[dict[str, Any]]:
    """What the played forge holds of the suggestions after it was given all."""
    files = file_comments(found)
    counts.patches = len(files)
    with served(Forge()) as forge:
        forge.head, forge.hunks = found.head, {}
        for name in _git(path, "diff", "--name-only", "--diff-filter=d", step.base, step.head).splitlines():
            forge.show(name, _git(path, "diff", "-M", step.base, step.head, "--", name))
        post = Post(found.head, comments, files, summary(found, path))
        try:
            done = post_github(Client(forge.address, {}), "o/r", 1, post)
        except PostError as error:
            counts.refused += len(comments)
            counts.wrong.append(str(error))
            return []
        counts.refused += len(done.refused)
        counts.outside += sum("must be part of" in line for line in done.refused)
        counts.wrong += [f"refused: {line}" for line in done.refused]
        # What breaks a build is told, not mended: there is nothing to accept.
        return [one for one in forge.review if one.get("subject_type") != "file" and _BLOCK.search(one["body"])]


def _git(path: Path, *arguments: str) -> str:
    command = ["git", "-C", str(path), "-c", "core.quotepath=off", *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=True).stdout


def _accepted(
    file: Reviewed, comments: list[dict[str, Any]], options: Options, chance: random.Random, counts: Counts
) -> None:
    """Accept *comments* on *file* in several sets, and look at what comes out."""
    original = file.result.original
    changes = {mark: one.changes for one, mark in marks(file).items()}
    project = Engine(Source(original, file.path), options, ()).project()
    read = project.text if project is not None else None
    goal = rewrite(original, options, file.path).text
    for chosen in _sets(comments, chance):
        text = accept(original, chosen)
        made = tuple(dict.fromkeys(one for entry in chosen for one in _changes_of(entry, changes)))
        places = ", ".join(str(entry["line"]) for entry in chosen)
        counts.texts += 1
        if buildkit(text.encode("utf-8", "surrogateescape")).error is not None:
            counts.invalid += 1
            counts.wrong.append(f"{file.path}:{places}: BuildKit's parser refuses it")
        if validate(original, text, made, None, read).verdict is not Verdict.OK:
            counts.unproven += 1
            counts.wrong.append(f"{file.path}:{places}: the validator does not take it")
        if rewrite(text, options, file.path).text != goal:
            counts.diverging += 1
            counts.wrong.append(f"{file.path}:{places}: it is rewritten into another file")


def _changes_of(entry: dict[str, Any], changes: dict[str, tuple[Change, ...]]) -> tuple[Change, ...]:
    return next(made for name, made in changes.items() if name in entry["body"])


def _sets(comments: list[dict[str, Any]], chance: random.Random) -> Iterator[list[dict[str, Any]]]:
    """Each alone, all, and some sets."""
    yield from ([one] for one in comments)
    if len(comments) > 1:
        yield comments
    for _ in range(_SUBSETS if len(comments) > 2 else 0):
        yield [one for one in comments if chance.random() < 0.5]


def accept(text: str, comments: Sequence[dict[str, Any]]) -> str:
    """*text* after the suggestions in *comments* were accepted, the way the forge does it: lines give way to lines."""
    lines = text.split("\n")
    for one in sorted(comments, key=lambda one: -int(one["line"])):
        block = _BLOCK.search(one["body"])
        assert block is not None, one["body"]
        lines[one.get("start_line", one["line"]) - 1 : one["line"]] = block[2].split("\n")[:-1]
    return "\n".join(lines)


def table(rows: Sequence[str], total: Counts) -> list[str]:
    """The page's lines."""
    return [
        "| repository | requests | files told of | suggestions | files with a patch | outside of the diff | refused "
        "| texts made of them | BuildKit refuses | not proven | lead elsewhere | seconds, median and longest |",
        "|---|" + "---:|" * 11,
        *rows,
        _row("**all**", total),
    ]


def _row(name: str, one: Counts) -> str:
    middle, longest = (statistics.median(one.seconds), max(one.seconds)) if one.seconds else (0.0, 0.0)
    cells = (one.requests, one.files, one.suggestions, one.patches, one.outside, one.refused, one.texts)
    more = (one.invalid, one.unproven, one.diverging)
    return f"| {name} | {' | '.join(map(str, (*cells, *more)))} | {middle:.1f}, {longest:.1f} |"


if __name__ == "__main__":
    raise SystemExit(main())
