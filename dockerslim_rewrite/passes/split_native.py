"""DS407: programs built from source, without the compiler."""

from __future__ import annotations

from ..analysis.facts import Facts
from ..change import Safety
from ..ir.build import Build
from .base import Proposals, rewrite_pass
from .splitting import Project, Target, needed_packages, program, split_stage


@rewrite_pass(
    "DS407", "split-native", Safety.STANDARD, mentions=("make", "gcc", "g++", "ninja", "cc ", "clang", "meson", "scons")
)
def split_native(build: Build, facts: Facts) -> Proposals:
    """Build programs from source in one stage and ship them without compiler and sources in another.

    Compiler, headers and version control weigh 200 to 400 MB, and serve whoever breaks into a container.

    It is done only for a file of one stage on Debian, Ubuntu or Alpine whose container starts through a program that
    the stage builds. The runtime stage stands on the same release; it gets everything that the Dockerfile itself wrote
    at the same paths (with `make install` all of its prefix), the packages that do not only serve builds, and for each
    development package its libraries. Any command with unknown effects, any development package whose libraries are
    not known, installation among the distribution's own files, and scripts as entrypoint decline it.
    Sources: GNU Coding Standards, "Directory Variables"; Debian's and Alpine's package lists.
    """
    yield from split_stage(build, facts, "native", native_targets)


def native_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, the boldest first, or why none is known."""
    packages = needed_packages(project, project.image.release)
    if isinstance(packages, str):
        return packages
    for started in project.starting.programs:
        problem = None if started.name in packages else program(project, started)
        if problem is not None:
            return problem
    image = project.image
    base = project.stage.head.image
    if image.name in ("debian", "buildpack-deps"):
        if image.release is None:
            return f"the release of Debian beneath {image.name} is not known"
        base = f"debian:{image.release}-slim"
    why = f"compiler and sources are needed to build only; {base} is the same release"
    return [Target(base, Safety.STANDARD, why, packages=packages)]
