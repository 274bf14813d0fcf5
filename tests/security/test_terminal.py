"""Nothing that a file says is obeyed by the terminal that shows it, in whatever format and whatever the message."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import dockerslim_rewrite.cli
from tests.security.command import Command

#: A window title, colours by 7-bit and 8-bit sequences, a backspace, a delete, and a change of direction.
POISON = "\x1b]0;owned\x07\x1b[31m\x9b31m\b\x7f\u202e\u200f\u2028"
#: What a terminal would obey. Line ends and tabs are layout.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

FILES = {
    "comment": f"# {POISON}\nFROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n",
    "image": f"FROM debian:12{POISON}\nRUN apt-get update\nRUN apt-get install -y curl\n",
    "alias": f"FROM debian:12 AS a{POISON}\nRUN apt-get update\nRUN apt-get install -y curl\nFROM debian:12\n",
    "words": f"FROM debian:12\nRUN cd '/{POISON}' && wget http://a/{POISON}.tar\nRUN apt-get install -y 'a{POISON}'\n",
    "value": f"FROM debian:12\nENV A {POISON}\nLABEL b='{POISON}'\nMAINTAINER {POISON}\nWORKDIR a{POISON}\n",
    "user": f"FROM debian:12\nUSER {POISON}\nRUN sudo a\n",
    "flag": f"FROM --platform={POISON} debian:12\nCOPY --from=x{POISON} a b\nRUN --mount=target={POISON} a\n",
    "form": f"FROM debian:12\nCMD echo '{POISON}'\nCMD echo {POISON}\nHEALTHCHECK CMD echo '{POISON}'\n",
    "instruction": f"FROM debian:12\nR{POISON}UN a\n",
    "directive": f"# syntax={POISON}\n# check=skip={POISON}\nFROM debian:12\nRUN sudo a\n",
    "array": f'FROM debian:12\nVOLUME ["{POISON}\n',
    "heredoc": f"FROM debian:12\nRUN <<E{POISON}\na\n",
}
FORMATS = (
    ("--diff",),
    ("--check",),
    ("--check", "--format", "json"),
    ("--format", "json"),
    ("--level", "aggressive", "--check"),
)


def shown(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("options", FORMATS, ids=" ".join)
def test_messages(name: str, options: tuple[str, ...], command: Command, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(FILES[name])
    done = command("rewrite", path, *options)
    assert not OBEYED.search(shown(done.err)), repr(done.err)
    if "json" in options:
        assert not OBEYED.search(shown(done.out)), repr(done.out)


@pytest.mark.parametrize("options", [(), ("--diff",), ("--format", "json"), ("--check",)], ids=" ".join)
def test_names_of_files(options: tuple[str, ...], command: Command, tmp_path: Path) -> None:
    path = tmp_path / f"a{POISON.replace('/', '')}"
    for text in (
        "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n",
        "nonsense\n",
        "FROM a\nRUN <<E\n",
    ):
        path.write_text(text)
        done = command("rewrite", path, *options)
        assert not OBEYED.search(shown(done.err)), repr(done.err)
    missing = command("rewrite", tmp_path / f"missing{POISON}")
    assert missing.code == 2
    assert not OBEYED.search(shown(missing.err)), repr(missing.err)


@pytest.mark.parametrize("name", FILES)
def test_program(name: str, command: Command, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(FILES[name])
    done = command("ir", path)
    assert not OBEYED.search(shown(done.out + done.err)), repr(done.out)


def test_a_name_makes_no_line_of_the_journal(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "a\nDockerfile:1: DS501 forged"
    path.write_text("FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n")
    for text in ("FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n", "nonsense\n"):
        path.write_text(text)
        assert b"\nDockerfile:1: DS501" not in command("rewrite", path, "--check").err


def test_words_of_the_command_line(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(FILES["words"])
    for arguments in (
        ("explain", f"DS{POISON}"),
        ("rewrite", str(path), "--select", POISON),
        ("rewrite", str(path), "--level", POISON),
        ("rewrite", str(path), "--format", POISON),
    ):
        done = command(*arguments)
        assert done.code == 2, arguments
        assert not OBEYED.search(shown(done.err)), repr(done.err)


@pytest.mark.parametrize("name", FILES)
def test_a_terminal_gets_a_neutral_file(
    name: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(FILES[name])
    exact = command("rewrite", path, "--level", "aggressive")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    done = command("rewrite", path, "--level", "aggressive")
    assert not OBEYED.search(shown(done.out)), repr(done.out)
    assert done.out.count(b"\n") == exact.out.count(b"\n")
    path.write_bytes(b"FROM debian:12\r\nRUN true\r\n")
    assert command("rewrite", path).out == b"FROM debian:12\nRUN true\n"


@pytest.mark.parametrize("format", ["junit", "checkstyle"])
def test_names_of_files_in_xml(format: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    folder = Path("d\x1b[5m\n::error::x\u202e")
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\nRUN cd x\n")
    done = command("rewrite", folder / "Dockerfile", "--format", format)
    assert not OBEYED.search(shown(done.out)), repr(done.out)
    assert b"::error::x" in done.out
    assert not any(line.startswith(b"::") for line in done.out.splitlines())


def test_a_terminal_gets_a_neutral_diff(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or a pipe gets the diff to the letter, to be applied; a terminal gets it to be read."""
    path = tmp_path / "Dockerfile"
    path.write_text(FILES["image"])
    exact = command("rewrite", path, "--diff", "--quiet")
    assert POISON in shown(exact.out)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    done = command("rewrite", path, "--diff", "--quiet")
    assert "apt-get" in shown(done.out)
    assert not OBEYED.search(shown(done.out)), repr(done.out)


def test_names_of_files_that_tell_of_builds(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / f"a{POISON.replace('/', '')}"
    folder.mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nRUN apt-get update\n")
    (folder / "x.sh").write_bytes(b"#!/bin/sh\n\xff\n")
    for done in (
        command("rewrite", tmp_path / "Dockerfile"),
        command("rewrite", tmp_path),
        command("builds", tmp_path),
    ):
        assert b"not UTF-8" in done.err
        assert not OBEYED.search(shown(done.err)), repr(done.err)


#: What makes texts printable or counts, the names of counts, and the name of a constant.
HARMLESS = ("printable", "counted", "len", "repr")
COUNTS = ("files", "_MISSING")


def _harmless(value: ast.FormattedValue) -> bool:
    """Whether *value* holds nothing of a file's, or went through what a terminal does not obey."""
    node = value.value
    name = node.func if isinstance(node, ast.Call) else node
    known = HARMLESS if isinstance(node, ast.Call) else COUNTS
    return value.conversion == ord("r") or (isinstance(name, ast.Name) and name.id in known)


def test_whoever_tells_a_message_makes_it_printable() -> None:
    found = []
    for path in sorted(Path(dockerslim_rewrite.cli.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                texts = [one for one in node.args if ast.unparse(one).startswith(("f'dockerslim: ", 'f"dockerslim: '))]
                values = [one for text in texts for one in ast.walk(text) if isinstance(one, ast.FormattedValue)]
                found += [f"{path.name}:{node.lineno}" for one in values if not _harmless(one)]
    assert found == []
