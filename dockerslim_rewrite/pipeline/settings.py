"""The options of ``rewrite`` in one table: command line, configuration and schema are made from it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from ..datafile import read_data
from ..record import record

_FILE = Path(__file__).with_name("settings.toml")

Kind: TypeAlias = Literal["flag", "text", "choice", "path", "folder", "rules", "words"]


@record
class Setting:
    """An entry of ``settings.toml``, which says what the fields mean."""

    name: str
    kind: Kind
    flags: tuple[str, ...]
    help: str
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    config: bool = False
    plain: bool = True

    @property
    def flag(self) -> str:
        """The spelling that messages use."""
        return next((one for one in self.flags if one.startswith("--")), self.flags[0])

    @property
    def key(self) -> str:
        """The name in configuration files."""
        return self.name.replace("_", "-")

    def check(self, value: str | None) -> None:
        """Raise ``ValueError``, with the nearest choice, where *value* is none of the choices."""
        if not self.choices or value is None or value in self.choices:
            return
        from difflib import get_close_matches

        near = get_close_matches(value, self.choices, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(f"{self.flag}: unknown value {value!r}; {hint}choose from {', '.join(self.choices)}")


@cache
def settings() -> tuple[Setting, ...]:
    """Every option, in the order in which the help lists them."""
    return tuple(
        Setting(
            name=one["name"],
            kind=one["kind"],
            flags=tuple(one["flags"]),
            help=one["help"],
            choices=tuple(one.get("choices", ())),
            metavar=one.get("metavar"),
            config=one.get("config", False),
            plain=one.get("plain", True),
        )
        for one in read_data(_FILE)["setting"]
    )


def setting(name: str) -> Setting:
    """The option *name*. Raises ``KeyError`` where there is none."""
    for one in settings():
        if one.name == name:
            return one
    raise KeyError(name)
