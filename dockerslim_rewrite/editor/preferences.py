"""The editor's own settings: those of configuration files, which take precedence, and what only an editor has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..patterns import re
from ..record import record

_HUMP = re.compile(r"(?<=[a-z])([A-Z])")
#: What only an editor has, by the fields of ``Preferences``.
SWITCHES = {"formatting": "formatting", "inlay-hints": "inlay_hints", "code-lens": "code_lens"}
#: What a client may send besides: it is its own, and nothing for the server.
_CLIENT = frozenset(("enable", "path", "trace"))
#: Keys of configuration files that name other files; an editor's settings name none.
_FILES = frozenset(("path", "by_glob", "globs"))


@record
class Preferences:
    """``options`` are by the names of options; ``formatting`` offers the canonical layout as the editor's formatter."""

    options: Mapping[str, Any]
    formatting: bool = False
    inlay_hints: bool = True
    code_lens: bool = True


#: Options that look for, or write, other files than the one that is open.
_ELSEWHERE = frozenset(("python", "dockerignore"))


#: What holds where an editor says nothing.
DEFAULT = Preferences({})


def known() -> list[str]:
    """The keys that an editor may send, as they are spelled in configuration files."""
    from ..workspace.configuration.keys import keys

    shaped = [key for key, one in keys().items() if one.name and one.shape not in _FILES and key not in _ELSEWHERE]
    return sorted([*shaped, *SWITCHES])


def read_preferences(sent: object, tell: Callable[[str], None] | None = None) -> Preferences:
    """What a client sent: an object with keys of configuration files, or those in camel case.

    Keys that hold null count as not sent, as do those that cannot be used: *tell* gets a line for each that says what
    is wrong. Raises ``ConfigError`` for what is no object.
    """
    from ..workspace.configuration.keys import ConfigError, keys

    if sent is None:
        return DEFAULT
    inner = sent.get("dockerslim", sent) if isinstance(sent, Mapping) else None
    if not isinstance(inner, Mapping):
        raise ConfigError("the editor's settings: must be an object")
    options: dict[str, Any] = {}
    switches: dict[str, bool] = {}
    for written, value in inner.items():
        key = _HUMP.sub(lambda match: f"-{match[1].lower()}", str(written))
        if value is None or key in _CLIENT:
            continue
        try:
            _check(key, value)
        except ConfigError as error:
            if tell is not None:
                tell(str(error))
        else:
            if key in SWITCHES:
                switches[SWITCHES[key]] = value
            else:
                options[keys()[key].name or key] = tuple(value) if isinstance(value, list) else value
    return Preferences(options, **switches)


def _check(key: str, value: Any) -> None:
    """Raises ``ConfigError`` where an editor cannot set *key* to *value*."""
    from ..workspace.configuration.keys import ConfigError, checked, keys

    if key in SWITCHES:
        if not isinstance(value, bool):
            raise ConfigError(f"the editor's settings: {key} must be true or false")
        return
    if key in keys() and key not in known():
        raise ConfigError(f"the editor's settings: {key!r} belongs in a configuration file")
    checked({key: value}, "the editor's settings")
    if keys()[key].shape == "rules":
        from ..pipeline.options import codes_of

        try:
            # An unknown rule would let the rewriter refuse every text.
            codes_of(value)
        except ValueError as error:
            raise ConfigError(f"the editor's settings: {key}: {error}") from None


def wants_formatting(sent: object) -> bool:
    """Whether a client that sent this asks for the formatter, which it has to know from the start."""
    inner = sent.get("dockerslim", sent) if isinstance(sent, Mapping) else None
    return isinstance(inner, Mapping) and inner.get("formatting") is True
