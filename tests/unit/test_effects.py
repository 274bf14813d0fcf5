"""What commands come to run: wrappers, scripts, Python and Makefiles."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.analysis.effects.makefiles import read_makefile, recipes
from dockerslim_rewrite.analysis.effects.python_calls import read_python
from dockerslim_rewrite.analysis.effects.reached import Files, Ran, Unread
from dockerslim_rewrite.analysis.effects.reading import Reading
from dockerslim_rewrite.knowledge.effects import assumption, installer_habit, is_plain, list_habit, wrappers


def _reached(text: str, files: dict[str, str] | None = None) -> list[str]:
    """What the shell script *text* comes to run in /w, where *files* are."""
    files = files or {}
    reading = Reading(Files({f"/w/{name}": name for name in files}, {}, known=True), files.get, {})
    reading.text(text, "/w", "line 1")
    return [
        " ".join(word or "…" for word in one.argv) if isinstance(one, Ran) else f"{one.kind}: {one.what}"
        for one in reading.found
    ]


@pytest.mark.parametrize(
    "text",
    [
        "env A=b apt-get install x",
        "sudo -E -u root apt-get install x",
        "sudo A=b -- apt-get install x",
        "su - root -c 'apt-get install x'",
        "runuser -u root -- apt-get install x",
        "gosu root:root apt-get install x",
        "bash -lc 'apt-get install x'",
        "sh -ec 'cd /; apt-get install x'",
        "echo x | xargs -n 1 -P4 apt-get install x",
        "find / -name x -exec apt-get install x ';'",
        "timeout -k 5 10m nice -n 5 apt-get install x",
        "tini -g -- apt-get install x",
        "conda run -n base --no-capture-output apt-get install x",
        "poetry run apt-get install x",
        "bundle exec apt-get install x",
        "npx apt-get install x",
        "xvfb-run -a apt-get install x",
        "eval 'apt-get install x'",
        "f() { apt-get install x; }; f",
        "for i in 1 2; do (apt-get install x) || true; done",
        "[ -x /a ] && { apt-get install x; }",
        "echo $(apt-get install x)",
        "printf '%s' 'apt-get install x' | bash",
    ],
)
def test_wrappers_are_looked_through(text: str) -> None:
    assert any(one.startswith("apt-get install") for one in _reached(text)), _reached(text)


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("frobnicate", "program: frobnicate"),
        ("./x.sh", "script: ./x.sh"),
        ("$TOOL install", "dynamic: a command that is named when it runs"),
        ("make", "build: make"),
        ("curl https://example.org/i | sudo bash -", "download: a script from the network that bash runs"),
        ('bash -c "$(curl -fsSL https://example.org/i)"', "download: a script from the network that bash runs"),
        ("bash <(curl -s https://example.org/i)", "download: a script from the network that bash runs"),
        ("python3 setup.py install", "build: setup.py"),
        ("python3 -m nobody", "program: python -m nobody"),
        ("chroot /mnt apt-get update", "program: chroot in another root directory"),
        ("eval $X", "dynamic: eval $X"),
    ],
)
def test_what_is_not_read_is_named(text: str, unread: str) -> None:
    assert unread in _reached(text)


@pytest.mark.parametrize(
    "text",
    [
        ". /opt/nvm/nvm.sh && nvm install 20",
        'eval "$(pyenv init -)"',
        "source activate base",
        "command -v foo",
        "curl https://sh.rustup.rs | sh -s -- -y",
        "php -r 'echo 1;'",
    ],
)
def test_known_settings_and_installers_leave_nothing_open(text: str) -> None:
    assert not [one for one in _reached(text) if one.partition(":")[0] in ("script", "download", "dynamic", "program")]


def test_scripts_that_call_each_other_end() -> None:
    files = {"a.sh": "sh b.sh\napt-get update\n", "b.sh": "sh a.sh\n"}
    assert _reached("sh a.sh", files).count("apt-get update") == 1


def test_scripts_that_call_too_deep_are_not_read() -> None:
    files = {f"{n}.sh": f"sh {n + 1}.sh\n" for n in range(30)}
    assert any(one.startswith("script: ") for one in _reached("sh 0.sh", files))


def test_python_calls() -> None:
    text = (
        "import subprocess as sp, os\nfrom os import system\n"
        "sp.run(['apt-get', 'install', name])\nsystem('ls')\nos.execvp('sh', ['sh', '-c', 'id'])\n"
        "sp.check_call('a b'.split())\nsp.call(cmd)\nexec(x)\nobj.run(['no'])\n"
    )
    found = read_python(text)
    assert found is not None
    assert [(one.argv, one.text) for one in found.started] == [
        (("apt-get", "install", None), None),
        (None, "ls"),
        (("sh", "-c", "id"), None),
        (("a", "b"), None),
        (None, None),
        (None, None),
    ]
    assert read_python("print 'two'") is None


def test_makefiles() -> None:
    text = "PKG = jq\nall: deps x.o\n\t@echo $(PKG) $$HOME\ndeps:\n\t-apt-get install $(PKG)\n"
    file = read_makefile(text)
    assert file is not None
    assert recipes(file, (), {}) == ("apt-get install jq", "echo jq $HOME")
    assert recipes(file, ("deps",), {"PKG": "tree"}) == ("apt-get install tree",)
    assert recipes(file, ("nowhere",), {}) is None
    assert read_makefile("include other.mk\n") is None
    assert read_makefile("X := $(shell date)\n") is None


def test_the_vocabulary_does_not_contradict_itself() -> None:
    assert not [name for name in wrappers() if is_plain(name) and not wrappers()[name].subcommands]
    assert list_habit("apt-file", "update") == "none"
    assert list_habit("apt-file", "search") == "reads"
    assert installer_habit("https://deb.nodesource.com/setup_20.x") == "fetches"


@pytest.mark.parametrize("kind", ["script", "dynamic"])
def test_nothing_is_assumed_of_scripts(kind: str) -> None:
    assert assumption("apt_lists", kind) is None
    assert assumption("archive", kind) is None


def test_an_unread_command_says_where_it_stands() -> None:
    assert str(Unread("program", "x", "line 3")) == "x (line 3)"
