""".NET: projects and solutions, with the projects that they refer to.

Sources: dotnet restore; MSBuild documentation (ProjectReference, "Customize your build", solution files); NuGet
documentation (nuget.config, central package management, lock files).
"""

from __future__ import annotations

import posixpath

from ...patterns import re
from .jvm import document
from .needs import Needs, within

_PROJECT = re.compile(r"\.(?:cs|fs|vb)proj\Z")
_ABOVE = (
    "Directory.Build.props",
    "Directory.Build.targets",
    "Directory.Packages.props",
    "global.json",
    "nuget.config",
    "NuGet.config",
    "NuGet.Config",
)
#: What lets a project's file read others while it is evaluated.
_READS = re.compile(r"<Import\b|\bExists\s*\(|\[System\.IO|\[MSBuild\]|\$\(\[")
#: Properties that list where packages come from, and settings that say where they are put.
_SOURCES = frozenset(("RestoreSources", "RestoreAdditionalProjectSources", "RestoreFallbackFolders"))
_WRITTEN = frozenset(("globalpackagesfolder", "repositorypath"))
_SOLUTION_FOLDER = "{2150E333-8FDC-42A3-9474-1A3956D46DE8}"


def dotnet(needs: Needs, entry: str) -> None:
    """The project or solution *entry*, or the only one in that folder."""
    if re.search(r"\.config\Z", entry, re.I):
        if needs.required(entry):
            _feeds(needs, entry)
        return
    if entry in needs.tree.folders or entry == "":
        inside = [path for path in needs.tree.by_path if posixpath.dirname(path) == entry]
        found = [path for path in inside if _PROJECT.search(path) or path.endswith((".sln", ".slnx"))]
        if len(found) != 1:
            needs.against(f"{len(found)} projects and solutions stand where dotnet restore runs")
            return
        entry = found[0]
    if _PROJECT.search(entry):
        _project(needs, entry)
    elif entry.endswith(".sln"):
        _solution(needs, entry)
    else:
        needs.against(f"{entry} is not a project that is read here")


def _solution(needs: Needs, path: str) -> None:
    if not needs.required(path):
        return
    _above(needs, posixpath.dirname(path))
    pattern = re.compile(r"^Project\(\"([^\"]+)\"\)\s*=\s*\"[^\"]*\",\s*\"([^\"]+)\"", re.M)
    for kind, name in pattern.findall(needs.text(path)):
        if kind.upper() == _SOLUTION_FOLDER:
            continue
        target = within(posixpath.dirname(path), name.replace("\\", "/"))
        if target is None or not _PROJECT.search(target):
            needs.against(f"{path} names {name}")
        else:
            _project(needs, target, path)


def _project(needs: Needs, path: str, named: str = "") -> None:
    if needs.seen(path) or not needs.required(path, named):
        return
    folder = posixpath.dirname(path)
    _above(needs, folder)
    needs.optional(posixpath.join(folder, "packages.lock.json"))
    text = needs.text(path)
    if _READS.search(text):
        needs.against(f"{path} reads other files while it is evaluated")
    _sources(needs, path)
    for name in ("packages.config", "project.json"):
        if posixpath.join(folder, name) in needs.tree.by_path:
            needs.against(f"{posixpath.join(folder, name)} lists packages in an older way")
    output = posixpath.join(folder, "obj")
    if output in needs.tree.folders:
        needs.against(f"the context holds {output}, which would take the place of what is restored")
    for element in document(text).iter("ProjectReference"):
        reference = element.get("Include") or ""
        target = within(folder, reference.replace("\\", "/"))
        if target is None or re.search(r"[$*?;@]", reference):
            needs.against(f"{path} refers to {reference or 'another project'}")
        else:
            _project(needs, target, path)


def _above(needs: Needs, folder: str) -> None:
    """The files that count for all projects below them."""
    while True:
        for name in _ABOVE:
            path = posixpath.join(folder, name)
            if needs.seen(path) or not needs.optional(path):
                continue
            if name.startswith("Directory"):
                if _READS.search(needs.text(path)):
                    needs.against(f"{path} reads other files while it is evaluated")
                _sources(needs, path)
            elif name.lower() == "nuget.config":
                _feeds(needs, path)
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _feeds(needs: Needs, path: str) -> None:
    """The folders of packages that the NuGet configuration at *path* names, from where it stands."""
    folder = posixpath.dirname(path)
    for section in document(needs.text(path)):
        for element in section.iter("add"):
            value = (element.get("value") or "").strip()
            if section.tag in ("packageSources", "fallbackPackageFolders"):
                needs.packages(value, folder, path)
            elif section.tag == "config" and (element.get("key") or "").lower() in _WRITTEN:
                made = within(folder, value.replace("\\", "/"))
                if made is not None and (made == "" or made in needs.tree.folders):
                    needs.against(f"{path} has packages put into {value}, which the context holds")


def _sources(needs: Needs, path: str) -> None:
    """The folders of packages that properties of the project at *path* name."""
    for element in document(needs.text(path)).iter():
        if element.tag == "RestoreConfigFile":
            needs.against(f"{path} names another configuration of NuGet")
        elif element.tag in _SOURCES:
            for value in (one.strip() for one in (element.text or "").split(";")):
                if value and not re.fullmatch(r"\$\(Restore\w+\)", value):
                    place = re.sub(r"\A\$\(MSBuild(?:ThisFile|Project)Directory\)[/\\]?", "./", value)
                    needs.packages(place, posixpath.dirname(path), path)
