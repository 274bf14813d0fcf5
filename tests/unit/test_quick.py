"""The quick reader of the command line reads as Typer does, or leaves it to Typer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dockerslim_rewrite.cli import app as typer_app
from dockerslim_rewrite.cli import rewrite as command
from dockerslim_rewrite.cli.quick import PLAIN, read_plain

FLAGS = {flag for flag, one in PLAIN.items() if one.kind == "flag"}
OPTIONS = tuple(PLAIN)
WORDS = st.one_of(
    st.sampled_from(OPTIONS),
    st.sampled_from([f"{name}=safe" for name in OPTIONS]),
    st.sampled_from(
        ["Dockerfile", "a b", "-", "--", "DS2,DL3009", " , ", "", "-iq", "-ofile", "--no-diff", "--help", "--version"]
    ),
)


def by_typer(arguments: Sequence[str]) -> command.Request | None:
    """What Typer makes of *arguments*; None if it runs nothing."""
    seen: list[command.Request] = []
    original = command.run
    command.run = lambda request: seen.append(request) or 0  # type: ignore[func-returns-value]
    try:
        CliRunner().invoke(typer_app.app, ["rewrite", *arguments])
    finally:
        command.run = original
    return seen[0] if seen else None


@given(st.lists(WORDS, max_size=6))
def test_what_is_read_is_what_typer_reads(arguments: list[str]) -> None:
    plain = read_plain(arguments)
    if plain is not None:
        assert command.Request(**plain) == by_typer(arguments)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_read(option: str) -> None:
    value = (PLAIN[option].choices or ("word",))[0]
    arguments = ["Dockerfile", option] if option in FLAGS else ["Dockerfile", option, value]
    plain = read_plain(arguments)
    assert plain is not None
    assert command.Request(**plain) == by_typer(arguments)


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["f", "--unknown"], ["f", "-o"], ["f", "-o", "--diff"], ["f", "-iq"], ["--", "-f"]]
)
def test_the_rest_is_left_to_typer(arguments: list[str]) -> None:
    assert read_plain(arguments) is None


def test_rewriting_a_file_loads_neither_typer_nor_libcst_nor_inspect(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n")
    code = (
        "import sys\nfrom dockerslim_rewrite.cli import rewrite_main\n"
        "try: rewrite_main()\nexcept SystemExit as end: assert end.code == 0\n"
        "heavy = {'typer', 'libcst', 'pydantic', 'inspect', 'httpx', 'dataclasses'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path), "-q"], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_nobody_reads_the_output(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM debian:12\n" + "RUN true\n" * 20_000)
    code = "from dockerslim_rewrite.cli import rewrite_main; rewrite_main()"
    arguments = [sys.executable, "-c", code, str(path), "-q", "--select", "DS601"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141
