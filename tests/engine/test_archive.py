"""Images are read as engines mean them: layers on top of each other, whiteouts, sizes, instructions."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from dockerslim_rewrite.engine.archive import LayerCache, read_archive
from dockerslim_rewrite.engine.history import instruction
from dockerslim_rewrite.engine.interface import EngineError
from dockerslim_rewrite.engine.rootfs import Kind
from tests.engine.images import LayerOf, write_image


def test_layers_hide_what_lies_below(tmp_path: Path) -> None:
    base = (
        LayerOf("ADD root /").folder("/etc").file("/etc/a", "a").file("/etc/b", "b").folder("/srv").file("/srv/x", "x")
    )
    upper = LayerOf("RUN rm").whiteout("/etc/a").opaque("/srv").file("/srv/y", "yy").file("/etc/b", "bbb")
    image = read_archive(write_image(tmp_path / "i", base, upper), LayerCache())
    assert sorted(image.files.paths()) == ["/etc", "/etc/b", "/srv", "/srv/y"]
    assert image.size == 3 + 5
    assert image.files.size == 5


def test_a_whole_folder_is_hidden_and_a_file_takes_its_place(tmp_path: Path) -> None:
    base = LayerOf("x").folder("/opt").folder("/opt/deep").file("/opt/deep/one", "1").file("/opt2", "2")
    gone = LayerOf("y").whiteout("/opt")
    image = read_archive(write_image(tmp_path / "i", base, gone), LayerCache())
    assert list(image.files.paths()) == ["/opt2"]
    replaced = LayerOf("z").file("/opt", "now a file")
    image = read_archive(write_image(tmp_path / "j", base, replaced), LayerCache())
    assert sorted(image.files.paths()) == ["/opt", "/opt2"]


def test_a_whiteout_hides_only_what_lies_below_its_layer(tmp_path: Path) -> None:
    base = LayerOf("x").folder("/a").file("/a/old")
    again = LayerOf("y").folder("/a").file("/a/new").opaque("/a")
    image = read_archive(write_image(tmp_path / "i", base, again), LayerCache())
    assert sorted(image.files.paths()) == ["/a", "/a/new"]


def test_second_names_of_a_file_take_no_space(tmp_path: Path) -> None:
    layer = LayerOf("x").file("/a", "1234").hardlink("/b", "a").symlink("/c", "a", mode=0o755)
    image = read_archive(write_image(tmp_path / "i", layer), LayerCache())
    assert image.size == image.files.size == 4
    first, second, link = (image.files.get(path) for path in ("/a", "/b", "/c"))
    assert first is not None
    assert second is not None
    assert link is not None
    assert (first.content, first.linked, second.content, second.linked) == (first.content, False, first.content, True)
    assert (link.kind, link.content, link.mode) == (Kind.LINK, "a", 0o777)


@pytest.mark.parametrize("squeezed", [False, True])
def test_sizes_do_not_depend_on_how_the_engine_exports(tmp_path: Path, squeezed: bool) -> None:
    layer = LayerOf("RUN make").file("/data", "abc" * 10000)
    image = read_archive(write_image(tmp_path / "i", layer, squeezed=squeezed), LayerCache())
    assert image.layers[0].size == 30000
    # zlib's stream differs from the gzip module's in nothing but the file name and time of the header.
    assert abs(image.layers[0].compressed - len(gzip.compress(layer.data(), 6))) <= 16


def test_instructions_belong_to_their_layers(tmp_path: Path) -> None:
    layers = [LayerOf("/bin/sh -c make").file("/a"), LayerOf("COPY b /b # buildkit").file("/b")]
    image = read_archive(write_image(tmp_path / "i", *layers), LayerCache())
    assert [layer.instruction for layer in image.layers] == ["RUN make", "COPY b /b"]
    image = read_archive(write_image(tmp_path / "j", *layers, history=1), LayerCache())
    assert [layer.instruction for layer in image.layers] == ["(unknown)", "RUN make"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("/bin/sh -c #(nop) COPY file:1 in /x ", "COPY file:1 in /x"),
        ("RUN /bin/sh -c a &&     b # buildkit", "RUN a && b"),
        ("RUN |2 A=1 B=/bin /bin/sh -c make # buildkit", "RUN make"),
        ("|1 A=x y /bin/sh -c make", "RUN make"),
        ("/bin/bash -o pipefail -c a | b", "RUN a | b"),
        ("/bin/sh -ec a", "RUN a"),
        ('CMD ["sh"]', 'CMD ["sh"]'),
        ("", "(unknown)"),
    ],
)
def test_history_reads_like_a_dockerfile(written: str, meant: str) -> None:
    assert instruction(written) == meant


def test_configuration_has_what_a_dockerfile_decides(tmp_path: Path) -> None:
    config = {"Env": ["A=1", "B=x=y"], "Cmd": ["sh"], "Hostname": "builder", "User": "", "WorkingDir": "/"}
    image = read_archive(write_image(tmp_path / "i", LayerOf("x").file("/a"), config=config), LayerCache())
    assert image.config.fields == {"Env": {"A": "1", "B": "x=y"}, "Cmd": ["sh"]}


def test_what_is_no_image_says_so(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "i", "w"):
        pass
    with pytest.raises(EngineError, match=r"no manifest\.json"):
        read_archive(tmp_path / "i", LayerCache())


def test_without_squeezing_only_that_is_missing(tmp_path: Path) -> None:
    write_image(
        tmp_path / "image.tar", LayerOf("RUN one").file("/one", "1" * 1000), LayerOf("RUN two").file("/two", "2")
    )
    cache = LayerCache()
    quick = read_archive(tmp_path / "image.tar", cache, squeezed=False)
    full = read_archive(tmp_path / "image.tar", cache)
    assert quick.compressed == 0 < full.compressed
    assert (quick.size, quick.config) == (full.size, full.config)
    assert {path: quick.files.get(path) for path in ("/one", "/two")} == {
        path: full.files.get(path) for path in ("/one", "/two")
    }
    assert read_archive(tmp_path / "image.tar", cache, squeezed=False).layers == full.layers
