"""What ``pip install .`` installs: what the project asks for, where it compiles nothing itself.

Sources: PyPA, "pyproject.toml specification" (``project.dependencies``, ``dynamic``, ``build-system``) and PEP 517.
"""

from __future__ import annotations

import posixpath
from typing import Any

from ...patterns import re
from ...record import record
from ...text.structured import read_toml
from ..shell.operations import Operation
from .listed import Lists, Unmet

#: The directory of the project as pip is told it, with the extras that it is to have.
_HERE = re.compile(r"\./?(?:\[(?P<extras>[\w.,\s-]*)\])?\Z")
#: What builds projects without a compiler, by the names of its packages.
_BUILDERS = frozenset(
    (
        "setuptools", "wheel", "setuptools-scm", "hatchling", "hatch-vcs", "hatch-fancy-pypi-readme", "flit-core",
        "poetry-core", "poetry-dynamic-versioning", "pdm-backend", "pdm-pep517", "pbr", "versioneer", "uv-build",
        "setuptools-git-versioning",
    )
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9._-]+")
#: What tells a build back-end to run something of the project's own.
_OWN = re.compile(
    r"(?m)^[^\S\n]*+(?:backend-path|ext-modules|build|custom-hook|run-setuptools|cmdclass)[^\S\n]*+="
    r"|\[\[?tool\.(?:cython|scikit-build|poetry\.build|hatch\.build\.(?:targets\.\w+\.)?hooks\.(?!vcs))"
)


@record
class OwnProject:
    """What a project asks for: its ``requirements``, and the ``programs`` that it brings itself."""

    requirements: tuple[str, ...]
    programs: frozenset[str]


def is_here(word: str) -> bool:
    """Whether *word* tells pip to install the project in its working directory."""
    return _HERE.match(word) is not None


def editable(done: Operation) -> list[str]:
    """The directories that *done* installs for people to edit; one that a variable names is empty."""
    return [flag.value or "" for flag in done.flags if flag.name in ("-e", "--editable")]


def own_project(word: str, lists: Lists, folder: str | None) -> OwnProject:
    """What the project in *folder* asks for, of which *word* tells pip.

    Raises ``Unmet`` where the build context does not tell, or where installing it may compile or run something.
    """
    match = _HERE.match(word)
    text = lists.text(posixpath.join(folder or "/", "pyproject.toml"), folder)
    try:
        data = read_toml(text) if text is not None else {}
    except ValueError:
        data = {}
    project = data.get("project")
    facts = lists.facts.project
    if facts is None:
        raise Unmet(f"pip may have to compile {word}")
    if match is None or text is None or not isinstance(project, dict):
        raise Unmet("what the project itself compiles or asks for is not known")
    settings = lists.text(posixpath.join(folder or "/", "setup.cfg"), folder) or ""
    if facts.extensions or lists.has("setup.py", folder) or _OWN.search(text) or _OWN.search(settings):
        raise Unmet("what the project itself compiles or asks for is not known")
    builders = _texts(_table(data, "build-system").get("requires", ["setuptools"]))
    if builders is None or not all(_named(one) in _BUILDERS for one in builders):
        raise Unmet("what the project itself is built with is not known")
    dynamic = _texts(project.get("dynamic", []))
    if dynamic is None or not {"dependencies", "optional-dependencies"}.isdisjoint(dynamic):
        raise Unmet("what the project asks for is known only when it is built")
    wanted = _texts(project.get("dependencies", []))
    further = _table(project, "optional-dependencies")
    extras = [one.strip() for one in (match["extras"] or "").split(",") if one.strip()]
    chosen = [_texts(further.get(one)) for one in extras]
    if wanted is None or None in chosen:
        raise Unmet("what the project asks for is not known")
    found = [*wanted, *(line for lines in chosen for line in lines or ())]
    return OwnProject(tuple(found), frozenset(_table(project, "scripts")))


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _texts(value: object) -> list[str] | None:
    """*value*, a list of texts; None for anything else."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return None
    return value


def _named(requirement: str) -> str:
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match is not None else ""
