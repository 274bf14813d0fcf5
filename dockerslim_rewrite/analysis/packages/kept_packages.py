"""Packages of the distribution that a stage installs and keeps."""

from __future__ import annotations

from ...patterns import re
from ...record import record
from ...shell.script import Simple
from ..flow.places import Frame, literal
from ..shell.operations import Kind, Operation

_UPGRADES = frozenset(("upgrade", "dist-upgrade", "full-upgrade"))
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*(?:[=<>~@][^\s$`*?{]*)?\Z")
#: Options of package managers that change nothing in what is installed, or that are understood.
_USUAL = frozenset(
    (
        "-y", "-q", "-qq", "--yes", "--assume-yes", "--quiet", "--force-yes", "--no-install-recommends", "--no-cache",
        "--no-install-suggests", "--update", "--update-cache", "-U", "-u", "--fix-missing", "--no-progress",
    )
)  # fmt: skip


@record
class Package:
    """A package that the stage installs and keeps: its name, how it is ``written``, and the line.

    ``group`` is the virtual package that apk puts it into; ``lean``: without what is merely recommended.
    """

    name: str
    written: str
    line: int
    lean: bool
    group: str | None = None


class KeptPackages:
    """What the operations of a stage leave installed, told one by one.

    ``upgrade`` is the command that brought the packages of the base image up to date.
    """

    def __init__(self) -> None:
        self.packages: list[Package] = []
        self.upgrade: str | None = None

    def tell(self, command: Simple, found: Operation, frame: Frame, line: int) -> str | None:
        """Note what *command* on *line* does by the operation *found*; why that is not known, where it is not."""
        name = f"{found.executable} {found.subcommand}".strip()
        problem: str | None = None
        if found.kind is Kind.UPGRADE:
            if found.manager.name not in ("apt", "apk") or found.operands or found.subcommand not in _UPGRADES:
                problem = f"{name} changes packages of the base image"
            self.upgrade = f"{found.executable} {found.subcommand}"
        words = [
            word
            for index in found.operands
            for word in (literal(command.words[index], frame.variables) or command.words[index].text).split()
        ]
        if found.kind is Kind.REMOVE:
            self.packages = [one for one in self.packages if one.name not in words and one.group not in words]
        if found.kind is not Kind.INSTALL:
            return problem
        special = next((flag.name for flag in found.flags if not _usual(flag.name, found)), None)
        if special is not None:
            problem = f"{name} is given {special}"
        group = found.flag_value("-t", "--virtual") if found.manager.name == "apk" else None
        lean = found.has_flag("--no-install-recommends") or found.manager.name == "apk"
        for word in words:
            if not _PACKAGE.match(word):
                return problem or f"{word} may be any package"
            self.packages.append(Package(re.split(r"[=:<>~@]", word)[0], word, line, lean, group))
        return problem


def _usual(flag: str, found: Operation) -> bool:
    return (
        flag in _USUAL
        or bool(re.fullmatch(r"-[yq]+", flag))
        or (found.manager.name == "apk" and flag in ("-t", "--virtual"))
    )
