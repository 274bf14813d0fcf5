"""What managers of packages read besides their manifests: variables and settings that name files, read by the judge.

Sources: the managers' own references of their configuration files and environment variables.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from ...patterns import re
from .contents import Contents, Place

#: Variables that name lists of requirements, and others that name files, or folders of packages.
_LISTS = re.compile(r"(?:PIP_(?:BUILD_)?CONSTRAINT|PIP_REQUIREMENT|UV_(?:BUILD_)?CONSTRAINT|UV_OVERRIDE|UV_EXCLUDE)\Z")
_NAMING = re.compile(
    r"(?:PIP_(?:CONFIG_FILE|FIND_LINKS|EDITABLE)|UV_(?:CONFIG_FILE|FIND_LINKS|INDEX|DEFAULT_INDEX|PROJECT|WORKING_DIR\w*)"
    r"|PIPENV_PIPFILE|BUNDLE_(?:GEMFILE|LOCKFILE)|COMPOSER|YARN_RC_FILENAME|Restore(?:ConfigFile|\w*Sources|FallbackFolders))\Z"
)
#: Which of them counts for which command; all others count for all.
_MANIFESTS = {"bundle": ("BUNDLE_GEMFILE", "Gemfile"), "composer": ("COMPOSER", "composer.json")}
#: What stands beside the manifest and is read where it is there.
_BESIDE = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json", ".npmrc"),
    "yarn": ("yarn.lock", ".yarnrc", ".yarnrc.yml"),
    "pnpm": ("pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc"),
    "go": ("go.sum",),
    "pipenv": ("Pipfile.lock",),
    "poetry": ("poetry.lock",),
    "mvn": (".mvn/maven.config", ".mvn/jvm.config"),
    "dotnet": ("nuget.config", "NuGet.config", "NuGet.Config"),
}
#: In which of them, or in the manifest itself, what names a file, or a folder of packages.
_NAMES = {
    "package-lock.json": re.compile(r"\"file:([^\"#]+)"),
    "npm-shrinkwrap.json": re.compile(r"\"file:([^\"#]+)"),
    "yarn.lock": re.compile(r"[@\"]file:([^\s\"#:]+)"),
    "pnpm-lock.yaml": re.compile(r"\bfile:([^\s\"'#,}()]+)"),
    ".yarnrc": re.compile(r"(?m)^(?:yarn-offline-mirror|yarn-path)\s+\"?([^\"\n]+)"),
    ".yarnrc.yml": re.compile(r"(?m)^yarnPath:\s*\"?([^\"\n]+)"),
    "maven.config": re.compile(r"(?<!\S)(?:-g?s|-t|--(?:global-)?settings|--toolchains)[\s=]*(\S+)"),
    "nuget.config": re.compile(r"<add\s[^>]*\bvalue=\"([^\"]+)\""),
}


def reads_no_more(tool: str, contents: Contents | None, place: Place, variables: Mapping[str, str | None]) -> bool:
    """Whether what *variables* and the settings of *tool* name was copied, as far as that can be read."""
    for name, value in variables.items():
        lists = _LISTS.match(name)
        if name == "GOFLAGS" and tool == "go":
            value = " ".join(re.findall(r"-modfile=(\S+)", value)) if value is not None else None
        elif not lists and not _NAMING.match(name):
            continue
        if value is None:
            return False
        for word in value.split():
            if not place.has(word):
                return False
            if lists and contents is not None and place.is_inside(word) and not contents.requirements(place.full(word)):
                return False
    return contents is None or all(_names_no_more(path, contents, place) for path in _settings(tool, place, variables))


def _settings(tool: str, place: Place, variables: Mapping[str, str | None]) -> Iterator[str]:
    yield from _BESIDE.get(tool, ())
    if tool in _MANIFESTS:
        variable, usual = _MANIFESTS[tool]
        manifest = variables.get(variable) or usual
        yield f"{manifest}.lock" if tool == "bundle" else f"{manifest.removesuffix('.json')}.lock"


def _names_no_more(path: str, contents: Contents, place: Place) -> bool:
    """Whether the settings at *path*, if the context holds any, were copied with all that they name."""
    text = contents.context(place.full(path))
    if text is None:
        return True
    if not place.has(path):
        return False
    name = posixpath.basename(path)
    pattern = _NAMES.get(name.lower() if name.lower() == "nuget.config" else name)
    if name.lower() == "nuget.config":
        text = text.partition("<packageSources>")[2].partition("</packageSources>")[0]
    named = pattern.findall(text) if pattern is not None else ()
    return all(place.has(one.strip().replace("\\", "/")) for one in named)
