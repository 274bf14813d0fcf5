"""The JSON schema of configuration files, made from the table of keys and shipped beside it for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .keys import Key, keys

#: The schema as it is shipped.
FILE = Path(__file__).with_name("dockerslim.schema.json")
_STRINGS = {"type": "array", "items": {"type": "string"}}


def schema() -> dict[str, Any]:
    """The schema of ``dockerslim.toml`` and of ``[tool.dockerslim]``."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://json.schemastore.org/dockerslim.json",
        "title": "Configuration of dockerslim-rewrite",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(one) for name, one in sorted(keys().items())},
    }


def _property(one: Key) -> dict[str, Any]:
    return {"description": one.help, **_shape(one)}


def _shape(one: Key) -> dict[str, Any]:
    if one.shape == "flag":
        return {"type": "boolean"}
    if one.shape == "choice":
        return {"type": "string", "enum": list(one.choices)}
    if one.shape in ("rules", "globs"):
        return dict(_STRINGS)
    if one.shape != "by_glob":
        return {"type": "string"}
    if one.key == "contexts":
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if one.key == "build-args":
        arguments = {"type": "object", "additionalProperties": {"type": "string"}}
        return {"type": "object", "additionalProperties": arguments}
    entries = {name: _property(other) for name, other in sorted(keys().items()) if other.per_file}
    table = {"type": "object", "additionalProperties": False, "properties": entries}
    return {"type": "object", "additionalProperties": table}


if __name__ == "__main__":
    import json

    FILE.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
