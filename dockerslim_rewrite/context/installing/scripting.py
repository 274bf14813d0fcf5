"""Ruby and PHP: Bundler and Composer.

Sources: Bundler's Gemfile reference; Composer documentation (schema, scripts, plugins, autoloader optimization).
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from .needs import Needs


def bundler(needs: Needs, folder: str) -> None:
    """Gemfile and Gemfile.lock."""
    path = posixpath.join(folder, "Gemfile")
    if not needs.required(path):
        return
    needs.optional(f"{path}.lock")
    needs.folder(posixpath.join(folder, "vendor/cache"))
    for name in (".ruby-version", ".tool-versions"):
        needs.optional(posixpath.join(folder, name))
    for number, line in enumerate(needs.text(path).splitlines(), start=1):
        bare = line.split("#")[0]
        version = re.search(r"\bruby\s+file:\s*[\"']([\w.-]+)[\"']", bare)
        if version is not None:
            needs.required(posixpath.join(folder, version[1]), f"{path}:{number}")
        elif re.search(
            r"\bpath:|:path\s*=>|\bgemspec\b|\beval_gemfile\b|\b(?:File|Dir|IO)\b|\bread\b|\bload\b|\brequire|`|%x"
            r"|\bsystem\b|\bexec\b|^\s*path\s|\bruby\s+file",
            bare.replace("require:", "").replace(":require", ""),
        ):
            needs.against(f"{path}:{number} reads the project itself")


def composer(needs: Needs, folder: str) -> None:
    """composer.json and composer.lock; classes are looked for in the project where the autoloader lists them."""
    path = posixpath.join(folder, "composer.json")
    if not needs.required(path):
        return
    data = needs.json(path)
    if needs.required(posixpath.join(folder, "composer.lock")):
        _plugins(needs, needs.json(posixpath.join(folder, "composer.lock")))
    needs.optional(posixpath.join(folder, "auth.json"))
    if "version" not in data and posixpath.join(folder, ".git") in needs.tree.folders:
        needs.against("Composer asks git for the project's own version")
    repositories = data.get("repositories") or []
    for one in repositories.values() if isinstance(repositories, dict) else repositories:
        if isinstance(one, dict) and one.get("type") in ("path", "artifact"):
            needs.against(f"{path} takes packages from the project itself")
    if any(name.startswith(("pre-", "post-")) for name in data.get("scripts") or {}):
        needs.against(f"{path} runs scripts while installing", "--no-scripts")
    config = data.get("config") or {}
    for key in ("vendor-dir", "bin-dir", "cache-dir"):
        if key in config:
            needs.against(f"{path} sets {key}")
    for section in (data.get("autoload") or {}, data.get("autoload-dev") or {}):
        if section.get("classmap") or section.get("files"):
            needs.against(f"{path} autoloads files of the project, which installing looks for", "--no-autoloader")
    if config.get("optimize-autoloader") or config.get("classmap-authoritative"):
        needs.against(f"{path} has all classes of the project listed while installing", "--no-autoloader")


def _plugins(needs: Needs, lock: dict[str, Any]) -> None:
    for package in [*(lock.get("packages") or ()), *(lock.get("packages-dev") or ())]:
        if package.get("type") in ("composer-plugin", "composer-installer"):
            needs.against(f"{package.get('name')} is a plugin of Composer, which may read the project", "--no-plugins")
