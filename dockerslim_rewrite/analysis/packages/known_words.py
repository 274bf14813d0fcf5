"""What a package manager is told, with variables that the Dockerfile itself sets put in."""

from __future__ import annotations

from ..facts import Facts, Use
from ..flow.places import known_words


def words_of(use: Use, facts: Facts) -> tuple[str | None, ...]:
    """The words of the command of *use*: what ENV sets, and no build argument changes, stands for its value. None for
    a word that more decides.
    """
    script = facts.script(use.run)
    return use.command.argv if script is None else known_words(use.command, script, facts.state(use.run).constants)
