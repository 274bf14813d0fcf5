"""What files name and the new image lacks: libraries, programs, paths; and what no image lacks is no news."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.engine.prove.names import missed
from dockerslim_rewrite.engine.rootfs import Entry, Kind, RootFilesystem

LIB = "/usr/lib/x86_64-linux-gnu"


def _image(*paths: str) -> RootFilesystem:
    files = RootFilesystem()
    folders = {"/".join(path.split("/")[:count]) for path in paths for count in range(2, path.count("/") + 1)}
    files.apply([(folder, Entry(Kind.DIRECTORY, 0o755, 0, 0)) for folder in sorted(folders)])
    files.apply([(path, Entry(Kind.FILE, 0o755, 0, 0, path, 1)) for path in paths])
    return files


BEFORE = _image(
    f"{LIB}/libxslt.so.1",
    f"{LIB}/libxslt.so",
    f"{LIB}/libz.so.1",
    f"{LIB}/libz.so",
    "/usr/bin/git",
    "/usr/bin/env",
    "/usr/share/fonts/a.ttf",
)
AFTER = _image(f"{LIB}/libz.so.1", "/usr/bin/env")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('ctypes.CDLL("libxslt.so.1")', f"{LIB}/libxslt.so.1"),
        ('find_library("xslt")', f"{LIB}/libxslt.so.1"),
        ('ctypes.CDLL("libxslt.so")', f"{LIB}/libxslt.so"),
        ('ctypes.CDLL("libz.so")', f"{LIB}/libz.so"),
        ('subprocess.run(["git", "log"])', "/usr/bin/git"),
        ('os.system("git log")', "/usr/bin/git"),
        ("execFile('git', ['log'])", "/usr/bin/git"),
        ('font = "/usr/share/fonts/a.ttf"', "/usr/share/fonts/a.ttf"),
        ('glob("/usr/share/fonts/*.ttf")', "/usr/share/fonts"),
    ],
)
def test_a_name_is_found(text: str, path: str) -> None:
    assert [one.path for one in missed({"/app/a.py": text}, BEFORE, AFTER, ["/app"])] == [path]


@pytest.mark.parametrize(
    "text",
    [
        'ctypes.CDLL("libz.so.1")',
        'find_library("z")',
        'words = {"git": 1}',
        'subprocess.run(["env"])',
        'page = "https://example.org/usr/share/fonts/a.ttf"',
        '"/usr/share/nothing/here"',
    ],
)
def test_what_is_there_or_no_name_is_none(text: str) -> None:
    assert missed({"/app/a.py": text}, BEFORE, AFTER, ["/app"]) == ()


def test_of_packages_of_languages_only_libraries_count() -> None:
    by = "/usr/local/lib/python3.11/site-packages/a/b.py"
    text = 'subprocess.run(["git"]); open("/usr/share/fonts/a.ttf"); find_library("xslt")'
    assert [one.path for one in missed({by: text}, BEFORE, AFTER, [])] == [f"{LIB}/libxslt.so.1"]


def test_in_a_script_any_word_may_be_a_command() -> None:
    text = '#!/bin/sh\n# git in a comment\necho "git in quotes"\nif git status; then true; fi\n'
    assert [one.path for one in missed({"/app/run": text}, BEFORE, AFTER, [])] == ["/usr/bin/git"]
    assert missed({"/app/run": text.replace("if git status; then true; fi\n", "")}, BEFORE, AFTER, []) == ()


def test_what_libraries_read_unnamed_is_missed() -> None:
    before = _image("/etc/mime.types", "/usr/bin/env")
    assert [one.path for one in missed({}, before, AFTER, [])] == ["/etc/mime.types"]
