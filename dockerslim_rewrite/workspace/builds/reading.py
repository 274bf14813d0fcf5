"""Opening descriptions of builds: a file that cannot be read is named once, and has nothing to say."""

from __future__ import annotations

from typing import Any

from ...text.lines import line_at
from ...text.structured import read_json
from ..repository import Repository
from .yaml_values import Map, Scalar, Seq, Value, YamlError, documents


def yaml_file(repository: Repository, path: str) -> list[Map]:
    """The mappings among the documents of the YAML file *path*."""
    text = repository.read(path)
    if text is None or not repository.allows(path, text):
        return []
    try:
        return [one for one in documents(text) if isinstance(one, Map)]
    except YamlError as error:
        repository.complain(path, f"{error}; not read")
        return []


def known_yaml(repository: Repository, path: str) -> list[Map]:
    """The same for a file that is asked for again and again: it is read once, and nobody may change what it holds."""
    return repository.recall(("YAML", path), lambda: yaml_file(repository, path))


def json_file(repository: Repository, path: str, *, comments: bool = False) -> tuple[Any, str]:
    """What the JSON file *path* holds, and its text; *comments* allows those and trailing commas."""
    text = repository.read(path)
    if text is None:
        return None, ""
    try:
        return read_json(without_comments(text) if comments else text), text
    except (ValueError, RecursionError) as error:
        repository.complain(path, f"no JSON: {error}; not read")
        return None, text


def without_comments(text: str) -> str:
    """JSONC as JSON: comments and trailing commas become blanks, so that positions stay."""
    out = list(text)
    at, string = 0, False
    comma: int | None = None
    while at < len(text):
        char = text[at]
        if string:
            if char == "\\":
                at += 1
            elif char == '"':
                string = False
        elif char == '"':
            string, comma = True, None
        elif text.startswith("//", at) or text.startswith("/*", at):
            line = text[at + 1] == "/"
            end = text.find("\n" if line else "*/", at + 2)
            end = len(text) if end < 0 else end if line else end + 2
            out[at:end] = [one if one == "\n" else " " for one in text[at:end]]
            at = end
            continue
        elif char == ",":
            comma = at
        elif char in "]}":
            if comma is not None:
                out[comma] = " "
            comma = None
        elif not char.isspace():
            comma = None
        at += 1
    return "".join(out)


def line_of(text: str, needle: str, start: int = 0) -> int:
    """The line of *needle* in *text*; 1 where it is not."""
    at = text.find(needle, start)
    return line_at(text, at) if at >= 0 else 1


def scalars(value: Value) -> list[Scalar]:
    """All scalars below *value*, each shared one once, in order."""
    found: list[Scalar] = []
    seen: set[int] = set()
    stack: list[Value] = [value]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Scalar):
            found.append(one)
        elif isinstance(one, Map):
            stack.extend(reversed(one.values()))
        elif isinstance(one, Seq):
            stack.extend(reversed(one))
    return found
