"""``dockerslim server`` where the editor's libraries are missing."""

from __future__ import annotations

import subprocess
import sys


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
