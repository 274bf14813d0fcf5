"""What holds for one file, and who says so.

Precedence, the last word first: command line, environment, per-file entries, the configuration file, those that it
extends, the defaults.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any

from ...patterns import re
from ...record import record
from .hadolint import ignored_by_hadolint
from .keys import ConfigError, Key, keys
from .load import ConfigFile, nearest, read_config

PREFIX = "DOCKERSLIM_"
#: Read elsewhere.
_OTHERS = frozenset((f"{PREFIX}CONFIG", f"{PREFIX}CACHE", f"{PREFIX}RULE_PAGES"))
_NEARLY = 0.75
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


@record
class Chosen:
    """A value, and who says so."""

    value: Any
    origin: str


@record(slots=False)
class Configuration:
    """What is configured: the file *named* for all, or else the nearest of each; nothing where *isolated*.

    With *within*, a folder with all links followed, nothing outside of it is read.
    """

    named: ConfigFile | None = None
    isolated: bool = False
    within: Path | None = None

    def file_for(self, path: Path) -> ConfigFile | None:
        """The configuration file that counts for the Dockerfile *path*. Raises ``ConfigError``."""
        if self.isolated or self.named is not None:
            return self.named
        return nearest(path.absolute().parent, self.within)

    def settings_for(self, path: Path) -> dict[str, Chosen]:
        """What is set for the Dockerfile *path*, by names of options. Raises ``ConfigError``."""
        found: dict[str, Chosen] = {}
        config = self.file_for(path)
        for one in reversed(config.chain if config is not None else ()):
            found |= _set(one.values, one, str(one.path))
        for one in reversed(config.chain if config is not None else ()):
            for pattern, values in one.values.get("per-file", {}).items():
                if matches(pattern, path, one):
                    found |= _set(values, one, f"{one.path}: per-file {pattern!r}")
        if not self.isolated:
            found |= environment(os.environ)
            codes, where = ignored_by_hadolint(path.absolute().parent, self.within)
            if codes:
                own = found.get("ignore")
                origin = f"{own.origin}, {where}" if own is not None else str(where)
                found["ignore"] = Chosen((*(own.value if own is not None else ()), *codes), origin)
        return found

    def context_for(self, path: Path) -> Path | None:
        """The build context that is configured for the Dockerfile *path*."""
        for one, pattern, value in self._by_glob("contexts", path):
            folder = one.named(f"contexts {pattern!r}", value)
            if not os.path.isdir(folder):
                raise ConfigError(f"{one.path}: contexts {pattern!r}: {value} is not a directory")
            return folder.resolve()
        return None

    def build_args_for(self, path: Path) -> dict[str, str]:
        """The build arguments that are configured for the Dockerfile *path*."""
        found: dict[str, str] = {}
        for _, _, value in self._by_glob("build-args", path):
            found = value | found
        return found

    def excluded(self, path: str) -> str | None:
        """Why the configuration leaves *path* out; None where it does not."""
        config = self.file_for(Path(path))
        for one in config.chain if config is not None else ():
            for pattern in one.values.get("exclude", ()):
                if matches(pattern, Path(path), one):
                    return f"excluded by {pattern!r} in {one.path}"
        return None

    def check(self, path: Path) -> None:
        """Raise ``ConfigError`` where what counts for *path* names a rule or a directory that there is not, for other
        files too: a run would only tell when it comes to one of them.
        """
        config = self.file_for(path)
        for one in config.chain if config is not None else ():
            _check_rules(one.values, str(one.path))
            for pattern, values in one.values.get("per-file", {}).items():
                _check_rules(values, f"{one.path}: per-file {pattern!r}")
            for pattern, value in one.values.get("contexts", {}).items():
                if not os.path.isdir(one.path.parent / value):
                    raise ConfigError(f"{one.path}: contexts {pattern!r}: {value} is not a directory")

    def _by_glob(self, key: str, path: Path) -> list[tuple[ConfigFile, str, Any]]:
        config = self.file_for(path)
        return [
            (one, pattern, value)
            for one in (config.chain if config is not None else ())
            for pattern, value in one.values.get(key, {}).items()
            if matches(pattern, path, one)
        ]


def _check_rules(values: dict[str, Any], where: str) -> None:
    from ...pipeline.options import codes_of

    for name, value in values.items():
        if keys()[name].shape == "rules":
            try:
                codes_of(value)
            except ValueError as error:
                raise ConfigError(f"{where}: {name}: {error}") from None


def forget() -> None:
    """Read all configuration anew when it is asked for next: for programs that run on while files change."""
    from . import hadolint, load

    load.forget()
    hadolint.forget()


def configuration(config: Path | None, *, isolated: bool) -> Configuration:
    """The configuration that a call asks for. Raises ``ConfigError``."""
    if isolated:
        if config is not None:
            raise ConfigError("--config and --isolated exclude each other")
        return Configuration(isolated=True)
    named = config or (Path(os.environ[f"{PREFIX}CONFIG"]) if os.environ.get(f"{PREFIX}CONFIG") else None)
    return Configuration(None if named is None else read_config(named))


def matches(pattern: str, path: Path, config: ConfigFile) -> bool:
    """Whether *pattern*, relative to the folder of *config*, fits *path* or a folder that it lies in.

    A pattern without a slash is of names; ``**`` stands for any number of folders.
    """
    try:
        relative = path.absolute().relative_to(config.path.absolute().parent).as_posix()
    except ValueError:
        return False
    parts = relative.split("/")
    if "/" not in pattern.rstrip("/"):
        bare = _pattern(pattern.rstrip("/"))
        return any(bare.fullmatch(part) for part in parts)
    whole = _pattern(pattern.strip("/").removeprefix("./"))
    return any(whole.fullmatch("/".join(parts[: end + 1])) for end in range(len(parts)))


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """As shells do it: ``*`` stays within a folder, ``**`` does not."""
    pieces = []
    for part in re.split(r"(\*\*/|\*\*)", pattern):
        if part == "**/":
            pieces.append("(?:.*/)?")
        elif part == "**":
            pieces.append(".*")
        else:
            pieces.append(translate(part).removeprefix("(?s:").removesuffix(r")\Z").replace(".*", "[^/]*"))
    return re.compile("".join(pieces), re.S)


def environment(variables: Mapping[str, str]) -> dict[str, Chosen]:
    """What the environment sets, by names of options. Raises ``ConfigError``."""
    own = {variable for variable in variables if variable.startswith(PREFIX)}
    if not own:
        return {}
    found = {}
    known = {PREFIX + one.key.upper().replace("-", "_"): one for one in keys().values() if one.name is not None}
    for variable, one in known.items():
        if one.name is not None and variable in own:
            found[one.name] = Chosen(_from_text(one, variables[variable], variable), f"environment variable {variable}")
    for variable in sorted(own - known.keys() - _OTHERS):
        # Tools around this one may have variables of their own: only what is nearly right is taken for a slip.
        from difflib import get_close_matches

        near = get_close_matches(variable.removeprefix(PREFIX)[:100], _bare(known), 1, _NEARLY)
        if near:
            raise ConfigError(f"{variable}: unknown environment variable; did you mean {PREFIX}{near[0]}?")
    return found


def _bare(names: Iterable[str]) -> list[str]:
    return [name.removeprefix(PREFIX) for name in names]


def _from_text(one: Key, text: str, variable: str) -> Any:
    if one.shape == "flag":
        if text.lower() not in (*_TRUE, *_FALSE):
            raise ConfigError(f"{variable}: cannot be {text!r}; use true or false")
        return text.lower() in _TRUE
    if one.shape == "rules":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if one.shape == "choice" and text not in one.choices:
        raise ConfigError(f"{variable}: cannot be {text!r}; choose from {', '.join(one.choices)}")
    if one.key == "account":
        from ...pipeline.options import account_problem

        problem = account_problem(text)
        if problem is not None:
            raise ConfigError(f"{variable}: cannot be {text!r}; {problem}")
    return Path(text) if one.shape == "path" else text


def _set(values: Mapping[str, Any], config: ConfigFile, origin: str) -> dict[str, Chosen]:
    found = {}
    for key, value in values.items():
        one = keys()[key]
        if one.name is None:
            continue
        if one.shape == "path":
            value = config.named(key, value)
        elif one.shape == "rules":
            value = tuple(value)
        found[one.name] = Chosen(value, origin)
    return found
