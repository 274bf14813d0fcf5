"""Whether a Python or PHP program runs without what pyproject.toml or composer.json list for development.

It does where all of that is known for tools, and no source of the project but its tests has a word of theirs.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from ...ir.build import Build
from ...ir.steps import Healthcheck
from ...knowledge.development import Omission, only_a_tool, word_of
from ...patterns import re
from ...text.structured import read_json, read_toml
from ..facts import Facts
from ..flow.given_commands import given_commands
from ..flow.start import start_of

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
#: What runs something that a list elsewhere names: scripts of composer.json, targets of a Makefile, sessions of tests.
_ELSEWHERE = re.compile(r"(?<![\w./-])(?:composer|make|tox|nox|just|invoke)(?:\s|\Z)")
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
        event = next((name for name in _table(self.manifest, "scripts") if _EVENTS.fullmatch(name)), None)
        if self.known.manager == "composer" and event is not None:
            return f"the script {event} of composer.json runs when it installs"
        strange = next((name for name in self.names if not only_a_tool(name, self.known.language)), None)
        if strange is not None:
            return f"it is not known that no program loads {strange}"
        words = {word for name in self.names if (word := word_of(name, self.known.language)) is not None}
        words |= {name.rpartition("/")[2] for name in self.names}
        pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(words)))})(?![\w-])")
        return self._started(pattern) or self._mentioned(pattern)

    def _started(self, pattern: re.Pattern[str]) -> str | None:
        """What the container runs of them."""
        steps = [step for step in self.build.stages[-1].steps if isinstance(step, Healthcheck)]
        for step in (*start_of(self.build), *steps):
            found = pattern.search(step.origin.args) if step is not None else None
            if step is not None and (found is not None or "vendor/bin/" in step.origin.args):
                return f"{step.keyword} runs {found[0] if found is not None else 'a program of a package'}"
        for given in given_commands(self.build, self.facts.project):
            words = [word or "$" for word in given.argv]
            text = " ".join(words)
            found = pattern.search(text)
            runs = found[0] if found is not None else None
            if runs is None and ("vendor/bin/" in text or "$" in text or _ELSEWHERE.search(text)):
                runs = " ".join(words[:3]).replace("$", "…")
            if runs is not None:
                return f"{given.where} runs {runs}"
        return None

    def _mentioned(self, pattern: re.Pattern[str]) -> str | None:
        """Which source of the project has a word of theirs."""
        project, language = self.facts.project, self.known.language
        if project is None or not project.complete:
            return "the build context was not read to its end"
        for file in project.files:
            if not file.path.endswith(_SOURCES[language]) or _TESTS.search(file.path):
                continue
            text = project.text(file.path)
            if text is None:
                return f"{file.path} cannot be read"
            if _ASKS_TESTS[language].search(text):
                return f"{file.path} loads the tests"
            found = pattern.search(text)
            if found is not None:
                return f"{file.path} names {found[0]}"
        return None

    def _groups(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The groups of packages for development, those of Poetry that only hold tools."""
        if self.known.manager == "composer":
            listed = tuple(name for name in _table(self.manifest, "require-dev") if "/" in name)
            if listed:
                yield "dev", listed
            return
        poetry = _table(_table(self.manifest, "tool"), "poetry")
        found = _table(poetry, "group")
        groups = {
            name: dict(_table(_table(found, name), "dependencies")) for name in found if not _optional(found[name])
        }
        if "dev-dependencies" in poetry:
            groups["dev"] = {**groups.get("dev", {}), **_table(poetry, "dev-dependencies")}
        for name, group in groups.items():
            packages = tuple(package.lower().replace("_", "-") for package in group)
            if packages and re.fullmatch(r"[\w-]+", name) and all(only_a_tool(one, "python") for one in packages):
                yield name, packages

    def _read(self, path: str) -> Mapping[str, Any] | None:
        """The manifest at the image path *path*, where it comes from the context."""
        project = self.facts.project
        file = project.image_files(self.build).get(path) if project is not None else None
        text = project.text(file.path) if project is not None and file is not None else None
        try:
            found = None if text is None else read_toml(text) if path.endswith(".toml") else read_json(text)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def _table(data: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    """The table *key* of *data*; an empty one where there is none."""
    found = data.get(key) if data is not None else None
    return found if isinstance(found, dict) else {}


def _optional(group: object) -> bool:
    return isinstance(group, dict) and bool(group.get("optional"))
