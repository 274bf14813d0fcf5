"""``re`` for the compiler's own modules, where a pattern is compiled when it is first used.

Few of the patterns that the modules of one run define are ever asked for, and compiling those of all takes a fifth of
the time that rewriting one file from the shell may take. Modules say ``from ..patterns import re``.
"""

from __future__ import annotations

import re as _re
from typing import TYPE_CHECKING, Any

_METHODS = (
    "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer", "scanner",
    "pattern", "flags", "groups", "groupindex",
)  # fmt: skip


class LatePattern:
    """What ``re.compile`` gives, made of *pattern* and *flags* once any of its methods is asked for.

    Raises ``re.error`` then where the pattern is invalid; a test compiles all there are.
    """

    def __init__(self, pattern: str | bytes, flags: int = 0) -> None:
        self._made_of: tuple[Any, int] = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = _re.compile(*self._made_of)
        # From now on they are found without coming here.
        self.__dict__.update((one, getattr(compiled, one)) for one in _METHODS)
        return getattr(compiled, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return LatePattern, self._made_of

    def __repr__(self) -> str:
        return repr(_re.compile(*self._made_of))


class _Expressions:
    """The module ``re``, but for what ``compile`` gives."""

    compile = LatePattern

    def __getattr__(self, name: str) -> Any:
        found = getattr(_re, name)
        self.__dict__[name] = found
        return found


if TYPE_CHECKING:
    import re as re
else:
    re = _Expressions()
