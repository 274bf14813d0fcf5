"""What differs between two images, and is neither announced nor a package's."""

from __future__ import annotations

from dockerslim_rewrite import Result
from dockerslim_rewrite.change import Change, Safety, SplitsStage
from dockerslim_rewrite.engine.archive import Image
from dockerslim_rewrite.engine.compare import Seen
from dockerslim_rewrite.engine.expectations import Difference
from dockerslim_rewrite.engine.prove.differences import differences
from dockerslim_rewrite.engine.rootfs import Entry, Kind
from dockerslim_rewrite.text import Patch
from tests.engine.prove.images import image

SPLIT = SplitsStage("build", "", "slim:1", ("/app",))
RESULT = Result("", "", (Change((), "", "", Safety.STANDARD, (SPLIT,), 1, rule="DS402"),), (), Patch())
CURL = {"curl": ("/usr", "/usr/bin", "/usr/bin/curl", "/etc", "/etc/curlrc")}


def _found(before: Image, after: Image, again: Seen | None = None, base: Image | None = None) -> list[str]:
    bases = base or image("/usr/bin/env"), image("/usr/bin/env")
    return [one.reason for one in differences(RESULT, (before, after), bases, lambda: again or {})]


def test_what_stays_in_the_builder_is_announced() -> None:
    assert _found(image("/app/a", "/src/main.c", "/usr/bin/gcc"), image("/app/a")) == []


def test_what_is_carried_has_to_be_the_same() -> None:
    assert _found(image("/app/a=1", "/app/b"), image("/app/a=2", "/app/b")) == ["/app/a is changed (content)"]
    assert _found(image("/app/a", "/app/b"), image("/app/a")) == ["/app/b is removed (file)"]
    unstable = {"/app/a": frozenset({(Difference.CHANGED, "content")})}
    assert _found(image("/app/a=1"), image("/app/a=2"), unstable) == []


def test_packages_that_are_installed_anew_bring_their_files() -> None:
    assert _found(image("/app/a"), image("/app/a", "/usr/bin/curl", "/etc/curlrc", packages=CURL)) == []
    stray = image("/app/a", "/usr/bin/env", "/usr/bin/curl")
    assert _found(image("/app/a", "/usr/bin/env"), stray) == ["/usr/bin/curl is added (file)"]


def test_a_setting_that_the_stage_changed_after_a_package_brought_it_is_lost() -> None:
    before = image("/app/a", "/usr/bin/curl", "/etc/curlrc=mine", packages=CURL)
    after = image("/app/a", "/usr/bin/curl", "/etc/curlrc=the package's", packages=CURL)
    assert _found(before, after) == ["/etc/curlrc is changed (content)"]


def test_the_images_own_package_manager_may_stand_beside_the_builders() -> None:
    site = "/usr/local/lib/python3.11/site-packages"
    before = image("/app/a", f"{site}/pip-24.dist-info/RECORD")
    after = image("/app/a", f"{site}/pip-24.dist-info/RECORD", f"{site}/pip-23.dist-info/RECORD")
    assert _found(before, after) == []
    assert _found(image("/app/a"), image("/app/a", f"{site}/flask/app.py")) != []


def test_a_link_may_become_what_it_led_to_unless_it_is_a_program() -> None:
    for mode, expected in ((0o644, []), (0o755, ["/app/link is changed (symbolic link → file)"])):
        before, after = image("/app/there=x"), image("/app/there=x")
        before.files.apply([("/app/link", Entry(Kind.LINK, 0o777, 0, 0, "there"))])
        after.files.apply([("/app/link", Entry(Kind.FILE, mode, 0, 0, "x", 1))])
        assert [one for one in _found(before, after) if "mode" not in one] == expected


def test_the_configuration_has_to_be_the_same() -> None:
    (reason,) = _found(image("/app/a", WorkingDir="/app"), image("/app/a", WorkingDir="/"))
    assert reason.startswith("the configuration differs: WorkingDir")
