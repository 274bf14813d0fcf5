"""Go and Rust: modules and crates.

Sources: Go modules reference (``replace``, workspaces); The Cargo Book (manifest format, cargo targets, workspaces).
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from .needs import Needs


def go(needs: Needs, entry: str) -> None:
    """go.mod and go.sum of the folder *entry*; or the file *entry*, which stands in for go.mod, and its sums."""
    folder, path = (
        (posixpath.dirname(entry), entry) if entry.endswith(".mod") else (entry, f"{entry}/go.mod".lstrip("/"))
    )
    if not needs.required(path):
        return
    text = needs.text(path)
    sums = f"{path.removesuffix('.mod')}.sum"
    if needs.optional(sums):
        known = set(re.findall(r"^(\S+ \S+) h1:", needs.text(sums), re.M))
        if not {f"{name} {version}" for name, version in _required(text)} <= known:
            needs.against(f"{sums} lacks sums, which go mod download may add")
    for match in re.finditer(r"=>\s*(\.{1,2}/\S*|/\S+)", text):
        needs.against(f"{path} replaces a module with the directory {match[1]}")
    if posixpath.join(folder, "go.work") in needs.tree.by_path:
        needs.against("go.work names further modules")


def _required(text: str) -> list[tuple[str, str]]:
    """The modules that go.mod requires itself, with their versions; replaced ones have other sums."""
    replaced: set[str] = set()
    found: list[tuple[str, str]] = []
    block = ""
    for line in text.splitlines():
        bare, _, comment = line.partition("//")
        words = bare.split()
        if words[-1:] == ["("]:
            block = words[0]
        elif words == [")"]:
            block = ""
        elif words:
            words = words if block else words[1:]
            verb = block or bare.split()[0]
            if verb == "replace" and words:
                replaced.add(words[0])
            elif verb == "require" and len(words) == 2 and "indirect" not in comment:
                found.append((words[0], words[1]))
    return [pair for pair in found if pair[0] not in replaced]


def cargo(needs: Needs, folder: str) -> None:
    """Cargo.toml and Cargo.lock, and the files that make Cargo find a target in the crate."""
    path = posixpath.join(folder, "Cargo.toml")
    if not needs.required(path):
        return
    needs.required(posixpath.join(folder, "Cargo.lock"))
    for name in ("rust-toolchain", "rust-toolchain.toml"):
        needs.optional(posixpath.join(folder, name))
    needs.folder(posixpath.join(folder, ".cargo"))
    data = needs.toml(path)
    if data.get("workspace", {}).get("members") or "package" not in data:
        needs.against(f"{path} is that of a workspace, whose crates are needed as well")
    if "'path':" in str(_dependencies(data)):
        needs.against(f"{path} takes crates from the project itself")
    if any(data.get(kind) for kind in ("example", "test", "bench")):
        needs.against(f"{path} names examples, tests or benchmarks, whose files have to be there")
    targets = [target.get("path") for target in (data.get("lib", {}), *data.get("bin", []))]
    found = [needs.optional(posixpath.join(folder, one)) for one in targets if isinstance(one, str)]
    found += [needs.optional(posixpath.join(folder, "src", one)) for one in ("main.rs", "lib.rs")]
    for file in needs.tree.by_path:
        if re.fullmatch(re.escape(posixpath.join(folder, "src/bin/")) + r"(?:[^/]+\.rs|[^/]+/main\.rs)", file):
            found.append(needs.optional(file))
    if not any(found):
        needs.against(f"no file makes {path} a crate")


def _dependencies(data: dict[str, Any]) -> list[Any]:
    """All tables of *data* that name crates."""
    tables = [data.get(key) for key in ("dependencies", "dev-dependencies", "build-dependencies", "patch", "replace")]
    return [*tables, data.get("target")]
