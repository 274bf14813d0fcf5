"""What passes conclude about scripts: must a command succeed, does bash agree with dash, do pipes stand pipefail."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.analysis.flow.outcome import must_succeed
from dockerslim_rewrite.analysis.shell.pipes import breaks
from dockerslim_rewrite.analysis.shell.portability import differs_in_bash
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Script
from dockerslim_rewrite.shell.words import unquoted_parameters


def script(text: str) -> Script:
    read = read_script(text)
    assert isinstance(read, Script)
    return read


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("x", True),
        ("a && x && b", True),
        ("a; x", True),
        ("x; a", False),
        ("set -e; x; a", True),
        ("set -e; x && b; a", False),
        ("set -e; b && x; a", True),
        ("set -e; b && x", True),
        ("x || a", False),
        ("a || x", False),
        ("x || a && b", False),
        ("(x)", True),
        ("{ a; x; } && b", True),
        ("a | x", True),
        ("x | a", False),
        ("! x", False),
        ("x & a", False),
        ("if x; then a; fi", False),
        ("a $(x)", False),
    ],
)
def test_must_succeed(text: str, needed: bool) -> None:
    whole = script(text)
    command = next(one for one in whole.commands if one.name == "x")
    assert must_succeed(whole, command) is needed


def test_errexit_of_the_shell_counts() -> None:
    whole = script("x; a")
    assert must_succeed(whole, whole.commands[0], errexit=True)


@pytest.mark.parametrize(
    "text",
    [
        r'echo "a\nb"',
        "echo -e x",
        "mkdir -p /a/{b,c}",
        "touch {1..3}",
        '[ "$A" == b ]',
        "source /x",
        ". /x",
        "a &> /dev/null",
        "echo $RANDOM",
        "echo ${A:0:3}",
        "export A=$B",
        "printf '\\x41'",
        "read -p x y",
        "ls [^a]*",
        "cat <(a)",
    ],
)
def test_differs_in_bash(text: str) -> None:
    assert differs_in_bash(script(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "set -ex && apt-get update && apt-get install -y --no-install-recommends curl",
        'echo "deb http://x y" > /etc/apt/sources.list',
        "echo '{a,b}' && echo \"${A:-b}\" && A=${B%.*}",
        'export A="$B"',
        'for f in /a/*.sh; do sh "$f"; done',
        "awk '{print $1}' /x | sort -u | tee /y",
        "if [ -f /a ]; then rm /a; fi",
    ],
)
def test_same_in_bash(text: str) -> None:
    assert differs_in_bash(script(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "yes | a",
        "cat x | head -1",
        "cat x | grep -q y",
        "cat x | grep -m1 y",
        "cat x | sed 5q",
        "grep x y | cut -c1",
        "diff a b | wc -l",
        "find / -name x | xargs rm",
        "curl -s x 2>/dev/null | sh",
        "(a; b) | c",
        "curl x | sh || a",
        "if cat x | sort; then a; fi",
        "! cat x | sort",
        'A=$(cat x | head -1) && echo "$A"',
    ],
)
def test_breaks_under_pipefail(text: str) -> None:
    assert breaks(script(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "curl -fsSL x | tar xz",
        "sudo wget -qO- x | sudo apt-key add -",
        "echo x | tee y",
        "echo x | head -1",
        "curl x | sh || true",
        "curl x | sh || exit 1",
        "find /usr/local -name '*.pyc' | xargs rm -f",
        'cat x | while read -r line; do echo "$line"; done',
        'A=$(curl -s x | sed -n s/a/b/p) && echo "$A"',
    ],
)
def test_stands_pipefail(text: str) -> None:
    assert breaks(script(text)) is None


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("$a", {"a"}),
        ("${a}/b$c", {"a", "c"}),
        ('"$a"', set()),
        ("'$a'", set()),
        ("\\$a", set()),
        ('"$a"$b', {"b"}),
        ("x${a:-1}", {"a"}),
        ("$1$", set()),
    ],
)
def test_unquoted_parameters(word: str, names: set[str]) -> None:
    assert unquoted_parameters(word) == names
