"""What is known of base images: distribution, package manager, shell, user, end of life, and what a moving tag means.

The facts are data: one file per image under ``data/images/`` and the distributions beneath them in
``data/image_bases.toml``. Each entry names its source and the day on which the source said so. What is not sure is
absent, and an absent fact is ``None`` here.

A pin from this catalogue names the release *line* that a moving tag stood for on ``as_of`` (``3.24``, ``26.04``,
``1.27``): such a tag exists, and it still receives fixes. Exact versions and digests come from a lock file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any

from ..patterns import re
from ..record import evolve, record
from .built_on import built_on
from .tables import DATA, table

#: Docker Hub's names, and the registry that publishes its official images as well. Source: Amazon ECR Public Gallery,
#: "Docker Official Images".
_HUB = ("docker.io/", "index.docker.io/", "registry-1.docker.io/", "registry.docker.com/", "public.ecr.aws/docker/")
#: Namespaces in which Docker publishes the official images for a single architecture.
ARCHITECTURE_NAMESPACES = frozenset(
    ("amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "i386", "mips64le", "ppc64le", "riscv64", "s390x", "winamd64")
)
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:[a-z_+].*)?\Z", re.IGNORECASE)
_SNAPSHOT = re.compile(r"\d{8}(?:\.\d+)?\Z")
_NUMBERED_BASE = re.compile(r"([a-z]+)(\d+(?:\.\d+)*)\Z")


@record
class Pin:
    """The tag that a moving tag stood for on *as_of*, and who says so."""

    tag: str
    as_of: date
    source: str


@record
class Counterpart:
    """A smaller image of the same software: *kind* is ``slim``, ``jre`` or ``runtime``."""

    kind: str
    image: str
    tag: str


@record
class TagParts:
    """A tag taken apart: ``3.12-slim-bookworm`` is version 3.12, variant ``("slim",)``, base ``bookworm``.

    ``base`` is the word that names the distribution underneath (a codename, ``alpine3.22``, ``ubi9``), ``snapshot`` a
    date such as 20240212. A tag without a version (``latest``, ``alpine``) has version None.
    """

    version: str | None = None
    variant: tuple[str, ...] = ()
    base: str | None = None
    snapshot: str | None = None


@record
class ImageFacts:
    """What is known of one image at one tag; None stands for "not known", never for "no".

    ``family`` groups distributions that work alike (debian, rhel, alpine, suse, arch, busybox, windows, none),
    ``shell`` is what ``/bin/sh`` is (dash, ash, bash, none), ``bash`` whether ``/bin/bash`` is there, ``docker_clean``
    whether apt is configured to keep no archives, ``user`` the user that a RUN starts as, ``unprivileged`` an ordinary
    user that the image brings along, ``drops_privileges`` whether its entrypoint changes user by itself,
    ``entrypoint`` whether it has one at all, ``workdir`` the folder that a build on top of it starts in. Those of
    docker-library's images stand in docker-library/repo-info, repos/*/remote. ``built_on`` is the release on which a
    tag that names none was built last, where it is built no more.
    """

    name: str
    parts: TagParts
    family: str | None
    distribution: str | None
    release: str | None
    manager: str | None
    shell: str | None
    bash: bool | None
    docker_clean: bool | None
    user: str | None
    unprivileged: str | None
    uid: int | None
    drops_privileges: bool | None
    entrypoint: bool | None
    workdir: str | None
    end_of_life: date | None
    deprecated: str | None
    pin: Pin | None
    counterparts: tuple[Counterpart, ...]
    source: str
    as_of: date
    built_on: str | None = None

    @property
    def stands_on(self) -> str | None:
        """The release, said by the tag or where it was last built; where neither is known, empty for a line out of
        service, which may stand on an old one.
        """
        known = self.release or self.built_on
        if known is None and self.end_of_life is not None and self.end_of_life <= self.as_of:
            return ""
        return known


def canonical_name(name: str) -> str:
    """The catalogue's name of an image: Docker Hub's host and ``library/`` left out, lower case."""
    name = name.lower()
    for host in _HUB:
        name = name.removeprefix(host)
    return name.removeprefix("library/")


@lru_cache(maxsize=1024)
def image_facts(name: str, tag: str | None) -> ImageFacts | None:
    """What is known of ``name:tag`` (None or an empty tag stands for ``latest``), or None for an unknown image.

    *name* may carry Docker Hub's host, ``library/`` or an architecture's namespace (``arm64v8/python``).
    """
    canonical = canonical_name(name)
    namespace, _, rest = canonical.rpartition("/")
    foreign = namespace in ARCHITECTURE_NAMESPACES
    entry = entry_of(rest if foreign else canonical)
    if entry is None:
        return None
    tag = tag or "latest"
    parts = split_tag(entry, tag)
    # What an architecture's own repository calls latest can lag behind: no pin from there.
    pin = None if foreign else _pin(entry, tag)
    meaning = _meaning(entry, tag)
    resolved = split_tag(entry, meaning) if meaning else parts
    facts = _base_facts(entry, resolved)
    return ImageFacts(
        name=canonical,
        parts=parts,
        **facts,
        end_of_life=_end_of_life(entry, resolved),
        deprecated=None if set(entry.get("still", ())) & set(parts.variant) else entry.get("deprecated"),
        pin=pin,
        counterparts=tuple(_counterparts(entry, canonical, tag, parts)),
        source=entry["source"],
        as_of=entry["as_of"],
        built_on=_built_on(entry, tag, parts),
    )


def _built_on(entry: Mapping[str, Any], tag: str, parts: TagParts) -> str | None:
    """The release of *tag*, where it says nothing but a version: variants and test versions were built elsewhere."""
    plain = parts.version is not None and tag.removesuffix("-slim") == parts.version
    return built_on(entry, parts.version) if plain else None


def image_facts_of_any(name: str) -> ImageFacts | None:
    """What is known of an image that a digest alone names: it may be of any tag, old or new.

    A distribution's image is at least of that distribution; other images stand on several.
    """
    found = image_facts(name, None)
    entry = entry_of(canonical_name(name))
    if found is None or entry is None or not entry.get("distribution_image"):
        return None
    return evolve(found, release=None, end_of_life=None, pin=None, counterparts=(), built_on=None)


@cache
def catalogued() -> tuple[str, ...]:
    """The names of all images in the catalogue, sorted."""
    names = (item.name for item in (DATA / "images").iterdir() if item.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml").replace("__", "/") for name in names))


def emittable_tags(name: str) -> tuple[str, ...]:
    """Every tag that a pin of this image can emit, sorted. Raises ``KeyError`` for an unknown image."""
    entry = entry_of(canonical_name(name))
    if entry is None:
        raise KeyError(name)
    return tuple(sorted(set(entry.get("meaning", {}).values())))


def split_tag(entry: Mapping[str, Any], tag: str) -> TagParts:
    """*tag* taken apart with the vocabulary of *entry* and of the known distributions."""
    version: str | None = None
    base: str | None = None
    snapshot: str | None = None
    variant: list[str] = []
    aliases = entry.get("aliases", {})
    channels = entry.get("channels", ())
    for index, word in enumerate(tag.split("-")):
        if index == 0 and word in aliases:
            version = aliases[word]
        elif version is None and base is None and (match := _VERSION.match(word)) and index == 0:
            version = match[1]
        elif version is None and entry.get("distribution_image") and (own := _own_release(entry, word)):
            version = own
        elif base is None and word not in channels and base_named(word) is not None:
            base = word
        elif _SNAPSHOT.match(word):
            snapshot = word
        elif word != "latest":
            variant.append(word)
    return TagParts(version, tuple(variant), base, snapshot)


def entry_of(name: str) -> Mapping[str, Any] | None:
    """The entry of the catalogue under its canonical *name*, as its file has it; None for an unknown image."""
    return table("images", name.replace("/", "__")) if name in catalogued() else None


def distributions() -> Mapping[str, Any]:
    """The distributions beneath images by name, as their file has them."""
    return table("image_bases")


@cache
def _codenames() -> Mapping[str, tuple[str, str]]:
    """Release names of all distributions: ``bookworm`` → (``debian``, ``bookworm``)."""
    return {release: (name, release) for name, base in distributions().items() for release in base.get("releases", {})}


def base_named(word: str) -> tuple[str, str | None] | None:
    """The distribution and release that a word of a tag names, if it names one."""
    if word in _codenames():
        return _codenames()[word]
    if word in distributions():
        return word, None
    match = _NUMBERED_BASE.match(word)
    if match and match[1] in distributions():
        return match[1], _release_of_version(distributions()[match[1]], match[2])
    return None


def _own_release(entry: Mapping[str, Any], word: str) -> str | None:
    """The version in a word that repeats the distribution's own name: ``centos7.4.1708`` of the image centos."""
    match = _NUMBERED_BASE.match(word)
    return match[2] if match and match[1] == entry.get("base") else None


def numbers_of(version: str) -> tuple[int, ...]:
    """The numbers of a version such as ``3.12``."""
    return tuple(int(part) for part in version.split("."))


def _covers(cycle: str, version: str) -> bool:
    """Whether *version* belongs to the release line *cycle*: 3.9 covers 3.9 and 3.9.17, not 3.90."""
    wanted = numbers_of(cycle)
    return numbers_of(version)[: len(wanted)] == wanted


def _depends(rule: Mapping[str, Any]) -> bool:
    """Whether the rule is for some versions only."""
    return "since" in rule or "before" in rule


def _matches(rule: Mapping[str, Any], parts: TagParts) -> bool:
    """Whether the tag's words are those that the rule is for."""
    if "variant" in rule and rule["variant"] not in parts.variant:
        return False
    return "base" not in rule or (parts.base is not None and (base_named(parts.base) or ("",))[0] == rule["base"])


def _in_range(rule: Mapping[str, Any], version: str | None) -> bool:
    if not _depends(rule):
        return True
    if version is None:
        return False
    numbers = numbers_of(version)
    return ("since" not in rule or numbers >= numbers_of(rule["since"])) and (
        "before" not in rule or numbers < numbers_of(rule["before"])
    )


_FACTS = ("family", "distribution", "manager", "shell", "bash", "docker_clean")
_OWN = ("user", "unprivileged", "uid", "drops_privileges", "entrypoint", "workdir")


def _base_facts(entry: Mapping[str, Any], parts: TagParts) -> dict[str, Any]:
    named = base_named(parts.base) if parts.base else None
    matching = [rule for rule in entry.get("rules", ()) if _matches(rule, parts)]
    rules = [rule for rule in matching if _in_range(rule, parts.version)]
    # Without a version it is not known which rules for versions hold: what they would say is unknown then.
    open_rules = [rule for rule in matching if _depends(rule)] if parts.version is None else []
    base_name, release = named or (entry.get("base"), None)
    if named is None:
        for rule in rules:
            base_name = rule.get("set_base", base_name)
        if any("set_base" in rule for rule in open_rules):
            base_name = None
    base = distributions().get(base_name, {}) if base_name else {}
    facts: dict[str, Any] = {key: base.get(key) for key in _FACTS}
    facts |= {key: entry.get(key) for key in _OWN}
    for rule in rules:
        facts |= {key: rule[key] for key in (*_FACTS, *_OWN) if key in rule}
    for rule in open_rules:
        facts |= {key: None for key in (*_FACTS, *_OWN) if key in rule}
    if release is None and parts.version and entry.get("distribution_image"):
        release = _release_of_version(base, parts.version)
    facts["release"] = release
    if "onbuild" in parts.variant or facts["family"] == "windows":
        facts["workdir"] = None
    return facts


def _release_of_version(base: Mapping[str, Any], version: str) -> str | None:
    for name, release in base.get("releases", {}).items():
        if "version" in release and _covers(release["version"], version):
            return str(name)
    return version


def _end_of_life(entry: Mapping[str, Any], parts: TagParts) -> date | None:
    """The software's own end of life; for a distribution's image, that of the release."""
    if entry.get("distribution_image") and parts.base:
        distribution, release = base_named(parts.base) or ("", None)
        if distribution == entry.get("base") and release:
            eol: date | None = distributions()[distribution].get("releases", {}).get(release, {}).get("eol")
            return eol
    if parts.version is None:
        return None
    if entry.get("distribution_image"):
        for release in distributions().get(entry.get("base", ""), {}).get("releases", {}).values():
            if "version" in release and _covers(release["version"], parts.version):
                found: date | None = release.get("eol")
                return found
    cycles: Mapping[str, date] = entry.get("end_of_life", {})
    covering = [cycle for cycle in cycles if _covers(cycle, parts.version)]
    return cycles[max(covering, key=len)] if covering else None


def _meaning(entry: Mapping[str, Any], tag: str) -> str | None:
    meaning: str | None = entry.get("meaning", {}).get(tag)
    return meaning


def _pin(entry: Mapping[str, Any], tag: str) -> Pin | None:
    meaning = _meaning(entry, tag)
    return Pin(meaning, entry["as_of"], entry["source"]) if meaning else None


def _counterparts(entry: Mapping[str, Any], name: str, tag: str, parts: TagParts) -> list[Counterpart]:
    meanings = entry.get("meaning", {})
    if tag in meanings and f"{tag}-slim" in meanings and not entry.get("distribution_image"):
        # Both move on together: whatever the one stands for, the other is its smaller variant.
        return [Counterpart("slim", name, f"{tag}-slim")]
    found: list[Counterpart] = []
    line = parts.version or _released_as(entry, parts.base)
    if line is None or parts.snapshot is not None:
        return found
    written = tag.partition("-")[0] if parts.version else ""
    for item in entry.get("counterparts", ()):
        if tuple(item.get("from_variant", ())) != parts.variant:
            continue
        if not any(_covers(one, line) for one in item["versions"]):
            continue
        exact = parts.version is not None and written not in (*item["versions"], *entry.get("aliases", ()))
        if exact and item.get("lines_only_with_base" if parts.base else "lines_only", item.get("lines_only", False)):
            continue
        pattern = item.get("tag") if parts.base is None else item.get("tag_with_base")
        on = (base_named(parts.base) or ("", None))[0] if parts.base else None
        if pattern is not None and (on is None or on in item.get("bases", ("debian",))):
            found.append(
                Counterpart(item["kind"], item.get("image", name), pattern.format(version=written, base=parts.base))
            )
    return found


def _released_as(entry: Mapping[str, Any], base: str | None) -> str | None:
    """The version of a distribution's image whose tag names the release: 12 for ``bookworm``."""
    distribution, release = (base_named(base or "") or ("", None)) if entry.get("distribution_image") else ("", None)
    if distribution != entry.get("base"):
        return None
    version: str | None = distributions()[distribution].get("releases", {}).get(release, {}).get("version")
    return version


def distribution_image(name: str) -> bool:
    """Whether the image *name* (``ubuntu``, ``arm64v8/debian``) is a distribution and nothing else."""
    canonical = canonical_name(name)
    namespace, _, rest = canonical.rpartition("/")
    entry = entry_of(rest if namespace in ARCHITECTURE_NAMESPACES else canonical)
    return entry is not None and bool(entry.get("distribution_image"))
