"""Imports point one way. Read from the source with ``ast``, lazy imports included, so that nothing needs to run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dockerslim_rewrite

PACKAGE = Path(dockerslim_rewrite.__file__).parent

#: From the ground up: a part may import what stands on a line below its own. Parts of one line do not know each other.
LINES = (
    ("patterns",),
    ("record",),
    ("text",),
    ("syntax", "change"),
    ("shell",),
    ("ir",),
    ("analysis",),
    ("registry", "context", "render"),
    ("passes", "validate"),
    ("pipeline",),
)
#: What uses the compiler from outside. It may know the line's other parts, but not the command line.
USERS = ("report", "batch", "engine", "embedded")
HEIGHT = {part: height for height, line in enumerate(LINES) for part in line}
CORE = ("patterns", "record", "text", "change", "syntax", "shell", "ir")
HEAVY = {"typer", "libcst", "httpx", "jinja2"}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The dotted names that the file at *path* imports, made absolute."""
    package = ("dockerslim_rewrite", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            base += node.module.split(".") if node.module else []
            if base == ["dockerslim_rewrite"]:
                yield from (f"dockerslim_rewrite.{name.name}" for name in node.names)
            else:
                yield ".".join(base)


def edges() -> set[tuple[str, str]]:
    """Which part imports which other part."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for name in imported(path):
            words = name.split(".")
            if words[0] == "dockerslim_rewrite" and len(words) > 1 and words[1] != part_of(path):
                found.add((part_of(path), words[1]))
    return found


EDGES = edges()


def test_the_reader_sees_imports_of_every_kind() -> None:
    assert ("syntax", "text") in EDGES
    assert ("pipeline", "validate") in EDGES, "imported inside a function"
    assert ("cli", "pipeline") in EDGES


@pytest.mark.parametrize("part", HEIGHT)
def test_a_part_imports_only_what_stands_below(part: str) -> None:
    above = {
        target
        for source, target in EDGES
        if source == part and target in {*HEIGHT, *USERS, "cli"} and HEIGHT.get(target, len(LINES)) >= HEIGHT[part]
    }
    assert above == set()


def test_only_the_entry_points_know_the_command_line() -> None:
    assert {source for source, target in EDGES if target == "cli"} <= {"__main__"}


def test_knowledge_imports_only_records_and_patterns() -> None:
    assert {target for source, target in EDGES if source == "knowledge"} <= {"datafile", "patterns", "record"}


def test_only_the_pipeline_asks_the_validator() -> None:
    assert {source for source, target in EDGES if target == "validate"} == {"pipeline"}


def test_the_judge_shares_no_facts_with_the_judged() -> None:
    assert {target for source, target in EDGES if source == "validate"} <= set(CORE)


def test_the_core_loads_no_heavy_library() -> None:
    heavy = {
        (part_of(path), name)
        for path in PACKAGE.rglob("*.py")
        if part_of(path) in CORE
        for name in imported(path)
        if name.split(".")[0] in HEAVY
    }
    assert heavy == set()
