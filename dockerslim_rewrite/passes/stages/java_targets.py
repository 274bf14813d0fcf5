"""Where Java programs can run: the bases of their runtime stages."""

from __future__ import annotations

import posixpath
from itertools import pairwise

from ...analysis.runtime.java_kit import compiled_at_start
from ...change import Safety
from ...ir.steps import Exec
from ...patterns import re
from .java_archive import archive_alone
from .runtime_needs import needed_packages, unknown_program
from .split_project import Project, Target

#: What only the kit has: naming it means to use it. Agents that are named at the start need java.instrument, which
#: every runtime has. Source: Java documentation, package java.lang.instrument.
_KIT = re.compile(r"tools\.jar|jdk\.(?:compiler|jshell|jartool|attach)")
#: The words of a tag of Maven's or Gradle's image that tell the Java image beneath.
_BENEATH = re.compile(
    r"(?:(?P<tool>[\d.]+)-)?(?P<java>jdk-?|openjdk-|eclipse-temurin-)(?P<version>\d+)(?P<rest>(?:-\w+)*)\Z"
)
#: Goals, tasks and commands that write the class path of the build.
_LISTED = re.compile(
    r"\bbuild-classpath\b|\bprintClasspath\b|\bfullClasspath\b|\b(?:cs|coursier)\s++fetch\b|\s--classpath\b"
)
#: What a shell puts in for a command.
_MADE = re.compile(r"-(?:cp|classpath|-class-path)[ =\"',]{1,4}+[^ ,$`]*+(?:\$\(|`)")
_CLASS_PATH = frozenset(("-cp", "-classpath", "--class-path"))
#: Gradle's image is built on Temurin since this version.
_TEMURIN_SINCE = (7, 3)


def java_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, the boldest first, or why none is known."""
    problem = unknown_program(project)
    if problem is not None:
        return problem
    problem = _archive(project)
    if problem is not None:
        return problem
    if _KIT.search(project.build.text):
        return "it names a part of the development kit"
    if _LISTED.search(project.build.text):
        return "its class path may name archives in the build tool's own repository, which stays behind"
    if any(isinstance(step, Exec) and _MADE.search(step.origin.args) for step in project.stage.steps):
        return "a command makes its class path when the container starts"
    base = _runtime(project)
    if base is None:
        return f"no runtime variant of {project.image.name} is known for this tag"
    packages = needed_packages(project, project.image.release)
    if isinstance(packages, str):
        return packages
    why = f"compiler and build tools are needed to build only; {base} has the Java runtime of the same version"
    return [archive_alone(Target(base, Safety.STANDARD, why, packages=packages), project)]


def _archive(project: Project) -> str | None:
    """Why what ``java`` is told to run may be missing."""
    words = project.starting.words
    folder = project.folder or "/"
    at = next((index for index, word in enumerate(words) if posixpath.basename(word) == "java"), None)
    kit = compiled_at_start(words[at:]) if at is not None else None
    if kit is not None:
        return f"java compiles {kit} when it starts, which takes the development kit"
    if "-jar" in words[:-1]:
        path = posixpath.normpath(posixpath.join(folder, words[words.index("-jar") + 1]))
        return None if project.shipping.covers(path) else f"nothing here makes {path}"
    told = next((value for word, value in pairwise(words) if word in _CLASS_PATH), folder)
    for entry in told.split(":"):
        path = posixpath.normpath(posixpath.join(folder, entry.removesuffix("*")))
        if not project.shipping.covers(path):
            return f"nothing tells where the classes are that run in {path}"
    return None


def _runtime(project: Project) -> str | None:
    image = project.image
    for one in image.counterparts:
        if one.kind == "jre":
            return f"{one.image}:{one.tag}"
    if image.name not in ("maven", "gradle"):
        return None
    tag = project.stage.head.image.rpartition(":")[2] if ":" in project.stage.head.image else ""
    match = _BENEATH.fullmatch(tag)
    if match is None:
        return None
    if match["java"].startswith("jdk") and image.name == "gradle":
        version = tuple(int(part) for part in (match["tool"] or "").split(".") if part)
        if version and version < _TEMURIN_SINCE:
            return None
        name = "eclipse-temurin"
    else:
        name = "eclipse-temurin" if match["java"].startswith("eclipse") else "openjdk"
    if name == "openjdk" and int(match["version"]) > 11:
        return None
    return f"{name}:{match['version']}-jre{match['rest']}"
