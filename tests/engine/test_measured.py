"""Sizes of layers are kept by what made them, and known again for as long as that stays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dockerslim_rewrite.cli.app import app
from dockerslim_rewrite.engine import verify as module
from dockerslim_rewrite.ir.build import Build, read_build
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.workspace.measured import Measured, forget, measured, remember
from tests.engine.images import LayerOf, write_image
from tests.engine.paper import PaperEngine

TEXT = """\
FROM debian:12 AS base
RUN apt-get update \\
    && apt-get install -y curl
FROM debian:12 AS build
RUN make
FROM base
# the program
COPY --from=build /x /x
WORKDIR /app
RUN ["/x", "init"]
CMD ["/x"]
"""
LAYERS = [
    ("ADD file:1 in /", 100),
    ("RUN apt-get update && apt-get install -y curl", 20),
    ("COPY /x /x", 3),
    ("WORKDIR /app", 0),
    ("RUN /x init", 4),
]
DAY = date(2026, 1, 2)


def build_of(text: str) -> Build:
    return read_build(parse(text))


def sizes(text: str, context: Path) -> dict[int, int]:
    return {line: one.size for line, one in measured(build_of(text), context).items()}


def test_layers_are_known_by_the_lines_that_made_them(tmp_path: Path) -> None:
    assert sizes(TEXT, tmp_path) == {}
    remember(build_of(TEXT), tmp_path, None, LAYERS, DAY)
    assert sizes(TEXT, tmp_path) == {2: 20, 8: 3, 10: 4}
    assert measured(build_of(TEXT), tmp_path)[2] == Measured(20, DAY)
    # Nobody looked at the stage that is only copied from, and another context brings other files.
    assert sizes(TEXT, tmp_path / "other") == {}
    forget()
    assert sizes(TEXT, tmp_path) == {}


def test_a_builder_that_makes_no_layer_of_workdir_tells_the_same(tmp_path: Path) -> None:
    remember(build_of(TEXT), tmp_path, None, [one for one in LAYERS if "WORKDIR" not in one[0]], DAY)
    assert sizes(TEXT, tmp_path) == {2: 20, 8: 3, 10: 4}


def test_another_target_is_another_image(tmp_path: Path) -> None:
    remember(build_of(TEXT), tmp_path, "Build", [LAYERS[0], ("RUN make", 7)], DAY)
    assert sizes(TEXT, tmp_path) == {5: 7}


def test_an_edit_counts_for_all_that_comes_after_it(tmp_path: Path) -> None:
    remember(build_of(TEXT), tmp_path, None, LAYERS, DAY)
    assert sizes(TEXT.replace("# the program\n", ""), tmp_path) == {2: 20, 7: 3, 9: 4}
    assert sizes(TEXT.replace("RUN make", "RUN make all"), tmp_path) == {2: 20}
    assert sizes(TEXT.replace("curl", "wget"), tmp_path) == {}


@pytest.mark.parametrize(
    "layers",
    [
        LAYERS[:2],
        [*LAYERS, ("RUN other", 1)],
        [*LAYERS[:-1], ("RUN /y init", 4)],
        [("(unknown)", 1)] * 5,
    ],
)
def test_layers_that_do_not_fit_are_not_kept(tmp_path: Path, layers: list[tuple[str, int]]) -> None:
    remember(build_of(TEXT), tmp_path, None, layers, DAY)
    assert sizes(TEXT, tmp_path) == {}


@pytest.mark.parametrize("text", ["", "[]", '{"x": 1}', '{"x": [1, "soon"]}', "[" * 9000])
def test_a_file_of_somebody_else_tells_nothing(tmp_path: Path, cache: Path, text: str) -> None:
    (cache / "measured.json").write_text(text)
    assert sizes(TEXT, tmp_path) == {}


class Layered(PaperEngine):
    """Makes a layer of each RUN."""

    def export(self, image: str, archive: Path) -> None:
        runs = [line for line in self.images[image] if line.startswith("RUN ")]
        layers = [LayerOf("ADD base"), *(LayerOf(f"/bin/sh -c {line.removeprefix('RUN ')}") for line in runs)]
        for layer in layers[1:]:
            layer.file("/a", "x" * 5000)
        write_image(archive, *layers)


def test_verify_keeps_what_it_measured_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text("pass")
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("FROM debian:12\nRUN a\nRUN b\n")
    new.write_text("FROM debian:12\nRUN a && b\n")
    monkeypatch.setattr(module, "choose", lambda wanted, folder: Layered())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767312000")
    done = CliRunner().invoke(app, ["verify", str(old), str(new), "--context", str(tmp_path), "-q"])
    assert done.exit_code == 0, done.output
    assert set(sizes(old.read_text(), tmp_path)) == {2, 3}
    assert measured(build_of(new.read_text()), tmp_path) == {2: Measured(5000, DAY)}
