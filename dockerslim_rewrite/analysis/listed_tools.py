"""Whether a Python or PHP program runs without what pyproject.toml or composer.json list for development.

It does where all of that is known for tools, and no source of the project but its tests has a word of theirs.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from ..ir.build import Build
from ..knowledge.development import Omission, only_a_tool, word_of
from .facts import Facts

_MANIFESTS = {"poetry": "pyproject.toml", "composer": "composer.json"}
_SOURCES = {"python": (".py", ".sh"), "php": (".php", ".sh")}
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|specs?|docs?|vendor)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest|setup|noxfile)\.py\Z|Test\.php\Z",
    re.I,
)
#: How a source asks for the project's own tests.
_ASKS_TESTS = {
    "python": re.compile(r"^\s*(?:from|import)\s+(?:[\w.]*\.)?(?:tests?|conftest)\b", re.M),
    "php": re.compile(r"\\?\bTests\\"),
}
#: Scripts of composer.json that run when it installs.
_EVENTS = re.compile(
    r"(?:pre|post)-(?:install-cmd|autoload-dump|package-install|operations-exec|file-download)|command|init"
)
_OLD_POETRY = re.compile(r"get-poetry\.py|poetry[=<~^]+1\.[01]\b|POETRY_VERSION[= ]\"?1\.[01]\b|poetry[=<~^]+0\.")


class ListedTools:
    """Asks about the project in *folder* (an absolute path) of the last stage of *build*, by *known*'s manager."""

    def __init__(self, build: Build, facts: Facts, folder: str, known: Omission) -> None:
        self.build = build
        self.facts = facts
        self.known = known
        self.manifest = self._read(posixpath.join(folder, _MANIFESTS[known.manager]))
        self.groups = dict(self._groups())

    @property
    def names(self) -> tuple[str, ...]:
        """The packages that can be left out as far as the manifest tells, sorted."""
        return tuple(sorted({name for names in self.groups.values() for name in names}))

    @property
    def option(self) -> str:
        """The option that leaves them out."""
        return self.known.option + (",".join(self.groups) if self.known.manager == "poetry" else "")

    def needed(self) -> str | None:
        """Why the program may need one of them; None when it does not."""
        if self.known.manager == "poetry" and _OLD_POETRY.search(self.build.text):
            return "this Poetry does not know the option --without"
        scripts = self.manifest.get("scripts", {}) if self.manifest is not None else {}
        event = next((name for name in scripts if _EVENTS.fullmatch(name)), None) if isinstance(scripts, dict) else None
        if self.known.manager == "composer" and event is not None:
            return f"the script {event} of composer.json runs when it installs"
        strange = next((name for name in self.names if not only_a_tool(name, self.known.language)), None)
        if strange is not None:
            return f"it is not known that no program loads {strange}"
        return self._mentioned()

    def _mentioned(self) -> str | None:
        project, language = self.facts.project, self.known.language
        if project is None or not project.complete:
            return "the build context was not read to its end"
        words = [word for name in self.names if (word := word_of(name, language)) is not None]
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)") if words else None
        for file in project.files:
            if not file.path.endswith(_SOURCES[language]) or _TESTS.search(file.path):
                continue
            text = project.text(file.path)
            if text is None:
                return f"{file.path} cannot be read"
            if _ASKS_TESTS[language].search(text):
                return f"{file.path} loads the tests"
            found = pattern.search(text) if pattern is not None else None
            if found is not None:
                return f"{file.path} names {found[0]}"
        return None

    def _groups(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The groups of packages for development, those of Poetry that only hold tools."""
        if self.manifest is None:
            return
        if self.known.manager == "composer":
            listed = self.manifest.get("require-dev")
            if isinstance(listed, dict) and listed:
                yield "dev", tuple(name for name in listed if "/" in name)
            return
        poetry = self.manifest.get("tool", {}).get("poetry", {})
        groups = {
            name: group.get("dependencies")
            for name, group in poetry.get("group", {}).items()
            if not group.get("optional")
        }
        if isinstance(poetry.get("dev-dependencies"), dict):
            groups["dev"] = {**(groups.get("dev") or {}), **poetry["dev-dependencies"]}
        for name, group in groups.items():
            packages = tuple(package.lower().replace("_", "-") for package in group or ())
            if packages and re.fullmatch(r"[\w-]+", name) and all(only_a_tool(one, "python") for one in packages):
                yield name, packages

    def _read(self, path: str) -> Mapping[str, Any] | None:
        """The manifest at the image path *path*, where it comes from the context."""
        project = self.facts.project
        file = project.image_files(self.build).get(path) if project is not None else None
        text = project.text(file.path) if project is not None and file is not None else None
        try:
            found = None if text is None else tomllib.loads(text) if path.endswith(".toml") else json.loads(text)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None
