"""The exponent with which counted work grows over three sizes: 1 in proportion, 2 with the square."""

from __future__ import annotations

from collections.abc import Callable
from cProfile import Profile
from datetime import date
from math import log
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.effects.archives import after_removal
from dockerslim_rewrite.analysis.effects.unpacking import needed, unpacked_in
from dockerslim_rewrite.analysis.facts import Facts
from dockerslim_rewrite.context import placement
from dockerslim_rewrite.context.locate import locate
from dockerslim_rewrite.context.project import FolderProject
from dockerslim_rewrite.editor.analysis import Analysis, Piece
from dockerslim_rewrite.editor.hints import built
from dockerslim_rewrite.editor.lines import Lines
from dockerslim_rewrite.editor.outline import symbols
from dockerslim_rewrite.editor.preferences import Preferences
from dockerslim_rewrite.editor.quick_fixes import is_long
from dockerslim_rewrite.editor.surroundings import alone
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.pipeline import Result
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.text import Patch

#: What work in proportion may show: a table that is larger asks for a little more.
LINEAR = 1.1


def exponents(work: Callable[[int], object], sizes: tuple[int, int, int], of: str = "") -> list[float]:
    """How the calls that *work* makes grow from each of *sizes* to the next; only those of the functions named *of*."""
    work(1)
    work(2)
    counted = []
    for size in sizes:
        profile = Profile()
        profile.runcall(work, size)
        counted.append(sum(one.callcount for one in profile.getstats() if of in str(one.code)))
    return [
        log(max(counted[i + 1], 1) / max(counted[i], 1)) / log(sizes[i + 1] / sizes[i]) for i in range(len(sizes) - 1)
    ]


def aggressive(text: str) -> None:
    assert rewrite(text, Options(level="aggressive")).bugs == ()


def test_comments_above_an_instruction_that_goes() -> None:
    """Whether each of them stands right above it was found out by reading all lines in between."""

    def work(size: int) -> None:
        aggressive("FROM debian:12\n" + "# comment x\n" * size + "RUN apt-get install -y x\n")

    assert max(exponents(work, (500, 1_000, 2_000))) <= LINEAR


def context_of(root: Path, files: int) -> Path:
    for at in range(files):
        (root / f"f{at}").write_text("")
    return root


def copies(tmp_path: Path) -> Callable[[int], None]:
    context = context_of(tmp_path, 60)

    def work(size: int) -> None:
        lines = "".join(f"COPY f* /x{at}/\n" for at in range(size))
        text = f'FROM python:3.11\n{lines}CMD ["python", "/x/a.py"]\n'
        assert rewrite(text, Options(context=context)).bugs == ()

    return work


def test_each_pattern_is_matched_with_the_files_once(tmp_path: Path) -> None:
    profile = Profile()
    profile.runcall(copies(tmp_path), 50)
    assert sum(one.callcount for one in profile.getstats() if "object matches" in str(one.code)) < 200


def test_files_that_many_copies_put_into_the_image(tmp_path: Path) -> None:
    assert max(exponents(copies(tmp_path), (50, 100, 200))) <= LINEAR


def test_more_copies_of_files_than_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is known then, neither that it is there nor that it is not, and one remark says so."""
    monkeypatch.setattr(placement, "MOST_STEPS", 10_000)
    context = context_of(tmp_path, 60)
    for count, beyond in ((9, False), (40, True)):
        lines = "".join(f"COPY f* /x{at}/\n" for at in range(count))
        text = f'FROM python:3.11\n{lines}COPY none /y\nRUN apt-get update\nCMD ["python", "/x/a.py"]\n'
        found = rewrite(text, Options(context=context, select=("all",)))
        assert found.bugs == ()
        said = [one.reason for one in found.remarks if "than are followed" in one.reason]
        assert len(said) == beyond
        project = FolderProject(locate(None, context))
        build = read_build(parse(text))
        assert project.follows(build) != beyond
        assert (len(project.files) == 60, project.complete, bool(project.missing(build))) == (not beyond,) * 3


def test_steps_are_counted_in_what_stages_hand_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "MOST_STEPS", 10_000)
    context = context_of(tmp_path, 60)
    for lines in ("FROM s{0} AS s{1}\n", "FROM a AS s{1}\nCOPY --from=s{0} / /\n", "FROM a AS s{1}\nCOPY . .\n"):
        stages = "".join(lines.format(at, at + 1) for at in range(100))
        build = read_build(parse(f"FROM a AS s0\nCOPY . .\n{stages}"))
        assert FolderProject(locate(None, context)).placed(build).beyond


DOWNLOADS = {
    "that nothing else names": "RUN curl -O http://x/{0}.tgz && tar xf {0}.tgz\n",
    "that others may open by a pattern": "RUN curl -O http://x/{0}.tgz && tar xf {0}.tgz && cat a*b{0}\n",
    "beside what nobody can read": "RUN curl -O http://x/{0}.tgz && tar xf {0}.tgz && ./y{0} && foo{0}\n",
}


@pytest.mark.parametrize("lines", DOWNLOADS.values(), ids=DOWNLOADS)
def test_archives_that_are_downloaded_and_unpacked(lines: str) -> None:
    """Which commands come later, and whom they name, was found out for each archive anew."""

    def work(size: int) -> None:
        build = read_build(parse("FROM debian:12\n" + "".join(map(lines.format, range(size)))))
        facts = Facts(build)
        (stage,) = build.stages
        for one in unpacked_in(stage.runs, stage, facts):
            after_removal(one.path, stage.runs[0], stage, facts)
            needed(one, stage.runs[:1], facts, build)

    assert max(exponents(work, (220, 440, 880))) <= LINEAR, exponents(work, (220, 440, 880))


def test_packages_of_earlier_installs_are_read_once() -> None:
    def work(size: int) -> None:
        lines = "".join(f"RUN apt-get update && apt-get install -y p{at}\n" for at in range(size))
        assert rewrite(f"FROM debian:12\n{lines}", Options(select=("DS613",), level="aggressive")).changed

    assert max(exponents(work, (20, 40, 80), "object packages_of")) <= LINEAR


def test_the_outline_of_a_file_that_nobody_wrote_by_hand_ends() -> None:
    for text in ("FROM a\n" + "RUN a\n" * 9_000, "ARG a\n" * 9_000 + "FROM a\n", "FROM a\nRUN a\n" * 4_500):
        result = Result(text, text, (), (), Patch(()), None)
        found = Analysis(
            Lines(text), "dockerfile", alone(Preferences({}), date(2026, 1, 1)), (Piece(result, Options(), ()),)
        )
        assert sum(1 + len(one.children or ()) for one in symbols(found)) <= 5_000
        assert is_long(found)
        assert built(found) == {}
