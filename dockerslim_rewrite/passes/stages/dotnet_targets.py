"""Where .NET programs can run: the bases of their runtime stages."""

from __future__ import annotations

import posixpath

from ...analysis.runtime.dotnet_projects import may_serve
from ...change import Safety
from ...render.instructions import instruction
from .runtime_needs import packages_to_start
from .split_project import Project, Target

#: Until this version what ``dotnet build`` makes finds packages in the SDK's own folder, and ``-o`` is seen from the
#: project's folder instead of the one in which the command runs.
_COMPLETE_SINCE = (3, 0)
_PORT = "ASPNETCORE_URLS"
#: Since this version SDK images make no certificate for development.
_UNCERTIFIED_SINCE = (5, 0)
_UNPUBLISHED = "{} may need packages that stay in the SDK's own directory, as it was not published"


def dotnet_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, or why none is known."""
    problem = _assembly(project)
    if problem is not None:
        return problem
    if project.image.family == "alpine":
        return "the Alpine runtime image has no culture data and no time zones, which the SDK image has"
    if _certified(project):
        return "it listens to https with the certificate for development, which the SDK image has made"
    packages = packages_to_start(project, project.image.release)
    if isinstance(packages, str):
        return packages
    base = next((f"{one.image}:{one.tag}" for one in project.image.counterparts if one.kind == "runtime"), None)
    if base is None:
        return "no runtime image is known for this tag"
    why = f"the SDK is needed to build only; {base} is the runtime of the same version"
    kept = _environment(project)
    if kept:
        why += f"; {kept[0].removeprefix('ENV ')} is the SDK's own, which ASP.NET reads when it runs"
    safety = Safety.STANDARD
    if _version(project) < _UNCERTIFIED_SINCE and _PORT not in project.shipping.states[-1].env and _serves(project):
        safety = Safety.AGGRESSIVE
        why += "; it will not listen to https://localhost:5001 with the SDK's certificate for development"
    return [Target(base, safety, why, environment=kept, packages=packages)]


def _assembly(project: Project) -> str | None:
    """Why ``dotnet`` may be told to run something else than an assembly that was built here."""
    words = project.starting.words
    for index, word in enumerate(words):
        if posixpath.basename(word) != "dotnet":
            continue
        behind = words[index + 1] if index + 1 < len(words) else ""
        if not behind.endswith(".dll"):
            return f"dotnet {behind}".rstrip() + " needs the SDK whenever the container starts"
        path = _path(behind, words[:index], project)
        if path is None or not project.shipping.covers(path):
            return "it does not start an assembly that was built here"
        if not _complete(path, project):
            return _UNPUBLISHED.format(path)
    own = next((one.name for one in project.starting.programs if one.path), None)
    if own is not None and not _complete(posixpath.normpath(posixpath.join(project.folder or "/", own)), project):
        return _UNPUBLISHED.format(own)
    return None


def _certified(project: Project) -> bool:
    """Whether the server uses the certificate that SDK images made for themselves."""
    text = project.build.text
    return _version(project) < _UNCERTIFIED_SINCE and "https://" in _urls(project) and "Certificates" not in text


def _serves(project: Project) -> bool:
    """Whether the program may be a server that nothing tells where to listen."""
    listens = f"{_PORT}=" in project.recipe.restored(project.image.parts.version)
    found = project.facts.project
    return listens and "--urls" not in project.starting.words and (found is None or may_serve(found))


def _urls(project: Project) -> str:
    """What is said of where to listen."""
    return " ".join((project.shipping.states[-1].env.get(_PORT) or "", *project.starting.words))


def _version(project: Project) -> tuple[int, ...]:
    return tuple(int(part) for part in (project.image.parts.version or "0").split("."))


def _path(assembly: str, before: tuple[str, ...], project: Project) -> str | None:
    """The absolute path of *assembly*; None where a ``cd`` among the words *before* makes it unclear."""
    folder = project.folder or "/"
    if "cd" in before:
        at = len(before) - 1 - before[::-1].index("cd")
        if before.count("cd") > 1 or at + 1 >= len(before):
            return assembly if assembly.startswith("/") else None
        folder = posixpath.join(folder, before[at + 1])
    return posixpath.normpath(posixpath.join(folder, assembly))


def _complete(path: str, project: Project) -> bool:
    """Whether the folder of the assembly *path* surely holds all that it needs besides the frameworks."""
    if _version(project) >= _COMPLETE_SINCE:
        return True
    for run in project.stage.runs:
        for use in project.facts.uses(run):
            if use.operation.executable != "dotnet" or use.operation.subcommand != "publish":
                continue
            folder = use.operation.flag_value("-o", "--output")
            if folder is None and "/publish/" in path:
                return True
            if folder and not use.operation.operands and posixpath.dirname(path).endswith(_from_root(folder)):
                return True
    return False


def _from_root(folder: str) -> str:
    return posixpath.normpath(posixpath.join("/", folder))


def _environment(project: Project) -> tuple[str, ...]:
    """The line that sets what the runtime image sets otherwise than the SDK; none where ENV says it anyway."""
    own = project.shipping.states[-1].env
    wanted = [one for one in project.recipe.restored(project.image.parts.version) if one.partition("=")[0] not in own]
    return (instruction("ENV", " ".join(wanted), project.facts.templates),) if wanted else ()
