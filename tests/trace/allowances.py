"""What the claims of accepted changes allow to differ between two traces, and nothing else.

A claim speaks of a command as it is written; a trace shows it as the shell has expanded it. So every written word
becomes a glob: quotes go, expansions and `~` match anything, unquoted wildcards stay.

What an added command promises. A cleanup that fails ends a build that went on before: `a` became `a && rm -rf x`.
The rewriter adds only commands that do not fail where it puts them (`rm -f`, a tool's own cleaning with the tool just
used); that is the business of the builds. The promise that traces hold it to is this: should one fail, the build may
stop there, and nothing else may happen. So with every fourth seed additions may fail, and behind them no command may
run that did not run before; with the others they succeed, and nothing else may depend on them: where they stand, what
they take away, what status, input and frame the commands around them see. What is removed always succeeds: the build
before may do more.

What `pipefail` promises. It makes a build stop where a command failed whose output went into a pipe, and does nothing
else. So with even seeds such commands succeed, and all must be equal; with odd seeds they may fail, and the build after
may stop there. What is promised of a list that minds its `cd` is the same: with even seeds every folder is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from dockerslim_rewrite.change import (
    AddsAssignment,
    AddsCommand,
    AddsInstruction,
    AddsOption,
    Change,
    Claim,
    DropsFiles,
    EntersFolder,
    JoinsCommands,
    MovesInstruction,
    RemovesCommand,
    RemovesWords,
    ReplacesCommand,
    ReplacesWords,
    RespellsWords,
    StopsWithoutFolder,
)
from dockerslim_rewrite.knowledge.images import image_facts
from tests.trace.model import SHELLS, Allowance, Argv, Assignment, Body, Replacement, Words
from tests.trace.oracle import created_files, replaced

_T = TypeVar("_T")

_IMAGE = re.compile(r"the image (?P<name>[^:\s]+)(?::(?P<tag>\S+))?")
_MANAGER = re.compile(r"(?P<name>[\w-]+) runs on line \d+")
_LINK = re.compile(r"\bln\b[^;&|]*\bbash\s+\S*\bsh\b")
#: Package managers of distributions whose /bin/sh is bash.
_BASH_FAMILIES = frozenset(("yum", "dnf", "microdnf", "tdnf", "zypper", "pacman", "rpm"))

_PIECE = re.compile(
    r"""'(?P<single>[^']*)'
    |"(?P<double>(?:[^"\\]|\\.)*)"
    |\\(?P<escaped>.)
    |(?P<expansion>\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`|\$\w+|\$[@*?#!$-])
    |(?P<home>\A~[^/]*)
    |(?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = re.compile(
    r"\\(?P<escaped>[\"\\$`])|(?P<expansion>\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`|\$\w+)|(?P<plain>.)", re.S
)


def allowance(changes: Iterable[Change], before: Iterable[Body] = ()) -> Allowance:
    """What the claims of `changes` allow, where the bodies `before` were."""
    changes = list(changes)
    claims = [claim for change in changes for claim in change.claims]
    joins = [claim for claim in claims if isinstance(claim, JoinsCommands)]
    removed = [_globs(claim.argv) for claim in claims if isinstance(claim, RemovesCommand) and claim.argv[0] != "cd"]
    removed += [_globs(argv) for claim in joins for argv in claim.before[1:]]
    missing = [path for claim in claims if isinstance(claim, DropsFiles) for path in claim.paths]
    written = [path for claim in claims for path in _left_by(claim)]
    # The sandbox makes the folders that `cd` asks for; these are there, whatever the RUN before has made.
    asked = [
        f"/{claim.argv[-1].lstrip('/')}"
        for claim in claims
        if isinstance(claim, RemovesCommand) and claim.argv[0] == "cd"
    ]
    pairs = _all(
        Replacement(_globs(claim.before), _globs(claim.after))
        for claim in claims
        if isinstance(claim, ReplacesWords) or (isinstance(claim, ReplacesCommand) and claim.by == "curl")
    )
    renames = Allowance(replaced=pairs)

    def words(command: Sequence[str], some: Sequence[str]) -> tuple[Words, ...]:
        """Of the command as it was when the claim was made, and as later replacements call it."""
        return tuple(Words(name, _globs(some)) for name in (_globs(command), replaced(_globs(command), renames)))

    # Two shells ask the system for folders in different ways, so it must not matter here which one is missing.
    anywhere = ["*"] if any(isinstance(claim, AddsInstruction) and claim.keyword == "SHELL" for claim in claims) else []
    added = [_globs(claim.argv) for claim in claims if isinstance(claim, DropsFiles | AddsCommand)]
    entered = [claim.folder for claim in claims if isinstance(claim, EntersFolder)]
    return Allowance(
        added=_all([*added, *(replaced(argv, renames) for argv in added)]),
        removed=_all(removed),
        inserted=_flat(
            [words(claim.command, claim.options) for claim in claims if isinstance(claim, AddsOption)]
            + [words(claim.before[0][:2], argv[2:]) for claim in joins for argv in claim.before[1:]]
        ),
        dropped=_flat(words(claim.command, claim.words) for claim in claims if isinstance(claim, RemovesWords)),
        replaced=pairs,
        reordered=_all(
            _globs(claim.command) for claim in claims if isinstance(claim, RespellsWords) and claim.how == "sorted"
        ),
        anchored=_flat(
            words(claim.command, claim.words)
            for claim in claims
            if isinstance(claim, RespellsWords) and claim.how == "anchored"
        ),
        assigned=_all(
            Assignment(_globs(claim.command), claim.name, claim.value)
            for claim in claims
            if isinstance(claim, AddsAssignment)
        ),
        extra_paths=_all(path for claim in claims if isinstance(claim, AddsCommand) for path in _brought_by(claim)),
        later=_all(name for change in changes for name in _moved(change)),
        folders=_all([*entered, *asked, *anywhere]),
        starts=_all(body.cwd for body in before) if entered else (),
        missing_paths=_all([*map(pattern, [*missing, *asked]), *written]),
        pipes=any(map(_sets_pipefail, claims)),
        enters=any(isinstance(claim, StopsWithoutFolder) for claim in claims),
    )


def shells(changes: Iterable[Change], before: Iterable[Body]) -> tuple[str, ...]:
    """The shells that may stand for /bin/sh in a stage of the bodies `before`, where all of `changes` were accepted.

    All of them, unless a change rests on knowing the shell: one that makes bash or ash the SHELL says by its evidence
    which image or package manager it saw, and so does one that sets pipefail in a RUN; where a body links /bin/sh to
    bash, bash it is.
    """
    possible = SHELLS
    claims = [(claim, change.evidence) for change in changes for claim in change.claims]
    claimed = any(isinstance(claim, AddsInstruction) and claim.keyword == "SHELL" for claim, _ in claims)
    if claimed and any(_LINK.search(body.script) for body in before):
        return ("bash",)
    if any(
        isinstance(claim, ReplacesCommand) and claim.by == "dot" for claim, _ in claims
    ):  # a build that works has a shell that knows it
        possible = _both(possible, ("bash", "ash"))
    for claim, _ in claims:
        if isinstance(claim, ReplacesCommand) and claim.by == "printf":
            possible = _both(possible, (claim.shell,))
    for claim, evidence in claims:
        if isinstance(claim, AddsInstruction) and claim.keyword == "SHELL":
            known = ("ash",) if '"/bin/ash"' in claim.text else ("dash", "bash")
            possible = _both(_both(possible, known), _evident(evidence))
        elif _sets_pipefail(claim):
            # In the RUN itself the option is set only where the image's own /bin/sh knows it.
            possible = _both(_both(possible, ("bash", "ash")), _evident(evidence))
    return possible


def _evident(evidence: Iterable[str]) -> tuple[str, ...]:
    """The shells that an image, or one that has such a package manager, may have."""
    for text in evidence:
        image, manager = _IMAGE.fullmatch(text), _MANAGER.match(text)
        facts = image_facts(image["name"], image["tag"]) if image else None
        if facts is not None and facts.shell is not None:
            return (facts.shell,)
        if manager is not None and manager["name"] in _BASH_FAMILIES:
            return ("bash",)
    return SHELLS


def _both(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(shell for shell in some if shell in others) or some


def pattern(word: str) -> str:
    """The glob of what the shell makes of a written word."""
    found: list[str] = []
    for match in _PIECE.finditer(word):
        if match["single"] is not None:
            found.append(_literal(match["single"]))
        elif match["double"] is not None:
            for inner in _IN_DOUBLE.finditer(match["double"]):
                found.append("*" if inner["expansion"] else _literal(inner["escaped"] or inner["plain"]))
        elif match["escaped"] is not None:
            found.append("" if match["escaped"] == "\n" else _literal(match["escaped"]))
        else:
            found.append("*" if match["plain"] is None else match["plain"])
    return "".join(found)


def _globs(words: Sequence[str]) -> Argv:
    return tuple(map(pattern, words))


def _left_by(claim: Claim) -> Iterator[str]:
    """What a command leaves as long as the claim is not followed."""
    if isinstance(claim, RemovesCommand):
        yield from created_files(claim.argv)
        if claim.argv[0] == "ln":
            yield pattern(claim.argv[-1])
    elif isinstance(claim, AddsOption):
        yield from set(created_files(claim.command)) - set(created_files((*claim.command, *claim.options)))
    elif isinstance(claim, RemovesWords):
        yield from set(created_files((*claim.command, *claim.words))) - set(created_files(claim.command))


def _moved(change: Change) -> Iterator[str]:
    """The variables of an ARG or ENV that the change puts elsewhere."""
    if any(isinstance(claim, MovesInstruction) and claim.keyword in ("ARG", "ENV") for claim in change.claims):
        for edit in change.edits:
            for line in edit.text.splitlines():
                words = line.split()
                if len(words) > 1 and words[0].upper() in ("ARG", "ENV"):
                    yield from (word.partition("=")[0] for word in words[1:])


def _brought_by(claim: AddsCommand) -> Iterator[str]:
    """What a command leaves that was not there, its operands included."""
    yield from (word for word in claim.argv if word.startswith("/"))
    yield from created_files(claim.argv)


def _literal(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


def _all(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))


def _flat(values: Iterable[tuple[_T, ...]]) -> tuple[_T, ...]:
    return _all(value for group in values for value in group)


def _sets_pipefail(claim: Claim) -> bool:
    if isinstance(claim, AddsInstruction):
        return claim.keyword == "SHELL" and "pipefail" in claim.text
    return isinstance(claim, AddsCommand) and "pipefail" in claim.argv
