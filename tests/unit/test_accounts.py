"""Numbers of the accounts of base images: tables that must say the same."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.knowledge.accounts import number_of_account
from dockerslim_rewrite.knowledge.images import catalogued, image_facts

TAGS = ("latest", "alpine", "3-slim", "8-fpm-alpine", "bookworm", "noble", "22.04", "24.04", "17", "7", "lts", "8-jdk")
NAMES = ("nobody", "www-data", "node", "postgres", "daemon", "jenkins", "gradle", "mongodb", "app:app")


def test_the_numbers_agree_with_the_catalogue_of_images() -> None:
    compared = 0
    for name in catalogued():
        for tag in ("latest", "alpine"):
            facts = image_facts(name, tag)
            if facts is None or facts.uid is None or facts.unprivileged is None:
                continue
            number = number_of_account(facts.name, f"{name}:{tag}", facts.family, facts.unprivileged)
            if number is not None:
                compared += 1
                assert number == facts.uid, f"{name}:{tag}"
    assert compared > 10


def test_what_is_not_in_the_table_has_no_number() -> None:
    assert number_of_account("node", "node:20", "debian", "app") is None
    assert number_of_account("example/own", "example/own", None, "nobody") is None
    assert number_of_account("docker", "docker:27", "alpine", "nobody") is None


@pytest.mark.parametrize("image", [*catalogued(), "arm64v8/debian", "arm64v8/alpine", "library/node", "docker.io/php"])
def test_the_validator_knows_every_number_that_the_rule_writes(image: str) -> None:
    for tag in TAGS:
        users = "".join(f"USER {name}\nRUN touch /tmp/a\n" for name in NAMES)
        text = f"FROM {image}:{tag}\nRUN useradd app\n{users}USER app\nWORKDIR /x\n"
        assert not rewrite(text, Options(level="aggressive", select=("DS506",))).bugs, f"{image}:{tag}"
