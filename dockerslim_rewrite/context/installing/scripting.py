"""Ruby and PHP: Bundler and Composer.

Sources: Bundler's Gemfile reference; Composer documentation (schema, scripts, plugins, autoloader optimization).
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from .needs import Needs


def bundler(needs: Needs, entry: str) -> None:
    """Gemfile and Gemfile.lock of the folder *entry*; or the Gemfile *entry*, whose lock file has its name."""
    folder, path = entry, posixpath.join(entry, "Gemfile")
    if path not in needs.tree.by_path and entry in needs.tree.by_path:
        folder, path = posixpath.dirname(entry), entry
    if not needs.required(path):
        return
    lock = posixpath.join(folder, "gems.locked") if posixpath.basename(path) == "gems.rb" else f"{path}.lock"
    if needs.optional(lock) and re.search(r"(?m)^PATH$", needs.text(lock)):
        needs.against(f"{lock} takes gems from the project itself")
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


def composer(needs: Needs, entry: str) -> None:
    """composer.json and composer.lock of the folder *entry*, or the file *entry* and its lock file; classes are looked
    for in the project where the autoloader lists them.
    """
    folder, path = entry, posixpath.join(entry, "composer.json")
    if path not in needs.tree.by_path and entry in needs.tree.by_path:
        folder, path = posixpath.dirname(entry), entry
    if not needs.required(path):
        return
    data = needs.json(path)
    lock = f"{path.removesuffix('.json')}.lock"
    if needs.required(lock):
        _plugins(needs, needs.json(lock))
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
        if (package.get("dist") or {}).get("type") == "path":
            needs.against(f"{package.get('name')} comes from the project itself")
        if package.get("type") in ("composer-plugin", "composer-installer"):
            needs.against(f"{package.get('name')} is a plugin of Composer, which may read the project", "--no-plugins")
