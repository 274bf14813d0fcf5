"""What requirements files and conda's environment files name besides: read by the judge itself, from the build context.

Sources: pip, requirements file format; conda, "Managing environments"; YAML 1.2.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from ...patterns import re
from ...record import record
from ...text.yaml_nodes import check

#: Gives the text of a file of the build context; None for what is no text, or is not there.
Read = Callable[[str], str | None]

_OTHER = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s*)(\S+)")
_LOCAL = re.compile(
    r"(?:-e|--editable|-f|--find-links)\b|[./~]|file:|.*@\s*(?:file:|\.{0,2}/)|\S+\.(?:whl|zip|tar\.gz)\Z"
)
_URL = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+://", re.I)
_REMOTE = re.compile(r"(?:-e|--editable|-f|--find-links)[\s=]+(?:(?:git|hg|svn|bzr)\+|https?:)")

_MOST_FILES = 100
_MOST_ITEMS = 10_000


@record
class Place:
    """Where a command runs (``cwd``), and the ``files`` that were copied to where all of the project will lie."""

    files: frozenset[str]
    cwd: str
    target: str

    def full(self, path: str) -> str:
        """The absolute path of *path*, as a command names it."""
        return posixpath.normpath(posixpath.join(self.cwd, path.removeprefix("file:")))

    def is_inside(self, path: str) -> bool:
        """Whether *path* lies in the project, as no URL and no other folder of the image does."""
        return not _URL.match(path) and f"{self.full(path)}/".startswith(self.target.rstrip("/") + "/")

    def has(self, path: str) -> bool:
        """Whether *path*, if it lies in the project, was copied, by itself or with a folder."""
        full = self.full(path)
        return not self.is_inside(path) or any(full == one or full.startswith(f"{one}/") for one in self.files)


@record
class Contents:
    """The ``texts`` of files that were copied, by absolute path in the image; ``context`` gives those of all."""

    texts: Mapping[str, str | None]
    context: Callable[[str], str | None] = lambda path: None

    def requirements(self, path: str) -> bool:
        """Whether the requirements file at *path*, and those it names, name no file but those that were copied."""
        # Files that name one another twice would be read twice as often with each level, so each is read once.
        waiting = [path]
        for one in waiting:
            text = self.texts.get(one)
            if text is None:
                return False
            for line in re.sub(r"\\\r?\n", " ", text).splitlines():
                item = re.sub(r"(?:\A|\s)#.*", "", line).strip()
                if not self._item(item, posixpath.dirname(one), waiting):
                    return False
        return True

    def environment(self, path: str) -> bool:
        """Whether conda's environment file at *path* names no file but those that were copied."""
        text = self.texts.get(path)
        items = _items(text) if text is not None else None
        if items is None:
            return False
        named: list[str] = []
        own = all(self._item(item, posixpath.dirname(path), named) for item in items)
        return own and all(one == path or self.requirements(one) for one in named)

    def _item(self, item: str, folder: str, named: list[str]) -> bool:
        """Whether *item* is none of the project's own; a file with more of them joins those that are *named*."""
        other = _OTHER.match(item)
        links = re.findall(r"(?:\A|\s)(?:-f|--find-links)[\s=]*(\S+)", item)
        if links:
            places = [posixpath.normpath(posixpath.join(folder, one)) for one in links if not _URL.match(one)]
            return (
                other is None
                and not re.search(r"(?:\A|\s)(?:-e|--editable)\b", item)
                and all(place in self.texts for place in places)
            )
        if other is None:
            return not _LOCAL.match(item) or bool(_REMOTE.match(item))
        if "://" in other[1]:
            return True
        target = posixpath.normpath(posixpath.join(folder, other[1]))
        # What is not there is refused by whoever reads it; a hundred files are more than people write.
        if target not in named:
            named.append(target)
        return len(named) <= _MOST_FILES


def _items(text: str) -> list[str] | None:
    """The channels and packages that an environment file lists, for conda and pip; None where it cannot be read."""
    # It takes longer to load than the rest of the judge.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        check(text)
        data = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    try:
        # Aliases may make a short list an endless one.
        found = list(islice(_scalars([data.get("dependencies"), data.get("channels")]), _MOST_ITEMS + 1))
    except RecursionError:
        return None
    return found if len(found) <= _MOST_ITEMS else None


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _scalars(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _scalars(one)
