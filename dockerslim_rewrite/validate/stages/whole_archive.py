"""An archive of Java with all that a program needs, which is all that ships of what a builder built.

Sources: Maven's and Gradle's directory layouts; the plugins of Spring Boot, Shade, Assembly and Shadow.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ...ir.build import Stage
from ...ir.steps import Copy, Value
from ...patterns import re
from ..core.program import commands_of
from ..core.verdict import Unsound
from ..metadata.metadata import folder
from ..moves.contents import Read

_BUILDS = frozenset(("mvn", "mvnw", "gradle", "gradlew"))
_MAKES = frozenset(("package", "install", "verify", "build", "assemble", "bootJar", "shadowJar"))
_BUILD_FILES = ("pom.xml", "build.gradle", "build.gradle.kts")
_WHOLE = re.compile(
    r"spring-boot-maven-plugin|maven-shade-plugin|jar-with-dependencies|org\.springframework\.boot|\.shadow['\"]|<modules>"
)
#: Words by which classes, or an archive of them, need others.
_NEEDS_MORE = re.compile(
    r"-cp|--?class-?path|-p|--module-path|-m|--manifest(?:=.*)?|--(?:extract|list|update)|@.*|-?[cvfe0M]*m[cvfe0M]*|-?[txu][vf]*"
)
#: Commands that are known to write nothing else among the sources.
_BESIDE = frozenset(("apt-get", "apt", "apk", "echo", "set", "true", "rm", "ls", "chmod", "mkdir", "cp", "mv"))


def check_archive(
    stage: Stage, runtime: Stage, words: Sequence[str], place: str | None, folders: frozenset[str], read: Read | None
) -> None:
    """Refuse an archive that the build of *stage* does not make in one of *folders*, or that needs more than is in it.

    *words* start the container, in the directory *place*; *read* gives the text of a file of the build context, where
    that is at hand. Raises ``Unsound``.
    """
    lines = (stage.head.line, runtime.head.line)
    if not words or words[0].rpartition("/")[2] != "java" or words.count("-jar") != 1 or words[-1] == "-jar":
        raise Unsound("what the container starts is not known to be an archive of Java", *lines)
    if any(re.match(r"-cp\Z|--?class-?path|-javaagent|-Dloader|@", word) for word in words):
        raise Unsound("the archive is given more than what is in it", *lines)
    path = posixpath.normpath(posixpath.join(place or "/", words[words.index("-jar") + 1].lstrip("\0")))
    copied = {
        source
        for step in runtime.steps
        if isinstance(step, Copy) and step.origin.flag("from")
        for source in step.sources
    }
    if path not in copied and not any(path.startswith(f"{one}/") for one in copied):
        raise Unsound(f"{path} is not in the runtime stage", *lines)
    made, roots, packed = {path}, set[str](), set[str]()
    at: str | None = "/"
    for step in stage.steps:
        if isinstance(step, Value) and step.keyword == "WORKDIR":
            at = folder(step.value, at, "\\")
        for command in commands_of(step):
            raw = [word.lstrip("\0") for word in command.words]
            name = raw[0].rpartition("/")[2] if raw else ""
            if name in ("cp", "mv") and len(raw) == 3 and posixpath.normpath(posixpath.join(at or "", raw[2])) in made:
                made.add(posixpath.normpath(posixpath.join(at or "", raw[1])))
            elif name in ("javac", "jar"):
                if any(_NEEDS_MORE.fullmatch(word) for word in raw[1:]):
                    raise Unsound("the archive that is built may need others beside it", step.line)
                packed |= {posixpath.normpath(posixpath.join(at or "", word)) for word in raw[1:] if name == "jar"}
            elif name in _BUILDS and not _MAKES.isdisjoint(raw) and at is not None:
                roots.add(at)
            elif name not in _BUILDS | _BESIDE:
                raise Unsound(f"what {name or 'a command'} writes into the sources may be read", step.line)
            if any(">" in operator and "&" not in operator for operator, _ in command.redirects):
                raise Unsound("what a redirection writes into the sources may be read", step.line)
    if path in packed:
        return
    built = [one for one in made for root in roots for end in ("target", "build/libs") if _in(one, root, end)]
    if not built or not any(one.startswith(f"{each}/") for one in built for each in folders):
        raise Unsound("what the container starts is not known to be built", *lines)
    if read is not None and not any(_WHOLE.search(text) for name in _told(stage) if (text := read(name)) is not None):
        raise Unsound("the archive that is built may need others beside it", *lines)


def _in(path: str, root: str, end: str) -> bool:
    """Whether *path* is an archive in the directory *end* of *root*, or of a module of it."""
    return re.fullmatch(rf"{re.escape(root.rstrip('/'))}/(?:[\w-]+/)*{end}/[^/]+\.jar", path) is not None


def _told(stage: Stage) -> Iterator[str]:
    """Where in the build context the files may lie that tell how the archive is built."""
    for step in stage.steps:
        for source in step.sources if isinstance(step, Copy) and is_plain(step) else ():
            if posixpath.basename(source) in _BUILD_FILES:
                yield posixpath.normpath(source).lstrip("/")
            else:
                yield from (posixpath.normpath(posixpath.join(source, name)).lstrip("/") for name in _BUILD_FILES)


def is_plain(step: Copy) -> bool:
    """Whether *step* copies from the build context and changes nothing on the way."""
    return step.keyword == "COPY" and not step.origin.flags and not step.origin.heredocs
