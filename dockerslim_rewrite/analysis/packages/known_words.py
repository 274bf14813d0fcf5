"""What a package manager is told, with variables that the Dockerfile itself sets put in."""

from __future__ import annotations

from ..facts import Facts, Use
from ..flow.places import known_words, unchanged


def words_of(use: Use, facts: Facts) -> tuple[str | None, ...]:
    """The words of the command of *use*: what ENV sets, and no build argument changes, stands for its value. None for
    a word that more decides.
    """
    script = facts.script(use.run)
    if script is None or None not in use.command.argv:
        return use.command.argv
    return known_words(use.command, unchanged(facts.state(use.run).constants, script))
