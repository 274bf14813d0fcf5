"""What a justfile puts in the place of its expressions. Source: just manual, "Variables", "Recipe Parameters"."""

from __future__ import annotations

from collections.abc import Mapping

from ...patterns import re
from .found import Text
from .growth import filled
from .shell_values import stand_in

_SET = re.compile(
    r"(?m)^(?:export[ \t]++)?(?P<name>[A-Za-z_][\w-]*+)[ \t]*+:=[ \t]*+"
    r"(?P<quote>[\"'])(?P<value>[^\"'\n]*)(?P=quote)[ \t]*+(?:#.*)?$"
)
_RECIPE = re.compile(r"(?m)^@?[A-Za-z_][\w-]*+(?P<parameters>[ \t][^:\n]*)?:(?!=)")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_EXPRESSION = re.compile(r"\{\{(?!\{)(?P<inside>[^{}\n]*+)\}\}")


def just_values(text: str) -> Mapping[str, str]:
    """The variables that the justfile *text* sets to constants, but for those that some recipe has as a parameter."""
    values = {match["name"]: match["value"] for match in _SET.finditer(text)}
    for match in _RECIPE.finditer(text):
        for name in _WORD.findall(match["parameters"] or ""):
            values.pop(name, None)
    return values


def just_text(command: str, values: Mapping[str, str], unknown: dict[str, Text]) -> str:
    """The *command* of a justfile for the shell; what *values* do not tell becomes a variable among those *unknown*."""
    return filled(
        _EXPRESSION,
        command,
        lambda match: values.get(match["inside"].strip()),
        lambda match, _: stand_in(match[0], unknown),
    )
