"""DS634: instructions that BuildKit refuses before it runs them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ...analysis.facts import Facts
from ...analysis.flow.buildkit import syntax_of
from ...change import Remark, RemarkKind
from ...ir.arguments import is_given
from ...ir.build import Build, Stage
from ...ir.expansion import Expansion, ExpansionError, expansions
from ...ir.steps import Arg, Copy, Env, Label, Listing, Onbuild, Step, Value
from ...knowledge.instruction_flags import known_flags
from ...patterns import re
from ..base import Proposals
from .refusals import is_filled_in, refusals

#: The front ends whose flags are known to the last: others may have more.
_STABLE = re.compile(r"(?:docker\.io/)?docker/dockerfile:1(?:\.\d+)*(?:@.*)?\Z")
#: The instructions whose words BuildKit expands.
_EXPANDED = frozenset(("ADD", "ARG", "COPY", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"))


def refused(build: Build, facts: Facts) -> Proposals:
    """Tell of flags and values that BuildKit refuses, of quotes that stay open, and of `${NAME:?…}` that nothing sets.

    BuildKit refuses such a file: "unknown flag: chwn", before it builds anything, "unexpected end of statement while
    looking for matching double-quote" and "NAME: …" where it comes to the instruction.

    Nothing is changed: what was meant only the author knows. Safe for that reason. A front end that the file names by
    `# syntax=` may know more flags, and an image that a stage is built from may set the variable, so both are told as a
    doubt. Triggers belong to another file, and no build reads what scripts fill in first (`%%BASE%%`, `@BASE@`,
    `{{ base }}`). Source: Dockerfile reference, "Environment replacement"; BuildKit,
    frontend/dockerfile/instructions/bflag.go and shell/lex.go.
    """
    front_end = syntax_of(build)
    doubt = "" if front_end is None or _STABLE.match(front_end) else f" unless {front_end} knows it"
    for step in build:
        said = _unknown_flag(step) or _late_flag(step)
        if said:
            yield _told(said, step, doubt)
        mark = next((found for word in _words(step) if (found := _open_quote(word, build.document.escape))), None)
        if mark is not None and not is_filled_in(step):
            yield _told(f"a {mark} stays open in {step.keyword}", step, "")
    for step, said in refusals(build):
        yield _told(said, step, doubt)
    yield from _unset_bases(build)
    for stage in build.stages:
        yield from _unset(stage, build, facts)


def _told(said: str, step: Step, doubt: str) -> Remark:
    return Remark(RemarkKind.ANALYSIS, f"{said}, so the build fails{doubt}", step.line, breaks=not doubt)


def _unknown_flag(step: Step) -> str:
    """What is wrong with the first flag of *step* that its instruction does not know; nothing where there is none."""
    known = known_flags(step.keyword)
    name = next((flag.name for flag in step.origin.flags if known is not None and flag.name not in known), None)
    if known is None or name is None:
        return ""
    near = get_close_matches(name.lower(), known, 1)
    hint = f" (did you mean --{near[0]}?)" if near else ""
    return f"{step.keyword} has no flag --{name}{hint}"


def _late_flag(step: Step) -> str:
    """What is wrong with a flag of *step* behind a word that is none, where BuildKit takes it for a file."""
    if not isinstance(step, Copy) or step.origin.json is not None or step.origin.heredocs:
        return ""
    known = known_flags(step.keyword) or ()
    words = (*step.sources, step.destination)[1:]
    late = next((one for one in words if one.startswith("--") and one[2:].partition("=")[0] in known), None)
    if late is None:
        return ""
    return f"{late} stands behind {step.sources[0]}, where it is the name of a file: flags of {step.keyword} come first"


def _words(step: Step) -> Iterator[str]:
    """The words of *step* that BuildKit reads quotes in, as they are written; those of here-documents are none."""
    if step.origin.heredocs:
        return
    if isinstance(step, Arg | Env | Label):
        yield from (pair.value for pair in step.pairs if pair.value is not None)
    elif isinstance(step, Copy) and step.origin.json is None:
        yield from (*step.sources, step.destination)
    elif isinstance(step, Value) and step.keyword in _EXPANDED:
        yield step.value
    elif isinstance(step, Listing) and step.origin.json is None:
        yield from step.words


def _open_quote(word: str, escape: str) -> str | None:
    """Which quote of *word* nothing closes; None where each is closed. Source: BuildKit, shell/lex.go."""
    at, quote = 0, ""
    while at < len(word):
        char = word[at]
        if char == escape and quote != "'":
            at += 1
        elif char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        at += 1
    return {"": None, "'": "single quote", '"': "double quote"}[quote]


def _unset_bases(build: Build) -> Iterator[Remark]:
    """The FROMs that demand an argument which nothing above the first one declares."""
    declared = {pair.key for step in build.preamble if isinstance(step, Arg) for pair in step.pairs}
    for stage in build.stages:
        for one in _demands(stage.head.image):
            if one.name not in declared and not is_given(one.name):
                yield _told(f"no ARG above the first FROM declares {one.name}, which is demanded here", stage.head, "")


def _unset(stage: Stage, build: Build, facts: Facts) -> Iterator[Remark]:
    """The steps of *stage* that demand a variable which neither ENV nor ARG names before them."""
    if build.document.escape != "\\" or not facts.graph.ships(stage.index):
        return
    base = build.stages[facts.graph.chain(stage.index)[-1]].head.image
    for step in stage.steps:
        # Within single quotes nothing is expanded.
        if isinstance(step, Onbuild) or step.keyword not in _EXPANDED or "'" in step.origin.args:
            continue
        state = facts.state(step)
        for one in _demands(step.origin.args):
            if one.name not in state.env and one.name not in state.args:
                doubt = "" if base == "scratch" else f" unless {base} sets it"
                yield _told(f"neither ENV nor ARG names {one.name}, which is demanded here", step, doubt)


def _demands(text: str) -> list[Expansion]:
    """The expansions of *text* that end the build where the variable is not set."""
    if "?" not in text:
        return []
    try:
        return [one for one in expansions(text) if one.operator in (":?", "?")]
    except ExpansionError:
        return []
