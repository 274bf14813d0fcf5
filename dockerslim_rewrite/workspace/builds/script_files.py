"""Builds in scripts that are files of their own: commands of the repository start them, or people do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...knowledge.build_commands import names_a_builder
from ..repository import Repository
from .found import FoundBuild, Text, Unknown
from .other_ways import Again, with_others
from .script_callers import given_to_script
from .shell_scripts import ScriptReader


def script_file(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds in the script *path*: it may be called from its own folder or from the root, and with variables that
    its callers set.
    """
    text = repository.read(path)
    if text is None or not names_a_builder(text):
        return

    def read(repository: Repository, variables: Mapping[str, Text]) -> list[FoundBuild]:
        return list(ScriptReader(repository, "shell", path, 1, _homes(path), variables).read(text))

    ways = given_to_script(repository, path, text)
    given = [{name: Unknown(f"${name}") if one is None else one for name, one in way.items()} for way in ways]
    plain = read(repository, {})
    yield from with_others(plain, [read(Again(repository), one) for one in given])


def _homes(path: str) -> list[Text]:
    own = path.rpartition("/")[0]
    return list(dict.fromkeys(["", own]))
