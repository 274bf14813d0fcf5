"""In which folder each command of a script runs."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.analysis.flow.command_folders import command_folders
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Script


def folder_of(name: str, text: str) -> str | None:
    """The folder of the command *name* in *text*, which starts in /w with HERE=h."""
    script = read_script(text)
    assert isinstance(script, Script)
    folders = command_folders(script, "/w", {"HERE": "h"})
    assert folders.keys() == {command.span for command in script.commands}
    return next(folders[command.span] for command in script.commands if command.name == name)


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("npm ci", "/w"),
        ("cd a && npm ci", "/w/a"),
        ("cd /a/b && npm ci", "/a/b"),
        ("cd a && make && cd .. && npm ci", "/w"),
        ("(cd a && make) && npm ci", "/w"),
        ("(cd a && npm ci) && make", "/w/a"),
        ("{ cd a && make; } && npm ci", "/w/a"),
        ("cd a || exit 1; npm ci", "/w/a"),
        ("set -ex; cd a; npm ci", "/w/a"),
        ("cd a & npm ci", "/w"),
        ("make | (cd b && tee c); npm ci", "/w"),
        ("echo $(cd b && pwd); npm ci", "/w"),
        ("cd $HERE && npm ci", "/w/h"),
        (". /etc/os-release && cd a && npm ci", "/w/a"),
        ("exec >log && cd a && npm ci", "/w/a"),
        ("if [ -d a ]; then (cd a && make); fi; npm ci", "/w"),
        ("cd /a && make; cd /a && npm ci", "/a"),
    ],
)
def test_known(text: str, folder: str) -> None:
    assert folder_of("npm", text) == folder


@pytest.mark.parametrize(
    "text",
    [
        "cd a; npm ci",
        "cd a || true; npm ci",
        "set -e; cd a && make; npm ci",
        "set -e; set +e; cd a; npm ci",
        "cd && npm ci",
        "cd - && npm ci",
        "cd ~/a && npm ci",
        "cd $OTHER && npm ci",
        "HERE=x; cd $HERE && npm ci",
        "pushd a && npm ci",
        "command cd a && npm ci",
        "if [ -d a ]; then cd a && npm ci; fi",
        "if [ -d a ]; then cd a; fi; npm ci",
        "for d in a b; do cd $d && npm ci; done",
        "f() { cd a; }; f; npm ci",
        "f() { npm ci; }; cd a && f",
        "cd a && . ./b && npm ci",
        'cd a && eval "$B" && npm ci',
        "! cd a; npm ci",
    ],
)
def test_unknown(text: str) -> None:
    assert folder_of("npm", text) is None


def test_many_branches_take_no_longer() -> None:
    deep = "cd a && npm ci"
    for _ in range(60):
        deep = f"if true; then {deep}; fi"
    assert folder_of("npm", deep) is None
    assert folder_of("npm", "cd a; " * 2_000 + "npm ci") is None
