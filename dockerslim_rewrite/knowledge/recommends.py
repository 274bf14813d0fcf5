"""Which packages need one of those that they only recommend."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from ..patterns import re
from ..record import record
from .images import numbers_of
from .tables import table


@record
class Need:
    """``packages`` need ``adds``, unless one of ``unless`` is there; ``when`` is a pattern that the file must hold.

    With ``all`` they recommend nothing else. ``first`` and ``last`` are the releases of distributions between which the
    need is one.
    """

    packages: frozenset[str]
    adds: tuple[str, ...]
    unless: frozenset[str]
    when: re.Pattern[str] | None
    all: bool
    first: Mapping[str, str]
    last: Mapping[str, str]

    def on(self, distribution: str | None, number: str | None) -> bool:
        """Whether it is one on release *number* of *distribution*; None is what is not known, and may be any."""
        if distribution is None or number is None:
            return True
        at = numbers_of(number)
        first, last = self.first.get(distribution), self.last.get(distribution)
        return (first is None or numbers_of(first) <= at) and (last is None or at <= numbers_of(last))


@lru_cache(maxsize=1)
def needs() -> tuple[Need, ...]:
    """All known needs, in the order of the data file."""
    data = table("recommends")
    return tuple(
        Need(
            frozenset(entry["packages"]),
            tuple(entry["adds"]),
            frozenset(entry.get("unless", ())),
            re.compile(entry["when"]) if "when" in entry else None,
            entry.get("all", False),
            entry.get("first", {}),
            entry.get("last", {}),
        )
        for entry in data["needs"]
    )


def missing(
    packages: Collection[str],
    present: Collection[str],
    text: str,
    image: str = "",
    release: tuple[str | None, str | None] = (None, None),
) -> tuple[str, ...]:
    """What must be named when *packages* are installed without recommended ones, given what else is *present*.

    *text* is the file, in which the patterns are looked for, *image* the image under it, which has some packages of its
    own, *release* its distribution and the number of that one's release. The result is sorted.
    """
    there = frozenset(table("recommends")["there"].get(image, ()))
    added: set[str] = set()

    def here(name: str) -> bool:
        return name in present or name in there or name in added

    for need in needs():
        if need.packages.isdisjoint(packages) or any(map(here, need.unless)) or not need.on(*release):
            continue
        if need.when is None or need.when.search(text):
            added.update([name for name in need.adds if not here(name)])
    return tuple(sorted(added))


def waits(packages: Collection[str], present: Collection[str], text: str) -> tuple[str, ...]:
    """What *packages* may need that is not *present*, where only something that *text* does not say would tell."""
    found = (need for need in needs() if need.when is not None and not need.packages.isdisjoint(packages))
    return tuple(
        sorted(
            name
            for need in found
            if need.unless.isdisjoint(present) and need.when is not None and not need.when.search(text)
            for name in need.adds
            if name not in present
        )
    )


@lru_cache(maxsize=1)
def needing() -> frozenset[str]:
    """The packages that need one which they only recommend."""
    return frozenset((*(name for need in needs() for name in need.packages), *table("recommends")["kept"]))


def all_needed(packages: Collection[str], text: str) -> bool:
    """Whether *packages* need all that they recommend, or recommend next to nothing; *text* is the file."""
    whole = {
        name for need in needs() if need.all and (need.when is None or need.when.search(text)) for name in need.packages
    }
    little = table("recommends")["nothing"]["little"]
    return not whole.isdisjoint(packages) and all(
        one in whole or one in little or recommends_nothing(one) for one in packages
    )


def is_whole(package: str) -> bool:
    """Whether *package* is installed for all that comes along with it."""
    return _whole().fullmatch(package) is not None


@lru_cache(maxsize=1)
def _whole() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in table("recommends")["whole"]["packages"]))


def lost(packages: Collection[str], present: Collection[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Those of *packages* that recommend what some uses need, with what of it is not *present*."""
    data = table("recommends")["lost"]
    there = {*present, *(own for own, *others in _bringing() if not {own, *others}.isdisjoint(present))}
    found = [(name, tuple(one for one in data[name] if one not in there)) for name in sorted(packages) if name in data]
    return tuple((name, missed) for name, missed in found if missed)


def _bringing() -> Iterable[Sequence[str]]:
    """For each program that something recommends its own package, and those that depend on that."""
    found: dict[str, Sequence[str]] = table("recommends")["programs"]["brought"]
    return found.values()


def kept(package: str, present: Collection[str]) -> tuple[str, ...]:
    """What *package* recommends and is mostly used with, as far as it is not *present*."""
    data = table("recommends")["kept"]
    return tuple(one for one in data.get(package, ()) if one not in present)


def brings_program(program: str) -> tuple[str, ...]:
    """The packages that bring *program* along, its own first; none for a program that nothing recommends."""
    return tuple(table("recommends")["programs"]["brought"].get(program, ()))


def lacks(image: str, tag: str, program: str, packages: Collection[str], *, works: bool) -> bool:
    """Whether *program*, which packages recommend, is to be named on *image* with *tag* beside *packages*.

    So it is where *packages* bring it along, unless the image surely has it, and where the image surely has none, but a
    RUN calls it that *works*: naming what is there already costs nothing, and what nothing brought is not there today.
    """
    data = table("recommends")["programs"]
    if works and (image in data["bare"] or "slim" in tag):
        return True
    there = data["full"].get("buildpack-deps" if image in data["like_buildpack_deps"] else image)
    if there is not None and has_compiler(image, tag):
        return program not in there
    return not set(data["along"].get(program, ())).isdisjoint(packages)


def recommends_nothing(package: str) -> bool:
    """Whether *package* brings no recommended package along, and no package does that it depends on."""
    return package in table("recommends")["nothing"]["packages"]


def is_repository(program: str) -> bool:
    """Whether *program* adds repositories."""
    return program in table("recommends")["keys"]["repositories"]


def fetches_keys(words: Sequence[str]) -> bool:
    """Whether a command of these words fetches keys, for which GnuPG starts programs that it only recommends."""
    data = table("recommends")["keys"]
    names = [word.rpartition("/")[2] for word in words if word != "sudo"]
    if not names or names[0] not in data["programs"]:
        return False
    return names[0] not in data["only_with"] or any(word.startswith(tuple(data["options"])) for word in words)


def has_agent(packages: Collection[str]) -> bool:
    """Whether one of *packages* brings GnuPG's agent and its access to the network along."""
    return not set(table("recommends")["keys"]["packages"]).isdisjoint(packages)


def compiles(words: tuple[str, ...]) -> bool:
    """Whether a command of these words compiles."""
    known = table("recommends")["compiles"]["commands"]
    return words[:1] != () and (words[0] in known or " ".join(words[:2]) in known)


def brings_compiler(packages: Collection[str]) -> bool:
    """Whether one of *packages* is, or depends on, a compiler."""
    return not set(table("recommends")["compiles"]["packages"]).isdisjoint(packages)


def has_compiler(image: str, tag: str) -> bool:
    """Whether *image* with *tag* has a compiler of its own."""
    data = table("recommends")["compiles"]
    return image in data["images"] and not any(word in tag for word in data["without"])
