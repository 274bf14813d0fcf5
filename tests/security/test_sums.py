"""What is bounded for one file is bounded for all of a repository: by counted words and stars."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.analysis.project import Doubt
from dockerslim_rewrite.context.dockerignore import TooManyPatterns, read_dockerignore
from dockerslim_rewrite.context.python import modules
from dockerslim_rewrite.context.python.module import Module
from dockerslim_rewrite.context.python.modules import Modules

DATA = "x = [\n" + "f('a','w'),\n" * 20_000 + "]\n"
CODE = "def function(argument):\n    return argument.attribute\n\n\n" * 5_000


def test_modules_of_data_are_read_until_it_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counted(text: str) -> Module:
        nonlocal read
        read += 1
        return Module((), {}, {}, frozenset(), (), len(text))

    monkeypatch.setattr(modules, "read_module", counted)
    known = Modules(lambda path: DATA)
    found = [known.module(f"m{number}.py") for number in range(9)]
    assert read <= 3
    assert isinstance(found[-1], Doubt)
    assert "more data than code" in found[-1].reason
    known = Modules(lambda path: CODE)
    assert not any(isinstance(known.module(f"m{number}.py"), Doubt) for number in range(9))


def test_stars_of_a_file_of_patterns() -> None:
    with pytest.raises(TooManyPatterns, match="stars"):
        read_dockerignore(("**/" * 20 + "a*" * 20 + "b\n") * 100)
    with pytest.raises(TooManyPatterns, match="stars"):
        read_dockerignore("".join(f"**/a*{number}\n" for number in range(1_000)))
    assert len(read_dockerignore("*.pyc\n" * 1_000 + "**/*.log\n" * 500).patterns) == 1_500
