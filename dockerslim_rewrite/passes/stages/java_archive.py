"""An archive that holds all that a program needs is all that ships of what Maven or Gradle built."""

from __future__ import annotations

import posixpath

from ...analysis.runtime.fat_archives import archive_name
from ...analysis.runtime.opened import opens_files, reaches
from ...change import LeavesUnread
from ...ir.steps import Exec
from ...patterns import re
from ...record import evolve
from ...shell.script import Script
from ...text.paths import matches
from .left_sources import copied_folders, mixed, names_files
from .split_project import Project, Target

_MAVEN = frozenset(("mvn", "mvnw"))
_GRADLE = frozenset(("gradle", "gradlew"))
#: Words by which a build makes the archive under its usual name, and none that change it.
_WORD = re.compile(
    r"clean|package|install|verify|build|assemble|bootJar|shadowJar|dependencies|test|-x|dependency:[\w:-]+"
    r"|-[BqeoUXi]|-T\S*|-ntp|--(?:batch-mode|quiet|errors|offline|no-transfer-progress|no-daemon|stacktrace|info|console"
    r"|parallel|no-build-cache|refresh-dependencies)(?:=\w+)?|-D(?:skipTests|maven\.[\w.]+)(?:=\w+)?"
)
_MAKES = frozenset(("package", "install", "verify", "build", "assemble", "bootJar", "shadowJar"))
#: Commands that write nothing else where the sources lie.
_BESIDE = frozenset(("apt-get", "apt", "apk", "echo", "set", "true", "rm", "ls", "chmod", "mkdir", "cp", "mv"))
#: Tools of the kit, which make an archive of classes; and what makes those need others.
_KIT = frozenset(("javac", "jar"))
_CLASS_PATH = frozenset(("-cp", "-classpath", "--class-path", "-p", "--module-path", "-processorpath", "@"))
_MANIFEST = frozenset(("-m", "--manifest"))
_OLD_MANIFEST = re.compile(r"-?[ctxuvfe0Mi]*m[ctxuvfe0Mi]*|-?[tx][vf]*|--extract|--list|--update|-?u[vfe]*")
_WRAPPER = re.compile(r"\+x|[0-7]{3}|(?:\./)?(?:mvnw|gradlew)")
_BUILD_FILES = (
    "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "gradle.properties",
)  # fmt: skip
_PLAIN = re.compile(r"(?:[\w.+-]*/)*[\w.+*-]+\.jar\Z")


def archive_alone(target: Target, project: Project) -> Target:
    """*target* with the archive that the container starts, and without the directory that it was built in, where it
    holds all that it needs and the program opens no file of that directory; else as it is.
    """
    words = _words(project)
    word = words[words.index("-jar") + 1] if "-jar" in words[:-1] and words.count("-jar") == 1 else ""
    context, folder = project.facts.project, project.folder
    if context is None or folder is None or not _PLAIN.match(word) or any(one.startswith("@") for one in words):
        return target
    path = posixpath.normpath(posixpath.join(folder, word))
    built = [
        project.facts.state(call.run).workdir
        for call in project.facts.calls(project.stage)
        if call.name in _MAVEN | _GRADLE
    ]
    folders = {*copied_folders(project, whole=False), *(one for one in built if one is not None)}
    leaves = tuple(one.path for one in project.shipping.places if one.path in folders)
    if not leaves or not _only_built(project, leaves, path) or mixed(project, leaves):
        return target
    placed = context.copied(project.build)[-1]
    if not _whole(project, path, leaves) or names_files(project, leaves, (word, path)):
        return target
    if opens_files(context, "jvm", placed, leaves, folder) is not None:
        return target
    inside = any(path.startswith(f"{one}/") for one in leaves)
    places = (*((path,) if inside else ()), *(one.path for one in project.shipping.places if one.path not in leaves))
    why = f"{target.why}; {word} holds all that it needs, and opens no file of {' and '.join(leaves)}"
    return evolve(target, places=places, why=why, claims=(*target.claims, LeavesUnread("program", leaves)))


def _words(project: Project) -> tuple[str, ...]:
    """The words that start the container, with patterns as they stand."""
    last = [step for step in project.stage.steps if isinstance(step, Exec)][-1:]
    script = last[0].body.script if last and last[0].body is not None else None
    if not isinstance(script, Script):
        return project.starting.words
    return tuple(word.literal or word.text for command in script.commands for word in command.words)


def _only_built(project: Project, leaves: tuple[str, ...], path: str) -> bool:
    """Whether nothing but the build, and a copy of its archive to *path*, wrote into *leaves*; where the program runs
    elsewhere, anything may have.
    """
    makes = False
    for call in project.facts.calls(project.stage):
        words = [word or "" for word in call.argv[1:]]
        if call.name in _KIT:
            makes = makes or call.name == "jar"
            if not _CLASS_PATH.isdisjoint(words):
                return False
        elif call.name in _MAVEN | _GRADLE:
            if not all(_WORD.fullmatch(word) for word in words):
                return False
            makes = makes or not _MAKES.isdisjoint(words)
        elif call.name not in _BESIDE or (call.name == "chmod" and not all(map(_WRAPPER.fullmatch, words))):
            return False
    unread = any(project.facts.script(run) is None for run in project.stage.runs)
    ships = project.shipping
    own = (*leaves, path, *(posixpath.join(one, name) for one in leaves for name in ("mvnw", "gradlew")))
    wrote = [one for one in (*ships.ran, *ships.folders) if any(one.startswith(f"{leaf}/") for leaf in leaves)]
    near = reaches(project.folder or "/", leaves)
    return makes and not unread and (not near or all(one in own for one in wrote))


def _whole(project: Project, path: str, leaves: tuple[str, ...]) -> bool:
    """Whether the archive at *path* is the one with all that it needs: where the build puts it, or a copy of that."""
    if _named(project, path, posixpath.basename(path)):
        return True
    for call in project.facts.calls(project.stage):
        words = [word or "" for word in call.argv[1:]]
        place = project.facts.state(call.run).workdir or ""
        if call.name == "jar" and path in {posixpath.normpath(posixpath.join(place, word)) for word in words}:
            return _MANIFEST.isdisjoint(words) and not any(_OLD_MANIFEST.fullmatch(word) for word in words)
        if call.name not in ("cp", "mv") or len(words) != 2:
            continue
        source, end = (posixpath.normpath(posixpath.join(place, word)) for word in words)
        if end == path and any(source.startswith(f"{one}/") for one in leaves):
            return _named(project, source, posixpath.basename(source))
    return False


def _named(project: Project, path: str, pattern: str) -> bool:
    context = project.facts.project
    if context is None:
        return False
    placed = context.copied(project.build)[-1]
    folder = posixpath.dirname(path)
    root = folder.removesuffix("/target").removesuffix("/build/libs")
    read = {name: context.text(placed[at]) for name in _BUILD_FILES if (at := posixpath.join(root, name)) in placed}
    name = archive_name(read, path)
    return name is not None and matches(name, pattern)
