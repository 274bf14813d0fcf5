"""DS407: programs built from source, without the compiler."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals


def split_native(build: Build, facts: Facts) -> Proposals:
    """Build programs from source in one stage and ship them without the compiler in another.

    Compiler, headers and version control weigh 200 to 400 MB, and serve whoever breaks into a container.

    It is done only for a file of one stage on Debian, Ubuntu or Alpine whose container starts through a program that
    the stage builds. The runtime stage stands on the same release; it gets everything that the Dockerfile itself wrote
    at the same paths (with `make install` all of its prefix; without the sources where the build context shows that the
    program opens none of them), the packages that do not only serve builds, and for each development package its
    libraries, those of compilers only where something asks for them. Any command with unknown effects, any development
    package whose libraries are not known, installation among the distribution's own files, and scripts as entrypoint
    decline it. The GCC image has its compiler where programs are installed: there the build context's CMakeLists.txt
    must say what is installed. Packages that are installed again may be newer on that day. Sources: GNU Coding
    Standards, "Directory Variables"; Debian's and Alpine's package lists.
    """
    from .native_targets import gcc_targets, installed_by, native_targets
    from .splitting import split_stage

    yield from split_stage(build, facts, "native", native_targets)
    yield from split_stage(build, facts, "gcc", gcc_targets, installed_by(build, facts))
