"""Variables that hold options of a build: which of them say nothing of its Dockerfile and stage, whatever is chosen."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from ...knowledge.build_commands import options_with_values
from ...patterns import re
from .found import Text, Unknown
from .shell_values import stands_for_several

_NAMED = re.compile(r"""["']?\$[({]?(\w+)(?:\[[@*]\])?[)}]?["']?""")
#: What a variable adds where it is set: ``${CACHE:+--no-cache}``.
_ADDED = re.compile(r"""["']?\$\{(\w+):?\+([^${}]*)\}["']?""")
_TELLING: Final = ("-f", "--file", "--dockerfile", "--target")


class OptionVariables(Container[object]):
    """The variables that some script or makefile sets to options alone which choose neither Dockerfile nor stage."""

    def __init__(self) -> None:
        self._plain: dict[str, bool] = {}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._plain.get(name, False)

    def set(self, name: str, text: str | None) -> None:
        """Remember that *name* may be set to *text*, None for anything."""
        self._plain[name] = self._plain.get(name, True) and text is not None and _is_plain(name, text)

    def without(self, names: Container[object]) -> OptionVariables:
        """The same but for the *names*, which somebody else sets."""
        found = OptionVariables()
        found._plain = {name: plain for name, plain in self._plain.items() if name not in names}
        return found


def _is_plain(name: str, text: str) -> bool:
    value = False
    for word in text.strip("()").replace('"', " ").replace("'", " ").split():
        if value:
            value = False
        elif word.startswith("-") and not word.startswith(_TELLING):
            value = word in options_with_values()
        elif word.strip("${}()") != name:
            return False
    return True


def is_plain(word: Text, variables: Container[object]) -> bool:
    """Whether *word* is one of *variables*, or adds options itself: such as say nothing of Dockerfile and stage."""
    if not isinstance(word, Unknown) or not stands_for_several(word):
        return False
    added = _ADDED.fullmatch(word.text)
    if added is not None:
        return _is_plain(added[1], added[2])
    match = _NAMED.fullmatch(word.text)
    return match is not None and match[1] in variables
