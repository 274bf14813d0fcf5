"""Bake's files, HCL and JSON, as one definition: variables, functions, groups and targets with expressions.

Source: Docker documentation, "Bake file reference", "Overriding configurations".
"""

from __future__ import annotations

from typing import Any

from ...patterns import re
from ...text.lines import line_at
from ..repository import Repository
from .found import Place
from .hcl_syntax import HclError, Tree, expression, template
from .hcl_values import Function
from .reading import json_file

#: The largest of some thousand files has 40. A kilobyte of it takes one megabyte to read.
_MAX_HCL = 128 * 1024
#: Three times what one of that size holds, for all files of a repository. A thousand take a twentieth of a second.
_MOST_WORDS = 30_000
_WORD = re.compile(r"\w+|\S|\n")
_TARGET = re.compile(r"""(?m)^[^\S\n]*+(?P<word>target)\s++"?(?P<name>[^"\s{]++)"?\s*+\{""")
_KEY = re.compile(r"""(?P<word>")(?P<name>[^"\n]*+)"\s*+:""")
_HELD = frozenset(("__is_block__", "__comments__", "__inline_comments__", "__start_line__", "__end_line__"))


class _Read:
    """How much of HCL was read in a repository."""

    words = 0
    told = False


class Definition:
    """What the files say together; a later file changes attributes of an earlier one's target."""

    def __init__(self) -> None:
        self.variables: dict[str, Tree] = {}
        self.functions: dict[str, Function] = {}
        self.groups: dict[str, Tree] = {}
        self.targets: dict[str, dict[str, Tree]] = {}
        self.places: dict[str, Place] = {}

    def add(self, repository: Repository, path: str) -> None:
        """Read the file *path* on top; one that cannot be read is among the repository's complaints."""
        if path.endswith(".json"):
            data, text = json_file(repository, path)
            blocks = _json_blocks(data)
        else:
            found = repository.read(path)
            if found is None:
                return
            # Commands call for the same file again and again.
            text, blocks = found, repository.recall(("HCL", path), lambda: _hcl_blocks(repository, path, found))
        lines: dict[str, int] | None = None
        for kind, name, body in blocks:
            try:
                self._block(kind, name, body, json=path.endswith(".json"))
            except HclError as error:
                repository.complain(path, f"{kind} {name}: {error}; left out")
                continue
            if kind == "target":
                lines = _lines(text) if lines is None else lines
                self.places[name] = Place(path, lines.get(name, 1))

    def _block(self, kind: str, name: str, body: dict[str, Any], *, json: bool) -> None:
        if kind == "variable":
            if body.get("default") is not None:
                self.variables[name] = _tree(body["default"], json)
            else:
                self.variables.setdefault(name, Tree("name", ("",)))
        elif kind == "function":
            names = tuple(_bare(one) for one in body.get("params") or ())
            rest = body.get("variadic_params")
            self.functions[name] = Function(names, None if rest is None else _bare(rest), _tree(body["result"], json))
        elif kind == "group":
            self.groups[name] = _tree(body.get("targets") or [], json)
        elif kind == "target":
            attributes = {_bare(key): _tree(value, json) for key, value in body.items() if key not in _HELD}
            self.targets[name] = _merged(self.targets.get(name, {}), attributes)


def _merged(first: dict[str, Tree], second: dict[str, Tree]) -> dict[str, Tree]:
    found = first | second
    for key in ("args", "contexts", "labels"):
        if key in first and key in second:
            found[key] = Tree("call", ("merge", (first[key], second[key]), False))
    return found


def _hcl_blocks(repository: Repository, path: str, text: str) -> list[tuple[str, str, dict[str, Any]]]:
    import hcl2
    from lark.exceptions import LarkError

    if len(text) > _MAX_HCL:
        repository.complain(path, f"larger than {_MAX_HCL // 1024} KiB, more than is read of a file in HCL; not read")
        return []
    read = repository.recall("words of HCL", _Read)
    words = sum(1 for _ in _WORD.finditer(text))
    if read.words + words > _MOST_WORDS:
        if not read.told:
            repository.complain(
                path, f"with the files before it, more than {_MOST_WORDS:,} words and signs of HCL; not read"
            )
        read.told = True
        return []
    read.words += words
    try:
        data = hcl2.loads(text if text.endswith("\n") else text + "\n")
    except (LarkError, RecursionError, ValueError, TypeError, KeyError, AttributeError) as error:
        repository.complain(path, f"no HCL: {str(error).strip().partition(chr(10))[0]}; not read")
        return []
    found = []
    for kind in ("variable", "function", "group", "target"):
        for block in data.get(kind) or ():
            found += [(kind, _bare(name), body) for name, body in block.items() if isinstance(body, dict)]
    # An attribute at the top is a variable as well.
    found += [
        ("variable", _bare(key), {"default": value})
        for key, value in data.items()
        if key not in _HELD and not isinstance(value, list)
    ]
    return found


def _json_blocks(data: Any) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for kind in ("variable", "function", "group", "target"):
        blocks = data.get(kind) if isinstance(data, dict) else None
        for name, body in blocks.items() if isinstance(blocks, dict) else ():
            for one in body if isinstance(body, list) else [body]:
                if isinstance(one, dict):
                    found.append((kind, name, one))
    return found


def _bare(name: object) -> str:
    return str(name).strip('"')


def _tree(value: Any, json: bool) -> Tree:
    """The expression in what the reader gives: texts in quotes, ``${…}`` or bare are expressions."""
    if isinstance(value, str):
        if json:
            return template(value)
        if value.startswith('"<<'):
            return expression(value[1:-1])
        return expression(value[2:-1] if value.startswith("${") and value.endswith("}") else value)
    if isinstance(value, list):
        return Tree("list", tuple(_tree(item, json) for item in value))
    if isinstance(value, dict):
        items = [(_key(key, json), _tree(item, json)) for key, item in value.items() if key not in _HELD]
        return Tree("object", tuple(items))
    return Tree("value", (value,))


def _key(key: str, json: bool) -> Tree:
    """The expression of an object's key: one in quotes is a template, one in parentheses any expression, a bare one
    itself.
    """
    if json:
        return template(key)
    return _tree(key, json) if key.startswith(('"', "${")) else Tree("value", (key,))


def _lines(text: str) -> dict[str, int]:
    """The lines of the targets in *text*, or in JSON of whatever is called so first."""
    found: dict[str, int] = {}
    for pattern in (_TARGET, _KEY):
        for match in pattern.finditer(text):
            found.setdefault(match["name"], line_at(text, match.start("word")))
    return found
