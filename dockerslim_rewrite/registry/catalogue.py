"""Refresh the catalogue of base images from a registry: what its moving tags stand for today.

Run it with ``python -m dockerslim_rewrite.registry.catalogue [IMAGE...]``. Only what a registry can tell is changed
(``meaning``, ``known_tags``, ``as_of``, ``source``), on the lines where it stands; all else is knowledge of people.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from ..ir.reference import ImageReference, parse
from ..knowledge.images import catalogued
from ..patterns import re
from .errors import RegistryError
from .resolution import Resolution
from .versions import read_tag

_ENTRY = re.compile(r'(?P<key>"[^"]*"|[A-Za-z0-9_.-]+)(?P<equals>\s*=\s*)"(?P<tag>[^"]*)"\s*\Z')


class TagSource(Protocol):
    """What a registry must tell; a registry's client does."""

    def resolve(self, reference: ImageReference) -> Resolution:
        """What a reference stands for. Raises ``RegistryError``."""
        ...

    def tags(self, registry: str, repository: str) -> tuple[str, ...]:
        """All tags of a repository. Raises ``RegistryError``."""
        ...

    def digest(self, registry: str, repository: str, tag: str) -> str | None:
        """A tag's digest, or None when there is no such tag. Raises ``RegistryError``."""
        ...


@dataclass(frozen=True, slots=True)
class Refreshed:
    """An entry's new text, what it now says that differs, and what could not be found out (its line is as before)."""

    text: str
    changes: tuple[str, ...]
    problems: tuple[str, ...]


def refresh_entry(name: str, text: str, source: TagSource, today: date, registry: str | None = None) -> Refreshed:
    """The entry *text* of the image *name* as of *today*; *registry* stands in for the image's own.

    A moving tag gets the release line of today, as exact as the line it had: ``3.13`` becomes ``3.14``, never
    ``3.14.1``. Every tag that is written was found in the registry, with the digest of the moving tag.
    """
    entry = tomllib.loads(text)
    base = parse(name)
    where = f"{registry}/{base.repository}" if registry else base.name
    meaning: dict[str, str] = entry.get("meaning", {})
    found: dict[str, str] = {}
    problems: list[str] = []
    for moving, line in meaning.items():
        try:
            found[moving] = _line_of(parse(f"{where}:{moving}"), line, source)
        except (RegistryError, LookupError) as error:
            problems.append(f"{name}:{moving}: {error}")
    changes = tuple(f"{name}:{key}: {meaning[key]} -> {tag}" for key, tag in found.items() if meaning[key] != tag)
    if not found:
        return Refreshed(text, (), tuple(problems))
    said = ", ".join(f"{key} = {tag}" for key, tag in found.items())
    facts: dict[str, Any] = {
        "as_of": today.isoformat(),
        "source": _string(f"{where} on {today.isoformat()}: {said}"),
        "known_tags": "[" + ", ".join(map(_string, _sorted({*entry.get("known_tags", ()), *found.values()}))) + "]",
    }
    return Refreshed(_edited(text, facts, found), changes, tuple(problems))


def _line_of(moving: ImageReference, line: str, source: TagSource) -> str:
    """The tag of today's release line; raises ``LookupError`` when there is none as exact as *line*."""
    resolution = source.resolve(moving)
    if resolution.version_tag is None:
        raise LookupError("no version has its digest")
    exact, wanted = read_tag(resolution.version_tag), read_tag(line)
    numbers = exact.numbers[: len(wanted.numbers)]
    for tag in source.tags(resolution.registry, resolution.repository):
        candidate = read_tag(tag)
        same = candidate.numbers == numbers and candidate.words == exact.words and not candidate.prerelease
        if same and source.digest(resolution.registry, resolution.repository, tag) == resolution.digest:
            return tag
    raise LookupError(f"it is {resolution.version_tag}, but no shorter tag has its digest")


def _edited(text: str, facts: dict[str, Any], meaning: dict[str, str]) -> str:
    """*text* with the values of top-level keys and of ``[meaning]`` replaced, every other line as it was."""
    section = ""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        key = line.partition("=")[0].strip()
        if not section and key in facts:
            lines.append(f"{key} = {facts[key]}")
        elif section == "meaning" and (match := _ENTRY.match(line)) and match["key"].strip('"') in meaning:
            lines.append(f"{match['key']}{match['equals']}{_string(meaning[match['key'].strip(chr(34))])}")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _sorted(tags: Iterable[str]) -> list[str]:
    return sorted(tags, key=lambda tag: (read_tag(tag).words, read_tag(tag).numbers, tag))


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def refresh_folder(
    folder: Path, names: Sequence[str], source: TagSource, today: date, registry: str | None = None, check: bool = False
) -> tuple[list[str], list[str]]:
    """Refresh the entries of *names* in *folder* (with *check* nothing is written); the changes and the problems."""
    changes: list[str] = []
    problems: list[str] = []
    for name in names:
        path = folder / (name.replace("/", "__") + ".toml")
        text = path.read_text(encoding="utf-8")
        refreshed = refresh_entry(name, text, source, today, registry)
        changes += refreshed.changes
        problems += refreshed.problems
        if not check and refreshed.text != text:
            path.write_text(refreshed.text, encoding="utf-8")
    return changes, problems


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. 0: done, or nothing moved; 1: with ``--check`` something moved; 2: something could not be asked."""
    parser = argparse.ArgumentParser(prog="python -m dockerslim_rewrite.registry.catalogue", description=__doc__)
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="entries of the catalogue; all without any")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and say what moved")
    parser.add_argument("--registry", help="ask this registry (host:port) for all images")
    parser.add_argument("--folder", type=Path, help="the directory with the entries")
    parser.add_argument("--list", action="store_true", help="ask nobody; print the catalogue as Markdown")
    options = parser.parse_args(arguments)
    if options.list:
        from .listing import listing

        print(listing(), end="")
        return 0

    from .client import RegistryClient
    from .credentials import load_credentials
    from .transport import Transport

    folder = options.folder or Path(str(files("dockerslim_rewrite").joinpath("knowledge", "data", "images")))
    known = catalogued()
    if unknown := sorted(set(options.images) - set(known)):
        print(f"not in the catalogue: {', '.join(unknown)}", file=sys.stderr)
        return 2
    today = datetime.now(UTC).date()
    with RegistryClient(Transport(load_credentials())) as client:
        changes, problems = refresh_folder(
            folder, options.images or known, client, today, options.registry, options.check
        )
    for line in changes:
        print(line)
    for line in problems:
        print(line, file=sys.stderr)
    if problems:
        return 2
    return 1 if options.check and changes else 0


if __name__ == "__main__":
    sys.exit(main())
