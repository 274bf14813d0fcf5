"""What is in an image and not in its smaller variant, and what brings it back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ..patterns import re
from ..record import record
from .tables import table

#: A version, or the least one, that is asked for; the newest of those that may be newer comes compiled as well.
_ASKED = re.compile(r"(?:==|~=|>=)\s*(\d+(?:\.\d+)*)")
#: What only leaves out some of the versions that another clause asks for.
_BOUND = re.compile(r"(?:<=?|!=)\s*\d+(?:\.(?:\d+|\*))*")
#: A shared library by its name, and files of the distribution.
_SONAME = re.compile(r"(?:.*/)?(?P<name>[^/]+?)(?:\.so(?:\.\d+)*|\.dll)")
_DATA = re.compile(r"/usr/(?:share|libexec|include)/.")


@record
class Smaller:
    """What a smaller variant (``kind``: ``slim``, ``jre``) of an image is known to have.

    ``commands`` are surely in it, ``own`` those of them that its distribution did not bring. ``packages`` maps commands
    that only the larger image has to the Debian packages that bring them back (none where its manager is another).
    ``documentation`` says that nothing but documentation is missing, ``command_goes`` that the larger image's own CMD
    is, ``copies`` that what other stages built runs on it as well. A file that holds ``text`` speaks of places that are
    elsewhere in it. ``files`` are tables of the distribution that it has. ``saving`` estimates in bytes what the
    smaller one lacks, None where it was not measured.
    """

    kind: str
    commands: frozenset[str]
    own: frozenset[str]
    packages: Mapping[str, str]
    documentation: bool
    command_goes: bool
    copies: bool
    text: re.Pattern[str] | None
    saving: int | None
    files: frozenset[str] = frozenset()


@record
class Documentation:
    """What does not work where documentation is left out: uses of ``paths``, ``commands``, installing ``packages``."""

    paths: re.Pattern[str]
    commands: frozenset[str]
    packages: re.Pattern[str]


@record
class Installer:
    """A language's package manager: ``packages`` that install anywhere, the ``commands`` that some of them bring,
    ``harmless`` subcommands that install nothing, and packages with ``harmless_scripts``, which compile nothing.

    ``wheels`` are packages that come compiled, with all that they are linked to, or need such: by name, with the extras
    that are asked for, and version of Python the first version that does.
    """

    packages: frozenset[str]
    commands: frozenset[str]
    harmless: frozenset[str]
    harmless_scripts: frozenset[str]
    wheels: Mapping[str, Mapping[str, str]]

    def brings(self, name: str, version: str, python: str) -> bool:
        """Whether *name*, with its extras, needs no compiler in the *version* asked for (``==1.2``, nothing)."""
        return name in self.packages or self.comes_compiled(name, version, python)

    def comes_compiled(self, name: str, version: str, python: str) -> bool:
        """Whether the package *name* in the *version* asked for comes as a wheel for *python*, whichever is chosen."""
        first = self.wheels.get(name, {}).get(python)
        if first is None or not version:
            return first is not None
        clauses = [clause.strip() for clause in version.split(",")]
        least = [asked for asked in map(_ASKED.fullmatch, clauses) if asked is not None]
        bounds = [clause for clause in clauses if _BOUND.fullmatch(clause)]
        return len(least) == 1 and len(bounds) == len(clauses) - 1 and _numbers(least[0][1]) >= _numbers(first)


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of *version*, of which 1.26 and 1.26.0 are one."""
    return tuple(map(int, re.sub(r"(?:\.0+)+\Z", "", version).split(".")))


@lru_cache(maxsize=64)
def smaller(name: str, kind: str, family: str | None) -> Smaller | None:
    """What the variant *kind* (``slim``, ``jre``) of the image *name* has, on a distribution of *family*, if known."""
    for entry in table("smaller")["image"]:
        if (entry["name"], entry["kind"], entry["family"]) == (name, kind, family):
            commands = table("smaller")["commands"]
            there = {*commands["shell"], *commands[entry["family"]], *entry.get("own", ()), *entry.get("has", ())}
            documentation_only = entry.get("documentation", False)
            packages = table("smaller")["packages"] if family == "debian" and not documentation_only else {}
            return Smaller(
                kind=kind,
                commands=frozenset(there),
                own=frozenset(entry.get("own", ())),
                packages={command: package for command, package in packages.items() if command not in there},
                documentation=documentation_only,
                command_goes=entry.get("command_goes", False),
                copies=entry.get("copies", False),
                text=re.compile(entry["text"]) if "text" in entry else None,
                saving=entry.get("saving"),
                files=frozenset(entry.get("files", ())),
            )
    return None


def common_commands(family: str) -> frozenset[str]:
    """The commands that each image with a shell of the distribution's *family* has; none where that is unknown."""
    commands = table("smaller")["commands"]
    return frozenset((*commands["shell"], *commands[family])) if family in commands else frozenset()


@lru_cache(maxsize=1)
def documentation() -> Documentation:
    """What needs the documentation that slim variants of Debian leave out."""
    entry = table("smaller")["documentation"]
    return Documentation(
        re.compile(entry["paths"]), frozenset(entry["commands"]), re.compile(rf"(?<![\w./-])(?:{entry['packages']})")
    )


@lru_cache(maxsize=8)
def installer(manager: str) -> Installer | None:
    """What the language's *manager* (``pip``) surely installs anywhere; None for one that is not known so well."""
    if manager not in ("pip", "npm", "gem"):
        return None
    entry = table("smaller")[manager]
    packages, commands, harmless, scripts = (
        frozenset(entry.get(key, ())) for key in ("packages", "commands", "harmless", "harmless_scripts")
    )
    beside = entry.get("beside", {"pythons": (), "first": {}})
    pure = {name: dict.fromkeys(beside["pythons"], first) for name, first in beside["first"].items()}
    return Installer(packages, commands, harmless, scripts, {**pure, **entry.get("wheels", {})})


@record
class OfTheSystem:
    """What code reads or loads of the distribution by its name: ``files`` with the packages that bring them, libraries
    (``sonames``, without version) with development packages, what is ``present`` or ``everywhere``, and the files that
    distributions for ``small`` images have of themselves.
    """

    files: Mapping[str, str]
    sonames: Mapping[str, str]
    present: frozenset[str]
    everywhere: tuple[str, ...]
    small: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Whether every image of a distribution has the file or library *name*."""
        bare = _bare(name)
        if "/" not in name and bare is not None:
            return bare in self.present
        return any(name == one or name.startswith((f"{one}/", f"{one}.")) for one in self.everywhere)

    def development(self, name: str) -> str | None:
        """The development package of the library *name*, where it is named with its version, as programs load it."""
        bare = _bare(name)
        return self.sonames.get(bare) if bare is not None and ".so." in name else None


@lru_cache(maxsize=1)
def of_the_system() -> OfTheSystem:
    """What is known of files and libraries of the distribution."""
    data = table("smaller")
    present = data["present"]
    return OfTheSystem(
        files=data["files"],
        sonames=data["sonames"],
        present=frozenset(present["names"]),
        everywhere=tuple(present["everywhere"]),
        small=tuple(present["small"]),
    )


def is_data(name: str) -> bool:
    """Whether *name*, as code starts or loads it, is a file of the distribution's and no program.

    What lies in /etc belongs to the program itself as often, but for known tables.
    """
    return _DATA.match(name) is not None or name in table("smaller")["files"]


def is_library(name: str) -> bool:
    """Whether *name*, as code starts or loads it, is a shared library."""
    return _SONAME.fullmatch(name) is not None


def _bare(name: str) -> str | None:
    match = _SONAME.fullmatch(name)
    return match["name"] if match is not None else None


def full_images() -> frozenset[str]:
    """Images, without tags, that hold much of their distribution beside their own programs."""
    return frozenset(table("smaller")["full"]["images"])


def static_images() -> frozenset[str]:
    """Images, without tags, whose programs are linked to no library."""
    return frozenset(table("smaller")["static"]["images"])


def starters() -> frozenset[str]:
    """Programs that only start the one behind them."""
    return frozenset(table("smaller")["starters"]["commands"])


def programs_of(package: str) -> tuple[str, ...]:
    """The programs that the system's *package* brings under other names than its own."""
    return tuple(table("smaller")["programs"].get(package, ()))


def beside(package: str) -> str | None:
    """The package that *package* needs to do its work, and only recommends."""
    found: str | None = table("smaller")["beside"].get(package)
    return found
