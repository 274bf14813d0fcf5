"""What puts a file into an image otherwise than by a COPY from the context: stages, addresses, archives, commands.

Sources: Dockerfile reference, "ADD" (a remote file keeps the last part of its address where the destination is a
directory; an archive of the context is unpacked), "COPY --from", "Here-Documents", "RUN --mount".
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from ..analysis.flow.destinations import destination
from ..analysis.flow.state import State, expand
from ..ir.steps import Copy, Onbuild, Run, Step
from ..patterns import re
from ..shell.script import Script
from .breaks import is_remote, plain

#: What ADD unpacks, as far as names tell.
_ARCHIVE = re.compile(r".*\.(?:tar|tgz|tbz2?|txz|tlz|tzst|gz|bz2|xz|zst|lzma|Z)\Z", re.I | re.S)
_REPOSITORY = re.compile(r"git@|(?:git|ssh)://|[^?#]*\.git(?:[?#]|\Z)", re.I)
#: Directories that base images fill themselves; what people build is put below /usr/src.
_FILLED = re.compile(r"/(?:bin|etc|lib\w*|opt|root|sbin|usr(?!/src)|var)(?:/|\Z)|/[^/]*\Z")
#: Where secrets are mounted that name no place. Source: Dockerfile reference, "RUN --mount=type=secret".
_SECRETS = "/run/secrets"


def may_bring(step: Step, image: str, state: State) -> bool:
    """Whether *step*, which finds *state*, may put something at *image* otherwise than by a COPY from the context."""
    if isinstance(step, Copy):
        target = destination(step, state)
        return target is None or (lies_in(image, target) and _copies(step, image, target))
    if isinstance(step, Run):
        script = step.body.script if step.body is not None else None
        text = script.text if isinstance(script, Script) else None if step.argv is None else " ".join(step.argv)
        name = re.escape(posixpath.basename(image))
        return text is None or re.search(rf"(?<![\w-]){name}(?![\w-])", text) is not None
    return isinstance(step, Onbuild)


def lies_in(path: str, folder: str) -> bool:
    """Whether the image path *path* is *folder* or lies in it."""
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def is_filled(image: str) -> bool:
    """Whether a base image may have a file at *image* by itself."""
    return _FILLED.match(image) is not None


def _copies(step: Copy, image: str, target: str) -> bool:
    """Whether *step*, which copies to *target*, may bring what lies at *image*, which is that or lies in it."""
    if step.origin.flag("from") is not None:
        return True
    if any("$" in one or _REPOSITORY.match(one) for one in step.sources):
        return True
    if step.keyword == "ADD" and any(_ARCHIVE.match(one) for one in step.sources if not is_remote(one)):
        return True
    names = [one.name for one in step.origin.heredocs]
    names += [_file_of(one) for one in step.sources if is_remote(one)]
    # Which of both it is, the destination alone does not always tell.
    return any(image in (target, posixpath.join(target, name)) for name in names)


def _file_of(address: str) -> str:
    """What the file at *address* is called in a directory."""
    try:
        return posixpath.basename(unquote(urlsplit(address).path))
    except ValueError:
        return ""


def is_mounted(run: Run, image: str, state: State, held: Callable[[str], bool | None]) -> bool:
    """Whether a mount of *run*, which finds *state*, may lie over *image* and bring it; *held* tells what the context
    has.
    """
    for mount in run.mounts:
        kind = mount.get("type", "bind")
        told = Run.mount_target(mount)
        name = mount.get("id") or posixpath.basename(mount.get("source") or mount.get("src") or "")
        place = told or ("" if mount.get("env") or kind != "secret" else posixpath.join(_SECRETS, name))
        at = expand(place, state) if place else None
        if not place:
            continue
        if at is None or not (at.startswith("/") or state.workdir):
            return True
        target = posixpath.normpath(posixpath.join(state.workdir or "/", at))
        if not lies_in(image, target):
            continue
        if kind != "bind" or mount.get("from"):
            return True
        source = expand(mount.get("source") or mount.get("src") or "", state)
        if source is None or held(plain(posixpath.join(source, posixpath.relpath(image, target)))) is not False:
            return True
    return False
