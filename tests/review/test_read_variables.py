"""Which variables a RUN reads of its environment, when the request declares one no more."""

from __future__ import annotations

import pytest

from .test_breaks import FILES, told
from .test_review import Make

REST = '\nUSER 1000\nCMD ["x"]\n'


@pytest.mark.parametrize(
    ("run", "read"),
    [
        ("RUN fetch '$V'", False),
        ("RUN fetch \\$V", False),
        ("RUN awk '{print $V}' /etc/passwd", False),
        ("RUN fetch a # $V", False),
        ("RUN --mount=type=secret,id=V,env=V fetch $V", False),
        ("RUN . /etc/os-release && fetch $V", False),
        ("RUN V=1 && fetch $V", False),
        ("RUN cat <<'E'\n$V\nE", False),
        ("RUN cat <<E\n\\$V\nE", False),
        ("RUN fetch \"$(awk '{print $V}' x)\"", False),
        ("RUN fetch \"'$V'\"", True),
        ("RUN fetch 'a'$V'b'", True),
        ("RUN bash -c 'fetch $V'", True),
        ('RUN fetch "$(get $V)"', True),
        ("RUN fetch ${V}", True),
        ("RUN cat <<E\n'$V'\nE", True),
        ("RUN <<E\nfetch $V\nE", True),
    ],
)
def test_what_a_run_reads(repo: Make, run: str, read: bool) -> None:
    text = f"FROM debian:12-slim\nARG V=1\n{run}{REST}"
    found = told(repo, {"Dockerfile": text, **FILES}, {"Dockerfile": text.replace("ARG V=1\n", "")})
    reason = (
        "`V` is no longer declared (this change removes its ARG), so RUN finds it empty unless the base image sets it"
    )
    assert [why for _, _, why in found if "no longer declared" in why] == [reason] * read


@pytest.mark.parametrize(("image", "told_of"), [("python:3.12", 0), ("docker.io/library/python", 0), ("a/b:1", 1)])
def test_an_official_image_sets_variables_that_begin_with_its_name(repo: Make, image: str, told_of: int) -> None:
    text = f"FROM {image} AS base\nFROM base\nARG PYTHON_VERSION=1\nRUN fetch $PYTHON_VERSION{REST}"
    after = text.replace("ARG PYTHON_VERSION=1\n", "")
    found = told(repo, {"Dockerfile": text, **FILES}, {"Dockerfile": after})
    assert len([why for _, _, why in found if "no longer declared" in why]) == told_of
