"""Which sources of a language a build brings along, and what they show."""

from __future__ import annotations

from collections.abc import Collection

from ..analysis.project import Behaviour
from ..knowledge.vocabulary import Vocabulary
from .placement import Placed
from .tree import ContextTree

#: Suffixes of sources that are run as they are.
_INTERPRETED = frozenset((".js", ".rb", ".php", ".py", ".pl", ".lua"))


def brought(suffixes: tuple[str, ...], tree: ContextTree, placed: Placed) -> Collection[str]:
    """The context paths of what the build brings into one of its stages, where that is sources; else of all there
    is: a program may have been compiled before. What is interpreted has to be brought itself.
    """
    copied = {path for stage in placed.stages for path in stage.values()}
    compiled = _INTERPRETED.isdisjoint(suffixes) and not any(path.endswith(suffixes) for path in copied)
    whole = placed.missing or not placed.complete or compiled
    return tree.by_path if whole else [path for path in tree.by_path if path in copied]


def sources_in(words: Vocabulary, tree: ContextTree, placed: Placed, cwd: str | None) -> Behaviour:
    """What the sources in the language of *words* show that the build brings along; nothing where there are none."""
    return sources_among(words, brought(words.suffixes, tree, placed), tree, cwd)


def sources_among(
    words: Vocabulary, files: Collection[str], tree: ContextTree, cwd: str | None, *, every: bool = False
) -> Behaviour:
    """The same of *files* alone, all of which count where *every* one is said to."""
    from .words import look, sources_of

    sources = files if every else sources_of(words, files)
    if not any(path.endswith(words.suffixes) for path in sources):
        return Behaviour()
    return look(words, files, tree.read, cwd, every)
