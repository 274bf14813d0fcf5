"""What the journal of a split announces besides what it leaves behind."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.change import AddsAssignment, Change, Claim, Safety, SplitsStage
from dockerslim_rewrite.engine.announced import announced
from dockerslim_rewrite.engine.expectations import Difference

SPLIT = SplitsStage("build", "runtime", "slim:1", ("/go/src/web", "/usr/local/bin/web"))


def expected(kind: Difference, path: str, *claims: Claim) -> bool:
    change = Change((), "", "", Safety.AGGRESSIVE, claims, 1, rule="DS401")
    return any(one.covers(kind, path) for one in announced([change]).expected)


@pytest.mark.parametrize("path", ["/go", "/go/src", "/usr/local/bin"])
def test_folders_above_what_is_copied_are_made_anew(path: str) -> None:
    assert expected(Difference.MODE, path, SPLIT)
    assert not expected(Difference.CHANGED, path, SPLIT)


@pytest.mark.parametrize("path", ["/go/src/web", "/go/src/web/data", "/go/bin", "/usr/local/bin/web"])
def test_what_is_copied_keeps_its_mode(path: str) -> None:
    assert not expected(Difference.MODE, path, SPLIT)


def test_only_a_build_with_another_environment_makes_other_programs() -> None:
    otherwise = AddsAssignment(("go", "build"), "CGO_ENABLED", "0")
    assert not expected(Difference.CHANGED, "/usr/local/bin/web", SPLIT)
    assert expected(Difference.CHANGED, "/usr/local/bin/web", SPLIT, otherwise)
    assert not expected(Difference.REMOVED, "/usr/local/bin/web", SPLIT, otherwise)
    assert not expected(Difference.CHANGED, "/etc/passwd", SPLIT, otherwise)


def test_variables_that_a_split_sets_are_announced_by_name() -> None:
    claim = SplitsStage("build", "runtime", "aspnet:6", ("/app",), ("ENV ASPNETCORE_URLS= WATCHES=true",))
    change = Change((), "", "", Safety.STANDARD, (claim,), 1, rule="DS406")
    assert announced([change]).config == {"Env.ASPNETCORE_URLS", "Env.WATCHES"}
    assert announced([Change((), "", "", Safety.STANDARD, (SPLIT,), 1, rule="DS406")]).config == frozenset()


def test_a_virtual_environment_comes_and_nothing_of_it_goes() -> None:
    claim = SplitsStage("build", "runtime", "python:3.11-slim", ("/opt/venv",), environment="/opt/venv")
    assert expected(Difference.ADDED, "/opt/venv/lib/python3.11/site-packages/flask/app.py", claim)
    assert expected(Difference.ADDED, "/opt/venv", claim)
    assert not expected(Difference.REMOVED, "/opt/venv/bin/flask", claim)
    assert not expected(Difference.ADDED, "/opt/other", claim)
    assert not expected(Difference.ADDED, "/opt/venv/bin/flask", SPLIT)


def test_packages_that_are_installed_again_may_bring_what_they_recommend() -> None:
    claim = SplitsStage("build", "runtime", "python:3.11-slim", ("/app",), installs=("curl",))
    assert expected(Difference.ADDED, "/usr/share/doc/publicsuffix/copyright", claim)
    assert not expected(Difference.CHANGED, "/usr/lib/x86_64-linux-gnu/libcurl.so.4", claim)
    assert not expected(Difference.ADDED, "/usr/share/doc/publicsuffix/copyright", SPLIT)
