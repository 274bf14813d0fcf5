"""Kaniko as people start it by hand: in a container, which sees directories of the host under other paths.

Source: kaniko, README, "Running kaniko in Docker", "Additional Flags".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ...patterns import re
from .found import Text, Unknown

_ENGINES: Final = frozenset(("docker", "podman", "nerdctl"))
_IMAGE = re.compile(r"(?:[^\s@]*/)?kaniko-project/(?:executor|warmer)(?:[:@].*)?\Z")
_EXECUTOR: Final = "/kaniko/executor"
_VOLUMES: Final = ("-v", "--volume")
_PATHS: Final = ("--context", "-c", "--dockerfile", "-f")
#: The directory that kaniko builds where none is named.
_WORKSPACE: Final = "/workspace"

#: Directories of the container, and what lies there of the host.
_Mounts = Sequence[tuple[str, Text]]


def kaniko_words(words: Sequence[Text]) -> list[Text] | None:
    """The words of kaniko's executor, with paths of the host, that the command *words* starts in a container; None
    for any other command.
    """
    known = [word if isinstance(word, str) else word.text for word in words]
    if not known or known[0].rpartition("/")[2] not in _ENGINES or "run" not in known[1:3]:
        return None
    image = next((at for at, word in enumerate(known) if _IMAGE.match(word.strip("\"'"))), None)
    if image is None:
        return None
    mounts = sorted(_mounts(words[:image]), key=lambda one: -len(one[0]))
    found: list[Text] = [_EXECUTOR]
    told = False
    path = False
    for word in words[image + 1 :]:
        option, equals, value = word.partition("=") if isinstance(word, str) else (word.text, "", "")
        told = told or option in ("--context", "-c")
        if path and isinstance(word, str):
            found.append(_on_host(word, mounts))
        elif equals and option in _PATHS:
            found += [option, _on_host(value, mounts)]
        else:
            found.append(word)
        path = option in _PATHS and not equals
    return found if told else [*found, "--context", _on_host(_WORKSPACE, mounts)]


def _mounts(words: Sequence[Text]) -> Iterator[tuple[str, Text]]:
    """The directories of the container that the options *words* lay directories of the host over."""
    for at, word in enumerate(words):
        text = str(word)
        if text in _VOLUMES and at + 1 < len(words):
            given = words[at + 1]
        elif text.startswith("--volume="):
            given = Unknown(text[9:]) if isinstance(word, Unknown) else text[9:]
        else:
            continue
        # A name of a variable may hold a colon, an absolute path of the container seldom does.
        source, colon, rest = str(given).strip("\"'").partition(":/")
        if colon:
            target = "/" + rest.partition(":")[0]
            yield target.rstrip("/"), Unknown(source) if isinstance(given, Unknown) else source


def _on_host(path: str, mounts: _Mounts) -> Text:
    """The path of the host that *path* of the container leads to; itself where nothing is laid over it."""
    bare = path.removeprefix("dir://")
    for target, source in mounts:
        if bare == target or bare.startswith(f"{target}/"):
            found = f"{source}{bare[len(target) :]}"
            return Unknown(found) if isinstance(source, Unknown) else found
    return path
