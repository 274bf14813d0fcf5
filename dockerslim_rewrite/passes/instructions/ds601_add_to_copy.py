"""DS601: ADD of local files that are no archives."""

from __future__ import annotations

import posixpath

from ...analysis.facts import Facts
from ...analysis.flow.state import expand
from ...change import Change, ReplacesInstruction, Safety
from ...ir.build import Build
from ...ir.steps import Copy, Onbuild
from ...patterns import re
from ...text import Edit
from ...text.paths import matches
from ..base import Proposals, missed
from .lines import blanks_behind

_REMOTE = re.compile(r"(?:https?|ftp|git|ssh)://|git@|github\.com/|(?!(?:.*/)?\.git\Z).*\.git(?:#|\Z)", re.I)
_ARCHIVE = re.compile(r".*\.(?:tar|tgz|tbz2?|txz|tlz|tzst|gz|bz2|xz|zst|lzma|Z)\Z", re.I)
#: Files that may be no text and are no tar archives either: ADD copies them. Source: Dockerfile reference, "ADD".
_KNOWN = re.compile(
    r"\.(?:[jwe]ar|zip|whl|egg|deb|rpm|apk|png|jpe?g|gif|ico|webp|avif|bmp|svg|pdf|ttf|otf|woff2?|eot|mp[34]|ogg|wav|webm|so|"
    r"dll|exe|a|o|class|pyc|wasm|db|sqlite3?|sql|csv|tsv|json|xml|txt|md|html?|js|css|p12|jks|pfx|pem|crt|key|h5|onnx|pkl|"
    r"npy|npz|parquet|rds|rdata|xlsx?|docx?|pptx?)\Z",
    re.I,
)
_ONLY_ADD = frozenset(("keep-git-dir", "checksum", "unpack"))


def add_to_copy(build: Build, facts: Facts) -> Proposals:
    """Use COPY where ADD neither fetches nor unpacks.

    ADD downloads URLs, clones git repositories and unpacks tar archives; a reader of `ADD x y` cannot tell which of
    these is meant. COPY only copies.

    Safe because only sources that are named as local files or folders and by their name cannot be tar archives are
    taken; URLs, git repositories, archives, patterns that may match an archive and names in variables stay, as does a
    file of the build context that is no text, of which no known ending says what it is: ADD goes by the first bytes.
    The destination stays as it is written. Source: Dockerfile reference, ADD and COPY.
    """
    for stage in build.stages:
        for step in stage.steps:
            copy = step.trigger if isinstance(step, Onbuild) else step
            if not isinstance(copy, Copy) or copy.keyword != "ADD":
                continue
            reason = _obstacle(copy, facts)
            if reason is None:
                reason = _of_another_context(copy) if isinstance(step, Onbuild) else _unread(copy, facts)
            if reason is None:
                reason = _without_workdir(copy, facts)
            if reason == "":
                continue
            if reason is not None:
                yield missed(step.line, f"ADD stays: {reason}")
                continue
            yield _as_copy(copy, build, facts)


def _as_copy(copy: Copy, build: Build, facts: Facts) -> Change:
    span = copy.origin.keyword_span
    keyword = "copy" if build.text[span.start : span.end].islower() else "COPY"
    # In a column of its own, what follows stays there.
    spare = blanks_behind(copy, copy.keyword, facts) - blanks_behind(copy, keyword, facts)
    return Change(
        edits=(Edit.replace(span.start, span.end + spare, keyword),),
        title="ADD becomes COPY",
        reason="nothing is fetched or unpacked here, so COPY does the same and says so",
        safety=Safety.SAFE,
        claims=(ReplacesInstruction("ADD", "COPY"),),
        line=copy.line,
    )


def _of_another_context(copy: Copy) -> str | None:
    """Why nobody knows that a source of the trigger *copy*, which another build's context holds, is no archive."""
    for source in copy.sources:
        bare = source.strip("\"'")
        if not bare.endswith(("/", ".")) and not re.search(r"\.\w+\Z", bare):
            return f"{source} is of another build's context, and may be an archive"
    return None


def _unread(copy: Copy, facts: Facts) -> str | None:
    """Why a source of *copy* may be an archive by its first bytes, at which ADD looks and not at the name; None where
    each is a directory, a text, or of a known other kind, and where nobody has its context.
    """
    project = facts.project
    if project is None:
        return None
    files = {file.path: file for file in project.files}
    for source in copy.origin.json or copy.sources:
        path = posixpath.normpath("/" + source.strip("\"'")).lstrip("/")
        if path in files and not _KNOWN.search(path) and project.text(path) is None:
            return f"{path} is no text, and may be an archive whatever its name says"
        if project.holds(path) is None and not _KNOWN.search(path):
            return f"{path} may be an archive whatever its name says, since not all of the build context is known"
    return None


def _without_workdir(copy: Copy, facts: Facts) -> str | None:
    """Linters look twice at a COPY to a relative path without a WORKDIR; it would be a new finding."""
    relative = not copy.destination.strip("\"'").startswith(("/", "$")) and not re.match(r"[A-Za-z]:", copy.destination)
    if relative and facts.state(copy).workdir is None:
        return "its destination is relative, and no WORKDIR says to what"
    return None


def _may_match(pattern: str, facts: Facts) -> bool:
    """Whether a file of the build context that is an archive, or of which nobody knows, may match *pattern*."""
    project = facts.project
    if project is None or not project.complete or "**" in pattern:
        return True
    wanted = posixpath.normpath("/" + pattern).lstrip("/")
    folder, name = posixpath.split(wanted)
    found = [
        file.path
        for file in project.files
        if posixpath.dirname(file.path) == folder and matches(posixpath.basename(file.path), name)
    ]
    return not found or any(not _KNOWN.search(path) for path in found)


def _obstacle(copy: Copy, facts: Facts) -> str | None:
    """Why ADD is needed ('' when that is plain to see), None when COPY does the same."""
    if any(flag.name in _ONLY_ADD for flag in copy.origin.flags):
        return ""
    for source in copy.sources:
        bare = source.strip("\"'")
        if bare.startswith("<<"):
            continue
        known = expand(bare, facts.state(copy)) if "$" in bare else None
        if known is not None and (_REMOTE.match(known) or _ARCHIVE.match(known)):
            return ""
        if _REMOTE.match(bare) or _ARCHIVE.match(bare):
            return ""
        if "$" in bare:
            # What begins with ./ or / is no URL, and what ends with / is a directory.
            local = bare.startswith(("./", "../", "/"))
            if local and bare.endswith("/"):
                continue
            return f"{source} may be {'' if local else 'a URL or '}an archive, depending on a variable"
        name = posixpath.basename(bare.rstrip("/"))
        if re.search(r"[*?\[]", name) and not re.search(r"\.[A-Za-z0-9_-]+\Z", name) and _may_match(bare, facts):
            return f"the pattern {source} may match an archive"
    return None
