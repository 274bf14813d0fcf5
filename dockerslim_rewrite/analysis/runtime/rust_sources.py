"""What the sources of a Rust program in the build context tell of the files that it opens.

Sources: the Rust reference, "Comments", "Literal expressions"; the Cargo book, "Project layout", "Specifying
dependencies".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from ...knowledge.tables import table
from ...patterns import re
from ...text.structured import read_toml
from ..project import Project

_TOKEN = re.compile(
    r"r(?P<fence>#*)\"(?P<raw>.*?)(?:\"(?P=fence)|\Z)|\"(?P<text>(?:[^\"\\]|\\.)*)\"?|'(?:[^'\\\n]|\\[^\n']{1,9}|\\')'"
    r"|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))",
    re.S,
)
_LITERALS = re.compile(r"\s*\"[^\"\n]*\"(?:\s*,\s*\"[^\"\n]*\")*(?:\s*,)?\s*\)")
_WRITTEN = re.compile(r"\"([^\"\n]*)\"")
#: Files that do not go into a program: what is tested, measured or shown, and what runs while building.
_APART = re.compile(r"(?:^|/)(?:tests|benches|examples|target)/|(?:^|/)build\.rs\Z")
#: What Cargo makes beside a program: others, and libraries that are loaded.
_BINARY = re.compile(r"\[\[bin\]\]")
_LIBRARY = re.compile(r"\"c?dylib\"")
_BIN = re.compile(r"(?:^|/)src/bin/")
_MAIN = re.compile(r"(?:^|/)src/main\.rs\Z")
_ITSELF = re.compile(r"\bcurrent_exe\s*\(")
_BUILT = re.compile(r"\"([^\"\n]*\btarget/(?:[\w-]+/)?(?:release|debug)/[^\"\n]+)\"")
#: Sources that another compiler compiles.
_FOREIGN = (".c", ".cc", ".cpp", ".cxx", ".s", ".S", ".go", ".zig")


def beside_the_program(project: Project) -> str | None:
    """Why the Rust program in *project* may use other files that Cargo makes; None where its sources tell of none.

    It may where it asks where it lies itself and Cargo makes more than one program, or names a file of the target
    directory.
    """
    paths = [file.path for file in project.files if not _APART.search(file.path)]
    manifests = [project.text(path) or "" for path in paths if path.endswith("Cargo.toml")]
    several = any(len(_BINARY.findall(text)) > 1 or _LIBRARY.search(text) for text in manifests)
    several = several or any(_BIN.search(path) for path in paths)
    several = several or sum(_MAIN.search(path) is not None for path in paths) > 1
    for path in paths:
        if not path.endswith(".rs"):
            continue
        text = project.text(path) or ""
        if (found := _BUILT.search(text)) is not None:
            return f"{path} names {found[1]}, which stays in the builder"
        if several and _ITSELF.search(text) is not None:
            return f"{path} asks where its program lies, and Cargo makes more than that one"
    return None


def opened_by_rust(project: Project) -> tuple[str, ...] | str:
    """The paths that the Rust program in *project* opens when it runs, as its sources write them; a text says why
    others may be among them.

    They are known where all of its sources are there, none starts programs, loads libraries or opens what a variable
    names, and no crate that it names looks for files by itself. A string that names a file of the project counts as
    opened. What other crates do by themselves is an assumption.
    """
    if not project.complete:
        return "the build context was not read completely"
    paths = [file.path for file in project.files if not _APART.search(file.path)]
    sources = [path for path in paths if path.endswith(".rs")]
    if not sources:
        return "the build context holds no Rust source"
    foreign = next((path for path in paths if path.endswith(_FOREIGN)), None)
    if foreign is not None:
        return f"{foreign} is in another language"
    known = table("rust_files")
    opened: dict[str, None] = {}
    for path in (path for path in paths if posixpath.basename(path) == "Cargo.toml"):
        try:
            manifest = read_toml(project.text(path) or "")
        except ValueError:
            return f"{path} could not be read"
        for crate in _crates(manifest):
            if crate in known["crates"]:
                return f"{path} names {crate}, which looks for files by itself"
            opened.update(dict.fromkeys(known["looks_for"].get(crate, ())))
    calls = re.compile("|".join(known["calls"]))
    literal = re.compile("|".join(known["literal_calls"]))
    compiled = re.compile("|".join(known["compiled"]), re.S)
    others = {path for path in paths if not path.endswith((".rs", "Cargo.toml", "Cargo.lock"))}
    names = {part for path in others for part in (path, *path.split("/"))}
    for path in sources:
        text = project.text(path)
        if text is None:
            return f"{path} could not be read"
        bare = compiled.sub(" ", _TOKEN.sub(lambda token: " " if token["comment"] is not None else token[0], text))
        for found in calls.finditer(bare):
            written = _LITERALS.match(bare, found.end()) if literal.match(found[0]) else None
            if written is None:
                return f"{path} has {found[0].rstrip('( ')}"
            opened.update(dict.fromkeys(_WRITTEN.findall(written[0])))
        for word in _strings(bare):
            plain = word.removeprefix("./").strip("/")
            if plain and plain in names:
                opened[word] = None
    return tuple(opened)


def _strings(text: str) -> Iterator[str]:
    for token in _TOKEN.finditer(text):
        found = token["raw"] if token["raw"] is not None else token["text"]
        if found:
            yield found


def _crates(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The crates that *manifest* names for the program itself, under their own names."""
    targets = manifest.get("target")
    parts = [manifest, manifest.get("workspace"), *(targets.values() if isinstance(targets, dict) else ())]
    for part in parts:
        listed = part.get("dependencies") if isinstance(part, dict) else None
        for name, wanted in listed.items() if isinstance(listed, dict) else ():
            given = wanted.get("package") if isinstance(wanted, dict) else None
            yield given if isinstance(given, str) else name
