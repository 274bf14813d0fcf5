"""The structure of RUN bodies against shfmt's parser, on a sample of the corpus."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.shell.script import AndOr, Compound, Group, Node, Pipeline, Script, Sequence, Simple
from dockerslim_rewrite.syntax import ParseError, parse
from dockerslim_rewrite.text import Source
from tests.corpus.files import corpus_or_skip, sample


def ours(node: Node) -> list[Any]:
    """Our tree as nested lists: kinds, operators, and where simple commands start and how many parts they have."""
    if isinstance(node, Simple):
        return ["simple", node.span.start, len(node.words), len(node.redirects), len(node.assignments)]
    if isinstance(node, Pipeline | AndOr):
        tree = ours(node.items[0])
        for operator, item in zip(node.operators, node.items[1:], strict=True):
            tree = ["binary", operator.text, tree, ours(item)]
        return ["not", tree] if isinstance(node, Pipeline) and node.negated else tree
    if isinstance(node, Sequence):
        marks = [one.text for one in node.separators] + [""]
        return [
            "list",
            *(ours(item) + (["&"] if mark == "&" else []) for item, mark in zip(node.items, marks, strict=False)),
        ]
    if isinstance(node, Group):
        return ["subshell" if node.subshell else "group", ours(node.body)]
    return ["compound"]


def theirs(statement: dict[str, Any]) -> list[Any]:
    command = statement.get("Cmd")
    redirects = len(statement.get("Redirs") or [])
    if command is None:
        tree: list[Any] = ["simple", statement["Pos"]["Offset"], 0, redirects, 0]
    elif command["Type"] == "CallExpr":
        start = (command if statement.get("Negated") else statement)["Pos"]["Offset"]
        tree = ["simple", start, len(command.get("Args") or []), redirects, len(command.get("Assigns") or [])]
    elif command["Type"] == "DeclClause":
        tree = ["simple", statement["Pos"]["Offset"], 1 + len(command.get("Args") or []), redirects, 0]
    elif command["Type"] == "BinaryCmd":
        tree = ["binary", command["Op"], theirs(command["X"]), theirs(command["Y"])]
    elif command["Type"] in ("Block", "Subshell"):
        kind = "subshell" if command["Type"] == "Subshell" else "group"
        tree = [kind, ["list", *(theirs(one) for one in command["Stmts"])]]
    else:
        tree = ["compound"]
    if statement.get("Negated"):
        tree = ["not", tree]
    return [*tree, "&"] if statement.get("Background") else tree


def defines_function(node: Node) -> bool:
    """shfmt takes `f() { …; } && g` for one function whose body is the chain; bash does not. Such bodies stay out."""
    if isinstance(node, Compound):
        return node.kind == "function"
    return not isinstance(node, Simple) and any(
        defines_function(child) for child in (node.items if not isinstance(node, Group) else (node.body,))
    )


@pytest.mark.corpus
def test_structure_agrees_with_shfmt() -> None:
    shfmt = shutil.which("shfmt", path=str(Path(sys.executable).parent)) or shutil.which("shfmt")
    if shfmt is None:
        pytest.skip("shfmt is not installed")
    files = sample(corpus_or_skip(), 400)
    different: list[tuple[str, Any, Any]] = []
    compared = 0
    for file in files:
        try:
            build = read_build(parse(Source.from_bytes(file.text)))
        except ParseError:
            continue
        for run in (run for stage in build.stages for run in stage.runs):
            script = run.body.script if run.body is not None and run.body.form == "shell" else None
            if not isinstance(script, Script) or not script.text.isascii() or defines_function(script.root):
                continue
            asked = subprocess.run(
                [shfmt, "--to-json", "-ln", "bash"], input=script.text.encode(), capture_output=True, check=False
            )
            if asked.returncode:
                different.append((file.name, "shfmt refuses what we take", script.text[:200]))
                continue
            compared += 1
            right = ["list", *(theirs(one) for one in json.loads(asked.stdout).get("Stmts") or [])]
            if ours(script.root) != right:
                different.append((file.name, ours(script.root), right))
    assert compared > 500
    assert different == []
