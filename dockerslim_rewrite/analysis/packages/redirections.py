"""Where package managers of languages write when variables or settings of their own tell them to.

Sources are in ``knowledge/data/writes.toml``. What a variable tells that is not known is said, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from ...knowledge.writes import Redirecting, redirecting
from ...shell.script import Simple
from ..flow.places import Frame, Place, literal, place_of
from ..shell.operations import Kind, Operation

#: Bundler's settings and options that name the folder of gems.
_PATH = frozenset(("path", "--path"))


def redirections(
    command: Simple,
    found: Operation,
    frame: Frame,
    exported: Mapping[str, str | None],
    told: Mapping[str, str],
    *,
    root: bool,
) -> tuple[tuple[Place, ...], str | None]:
    """The folders that *command*, which does *found*, writes to beside the usual ones, and why they are not all.

    *exported* are the variables in its environment, None where a value is not known; *told*
    is what earlier commands set for it, by the names of such variables; *root*: whether root runs it.
    """
    name = found.manager.name
    known = redirecting(name)
    here = {**exported, **_assigned(command)}
    given = {key: value for key, value in here.items() if value not in known.usual}
    unsure = next((variable for variable in known.unsure if variable in given), None)
    if unsure is not None:
        return (), f"where {found.executable} writes, which {unsure} tells,"
    installs = found.kind in (Kind.INSTALL, Kind.UPGRADE)
    own = "/" in command.words[0].text or "VIRTUAL_ENV" in given
    if name == "pip" and installs and not root and not own:
        return (), f"where {found.executable} installs packages for a user other than root"
    places: list[Place] = []
    folders = [(variable, given[variable]) for variable in known.folder if installs and variable in given]
    if name == "bundler":
        folders += _bundled(command, frame)
    if installs and frame.folder is not None and _more(known, {**here, **told}):
        places.append(Place(frame.folder))
    for said, value in folders:
        if value is not None and not value.startswith("/"):
            # Seen from the project, which comes along.
            continue
        place = place_of(value, frame)
        if place is None or place.path in frame.broad:
            return (), f"where {found.executable} writes, which {said} tells,"
        places.append(place)
    return tuple(places), None


def _assigned(command: Simple) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for word in command.assignments:
        name, _, value = word.text.partition("=")
        text = word.literal
        found[name] = text.partition("=")[2] if text is not None else value and None
    return found


def _more(known: Redirecting, said: Mapping[str, str | None]) -> bool:
    """Whether one of the variables *said* may make the manager write more into the project than usual."""
    for name in said if known.own else ():
        if not name.startswith(known.own):
            continue
        folder = known.given.get(name) or (name if name in known.folder else None)
        if folder is not None and (said.get(folder) or "").startswith("/"):
            continue
        if said[name] not in known.usual and not re.fullmatch(known.plain, name):
            return True
    return False


def settings(command: Simple, found: Operation, frame: Frame) -> tuple[tuple[str, str], ...]:
    """The variables that would tell Bundler what ``bundle config`` does in *command*, which does *found*."""
    if found.manager.name != "bundler" or found.subcommand.split()[:1] != ["config"]:
        return ()
    words = [(word.text, literal(word, frame.variables)) for word in command.words[found.command + 2 :]]
    plain = [value if value is not None else text for text, value in words if not text.startswith("--")]
    if plain[:1] == ["set"]:
        plain = plain[1:]
    if len(plain) < 2 or plain[0] in ("get", "list", "unset"):
        return ()
    name = plain[0].upper().replace("-", "___").replace(".", "__")
    return ((f"BUNDLE_{name}", " ".join(plain[1:])),)


def _bundled(command: Simple, frame: Frame) -> list[tuple[str, str | None]]:
    """The folder that ``bundle config path`` or ``bundle install --path`` name."""
    words = [(word.text, literal(word, frame.variables)) for word in command.words]
    found: list[tuple[str, str | None]] = []
    for (text, _), (_, value) in pairwise(words):
        if text in _PATH:
            found.append((text, value))
    found += [("--path", value.partition("=")[2]) for text, value in words if value and text.startswith("--path=")]
    return found
