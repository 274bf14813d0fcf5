"""Which folder is the build context of a Dockerfile, and which ignore file counts for it.

Source: Docker documentation, "Build context" (a file ``NAME.dockerignore`` beside the Dockerfile ``NAME`` takes
precedence over the context's own), and the Compose specification, ``build``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..record import record

_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
#: How many folders above the Dockerfile's are asked for a compose file.
_ABOVE = 3
_MAX_BYTES = 1024 * 1024
_KEY = re.compile(r"^(?P<indent> *)(?P<key>build|context|dockerfile) *: *(?P<value>[^#\n]*?) *(?:#.*)?$")


@record
class Location:
    """The ``root`` of a context, the ``ignore`` file that counts, if any, and how the root was found, for people."""

    root: Path
    ignore: Path | None
    found: str


def locate(dockerfile: Path | None, given: Path | None = None) -> Location:
    """Where the context of *dockerfile* is (None: the Dockerfile comes from elsewhere).

    It is the folder *given*; else what a compose file beside or above says of this Dockerfile; else its own folder.
    """
    if given is not None:
        return _location(given, dockerfile, "as given")
    if dockerfile is None:
        return _location(Path(), None, "the working directory")
    own = dockerfile.parent
    for compose in _compose_files(own):
        for context, file in builds(compose):
            root = (compose.parent / context).resolve()
            if _same(root / file, dockerfile):
                return _location(root, dockerfile, f"{compose.name} says so")
    return _location(own, dockerfile, "the Dockerfile's folder")


def builds(compose: Path) -> list[tuple[str, str]]:
    """The (context, Dockerfile) pairs of the ``build:`` entries in a compose file; Dockerfiles relative to contexts.

    Read by lines and indentation, which is how such files are written; flow style and anchors are passed over.
    """
    try:
        if compose.stat().st_size > _MAX_BYTES:
            return []
        text = compose.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    found: list[tuple[str, str]] = []
    block: int | None = None
    context, file = "", "Dockerfile"

    def close() -> None:
        if block is not None and context:
            found.append((context, file))

    for line in text.splitlines():
        bare = line.lstrip(" ")
        if not bare or bare.startswith("#"):
            continue
        indent = len(line) - len(bare)
        if block is not None and indent <= block:
            close()
            block = None
        match = _KEY.match(line)
        if match is None:
            continue
        value = match["value"].strip("\"'")
        if match["key"] == "build":
            if value and not value.startswith(("{", "&", "*", "$")):
                found.append((value, "Dockerfile"))
            elif not value:
                block, context, file = indent, "", "Dockerfile"
        elif block is not None and value and "$" not in value:
            if match["key"] == "context":
                context = value
            else:
                file = value
    close()
    return [(context, file) for context, file in found if "://" not in context and not context.startswith("git@")]


def _compose_files(folder: Path) -> Iterator[Path]:
    folder = folder.resolve()
    for place in (folder, *list(folder.parents)[:_ABOVE]):
        yield from (place / name for name in _COMPOSE if (place / name).is_file())
        if (place / ".git").exists():
            return


def _same(left: Path, right: Path) -> bool:
    try:
        return left.samefile(right)
    except OSError:
        return False


def _location(root: Path, dockerfile: Path | None, found: str) -> Location:
    candidates = [root / ".dockerignore"]
    if dockerfile is not None:
        candidates.insert(0, dockerfile.with_name(f"{dockerfile.name}.dockerignore"))
    return Location(root, next((file for file in candidates if file.is_file()), None), found)
