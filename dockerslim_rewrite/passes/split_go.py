"""DS401: Go programs without the tool chain that built them."""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.calls import Call
from ..analysis.facts import Facts
from ..analysis.go_sources import may_need_c
from ..analysis.packages import Kind, Operation, operation
from ..change import AddsAssignment, Claim, Safety
from ..ir.build import Build
from ..knowledge.images import image_facts
from ..text import Edit
from .base import Proposals, rewrite_pass
from .splitting import Project, Target, needed_packages, program, split_stage

_STATIC = "gcr.io/distroless/static-debian12"
_DYNAMIC = "gcr.io/distroless/cc-debian12"
#: Releases of Debian whose programs run with the libraries of Debian 12.
_UP_TO_12 = frozenset(("stretch", "buster", "bullseye", "bookworm"))
_PATH = "ENV PATH=/go/bin:$PATH"


@rewrite_pass("DS401", "split-go", Safety.AGGRESSIVE, mentions=("golang",))
def split_go(build: Build, facts: Facts) -> Proposals:
    """Build Go programs in one stage and ship them on a small base in another.

    A Go image holds compiler, sources, modules and build cache: close to a gigabyte for a program of ten megabytes.

    It is done only for a file of one stage whose container starts through a program that `go build` or `go install`
    made in it. The runtime stage gets everything that the Dockerfile itself wrote, at the same paths, with the
    certificates of the builder, and all of its configuration. At `standard` it stands on the same distribution
    (Debian slim or Alpine), whose C library is no older than the builder's; at `aggressive` on distroless, if no
    command needs a shell: `static` where CGO_ENABLED=0 is set, or where the build context shows that only the
    standard library is imported, so that it can be; else `cc`. Any command with unknown effects, any package that
    the program might run, and scripts as entrypoint decline it. The assumption is that the program does not start
    the Go tool chain or git. Where packages have to be installed again, it is left for level aggressive: they may
    be newer on that day. Sources: docker-library golang; `go help install`; packages crypto/x509 and time (where
    certificates and time zones are read).
    """
    yield from split_stage(build, facts, "go", go_targets)


def go_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, the boldest first, or why none is known."""
    for started in project.starting.programs:
        problem = program(project, started)
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
    found.append(Target(base, Safety.STANDARD, why, files, path, packages))
    return found


def _small(project: Project, path: tuple[str, ...], *, static: bool) -> Target:
    """Distroless: with nothing but the program where it is static or can be made so, else with the C library."""
    why = "Go's tools are needed to build only, and "
    if static:
        return Target(_STATIC, Safety.AGGRESSIVE, f"{why}the program is static", (), path)
    context = project.facts.project
    local = not any(call.name in ("git", "curl", "wget", "tar", "unzip") for call in project.facts.calls(project.stage))
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
    known = user in ("root", "nobody") or user.isdigit() or project.shipping.users
    return known and project.starting.needs_shell is None


def _static(project: Project) -> bool:
    """Whether every build is told to do without C."""
    states = {step.index: state for step, state in zip(project.stage.steps, project.shipping.states, strict=False)}
    for call, _ in _builds(project):
        own = any(word.text == "CGO_ENABLED=0" for word in (*call.command.assignments, *call.command.words))
        if not own and states[call.run.index].env.get("CGO_ENABLED") != "0":
            return False
    return True
