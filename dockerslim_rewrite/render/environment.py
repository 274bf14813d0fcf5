"""The Jinja environment: sandboxed, strict, lazily loaded; user text only ever enters as a value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_KEY = re.compile(r"[A-Za-z0-9_./-]+\Z")


class TemplateError(ValueError):
    """A template that is missing, broken or asks for what is not there; the message says which and what to do."""


def shipped_templates() -> Path:
    """The folder of our own templates: inside an installed package, or beside it in the source tree."""
    package = Path(__file__).parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@lru_cache(maxsize=8)
def environment(folder: Path | None, escape: str) -> SandboxedEnvironment:
    """The environment in which the templates of *folder*, if given, come before the shipped ones."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    folders = [shipped_templates()] if folder is None else [folder, shipped_templates()]
    made = SandboxedEnvironment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.filters.update(
        json_words=json_words,
        flags=flags,
        shell_word=shell_word,
        label_key=lambda key: key if _KEY.match(key) else quoted(key, escape),
        quoted=lambda value: quoted(value, escape),
    )
    return made


def render(name: str, folder: Path | None = None, escape: str = "\\", **values: Any) -> str:
    """The template *name* with *values*. Raises ``TemplateError``."""
    from jinja2 import TemplateError as JinjaError

    try:
        return environment(folder, escape).get_template(name).render(**values)
    except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        line = getattr(error, "lineno", None)
        place = f"{name}:{line}" if line else name
        raise TemplateError(f"template {place}: {error}; mend it or leave out --templates") from None


def json_words(words: Iterable[str]) -> str:
    """*words* in exec form, as Docker's documentation writes it."""
    return json.dumps(list(words), ensure_ascii=False)


def flags(pairs: Iterable[tuple[str, str | None]]) -> str:
    """Flags with a blank before each."""
    return "".join(f" --{name}" if value is None else f" --{name}={value}" for name, value in pairs)


def shell_word(text: str) -> str:
    """*text* as one shell word."""
    return quote(text)


def quoted(value: str, escape: str = "\\") -> str:
    """*value* in double quotes such that BuildKit reads exactly it in ENV, LABEL and ARG."""
    out = []
    for char in value:
        if char in ('"', escape, "$"):
            out.append(escape)
        out.append(char)
    return f'"{"".join(out)}"'
