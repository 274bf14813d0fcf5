"""Where Rust programs can run: the bases of their runtime stages."""

from __future__ import annotations

import posixpath

from ...analysis.runtime.rust_sources import beside_the_program, opened_by_rust
from ...analysis.runtime.starting import EVERYWHERE, Started
from ...analysis.shell.operations import operation
from ...change import Safety
from ...knowledge.images import image_facts
from ...knowledge.libraries import libraries
from ...knowledge.linked import linked_packages
from ...patterns import re
from .lean_sources import Language, without_sources
from .left_sources import copied_folders
from .runtime_needs import brought_by_system, needed_packages, system_program
from .split_project import Project, Target

_DYNAMIC = "gcr.io/distroless/cc-debian12"
_STATIC = "gcr.io/distroless/static-debian12"
_UP_TO_12 = frozenset(("stretch", "buster", "bullseye", "bookworm"))
_CARGO_BIN = "/usr/local/cargo/bin"
#: Subcommands that write programs, packages and nothing else.
_PLAIN = frozenset(("build", "install", "fetch", "clean", "update", "check", "b", "vendor", "chef"))
#: Commands that make no files but directories and programs.
_BESIDE = frozenset(("mkdir", "strip", "rustup", "rustc", "true", "set", "ls"))
#: What only the build and people read.
_SOURCES = re.compile(
    r"\.(?:rs|md|rst|proto)\Z|/(?:Cargo\.(?:toml|lock)|rust-toolchain(?:\.toml)?|\.?rustfmt\.toml|\.?clippy\.toml|deny\.toml|build\.rs)\Z"
    r"|/(?:target|\.cargo|benches|tests|\.git(?:hub|lab)?|\.vscode|\.idea)/"
    r"|/(?:LICENSE[^/]*|README[^/]*|Makefile|[^/]*Dockerfile[^/]*|[^/]*\.dockerfile|\.git\w+|\.dockerignore|\.editorconfig)\Z"
)
_CRATE = re.compile(r'^name = "([^"]+)"', re.M)
#: Crates that only describe the system's own interface, or another system's.
_BARE = frozenset(
    (
        "linux-raw-sys", "windows-sys", "js-sys", "web-sys", "core-foundation-sys", "security-framework-sys",
        "inotify-sys", "fsevent-sys", "kqueue-sys", "redox-sys", "system-configuration-sys", "dirs-sys", "jni-sys",
    )
)  # fmt: skip
#: Crates that compile their library from sources of their own into the program. Sources: each crate's build script.
_COMPILED = frozenset(
    ("libmimalloc-sys", "jemalloc-sys", "tikv-jemalloc-sys", "aws-lc-sys", "zstd-sys", "lz4-sys", "snmalloc-sys")
)
#: Variables by which such a crate is told to link a library of the system's. Source: AWS-LC for Rust, user guide.
_LINKING = re.compile(r"\bAWS_LC_SYS_(?:STATIC|\w*SYSTEM)|\bJEMALLOC_OVERRIDE\b")


def rust_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, the boldest first, or why none is known."""
    programs: list[str] = []
    for started in project.starting.programs:
        if brought_by_system(started):
            if (problem := system_program(project, started)) is not None:
                return problem
            continue
        place, problem = _program(project, started)
        if problem is not None:
            return problem
        programs.append(place)
    context = project.facts.project
    beside = beside_the_program(context) if context is not None else None
    if beside is not None and not project.shipping.covers(_target_directory(project)):
        return beside
    image = project.image
    small = image.family == "alpine" or "slim" in image.parts.variant
    linked = () if small else _linked(project)
    if isinstance(linked, str):
        return linked
    debian = image.release or project.recipe.release(image.parts.version) if image.family == "debian" else None
    newest = image_facts("alpine", "latest")
    alpine = image.release or (newest.pin.tag if newest is not None and newest.pin is not None else None)
    base = f"debian:{debian}-slim" if debian else f"alpine:{alpine}" if image.family == "alpine" and alpine else None
    if base is None:
        return f"the release beneath {image.name} is not known"
    packages = needed_packages(project, debian)
    if isinstance(packages, str):
        return packages
    for crate, development in linked:
        known = libraries(development, "debian", debian)
        if known is None:
            return f"which package has the library of the crate {crate} is not known here"
        packages = tuple(sorted({*packages, *known}))
    path = (f"ENV PATH={_CARGO_BIN}:$PATH",) if any(one.startswith(_CARGO_BIN + "/") for one in programs) else ()
    files = tuple(dict.fromkeys(one for one in programs if not project.shipping.covers(one)))
    user = (project.shipping.states[-1].user or "root").partition(":")[0]
    plain = user in ("root", "nobody") or user.isdigit()
    found: list[Target] = []
    why = "cargo and the target directory are needed to build only"
    if plain and project.starting.needs_shell is None and not packages and not project.shipping.upgrade:
        if image.family == "alpine":
            found.append(Target(_STATIC, Safety.AGGRESSIVE, f"{why}, and the program is static", files, path))
        elif debian in _UP_TO_12:
            found.append(Target(_DYNAMIC, Safety.AGGRESSIVE, f"{why}, and it needs the C library", files, path))
    files = (*files, project.recipe.certificates or "")
    found.append(Target(base, Safety.STANDARD, f"{why}; {base} is of the same distribution", files, path, packages))
    return _lean(found, project, programs)


def _target_directory(project: Project) -> str:
    """Where Cargo puts what it makes."""
    return posixpath.normpath(posixpath.join(project.folder or "/", "target"))


def _lean(targets: list[Target], project: Project, programs: list[str]) -> list[Target]:
    """*targets* without the sources, where it is known which of the files that were copied with them are opened."""
    context = project.facts.project
    if context is None or not programs:
        return targets
    folders = copied_folders(project, whole=False)
    filled = [one for one in dict.fromkeys(project.shipping.copied) if one in folders]
    leaves = tuple(one for one in filled if not any(one.startswith(f"{other}/") for other in filled))
    return without_sources(targets, project, Language(_SOURCES, _generates), leaves, programs, opened_by_rust(context))


def _generates(project: Project) -> bool:
    """Whether a command of the build may make other files than programs and what package managers install."""
    for call in project.facts.calls(project.stage):
        found = operation(call.argv)
        if found is None and call.name in _BESIDE:
            continue
        if found is None or (found.manager.name == "cargo" and found.subcommand not in _PLAIN):
            return True
    return False


def _program(project: Project, started: Started) -> tuple[str, str | None]:
    """Where the program lies, and why it may not be one that was built here."""
    name = posixpath.basename(started.name)
    if name in project.recipe.tools:
        return "", f"{started.keyword} runs {name}, which belongs to the tools of the build"
    if started.script or (not started.path and name in EVERYWHERE):
        return "", f"{started.keyword} starts {started.name}, which may run anything"
    if started.path:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        built = "/target/" in path or path.startswith(_CARGO_BIN + "/") or project.shipping.covers(path)
        return path, None if built else f"nothing here makes {path}"
    beside = posixpath.join("/usr/local/bin", name)
    if project.shipping.covers(beside):
        return beside, None
    found = [operation(call.argv) for call in project.facts.calls(project.stage)]
    installs = any(one is not None and one.manager.name == "cargo" and one.subcommand == "install" for one in found)
    return posixpath.join(_CARGO_BIN, name), None if installs else f"nothing tells where {name} is"


def _linked(project: Project) -> tuple[tuple[str, str], ...] | str:
    """The crates that may be linked to a library that the full image has and its slim one has not, each with the
    development package that it is in; a text says why that is not known.
    """
    context = project.facts.project
    lock = context.text("Cargo.lock") if context is not None else None
    if context is None or lock is None:
        return "the full image has libraries that crates may be linked to, and no Cargo.lock tells that they are not"
    texts = (project.build.text, context.text(".cargo/config.toml"), context.text(".cargo/config"))
    if any(_LINKING.search(text) for text in texts if text):
        return "a variable tells a crate which library to link"
    held = linked_packages("cargo").links
    found: dict[str, str] = {}
    for crate in _CRATE.findall(lock):
        if not crate.endswith("-sys") or crate in _BARE | _COMPILED:
            continue
        if crate not in held:
            return f"the crate {crate} may be linked to a library of the full image"
        found.update(dict.fromkeys(held[crate], crate))
    return tuple((crate, development) for development, crate in found.items())
