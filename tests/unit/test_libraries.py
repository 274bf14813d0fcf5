"""What is known of development packages is understood by the judge, who has names alone to go by."""

from __future__ import annotations

from collections.abc import Iterator

from dockerslim_rewrite.knowledge.tables import table
from dockerslim_rewrite.validate.stages.runtime_packages import is_library


def _names() -> Iterator[str]:
    data = table("libraries")
    for family in ("debian", "alpine"):
        for key, found in data[family].items():
            if key == "release":
                yield from (name for releases in found.values() for names in releases.values() for name in names)
            else:
                yield from found


def test_the_judge_takes_every_library_for_one() -> None:
    names = sorted(set(_names()))
    assert len(names) > 100
    assert [name for name in names if not is_library(name)] == []


def test_other_packages_are_none() -> None:
    assert not any(map(is_library, ("nmap", "curl", "git", "python3", "gcc", "netcat-openbsd")))
