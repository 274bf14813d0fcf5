"""Split stages, built: what the container runs finds all that it opens, and the image loses what only builds need."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerslim_rewrite.engine.archive import LayerCache
from dockerslim_rewrite.engine.expectations import Difference
from dockerslim_rewrite.engine.rootfs import Entry, Kind, RootFilesystem
from dockerslim_rewrite.engine.traces import Traced
from tests.builds.opened import missing, read_trace, there
from tests.builds.required import absent
from tests.builds.splits import LEVELS, SplitProject, all_projects, measure, small_projects

#: How many times smaller the image must become, by project and level; where it says nothing, smaller.
_TIMES = {
    ("go-pages", "standard"): 5.0,
    ("go-pages", "aggressive"): 50.0,
    ("c-make", "aggressive"): 1.3,
    ("python-setuptools", "aggressive"): 1.3,
    ("dotnet-console", "standard"): 3.0,
}
_LAYERS = LayerCache()


@pytest.mark.builds
@pytest.mark.parametrize("project", small_projects(), ids=lambda project: project.name)
def test_a_split_image_works_and_is_smaller(project: SplitProject, base_images: Callable[..., None]) -> None:
    if shutil.which("strace") is None:
        absent("buildah", "strace is not installed")
    found = measure(project, base_images, _LAYERS)
    assert found
    for level, split in found.items():
        outcome = split.verification
        assert outcome.before.smoke is not None
        assert outcome.before.smoke.status == 0, outcome.before.smoke
        assert outcome.before.smoke.stdout
        assert outcome.smoke_agrees, (level, outcome.after.smoke)
        assert split.opened > 1
        assert not split.missing, level
        # What a second build alone would change is not known: builds are not repeated here.
        assert not [one for one in outcome.unexpected if one.kind is Difference.REMOVED], level
        assert not outcome.unexpected_config, (level, outcome.unexpected_config)
        times = _TIMES.get((project.name, level), 1.0)
        assert outcome.before.image.size > times * outcome.after.image.size, level


@pytest.mark.parametrize("project", small_projects(), ids=lambda project: project.name)
def test_each_project_is_split_once_at_some_level(project: SplitProject) -> None:
    changes = [[change.rule for change in project.split(level).changes] for level in LEVELS]
    assert [] not in changes[1:]
    assert all(len(one) < 2 for one in changes)


def test_recipes_have_two_projects_each() -> None:
    rules = [change.rule for project in all_projects() for change in project.split("aggressive").changes]
    assert {rule for rule in rules if rules.count(rule) > 1} >= {
        "DS401", "DS402", "DS403", "DS404", "DS405", "DS406", "DS407", "DS408", "DS409", "DS411", "DS412",
    }  # fmt: skip


TRACE = """\
10 chroot("/b/mnt/rootfs") = 0
11 execve("/usr/bin/python", ["python"], 0x7f /* 3 vars */ <unfinished ...>
10 openat(AT_FDCWD</home/me>, "notes", O_RDONLY|O_CLOEXEC) = 3</home/me/notes>
11 <... execve resumed>)             = 0
11 openat(AT_FDCWD</b/mnt/rootfs/app>, "main.py", O_RDONLY|O_CLOEXEC) = 3</b/mnt/rootfs/app/main.py>
11 openat(AT_FDCWD</b/mnt/rootfs/app>, "/lib/libz.so.1", O_RDONLY|O_CLOEXEC <unfinished ...>
12 execve("/usr/bin/git", ["git"], 0x7f /* 3 vars */) = -1 ENOENT (No such file or directory)
11 <... openat resumed>)             = 3</b/mnt/rootfs/usr/lib/libz.so.1.2>
11 openat(AT_FDCWD</b/mnt/rootfs/app>, "/proc/cpuinfo", O_RDONLY) = 4</b/mnt/rootfs/proc/cpuinfo>
11 openat(AT_FDCWD</b/mnt/rootfs/app>, "state.db", O_RDWR|O_CREAT, 0644) = 4</b/mnt/rootfs/app/state.db>
11 openat(AT_FDCWD</b/mnt/rootfs/app>, "state.db", O_RDONLY) = 5</b/mnt/rootfs/app/state.db>
11 openat(AT_FDCWD</b/mnt/rootfs/app>, "settings", O_RDONLY) = -1 ENOENT (No such file or directory)
13 execve("/proc/self/exe", ["buildah-copier"], 0xc0 /* 42 vars */) = 0
"""


def test_a_trace_tells_what_the_container_opened(tmp_path: Path) -> None:
    (tmp_path / "one.trace").write_text(TRACE)
    opened = read_trace(tmp_path / "one.trace")
    assert opened.found == {"/usr/bin/python", "/app/main.py", "/lib/libz.so.1"}
    # A program that is not there is sought like a file.
    assert opened.sought == {"/app/settings", "/usr/bin/git"}


def test_missing_is_what_is_sought_and_was_there() -> None:
    files = RootFilesystem()
    link, folder, file = (
        Entry(kind, 0o755, 0, 0, content="usr/lib") for kind in (Kind.LINK, Kind.DIRECTORY, Kind.FILE)
    )
    files.apply([("/lib", link), ("/usr", folder), ("/usr/lib", folder), ("/usr/lib/libz.so.1", file)])
    assert there("/lib/libz.so.1", files)
    assert not there("/lib/libz.so.2", files)
    before = Traced(frozenset(("/lib/libz.so.1", "/lib/libc.so.6", "/lib/libpq.so.5")), frozenset())
    assert missing(before, Traced(frozenset(), frozenset(("/lib/libpq.so.5", "/lib/none"))), files) == [
        "/lib/libpq.so.5"
    ]
