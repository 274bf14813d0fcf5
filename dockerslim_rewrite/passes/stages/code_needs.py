"""What code of the project starts in the container: whether a runtime stage has it, and whether the code was read.

A split leaves behind what the base image and its packages brought. Which of that the program starts only its sources
tell; every split asks here.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from ...analysis.bases import catalogued
from ...analysis.project import StartedProgram
from ...analysis.runtime.needs import needs_ssh
from ...change import Safety
from ...ir.reference import parse
from ...ir.steps import Copy
from ...knowledge.images import ImageFacts
from ...knowledge.libraries import libraries
from ...knowledge.lifetimes import ended
from ...knowledge.smaller import (
    beside,
    common_commands,
    full_images,
    is_data,
    is_library,
    of_the_system,
    programs_of,
    smaller,
)
from ...knowledge.vocabulary import vocabularies
from ...record import evolve
from .given_needs import wanted
from .runtime_needs import CERTIFICATES
from .split_project import Project, Target, is_small

#: How people find out which programs are started.
_GIVEN = "name its build context with --context, or run `dockerslim prove`"
_PROVED = "run `dockerslim prove`"
_DISTROLESS = "/distroless/"
_DEVELOPMENT = ("-dev", "-devel")
#: What brings sources that the build context does not hold.
_FETCHING = frozenset(("git", "svn", "hg", "curl", "wget"))
#: Composer's own installer brings Composer, and no program to run.
_COMPOSER = "getcomposer.org"
#: Where an application of Erlang or Elixir keeps files of its own.
_PRIVATE = "priv"


def completed(project: Project, target: Target) -> Target | str:
    """*target* with the packages that bring what code starts in the container, and what containers of the repository
    run beside; a text says why its stage may lack some of that.
    """
    if _is_fetched_tool(project) and _loses(project, target):
        return "the program is fetched while the image is built and listens on no port: a tool may start Go itself"
    there: frozenset[str] | None = None
    brought: dict[str, None] = {}
    guessed: str | None = None
    for started in _started(project):
        if started.name is None:
            return f"what code starts or loads is known only when it runs: {started.written} ({started.evidence})"
        if is_library(started.name) or is_data(started.name):
            files = _file(project, target, started.name)
            if files is None and is_data(started.name) and started.name not in of_the_system().files:
                guessed = guessed or f"code names {started.name} ({started.evidence}), which may stay behind"
            elif files is None:
                return f"code uses {started.name} ({started.evidence}), which {target.image} may lack"
            brought.update(dict.fromkeys(files or ()))
            continue
        there = there if there is not None else frozenset(_programs(project, target))
        if not _has(project, target, started.name, there):
            packages = _bringing(project, target, started.name)
            if not packages:
                return f"code uses {started.name} ({started.evidence}), which {target.image} may lack"
            brought.update(dict.fromkeys(packages))
            if started.name == "git" and needs_ssh(started.written.split()[1:]):
                brought.update(dict.fromkeys(_bringing(project, target, "ssh")))
    for one in wanted(project, target):
        if one.problem is not None:
            return one.problem
        there = there if there is not None else frozenset(_programs(project, target))
        if _has(project, target, one.name, there) or (one.packaged and one.name not in _of_systems()):
            continue
        packages = _bringing(project, target, one.name)
        if not packages:
            return f"{target.image} may lack {one.name}: {one.said} runs it"
        brought.update(dict.fromkeys(packages))
    if guessed is not None:
        target = evolve(target, safety=Safety.AGGRESSIVE, why=f"{target.why}; {guessed}")
    return evolve(target, packages=tuple(sorted({*target.packages, *brought}))) if brought else target


def _file(project: Project, target: Target, name: str) -> tuple[str, ...] | None:
    """The packages that bring the library or table *name* to the stage on *target*, none where it is there; None where
    that is not known.
    """
    path = posixpath.normpath(posixpath.join(project.folder or "/", name))
    own = project.shipping.covers(path) if "/" in name else name in project.shipping.made
    if own or name in target.files or not _loses(project, target):
        return ()
    if is_data(name) and target.image == project.stage.head.image:
        return ()
    package = of_the_system().files.get(name)
    if package is not None and (project.image.family == "alpine" or _DISTROLESS in target.image):
        # What Alpine lacks the builder on it lacks as well.
        return () if project.image.family == "alpine" or name in of_the_system().small else None
    if package is not None:
        return (package,) if _installs(project, target, package) else None
    facts = _image(target)
    wanted = of_the_system().development(name)
    if facts is None or wanted is None:
        return None
    found = libraries(wanted, facts.distribution or facts.family or "", facts.release)
    return found if found and all(_installs(project, target, one) for one in found) else None


def _bringing(project: Project, target: Target, name: str) -> tuple[str, ...]:
    """The packages that bring the program *name* to the stage on *target*; none where that is not known."""
    package = _of_systems().get(name)
    if package is None or not _installs(project, target, package):
        return ()
    also = beside(package)
    return (package,) if also is None else (package, also)


def _installs(project: Project, target: Target, package: str) -> bool:
    """Whether the stage on *target* can install *package*, and the builder had it."""
    facts = _image(target)
    if facts is None or facts.family != "debian" or facts.shell in (None, "none"):
        return False
    full = project.image.name in full_images() and not is_small(project.image)
    if not full and package not in {one.name for one in project.shipping.packages}:
        # The builder lacks it as well, as far as is known.
        return False
    today = project.facts.today or facts.as_of
    return facts.deprecated is None and ended(facts, today) is None


def _of_systems() -> Mapping[str, str]:
    """The programs of full images, with the packages of Debian that bring them."""
    full = smaller("python", "slim", "debian")
    return full.packages if full is not None else {}


def _image(target: Target) -> ImageFacts | None:
    return catalogued(parse(target.image))


def as_far_as_read(project: Project, target: Target) -> Target:
    """*target* at the level that it deserves: that unread sources start nothing of what is lost is a guess."""
    if target.safety is Safety.AGGRESSIVE or project.recipe.servers or not _loses(project, target):
        return target
    found = unread(project)
    if found is None:
        return target
    reason, settles = found
    why = f"{target.why}; it may start programs that stay behind: {reason}"
    return evolve(target, safety=Safety.AGGRESSIVE, why=why, unread=settles)


def unread(project: Project) -> tuple[str, str] | None:
    """Why it is not known what the program starts, and what would settle that; None where its sources were read."""
    context = project.facts.project
    if context is None:
        return "without its build context its sources are not read", _GIVEN
    if context.usage.guessed:
        return "which folder its build context is was guessed", _GIVEN
    if not context.complete:
        return "its build context is too large to be read completely", _PROVED
    languages = project.recipe.languages
    code = context.code(project.build, languages)
    if languages and not code.followed:
        names = " or ".join(vocabularies()[one].name for one in languages)
        return f"{context.shown} holds no sources in {names}", _GIVEN
    missed = next((one for one in code.doubts if one.evidence.path not in code.followed), None)
    if missed is not None:
        return missed.reason, _PROVED
    blind = next((one for one in context.behaviour(project.build).doubts if one.blind), None)
    if blind is not None and (not languages or _fetches(project)):
        return f"{blind.reason} ({blind.evidence})", _PROVED
    return None


def left_behind(project: Project, target: Target) -> tuple[str, ...]:
    """The packages that stay behind in the builder."""
    return tuple(dict.fromkeys(one.name for one in project.shipping.packages if one.written not in target.packages))


def _started(project: Project) -> tuple[StartedProgram, ...]:
    """What code starts: that of the programs which were followed, and all that is in the languages of the recipe, since
    nothing tells for sure which file makes which program.
    """
    context = project.facts.project
    if context is None:
        return ()
    code = context.code(project.build, project.recipe.languages)
    return tuple(dict.fromkeys((*context.behaviour(project.build).programs, *code.programs)))


def _loses(project: Project, target: Target) -> bool:
    """Whether the runtime stage lacks more than headers of what the builder had."""
    if target.image != project.stage.head.image:
        return True
    return any(not name.endswith(_DEVELOPMENT) for name in left_behind(project, target))


def _is_fetched_tool(project: Project) -> bool:
    """Whether the container runs a program in Go whose sources nobody sees, and that serves nobody."""
    if project.image.name != "golang" or not _fetches(project):
        return False
    context = project.facts.project
    served = any(one.ports for one in context.usage.containers) if context is not None else False
    return not served and not any(step.keyword in ("EXPOSE", "HEALTHCHECK") for step in project.stage.steps)


def _fetches(project: Project) -> bool:
    """Whether a step brings sources or programs from elsewhere than the build context."""
    for step in project.stage.steps:
        if isinstance(step, Copy) and any("://" in source or source.startswith("git@") for source in step.sources):
            return True
    for call in project.facts.calls(project.stage):
        words = [word or "" for word in call.argv]
        if call.name in _FETCHING and not any(_COMPOSER in word for word in words):
            return True
        if "install" in words[1:] and (
            (call.name == "go" and any("@" in word for word in words))
            or (call.name == "cargo" and "--path" not in words)
        ):
            return True
    return False


def _has(project: Project, target: Target, program: str, there: frozenset[str]) -> bool:
    folder, name = posixpath.split(program)
    if "elixir" in project.recipe.languages and folder.partition("/")[0] == _PRIVATE:
        # A release holds what its applications keep there; only that is named from an application's directory.
        return True
    if folder and folder not in ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin"):
        path = posixpath.normpath(posixpath.join(project.folder or "/", program))
        return project.shipping.covers(path) and name in project.shipping.made
    if name in there or (not folder and name in project.shipping.made):
        return True
    # What packages that stay behind brought with them is not known, but for headers.
    return not _loses(project, target)


def _programs(project: Project, target: Target) -> Iterator[str]:
    """The programs that the stage on *target* surely has."""
    yield from project.recipe.programs
    yield from target.programs
    facts = _image(target)
    if facts is not None and facts.shell not in (None, "none") and facts.family is not None:
        yield from common_commands(facts.family)
        for kind in ("slim", "jre"):
            known = smaller(facts.name, kind, facts.family)
            yield from known.commands if known is not None else ()
    packages = {package.partition("=")[0] for package in target.packages} - {CERTIFICATES}
    yield from packages
    for package in packages:
        yield from programs_of(package)
    yield from (command for command, package in _of_systems().items() if package in packages)
