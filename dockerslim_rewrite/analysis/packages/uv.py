"""Where uv puts what it installs, and what its lock file names.

Sources: uv's documentation, "Using environments", "Python versions" (what it downloads for itself), "Project structure"
(uv.lock), and its reference of environment variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...text.structured import read_toml
from ..shell.operations import Operation

_TRUE = frozenset(("1", "true", "yes", "on", "y", "t"))
_NEVER = frozenset(("never", "manual", "0", "false", "no", "off", "n", "f"))
_IN_PIP = frozenset(("pip install", "pip sync"))
_IN_PROJECT = frozenset(("sync", "add", "remove", "lock", "export", "build", "venv", "pip compile"))


def where_uv_installs(found: Operation, variables: Mapping[str, str]) -> str | None:
    """``site`` for the folders in which the image's own Python looks, ``project`` for the working directory, else the
    path of a virtual environment; None where that is not known. *variables* are those of the environment.
    """
    if found.subcommand in _IN_PIP:
        if found.has_flag("--system") or variables.get("UV_SYSTEM_PYTHON", "").lower() in _TRUE:
            return "site"
        return variables.get("VIRTUAL_ENV") or "project"
    if found.subcommand not in _IN_PROJECT or not stays_with_system(found, variables):
        return None
    own = variables.get("UV_PROJECT_ENVIRONMENT")
    return own if own and found.subcommand in ("sync", "add", "remove") else "project"


def stays_with_system(found: Operation, variables: Mapping[str, str]) -> bool:
    """Whether uv takes the image's own Python for an environment, and downloads none into its own folders."""
    return (
        found.subcommand in ("lock", "export", "build", "pip compile")
        or found.has_flag("--no-python-downloads", "--no-managed-python")
        or variables.get("UV_PYTHON_DOWNLOADS", "").lower() in _NEVER
        or variables.get("UV_NO_MANAGED_PYTHON", "").lower() in _TRUE
        or variables.get("UV_PYTHON_PREFERENCE", "").lower() == "only-system"
    )


def uv_packages(text: str) -> Iterator[str | None]:
    """The packages of a uv.lock but for the project itself; None for each that comes from the disk or from git."""
    try:
        packages = read_toml(text).get("package", [])
    except ValueError:
        packages = [{}]
    for one in packages if isinstance(packages, list) else [{}]:
        source = one.get("source", {}) if isinstance(one, dict) else {}
        if source.get("virtual") == ".":
            continue
        yield str(one.get("name")) if "registry" in source else None
