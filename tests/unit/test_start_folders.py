"""The folders that builds start in: the catalogue of images and the validator's own list must say the same."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.knowledge.images import catalogued, image_facts
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.validate.bases.start_folders import start_folder


@pytest.mark.parametrize("name", [name for name in catalogued() if "windows" not in name])
@pytest.mark.parametrize("tag", ["latest", "alpine", "3-slim", "8-fpm-alpine", "8.2-apache", "1-onbuild", "nanoserver"])
def test_both_say_the_same_or_the_validator_less(name: str, tag: str) -> None:
    facts = image_facts(name, tag)
    build = read_build(parse(f"FROM {name}:{tag}\nCOPY . .\n"))
    theirs = start_folder(build.stages[0].steps[0], 0, build)
    assert facts is not None
    assert facts.workdir == theirs
