"""What a stage put into an image is told by the image and its base."""

from __future__ import annotations

from dockerslim_rewrite.engine.prove.measure import written
from dockerslim_rewrite.engine.rootfs import Entry, Kind
from tests.engine.prove.images import image

SITE = "/usr/local/lib/python3.11/site-packages"


def test_the_outermost_of_what_is_new() -> None:
    base = image("/usr/bin/env", f"{SITE}/pip/a.py", "/usr/local/bin/python")
    built = image(
        "/usr/bin/env", f"{SITE}/pip/a.py", "/usr/local/bin/python", "/usr/local/bin/flask", "/app/a.py", "/app/b/c.py",
        f"{SITE}/flask/app.py", "/usr/lib/own.txt",
    )  # fmt: skip
    assert written(built, base) == ("/app", "/usr/lib/own.txt", "/usr/local/bin/flask", f"{SITE}/flask")


def test_many_things_in_a_folder_are_the_folder_but_not_in_one_of_the_system() -> None:
    base = image(f"{SITE}/pip/a.py", "/etc/a")
    new = [f"{SITE}/p{number}/a.py" for number in range(20)] + [f"/etc/e{number}" for number in range(20)]
    found = written(image(f"{SITE}/pip/a.py", "/etc/a", *new), base)
    assert SITE in found
    assert "/etc" not in found
    assert len(found) == 21


def test_what_was_changed_counts_and_what_packages_brought_does_not() -> None:
    base = image("/etc/profile=old", "/usr/bin/env")
    built = image(
        "/etc/profile=new", "/usr/bin/env", "/usr/bin/curl", "/usr/share/curl/a",
        packages={"curl": ("/usr/bin/curl", "/usr/share/curl", "/usr/share/curl/a")},
    )  # fmt: skip
    assert written(built, base) == ("/etc/profile",)


def test_what_passes_is_left_behind() -> None:
    base = image("/usr/bin/env")
    passing = ("/tmp/a", "/var/cache/apt/b", "/var/lib/dpkg/status", "/root/.cache/pip/x", "/etc/passwd-", "/var/log/x")
    assert written(image("/usr/bin/env", *passing, "/usr/local/bin/pip3"), base) == ()


def test_packages_of_languages_are_whole_and_their_managers_are_the_images_own() -> None:
    base = image(f"{SITE}/setuptools/a.py=1", f"{SITE}/setuptools/b.py=1", f"{SITE}/pip/a.py=1", "/usr/bin/env")
    built = image(
        f"{SITE}/setuptools/a.py=2", f"{SITE}/setuptools/b.py=1", f"{SITE}/pip/a.py=2", "/usr/bin/env",
        f"{SITE}/pip-24.dist-info/RECORD",
    )  # fmt: skip
    assert written(built, base) == (f"{SITE}/setuptools",)


def test_a_link_among_commands_is_not_copied_as_a_file() -> None:
    base = image("/usr/local/bin/node", "/usr/local/lib/a")
    built = image("/usr/local/bin/node", "/usr/local/lib/a", "/usr/local/lib/node_modules/tsc/tsc.js")
    built.files.apply([("/usr/local/bin/tsc", Entry(Kind.LINK, 0o777, 0, 0, "../lib/node_modules/tsc/tsc.js"))])
    assert written(built, base) == ("/usr/local/lib/node_modules",)
