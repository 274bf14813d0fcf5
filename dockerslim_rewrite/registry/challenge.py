"""Authentication challenges: what a registry's ``WWW-Authenticate`` header asks for. Source: RFC 9110, section 11."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..patterns import re

_SCHEME = re.compile(r"\s*+,?\s*+([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?=\s|\Z)")
_PARAMETER = re.compile(r"""\s*+,?\s*+([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*+=\s*+(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))""")


@dataclass(frozen=True, slots=True)
class Challenge:
    """A scheme in lower case (``bearer``, ``basic``) and its parameters, names in lower case."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def read_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a header's value in order; what cannot be read ends the list."""
    found: list[Challenge] = []
    at = 0
    while match := _SCHEME.match(header, at):
        at = match.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, at):
            quoted, plain = parameter[2], parameter[3]
            parameters[parameter[1].lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            at = parameter.end()
        found.append(Challenge(match[1].lower(), parameters))
    return tuple(found)
