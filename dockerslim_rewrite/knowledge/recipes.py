"""Recipes for splitting a stage: what belongs to the build, and what the program needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

from ..record import record
from .images import ImageFacts, numbers_of
from .tables import table

_T = TypeVar("_T")


@record
class Saving:
    """What a split saves on base images of ``family``, of versions ``before`` another where that is not None."""

    family: str
    before: str | None
    bytes: int

    def holds(self, image: ImageFacts) -> bool:
        """Whether it is what a split on *image* saves."""
        version = image.parts.version
        older = self.before is None or (version is not None and numbers_of(version) < numbers_of(self.before))
        return image.family == self.family and older


@record
class Recipe:
    """What is known of one ecosystem.

    ``images`` are the base images that it is for; they set ``environment``, put ``path`` in front of PATH and start
    in ``workdir``. ``own`` are folders of the tool chain and its caches, ``tools`` programs of it, ``builders`` those
    of them (or package managers) whose use shows that the stage builds. ``programs`` come with the runtime image.
    ``packages`` serve the build only, those in ``unlinked`` among them bring no library that programs are linked to;
    the files of those in ``carried`` come along. ``releases`` tells the Debian
    release beneath tags that name none, as (first version, release), newest first. ``saving`` is an estimate in
    bytes, which holds where of each group of ``saving_of`` a package stays behind; ``savings`` take its place on base
    images of a family, or of that with a version before another.
    ``prefix`` is where build tools install when they are told nothing, where the base image has nothing there
    itself; ``open`` are folders in which the runtime image has what the base image has. ``sites`` are where packages
    of the language go, by its minor version, which ``minors`` tells for tags of a major one; ``same``: the runtime
    stands on the very image that the build does, less what is left behind; ``slim``: or on the slim variant of a full
    one. ``sketch`` are bases for drafts, by family; ``compilers`` tells for a
    release the newest GCC that it has the libraries of. ``again``: what comes from the build context is copied
    again from there, since the build leaves much beside it. ``sets`` are further variables of the base image that the
    runtime image lacks. ``globally``: packages that are installed for all projects stay in the builder. ``whole`` are
    folders that ship as one, whatever in them was written. ``starts`` is the program that the base image itself
    starts, in variants whose tag has a word in ``serving`` where there are some; others start a prompt. ``trusting``
    are packages that bring certificates of authorities along, by package manager (apt: where it installs what is
    recommended). Where there are ``servers``, the recipe is for stages whose container starts one of them; where it
    starts one of ``told``, the recipe for servers says why it is not split. ``accounts`` are those that the runtime
    image has as well; ``restores`` are the variables that it sets otherwise than the base image, with the base image's
    values, as (first version, variables), newest first. ``languages``, as the vocabulary has them, are those of the
    programs: what the sources show decides what the runtime needs. ``elsewhere`` are packages, as patterns, that put
    files outside of ``sites`` as well, with where. ``given`` are directories that the base image and the runtime image
    have, with the account that owns them and, where it is not 755, their mode. ``brings`` are packages that the
    runtime image has itself, by the names of the families that have them so.
    """

    code: str
    name: str
    images: frozenset[str]
    environment: Mapping[str, str]
    path: tuple[str, ...]
    workdir: str
    own: tuple[str, ...]
    tools: frozenset[str]
    builders: frozenset[str]
    programs: frozenset[str]
    packages: frozenset[str]
    unlinked: frozenset[str]
    carried: frozenset[str]
    certificates: str | None
    zones: str | None
    releases: tuple[tuple[str, str], ...]
    saving: int | None
    saving_of: tuple[frozenset[str], ...]
    savings: tuple[Saving, ...]
    prefix: str | None
    open: frozenset[str]
    sites: tuple[str, ...]
    minors: Mapping[str, str]
    same: bool
    slim: bool
    sketch: Mapping[str, str]
    compilers: Mapping[str, int]
    again: bool
    sets: frozenset[str]
    globally: bool
    whole: tuple[str, ...]
    starts: str | None
    serving: frozenset[str]
    trusting: Mapping[str, tuple[str, ...]]
    servers: frozenset[str]
    told: frozenset[str]
    accounts: frozenset[str]
    restores: tuple[tuple[str, tuple[str, ...]], ...]
    languages: tuple[str, ...]
    elsewhere: Mapping[str, str]
    given: Mapping[str, str]
    brings: frozenset[str]

    def packages_in(self, version: str | None) -> tuple[str, ...]:
        """The folders of installed packages in *version* of the image; none where the version is needed and missing."""
        minor = re.match(r"\d+\.\d+", self.minors.get(version or "", version or ""))
        if minor is None and any("{minor}" in site for site in self.sites):
            return ()
        return tuple(site.format(minor=minor[0] if minor else "") for site in self.sites)

    def release(self, version: str | None) -> str | None:
        """The Debian release beneath *version* of the image; None where that is not known."""
        return _since(version, self.releases) or None

    def restored(self, version: str | None) -> tuple[str, ...]:
        """The variables, each ``KEY=value``, that *version* of the base image sets and the runtime sets otherwise."""
        return _since(version, self.restores) or ()


def _since(version: str | None, entries: tuple[tuple[str, _T], ...]) -> _T | None:
    """What holds for *version* of *entries*, newest first; None where that is not known."""
    if version is None:
        return None
    numbers = tuple(int(part) for part in version.split("."))
    for since, what in entries:
        first = tuple(int(part) for part in since.split("."))
        if len(numbers) < len(first):
            return None
        if numbers >= first:
            return what
    return None


@lru_cache(maxsize=32)
def recipe(name: str) -> Recipe:
    """The recipe *name*. Raises ``FileNotFoundError`` for an unknown one."""
    data = table("recipes", name)
    return Recipe(
        code=data["code"],
        name=data["name"],
        images=frozenset(data["images"]),
        environment=data["environment"],
        path=tuple(data["path"]),
        workdir=data["workdir"],
        own=tuple(data["own"]),
        tools=frozenset(data["tools"]),
        builders=frozenset(data["builders"]),
        programs=frozenset(data.get("programs", ())),
        packages=frozenset(data["packages"]),
        unlinked=frozenset(data.get("unlinked", ())),
        carried=frozenset(data["carried"]),
        certificates=data.get("certificates"),
        zones=data.get("zones"),
        releases=tuple((entry["since"], entry["debian"]) for entry in data.get("releases", ())),
        saving=data.get("saving"),
        saving_of=tuple(map(frozenset, data.get("saving_of", ()))),
        savings=tuple(Saving(one["family"], one.get("before"), one["bytes"]) for one in data.get("savings", ())),
        prefix=data.get("prefix"),
        open=frozenset(data.get("open", ())),
        sites=tuple(data.get("sites", ())),
        minors=data.get("minors", {}),
        same=data.get("same", False),
        slim=data.get("slim", False),
        sketch=data.get("sketch", {}),
        compilers=data.get("compilers", {}),
        again=data.get("again", False),
        sets=frozenset(data.get("sets", ())),
        globally=data.get("globally", False),
        whole=tuple(data.get("whole", ())),
        starts=data.get("starts"),
        serving=frozenset(data.get("serving", ())),
        trusting={manager: tuple(names) for manager, names in data.get("trusting", {}).items()},
        servers=frozenset(data.get("servers", ())),
        told=frozenset(data.get("told", ())),
        accounts=frozenset(data.get("accounts", ())),
        restores=tuple((entry["since"], tuple(entry["variables"])) for entry in data.get("restores", ())),
        languages=tuple(data.get("languages", ())),
        elsewhere=data.get("elsewhere", {}),
        given=data.get("given", {}),
        brings=frozenset(data.get("brings", ())),
    )
