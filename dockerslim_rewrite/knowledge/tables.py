"""The data files beside this module, each read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ..datafile import read_data

#: The folder of the data files.
DATA = Path(__file__).parent / "data"


@cache
def table(*path: str) -> dict[str, Any]:
    """What the TOML file at *path* below the folder of the data files holds; the last word goes without ``.toml``.

    Everyone gets the same object: nobody may change it. Raises ``FileNotFoundError`` where there is no such file.
    """
    return read_data(DATA.joinpath(*path[:-1], f"{path[-1]}.toml"))
