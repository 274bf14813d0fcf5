"""Where Go programs can run: the bases of their runtime stages."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...analysis.runtime.go_sources import asks_for_accounts, may_need_c, module_of, opened_files, reads_types
from ...analysis.runtime.starting import Started
from ...analysis.shell.calls import Call
from ...analysis.shell.operations import Kind, Operation, operation
from ...change import AddsAssignment, Claim, Safety
from ...ir.steps import Copy, Exec, Run
from ...knowledge.images import image_facts
from ...patterns import re
from ...shell.names import SYSTEM_PATH
from ...shell.script import Script
from ...text import Edit
from .lean_sources import Language, without_sources
from .left_sources import copied_folders
from .runtime_needs import needed_packages, own_path, unknown_program
from .split_project import Project, Target

_STATIC = "gcr.io/distroless/static-debian12"
_DYNAMIC = "gcr.io/distroless/cc-debian12"
#: Releases of Debian whose programs run with the libraries of Debian 12.
_UP_TO_12 = frozenset(("stretch", "buster", "bullseye", "bookworm"))
#: Tells in which order names are looked up. Sources: docker-library golang; Go 1.16 release notes, package net.
_NAMES = "/etc/nsswitch.conf"
#: Tells types of files by their names. Source: Debian, media-types, which golang's images have with Mercurial's Python.
_TYPES = "/etc/mime.types"
#: Where Go installs programs, and nothing else.
_PROGRAMS = "/go/bin"
_PATH = "ENV PATH=/go/bin:$PATH"
#: By these Go installs them elsewhere.
_ELSEWHERE = re.compile(r"\bGO(?:BIN|PATH)[= ]|\bgo\s+env\b")
#: Subcommands that write programs and modules, and nothing else.
_GO_PLAIN = frozenset(("build", "install", "get", "mod download", "mod tidy", "mod verify", "version", "env", "vet"))
#: The part of a module's path that says its major version.
_MAJOR = re.compile(r"v\d+\Z")
_FILLS = re.compile(r"(?:/go|GOPATH\}?)/bin\b")
#: What only the build and people read.
_SOURCES = re.compile(
    r"\.(?:go|mod|sum|work|md|rst|proto|qtpl|templ)\Z|/(?:vendor|testdata|\.git(?:hub|lab)?|\.circleci|\.vscode|\.idea)/"
    r"|/(?:LICENSE[^/]*|README[^/]*|Makefile|[^/]*Dockerfile[^/]*|\.git\w+|\.dockerignore|\.editorconfig|\.golangci\.ya?ml)\Z"
)


def go_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, the boldest first, or why none is known."""
    problem = unknown_program(project)
    if problem is not None:
        named = _of_module(project)
        problem = problem if named is None else unknown_program(project, (named,))
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
        debian = image.release or image.built_on or project.recipe.release(image.parts.version)
        if debian is None:
            return f"the release of Debian beneath {image.name} is not known"
        base, zoned = f"debian:{debian}-slim", debian in _UP_TO_12
    else:
        return "neither Debian nor Alpine is beneath it"
    packages = needed_packages(project, debian, static=static)
    if isinstance(packages, str):
        return packages
    context = project.facts.project
    types = (_TYPES,) if debian is not None and context is not None and reads_types(context) else ()
    small = static or debian in _UP_TO_12
    # There is nobody there but root and nobody.
    if context is not None and asks_for_accounts(context):
        small = False
    if not packages and not project.shipping.upgrade and _without_shell(project) and small:
        found.append(_small(project, path, types, static=static))
    why = f"Go's tools are needed to build only; {base} is of the same distribution"
    files: tuple[str, ...] = (certificates,) if zoned else (certificates, zones)
    if image.family == "alpine" and _asks_names_first(image.parts.version):
        files = (*files, _NAMES)
    files += types
    found.append(Target(base, Safety.STANDARD, why, files, path, packages))
    return _lean(found, project)


def _of_module(project: Project) -> str | None:
    """What the container starts, where that is the program that `go build` without `-o` names after the module in the
    working directory; None where it is not.

    Source: `go help build`, "the last non-major-version component of the package import path".
    """
    context, folder = project.facts.project, project.folder
    plain = any(
        found.subcommand == "build"
        and not found.has_flag("-o")
        and all(call.argv[at] in (".", "./") for at in found.operands)
        for call, found in _builds(project)
    )
    if context is None or folder is None or not plain:
        return None
    there = context.image_files(project.build).get(f"{folder}/go.mod")
    module = module_of(context.text(there.path) or "") if there is not None else None
    parts = [part for part in (module or "").split("/") if not _MAJOR.match(part)]
    names = [one.name for one in project.starting.programs if one.path]
    built = posixpath.join(folder, parts[-1]) if parts else ""
    return next((one for one in names if built and posixpath.normpath(posixpath.join(folder, one)) == built), None)


def _lean(targets: list[Target], project: Project) -> list[Target]:
    """*targets* without the sources, where it is known which of the files that were copied with them are opened."""
    context = project.facts.project
    ships = project.shipping
    folders = copied_folders(project, whole=False)
    leaves = tuple(one.path for one in ships.places if one.path in folders)
    program = _compiled(project)
    if context is None or not leaves or program is None:
        return targets
    where = project.folder or "/"
    paths = {posixpath.normpath(posixpath.join(where, one.name)) for one in project.starting.programs if one.path}
    within = [path for path in {program, *paths} if any(path.startswith(f"{folder}/") for folder in leaves)]
    if within not in ([], [program]):
        # A check of health starts something else that lies among the sources.
        return targets
    return without_sources(targets, project, Language(_SOURCES, _generates), leaves, within, opened_files(context))


def _compiled(project: Project) -> str | None:
    """The path of what the container starts, where that is a program that Go makes there, and nothing else, which might
    read the sources. None where it is not known to be so.
    """
    commands = {step.keyword: step for step in project.stage.steps if isinstance(step, Exec)}
    main = commands.get("ENTRYPOINT") or commands.get("CMD")
    script = main.body.script if main is not None and main.body is not None else None
    started = project.starting.programs
    if main is None or not started:
        return None
    name = started[0].name
    single = isinstance(script, Script) and len(script.commands) == 1
    if (main.argv[0] != name) if main.argv else not single:
        return None
    ships, folder = project.shipping, project.folder or "/"
    if started[0].path:
        there = [posixpath.normpath(posixpath.join(folder, name))]
    elif own_path(project) - {*project.recipe.path, *SYSTEM_PATH}:
        return None
    else:
        # The first one in PATH counts: where there are two of that name, it may be the other one.
        paths = [posixpath.join(one, name) for one in (*project.recipe.path, *SYSTEM_PATH)]
        there = [path for path in paths if ships.covers(path)]
    outputs = set(_outputs(project))
    return there[0] if len(there) == 1 and {there[0], posixpath.dirname(there[0])} & outputs else None


def _outputs(project: Project) -> Iterator[str]:
    """The programs that Go makes, and the directories that it puts some into."""
    steps = [step.origin.args for step in project.stage.steps if isinstance(step, Run | Copy)]
    # What else lies among the programs may be a script.
    told = _ELSEWHERE.search(project.build.text) is not None or any(map(_FILLS.search, steps))
    for _, found in _builds(project):
        output = found.flag_value("-o")
        if found.subcommand == "build" and output:
            yield posixpath.normpath(posixpath.join(project.folder or "/", output))
        elif found.subcommand == "install" and not told:
            yield _PROGRAMS


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


def _small(project: Project, path: tuple[str, ...], files: tuple[str, ...], *, static: bool) -> Target:
    """Distroless: with *files* and the program alone where it is static or can be made so, else with the C library."""
    why = "Go's tools are needed to build only, and "
    if static:
        return Target(_STATIC, Safety.AGGRESSIVE, f"{why}the program is static", files, path)
    context = project.facts.project
    local = not any(
        call.name in ("git", "curl", "wget", "tar", "unzip", "make") for call in project.facts.calls(project.stage)
    )
    if context is None or not local or may_need_c(context) is not None:
        return Target(_DYNAMIC, Safety.AGGRESSIVE, f"{why}it needs the C library and no more", files, path)
    edits: list[Edit] = []
    claims: list[Claim] = []
    for call, found in _builds(project):
        edits.append(Edit.insert(call.body.logical.before(call.command.span.start), "CGO_ENABLED=0 "))
        claims.append(AddsAssignment(found.lead, "CGO_ENABLED", "0"))
    why += "its sources import the standard library only, so it is static without C"
    return Target(_STATIC, Safety.AGGRESSIVE, why, files, path, edits=tuple(edits), claims=tuple(claims))


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
