"""Numbers of the accounts of base images: two tables that must say the same."""

from __future__ import annotations

from dockerslim_rewrite.knowledge.accounts import number_of_account
from dockerslim_rewrite.knowledge.images import catalogued, image_facts


def test_the_numbers_agree_with_the_catalogue_of_images() -> None:
    compared = 0
    for name in catalogued():
        for tag in ("latest", "alpine"):
            facts = image_facts(name, tag)
            if facts is None or facts.uid is None or facts.unprivileged is None:
                continue
            number = number_of_account(facts.name, facts.family, facts.unprivileged)
            if number is not None:
                compared += 1
                assert number == facts.uid, f"{name}:{tag}"
    assert compared > 10


def test_what_is_not_in_the_table_has_no_number() -> None:
    assert number_of_account("node", "debian", "app") is None
    assert number_of_account("example/own", None, "nobody") is None
