"""Proofs in the lock file: what building a Dockerfile in its context showed.

Each is a table under the file's name, so that two branches that prove different files merge without conflict, and two
that prove the same file do not merge into one that nobody proved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ..analysis.locked import Proof, Supposed
from ..patterns import re

#: The version of a proof's own form.
SCHEMA = 1
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_RULE = re.compile(r"DS\d{3}\Z")
_LEVELS = frozenset(("safe", "standard", "aggressive"))
_PLAIN = re.compile(r"[\x21-\x7e]+\Z")


def read_proofs(tables: Any) -> tuple[Proof, ...]:
    """The proofs of the document's part ``proof``. Raises ``ValueError`` with one line for what is none."""
    if not isinstance(tables, Mapping):
        raise ValueError("'proof' must hold tables")
    return tuple(_read(key, table) for key, table in sorted(tables.items()))


def proof_lines(proofs: Iterable[Proof]) -> Iterator[str]:
    """The same as text, in order of the keys."""
    for one in sorted(proofs, key=lambda one: one.file):
        given = one.supposed
        yield f"\n[proof.{_string(one.file)}]\n"
        yield f"schema = {SCHEMA}\n"
        yield f"dockerfile = {_string(one.dockerfile)}\n"
        yield f"context = {_string(one.context)}\n"
        yield f"rule = {_string(given.rule)}\n"
        yield f"level = {_string(given.level)}\n"
        yield f"base = {_string(given.base)}\n"
        yield f"packages = {_list(given.packages)}"
        yield f"places = {_list(given.places)}"
        yield f"ignored = {_list(one.ignored)}"
        yield f"also = {_list(one.also)}"
        yield f"evidence = {_string(given.evidence)}\n"
        yield f"proved = {one.proved.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}\n"


def with_proof(proofs: Iterable[Proof], new: Proof) -> tuple[Proof, ...]:
    """*proofs* with *new* in place of those of the same file, whose text or context was another, or the same."""
    return (*(one for one in proofs if one.file != new.file), new)


def _read(key: str, table: Any) -> Proof:
    try:
        version = table["schema"]
        if version != SCHEMA:
            raise ValueError(
                f"proof {key!r}: schema {version!r} is not known here (known: {SCHEMA}); update this program"
            )
        level, rule, proved = _text(table, "level"), _text(table, "rule"), table["proved"]
        given = Supposed(
            rule,
            _text(table, "base"),
            _words(table, "packages"),
            _words(table, "places"),
            level,
            _text(table, "evidence"),
        )
        found = Proof(
            key,
            _text(table, "dockerfile"),
            _text(table, "context"),
            given,
            proved,
            _words(table, "ignored"),
            _words(table, "also"),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"proof {key!r}: {error} is missing or of the wrong type") from error
    rules, digests = (rule, *found.ignored, *found.also), (found.dockerfile, found.context)
    if level not in _LEVELS or not all(map(_RULE.match, rules)) or not all(map(_DIGEST.match, digests)):
        raise ValueError(f"proof {key!r}: its level, its rule or a digest is none")
    if not isinstance(proved, datetime) or proved.tzinfo is None:
        raise ValueError(f"proof {key!r}: 'proved' must be a time with its zone")
    odd = next((word for word in (*given.packages, *given.places, given.base) if word and not _PLAIN.match(word)), None)
    if odd is not None or not all(place.startswith("/") for place in given.places):
        raise ValueError(
            f"proof {key!r}: {odd!r} is no package, path or image" if odd else f"proof {key!r}: a place is no path"
        )
    return found


def _text(table: Mapping[str, Any], name: str) -> str:
    text = table[name]
    if not isinstance(text, str):
        raise TypeError(name)
    return text


def _words(table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    words = table[name]
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise TypeError(name)
    return tuple(words)


def _list(words: Iterable[str]) -> str:
    lines = "".join(f"    {_string(word)},\n" for word in words)
    return f"[\n{lines}]\n" if lines else "[]\n"


def _string(text: str) -> str:
    """A TOML basic string; control characters, which no value needs, become blanks."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
