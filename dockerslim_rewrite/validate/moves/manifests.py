"""A COPY of the whole context that comes later: only installations may stand before it, and only on files of theirs.

Which files an installation reads is not known here but by its form: what stands between may be a command of a closed
list, without operands that lie in the project, and the files that it names, or that its manager looks for where it
runs, must be among those that are copied first.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from ...change import CopiesFirst
from ...ir.steps import Arg, Copy, Env, Label, Listing, Run, Step, Value
from ...patterns import re
from ...record import evolve
from ...text.paths import matches
from ..core.program import commands_of
from ..metadata.metadata import folder
from .contents import Contents, Read
from .managers import Scene, installs

_PLAIN = re.compile(r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.@+-]+(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.@+-]+)*\Z")
_ARCHIVE = re.compile(r".*\.(?:tar|tgz|gz|bz2|xz|zip|whl)\Z")


def copied_later(
    left: Copy,
    rights: Sequence[Copy],
    standing: Sequence[str],
    rest: Sequence[Step],
    flags: Sequence[tuple[str, object]],
    where: tuple[str | None, str],
    read: Read | None = None,
    variables: Mapping[str, str | None] = MappingProxyType({}),
) -> Iterator[Copy]:
    """The steps of *rest* that may copy what *left* copies, if *rights* copy some of it beforehand, beside what
    earlier steps have copied: the paths *standing* of the context.

    *flags* are those that *rights* may have; *where* is the folder in which they stand, and the escape character. All
    steps before the ones that are given need no more than *rights* copy. *read* reads files of the build context;
    *variables* are those that commands find, None for a value that is not known.
    """
    cwd, escape = where
    if left.origin.heredocs or left.origin.flag("from") is not None or left.sources not in ((".",), ("./",)):
        return
    if "$" in left.destination or not all(_is_part(right, left, flags) for right in rights):
        return
    start = cwd or "/\0"
    target = posixpath.join(start, left.destination)
    paths = (*standing, *(path for right in rights for path in right.sources))
    copied = {posixpath.normpath(posixpath.join(target, path)): path for path in paths}
    contents = None
    whole = posixpath.normpath(target)
    if read is not None:
        contents = Contents({image: read(path) for image, path in copied.items()}, partial(_context, read, whole))
    scene = Scene(frozenset(copied), start, contents, whole, variables)
    for step in rest:
        if isinstance(step, Copy) and step.sources == left.sources:
            yield step
        if isinstance(step, Value) and step.keyword == "WORKDIR":
            moved = folder(step.value, scene.cwd, escape)
            if moved is None or not left.destination.startswith("/"):
                return
            scene = evolve(scene, cwd=moved)
        elif isinstance(step, Env):
            scene = evolve(scene, variables={**scene.variables, **values_of(step, scene.variables)})
        elif not _needs_no_more(step, scene):
            return


def values_of(step: Env | Arg, known: Mapping[str, str | None]) -> dict[str, str | None]:
    """The variables that *step* sets; None for values that are not plain words."""
    values = {pair.key: pair.value for pair in step.pairs}
    if isinstance(step, Arg):
        return {name: None for name in values if name not in known}
    return {name: _plain_value(value, known) for name, value in values.items()}


def _plain_value(value: str | None, known: Mapping[str, str | None]) -> str | None:
    bare = (value or "").strip("\"'")
    for name in re.findall(r"\$\{?(\w+)", bare):
        given = known.get(name)
        if given is None:
            return None
        bare = re.sub(rf"\$\{{{name}\}}|\${name}\b", lambda _, given=given: given, bare)  # type: ignore[misc]
    return None if re.search(r"[$\\\"']", bare) else bare


def _context(read: Read, target: str, image: str) -> str | None:
    """The text of the file of the context that lies at *image* when all of it is copied to *target*."""
    prefix = target.rstrip("/") + "/"
    return read(image.removeprefix(prefix)) if image.startswith(prefix) else None


def unclaimed(
    claims: Sequence[CopiesFirst], rights: Sequence[Copy], earlier: Sequence[Step], left: Copy, workdir: str | None
) -> tuple[str, ...] | None:
    """The files of *claims* that none of *rights* copies, all of which *earlier* steps have copied to where *left* puts
    them; None where they have not, or nothing is claimed.

    *earlier* stand in front of *left* with no RUN between, so that the files are as they are in the context.
    """
    mine = [claim for claim in claims if not any(is_claimed(right, [claim]) for right in rights)]
    found: list[str] = []
    for claim in mine:
        for path in claim.sources:
            if not any(isinstance(step, Copy) and _puts(step, path, left, workdir) for step in earlier):
                return None
            found.append(path)
    return tuple(found) if rights or found else None


def _puts(step: Copy, path: str, left: Copy, workdir: str | None) -> bool:
    """Whether *step* copies the file *path* of the context to where *left* puts it."""
    if step.origin.flags or step.origin.heredocs or not _PLAIN.match(path) or "$" in step.destination:
        return False
    start = workdir or "/\0"
    place = posixpath.normpath(posixpath.join(start, left.destination, path))
    folder_there = posixpath.normpath(posixpath.join(start, step.destination))
    into = step.destination.endswith(("/", ".")) or len(step.sources) > 1
    for source in step.sources:
        plain = source.removeprefix("./")
        alike = posixpath.dirname(plain) == posixpath.dirname(path) and matches(
            posixpath.basename(path), posixpath.basename(plain)
        )
        if alike and (posixpath.join(folder_there, posixpath.basename(path)) if into else folder_there) == place:
            return True
    return False


def is_claimed(step: Step, claims: Sequence[CopiesFirst]) -> bool:
    """Whether *step* copies what one of *claims* says."""
    return isinstance(step, Copy) and any(
        (claim.sources, claim.destination) == (step.sources, step.destination) for claim in claims
    )


def _is_part(right: Copy, left: Copy, flags: Sequence[tuple[str, object]]) -> bool:
    """Whether *right* copies files, or a folder, to where *left* puts them."""
    if right.keyword not in (left.keyword, "COPY") or any(flag not in flags for flag in right_flags(right)):
        return False
    if not all(_PLAIN.match(source) for source in right.sources):
        return False
    if right.keyword == "ADD" and any(_ARCHIVE.match(source) for source in right.sources):
        # Of a folder, ADD copies the archives as they are; it unpacks those that it is given by name.
        return False
    target = left.destination.rstrip("/") + "/"
    folders = {posixpath.dirname(source) for source in right.sources}
    as_files = len(folders) == 1 and right.destination == posixpath.join(target, *folders, "")
    as_folder = len(right.sources) == 1 and right.destination == posixpath.join(target, right.sources[0], "")
    return as_files or as_folder


def right_flags(step: Copy) -> list[tuple[str, str | None]]:
    """The flags of *step* by name and value."""
    return [(flag.name, flag.value) for flag in step.origin.flags]


def _needs_no_more(step: Step, scene: Scene) -> bool:
    """Whether *step* reads nothing of the project but what was copied."""
    if isinstance(step, Env | Label | Listing) or (isinstance(step, Value) and step.keyword == "STOPSIGNAL"):
        return True
    if not isinstance(step, Run) or any(name == "mount" and "bind" in (value or "bind") for name, value in step.flags):
        return False
    found = commands_of(step)
    return bool(found) and all(installs(command, scene) for command in found)
