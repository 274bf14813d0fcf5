"""Sources that a split may leave behind: the container starts a compiled program, or an archive with all of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from ...change import Claim, LeavesUnread
from ...ir.build import Stage
from ...ir.steps import Copy, Exec, Value
from ...patterns import re
from ...shell.script import Script
from ..bases.inherited import filled
from ..core.observe import commands, units
from ..core.verdict import Unsound
from ..metadata.metadata import folder
from ..moves.contents import Read
from .cargo_program import check_cargo
from .go_program import check_go
from .installed_program import check_installed
from .whole_archive import check_archive, is_plain

#: Images whose programs are compiled to machine code.
_COMPILES = re.compile(r"(?:docker\.io/)?(?:library/)?golang(?:[:@]|\Z)")
#: Images whose programs Cargo compiles.
_RUST = re.compile(r"(?:docker\.io/)?(?:library/)?rust(?:[:@]|\Z)")
#: Images whose build tools make archives.
_ARCHIVES = re.compile(r"(?:docker\.io/)?(?:library/)?(?:maven|gradle|eclipse-temurin|openjdk|java)(?:[:@]|\Z)")
#: Images whose build tools install programs below a prefix.
_INSTALLS = re.compile(r"(?:docker\.io/)?(?:library/)?(?:debian|ubuntu|alpine|buildpack-deps|gcc)(?:[:@]|\Z)")
#: Directories that hold more than sources.
_OWN = re.compile(
    r"/(?:bin|boot|dev|etc|home|lib\w*|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|go)?(?:/(?:s?bin|lib\w*|local|share|src))*\Z"
)


def unread(
    stage: Stage,
    runtime: Stage,
    place: str | None,
    env: Mapping[str, str],
    claims: Sequence[Claim],
    read: Read | None = None,
) -> frozenset[str]:
    """The directories that *claims* say hold sources of the program that *stage* compiles and its container starts.

    *place* is the working directory at the end of the stage, *env* its environment; *read* gives the text of a file of
    the build context, where that is at hand. Raises ``Unsound`` where the image does not compile programs, where one of
    the directories is not filled from the build context alone, or where what the container starts was not compiled
    there and copied to *runtime*.
    """
    folders = frozenset(
        one for claim in claims if isinstance(claim, LeavesUnread) and claim.what == "program" for one in claim.folders
    )
    lines = (stage.head.line, runtime.head.line)
    if not folders:
        return folders
    image = stage.head.image.lower()
    archived = _ARCHIVES.match(image) is not None
    installed = _INSTALLS.match(image) is not None
    rust = _RUST.match(image) is not None
    if not _COMPILES.match(image) and not rust and not archived and not installed:
        raise Unsound("what its image builds may read its sources", *lines)
    targets = set(_targets(stage, env, parts=not installed))
    for one in folders:
        if not one.startswith("/") or _OWN.match(posixpath.normpath(one)):
            raise Unsound(f"{one} holds more than sources", *lines)
        if one not in targets:
            raise Unsound(f"{one} is not what was copied from the build context", *lines)
    if installed:
        check_installed(stage, runtime, _words(stage), place, folders, read)
        return folders
    if archived:
        check_archive(stage, runtime, _words(stage), place, folders, read)
        return folders
    if rust:
        check_cargo(stage, runtime, _words(stage), place, env)
        return folders
    check_go(stage, runtime, _words(stage), place, env)
    return folders


def _targets(stage: Stage, env: Mapping[str, str], *, parts: bool) -> Iterator[str]:
    """The directories that the build context is copied to; with *parts*, also where only parts of it are."""
    at: str | None = "/"
    for step in stage.steps:
        if isinstance(step, Value) and step.keyword == "WORKDIR":
            at = folder(filled(step.value, env), at, "\\")
        elif isinstance(step, Copy) and (_of_context(step) or (parts and (is_plain(step) or _adds_folder(step)))):
            target = filled(step.destination, env)
            if at is not None or target.startswith("/"):
                yield posixpath.normpath(posixpath.join(at or "/", target))


def _of_context(step: Copy) -> bool:
    return step.origin.flag("from") is None and step.sources in ((".",), ("./",))


def _adds_folder(step: Copy) -> bool:
    """Whether ADD does what COPY would: it takes a directory of the build context, whose name is none of an archive."""
    plain = not step.origin.flags and not step.origin.heredocs
    return plain and all("." not in posixpath.basename(posixpath.normpath(one)) for one in step.sources)


def _words(stage: Stage) -> tuple[str, ...]:
    """The words that the container starts with; none where they are not known."""
    last = {step.keyword: step for step in stage.steps if isinstance(step, Exec)}
    main = last.get("ENTRYPOINT") or last.get("CMD")
    if main is None:
        return ()
    words = main.argv
    if words is None:
        script = main.body.script if main.body is not None else None
        found = commands(units(script)) if isinstance(script, Script) else []
        words = found[0].words if len(found) == 1 and not found[0].redirects else ()
        return words[1:] if words[:1] == ("exec",) else words
    given = last.get("CMD")
    return (*words, *(given.argv or ())) if given is not None and given is not main else words
