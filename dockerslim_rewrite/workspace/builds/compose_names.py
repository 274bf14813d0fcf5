"""Services, files and secrets that compose files name and nobody has: Compose refuses the project, and builds nothing.

Sources: Compose specification, "extends", "include", "depends_on", "network_mode", "additional_contexts", "secrets".
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from ...record import record
from ..repository import Repository, joined
from .found import Place
from .places import is_remote
from .reading import known_yaml
from .yaml_values import Map, Scalar, Seq, mapping, scalar, sequence

_SERVICE = "service:"
#: Attributes by which a service shares something with another one.
_SHARED = ("network_mode", "ipc", "pid")


@record
class Named:
    """What stands in the place and names what is not there, in words: a service or a secret of compose files, or the
    file ``path``, which is a ``secret`` or a compose file.
    """

    place: Place
    said: str
    path: str | None = None
    secret: bool = False


def named_in_vain(repository: Repository, paths: Sequence[str]) -> Iterator[Named]:
    """What the compose files *paths* name and the repository does not have.

    A service counts wherever a compose file has one of its name: files may be read together. Where files come from
    elsewhere, or one cannot be read, nothing is told of services.
    """
    files = [_File(repository, path) for path in paths]
    services = {name for one in files for name in one.services}
    known = services if all(one.is_whole for one in files) else None
    building = {posixpath.dirname(one.path) for one in files if one.builds}
    for one in files:
        yield from one.lost_files()
        if known is not None and posixpath.dirname(one.path) in building:
            yield from one.lost_services(known)


class _File:
    """The compose file *path*; its ``document`` is None where it is none, or cannot be read."""

    def __init__(self, repository: Repository, path: str) -> None:
        self._repository = repository
        self.path = path
        self._home = posixpath.dirname(path)

    @cached_property
    def document(self) -> Map | None:
        first = next(iter(known_yaml(self._repository, self.path)), None)
        return None if first is None or ("kind" in first and "apiVersion" in first) else first

    @cached_property
    def services(self) -> Map:
        found = Map()
        for name, value in mapping((self.document or Map()).get("services")).items():
            if isinstance(value, Map):
                found[name] = value
        return found

    @property
    def builds(self) -> bool:
        """Whether it says how a service is built, or that another one says it."""
        return any("build" in service or "extends" in service for service in self.services.values())

    @property
    def is_whole(self) -> bool:
        """Whether it can be read, and all that it includes are files of the repository."""
        if not known_yaml(self._repository, self.path) and (self._repository.read(self.path) or "").strip():
            return False
        listed = (path for item in self._included() for path in _listed(item))
        return all(self._file(path) is not None for path in listed)

    def _included(self) -> list[object]:
        found = (self.document or Map()).get("include")
        return sequence(found) if isinstance(found, Seq) else [] if found is None else [found]

    def _file(self, path: Scalar) -> str | None:
        """The file of the repository that *path* names; None where it names none, or nobody can tell."""
        if "$" in path or is_remote(path) or path.startswith(("/", "~")) or ":" in path:
            return None
        found = joined(self._home, path)
        return found if self._repository.inside(found) else None

    def _lacks(self, path: Scalar | None) -> str | None:
        """The file that *path* names and the repository does not have."""
        found = None if path is None else self._file(path)
        return None if found is None or self._repository.is_file(found) else found

    def lost_files(self) -> Iterator[Named]:
        """The files that it includes, extends or takes for secrets of builds, and that are not there."""
        for item in self._included():
            for path in _listed(item):
                found = self._lacks(path)
                if found is not None:
                    yield Named(Place(self.path, path.line), f"the included file {found} is not there", found)
        secrets = mapping((self.document or Map()).get("secrets"))
        for name, service in self.services.items():
            where = scalar(mapping(service.get("extends")).get("file"))
            found = self._lacks(where)
            if where is not None and found is not None:
                said = f"{found}, which `{name}` extends a service of, is not there"
                yield Named(Place(self.path, where.line), said, found)
            for secret in sequence(mapping(service.get("build")).get("secrets")):
                told = secret.get("source") if isinstance(secret, Map) else secret
                file = scalar(mapping(secrets.get(str(told))).get("file"))
                found = self._lacks(file)
                if file is not None and found is not None:
                    said = f"{found}, the secret `{told}` of a build, is not there"
                    yield Named(Place(self.path, file.line), said, found, secret=True)

    def lost_services(self, known: Collection[str]) -> Iterator[Named]:
        """The services that it names and that are not *known*."""
        for name, service in self.services.items():
            for other, what in self._others(service):
                if "$" not in other and other not in known:
                    said = f"`{name}` {what} the service `{other}`, which is not there"
                    yield Named(Place(self.path, other.line), said)
            extends = mapping(service.get("extends"))
            where, wanted = scalar(extends.get("file")), scalar(extends.get("service"))
            path = None if where is None else self._file(where)
            if path is None or wanted is None or "$" in wanted or not self._repository.is_file(path):
                continue
            target = _File(self._repository, path)
            if target.document is not None and target.services and wanted not in target.services:
                said = f"`{name}` extends the service `{wanted}` of {path}, which is not there"
                yield Named(Place(self.path, wanted.line), said)

    def _others(self, service: Map) -> Iterator[tuple[Scalar, str]]:
        """The services of the project that *service* names, each with what it does with it."""
        extends = service.get("extends")
        plain = extends if isinstance(extends, Scalar) else None
        if isinstance(extends, Map) and extends.get("file") is None:
            plain = scalar(extends.get("service"))
        if plain is not None:
            yield plain, "extends"
        needs = service.get("depends_on")
        for item in sequence(needs):
            if isinstance(item, Scalar):
                yield item, "depends on"
        for name, how in mapping(needs).items():
            if mapping(how).get("required") != "false":
                yield _at(name, mapping(needs).lines[name]), "depends on"
        for key in _SHARED:
            told = scalar(service.get(key))
            if told is not None and told.startswith(_SERVICE):
                yield _at(told.removeprefix(_SERVICE), told.line), f"shares its {key} with"
        contexts = mapping(service.get("build")).get("additional_contexts")
        values = [*mapping(contexts).values(), *sequence(contexts)]
        for value in (one for one in values if isinstance(one, Scalar)):
            source = value if isinstance(contexts, Map) else value.partition("=")[2]
            if source.startswith(_SERVICE):
                yield _at(source.removeprefix(_SERVICE), value.line), "is built with"


def _at(text: str, line: int) -> Scalar:
    found = Scalar(text)
    found.line, found.plain, found.tag = line, True, None
    return found


def _listed(item: object) -> list[Scalar]:
    """The paths of an entry of ``include``."""
    paths = item.get("path") if isinstance(item, Map) else item
    return [one for one in ([paths] if isinstance(paths, Scalar) else sequence(paths)) if isinstance(one, Scalar)]
