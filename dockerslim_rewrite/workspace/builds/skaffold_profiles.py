"""What the profiles of a skaffold.yaml make of its builds.

Sources: skaffold.yaml reference, ``profiles``; Skaffold documentation, "Profiles" ("Override via patches": after what a
profile replaces, patches of RFC 6902 are applied, where ``op`` is ``replace`` by default).
"""

from __future__ import annotations

from typing import Any, Final

from .yaml_values import Map, Scalar, Seq, mapping, scalar, sequence

_MAX_PATCHES: Final = 200


class Unfit(ValueError):
    """A patch names what is not there."""


def with_profile(document: Map, profile: Map) -> Map | None:
    """*document* as it is with *profile*; None where a patch does not fit, with which Skaffold does not run."""
    found: Map = _copy(document)
    own = mapping(profile.get("build"))
    if own:
        build = _copy(mapping(found.get("build")))
        build.update(own)
        found["build"] = build
    try:
        for item in sequence(profile.get("patches"))[:_MAX_PATCHES]:
            patch = mapping(item)
            op, path = scalar(patch.get("op")) or "replace", scalar(patch.get("path"))
            if path is None or op not in ("add", "remove", "replace"):
                raise Unfit
            _apply(found, [_unescaped(one) for one in path.split("/")[1:]], str(op), patch.get("value"))
    except Unfit:
        return None
    return found


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _apply(at: Any, path: list[str], op: str, value: Any) -> None:
    """Do *op* with *value* at the *path* in *at*, which is a copy; all on the way is copied."""
    key, *rest = path or [""]
    if isinstance(at, Map):
        if rest:
            at[key] = _copy(_there(at.get(key)))
            _apply(at[key], rest, op, value)
        elif op == "remove":
            _there(at.pop(key, None))
        else:
            _there(at.get(key) if op == "replace" else value)
            at[key] = value
    elif isinstance(at, Seq):
        index = len(at) if key == "-" and op == "add" and not rest else _index(key, len(at))
        if rest:
            at[index] = _copy(_there(at[index]))
            _apply(at[index], rest, op, value)
        elif op == "add":
            at.insert(index, value)
        elif op == "replace":
            at[index] = value
        else:
            del at[index]
    else:
        raise Unfit


def _there(value: Any) -> Any:
    if value is None:
        raise Unfit
    return value


def _index(key: str, length: int) -> int:
    if not key.isascii() or not key.isdigit() or len(key) > 6 or int(key) >= length:
        raise Unfit
    return int(key)


def _copy(value: Any) -> Any:
    if isinstance(value, Map):
        found = Map()
        found.update(value)
        found.line, found.lines = value.line, dict(value.lines)
        return found
    if isinstance(value, Seq):
        listed = Seq(value)
        listed.line = value.line
        return listed
    if isinstance(value, Scalar):
        return value
    raise Unfit
