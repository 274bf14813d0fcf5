"""``python -m tests.corpus.splits``: which real files of one stage with build tools are split, and why others not."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.passes import PIPELINE
from dockerslim_rewrite.pipeline import suggest
from dockerslim_rewrite.syntax import ParseError, parse
from dockerslim_rewrite.text import Source

from .files import CorpusFile, corpus_or_exit, sample

LEVELS = ("standard", "aggressive")
RULES = {one.code: one.name for phase in PIPELINE if phase.name == "split" for one in phase.passes}
_PREFIX = re.compile(r"cannot split into builder and runtime: ")
#: What a remark says, with the names of one file taken out.
_KINDS = (
    (
        r"what the script .* writes|what \S*(?:bash|sh|curl) writes|what \.?/\S+ writes|what \S+\.sh writes",
        "it runs a script that nothing here shows",
    ),
    (
        r"what .* writes is not known",
        "what a command writes is not known",
    ),
    (
        r"where .* writes is not known|in which folder|unpacks among the files",
        "where a command writes is not known",
    ),
    (
        r"where .* installs packages|where make install|where .* install puts",
        "where packages are installed is not known",
    ),
    (
        r"puts files into|it writes into|among (?:the files|those) of the base",
        "it writes among files of the base image",
    ),
    (
        r"what (?:COPY|ADD) .* puts into",
        "COPY puts what it finds among files of the base image",
    ),
    (
        r"it deletes",
        "it deletes what may be a file of the base image",
    ),
    (
        r"may be linked to any library of (?!the full)|which package has the library",
        "the libraries of a development package are not known",
    ),
    (
        r"the full image has|libraries of its own",
        "full image: what is compiled, and what that is linked to, is not known without the context",
    ),
    (
        r"no slim variant|no runtime variant|no runtime image|the release of|no release of",
        "no smaller image is known for the tag",
    ),
    (
        r"starts (?:the|a) script|may run anything",
        "the container starts a script",
    ),
    (
        r"starts what the base image starts|starts a shell",
        "the container starts what the base image starts, or a shell",
    ),
    (
        r"belongs to the tools of the build|an image to work in|names a part of the development kit|needs the SDK",
        "the container starts build tools",
    ),
    (
        r"nothing (?:here )?(?:tells|makes)|could not be read|does not start an assembly|a program of the base image",
        "what the container starts is not known to be built here",
    ),
    (
        r"accounts?\b",
        "accounts of the base image are changed or needed",
    ),
    (
        r"of which the runtime image has its own|home directory",
        "packages replace those of the image, or may lie in the home directory",
    ),
    (
        r"replaces \w+, of which",
        "a package of the runtime image is replaced: COPY deletes nothing",
    ),
    (
        r"is given|may be any package|changes packages",
        "packages are installed in an unusual way",
    ),
    (
        r"depends on|follow the link|a variable decides|ENV uses|a command uses",
        "a path or name depends on what is not known",
    ),
    (
        r"withdrawn, not proven",
        "withdrawn by the validator",
    ),
    (
        r"needs --level aggressive",
        "needs --level aggressive",
    ),
)


@dataclass(frozen=True, slots=True)
class Single:
    """One file of a single stage for which some recipe is: by level the rule that split it, or the reason why not.

    ``suggested`` says that ``--suggest`` shows a draft.
    """

    name: str
    image: str
    rule: str
    split: dict[str, bool]
    reasons: dict[str, str]
    suggested: bool


def judged(files: Sequence[CorpusFile]) -> Iterator[Single]:
    """What becomes of each of *files* that has one stage and for which a recipe is."""
    for file in files:
        try:
            build = read_build(parse(Source.from_bytes(file.text, None)))
            if len(build.stages) != 1:
                continue
            results = {level: rewrite(file.text, Options(level=level)) for level in LEVELS}
        except ParseError:
            continue
        splits = {level: [one.rule for one in result.changes if one.rule in RULES] for level, result in results.items()}
        missed = {
            level: [(one.rule, one.message) for one in result.remarks if one.rule in RULES]
            for level, result in results.items()
        }
        rules = [*splits["aggressive"], *(rule for rule, _ in missed["aggressive"])]
        if not rules:
            continue
        yield Single(
            file.name,
            build.stages[0].head.image,
            rules[0],
            {level: bool(found) for level, found in splits.items()},
            {level: _PREFIX.sub("", found[0][1]) for level, found in missed.items() if found and not splits[level]},
            bool(suggest(file.text.decode("utf-8", "surrogateescape"), Options(level="aggressive"))),
        )


def kind(reason: str) -> str:
    """The kind of *reason*."""
    return next((said for pattern, said in _KINDS if re.search(pattern, reason)), reason)


def table(found: Sequence[Single]) -> Iterator[str]:
    """Two tables in Markdown: by rule what happens, and by level why not."""
    yield "| rule | files | split at `standard` | split at `aggressive` | declined | of those with a draft |"
    yield "|---|---:|---:|---:|---:|---:|"
    for rule in (*sorted({one.rule for one in found}), "all"):
        here = [one for one in found if rule in (one.rule, "all")]
        declined = [one for one in here if not one.split["aggressive"]]
        counts = [len(here), *(sum(one.split[level] for one in here) for level in LEVELS), len(declined)]
        cells = [*map(str, counts), str(sum(one.suggested for one in declined))]
        name = f"{rule} {RULES.get(rule, '').removeprefix('split-')}".rstrip()
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    yield "| why not, first reason | at `standard` | at `aggressive` |"
    yield "|---|---:|---:|"
    counted = {level: Counter(kind(one.reasons[level]) for one in found if level in one.reasons) for level in LEVELS}
    for reason in sorted(set().union(*counted.values()), key=lambda one: (-counted["aggressive"][one], one)):
        yield f"| {reason} | {' | '.join(str(counted[level][reason]) for level in LEVELS)} |"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables, or with --json every file; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.splits", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="N files that are always the same ones")
    parser.add_argument("--json", action="store_true", help="print what becomes of each file")
    options = parser.parse_args(argv)
    files = corpus_or_exit()
    found = list(judged(sample(files, options.sample) if options.sample else files))
    if options.json:
        json.dump([asdict(one) for one in found], sys.stdout, indent=1, ensure_ascii=True)
    else:
        print("\n".join(table(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
