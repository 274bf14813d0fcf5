"""Data files of the package: TOML for people, and what a build of the package makes of it for fast starts.

``tomllib`` takes about a millisecond for 200 lines, which is felt where a program starts for one small file. A wheel
carries every data file a second time, as JSON; a checkout may, and its copy counts only while the TOML has not changed.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

#: The directory of the compiled copies, beside the data files.
COMPILED = "_compiled"
#: JSON has no dates: each is an object with this one key.
_DATE = "$date"


def read_data(path: Path) -> dict[str, Any]:
    """What the TOML file at *path* holds. Raises ``FileNotFoundError`` where there is none."""
    try:
        entry = json.loads(compiled_path(path).read_bytes(), object_hook=_dated)
    except FileNotFoundError:
        return _parsed(path)
    data: dict[str, Any] = entry["data"]
    return data if entry["stamp"] is None or entry["stamp"] == _stamp(path) else _parsed(path)


def compile_data(root: Path, into: Path, *, final: bool) -> list[Path]:
    """Write a compiled copy of every TOML file below *root*, laid out as there below *into*; returns the copies.

    *final* copies count for ever, as a wheel needs whose files never change; others until the TOML file is edited.
    """
    written = []
    for path in sorted(root.rglob("*.toml")):
        copy = compiled_path(into / path.relative_to(root))
        copy.parent.mkdir(parents=True, exist_ok=True)
        entry = {"stamp": None if final else _stamp(path), "data": _parsed(path)}
        copy.write_text(json.dumps(entry, ensure_ascii=False, separators=(",", ":"), default=_date), "utf-8")
        written.append(copy)
    return written


def compiled_path(path: Path) -> Path:
    """Where the compiled copy of the data file *path* lies."""
    return path.parent / COMPILED / f"{path.stem}.json"


def _parsed(path: Path) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(path.read_text("utf-8"))


def _stamp(path: Path) -> list[int]:
    """What changes when the file at *path* is edited: its size in bytes and its time of change in nanoseconds."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _date(value: object) -> dict[str, str]:
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    raise TypeError(f"{type(value).__name__} has no form in a data file")


def _dated(value: dict[str, Any]) -> Any:
    return date.fromisoformat(value[_DATE]) if _DATE in value else value


if __name__ == "__main__":
    package = Path(__file__).parent
    compile_data(package, package, final=False)
