"""Finding and reading configuration files."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from ...record import record
from ...regular import read_text
from ...text.structured import read_toml
from .keys import ConfigError, checked

#: The names in a folder, the first that has something to say.
NAMES = (".dockerslim.toml", "dockerslim.toml", "pyproject.toml")
MARKS = (".git", ".hg", ".svn", ".jj")
_MAX_BYTES = 1024 * 1024
_MAX_EXTENDED = 10


@record(eq=False)
class ConfigFile:
    """A configuration file with its own values; ``base`` is the one that it extends. Paths are relative to it, and lie
    ``within`` a folder, the repository mostly, unless somebody named the file.
    """

    path: Path
    values: dict[str, Any]
    base: ConfigFile | None = None
    within: Path | None = None

    @property
    def chain(self) -> tuple[ConfigFile, ...]:
        """The files that count, the last word first."""
        return (self, *(self.base.chain if self.base is not None else ()))

    def named(self, key: str, text: str) -> Path:
        """The path that *text* under *key* names. Raises ``ConfigError`` for one that is not to be read."""
        return _named(self.path, self.within, key, text)


@cache
def nearest(folder: Path, within: Path | None = None) -> ConfigFile | None:
    """The configuration that counts in the absolute *folder*: its own, or the nearest above within the repository.

    With *within*, a folder with all links followed, nothing outside of it is read. Raises ``ConfigError`` for one that
    cannot be used.
    """
    root = within or repository_of(folder)
    for place in (folder, *folder.parents):
        for name in NAMES:
            path = place / name
            if within is not None:
                if os.path.isfile(path) and not path.resolve().is_relative_to(within):
                    continue
            elif leads_out(path, root):
                if name == "pyproject.toml":
                    continue
                raise ConfigError(
                    f"{path}: a link that leads out of {root or place}; not read, unless --config names it"
                )
            found = _at(path, root or place.resolve())
            if found is not None:
                return found
        if place == within or any(os.path.exists(place / mark) for mark in MARKS):
            return None
    return None


def repository_of(folder: Path) -> Path | None:
    """The repository that the absolute *folder* lies in, with all links followed; None where it lies in none."""
    for place in (folder, *folder.parents):
        if any(os.path.exists(place / mark) for mark in MARKS):
            return place.resolve()
    return None


def leads_out(path: Path, root: Path | None) -> bool:
    """Whether *path* leads through links to something outside of *root*, or without one outside of its own folder.

    Whoever made a repository does not say which files of its user are to be read.
    """
    try:
        return os.path.lexists(path) and not path.resolve().is_relative_to(root or path.parent.resolve())
    except (OSError, RuntimeError):
        return True


def left_by(path: Path) -> Path | None:
    """The repository that *path* lies in by its name and leaves through links; None where it leaves none."""
    root = repository_of(path.absolute().parent)
    return root if root is not None and leads_out(path, root) else None


def forget() -> None:
    """Read configuration files anew when they are asked for next: some may have changed."""
    nearest.cache_clear()
    _at.cache_clear()


def read_config(path: Path) -> ConfigFile:
    """The configuration file *path*, which somebody named. Raises ``ConfigError``."""
    if not os.path.isfile(path):
        raise ConfigError(f"{path}: no such file")
    found = _read(path, ())
    return found if found is not None else ConfigFile(path, {})


@cache
def _at(path: Path, within: Path | None) -> ConfigFile | None:
    if not os.path.isfile(path):
        return None
    return _read(path, (), within)


def _read(path: Path, open_: tuple[Path, ...], within: Path | None = None) -> ConfigFile | None:
    """The file *path*; None for a pyproject.toml without a table of ours."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(f"{path}: larger than {_MAX_BYTES // 1024} KiB, which no configuration is")
        text = read_text(path, _MAX_BYTES)
        if path.name == "pyproject.toml" and "dockerslim" not in text:
            return None

        # Some editors of Windows write a byte order mark, which TOML 1.0 does not know.
        data = read_toml(text.removeprefix("\ufeff"))
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"{path}: no TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: no TOML: nested too deeply") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if path.name == "pyproject.toml":
        tool = data.get("tool")
        if not isinstance(tool, dict) or "dockerslim" not in tool:
            return None
        values = checked(tool["dockerslim"], f"{path}: [tool.dockerslim]")
    else:
        values = checked(data, str(path))
    return ConfigFile(path, values, _extended(path, values, (*open_, path), within), within)


def _extended(path: Path, values: dict[str, Any], open_: tuple[Path, ...], within: Path | None) -> ConfigFile | None:
    named = values.get("extend")
    if named is None:
        return None
    other = Path(os.path.realpath(_named(path, within, "extend", named)))
    if other in open_:
        raise ConfigError(f"{path}: extend leads back to {named}")
    if len(open_) > _MAX_EXTENDED:
        raise ConfigError(f"{path}: more than {_MAX_EXTENDED} files extend one another")
    if not os.path.isfile(other):
        raise ConfigError(f"{path}: extend names {named}, which is not there")
    return _read(other, open_, within)


def _named(path: Path, within: Path | None, key: str, text: str) -> Path:
    if "\0" in text:
        raise ConfigError(f"{path}: {key} names what can be no file")
    found = path.parent / text
    if within is not None and not Path(os.path.realpath(found)).is_relative_to(within):
        raise ConfigError(
            f"{path}: {key} names {text}, which lies outside of {within}; not read, unless --config names this file"
        )
    return found
