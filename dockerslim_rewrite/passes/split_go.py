"""DS401: Go programs without the tool chain that built them."""

from __future__ import annotations

from ..analysis.facts import Facts
from ..analysis.packages import Kind, operation
from ..change import Safety
from ..ir.build import Build
from ..knowledge.images import image_facts
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
    certificates of the builder, and all of its configuration. At `standard` it stands on the same distribution (Debian
    slim or Alpine), whose C library is no older than the builder's; at `aggressive` on distroless, if no command needs
    a shell: `static` where CGO_ENABLED=0 is set, else `cc`. Any command with unknown effects, any package that the
    program might run, and scripts as entrypoint decline it.
    The assumption is that the program does not start the Go tool chain or git. Sources: docker-library golang;
    `go help install`; packages crypto/x509 and time (where certificates and time zones are read).
    """
    yield from split_stage(build, facts, "go", _targets)


def _targets(project: Project) -> list[Target] | str:
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
        why = "the program is static" if static else "it needs the C library and no more"
        small = _STATIC if static else _DYNAMIC
        found.append(Target(small, Safety.AGGRESSIVE, f"Go's tools are needed to build only, and {why}", (), path))
    why = f"Go's tools are needed to build only; {base} is of the same distribution"
    files = (certificates,) if zoned else (certificates, zones)
    found.append(Target(base, Safety.STANDARD, why, files, path, packages))
    return found


def _without_shell(project: Project) -> bool:
    """Whether neither a command nor the user needs more than a distroless image has."""
    user = (project.shipping.states[-1].user or "root").partition(":")[0]
    known = user in ("root", "nobody") or user.isdigit() or project.shipping.users
    return known and project.starting.needs_shell is None


def _static(project: Project) -> bool:
    """Whether every build is told to do without C."""
    states = {step.index: state for step, state in zip(project.stage.steps, project.shipping.states, strict=False)}
    for call in project.facts.calls(project.stage):
        found = operation(call.argv)
        if found is None or found.manager.name != "go" or found.kind not in (Kind.BUILD, Kind.INSTALL):
            continue
        own = any(word.text == "CGO_ENABLED=0" for word in (*call.command.assignments, *call.command.words))
        if not own and states[call.run.index].env.get("CGO_ENABLED") != "0":
            return False
    return True
