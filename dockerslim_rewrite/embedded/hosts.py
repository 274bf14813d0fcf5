"""The languages whose files hold Dockerfiles: Python, compose files and Bake files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..patterns import re
from ..text.yaml_nodes import check
from .blocks import ComposeBlock, HclBlock, QuotedText, compose_pieces, hcl_pieces, quoted_pieces
from .literal import Found
from .rewrite import PYTHON, Host

_MARKS = {"python": "FROM", "compose": "dockerfile_inline", "bake": "dockerfile-inline"}
#: What a Dockerfile in a Python string has behind its FROM, unlike most texts with that word, such as queries.
_FOLLOWS = re.compile(r"\b(?:RUN|COPY|ADD|CMD|ENTRYPOINT)[ \t]")
_HEREDOC = re.compile(r"^[ \t]*dockerfile-inline[ \t]*=[ \t]*<<-?(?P<mark>[A-Za-z_][\w-]*)[ \t]*\r?\n", re.M)
_QUOTED = re.compile(
    r'(?:^[ \t]*dockerfile-inline[ \t]*=|"dockerfile-inline"\s*:)\s*"(?P<text>(?:[^"\\\n]|\\.)*+)"', re.M
)
_UNREADABLE = "the Dockerfile is a string with a template or an escape that is not read here"


def host_of(kind: str) -> Host:
    """The language *kind*: ``python``, ``compose`` or ``bake``. Raises ``KeyError`` for any other."""
    return {"python": PYTHON, "compose": COMPOSE, "bake": BAKE}[kind]


def may_hold(kind: str, text: str) -> bool:
    """Whether *text* may hold a Dockerfile at all: most files do not, and need not be read."""
    return _MARKS[kind] in text and (kind != "python" or _FOLLOWS.search(text) is not None)


def _events(text: str) -> Iterator[Any]:
    """The events of the YAML *text*. Raises ``SyntaxError``."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        check(text)
        yield from YAML(typ="safe", pure=True).parse(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise SyntaxError("the file is no YAML", ("", line, None, None)) from None
    except (RecursionError, ValueError):
        raise SyntaxError("the file is no YAML that is read here") from None


def _find_compose(text: str, newline: str) -> list[Found]:
    """Of every key ``dockerfile_inline`` the value, whatever mapping it stands in."""
    found: list[Found] = []
    shift = 1 if text.startswith("\ufeff") else 0
    # For each open collection: whether it is a mapping whose next scalar is a key.
    open_: list[bool | None] = []
    key = False
    for event in _events(text):
        name = type(event).__name__
        if name in ("MappingEndEvent", "SequenceEndEvent"):
            open_.pop()
            name = "End"
        if name == "ScalarEvent" and key and open_ and open_[-1] is False:
            found.append(_block(text, event.start_mark.index + shift, event.style, newline))
        key = name == "ScalarEvent" and bool(open_) and open_[-1] is True and event.value == "dockerfile_inline"
        if open_ and open_[-1] is not None and name in ("ScalarEvent", "AliasEvent", "End"):
            open_[-1] = not open_[-1]
        if name == "MappingStartEvent":
            open_.append(True)
        elif name == "SequenceStartEvent":
            open_.append(None)
    return found


def _block(text: str, start: int, style: str | None, newline: str) -> Found:
    header = re.compile(r"\|[-+]?[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)").match(text, start)
    if style != "|" or header is None:
        return Found(None, start, "the Dockerfile is no literal block (dockerfile_inline: |)")
    begin = header.end()
    first = re.compile(r"(?:[ \t]*+(?:\r\n?|\n))*+([ ]+)").match(text, begin)
    if first is None:
        return Found(None, start, "the Dockerfile is empty")
    body = re.compile(rf"(?:(?:{first[1]}[^\r\n]*|[ \t]*)(?:\r\n|\r|\n|\Z))*").match(text, begin)
    end = body.end() if body is not None else begin
    return Found(ComposeBlock(tuple(compose_pieces(text[begin:end], begin)), newline), start)


def _same_yaml(before: str, after: str) -> bool:
    try:
        left, right = list(_events(before)), list(_events(after))
    except SyntaxError:
        return False
    return len(left) == len(right) and all(map(_same_event, left, right))


def _same_event(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    names = ("anchor", "tag", "style", "implicit", *(() if getattr(left, "style", None) == "|" else ("value",)))
    return all(getattr(left, name, None) == getattr(right, name, None) for name in names)


def _find_bake(text: str, newline: str) -> list[Found]:
    found: list[Found] = []
    for match in _HEREDOC.finditer(text):
        start = match.end()
        end = re.compile(rf"^[ \t]*{re.escape(match['mark'])}[ \t]*\r?$", re.M).search(text, start)
        if end is None:
            raise SyntaxError("a here-document does not end", ("", text.count("\n", 0, start), None, None))
        pieces = hcl_pieces(text[start : end.start()], start)
        found.append(Found(HclBlock(tuple(pieces), newline, match["mark"]), match.start()))
    for match in _QUOTED.finditer(text):
        quoted = quoted_pieces(match["text"], match.start("text"))
        literal = None if quoted is None else QuotedText(tuple(quoted))
        found.append(Found(literal, match.start(), None if literal is not None else _UNREADABLE))
    return sorted(found, key=lambda one: one.offset)


def _same_bake(before: str, after: str) -> bool:
    return _outside(before) == _outside(after)


def _outside(text: str) -> list[str]:
    """What stands around the Dockerfiles of a Bake file."""
    found: list[str] = []
    at = 0
    for one in _find_bake(text, "\n"):
        if one.literal is not None and one.literal.pieces:
            found.append(text[at : one.literal.pieces[0].span.start])
            at = one.literal.pieces[-1].span.end
    return [*found, text[at:]]


#: Compose files, with Dockerfiles in ``dockerfile_inline``.
COMPOSE = Host(_find_compose, _same_yaml)
#: Bake files in HCL and JSON, with Dockerfiles in ``dockerfile-inline``.
BAKE = Host(_find_bake, _same_bake)
