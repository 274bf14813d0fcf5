"""Installs that became one, by the validator's own reading of their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...change import Claim, JoinsCommands
from ...patterns import re
from ..core.observe import Block, Command, Unit

#: apt resolves all names of one install together, and sees nothing new between two installs without an update.
_HEADS = frozenset((("apt-get", "install"), ("apt", "install")))
#: Options that say of the whole command how it works, and take no value.
_OPTION = re.compile(
    r"-[yqfmuV]+\Z|--(?:yes|assume-yes|quiet|no-install-recommends|no-install-suggests|fix-missing|fix-broken"
    r"|show-progress|allow-[a-z-]+|no-upgrade|ignore-missing|force-yes|verbose-versions)\Z"
)
_PACKAGE = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9_.+:=~*/-]|\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Za-z_][A-Za-z0-9_]*+)*+\Z(?<!-)"
)


def parted(units: tuple[Unit, ...], at: int, claims: Sequence[Claim]) -> tuple[Unit, ...]:
    """*units* with installs from *at* on, that *claims* say several became, as those several again.

    The parts keep the options of the one, so that what else became of it is compared as ever.
    """
    joins = [claim for claim in claims if isinstance(claim, JoinsCommands) and _alike(claim.before)]
    if not joins:
        return units
    return (*units[:at], *(part for unit in units[at:] for part in _part(unit, joins)))


def _part(unit: Unit, joins: Sequence[JoinsCommands]) -> Iterator[Unit]:
    if isinstance(unit, Block):
        if unit.kind == "then":
            lists = tuple(tuple(one for inner in part for one in _part(inner, joins)) for part in unit.parts)
            yield Block(unit.kind, lists, unit.text)
        else:
            yield unit
        return
    here = _parts(unit.raw)
    for claim in joins if here is not None else ():
        wanted = [parts[2] for argv in claim.before if (parts := _parts(argv)) is not None]
        if here is None or here[2] != tuple(dict.fromkeys(name for names in wanted for name in names)):
            continue
        own = _parts(claim.before[0])
        came = [word for word in unit.raw[2:] if word in here[1] and own is not None and word not in own[1]]
        kept = [word for word in unit.raw if word not in came]
        first = [word for word in claim.before[0] if word in unit.raw]
        # Without the packages of the others it says what the first one said.
        others = set(here[2]).difference(wanted[0])
        if [word for word in kept if word not in others] != first:
            continue
        values = dict(zip(unit.raw, unit.words, strict=True))
        for argv in claim.before:
            raw = (*unit.raw[:2], *came, *(word for word in argv[2:] if word in values))
            yield Command(tuple(values[word] for word in raw), unit.assignments, unit.redirects, unit.nested, raw)
        return
    yield unit


def _alike(commands: Sequence[tuple[str, ...]]) -> bool:
    """Whether *commands* are installs that differ in their packages only."""
    parts = [_parts(argv) for argv in commands]
    first = parts[0] if parts else None
    return len(parts) > 1 and first is not None and all(part is not None and part[:2] == first[:2] for part in parts)


def _parts(argv: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str], tuple[str, ...]] | None:
    """The head, the options and the packages of an install; None for another command, or for words of another kind."""
    head = argv[:2]
    options = frozenset(word for word in argv[2:] if _OPTION.match(word))
    packages = tuple(word for word in argv[2:] if word not in options)
    if head not in _HEADS or not packages or not all(_PACKAGE.match(word) for word in packages):
        return None
    return head, options, packages
