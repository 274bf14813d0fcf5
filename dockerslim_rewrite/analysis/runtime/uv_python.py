"""Whether uv takes the Python of the image, or fetches one into the home folder because the project asks for another.

Sources: uv's documentation, "Python versions" (discovery, `.python-version`, requires-python, automatic downloads,
UV_PYTHON_INSTALL_DIR); PEP 440, version specifiers.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...ir.arguments import global_arguments
from ...ir.build import Build, Stage
from ...ir.expansion import ExpansionError, expand
from ...ir.steps import Run
from ...patterns import re
from ...text.structured import read_toml
from ..facts import Facts
from ..packages.uv import stays_with_system

_MAKES_ENVIRONMENT = frozenset(("sync", "add", "remove", "venv", "run"))
#: Images that have a Python, and which.
_IMAGE = re.compile(r"(?:\A|/)(?:python:v?(?P<plain>[\d.]*)|uv:[\w.-]*?python(?P<uv>[\d.]+))")
_CLAUSE = re.compile(r"(>=|<=|==|!=|~=|>|<)\s*(\d+)(?:\.(\d+))?(\.\*|(?:\.\d+)+)?\Z")
_PINNED = re.compile(r"(?:cpython-?|python)?(\d+(?:\.\d+){0,2})\Z")

#: The numbers of a version, as many as are told; none are the newest there is.
Version = tuple[int, ...]


def python_of_its_own(run: Run, stage: Stage, build: Build, facts: Facts) -> str | None:
    """Why uv in *run* of *stage* may fetch a Python of its own into the home folder; None where it does not."""
    uses = [
        use.operation
        for use in facts.uses(run)
        if use.operation.manager.name == "uv" and use.operation.subcommand in _MAKES_ENVIRONMENT
    ]
    variables = facts.state(run).constants
    asking = [one for one in uses if not stays_with_system(one, variables)]
    if not asking or "UV_PYTHON_INSTALL_DIR" in variables:
        return None
    there = image_python(stage, build, facts)
    if there is None:
        return "uv may fetch a Python of its own into the home directory, as which one the image has is not known"
    wanted = {flag for one in asking if (flag := one.flag_value("--python", "-p"))}
    wanted |= set(_told(facts, variables.get("UV_PYTHON")))
    for one in sorted(wanted):
        if not admits(one, there):
            shown = ".".join(map(str, there)) or "the newest"
            return f"uv may fetch a Python into the home directory: {one} is asked for, and the image has {shown}"
    return None


def _told(facts: Facts, variable: str | None) -> Iterator[str]:
    """The Pythons that the environment and the project ask for."""
    if variable:
        yield variable
    project = facts.project
    for file in project.files if project is not None else ():
        name = posixpath.basename(file.path)
        text = project.text(file.path) if project and name in (".python-version", "pyproject.toml") else None
        if text is None:
            continue
        if name == ".python-version":
            yield from (line.strip() for line in text.splitlines()[:1] if line.strip())
            continue
        try:
            described = read_toml(text).get("project")
        except ValueError:
            continue
        wanted = described.get("requires-python") if isinstance(described, dict) else None
        if isinstance(wanted, str):
            yield wanted


def image_python(stage: Stage, build: Build, facts: Facts) -> Version | None:
    """The Python of the image under *stage*, by its tag; None where that does not tell."""
    written = build.stages[facts.graph.chain(stage.index)[-1]].head.image
    try:
        image = expand(written, global_arguments(build)) if "$" in written else written
    except ExpansionError:
        return None
    match = _IMAGE.search(image if ":" in image.rpartition("/")[2] else f"{image}:")
    return None if match is None else _numbers(match["plain"] or match["uv"] or "")


def _numbers(version: str) -> Version:
    return tuple(int(part) for part in version.split(".") if part)


def admits(wanted: str, there: Version) -> bool:
    """Whether the Python *there* surely is one that *wanted*, a version or a specifier of versions, asks for."""
    pinned = _PINNED.match(wanted.strip())
    if pinned is not None:
        asked = _numbers(pinned[1])
        return there[: len(asked)] == asked
    return all(_clause(one.strip(), there) for one in wanted.split(",") if one.strip())


def _clause(text: str, there: Version) -> bool:
    match = _CLAUSE.match(text)
    if match is None:
        return False
    operator, rest = match[1], match[4]
    bound = int(match[2]), int(match[3] or 0)
    if len(there) < 2:
        # The newest of all, or of a major version.
        return operator in (">=", ">") and (not there or there[0] >= bound[0])
    here = there[0], there[1]
    if operator == ">=":
        return here >= bound
    if operator == ">":
        return here > bound
    if operator in ("<", "<="):
        return here < bound
    if operator == "~=":
        return here == bound if rest else here[0] == bound[0] and here >= bound
    if operator == "==":
        return here == bound and rest == ".*"
    return here != bound
