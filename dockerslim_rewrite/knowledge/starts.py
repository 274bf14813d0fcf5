"""What base images bring along for the start of a container; see ``data/starts.toml``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from ..patterns import re
from .tables import table

_NUMBER = re.compile(r"[0-9]{1,9}\Z")
#: A port at the end of an address, or alone.
#: A port, or an address with one.
_ADDRESS = re.compile(r"(?:[a-z]{3,5}://)?(?:(?:[\w.*-]{0,200}|\[[0-9a-f:]{2,40}\]):)?(\d{1,5})/?")
_PORT = re.compile(r"(?:\A|[:\s])(\d{1,5})/?(?=[;,\s]|\Z)")


@cache
def for_anyone(image: str) -> bool:
    """Whether the entrypoint of *image*, if it has one, does the same for every user."""
    return image in table("starts")["entrypoints"]["anyone"]


def bound_port(
    image: str, version: str | None, environment: Mapping[str, str | None], words: Sequence[str | None]
) -> int | None:
    """The port that a program on *image* binds by the image's own environment, for all that *environment* and the
    *words* of its start say; None where nothing tells.
    """
    major = int(version.partition(".")[0]) if version else None
    for entry in table("starts")["binds"]:
        if image in entry["images"] and (major is None or major < entry["before"]):
            told = any(name in environment for name in entry["variables"])
            told = told or any((word or "").startswith(tuple(entry["options"])) for word in words)
            port: int = entry["port"]
            return None if told else port
    return None


def port_in(words: Sequence[str | None]) -> int | None:
    """The port that the *words* of a start give by an option; None where none does."""
    known = table("starts")["ports"]
    short = not {(word or "").rpartition("/")[2] for word in words}.isdisjoint(known["short"])
    options = {*known["options"], *(["-p"] if short else ())}
    for at, word in enumerate(words):
        option, equals, value = (word or "").partition("=")
        if option in options:
            told = value if equals else (words[at + 1] or "" if at + 1 < len(words) else "")
            found = _ADDRESS.fullmatch(told)
            if found is not None:
                return int(found[1])
    return None


def named_port(text: str) -> int | None:
    """The port that *text* is the number or the name of; None where it is neither."""
    known: int | None = table("starts")["services"].get(text)
    return int(text) if known is None and _NUMBER.match(text) else known


def idles(commands: Sequence[Sequence[str | None]]) -> bool:
    """Whether a container that runs *commands* only stays there, for people to work inside."""
    known = table("starts")["idle"]
    found = [one for one in commands if (one[0] or "").rpartition("/")[2] not in known["beside"]]
    return bool(found) and all(_idle(one, known) for one in found)


def _idle(words: Sequence[str | None], known: Mapping[str, Any]) -> bool:
    name = (words[0] or "").rpartition("/")[2]
    operands = [word for word in words[1:] if word is None or not word.startswith("-")]
    if name in known["alone"]:
        return not operands and "-c" not in words
    pattern = known["operands"].get(name)
    return pattern is not None and bool(operands) and all(re.fullmatch(pattern, word or "") for word in operands)


def ports_told(name: str, value: str, read: Collection[str] = ()) -> tuple[int, ...]:
    """The ports that the variable *name* with *value* tells programs to bind, or one that *read* variables for it."""
    if name not in table("starts")["ports"]["variables"] and name not in read:
        return ()
    return tuple(int(port) for port in _PORT.findall(value))
