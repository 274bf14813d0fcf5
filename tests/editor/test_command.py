"""``dockerslim server`` on the command line, and the pages that it leads to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dockerslim_rewrite.editor.pages import explained, page
from dockerslim_rewrite.passes import rules


def test_a_missing_extra_is_one_line_that_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['pygls'] = None; sys.modules['lsprotocol'] = None\n"
        "from dockerslim_rewrite.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, "server"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "dockerslim: the language server needs pygls; install it with `pip install 'dockerslim-rewrite[editor]'`\n"
    )


def test_no_other_command_loads_the_servers_libraries() -> None:
    code = (
        "import sys; from dockerslim_rewrite.cli.app import app\n"
        "app(['rules'], standalone_mode=False)\n"
        "assert not {'pygls', 'lsprotocol'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_answer_to_initialize_waits_for_no_compiler() -> None:
    code = "import sys; import dockerslim_rewrite.editor.serve; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("dockerslim_rewrite.")}
    assert "dockerslim_rewrite.editor.session" in loaded
    assert not {name for name in loaded if name.split(".")[1] in ("pipeline", "analysis", "passes", "shell", "ir")}


def test_the_server_says_the_same_with_and_without_its_option() -> None:
    for arguments in (["server", "--stdio"], ["server", "--help"]):
        code = (
            "import sys; sys.modules['pygls'] = None; sys.modules['lsprotocol'] = None\n"
            "from dockerslim_rewrite.cli import main; main()"
        )
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
        if "--help" in arguments:
            assert done.returncode == 0
            assert "--stdio" in done.stdout
        else:
            assert done.returncode == 2
            assert "pygls" in done.stderr


def test_every_rule_has_a_page() -> None:
    for one in rules():
        address = page(one.code)
        assert address is not None, one.code
        assert Path(address.removeprefix("file://")).read_text("utf-8").startswith(f"# {one.code} ")
        assert explained(one.code)
    assert page("DS000") is None
    assert explained("DS000") == ""
