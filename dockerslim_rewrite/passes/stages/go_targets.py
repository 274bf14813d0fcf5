"""Where Go programs can run: the bases of their runtime stages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ...analysis.runtime.go_sources import may_need_c, opened_files
from ...analysis.runtime.starting import Started
from ...analysis.shell.calls import Call
from ...analysis.shell.operations import Kind, Operation, operation
from ...change import AddsAssignment, Claim, Safety
from ...knowledge.images import image_facts
from ...text import Edit
from .lean_sources import Language, without_sources
from .left_sources import copied_folders
from .runtime_needs import needed_packages, unknown_program
from .split_project import Project, Target

_STATIC = "gcr.io/distroless/static-debian12"
_DYNAMIC = "gcr.io/distroless/cc-debian12"
#: Releases of Debian whose programs run with the libraries of Debian 12.
_UP_TO_12 = frozenset(("stretch", "buster", "bullseye", "bookworm"))
#: Tells in which order names are looked up. Sources: docker-library golang; Go 1.16 release notes, package net.
_NAMES = "/etc/nsswitch.conf"
#: Where Go installs programs, and nothing else.
_PROGRAMS = "/go/bin"
_PATH = "ENV PATH=/go/bin:$PATH"
#: Subcommands that write programs and modules, and nothing else.
_GO_PLAIN = frozenset(("build", "install", "get", "mod download", "mod tidy", "mod verify", "version", "env", "vet"))
#: What only the build and people read.
_SOURCES = re.compile(
    r"\.(?:go|mod|sum|work|md|rst|proto|qtpl|templ)\Z|/(?:vendor|testdata|\.git(?:hub|lab)?|\.circleci|\.vscode|\.idea)/"
    r"|/(?:LICENSE[^/]*|README[^/]*|Makefile|[^/]*Dockerfile[^/]*|\.git\w+|\.dockerignore|\.editorconfig|\.golangci\.ya?ml)\Z"
)


def go_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, the boldest first, or why none is known."""
    problem = unknown_program(project)
    if problem is not None:
        return problem
    static = _static(project)
    image = project.image
    certificates, zones = project.recipe.certificates or "", project.recipe.zones or ""
    path = (_PATH,) if project.shipping.covers("/go/bin") else ()
    found: list[Target] = []
    debian: str | None = None
    if image.family == "alpine":
        newest = image_facts("alpine", "latest")
        release = image.release or (newest.pin.tag if newest is not None and newest.pin is not None else None)
        if release is None:
            return f"the release of Alpine beneath {image.name} is not known"
        base, zoned = f"alpine:{release}", False
    elif image.family == "debian":
        debian = image.release or project.recipe.release(image.parts.version)
        if debian is None:
            return f"the release of Debian beneath {image.name} is not known"
        base, zoned = f"debian:{debian}-slim", debian in _UP_TO_12
    else:
        return "neither Debian nor Alpine is beneath it"
    packages = needed_packages(project, debian, static=static)
    if isinstance(packages, str):
        return packages
    if not packages and not project.shipping.upgrade and _without_shell(project) and (static or debian in _UP_TO_12):
        found.append(_small(project, path, static=static))
    why = f"Go's tools are needed to build only; {base} is of the same distribution"
    files = (certificates,) if zoned else (certificates, zones)
    if image.family == "alpine" and _asks_names_first(image.parts.version):
        files = (*files, _NAMES)
    found.append(Target(base, Safety.STANDARD, why, files, path, packages))
    return _lean(found, project)


def _lean(targets: list[Target], project: Project) -> list[Target]:
    """*targets* without the sources, where it is known which of the files that were copied with them are opened."""
    context = project.facts.project
    ships = project.shipping
    folders = copied_folders(project, whole=False)
    leaves = tuple(one.path for one in ships.places if one.path in folders)
    if context is None or not leaves:
        return targets
    programs = [
        posixpath.normpath(posixpath.join(project.folder or "/", one.name))
        for one in project.starting.programs
        if one.path
    ]
    within = [path for path in programs if any(path.startswith(f"{folder}/") for folder in leaves)]
    if any(posixpath.basename(path) not in ships.made for path in within):
        return targets
    return without_sources(targets, project, Language(_SOURCES, _generates), leaves, within, opened_files(context))


def _generates(project: Project) -> bool:
    """Whether a command of the build may make other files than programs and what package managers install."""
    for call in project.facts.calls(project.stage):
        found = operation(call.argv)
        if found is None or (found.manager.name == "go" and found.subcommand not in _GO_PLAIN):
            return True
    return False


def _asks_names_first(version: str | None) -> bool:
    """Whether that Go asks name servers before /etc/hosts without the file that its image has for that since 1.10.2."""
    numbers = tuple(int(part) for part in (version or "").split(".")[:2] if part)
    return version == "1.10" or (1, 11) <= numbers < (1, 16)


def _small(project: Project, path: tuple[str, ...], *, static: bool) -> Target:
    """Distroless: with nothing but the program where it is static or can be made so, else with the C library."""
    why = "Go's tools are needed to build only, and "
    if static:
        return Target(_STATIC, Safety.AGGRESSIVE, f"{why}the program is static", (), path)
    context = project.facts.project
    local = not any(
        call.name in ("git", "curl", "wget", "tar", "unzip", "make") for call in project.facts.calls(project.stage)
    )
    if context is None or not local or may_need_c(context) is not None:
        return Target(_DYNAMIC, Safety.AGGRESSIVE, f"{why}it needs the C library and no more", (), path)
    edits: list[Edit] = []
    claims: list[Claim] = []
    for call, found in _builds(project):
        edits.append(Edit.insert(call.body.logical.before(call.command.span.start), "CGO_ENABLED=0 "))
        claims.append(AddsAssignment(found.lead, "CGO_ENABLED", "0"))
    why += "its sources import the standard library only, so it is static without C"
    return Target(_STATIC, Safety.AGGRESSIVE, why, (), path, edits=tuple(edits), claims=tuple(claims))


def _builds(project: Project) -> Iterator[tuple[Call, Operation]]:
    """The commands that make programs."""
    for call in project.facts.calls(project.stage):
        found = operation(call.argv)
        if found is None or found.manager.name != "go" or found.has_flag("-d"):
            continue
        if found.kind in (Kind.BUILD, Kind.INSTALL) and found.subcommand in ("build", "install", "get", "run"):
            yield call, found


def _without_shell(project: Project) -> bool:
    """Whether neither a command nor the user needs more than a distroless image has."""
    user = (project.shipping.states[-1].user or "root").partition(":")[0]
    started = project.starting.programs
    known = user in ("root", "nobody") or user.isdigit() or project.shipping.users
    return known and project.starting.needs_shell is None and all(_by_go(project, one) for one in started)


def _by_go(project: Project, started: Started) -> bool:
    """Whether Go made the program that is started: what a Makefile or the project itself brings may be a script."""
    name = posixpath.basename(started.name)
    installed = not started.path or posixpath.dirname(started.name) == _PROGRAMS
    return name in project.shipping.made or (installed and project.shipping.covers(_PROGRAMS))


def _static(project: Project) -> bool:
    """Whether every build is told to do without C."""
    states = {step.index: state for step, state in zip(project.stage.steps, project.shipping.states, strict=False)}
    builds = list(_builds(project))
    if not builds or any(call.name == "make" for call in project.facts.calls(project.stage)):
        # What a Makefile says of C is not read.
        return False
    for call, _ in builds:
        own = any(word.text == "CGO_ENABLED=0" for word in (*call.command.assignments, *call.command.words))
        if not own and states[call.run.index].env.get("CGO_ENABLED") != "0":
            return False
    return True
