"""hadolint's own configuration: findings that a repository ignores are not to be mended either.

Source: hadolint's README, "Configure" (`ignored` in `.hadolint.yaml` or `.hadolint.yml`).
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from ...passes import rules
from ...regular import read_text
from ...text.yaml_nodes import check
from .load import MARKS, leads_out, repository_of

_NAMES = (".hadolint.yaml", ".hadolint.yml")
_MAX_BYTES = 256 * 1024


def ignored_by_hadolint(folder: Path, within: Path | None = None) -> tuple[tuple[str, ...], Path | None]:
    """The codes that the nearest configuration of hadolint ignores, of those that rules answer, and that file.

    *folder* is absolute; the search ends at the root of the repository, or at the folder *within*. A file that cannot
    be read ignores nothing.
    """
    root = within or repository_of(folder)
    for place in (folder, *folder.parents):
        for name in _NAMES:
            path = place / name
            if not os.path.isfile(path) or leads_out(path, root):
                continue
            if within is None or path.resolve().is_relative_to(within):
                return _read(path), path
        if place == within or any(os.path.exists(place / mark) for mark in MARKS):
            break
    return (), None


def forget() -> None:
    """Read hadolint's configuration anew when it is asked for next: it may have changed."""
    _read.cache_clear()


@cache
def _read(path: Path) -> tuple[str, ...]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        if path.stat().st_size > _MAX_BYTES:
            return ()
        text = read_text(path, _MAX_BYTES)
        check(text)
        data = YAML(typ="safe").load(text)
    except (OSError, UnicodeDecodeError, YAMLError, ValueError, RecursionError):
        return ()
    listed = data.get("ignored") if isinstance(data, dict) else None
    answered = {answer for one in rules() for answer in one.answers}
    return (
        tuple(code for code in listed if isinstance(code, str) and code in answered) if isinstance(listed, list) else ()
    )
