"""Differences are told apart, none is missed, and only what was announced counts as expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite.engine.archive import Image, LayerCache, read_archive
from dockerslim_rewrite.engine.compare import UNSTABLE, compare_configs, compare_files, seen
from dockerslim_rewrite.engine.expectations import Difference, Expectation, catalogue, reason_for, removals
from dockerslim_rewrite.engine.interface import ImageConfig
from dockerslim_rewrite.engine.paths import matches
from tests.engine.images import LayerOf, write_image


def _image(folder: Path, layer: LayerOf) -> Image:
    return read_archive(write_image(folder / "image", layer), LayerCache())


def _pair(tmp_path: Path) -> tuple[Image, Image]:
    before = LayerOf("x").file("/same", "s").file("/gone", "12345").file("/text", "old").file("/mine", "m")
    before.file("/run.sh", "r").symlink("/link", "a").file("/ping", "p").attribute("security.capability", "net")
    after = LayerOf("x").file("/same", "s").file("/text", "newer").file("/mine", "m", owner=1000).file("/new", "n")
    after.file("/run.sh", "r", mode=0o755).symlink("/link", "b").file("/ping", "p")
    return _image(tmp_path, before), _image(tmp_path, after)


def test_every_kind_of_difference_is_seen(tmp_path: Path) -> None:
    before, after = _pair(tmp_path)
    found = compare_files(before.files, after.files)
    assert [(d.path, d.kind, d.detail, d.size) for d in found] == [
        ("/gone", Difference.REMOVED, "file", -5),
        ("/link", Difference.CHANGED, "a → b", 0),
        ("/mine", Difference.OWNER, "0:0 → 1000:1000", 0),
        ("/new", Difference.ADDED, "file", 1),
        ("/ping", Difference.CHANGED, "extended attributes", 0),
        ("/run.sh", Difference.MODE, "0644 → 0755", 0),
        ("/text", Difference.CHANGED, "content, 3 → 5 bytes", 2),
    ]
    assert all(d.expected is None for d in found)
    assert compare_files(before.files, before.files) == ()


def test_only_the_announced_kind_is_expected(tmp_path: Path) -> None:
    before, after = _pair(tmp_path)
    announced = removals(["/gone", "/text", "/new"], "wanted")
    found = {d.path: d.expected for d in compare_files(before.files, after.files, announced)}
    assert found["/gone"] == "wanted"
    assert found["/text"] is None
    assert found["/new"] is None


def _unstable(tmp_path: Path, after: LayerOf) -> list[tuple[Difference, str | None]]:
    """How a path that is not the same in two builds of BEFORE may differ in AFTER."""
    first, second = LayerOf("x").file("/log", "at nine"), LayerOf("x").file("/log", "at ten o'clock")
    before, control = _image(tmp_path, first), _image(tmp_path, second)
    found = compare_files(
        before.files, _image(tmp_path, after).files, unstable=seen(before.files, control.files), expectations=()
    )
    return [(one.kind, one.expected) for one in found]


def test_what_differs_between_two_builds_may_differ_alike(tmp_path: Path) -> None:
    assert _unstable(tmp_path, LayerOf("x").file("/log", "at midnight")) == [(Difference.CHANGED, UNSTABLE)]


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (LayerOf("x"), Difference.REMOVED),
        (LayerOf("x").file("/log", ""), Difference.CHANGED),
        (LayerOf("x").file("/log", "at nine", mode=0), Difference.MODE),
        (LayerOf("x").file("/log", "at nine", owner=1000), Difference.OWNER),
        (LayerOf("x").symlink("/log", "/dev/null"), Difference.CHANGED),
    ],
)
def test_but_not_be_gone_emptied_or_locked(tmp_path: Path, after: LayerOf, kind: Difference) -> None:
    assert (kind, None) in _unstable(tmp_path, after)


@pytest.mark.parametrize("path", ["/var/log/nginx/access.log", "/var/log/postgresql", "/var/log/app.log"])
def test_not_every_log_is_volatile(path: str) -> None:
    assert reason_for(Difference.REMOVED, path, catalogue()) is None


@pytest.mark.parametrize("kind", [Difference.REMOVED, Difference.MODE, Difference.OWNER])
def test_a_volatile_file_stays_there_for_whom_it_was(kind: Difference) -> None:
    assert reason_for(kind, "/etc/shadow", catalogue()) is None
    assert reason_for(Difference.CHANGED, "/etc/shadow", catalogue()) is not None


@pytest.mark.parametrize(
    ("pattern", "path", "answer"),
    [
        ("/var/lib/apt/lists/**", "/var/lib/apt/lists/partial/x", True),
        ("/var/lib/apt/lists/**", "/var/lib/apt/lists", False),
        ("/var/lib/apt/lists/**", "/var/lib/apt/listsx", False),
        ("**/*.pyc", "/usr/lib/a.pyc", True),
        ("**/*.pyc", "/usr/lib/a.py", False),
        ("**/__pycache__/**", "/a/b/__pycache__/c/d", True),
        ("/home/*/.cache/**", "/home/a/.cache/b", True),
        ("/home/*/.cache/**", "/home/a/b/.cache/c", False),
        ("/etc/ssh/ssh_host_*", "/etc/ssh/ssh_host_rsa_key.pub", True),
        ("/etc/ssh/ssh_host_*", "/etc/ssh/ssh_host_a/b", False),
        ("/a?c", "/abc", True),
        ("/a?c", "/a/c", False),
        ("/a[0-9].so", "/a1.so", True),
        ("/a+b(c)", "/a+b(c)", True),
    ],
)
def test_patterns(pattern: str, path: str, answer: bool) -> None:
    assert matches(pattern, path) is answer


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Difference.REMOVED, "/usr/bin/gcc"),
        (Difference.CHANGED, "/usr/lib/libssl.so.3"),
        (Difference.ADDED, "/root/.cache/pip/x"),
        (Difference.OWNER, "/tmp/x"),
        (Difference.REMOVED, "/usr/share/doc/x/copyright"),
        (Difference.REMOVED, "/app/main.py"),
        (Difference.CHANGED, "/etc/passwd"),
    ],
)
def test_the_catalogue_excuses_nothing_that_matters(kind: Difference, path: str) -> None:
    assert reason_for(kind, path, catalogue()) is None


def test_the_catalogue_knows_what_cleaning_removes() -> None:
    assert reason_for(Difference.REMOVED, "/var/lib/apt/lists/x_Packages.lz4", catalogue()) == "package lists"
    assert reason_for(Difference.REMOVED, "/root/.cache/pip/http/a", catalogue()) == "package caches"
    volatile = "volatile: logs of package managers and of logins"
    assert reason_for(Difference.CHANGED, "/var/log/dpkg.log", catalogue()) == volatile


def test_configurations_differ_field_by_field() -> None:
    before = ImageConfig.of({"Env": ["A=1", "B=2"], "Cmd": ["a"], "Labels": {"x": "1"}, "ExposedPorts": {"80/tcp": {}}})
    after = ImageConfig.of({"Env": ["B=2", "A=3"], "Cmd": ["b"], "Labels": {"x": "1", "y": ""}, "User": "app"})
    found = compare_configs(before, after, {"User", "Labels"})
    assert [(str(d), d.expected) for d in found] == [
        ('Cmd: ["a"] → ["b"]', False),
        ('Env.A: "1" → "3"', False),
        ("ExposedPorts.80/tcp: {} → (none)", False),
        ('Labels.y: (none) → ""', True),
        ('User: (none) → "app"', True),
    ]


def test_the_order_of_variables_means_nothing() -> None:
    assert compare_configs(ImageConfig.of({"Env": ["A=1", "B=2"]}), ImageConfig.of({"Env": ["B=2", "A=1"]})) == ()


def test_an_expectation_covers_all_kinds_unless_it_names_some() -> None:
    assert reason_for(Difference.OWNER, "/a", [Expectation("/a", "why")]) == "why"


def test_what_scripts_of_a_package_made_in_its_folder_goes_with_it(tmp_path: Path) -> None:
    """Neither the index that a recommended package made when it was configured is missed, nor anything beside it."""
    first = LayerOf("x").folder("/usr").folder("/usr/lib").folder("/usr/lib/foo").file("/usr/lib/foo/index", "made")
    before = _image(tmp_path, first.file("/usr/lib/index", "of somebody else"))
    after = _image(tmp_path, LayerOf("x").folder("/usr").folder("/usr/lib"))
    found = compare_files(before.files, after.files, departed=frozenset({"/usr/lib/foo"}))
    assert {one.path: one.expected is not None for one in found} == {
        "/usr/lib/foo": True,
        "/usr/lib/foo/index": True,
        "/usr/lib/index": False,
    }
