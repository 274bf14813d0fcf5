"""Typer's view of the table of options: a signature that is made from it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..pipeline.settings import Setting, settings
from .quick import split

#: What Typer converts the values of an option of each kind to.
_TYPES: dict[str, Any] = {
    "flag": bool,
    "text": str | None,
    "path": Path | None,
    "folder": Path | None,
    "rules": list[str] | None,
    "words": list[str] | None,
}


def from_table(
    defaults: Any, without: frozenset[str] = frozenset()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command all options of the table but those named in *without*, behind its own parameters.

    *defaults* is the record with the defaults.

    The command takes them as keyword arguments. Lists of rules arrive split, and an empty one is refused.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)
        own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        chosen = [one for one in settings() if one.name not in without]
        options = [_parameter(one, getattr(defaults, "__defaults__", {}).get(one.name)) for one in chosen]

        def call(**values: Any) -> None:
            command(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})

        call.__name__, call.__doc__ = command.__name__, command.__doc__
        call.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
        call.__annotations__ = {one.name: one.annotation for one in [*own, *options]}
        return call

    return decorate


def _parameter(one: Setting, default: Any) -> inspect.Parameter:
    given: dict[str, Any] = {"help": one.help, "metavar": one.metavar, "show_default": one.kind == "choice"}
    if one.kind == "rules":
        given["callback"] = _rules(one)
    if one.kind == "flag":
        default = False
    elif one.kind in ("rules", "words"):
        default = None
    # Typer shows the values of a Literal and refuses others.
    kind = Literal[one.choices] | None if one.choices else _TYPES[one.kind]
    return inspect.Parameter(
        one.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, typer.Option(*one.flags, **given)],
    )


def _rules(one: Setting) -> Callable[[list[str] | None], list[str] | None]:
    def parts(values: list[str] | None) -> list[str] | None:
        if values is None:
            return None
        if any(not split(value) for value in values):
            raise typer.BadParameter("names no rule", param_hint=one.flag)
        return [part for value in values for part in split(value)]

    return parts
