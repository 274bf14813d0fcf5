"""Where C and C++ programs can run: the bases of their runtime stages."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...analysis.packages.listed import Unmet
from ...analysis.runtime.cmake_install import installed_files
from ...analysis.runtime.linker import has_libraries, linked_to
from ...analysis.runtime.native_build import build_texts, installs_elsewhere, is_makefile
from ...analysis.runtime.prefixes import prefixes
from ...change import Safety
from ...ir.build import Build
from ...ir.steps import Copy
from ...knowledge.libraries import libraries
from .native_prefix import prefix_alone, unlinked
from .runtime_needs import CERTIFICATES, packages_to_start
from .split_project import Project, Target

_INSTALLING = frozenset(("make", "gmake", "ninja", "cmake"))
#: What sets the prefix below which a build installs, the usual one where it is not told.
_CONFIGURING = frozenset(("configure", "Configure", "cmake", "meson"))
#: What brings sources from elsewhere than the context.
_FETCHING = frozenset(("git", "tar", "unzip", "curl", "wget"))
#: Libraries that ask the certificates of authorities, which the images with libraries of their own have.
_TRUSTING = frozenset(("libssl-dev", "libcurl4-openssl-dev", "libpq-dev"))


def native_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, the boldest first, or why none is known."""
    image = project.image
    obstacle = _installs_elsewhere(project)
    if obstacle is not None:
        return obstacle
    packages = _packages(project, image.release)
    if isinstance(packages, str):
        return packages
    base = project.stage.head.image
    if image.name in ("debian", "buildpack-deps"):
        if image.release is None or image.distribution != "debian":
            return f"the release of Debian beneath {image.name} is not known"
        base = f"debian:{image.release}-slim"
    why = f"compiler and build tools are needed to build only; {base} is the same release"
    return [prefix_alone(Target(base, Safety.STANDARD, why, packages=packages), project)]


def _installs_elsewhere(project: Project) -> str | None:
    """Why files may be installed elsewhere than the stage is taken to install them; None where they are not.

    What is configured installs below its prefix. A Makefile by itself installs where it says: it has to be read.
    """
    calls = project.facts.calls(project.stage)
    installs = any(call.name in _INSTALLING and {"install", "--install"} & set(call.argv) for call in calls)
    if not installs or prefixes(project.stage):
        return None
    texts = build_texts(project.facts.project) or {} if project.facts.project is not None else {}
    elsewhere = installs_elsewhere(texts)
    if elsewhere is not None:
        return f"its build files install to {elsewhere}, among those of the base image"
    if any(call.name in _CONFIGURING for call in calls):
        return None
    if any(call.name in _FETCHING for call in calls) or not any(is_makefile(path) for path in texts):
        reason = "nothing configures it, and its Makefile is not in the context"
        return f"where make install puts files is not known: {reason}"
    return None


def gcc_targets(project: Project) -> list[Target] | str:
    """The Debian release that has the libraries of the compiler, or why none is known."""
    image = project.image
    major = (image.parts.version or "").partition(".")[0]
    release = image.release or project.recipe.release(image.parts.version)
    if release is None or not major or int(major) > project.recipe.compilers.get(release, 0):
        return (
            f"no release of Debian is known to have the libraries of {image.name} {image.parts.version or ''}".rstrip()
        )
    packages = _packages(project, release)
    if isinstance(packages, str):
        return packages
    base = f"debian:{release}-slim"
    why = f"the compiler is needed to build only; {base} has its libraries"
    return [prefix_alone(Target(base, Safety.STANDARD, why, packages=packages), project)]


def _packages(project: Project, release: str | None) -> tuple[str, ...] | str:
    """What the runtime stage has to install, with the libraries that the base image's own packages bring."""
    packages = packages_to_start(project, release)
    if isinstance(packages, str):
        return packages
    if not has_libraries(project.image):
        beside = unlinked(project)
        return tuple(one for one in packages if one not in beside)
    try:
        developed = linked_to(project.stage, project.facts)
    except Unmet as reason:
        return f"{project.image.name} has libraries of its own, and {reason}"
    found = list(packages)
    if not _TRUSTING.isdisjoint(developed):
        found.append(CERTIFICATES)
    for name in developed:
        known = libraries(name, "debian", release)
        if known is None:
            return f"which package has the library of {name} is not known here"
        found += known
    return tuple(sorted(dict.fromkeys(found)))


def installed_by(build: Build, facts: Facts) -> tuple[str, ...]:
    """What installing the project in the build context creates; nothing where that is not known."""
    project = facts.project
    if project is None or len(build.stages) != 1:
        return ()
    stage = build.stages[0]
    copies = [step for step in stage.steps if isinstance(step, Copy)]
    strange = any(call.name in _FETCHING for call in facts.calls(stage))
    if strange or len(copies) != 1 or copies[0].sources not in ((".",), ("./",)) or copies[0].origin.flags:
        return ()
    told = prefixes(stage) or ("/usr/local",)
    text = (project.text("CMakeLists.txt") or "").lower()
    if len(told) != 1 or "openmp" in text or "fortran" in text or not told[0].startswith("/"):
        return ()
    return installed_files(project, told[0]) or ()
