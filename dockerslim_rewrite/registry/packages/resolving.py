"""Which versions an installation would choose, and what they need: pip's answer without running pip.

Source: resolvelib, which pip uses; PEP 508 for markers and extras, PEP 440 for versions. Pre-releases are taken only
where nothing else answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from resolvelib import AbstractProvider, BaseReporter, ResolutionError, ResolutionImpossible, Resolver

from ...record import record
from .archives import Archive, requires_of, source, wheel
from .simple import Index, IndexFile
from .tags import MACHINES, Release, full_version, releases

#: Choices that are tried, those that are taken back included: a project of some hundred packages needs as many.
_ROUNDS = 1_000


class Unresolved(Exception):
    """A set of requirements that no choice of versions answers, or of which too little is known."""


@record
class Chosen:
    """A version that is installed: ``requires`` are keys ``name==version`` of others."""

    name: str
    release: Release
    requires: tuple[str, ...]

    @property
    def key(self) -> str:
        """The key of its entry in the lock file."""
        return f"{self.name}=={self.release.version}"


class Store:
    """What was asked of *index*, kept for as long as one lock is made."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._releases: dict[tuple[str, str], tuple[Release, ...]] = {}
        self._files: dict[str, tuple[IndexFile, ...]] = {}
        self._archives: dict[str, Archive] = {}
        self._requires: dict[str, tuple[str, ...]] = {}

    def releases(self, name: str, python: str) -> tuple[Release, ...]:
        """The versions of *name* that fit *python*. Raises ``RegistryError``."""
        if (name, python) not in self._releases:
            if name not in self._files:
                self._files[name] = self.index.files(name)
            self._releases[name, python] = releases(self._files[name], python)
        return self._releases[name, python]

    def archive(self, file: IndexFile) -> Archive:
        """What is inside of *file*. Raises ``RegistryError``."""
        if file.url not in self._archives:
            read = wheel if file.name.endswith(".whl") else source
            with self.index.content(file) as content:
                self._archives[file.url] = read(content, file.name)
        return self._archives[file.url]

    def requires(self, file: IndexFile) -> tuple[str, ...]:
        """The requirements of *file*. Raises ``RegistryError`` or ``Unresolved``."""
        if file.url not in self._requires:
            if file.metadata:
                found: tuple[str, ...] | None = requires_of(self.index.metadata(file))
            else:
                found = self.archive(file).requires
            if found is None:
                raise Unresolved(f"{file.name} does not say what it needs before it is built")
            self._requires[file.url] = found
        return self._requires[file.url]


@record
class _Candidate:
    name: str
    extras: frozenset[str]
    release: Release


class _Provider(AbstractProvider[Requirement, _Candidate, tuple[str, frozenset[str]]]):
    def __init__(self, store: Store, python: str) -> None:
        self._store = store
        self._python = python
        self._environment = _environment(python)

    def identify(self, requirement_or_candidate: Requirement | _Candidate) -> tuple[str, frozenset[str]]:
        name = canonicalize_name(requirement_or_candidate.name)
        return name, frozenset(canonicalize_name(extra) for extra in requirement_or_candidate.extras)

    def get_preference(
        self, identifier: Any, resolutions: Any, candidates: Any, information: Any, backtrack_causes: Any
    ) -> Any:
        exact = any("==" in str(one.requirement.specifier) for one in information[identifier])
        # What made an earlier choice fail is settled before what follows from it, as pip does.
        causes = {canonicalize_name(one.requirement.name) for one in backtrack_causes}
        causes |= {one.parent.name for one in backtrack_causes if one.parent is not None}
        return not exact, identifier[0] not in causes, str(identifier)

    def find_matches(self, identifier: Any, requirements: Any, incompatibilities: Any) -> Sequence[_Candidate]:
        name, extras = identifier
        specifier = SpecifierSet()
        for requirement in requirements[identifier]:
            specifier &= requirement.specifier
        bad = {candidate.release.version for candidate in incompatibilities[identifier]}
        found = self._store.releases(name, self._python)
        versions = set(specifier.filter([one.version for one in found]))
        return [_Candidate(name, extras, one) for one in found if one.version in versions - bad]

    def is_satisfied_by(self, requirement: Requirement, candidate: _Candidate) -> bool:
        return requirement.specifier.contains(candidate.release.version, prereleases=True)

    def get_dependencies(self, candidate: _Candidate) -> Iterable[Requirement]:
        yield from self.needed(candidate.release, candidate.extras)
        if candidate.extras:
            # Extras add to the package itself, which is one and the same for all of them.
            yield Requirement(f"{candidate.name}=={candidate.release.version}")

    def needed(self, release: Release, extras: frozenset[str]) -> Iterator[Requirement]:
        file = next((release.wheels[one] for one in MACHINES if one in release.wheels), None) or release.source
        assert file is not None
        for text in self._store.requires(file):
            try:
                requirement = Requirement(text)
            except InvalidRequirement as error:
                raise Unresolved(f"{file.name} needs {text!r}: {error}") from None
            if requirement.url is not None:
                raise Unresolved(f"{file.name} needs {text}, which no index has")
            if self._applies(requirement, extras):
                yield requirement

    def _applies(self, requirement: Requirement, extras: frozenset[str]) -> bool:
        marker = requirement.marker
        return marker is None or any(
            marker.evaluate({**self._environment, "platform_machine": machine, "extra": extra})
            for machine in MACHINES
            for extra in (extras or {""})
        )


def resolve(asked: Iterable[str], store: Store, python: str) -> Mapping[str, Chosen]:
    """What installing all of *asked* at once chooses for that minor version of *python*, by normalized name.

    Raises ``Unresolved`` or ``RegistryError``.
    """
    provider = _Provider(store, python)
    environment = _environment(python)
    roots = []
    for text in asked:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise Unresolved(f"{text}: {error}") from None
        if requirement.marker is None or requirement.marker.evaluate(environment):
            roots.append(requirement)
    try:
        result = Resolver(provider, BaseReporter()).resolve(roots, max_rounds=_ROUNDS)
    except ResolutionImpossible as error:
        raise Unresolved(f"no version for Python {python} answers {_causes(error)}") from None
    except ResolutionError:
        raise Unresolved("the choice of versions takes too many steps") from None
    extras: dict[str, frozenset[str]] = {}
    for candidate in result.mapping.values():
        extras[candidate.name] = extras.get(candidate.name, frozenset()) | candidate.extras
    chosen = {candidate.name: candidate.release for candidate in result.mapping.values()}
    found: dict[str, Chosen] = {}
    for name, release in chosen.items():
        needed = {canonicalize_name(one.name) for one in provider.needed(release, extras[name])} - {name}
        found[name] = Chosen(
            name, release, tuple(sorted(f"{one}=={chosen[one].version}" for one in needed if one in chosen))
        )
    return found


def _causes(error: ResolutionImpossible[Requirement, _Candidate]) -> str:
    """The requirements that contradict each other, each with what asks for it."""
    told: dict[str, None] = {}
    for cause in error.causes:
        asks = f" ({cause.parent.name} {cause.parent.release.version} asks)" if cause.parent is not None else ""
        told[f"{cause.requirement}{asks}"] = None
    return " and ".join(told)


def _environment(python: str) -> dict[str, str]:
    known = {key: str(value) for key, value in default_environment().items()}
    return {
        **known,
        "implementation_name": "cpython",
        "implementation_version": full_version(python),
        "os_name": "posix",
        "platform_machine": MACHINES[0],
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "platform_release": "",
        "platform_version": "",
        "python_full_version": full_version(python),
        "python_version": python,
        "sys_platform": "linux",
        "extra": "",
    }
