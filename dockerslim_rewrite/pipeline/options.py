"""What a caller may choose, and which passes that leaves on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis.facts import ACCOUNT
from ..analysis.locked import NO_LOCK, Lock, Supposed
from ..change import Safety
from ..passes import PIPELINE, Pass, Phase
from ..patterns import re
from ..record import record
from .baseline import Known
from .settings import setting

if TYPE_CHECKING:
    from ..analysis.project import Project

#: The group of rules that only linters ask for, off by default.
LINT = "lint"
#: Words of ``select`` for all rules, and for those that run by default.
_ALL, _DEFAULT = "all", "default"
_PREFIX = re.compile(r"ds\d{0,2}\Z")


@record
class Options:
    """What a caller may choose.

    ``level`` is ``safe``, ``standard`` or ``aggressive``; ``select``, ``extend_select`` and ``ignore`` hold rule codes,
    prefixes of them (``DS2``), rule names, groups (``size``, ``lint``), ``default``, ``all``, or codes of hadolint,
    BuildKit or tally that a rule answers. Without ``select``, all rules run but those of the group ``lint`` and those
    that are optional; ``extend_select`` adds to them. ``style`` is ``keep`` (edit in
    place) or ``canonical`` (render the whole file). ``templates`` is a folder whose templates take precedence.
    ``pin`` says what base images are pinned to: ``tag``, ``digest``, ``both`` or ``none``; None leaves it to the
    rules selected. ``lock`` holds what tags stand for, ``today`` is the day that ends of life are compared with
    (None: the day of the data). ``context`` is the build context: its folder, or a project that was read otherwise;
    without one, or where it does not hold what COPY names, nothing rests on it. ``builds`` opens the projects of all
    builds of the file that are known, which then take the place of ``context``: an edit is made only if it is right
    for each. ``cleanup`` says what becomes of
    package managers' caches: ``delete`` or ``cache-mount``. ``flatten`` asks for an image of one layer. ``account``
    are name and number of a user that has to be created. ``dockerignore`` asks for a .dockerignore, among the
    companions of the result. ``generated`` asks to change files as well
    that say a program makes them. ``accepted`` are findings that are known, and not told. ``supposed`` is what rules
    may take for granted, as somebody is about to build the result; None: what ``lock`` holds proofs of. ``validate``
    may be switched off only to measure its cost.
    """

    level: str | Safety = Safety.STANDARD
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    style: str = "keep"
    templates: Path | None = None
    validate: bool = True
    pin: str | None = None
    lock: Lock = NO_LOCK
    today: date | None = None
    context: Path | str | Project | None = None
    builds: Callable[[], Sequence[Project]] | None = None
    cleanup: str = "delete"
    flatten: bool = False
    account: tuple[str, int] = ACCOUNT
    dockerignore: bool = False
    generated: bool = False
    accepted: Known = frozenset()
    supposed: tuple[Supposed, ...] | None = None

    @property
    def safety(self) -> Safety:
        """``level`` as a ``Safety``. Raises ``ValueError`` for an unknown name."""
        return self.level if isinstance(self.level, Safety) else Safety.of(self.level)


_ACCOUNT = re.compile(r"([a-z_][a-z0-9_-]{0,30}):([1-9][0-9]{0,8})")


def account_problem(text: str) -> str | None:
    """What to write in place of *text*, which names no unprivileged user; None where it does."""
    match = _ACCOUNT.fullmatch(text)
    if match is not None and match[1] != "root":
        return None
    return f"write NAME:NUMBER of an unprivileged user, such as {ACCOUNT[0]}:{ACCOUNT[1]}"


def account_of(text: str) -> tuple[str, int]:
    """Name and number of ``NAME:NUMBER``. Raises ``ValueError``."""
    match = _ACCOUNT.fullmatch(text)
    if match is None or match[1] == "root":
        raise ValueError(f"--account {text!r}: {account_problem(text)}")
    return match[1], int(match[2])


def selected(options: Options) -> tuple[Phase, ...]:
    """The phases with the passes that *options* leave on. Raises ``ValueError`` for a name that no pass has."""
    known = [one for phase in PIPELINE for one in phase.passes]
    switches = _switches(options)
    chosen = options.select or (_DEFAULT,)
    wanted = {one.code for word in (*chosen, *options.extend_select) for one in _named(word, known)}
    wanted -= {one.code for one in known if not switches.isdisjoint(one.off)}
    wanted |= {one.code for one in known if not switches.isdisjoint(one.on)}
    wanted -= {code for one in known if one.code in wanted for code in one.without}
    wanted -= {one.code for word in options.ignore for one in _named(word, known)}
    return tuple(phase._replace(passes=tuple(one for one in phase.passes if one.code in wanted)) for phase in PIPELINE)


def _switches(options: Options) -> frozenset[str]:
    """The switches of *options* as the table of rules names them. Raises ``ValueError`` for an unknown value."""
    setting("pin").check(options.pin)
    setting("cleanup").check(options.cleanup)
    pin = () if options.pin is None else (f"pin={options.pin}",)
    flatten = ("flatten",) if options.flatten else ()
    return frozenset((*pin, f"cleanup={options.cleanup}", *flatten))


def _named(word: str, known: list[Pass]) -> list[Pass]:
    """The rules that *word* names: by code or its prefix, by name or group, or by a code of another tool."""
    bare = word.strip().lower()
    if bare in (_ALL, _DEFAULT):
        return [one for one in known if not one.optional and (bare == _ALL or one.group != LINT)]
    found = [
        one
        for one in known
        if bare in (one.code.lower(), one.name)
        or (bare == one.group and not one.optional)
        or (_PREFIX.match(bare) and one.code.lower().startswith(bare) and not one.optional)
        or any(answer.lower() == bare for answer in one.answers)
    ]
    if not found:
        raise ValueError(unknown_rule(word))
    return found


def codes_of(words: Sequence[str]) -> frozenset[str]:
    """The codes of all rules that *words* name, as for ``select``. Raises ``ValueError`` where one names none."""
    known = [one for phase in PIPELINE for one in phase.passes]
    return frozenset(one.code for word in words for one in _named(word, known))


def unknown_rule(word: str) -> str:
    """The line that says that no rule is called *word*, with the nearest name or code that one has."""
    from difflib import get_close_matches

    known = [name for phase in PIPELINE for one in phase.passes for name in (one.code, one.name, *one.answers)]
    near = get_close_matches(word.strip()[:100], known, 1) or get_close_matches(word.strip()[:100].upper(), known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"unknown rule {word[:100]!r}; {hint}`dockerslim rules` lists the known ones"
