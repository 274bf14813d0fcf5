"""Which files of the repository a pipeline of GitLab includes, and the inputs that it hands to them.

Sources: GitLab documentation, "Use CI/CD configuration from other files" ("Use include:local with wildcard file
paths", "Use variables with include"), "CI/CD inputs" (``spec:inputs``, ``include:inputs``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from ...patterns import re
from ...record import record
from ..repository import Repository, joined
from .all_paths import all_paths
from .found import Text, Unknown
from .shell_values import stand_in
from .yaml_values import Map, Scalar, Seq, mapping, scalar

_VARIABLE = re.compile(r"\$(?:\{\w+\}|\w+)")
_INPUT = re.compile(r"\$\[\[\s*inputs\.(?P<name>[\w-]++)(?P<filters>[^\[\]]*+)\]\]")
_MAX_FITTING: Final = 100


@record
class Included:
    """The files that one entry of ``include`` names, and what it gives them. ``sure`` tells that all are included;
    where variables name them, it is one of them.
    """

    paths: tuple[str, ...]
    inputs: tuple[tuple[str, Text], ...] = ()
    sure: bool = True


def included(repository: Repository, value: object) -> Iterator[Included]:
    """The files of *repository* among what ``include`` has as its *value*."""
    for one in value if isinstance(value, Seq) else [value]:
        name = scalar(one.get("local")) if isinstance(one, Map) else scalar(one)
        if name is None or "://" in name:
            continue
        inputs = mapping(mapping(one).get("inputs"))
        given = tuple((key, _given(item)) for key, item in inputs.items() if isinstance(item, Scalar))
        yield Included(tuple(_fitting(repository, name.lstrip("/"))), given, sure="$" not in name)


def _given(item: Scalar) -> Text:
    return Unknown(str(item)) if "$" in item else str(item)


def _fitting(repository: Repository, name: str) -> Iterator[str]:
    """The files that *name* fits: ``*`` stays within a folder, ``**`` does not, a variable may be anything."""
    if "*" not in name and "$" not in name:
        if repository.is_file(joined("", name)):
            yield joined("", name)
        return
    bare = re.escape(_VARIABLE.sub("*", name)).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    pattern = re.compile(bare)
    fitting = [path for path in all_paths(repository) if pattern.fullmatch(path)]
    yield from fitting[:_MAX_FITTING]


def default_inputs(header: Map) -> dict[str, Text]:
    """The defaults of the inputs that the *header* of a file declares."""
    declared = mapping(mapping(header.get("spec")).get("inputs"))
    defaults = {name: scalar(mapping(item).get("default")) for name, item in declared.items()}
    return {name: str(text) for name, text in defaults.items() if text is not None}


def for_shell(text: str, inputs: Mapping[str, Text], unknown: dict[str, Text]) -> str:
    """*text* with its inputs replaced; what is not known of them becomes a variable of the shell among *unknown*."""
    return _INPUT.sub(partial(_input, inputs, unknown), text)


def with_inputs(text: str, inputs: Mapping[str, Text]) -> Text:
    """*text* with its inputs replaced; unknown as a whole where one is."""
    unknown: dict[str, Text] = {}
    found = for_shell(text, inputs, unknown)
    return Unknown(str(text)) if unknown else found


def _input(inputs: Mapping[str, Text], unknown: dict[str, Text], match: re.Match[str]) -> str:
    value = inputs.get(match["name"])
    # A filter makes something else of it.
    return value if isinstance(value, str) and not match["filters"].strip() else stand_in(match[0], unknown)
