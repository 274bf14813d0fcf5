"""DS404: Java programs without the development kit that built them."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals


def split_java(build: Build, facts: Facts) -> Proposals:
    """Build Java programs in one stage and ship them on the runtime environment in another.

    A kit holds compiler, sources and debugging tools, a Maven or Gradle image the build tool and a repository of all
    that a build ever asked for. A program needs the runtime environment.

    It is done only for a file of one stage that compiles or packages, and whose container starts through `java` with a
    JAR or classes that lie in a place that the Dockerfile itself wrote. The runtime stage gets all of these places at
    the same paths, and all of the configuration; it stands on the `jre` variant of the same image and release. Where
    the build file says that the archive holds all that it needs, and neither sources, settings nor the command line
    lead to files of the project, the archive ships alone. Any command with unknown effects, any package that the
    program might run, and scripts as entrypoint decline it. The assumption is that the program uses no tool of the kit.
    Packages that are installed again may be newer on that day. Sources: docker-library openjdk, maven, gradle,
    eclipse-temurin; the plugins of Spring Boot, Shade, Assembly and Shadow.
    """
    from .java_targets import java_targets
    from .splitting import split_stage

    yield from split_stage(build, facts, "java", java_targets)
