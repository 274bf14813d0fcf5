"""What the new image lacks of what the old one has, and what would cure it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from ...patterns import re
from ...record import record
from ..interface import StartOutcome
from ..starts import refused_anew, start_text, starts_agree
from ..verify import smoke_agrees
from . import elf, imports
from .access import unreadable
from .follow import follow
from .names import FOREIGN, missed, ran
from .observe import Observed

#: What no other image can have under that name.
_OWN = re.compile(
    r"(?:.*-dev|.*-doc|gcc.*|g\+\+.*|cpp.*|binutils.*|make|cmake|perl-modules.*|linux-libc.*|build-essential)\Z"
)
#: Packages that may be installed in a runtime stage again: libraries, and what full images have beside compilers.
_AGAIN = re.compile(
    r"lib[a-z0-9][a-z0-9.+-]*|zlib(?:1g)?|[a-z0-9]+-libs|pcre2?|yaml|vips|gmp|freetype|giflib|cairo|pango|pixman|oniguruma|"
    r"c-ares|tiff|readline|lcms2|openjpeg|geos|mariadb-connector-c|bzip2|ca-certificates|curl|file|git|gnupg|imagemagick|"
    r"mercurial|openssh-client|openssl|patch|procps|subversion|unzip|wget|xz-utils"
)
#: Programs of which images have a part without the package of that name.
_PARTED = frozenset(("perl", "python3", "ruby"))
_RUNTIMES = frozenset(
    ("python", "python3", "node", "ruby", "php", "java", "perl", "npm", "gunicorn", "flask", "uvicorn")
)
#: Libraries that read nothing of the kind: C, C++, threads, compression.
_PLAIN = re.compile(
    r"(?:libc|libm|libpthread|libdl|librt|libutil|libstdc\+\+|libgcc_s|libz|libgomp|ld-linux.*|libc\.musl.*)\.so.*"
)
#: Its files are made when it is installed, from all that it finds.
_CERTIFICATES = "ca-certificates"
_COMPILED = re.compile(r"(/.*/)__pycache__/([^/]+)\.cpython-\d+\.pyc\Z")


@record
class Problem:
    """Something that is not as before, in words; ``packages`` to install, or else ``places`` to carry, would cure it.

    ``user``: it may be so because another user runs the container.
    """

    reason: str
    packages: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    user: bool = False

    @property
    def cured(self) -> bool:
        """Whether there is a cure."""
        return bool(self.packages or self.places)


def problems(
    before: Observed, after: Observed, places: Iterable[str], programs: Iterable[tuple[str, str]] = ()
) -> tuple[Problem, ...]:
    """Everything that *after* lacks, of what *before* has and what ships in *places* needs.

    *programs* are commands that code is known to start, with where it does.
    """
    own = tuple(places)
    known = tuple(programs)
    found = [*_libraries(before, after), *_names(before, after, own, known), *_interpreters(before, after, known)]
    found += [*_opened(before, after), *_rights(before, after, own), *_packages(before, after), *_tried(before, after)]
    return tuple(found)


def _libraries(before: Observed, after: Observed) -> Iterator[Problem]:
    for name, needing in elf.lost(before.programs, after.programs).items():
        path = _where(name, before)
        reason = f"{needing[0]} needs {name}"
        yield _cure(reason, path, before) if path is not None else Problem(f"{reason}, which is not there")


def _where(name: str, before: Observed) -> str | None:
    """Where the old image has the library *name*."""
    if name.startswith("/"):
        return name if follow(name, before.image.files) else None
    paths = [path for path in before.image.files.paths() if posixpath.basename(path) == name]
    return min(paths, key=lambda path: (path not in before.programs.cache, len(path), path), default=None)


def _names(
    before: Observed, after: Observed, places: tuple[str, ...], programs: tuple[tuple[str, str], ...]
) -> Iterator[Problem]:
    unnamed = _reads_unnamed(before, places)
    for one in missed(before.texts, before.image.files, after.image.files, places, programs, unnamed=unnamed):
        yield _cure(f"{one.by} names {one.path}", one.path, before)


def _reads_unnamed(before: Observed, places: tuple[str, ...]) -> bool:
    """Whether what ships may look for certificates, time zones and the like though its own files do not name them.

    Languages' runtimes do, other libraries may, and programs that are linked to none may have such code in them; a
    program that is linked to C's own libraries only does not, but for the time where TZ is set.
    """
    own = [
        one for path, one in before.programs.elf.items() if any(path.startswith(f"{p}/") or path == p for p in places)
    ]
    started = {posixpath.basename(word) for word in before.image.config.command}
    if not own or "TZ" in before.image.config.fields.get("Env", {}) or not started.isdisjoint(_RUNTIMES):
        return True
    if any(
        posixpath.basename(path) in _RUNTIMES and path.startswith("/usr/local/bin/")
        for path in before.image.files.paths()
    ):
        return True
    return not all(_PLAIN.match(name) for one in own for name in one.needed)


def _interpreters(before: Observed, after: Observed, programs: tuple[tuple[str, str], ...]) -> Iterator[Problem]:
    """Programs that both images have, and of whose package only a part is left: Perl without its modules."""
    lost = {name.partition(":")[0] for name in before.image.packages.keys() - after.image.packages.keys()}
    own = ((by, text) for by, text in sorted(before.texts.items()) if not FOREIGN.search(by))
    run = [*programs, *((word, by) for by, text in own for word in ran(by, text))]
    for word, by in sorted(set(run)):
        if word in lost & _PARTED:
            reason = f"{by} runs {word}, whose package only the old image has as a whole"
            yield Problem(reason, packages=(word,)) if _AGAIN.fullmatch(word) else Problem(reason)


def _opened(before: Observed, after: Observed) -> Iterator[Problem]:
    """What the container opened when it started, is not there any more, and was sought."""
    if before.start is None or after.start is None or before.start.trace is None or after.start.trace is None:
        return
    for path in sorted(before.start.trace.found):
        source = _COMPILED.sub(r"\1\2.py", path)
        gone = follow(path, after.image.files) is None and follow(source, after.image.files) is None
        if gone and path in after.start.trace.sought and follow(path, before.image.files) is not None:
            yield _cure(f"the container opens {path} when it starts", path, before)


def _cure(reason: str, path: str, before: Observed) -> Problem:
    owner = before.owner(path)
    if owner is None:
        return Problem(reason, places=(path,))
    if _OWN.match(owner):
        return Problem(f"{reason}, of {owner}, which only builds should need")
    again = (owner,) if _AGAIN.fullmatch(owner) else ()
    program = any(f"/{folder}/" in path for folder in ("bin", "sbin"))
    if program or ".so" in path or owner == _CERTIFICATES:
        return Problem(reason, packages=again) if again else Problem(f"{reason}, of the package {owner}")
    # Data is carried as it is where something can be: a package might bring more than was asked for.
    return Problem(reason, again, (path,))


def _rights(before: Observed, after: Observed, places: tuple[str, ...]) -> Iterator[Problem]:
    if after.user is None or before.user is None:
        if after.image.config.fields.get("User") != before.image.config.fields.get("User"):
            yield Problem("which user the container has is not known", user=True)
        return
    known = set(unreadable(before.image.files, before.user, places))
    for path in unreadable(after.image.files, after.user, places):
        if path not in known:
            yield Problem(f"user {after.user.user} may not read {path}", user=True)


def _packages(before: Observed, after: Observed) -> Iterator[Problem]:
    for language, told in before.imports.items():
        for name, said in imports.lost(told, after.imports.get(language, {})).items():
            yield Problem(f"{language} does not load {name}: {said.splitlines()[0] if said else said}")


def _tried(before: Observed, after: Observed) -> Iterator[Problem]:
    if not starts_agree(before.start, after.start):
        yield Problem(_started(before.start, after.start), user=True)
    if not smoke_agrees(before.smoke, after.smoke):
        yield Problem("the smoke command ends otherwise", user=True)


def _started(before: StartOutcome | None, after: StartOutcome | None) -> str:
    text = f"the container {start_text(after)}; before, it {start_text(before)}"
    refused = sorted(refused_anew(before, after)) if before is not None and after is not None else []
    lines = [] if after is None else [line for line in after.output.splitlines() if line.strip()]
    # What the engine adds is not the container's.
    said = next((line for line in reversed(lines) if not line.startswith("Error: exit status")), "")
    return (
        text
        + (f"; it is refused {refused[0]}" if refused else "")
        + (f"; it says: {said.strip()[:200]}" if said else "")
    )
