"""The catalogue of base images: its data holds together, and tags are read as their publishers write them."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

import dockerslim_rewrite
from dockerslim_rewrite.knowledge.images import (
    Counterpart,
    catalogued,
    emittable_tags,
    image_facts,
)
from dockerslim_rewrite.knowledge.lifetimes import packages_ended
from dockerslim_rewrite.registry.listing import listing

DATA = Path(dockerslim_rewrite.__file__).parent / "knowledge" / "data"
NAMES = catalogued()
FIELDS = {
    "base",
    "built_on",
    "distribution_image",
    "user",
    "unprivileged",
    "uid",
    "drops_privileges",
    "entrypoint",
    "workdir",
    "deprecated",
    "still",
    "as_of",
    "source",
    "known_tags",
    "meaning",
    "aliases",
    "channels",
    "rules",
    "counterparts",
    "end_of_life",
}


def raw(name: str) -> dict[str, object]:
    return tomllib.loads((DATA / "images" / f"{name.replace('/', '__')}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_is_dated_and_sourced(name: str) -> None:
    entry = raw(name)
    assert isinstance(entry["as_of"], date)
    assert isinstance(entry["source"], str)
    assert entry["source"]
    assert not set(entry) - FIELDS, "a misspelt field is never read"


@pytest.mark.parametrize("name", NAMES)
def test_every_tag_a_pin_can_emit_is_listed_as_existing(name: str) -> None:
    known = raw(name).get("known_tags", [])
    assert isinstance(known, list)
    assert set(emittable_tags(name)) <= set(known)


@pytest.mark.parametrize("name", NAMES)
def test_a_pin_keeps_variant_and_base_and_names_a_version(name: str) -> None:
    meaning = raw(name).get("meaning", {})
    assert isinstance(meaning, dict)
    for moving in meaning:
        before = image_facts(name, moving)
        assert before is not None
        assert before.pin is not None
        after = image_facts(name, before.pin.tag)
        assert after is not None
        assert after.parts.version is not None
        dropped = {"latest", "mainline", "stable", "current", "rolling", "lts", "oldstable"}
        assert set(before.parts.variant) - dropped == set(after.parts.variant)
        if before.parts.base and before.parts.base not in dropped:
            assert after.parts.base == before.parts.base
        assert after.pin is None, "a pinned tag is not pinned again"


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_a_rule_is_read_and_every_base_exists(name: str) -> None:
    entry = raw(name)
    bases = {*tomllib.loads((DATA / "image_bases.toml").read_text(encoding="utf-8")), "unknown", None}
    rules = entry.get("rules", [])
    assert isinstance(rules, list)
    conditions = {"since", "before", "variant", "base", "set_base"}
    facts = {"family", "distribution", "manager", "shell", "bash", "docker_clean"}
    own = {"user", "unprivileged", "uid", "drops_privileges", "entrypoint", "workdir"}
    for rule in rules:
        assert set(rule) <= conditions | facts | own
        assert rule.get("base") in bases
        assert rule.get("set_base") in bases
    assert entry.get("base") in bases


def test_without_a_version_what_depends_on_it_is_unknown() -> None:
    latest = image_facts("mcr.microsoft.com/dotnet/sdk", None)
    assert latest is not None
    assert (latest.family, latest.manager, latest.unprivileged, latest.user) == (None, None, None, "root")
    named = image_facts("mcr.microsoft.com/dotnet/sdk", "alpine3.20")
    assert named is not None
    assert named.manager == "apk"


@pytest.mark.parametrize(
    ("name", "tag", "family", "release", "manager", "shell", "clean"),
    [
        ("debian", "bookworm-slim", "debian", "bookworm", "apt", "dash", True),
        ("debian", "12", "debian", "bookworm", "apt", "dash", True),
        ("ubuntu", "16.04", "debian", "xenial", "apt", "dash", True),
        ("ubuntu", "jammy-20240212", "debian", "jammy", "apt", "dash", True),
        ("alpine", "3.18.4", "alpine", "3.18.4", "apk", "ash", False),
        ("alpine", "edge", "alpine", None, "apk", "ash", False),
        ("centos", "centos7", "rhel", "7", "yum", "bash", False),
        ("centos", "centos7.4.1708", "rhel", "7.4.1708", "yum", "bash", False),
        ("centos", "7.9.2009", "rhel", "7.9.2009", "yum", "bash", False),
        ("centos", "8", "rhel", "8", "dnf", "bash", False),
        ("fedora", "21", "rhel", "21", "yum", "bash", False),
        ("fedora", "38", "rhel", "38", "dnf", "bash", False),
        ("python", "3.12-slim-bookworm", "debian", "bookworm", "apt", "dash", True),
        ("python", "3.12-alpine3.19", "alpine", "3.19", "apk", "ash", False),
        ("python", "3.12-windowsservercore-ltsc2022", "windows", None, None, "cmd", False),
        ("node", "carbon-alpine", "alpine", None, "apk", "ash", False),
        ("node", "20-bullseye-slim", "debian", "bullseye", "apt", "dash", True),
        ("golang", "1.22-alpine", "alpine", None, "apk", "ash", False),
        ("openjdk", "8-jdk-stretch", "debian", "stretch", "apt", "dash", True),
        ("openjdk", "17", "rhel", None, None, "bash", False),
        ("openjdk", "17-slim", "debian", None, "apt", "dash", True),
        ("openjdk", "17-jdk-slim-bullseye", "debian", "bullseye", "apt", "dash", True),
        ("buildpack-deps", "noble-curl", "debian", "noble", "apt", "dash", True),
        ("nvidia/cuda", "12.2.0-devel-ubuntu22.04", "debian", "jammy", "apt", "dash", True),
        ("nvidia/cuda", "12.2.0-base", None, None, None, None, None),
        ("tomcat", "9-jdk17-corretto-al2", None, None, None, None, None),
        ("tomcat", "9.0-jre8-alpine", "alpine", None, "apk", "ash", False),
        ("mongo", "6-windowsservercore-ltsc2022", "windows", None, None, "cmd", False),
        ("mcr.microsoft.com/dotnet/aspnet", "8.0-jammy-chiseled", "debian", "jammy", "none", "none", False),
        ("mcr.microsoft.com/dotnet/sdk", "8.0", "debian", None, "apt", "dash", True),
        ("docker", "stable", "alpine", None, "apk", "ash", False),
        ("oraclelinux", "8-slim", "rhel", "8", "microdnf", "bash", False),
        ("gcr.io/distroless/static", "nonroot", "none", None, "none", "none", False),
    ],
)
def test_facts(
    name: str,
    tag: str,
    family: str | None,
    release: str | None,
    manager: str | None,
    shell: str | None,
    clean: bool | None,
) -> None:
    facts = image_facts(name, tag)
    assert facts is not None
    assert (facts.family, facts.release, facts.manager, facts.shell, facts.docker_clean) == (
        family,
        release,
        manager,
        shell,
        clean,
    )


@pytest.mark.parametrize(
    "name",
    ["python", "library/python", "docker.io/python", "docker.io/library/python", "index.docker.io/library/python"],
)
def test_names_of_docker_hub_are_one(name: str) -> None:
    facts = image_facts(name, "3.12")
    assert facts is not None
    assert facts.name == "python"


@pytest.mark.parametrize("name", ["ghcr.io/library/python", "someone/python", "localhost:5000/python", "py", ""])
def test_other_images_are_unknown(name: str) -> None:
    assert image_facts(name, "3.12") is None


def test_an_architecture_namespace_shares_the_facts_but_is_not_pinned() -> None:
    facts = image_facts("arm64v8/alpine", "latest")
    assert facts is not None
    assert facts.manager == "apk"
    assert facts.pin is None


def test_untagged_means_latest() -> None:
    assert image_facts("alpine", None) == image_facts("alpine", "latest")
    assert image_facts("alpine", "") == image_facts("alpine", "latest")


def test_users() -> None:
    node = image_facts("node", "20")
    assert node is not None
    assert (node.user, node.unprivileged, node.uid) == ("root", "node", 1000)
    php = image_facts("php", "8.2-fpm-alpine")
    assert php is not None
    assert (php.unprivileged, php.uid) == ("www-data", 82)
    old = image_facts("ubuntu", "22.04")
    new = image_facts("ubuntu", "24.04")
    assert old is not None
    assert new is not None
    assert (old.unprivileged, new.unprivileged) == (None, "ubuntu")


@pytest.mark.parametrize(
    ("name", "tag", "eol"),
    [
        ("debian", "stretch-slim", date(2022, 6, 30)),
        ("ubuntu", "16.04", date(2021, 4, 30)),
        ("ubuntu", "xenial", date(2021, 4, 30)),
        ("centos", "centos7", date(2024, 6, 30)),
        ("python", "2.7-slim", date(2020, 1, 1)),
        ("python", "3.9.17-bullseye", date(2025, 10, 31)),
        ("node", "boron", date(2019, 4, 30)),
        ("alpine", "3.1", None),
        ("tomcat", "8.5.11-jre8", date(2024, 3, 31)),
        ("tomcat", "8.0", date(2018, 6, 30)),
        ("python", "3.90", None),
    ],
)
def test_end_of_life(name: str, tag: str, eol: date | None) -> None:
    facts = image_facts(name, tag)
    assert facts is not None
    assert facts.end_of_life == eol


@pytest.mark.parametrize(
    ("name", "tag", "expected"),
    [
        ("python", "3.12", [Counterpart("slim", "python", "3.12-slim")]),
        ("python", "3.12-bookworm", [Counterpart("slim", "python", "3.12-slim-bookworm")]),
        ("node", "20-bullseye", [Counterpart("slim", "node", "20-bullseye-slim")]),
        ("node", "20-alpine", []),
        ("node", "20-slim", []),
        ("python", "latest", []),
        ("python", "3.12-windowsservercore-ltsc2022", []),
        ("openjdk", "8-jdk-alpine", [Counterpart("jre", "openjdk", "8-jre-alpine")]),
        ("openjdk", "8-jdk-slim", [Counterpart("jre", "openjdk", "8-jre-slim")]),
        ("openjdk", "17-jdk", []),
        ("debian", "12", [Counterpart("slim", "debian", "12-slim")]),
    ],
)
def test_counterparts(name: str, tag: str, expected: list[Counterpart]) -> None:
    facts = image_facts(name, tag)
    assert facts is not None
    assert list(facts.counterparts) == expected


def test_the_page_lists_the_data() -> None:
    """``docs/catalogue.md`` shows every tag that can be written, with its source; see the page's own first line."""
    page = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert page == listing(), (
        "write it anew: python -m dockerslim_rewrite.registry.catalogue --list > docs/catalogue.md"
    )
    for name in NAMES:
        for tag in emittable_tags(name):
            assert re.search(
                rf"^\| {re.escape(name)} \| \S+ \| {re.escape(tag)} \| \d{{4}}-\d\d-\d\d \| .+ \|$", page, re.M
            )
        assert f"\n| {name} | " in page


@pytest.mark.parametrize(
    ("name", "tag", "expected"),
    [
        ("debian", "bookworm", "bookworm-slim"),
        ("debian", "jessie", "jessie-slim"),
        ("debian", "12.13", None),
        ("debian", "stable", None),
        ("debian", "sid", None),
        ("debian", "wheezy", None),
        ("node", "carbon", "carbon-slim"),
        ("node", "8.11.1", "8.11.1-slim"),
        ("node", "8.11.1-stretch", None),
        ("node", "8-stretch", "8-stretch-slim"),
        ("python", "3.12.1", "3.12.1-slim"),
        ("openjdk", "8u212-jdk", "8u212-jre"),
        ("openjdk", "11-jdk-alpine", None),
        ("eclipse-temurin", "17.0.3_7-jdk", "17.0.3_7-jre"),
    ],
)
def test_smaller_variants_keep_the_version_as_written(name: str, tag: str, expected: str | None) -> None:
    facts = image_facts(name, tag)
    assert facts is not None
    assert [one.tag for one in facts.counterparts] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("name", "tag", "release"),
    [
        ("python", "3.11.3", "bullseye"),
        ("python", "3.11.5-slim", "bookworm"),
        ("python", "3.8", "bookworm"),
        ("python", "3.9", "trixie"),
        ("python", "3.6.0", ""),
        ("python", "3.13", None),
        ("python", "3.13.15", None),
        ("python", "3.13.99", None),
        ("python", "3", None),
        ("python", "3.8.0b1", ""),
        ("python", "3.11.5-buster", "buster"),
        ("python", "3.11.5-alpine", None),
        ("node", "14", "buster"),
        ("node", "14.19", "buster"),
        ("node", "14.18.3", "stretch"),
        ("node", "18", "bookworm"),
        ("node", "22.12", "bookworm"),
        ("node", "22", None),
        ("ruby", "3.2.1", "bullseye"),
        ("ruby", "3.2", "trixie"),
        ("golang", "1.20.4", "bullseye"),
        ("golang", "1.20", "bookworm"),
        ("golang", "1.24.5", "bookworm"),
        ("golang", "1.27", None),
    ],
)
def test_a_tag_that_is_built_no_more_stays_on_its_release(name: str, tag: str, release: str | None) -> None:
    found = image_facts(name, tag)
    assert found is not None
    assert found.stands_on == release


def test_packages_end_with_the_release_on_which_a_tag_was_built() -> None:
    assert _packages_end("python", "3.8", date(2026, 12, 1)) is None
    assert _packages_end("python", "3.11.3", date(2026, 12, 1)) == "the Debian bullseye beneath it"
    assert _packages_end("python", "3.11.3", date(2026, 8, 1)) is None
    assert _packages_end("node", "16", date(2026, 12, 1)) == "node 16"


def _packages_end(name: str, tag: str, today: date) -> str | None:
    image = image_facts(name, tag)
    assert image is not None
    found = packages_ended(image, today)
    return found.what if found is not None else None
