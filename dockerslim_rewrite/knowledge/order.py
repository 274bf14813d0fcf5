"""What changes with every build, and which commands cannot see it; see ``data/order.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ..patterns import re
from .tables import table

#: No command in the data has more words.
_WORDS = 3


def is_volatile(name: str) -> bool:
    """Whether the variable *name* tells when or from what an image was built."""
    return _volatile().match(name) is not None


def breaks_cache(name: str) -> bool:
    """Whether the build argument *name* is there to run again what the cache holds."""
    return _matched("busters").fullmatch(name) is not None


def is_branch(name: str) -> bool:
    """Whether the variable *name* stands for a branch of the sources."""
    return _matched("branches").fullmatch(name) is not None


def says_nothing(value: str) -> bool:
    """Whether *value*, the default of a build argument, does not tell what is built."""
    return _matched("nothing").fullmatch(value) is not None


def ignores_variables(words: Sequence[str]) -> bool:
    """Whether a command that begins with *words* looks at no variable that is none of its own."""
    return _begins(words, _blind())


def fetches(words: Sequence[str]) -> bool:
    """Whether a command that begins with *words* does nothing but download."""
    return _begins(words, frozenset(table("order")["blind"]["downloads"]))


def installs_packages(words: Sequence[str]) -> bool:
    """Whether a command installs packages that are named, and looks at no folder of the user's."""
    return _begins(words, _named())


def known_options(words: Sequence[str]) -> bool:
    """Whether no option among *words*, of an installer of packages that are named, may name or read a file."""
    program = words[0].rstrip("3")
    known = _options().get(program)
    return known is None or all(known.fullmatch(word.partition("=")[0]) for word in words[1:] if word[:1] == "-")


def works_on_operands(words: Sequence[str]) -> bool:
    """Whether a command reads and writes nothing but the paths that are its operands."""
    return _begins(words, frozenset(table("order")["apart"]["files"]))


def is_apart(folder: str) -> bool:
    """Whether no package of a distribution puts anything at or below the absolute path *folder*."""
    folders = table("order")["folders"]
    first = folder.split("/")[1]
    if any(f"{folder}/".startswith(free) and f"{folder}/" != free for free in folders["free"]):
        return True
    return bool(first) and first not in folders["system"]


def _begins(words: Sequence[str], known: frozenset[str]) -> bool:
    return any(" ".join(words[:length]) in known for length in range(1, min(_WORDS, len(words)) + 1))


@cache
def _options() -> dict[str, re.Pattern[str]]:
    return {program: re.compile("|".join(words)) for program, words in table("order")["apart"]["options"].items()}


@cache
def _volatile() -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(table('order')['volatile']['names'])})\\Z", re.I)


@cache
def _matched(key: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in table("order")["volatile"][key]), re.I)


@cache
def _blind() -> frozenset[str]:
    blind = table("order")["blind"]
    return frozenset((*blind["installers"], *blind["downloads"], *blind["others"]))


@cache
def _named() -> frozenset[str]:
    apart = table("order")["apart"]
    return frozenset((*apart["installers"], *apart["named"]))
