"""What npm's registry has of the packages that a project asks for, and which versions an installation chooses.

Sources: npm's registry API ("package metadata", abbreviated form); npm documentation, "package.json" (dependencies,
optionalDependencies, peerDependencies, bin, os) and "config" (.npmrc: registry). Versions are compared by a port of
npm's own semver.
"""

from __future__ import annotations

import os
import urllib.parse
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nodesemver import max_satisfying, satisfies

from ...analysis.locked import PackageEntry
from ...knowledge.package_indexes import usual_index
from ...patterns import re
from ...record import evolve, record
from ...regular import read_text
from ...text.structured import Excessive, read_json
from ..crew import crew
from ..errors import RegistryError
from ..limits import Allowance
from .resolving import Unresolved
from .simple import Index, IndexFile
from .tarball import NOTHING, Code, read

_ACCEPT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"
_MAX_PAGE = 64 * 1024 * 1024
#: What is kept of all pages, packed.
_MAX_PAGES = 256 * 1024 * 1024
_MAX_PACKAGES = 3_000
_WORKERS = 12
_INSTALL_SCRIPTS = ("preinstall", "install", "postinstall")
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?\Z")


@record
class Version:
    """One version of a package, as far as an installation on Linux needs to know it."""

    name: str
    version: str
    script: bool
    requires: Mapping[str, str]
    optional: Mapping[str, str]
    bins: tuple[str, ...]
    tarball: str
    linux: bool = True

    @property
    def key(self) -> str:
        """The key of its entry in the lock file."""
        return f"{self.name}=={self.version}"


def registry(folder: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """The registry that npm asks: of the variable, the file .npmrc in *folder*, in the home directory, or the usual."""
    environment = os.environ if environment is None else environment
    given = environment.get("npm_config_registry") or environment.get("NPM_CONFIG_REGISTRY")
    if given:
        return given.rstrip("/")
    home = Path(environment.get("HOME") or "/")
    for path in ([folder / ".npmrc"] if folder is not None else []) + [home / ".npmrc"]:
        try:
            if folder is not None and path.parent == folder and path.is_symlink():
                # It may lead to anything of the user's.
                continue
            text = read_text(path)
        except OSError:
            continue
        found = re.search(r"^[^\S\n]*+registry\s*+=\s*+(\S++)[^\S\n]*+$", text, re.MULTILINE)
        if found is not None and "${" not in found[1]:
            return found[1].rstrip("/")
    return usual_index("npm")


class _Strange(RegistryError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: the registry answers with something else than npm reads; check the address that --npm-registry"
            " or .npmrc names"
        )


class NpmStore:
    """What was asked of the registry at *url*, kept for as long as one lock is made."""

    def __init__(self, url: str, allowance: Allowance | None = None) -> None:
        self._url = url.rstrip("/")
        self._index = Index((url,), allowance=allowance)
        self._pages: dict[str, bytes] = {}
        self._chosen: dict[tuple[str, str], Version] = {}
        self._codes: dict[str, Code] = {}

    def close(self) -> None:
        """Close all connections."""
        self._index.close()

    def choose(self, name: str, wanted: str) -> Version:
        """The version of *name* that an installation takes for the range *wanted*. Raises ``Unresolved``."""
        if (name, wanted) not in self._chosen:
            self._chosen[name, wanted] = self._choose(name, wanted)
        return self._chosen[name, wanted]

    def _choose(self, name: str, wanted: str) -> Version:
        page = self._page(name)
        versions, tags = page.get("versions"), page.get("dist-tags")
        if not isinstance(versions, dict) or not isinstance(tags, dict):
            raise _Strange(name)
        if wanted in tags:
            chosen = str(tags[wanted])
        else:
            latest = str(tags.get("latest", ""))
            try:
                fits = latest in versions and satisfies(latest, wanted, False)
                # Early packages have versions that are none.
                every = [one for one in versions if _VERSION.match(one)]
                usable = [one for one in every if not versions[one].get("deprecated")]
                found = latest if fits else _newest(usable, wanted) or _newest(every, wanted)
            except (ValueError, TypeError, AttributeError) as error:
                raise Unresolved(f"{name}@{wanted}: {error}") from None
            if found is None:
                raise Unresolved(f"{name}: no version answers {wanted}")
            chosen = str(found)
        return _version(name, chosen, versions.get(chosen))

    def exact(self, name: str, version: str) -> Version:
        """The *version* of *name*, whatever else there is. Raises ``Unresolved``."""
        versions = self._page(name).get("versions")
        if not isinstance(versions, dict):
            raise _Strange(name)
        return _version(name, version, versions.get(version))

    def code(self, version: Version) -> Code:
        """What is known of the code of *version*. Raises ``RegistryError``."""
        if version.key not in self._codes:
            file = IndexFile(f"{version.key}.tgz", version.tarball, "", "", False, False, None)
            with self._index.content(file) as content:
                self._codes[version.key] = read(content, version.key)
        return self._codes[version.key]

    def _page(self, name: str) -> Mapping[str, Any]:
        """What the registry says of *name*. As data a page takes ten times its bytes, so that it is kept as text."""
        if name in self._pages:
            return _read_page(name, zlib.decompress(self._pages[name]))
        body, _ = self._index.get(f"{self._url}/{urllib.parse.quote(name, safe='@')}", _ACCEPT, _MAX_PAGE)
        found = _read_page(name, body)
        packed = zlib.compress(body, 1)
        if len(packed) + sum(map(len, list(self._pages.values()))) > _MAX_PAGES:
            raise RegistryError(f"{name}: what the registry says of all packages is more than {_MAX_PAGES >> 20} MiB")
        self._pages[name] = packed
        return found

    def fetch(self, names: Iterable[str]) -> None:
        """Ask for several packages at once; what fails is asked for again, and said, when it is needed."""

        def ask(name: str) -> None:
            try:
                self._page(name)
            except RegistryError:
                return

        with crew(_WORKERS) as pool:
            list(pool.map(ask, [one for one in names if one not in self._pages]))


def _read_page(name: str, body: bytes) -> Mapping[str, Any]:
    try:
        found = read_json(body)
    except Excessive as error:
        raise RegistryError(f"{name}: the registry's answer is not read: {error}") from None
    except ValueError:
        raise _Strange(name) from None
    if not isinstance(found, dict):
        raise _Strange(name)
    return found


def answers(asked: tuple[str, ...], store: NpmStore, now: datetime) -> dict[str, PackageEntry]:
    """The entries for the requirements *asked*, each ``name@range``, with all that they need.

    Raises ``Unresolved`` or ``RegistryError``.
    """
    chosen: dict[str, Version] = {}
    requires: dict[str, set[str]] = {}
    answered: dict[str, set[str]] = {}
    waiting: list[tuple[str | None, str, str, bool]] = []
    for one in asked:
        name, _, wanted = one.rpartition("@")
        waiting.append((None, name, wanted, False))
    while waiting:
        store.fetch({name for _, name, _, _ in waiting})
        later: list[tuple[str | None, str, str, bool]] = []
        for parent, name, wanted, optional in waiting:
            try:
                version = _aliased(store, name, wanted)
            except (Unresolved, RegistryError):
                if optional:
                    continue
                raise
            if parent is None:
                answered.setdefault(version.key, set()).add(f"{name}@{wanted}")
            else:
                requires[parent].add(version.key)
            if version.key in chosen:
                continue
            chosen[version.key] = version
            requires[version.key] = set()
            if len(chosen) > _MAX_PACKAGES:
                raise Unresolved(f"more than {_MAX_PACKAGES} packages")
            later += [(version.key, *pair, False) for pair in version.requires.items()]
            later += [(version.key, *pair, True) for pair in version.optional.items()]
        waiting = later
    with crew(_WORKERS) as pool:
        codes = dict(zip(chosen, pool.map(store.code, chosen.values()), strict=True))
    uses = _uses(chosen, codes)
    return {
        key: evolve(
            _entry(version, codes[key], uses[key], now),
            asked=tuple(sorted(answered.get(key, ()))),
            requires=tuple(sorted(requires[key])),
        )
        for key, version in sorted(chosen.items())
    }


def exact_answers(asked: tuple[str, ...], store: NpmStore, now: datetime) -> dict[str, PackageEntry]:
    """The entries for the versions *asked* alone, each ``name@version``, as a lock file of Yarn names all of them.

    What is not for Linux is not installed. Raises ``Unresolved`` or ``RegistryError``.
    """
    pairs = [one.rpartition("@")[::2] for one in asked]
    if len(pairs) > _MAX_PACKAGES:
        raise Unresolved(f"more than {_MAX_PACKAGES} packages")
    store.fetch({name for name, _ in pairs})
    found = [store.exact(name, version) for name, version in pairs]
    chosen = {version.key: version for version in found}
    with crew(_WORKERS) as pool:
        looked = pool.map(lambda one: store.code(one) if one.linux else NOTHING, chosen.values())
        codes = dict(zip(chosen, looked, strict=True))
    uses = _uses(chosen, codes)
    return {
        key: evolve(
            _entry(version, codes[key], uses[key], now),
            asked=(f"{version.name}@{version.version}",),
        )
        for key, version in sorted(chosen.items())
    }


def _entry(version: Version, code: Code, uses: tuple[str, ...], now: datetime) -> PackageEntry:
    """What *version* itself tells, with its *code* and what of that others use; nobody has asked for it yet.

    npm and Yarn compile whatever has a binding.gyp, whether the registry marks it or not. Source: @npmcli/arborist.
    """
    return PackageEntry(
        asked=(),
        requires=(),
        compiled=(version.script or code.gyp) and not code.addon.idle,
        libraries=code.libraries,
        uses=uses,
        aside=code.aside(uses),
        bins=version.bins,
        locked=now.astimezone(UTC).replace(microsecond=0),
        alone=code.addon.alone,
    )


def _uses(chosen: Mapping[str, Version], codes: Mapping[str, Code]) -> dict[str, tuple[str, ...]]:
    """What the code of each package names that programs load by its name, or other packages by a path into it."""
    by_path: dict[str, set[str]] = {}
    for code in codes.values():
        for one in code.deep:
            parts = one.split("/")
            most = 2 if one.startswith("@") else 1
            by_path.setdefault("/".join(parts[:most]), set()).add("/".join(parts[most:]))
    return {key: code.uses(by_path.get(chosen[key].name, ())) for key, code in codes.items()}


def _newest(versions: list[str], wanted: str) -> str | None:
    found = max_satisfying(versions, wanted, False)
    return None if found is None else str(found)


def _aliased(store: NpmStore, name: str, wanted: str) -> Version:
    if wanted.startswith("npm:"):
        name, _, wanted = wanted[4:].rpartition("@")
    if ":" in wanted or "/" in wanted:
        raise Unresolved(f"{name}@{wanted} comes from elsewhere than the registry")
    return store.choose(name, wanted)


def _version(name: str, version: str, data: Any) -> Version:
    if not isinstance(data, dict):
        raise Unresolved(f"{name}: the registry has no version {version}")
    peers = {
        one: wanted
        for one, wanted in _texts(data.get("peerDependencies")).items()
        if not _table(_table(data.get("peerDependenciesMeta")).get(one)).get("optional")
    }
    optional = _texts(data.get("optionalDependencies"))
    needed = {one: wanted for one, wanted in _texts(data.get("dependencies")).items() if one not in optional}
    bins = data.get("bin")
    if not all(map(_encodable, (*peers, *optional, *needed, *_texts(bins)))):
        raise _Strange(name)
    systems = data.get("os")
    linux = not isinstance(systems, list) or "linux" in systems or any(str(one).startswith("!") for one in systems)
    return Version(
        name=name,
        version=version,
        script=_runs_script(data) and linux,
        requires={**peers, **needed},
        optional=optional,
        bins=tuple(sorted(bins)) if isinstance(bins, dict) else (name.rpartition("/")[2],) if bins else (),
        tarball=str(_table(data.get("dist")).get("tarball", "")),
        linux=linux,
    )


def _runs_script(data: Mapping[str, Any]) -> bool:
    """Whether installing the version *data* runs a script of its own.

    Only the short form of a package's page has ``hasInstallScript``; a registry that sends the whole page, whatever it
    was asked for, tells it by the scripts. Source: npm registry documentation, "Package metadata"; npm, "scripts".
    """
    scripts = _table(data.get("scripts"))
    told = data.get("hasInstallScript") or data.get("gypfile")
    return bool(told) or any(scripts.get(one) for one in _INSTALL_SCRIPTS)


def _encodable(text: str) -> bool:
    """Whether an address and a file can hold *text*: JSON can name halves of characters, which they cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> dict[str, str]:
    return {str(one): str(text) for one, text in value.items()} if isinstance(value, dict) else {}
