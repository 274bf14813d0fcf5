"""What the old stage copied for its build alone, since its last COPYs bring it again to the same paths."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ...ir.build import Stage
from ...ir.steps import Copy, Run, Step
from ...patterns import re
from ..moves.contents import Read
from .own_directory import Wrote

_FILES = re.compile(
    r"(?:[\w./*-]*/)?(?:[\w.*-]+\.(?:txt|json|lock|toml|ya?ml|xml|cfg|ini|mod|sum|rb|py|[cm]?js|ts|gradle|kts|properties|in)"
    r"|Gemfile|Pipfile|Makefile|Rakefile|Procfile|\.npmrc|\.yarnrc(?:\.yml)?|\.(?:ruby|node|python)-version|\.tool-versions)"
)
_BUNDLER = ("Gemfile", "Gemfile.lock")
_OWNERS = re.compile(r"\b(?:chown|chmod|chgrp|setfacl|useradd|adduser)\b|(?:\A|[;&|(])\s*install\s")


class Brought:
    """The COPYs of *stage* with the indices *late*, as far as they copy the whole build context.

    *read* gives the text of a file of the build context, where that is at hand.
    """

    def __init__(self, stage: Stage, late: frozenset[int], read: Read | None = None) -> None:
        self._read = read
        self._wholes: list[str] = []
        self._first = min(late, default=-1)
        owned = any(isinstance(step, Run) and _OWNERS.search(step.origin.args) for step in stage.steps)
        self._off = owned or not late
        self._wrote: list[Wrote] = []
        self._named: dict[str, str] = {}

    def whole(self, step: Copy, target: str, folder: str | None) -> None:
        """Note the late *step*, which copies to *target*, seen from *folder*."""
        if any(flag.name in ("exclude", "from") for flag in step.origin.flags):
            return
        if [posixpath.normpath(one) for one in step.sources] == ["."] and (folder or target.startswith("/")):
            self._wholes.append(posixpath.normpath(posixpath.join(folder or "/", target)))

    def holds(self, path: str) -> bool:
        """Whether the late COPYs surely bring the file *path*, which the build context has."""
        return self._read is not None and any(
            self._read(path[len(whole.rstrip("/")) + 1 :]) is not None
            for whole in self._wholes
            if path.startswith(f"{whole.rstrip('/')}/")
        )

    def early(self, step: Copy, target: str, folder: str | None) -> None:
        """Note the files that the early *step* names, and copies to *target*, seen from *folder*."""
        sources = self._sources(step)
        into = len(sources) > 1 or step.destination.endswith(("/", "."))
        plain = not re.search(r"[*?\[$]", "".join(sources)) and not step.origin.flags and not step.origin.heredocs
        if into and plain and (folder or target.startswith("/")):
            place = posixpath.normpath(posixpath.join(folder or "/", target))
            for source in sources:
                self._named[posixpath.join(place, posixpath.basename(source))] = source.lstrip("/")

    def ran(self, found: Iterable[Wrote]) -> None:
        """Note what commands of the builder may have written where they ran."""
        self._wrote += found

    def _anew(self, path: str) -> bool:
        """Whether a command may have written into *path* what the late COPYs do not bring again."""
        for one in self._wrote:
            if one.folder is None:
                return True
            where = one.folder if one.file is None else posixpath.join(one.folder, one.file)
            source = self._named.get(where)
            again = source is not None and any(
                posixpath.normpath(posixpath.join(whole, source)) == where for whole in self._wholes
            )
            if one.file is not None and again:
                continue
            if f"{where}/".startswith(f"{path}/") or f"{path}/".startswith(f"{where.rstrip('/')}/"):
                return True
        return False

    def again(self, path: str, step: Step) -> bool:
        """Whether what *step* put at *path* is there in the runtime stage without the builder."""
        if self._off or step.index >= self._first or self._anew(path):
            return False
        if isinstance(step, Run):
            # mkdir alone; what COPY fills exists in any case.
            return (
                path in self._wholes and re.fullmatch(r"mkdir (?:-p )?[\w./-]+", step.origin.args.strip()) is not None
            )
        if not isinstance(step, Copy) or step.origin.flags or step.origin.heredocs:
            return False
        sources = self._sources(step)
        into = len(sources) > 1 or step.destination.endswith(("/", ".")) or "*" in "".join(sources)
        for whole in self._wholes:
            landed = {self._landed(path, source, into=into) for source in sources}
            wanted = {posixpath.normpath(posixpath.join(whole, source.lstrip("/"))) for source in sources}
            if landed == wanted and all(_FILES.fullmatch(source.removeprefix("./")) for source in sources):
                return True
        return False

    def _sources(self, step: Copy) -> tuple[str, ...]:
        """The sources of *step*, with Bundler's files where its pattern stands for both of them."""
        read = self._read
        both = read is not None and all(read(name) is not None for name in _BUNDLER)
        return tuple(name for one in step.sources for name in (_BUNDLER if both and one == "Gemfile*" else (one,)))

    @staticmethod
    def _landed(path: str, source: str, *, into: bool) -> str:
        name = posixpath.basename(source)
        return posixpath.join(path, name) if into and posixpath.basename(path) != name else path
