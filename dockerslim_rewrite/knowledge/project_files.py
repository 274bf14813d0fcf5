"""Files of a project by their names; see ``data/project_files.toml``."""

from __future__ import annotations

from fnmatch import translate
from functools import cache

from ..patterns import re
from ..record import record
from .tables import table


@record
class ManifestNames:
    """File names that a package manager reads, as patterns."""

    language: str
    manager: str
    names: tuple[str, ...]
    lock: tuple[str, ...]
    configuration: tuple[str, ...]


@record
class RoleNames:
    """Names of files and folders that have a ``role`` in a context, and ``why`` a build does not need them."""

    role: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    exceptions: tuple[str, ...]
    anywhere: bool
    marker: str | None
    why: str


@cache
def manifest_names() -> tuple[ManifestNames, ...]:
    """All package managers' files."""
    return tuple(
        ManifestNames(
            entry["language"],
            entry["manager"],
            tuple(entry["names"]),
            tuple(entry.get("lock", ())),
            tuple(entry.get("configuration", ())),
        )
        for entry in table("project_files")["manifests"]
    )


def reads_environment_files(name: str, text: str) -> bool:
    """Whether the file *name* of this *text* shows that something reads files named .env by itself."""
    packages, words, manifests = _environment_files()
    return words.search(text) is not None or (manifests.match(name) is not None and packages.search(text) is not None)


@cache
def _environment_files() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    data = table("project_files")["environment_files"]
    packages, words = (rf"(?<![\w@./-])(?:{'|'.join(data[key])})(?![\w/-])" for key in ("packages", "words"))
    return re.compile(packages), re.compile(words), re.compile("|".join(map(translate, data["manifests"])))


@cache
def role_names() -> tuple[RoleNames, ...]:
    """All roles, in the order of the data file."""
    return tuple(
        RoleNames(
            entry["role"],
            tuple(entry.get("folders", ())),
            tuple(entry.get("files", ())),
            tuple(entry.get("except", ())),
            entry["anywhere"],
            entry.get("marker"),
            entry["why"],
        )
        for entry in table("project_files")["roles"]
    )
