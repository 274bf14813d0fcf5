"""Charts of Helm as manifests: their templates with the values that the chart itself has, as far as a reader sees them.

Whoever installs a chart may give other values, and what conditions and loops decide is taken as it stands. Lines stay
where they are. What is not understood is the variable of a container, which nobody knows the value of.

Sources: Helm documentation, "Charts" (Chart.yaml, values.yaml, templates), "Built-in Objects" and "Template Functions".
"""

from __future__ import annotations

import json
import posixpath

from ...patterns import re
from ..repository import Repository
from .yaml_values import Map, Scalar, Seq, YamlError, documents

_CHART, _VALUES, _TEMPLATES = "Chart.yaml", "values.yaml", "/templates/"
_ACTION = re.compile(r"\{\{(?P<body>[^{}]*+)\}\}")
_COMMENT = re.compile(r"\{\{-?[ \t]*+/\*")
_VALUE = re.compile(r"\.Values((?:\.[A-Za-z_]\w*)+)")
_DEFAULT = re.compile(r"""\bdefault\s++(?P<quote>["'])(?P<text>[^"']*)(?P=quote)""")
#: What nobody knows, as ``kubernetes`` marks it.
_UNKNOWN = "$(helm)"
#: Values that are written out below a key; more of them nobody reads there.
_MOST_WRITTEN = 10_000


def rendered(repository: Repository, path: str, text: str) -> str | None:
    """The template *text*, which lies at *path* of *repository*, as the manifests that its chart makes of it; None for
    one that lies in no chart.
    """
    chart, found, _ = f"/{path}".partition(_TEMPLATES)
    chart = chart.lstrip("/")
    about = posixpath.join(chart, _CHART)
    if not found or not repository.is_file(about):
        return None
    values, named = (_first(repository, posixpath.join(chart, name)) for name in (_VALUES, _CHART))
    return "\n".join(_line(line, values, named) for line in _uncommented(text).split("\n"))


def _uncommented(text: str) -> str:
    """*text* without the comments of templates, line by line."""
    kept, at = [], 0
    while (found := _COMMENT.search(text, at)) is not None:
        end = text.find("*/", found.end())
        close = text.find("}}", end) if end >= 0 else -1
        if close < 0:
            break
        kept += [text[at : found.start()], "\n" * text.count("\n", found.start(), close)]
        at = close + 2
    return "".join((*kept, text[at:]))


def _first(repository: Repository, path: str) -> Map:
    """The mapping in the file *path*; an empty one where there is none."""
    text = repository.read(path) if repository.is_file(path) else None
    if text is None or not repository.allows(path, text):
        return Map()
    try:
        return next((one for one in documents(text) if isinstance(one, Map)), Map())
    except YamlError:
        return Map()


def _line(line: str, values: Map, chart: Map) -> str:
    """*line* with what its actions give; nothing for one that is nothing else and gives no value."""
    if "{{" not in line:
        return line
    alone = _ACTION.fullmatch(line.strip())
    if alone is not None:
        written = _written(alone["body"], values)
        return "" if written is None else f"{' ' * _indent(line, alone['body'])}{written}"
    return _ACTION.sub(lambda action: _given(action["body"], values, chart), line)


def _indent(line: str, body: str) -> int:
    told = re.search(r"\bn?indent\s++(\d{1,3})\b", body)
    return int(told[1]) if told is not None else len(line) - len(line.lstrip(" "))


def _written(body: str, values: Map) -> str | None:
    """The value that ``toYaml`` writes out, on one line; None for any other action."""
    named = _VALUE.search(body) if "toYaml" in body else None
    found = _at(values, named[1]) if named is not None else None
    if not isinstance(found, Map | Seq):
        return None
    try:
        text = json.dumps(found)
    except (ValueError, RecursionError):
        # Aliases may lead in a circle.
        return None
    return text if len(text) <= _MOST_WRITTEN else None


def _given(body: str, values: Map, chart: Map) -> str:
    """What the action *body* gives inside of a line."""
    for path in _VALUE.findall(body):
        found = _at(values, path)
        if isinstance(found, Scalar) and not found.null and found:
            return str(found)
    told = _DEFAULT.search(body)
    if told is not None:
        return told["text"]
    version = chart.get("appVersion")
    if ".Chart.AppVersion" in body and isinstance(version, Scalar):
        return str(version)
    return "release" if ".Release.Name" in body else _UNKNOWN


def _at(values: Map, path: str) -> object:
    found: object = values
    for key in path.lstrip(".").split("."):
        found = found.get(key) if isinstance(found, Map) else None
    return found
