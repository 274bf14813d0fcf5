"""What a pass proposes and what it declines: safety levels, claims, changes and remarks.

A claim names *what may differ* between the program before and after one change. The union is closed: the validator
licenses exactly what is claimed here and refuses every other difference.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Literal, TypeAlias

from .record import record
from .text import Edit


class Safety(IntEnum):
    """How much a change promises; see the README's table of levels. Ordered: a higher level allows more."""

    SAFE = 0
    STANDARD = 1
    AGGRESSIVE = 2

    @property
    def label(self) -> str:
        """The level's name as users write it: ``safe``, ``standard``, ``aggressive``."""
        return self.name.lower()

    @classmethod
    def of(cls, label: str) -> Safety:
        """The level named *label*. Raises ``ValueError`` naming the known levels."""
        try:
            return cls[label.upper()]
        except KeyError:
            known = ", ".join(level.label for level in cls)
            raise ValueError(f"unknown level {label!r}; known levels: {known}") from None


@record
class Layout:
    """Nothing that a build can observe: blanks, continuations, keyword case, an equal spelling of an equal value."""


@record
class JoinsInstructions:
    """Neighbouring instructions of this keyword become one: RUNs, *count* of one stage, whose commands stay, in order
    and frame; ENV, LABEL or EXPOSE with all that they say.
    """

    keyword: str
    count: int = 0


@record
class DropsFiles:
    """A command that only deletes files of the given path patterns (or a tool's own cache) is added to a RUN.

    ``argv`` is the added simple command as written; ``paths`` says in words or patterns what is gone afterwards.
    """

    argv: tuple[str, ...]
    paths: tuple[str, ...]


@record
class AddsCommand:
    """A simple command that changes how the shell or a tool works (``set -o pipefail``) is added to a RUN."""

    argv: tuple[str, ...]


@record
class RemovesCommand:
    """A simple command disappears from a RUN; ``argv`` is its text as written, word by word.

    A ``cd`` that ends a RUN goes, or the RUN that is nothing else.
    """

    argv: tuple[str, ...]


@record
class AddsOption:
    """``options`` are added to simple commands that start with the words ``command``."""

    command: tuple[str, ...]
    options: tuple[str, ...]


@record
class RemovesWords:
    """The options or operands ``words`` disappear from simple commands that start with the words ``command``."""

    command: tuple[str, ...]
    words: tuple[str, ...]


@record
class ReplacesWords:
    """In simple commands the leading words ``before`` become ``after`` (``apt`` → ``apt-get``, ``sudo x`` → ``x``)."""

    before: tuple[str, ...]
    after: tuple[str, ...]


@record
class ReplacesCommand:
    """The call ``before`` becomes the call ``after`` of another program, which does the same, as ``by`` says.

    ``curl``: it gets the same as wget into the same file. ``printf``: it prints what ``echo`` prints in ``shell``.
    ``dot``: it is ``.`` for ``source``, with a path and where the RUN fails without it.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    by: Literal["curl", "printf", "dot"]
    shell: str = ""


@record
class RespellsWords:
    """The ``words``, as written before, are spelled another way, as ``how`` says, and mean the same.

    ``quoted``: expansions that are one word with and without get double quotes. ``dollar``: commands in backquotes
    become commands in ``$(…)``. ``anchored``: patterns of file names, operands of ``command``, get ``./`` in front.
    ``sorted``: package names, which end a command that starts with the words ``command``, change their order.
    """

    how: Literal["quoted", "dollar", "anchored", "sorted"]
    words: tuple[str, ...]
    command: tuple[str, ...] = ()


@record
class JoinsCommands:
    """The commands ``before``, each by its words as written, become one with the operands of all of them."""

    before: tuple[tuple[str, ...], ...]


@record
class StopsWithoutFolder:
    """Where the ``cd`` that is written ``argv`` fails, what follows it in its list does not run, and the list fails."""

    argv: tuple[str, ...]


@record
class AddsAssignment:
    """``name=value`` is set for single simple commands that start with the words ``command``."""

    command: tuple[str, ...]
    name: str
    value: str


@record
class ReplacesInstruction:
    """An instruction of keyword ``before`` becomes one of keyword ``after`` with the same effect."""

    before: str
    after: str


@record
class ChangesForm:
    """A ``keyword`` instruction changes from shell form to exec form (or back), same words, same process."""

    keyword: str


@record
class DropsInstruction:
    """An instruction of this keyword disappears because a later one overrides it, or nothing observes it.

    ``comments`` are the lines right above it that speak of it alone and go along.
    """

    keyword: str
    comments: tuple[str, ...] = ()


@record
class AddsInstruction:
    """An instruction of this keyword is added; ``text`` is its logical line."""

    keyword: str
    text: str


@record
class MovesInstruction:
    """An instruction of this keyword comes later, behind others that cannot observe whether it came before."""

    keyword: str


@record
class CopiesFirst:
    """A COPY or ADD of the whole context copies only the files ``sources`` to ``destination`` at its place, and all of
    it behind the installations that need no more than these.

    ``comments`` are the lines right above it that speak of all that it copies and go along.
    """

    sources: tuple[str, ...]
    destination: str
    comments: tuple[str, ...] = ()


@record
class ChangesFlag:
    """The flag ``name`` of a ``keyword`` instruction gets another value, appears (before None) or goes (after None)."""

    keyword: str
    name: str
    before: str | None
    after: str | None


@record
class Renames:
    """A stage (``FROM``), with all references to it, or a key of labels (``LABEL``) gets another name."""

    keyword: Literal["FROM", "LABEL"]
    before: str
    after: str


@record
class AddsMount:
    """RUN instructions get the ``--mount`` ``mount``."""

    mount: str


@record
class ChangesBase:
    """The base image ``before``, build arguments' defaults put in, becomes ``after``.

    ``pinned``: the same image, named exactly. ``slimmed``: a smaller variant of the same version of it. ``refreshed``:
    the same name and tag, with the digest of what it is today.
    """

    how: Literal["pinned", "slimmed", "refreshed"]
    before: str
    after: str


@record
class SetsUser:
    """The final user of the last stage becomes ``user``, or that of ``stage``, which no other is built from."""

    user: str
    stage: str | None = None


@record
class RespellsValue:
    """The value ``before`` of an instruction becomes ``after``, which names the same.

    ``USER``: the same account by its number, with a group by its own. ``WORKDIR``: the same folder. ``COPY``: the
    destination, relative to the base image's folder, by its full path.
    """

    keyword: Literal["USER", "WORKDIR", "COPY"]
    before: str
    after: str


@record
class EntersFolder:
    """A RUN loses the ``cd`` to ``folder`` at its head, since WORKDIR puts it there; nothing else starts there.

    Where something would, another WORKDIR leads ``back`` to the folder in which the old program still is.
    """

    folder: str
    back: str | None = None


@record
class DropsStage:
    """A stage that nothing needs disappears; ``name`` is its name or index."""

    name: str


@record
class SplitsStage:
    """The only stage becomes the stage ``builder`` and, on top of the image ``base``, the stage ``runtime``.

    The builder runs what ran before. The runtime copies ``places`` from it to the same paths, starts with the lines
    ``added`` and with the environment, folder and user that the commands had, and takes over the instructions that
    only configure the image. Of the packages it ``installs`` some again, or the libraries of development packages;
    others are ``left`` behind. ``environment`` is the virtual environment that the builder makes for what pip installs.
    """

    builder: str
    runtime: str
    base: str
    places: tuple[str, ...]
    added: tuple[str, ...] = ()
    installs: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    environment: str = ""


@record
class OmitsDevelopment:
    """``manager`` is told to leave out the packages that only development needs; nothing that runs loads them."""

    manager: str


@record
class FlattensStage:
    """The last stage becomes the stage ``builder`` and, on top of nothing, the stage ``flat``, which copies all of it.

    It starts with the lines ``restated``, which say what the base image configures, and has the environment, folder and
    user of the old stage, and the instructions that only configure the image.
    """

    builder: str
    flat: str
    restated: tuple[str, ...]


@record
class LeavesUnread:
    """Of what lies in ``folders`` the container opens nothing but what the runtime stage of a split copies.

    ``server``: it runs a web server that only reads. ``program``: it starts a compiled program.
    """

    what: Literal["server", "program"]
    folders: tuple[str, ...]


@record
class InstallsAgain:
    """The runtime stage of a split runs ``command`` as the builder did: it installs a program for all projects, or
    creates an account or a group by number.
    """

    command: tuple[str, ...]


Claim: TypeAlias = (
    Layout
    | JoinsInstructions
    | DropsFiles
    | AddsCommand
    | RemovesCommand
    | AddsOption
    | RemovesWords
    | ReplacesWords
    | ReplacesCommand
    | RespellsWords
    | JoinsCommands
    | StopsWithoutFolder
    | AddsAssignment
    | ReplacesInstruction
    | ChangesForm
    | DropsInstruction
    | AddsInstruction
    | MovesInstruction
    | CopiesFirst
    | ChangesFlag
    | Renames
    | AddsMount
    | ChangesBase
    | SetsUser
    | RespellsValue
    | EntersFolder
    | DropsStage
    | SplitsStage
    | OmitsDevelopment
    | FlattensStage
    | LeavesUnread
    | InstallsAgain
)


@record
class Change:
    """One proposed rewrite: all of its edits are made, or none.

    ``line`` is the line (from 1) in the text that the edits refer to; ``saving`` is an estimate in bytes, None where
    none is known; ``evidence`` lists ``path:line`` places or facts that the change rests on. A rule leaves ``rule``,
    its code, to the engine.
    """

    edits: tuple[Edit, ...]
    title: str
    reason: str
    safety: Safety
    claims: tuple[Claim, ...]
    line: int
    evidence: tuple[str, ...] = ()
    saving: int | None = None
    rule: str = ""

    @property
    def renumbers(self) -> bool:
        """Whether stages come or go, so that later ones get other numbers."""
        return any(isinstance(claim, SplitsStage | DropsStage) for claim in self.claims)


class RemarkKind(Enum):
    """Why a remark is made: a rewrite was declined, held back for a higher level, something was seen, or we erred."""

    MISSED = "missed"
    HELD = "held"
    ANALYSIS = "analysis"
    BUG = "bug"


@record
class Remark:
    """Something the rewriter saw and did not change, with the reason; ``line`` is counted from 1.

    A rule leaves ``rule``, its code, to the engine. A change that was held back says which level it ``needs``.
    ``breaks`` tells that the build fails, or that one which worked does so no more.
    """

    kind: RemarkKind
    reason: str
    line: int
    evidence: tuple[str, ...] = ()
    rule: str = ""
    needs: Safety | None = None
    breaks: bool = False

    @property
    def message(self) -> str:
        """The reason, with the level that a change which was held back needs."""
        return self.reason if self.needs is None else f"{self.reason} (needs --level {self.needs.label})"
