"""Here-documents within the here-document of a RUN: their delimiter is a line of its own and stays one."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Opaque, Script

HEAD = "FROM debian:12\nRUN <<EOF\napt-get update\napt-get install -y curl\n"


@pytest.mark.parametrize("level", ["safe", "standard", "aggressive"])
@pytest.mark.parametrize("inner", ["<<X", "<<-X", "<<'X'", '<< "X"', "<<X | tee /y"])
def test_nothing_is_written_onto_a_delimiter(inner: str, level: str) -> None:
    text = f"{HEAD}cat > /x {inner}\nhello\nX\nEOF\n"
    assert "\nhello\nX\nEOF\n" in rewrite(text, Options(level=level)).text


def test_a_cleanup_never_changes_the_document_where_the_script_stops_at_failures() -> None:
    text = f"{HEAD.replace('apt-get update', 'set -e; apt-get update')}cat > /x <<X\nhello\nX\nEOF\n"
    after = rewrite(text, Options(level="safe")).text
    assert after in (text, text.replace("\nX\nEOF", "\nX\nrm -rf /var/lib/apt/lists/*\nEOF"))


def test_a_here_document_without_an_end_is_not_read() -> None:
    whole = "cat > /x <<X\nhello\nX\n"
    assert not isinstance(read_script(whole), Opaque)
    assert isinstance(read_script(whole.replace("\nX\n", "\nX && rm -rf /y\n")), Opaque)


@pytest.mark.parametrize(
    ("text", "words", "redirects"),
    [
        ("cat <<EOF >/etc/x\nA = '$B'\nEOF\n", ["cat"], [">/etc/x", "<<"]),
        ("cat <<-'EOF'>x\n\tA\n\tEOF\n", ["cat"], [">x", "<<"]),
        ("cat <<EOF 2>&1 >x\nEOF\n", ["cat"], ["2>&1", ">x", "<<"]),
    ],
)
def test_a_redirection_behind_the_operator_of_a_here_document(
    text: str, words: list[str], redirects: list[str]
) -> None:
    script = read_script(text)
    assert isinstance(script, Script)
    [command] = script.commands
    assert [word.text for word in command.words] == words
    assert [one.operator + (one.target.text if one.target else "") for one in command.redirects] == redirects
    assert text[command.span.start : command.span.end].strip() == text.strip()


def test_a_line_behind_a_duplicated_descriptor_is_a_command_of_its_own() -> None:
    text = 'if a\nthen\n    b 2>&1\n    if [ -f "x" ] && [ -f "y" ]; then\n        c\n    fi\nelse\n    d\nfi\n'
    script = read_script(text)
    assert isinstance(script, Script)
    assert [command.name for command in script.commands] == ["a", "b", "[", "[", "c", "d"]


@pytest.mark.parametrize("word", ["then", "else", "elif", "fi", "do", "done", "esac"])
def test_no_command_is_called_like_a_keyword(word: str) -> None:
    assert isinstance(read_script(f"{word} a"), Opaque)
