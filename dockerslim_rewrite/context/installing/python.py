"""Python: requirements files, and the lock files of uv, Poetry, PDM, Pipenv and conda.

Sources: pip's requirements file format; uv documentation (projects, workspaces, dependency sources); Poetry
documentation (pyproject.toml, package-mode); PDM and Pipenv references; conda documentation (environment files).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import Any

from ...patterns import re
from ..configuration.entries import UnreadError
from ..configuration.trees import read_yaml
from .needs import Needs, within

#: What comes from the network, with or without a name before it.
_URL = re.compile(r"(?:[\w.\[\],-]+\s*@\s*)?[a-z][a-z0-9+.-]*://")
_FILE_URL = re.compile(r"@\s*(?:file:|\.{0,2}/)")


def requirements(needs: Needs, entry: str) -> None:
    """The requirements file *entry*, and those that it names."""
    if not needs.required(entry):
        return
    folder = posixpath.dirname(entry)
    for number, line in enumerate(needs.text(entry).replace("\\\n", " ").splitlines(), start=1):
        bare = re.sub(r"(?:^|\s)#.*$", "", line).strip()
        where = f"{entry}:{number}"
        for place in re.findall(r"(?:\A|\s)(?:-f|--find-links)[\s=]*(\S+)", bare):
            needs.packages(place, folder, where)
        match = re.match(r"(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)", bare)
        if match is not None:
            target = within(folder, match[1])
            if "://" in match[1]:
                continue
            if target is None:
                needs.against(f"{where} names {match[1]}, which is not in the context")
            elif not needs.seen(target):
                requirements(needs, target)
        elif re.match(r"-e\b|--editable\b", bare):
            if not re.search(r"(?:git|hg|svn|bzr)\+", bare):
                needs.against(f"{where} installs from the project itself: {bare}")
        elif bare.startswith((".", "/", "file:")) or _FILE_URL.search(bare):
            needs.against(f"{where} installs a local file: {bare}")
        elif _URL.match(bare):
            continue
        elif re.match(r"[\w.-]+[/\\]|.*\.(?:whl|zip|tar\.gz)\Z", bare):
            needs.against(f"{where} may install a local file: {bare}")


def pip_settings(needs: Needs, entry: str) -> None:
    """The configuration file *entry* of pip, with what it names from where pip runs, at the top of the project."""
    if not needs.required(entry):
        return
    text = re.sub(r"(?m)^\s*[#;].*$", "", needs.text(entry))
    for key, value in re.findall(r"(?m)^\s*([\w-]+)\s*[=:]((?:.*)(?:\n[ \t]+\S.*)*)", text):
        for place in value.split():
            path = within("", place)
            if key == "find-links":
                needs.packages(place, "", entry)
            elif key in ("constraint", "requirement", "build-constraint") and "://" not in place:
                if path is None:
                    needs.against(f"{entry} names {place}, which is not in the context")
                else:
                    requirements(needs, path)
            elif path is not None:
                needs.optional(path)


def uv_settings(needs: Needs, entry: str) -> None:
    """The configuration file *entry* of uv."""
    if needs.required(entry):
        _uv_sources(needs, needs.toml(entry), entry)


def uv_pip(needs: Needs, entry: str) -> None:
    """The same, with uv's own settings above it."""
    requirements(needs, entry)
    folder = posixpath.dirname(entry)
    while True:
        for name in ("uv.toml", "pyproject.toml"):
            path = posixpath.join(folder, name)
            if needs.optional(path):
                data = needs.toml(path)
                _uv_sources(needs, data if name == "uv.toml" else data.get("tool", {}).get("uv", {}), path)
        if not folder:
            return
        folder = posixpath.dirname(folder)


def uv(needs: Needs, folder: str) -> None:
    """uv.lock and pyproject.toml; the project itself is installed unless it is no package or an option says not to."""
    data = _pyproject(needs, folder)
    needs.required(posixpath.join(folder, "uv.lock"))
    for name in ("uv.toml", ".python-version"):
        needs.optional(posixpath.join(folder, name))
    tool = data.get("tool", {}).get("uv", {})
    _uv_sources(needs, tool, posixpath.join(folder, "pyproject.toml"))
    own = posixpath.join(folder, "uv.toml")
    _uv_sources(needs, needs.toml(own) if own in needs.tree.by_path else {}, own)
    for place in re.findall(
        r"\b(?:path|directory|editable) = \"(\S+?)\"", needs.text(posixpath.join(folder, "uv.lock"))
    ):
        if place != ".":
            needs.against(f"uv.lock takes a package from the project itself: {place}")
    if tool.get("workspace"):
        needs.against("the workspace's members are needed as well")
    for name, source in _sources(tool.get("sources", {})):
        if not {"git", "url", "index"} & set(source):
            needs.against(f"pyproject.toml takes {name} from the project itself")
    if tool.get("package", "build-system" in data):
        needs.against("uv sync installs the project itself", "--no-install-project", "--no-install-workspace")
    if data.get("project", {}).get("dynamic"):
        needs.against("parts of pyproject.toml are computed from the project", "--frozen")


def _uv_sources(needs: Needs, settings: dict[str, Any], path: str) -> None:
    """The folders of packages that uv's settings in the file *path* name."""
    for table in (settings, settings.get("pip") or {}):
        places = [*(table.get("find-links") or ()), *(one.get("url") or "" for one in table.get("index") or ())]
        places += [table.get("index-url") or "", *(table.get("extra-index-url") or ())]
        for place in filter(None, places):
            needs.packages(place, posixpath.dirname(path), path)


def _sources(table: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, given in table.items():
        for one in given if isinstance(given, list) else [given]:
            yield name, one


def poetry(needs: Needs, folder: str) -> None:
    """pyproject.toml and poetry.lock; the project itself is installed unless an option or its mode says not to."""
    data = _pyproject(needs, folder)
    for name in ("poetry.lock", "poetry.toml"):
        needs.optional(posixpath.join(folder, name))
    tool = data.get("tool", {}).get("poetry", {})
    _no_own_source(needs, tool.get("source") or (), "pyproject.toml")
    groups = [tool, *(tool.get("group") or {}).values()]
    tables = [group.get(key) or {} for group in groups for key in ("dependencies", "dev-dependencies")]
    for name, version in (pair for table in tables for pair in table.items()):
        for one in version if isinstance(version, list) else [version]:
            if isinstance(one, dict) and {"path", "file"} & set(one):
                needs.against(f"pyproject.toml takes {name} from the project itself")
    if tool.get("package-mode", True):
        needs.against("poetry install installs the project itself", "--no-root")
    if tool.get("requires-plugins"):
        needs.against("pyproject.toml names plugins of Poetry, which may read more")


def _no_own_source(needs: Needs, sources: Sequence[dict[str, Any]], path: str) -> None:
    """Note the index of packages that lies in the project."""
    for one in sources:
        url = one.get("url") or ""
        if url.startswith(("file:", ".", "/")) or "PROJECT_ROOT" in url:
            needs.against(f"{path} looks for packages in the project itself: {url}")


def pdm(needs: Needs, folder: str) -> None:
    """pyproject.toml and pdm.lock."""
    data = _pyproject(needs, folder)
    needs.required(posixpath.join(folder, "pdm.lock"))
    needs.optional(posixpath.join(folder, "pdm.toml"))
    tool = data.get("tool", {}).get("pdm", {})
    _no_own_source(needs, tool.get("source") or (), "pyproject.toml")
    if tool.get("dev-dependencies") and "file:" in repr(tool["dev-dependencies"]):
        needs.against("pyproject.toml takes packages from the project itself")
    scripts = set(tool.get("scripts", {}))
    if any(name.startswith(("pre_", "post_")) for name in scripts) or tool.get("plugins"):
        needs.against("pyproject.toml runs scripts while installing")


def _pyproject(needs: Needs, folder: str) -> dict[str, Any]:
    """pyproject.toml, whose own dependencies may be no local files."""
    path = posixpath.join(folder, "pyproject.toml")
    if not needs.required(path):
        return {}
    data = needs.toml(path)
    project = data.get("project", {})
    groups = [*project.get("optional-dependencies", {}).values(), *data.get("dependency-groups", {}).values()]
    for one in (entry for group in [project.get("dependencies", []), *groups] for entry in group):
        if isinstance(one, str) and _FILE_URL.search(one):
            needs.against(f"{path} takes a package from the project itself: {one}")
    return data


def pipenv(needs: Needs, folder: str) -> None:
    """Pipfile and Pipfile.lock."""
    path = posixpath.join(folder, "Pipfile")
    if not needs.required(path):
        return
    needs.optional(f"{path}.lock")
    _no_own_source(needs, needs.toml(path).get("source") or (), path)
    for table in needs.toml(path).values():
        for name, version in table.items() if isinstance(table, dict) else ():
            if isinstance(version, dict) and ({"path", "file"} & set(version) or version.get("editable")):
                needs.against(f"{path} takes {name} from the project itself")


def conda(needs: Needs, entry: str) -> None:
    """The environment file *entry*, with what its section for pip names."""
    if not needs.required(entry):
        return
    try:
        entries = read_yaml(needs.text(entry))
    except UnreadError as error:
        needs.against(f"{entry} cannot be read as YAML: {error}")
        return
    folder = posixpath.dirname(entry)
    for one in entries:
        if one.keys[:1] not in (("dependencies",), ("channels",)):
            continue
        item = one.value.strip()
        named = re.match(r"(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s*)(\S+)", item)
        target = within(folder, named[1]) if named and "://" not in named[1] else None
        if target is not None:
            requirements(needs, target)
        elif item.startswith(("-", ".", "/", "~", "file:")) or _FILE_URL.search(item):
            needs.against(f"{entry}:{one.line} reads the project itself: {item}")
