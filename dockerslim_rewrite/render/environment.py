"""The Jinja environment: sandboxed, strict, lazily loaded; user text only ever enters as a value."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment


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
        shell_word=shell_word,
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
        raise TemplateError(f"template {place}: {error}; fix it or drop --templates") from None
    except (RecursionError, MemoryError):
        # A template that includes itself is no fault of the Dockerfile, which that would be said of elsewhere.
        reason = "calls or includes itself without end, or makes too long a text"
        raise TemplateError(f"template {name}: {reason}; fix it or drop --templates") from None


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
