"""The Jinja environment: sandboxed, strict, lazily loaded; user text only ever enters as a value."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from .sources import TemplateError, source

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment


#: No text that we author has a tenth of it.
_MAX_TEXT = 1024 * 1024
#: Filters that make long texts of short ones, for which nothing here has a use.
_LONG = ("center", "format", "indent", "lipsum", "xmlattr")
#: How often a loop over numbers may go round.
_MAX_ROUNDS = 1000


@lru_cache(maxsize=8)
def environment(folder: Path | None, escape: str) -> SandboxedEnvironment:
    """The environment in which the templates of *folder*, if given, come before the shipped ones: those are trusted,
    and may be long.
    """
    from jinja2 import FunctionLoader, StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import SandboxedEnvironment

    class Bounded(SandboxedEnvironment):
        """A sandbox in which no operator makes a text or a number that fills the memory."""

        intercepted_binops = frozenset(("*", "**", "%"))

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator != "*" or not all(isinstance(one, int) and abs(one) < _MAX_TEXT for one in (left, right)):
                raise SecurityError(f"the operator {operator} is for small numbers here, and * alone")
            return super().call_binop(context, operator, left, right)

    def numbers(*bounds: int) -> range:
        if len(found := range(*bounds)) > _MAX_ROUNDS:
            raise SecurityError(f"range has more than {_MAX_ROUNDS:,} numbers")
        return found

    made = (SandboxedEnvironment if folder is None else Bounded)(
        loader=FunctionLoader(lambda name: source(name, folder)),
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
    if folder is not None:
        made.globals = {"range": numbers}
        for name in _LONG:
            made.filters.pop(name, None)
    return made


def render(name: str, folder: Path | None = None, escape: str = "\\", **values: Any) -> str:
    """The template *name* with *values*. Raises ``TemplateError``."""
    from jinja2 import TemplateError as JinjaError

    try:
        template = environment(folder, escape).get_template(name)
        return template.render(**values) if folder is None else _joined(template.generate(**values))
    except TemplateError:
        raise
    except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        line = getattr(error, "lineno", None)
        place = f"{name}:{line}" if line else name
        raise TemplateError(f"template {place}: {error}; fix it or drop --templates") from None
    except (RecursionError, MemoryError):
        # A template that includes itself is no fault of the Dockerfile, which that would be said of elsewhere.
        reason = "calls or includes itself without end, or makes too long a text"
        raise TemplateError(f"template {name}: {reason}; fix it or drop --templates") from None


def _joined(pieces: Iterable[str]) -> str:
    """All of *pieces*. Raises ``MemoryError`` for what is longer than any text that we author."""
    found: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > _MAX_TEXT:
            raise MemoryError
        found.append(piece)
    return "".join(found)


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
