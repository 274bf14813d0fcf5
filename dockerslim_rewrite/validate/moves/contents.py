"""What requirements files and conda's environment files name besides: read by the judge itself, from the build context.

Sources: pip, requirements file format; conda, "Managing environments"; YAML 1.2.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...record import record

#: Gives the text of a file of the build context; None for what is no text, or is not there.
Read = Callable[[str], str | None]

_OTHER = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s*)(\S+)")
_LOCAL = re.compile(
    r"(?:-e|--editable|-f|--find-links)\b|[./~]|file:|.*@\s*(?:file:|\.{0,2}/)|\S+\.(?:whl|zip|tar\.gz)\Z"
)
_REMOTE = re.compile(r"(?:-e|--editable|-f|--find-links)[\s=]+(?:(?:git|hg|svn|bzr)\+|https?:)")


@record
class Contents:
    """The ``texts`` of files that were copied, by absolute path in the image."""

    texts: Mapping[str, str | None]

    def requirements(self, path: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether the requirements file at *path* names no file but those that were copied."""
        text = self.texts.get(path)
        if text is None:
            return False
        for line in re.sub(r"\\\r?\n", " ", text).splitlines():
            item = re.sub(r"(?:\A|\s)#.*", "", line).strip()
            if not self._item(item, posixpath.dirname(path), seen | {path}):
                return False
        return True

    def environment(self, path: str) -> bool:
        """Whether conda's environment file at *path* names no file but those that were copied."""
        text = self.texts.get(path)
        items = _items(text) if text is not None else None
        return items is not None and all(
            self._item(item, posixpath.dirname(path), frozenset((path,))) for item in items
        )

    def _item(self, item: str, folder: str, seen: frozenset[str]) -> bool:
        other = _OTHER.match(item)
        if other is None:
            return not _LOCAL.match(item) or bool(_REMOTE.match(item))
        if "://" in other[1]:
            return True
        target = posixpath.normpath(posixpath.join(folder, other[1]))
        return target in seen or self.requirements(target, seen)


def _items(text: str) -> list[str] | None:
    """The channels and packages that an environment file lists, for conda and pip; None where it cannot be read."""
    # It takes longer to load than the rest of the judge.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    try:
        return list(_scalars([data.get("dependencies"), data.get("channels")]))
    except RecursionError:
        return None


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _scalars(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _scalars(one)
