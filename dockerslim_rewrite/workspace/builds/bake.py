"""Builds of Bake. Source: Docker documentation, "Bake file reference", "Matrix targets", "Inheritance", "Contexts"."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..repository import Repository
from .bake_files import Definition
from .bake_settings import BakeSettings
from .found import FoundBuild, Place, Text, Unknown
from .growth import Steps
from .hcl_syntax import HclError, Tree
from .hcl_values import Evaluator, text_of
from .named_files import Called, composed_files
from .places import file, folder, is_remote

#: The files that are all read when nobody names one, in this order.
DEFAULT_FILES = ("docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl")
_NOTHING = BakeSettings()
_MAX_COMBINATIONS = 1000
_MAX_INHERITED = 50
#: Entries of targets that are told in all, beside one for so many characters of the files: many commands may read one
#: file, and set something for all of its targets. A target takes as long as so many entries.
MAX_STEPS = 200_000
_WRITTEN = 4
_TARGET_STEPS = 20
#: So many characters of a file are read again, and services looked through, in one step.
_READ = 20
#: Attributes that are maps, and the name of entries of one that nobody can tell.
_MAPS = ("args", "contexts", "labels")
_SOME = "…"
#: Attributes that a target for others to inherit from mostly leaves to them.
_BUILDING = frozenset(("context", "dockerfile", "dockerfile-inline", "target", "output", "platforms"))


def bake(
    repository: Repository,
    paths: Sequence[str],
    composed: Sequence[FoundBuild] = (),
    called: Sequence[Called] = (),
    settings: BakeSettings = _NOTHING,
) -> Iterator[FoundBuild]:
    """The targets of the Bake files *paths*; those called as a service of a compose file beside them add to it.

    Files that commands have *called* are read as the command does: together, from where it is run. What *settings*
    say may be otherwise is not known.
    """
    all_paths = dict.fromkeys((*paths, *(path for one in called for path in one.paths)))
    steps = Steps(MAX_STEPS + sum(_size(repository, path) for path in all_paths) // _WRITTEN)
    yield from _builds(repository, paths, composed, called, settings, steps)
    if steps.spent:
        reason = "its targets, with those of files before it, repeat more than is followed; the rest is left out"
        repository.complain(next(iter(all_paths)), reason)


def _size(repository: Repository, path: str) -> int:
    return repository.recall(("characters", path), lambda: len(repository.read(path) or ""))


def _builds(
    repository: Repository,
    paths: Sequence[str],
    composed: Sequence[FoundBuild],
    called: Sequence[Called],
    settings: BakeSettings,
    steps: Steps,
) -> Iterator[FoundBuild]:
    named = {path for one in called for path in one.paths}
    folders: dict[str, list[str]] = {}
    for path in paths:
        if path not in named:
            folders.setdefault(posixpath.dirname(path), []).append(path)
    for home, files in folders.items():
        if not steps.may(1 + len(composed) // _READ):
            return
        services = {one.name: one for one in composed if posixpath.dirname(one.place.path) == home}
        together = [path for name in DEFAULT_FILES for path in files if posixpath.basename(path) == name]
        # Paths are relative to where Bake is called: beside the file, or at the root.
        homes = tuple(dict.fromkeys((home, "")))
        if together:
            yield from _Bake(repository, homes, together, services, settings, steps).builds()
        for path in files:
            if path not in together:
                yield from _Bake(repository, homes, [path], {}, settings, steps).builds()
    for one in called:
        if not steps.may(1 + len(composed) // _READ):
            return
        below = composed_files(one)
        # Those which are read from where Bake is run come last.
        services = {build.name: build for build in composed if build.place.path in below}
        own = [path for path in one.paths if path not in below]
        yield from _Bake(repository, (one.base,), own, services, settings, steps).builds()


class _Bake:
    def __init__(
        self,
        repository: Repository,
        homes: Sequence[str],
        paths: Sequence[str],
        services: Mapping[str, FoundBuild],
        settings: BakeSettings,
        steps: Steps,
    ) -> None:
        self._repository = repository
        self._settings = settings
        self._steps = steps
        self._homes = homes
        self._services = services
        self._definition = Definition()
        for path in paths:
            if not steps.may(_size(repository, path) // _READ):
                break
            self._definition.add(repository, path)
        self._open: set[str] = set()
        self._inherited: dict[str, dict[str, Any]] = {}
        self._referenced: dict[tuple[str, str], Any] = {}
        self._evaluator = Evaluator(self._variable, self._definition.functions)

    def _variable(self, name: str) -> Any:
        if name == "target" and name not in self._definition.variables:
            return _Lazy(lambda target: _Lazy(lambda attribute: self._reference(target, attribute)))
        tree = self._definition.variables.get(name)
        if tree is None or tree == Tree("name", ("",)):
            raise HclError(f"the variable {name} has no value here")
        if name in self._settings.variables:
            raise HclError(f"something that runs Bake may set the variable {name}")
        if name in self._open:
            raise HclError(f"the variable {name} needs itself")
        self._open.add(name)
        try:
            return self._evaluator.value(tree, {})
        finally:
            self._open.discard(name)

    def _reference(self, target: str, attribute: str) -> Any:
        """What *target* itself says for *attribute*, as ``target.NAME.ATTRIBUTE`` asks; without what it inherits."""
        key, said = (target, attribute), f"target.{target}.{attribute}"
        tree = self._definition.targets.get(target, {}).get(attribute)
        if tree is None or said in self._open:
            raise HclError(f"{said} has no value here")
        if key not in self._referenced:
            self._open.add(said)
            try:
                self._referenced[key] = self._evaluator.value(tree, {})
            finally:
                self._open.discard(said)
        return self._referenced[key]

    def builds(self) -> Iterator[FoundBuild]:
        """The builds: every target but those for others to inherit from."""
        inherited = {
            parent for attributes in self._definition.targets.values() for parent in self._names(attributes, {}) or ()
        }
        wanted = self._grouped()
        for name, attributes in self._definition.targets.items():
            if name in inherited and name not in wanted and (name.startswith("_") or not _BUILDING & attributes.keys()):
                continue
            for scope in self._scopes(attributes):
                if not self._steps.may(_TARGET_STEPS):
                    return
                yield self._build(name, attributes, scope)

    def _grouped(self) -> set[str]:
        found: set[str] = set()
        for tree in self._definition.groups.values():
            try:
                found.update(map(str, _listed(self._fresh().value(tree, {}))))
            except HclError:
                continue
        return found

    def _fresh(self) -> Evaluator:
        """An evaluator that has all its work before it."""
        self._evaluator = Evaluator(self._variable, self._definition.functions)
        return self._evaluator

    def _names(self, attributes: Mapping[str, Tree], scope: Mapping[str, Any]) -> list[str] | None:
        """The targets that one with *attributes* inherits from; None where they are not known."""
        try:
            named = _listed(self._fresh().value(attributes.get("inherits", Tree("list", ())), scope))
            return [str(name) for name in named]
        except HclError:
            return None

    def _scopes(self, attributes: Mapping[str, Tree]) -> Iterator[Mapping[str, Any]]:
        """The variables of each build that a target's matrix stands for."""
        if "matrix" not in attributes:
            yield {}
            return
        try:
            matrix = self._fresh().value(attributes["matrix"], {})
            axes = [[(name, item) for item in values] for name, values in matrix.items()]
        except (HclError, AttributeError, TypeError):
            yield {}
            return
        count = 1
        for axis in axes:
            count *= len(axis)
        if count > _MAX_COMBINATIONS:
            yield {}
            return
        for combination in itertools.product(*axes):
            yield dict(combination)

    def _attributes(
        self, name: str, attributes: Mapping[str, Tree], scope: Mapping[str, Any], open_: tuple[str, ...]
    ) -> dict[str, Any]:
        """The values of *attributes*, with those of the targets that they inherit from below."""
        found: dict[str, Any] = {}
        if name not in open_ and len(open_) < _MAX_INHERITED:
            parents = self._names(attributes, scope)
            if parents is None:
                # Whatever they say counts where the target itself says nothing.
                doubt = Unknown(written(attributes["inherits"]))
                found = dict.fromkeys(("context", "dockerfile", "target"), doubt)
            for parent in parents or ():
                other = self._definition.targets.get(parent)
                if other is not None:
                    # Many may inherit from one, and two ways may lead to it.
                    if parent not in self._inherited:
                        self._inherited[parent] = self._attributes(parent, other, {}, (*open_, name))
                    found = _over(found, self._inherited[parent])
        own: dict[str, Any] = {}
        for key, tree in attributes.items():
            if key in ("inherits", "matrix"):
                continue
            if key in _MAPS:
                own[key] = self._entries(tree, scope)
            elif tree.kind == "list":
                own[key] = [self._one(item, scope) for item in tree.parts]
            else:
                own[key] = self._one(tree, scope)
        return _over(found, own)

    def _entries(self, tree: Tree, scope: Mapping[str, Any]) -> dict[str, Any]:
        """The entries of the map *tree*, each by itself: what is not known of one says nothing of the others."""
        if tree.kind == "object":
            return {self._key(key, scope): self._one(item, scope) for key, item in tree.parts}
        if tree.kind == "call" and tree.parts[0] == "merge" and not tree.parts[2]:
            return {key: item for part in tree.parts[1] for key, item in self._entries(part, scope).items()}
        found = self._one(tree, scope)
        return found if isinstance(found, dict) else {} if found is None else {_SOME: Unknown(str(found))}

    def _key(self, tree: Tree, scope: Mapping[str, Any]) -> str:
        found = tree.parts[0] if tree.kind == "value" else self._one(tree, scope)
        return _SOME if isinstance(found, Unknown) else str(found)

    def _one(self, tree: Tree, scope: Mapping[str, Any]) -> Any:
        try:
            return self._fresh().value(tree, scope)
        except HclError:
            return Unknown(written(tree))

    def _build(self, name: str, attributes: Mapping[str, Tree], scope: Mapping[str, Any]) -> FoundBuild:
        inherited = None if scope else self._inherited.get(name)
        values = inherited if inherited is not None else self._attributes(name, attributes, scope, ())
        self._steps.may(sum(len(_entries(values.get(key))) for key in _MAPS))
        values = _set(values, self._settings.of(name, self._steps))
        service = self._services.get(name)
        inline = values.get("dockerfile-inline")
        context, dockerfile = self._paths(values, service)
        args = dict(service.args) if service is not None else {}
        args |= {key: _text(item) for key, item in _entries(values.get("args")).items() if item is not None}
        contexts = {key: self._context(_text(item)) for key, item in _entries(values.get("contexts")).items()}
        target = values.get("target")
        tags = values.get("tags")
        return FoundBuild(
            kind="bake",
            place=self._definition.places.get(name, Place(self._homes[0], 1)),
            name=str(_text(values.get("name") or name)),
            context=context,
            dockerfile=None if isinstance(inline, str) else dockerfile,
            inline=inline if isinstance(inline, str) else None,
            target=_text(target) if target is not None else service.target if service is not None else None,
            args=tuple(args.items()),
            contexts=tuple(contexts.items()),
            tags=tuple(map(_text, tags)) if isinstance(tags, list) else (tags,) if isinstance(tags, Unknown) else (),
            runner=service.runner if service is not None else None,
        )

    def _paths(self, values: Mapping[str, Any], service: FoundBuild | None) -> tuple[Text, Text]:
        if service is not None and "context" not in values:
            named = values.get("dockerfile")
            given = file(self._repository, service.context, _text(named)) if named is not None else service.dockerfile
            return service.context, given if given is not None else Unknown("inline")
        wanted, name = _text(values.get("context") or "."), _text(values.get("dockerfile") or "Dockerfile")
        found: list[tuple[Text, Text]] = []
        for home in self._homes:
            context = folder(self._repository, home, wanted)
            found.append((context, file(self._repository, context, name)))
        there = [one for one in found if isinstance(one[1], str) and self._repository.is_file(one[1])]
        return (there or found)[0]

    def _context(self, text: Text) -> Text:
        if isinstance(text, Unknown) or is_remote(text) or text.startswith(("target:", "docker-image:", "oci-layout:")):
            return text
        return folder(self._repository, self._homes[0], text)


class _Lazy:
    """Something with names, each of which is looked up when it is asked for."""

    def __init__(self, look_up: Callable[[str], Any]) -> None:
        self._look_up = look_up

    def __getitem__(self, name: str) -> Any:
        return self._look_up(name)


def _listed(value: Any) -> list[Any]:
    """*value*, which has to be a list. Raises ``HclError`` where it is none."""
    if not isinstance(value, list):
        raise HclError("no list")
    return value


def _entries(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _over(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    found = first | second
    for key in _MAPS:
        if isinstance(first.get(key), dict) and isinstance(second.get(key), dict):
            found[key] = first[key] | second[key]
    return found


def _set(values: dict[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """*values* where those for which something has *given* another one on the command line are not known."""
    found = dict(values)
    maps: dict[str, dict[str, Any]] = {}
    for key, value in given.items():
        attribute, _, name = key.partition(".")
        if name:
            if attribute not in maps:
                found[attribute] = maps[attribute] = dict(_entries(found.get(attribute)))
            maps[attribute][name] = Unknown(value)
        elif str(found.get(attribute)) != value:
            found[attribute] = Unknown(value)
    return found


def _text(value: Any) -> Text:
    if isinstance(value, Unknown):
        return value
    try:
        return text_of(value)
    except HclError:
        return Unknown(str(value))


def written(tree: Tree) -> str:
    """The expression *tree* as people write it, near enough."""
    kind, parts = tree
    if kind == "template":
        return "".join(part if isinstance(part, str) else f"${{{written(part)}}}" for part in parts)
    if kind == "call":
        return f"{parts[0]}({', '.join(map(written, parts[1]))})"
    if kind == "get":
        return f"{written(parts[0])}.{written(parts[1])}"
    if kind == "list":
        return f"[{', '.join(map(written, parts))}]"
    if kind in ("name", "value"):
        return str(parts[0])
    return "…"
