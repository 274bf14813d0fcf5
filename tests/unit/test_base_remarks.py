"""What the remarks on base images rest on, and that they keep silent where there is nothing to say."""

from __future__ import annotations

from datetime import date

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.knowledge.images import catalogued, distribution_image, image_facts
from dockerslim_rewrite.knowledge.language_images import language_of, languages
from dockerslim_rewrite.knowledge.lifetimes import ended

TODAY = date(2026, 11, 21)


def remarks(text: str, rule: str, today: date = TODAY) -> list[str]:
    result = rewrite(text, Options(select=(rule,), today=today))
    assert not result.changed
    return [remark.reason for remark in result.remarks]


@pytest.mark.parametrize(
    ("image", "day", "past"),
    [
        ("python:2.7", date(2020, 1, 1), False),
        ("python:2.7", date(2020, 1, 2), True),
        ("debian:bookworm", date(2028, 6, 30), False),
        ("debian:bookworm", date(2028, 7, 1), True),
        ("node:24-buster", date(2024, 6, 30), False),
        ("node:24-buster", date(2024, 7, 1), True),
        ("someone/python:2.7", TODAY, False),
        ("alpine", TODAY, False),
        ("scratch", TODAY, False),
    ],
)
def test_the_day_decides(image: str, day: date, past: bool) -> None:
    assert bool(remarks(f"FROM {image}\n", "DS306", day)) is past


def test_each_image_is_spoken_of_once_a_line() -> None:
    text = "ARG BASE=python:2.7\nFROM $BASE AS a\nFROM $BASE AS b\nFROM a\n"
    assert len(remarks(text, "DS306")) == 2


def test_only_lines_with_an_image_are_recommended() -> None:
    for name in catalogued():
        image = image_facts(name, "1.0")
        assert image is not None
    old = image_facts("python", "3.5")
    assert old is not None
    found = ended(old, TODAY)
    assert found is not None
    assert found.newer == ("3.14", "3.13", "3.12", "3.11")
    assert found.newer == tuple(sorted(found.newer, key=lambda line: int(line.split(".")[1]), reverse=True))


@pytest.mark.parametrize(
    ("package", "image"),
    [
        ("nodejs", "node"),
        ("npm", "node"),
        ("python3.9-dev", "python"),
        ("python3", "python"),
        ("python3-numpy", None),
        ("openjdk-8-jre-headless", "eclipse-temurin"),
        ("openjdk8-jre", "eclipse-temurin"),
        ("java-1.8.0-openjdk-devel", "eclipse-temurin"),
        ("php7.2-fpm", "php"),
        ("phpmyadmin", None),
        ("golang-1.21", "golang"),
        ("google-chrome", None),
        ("curl", None),
    ],
)
def test_which_packages_bring_a_language(package: str, image: str | None) -> None:
    found = language_of(package)
    assert (found and found.image) == image


def test_the_data_is_whole() -> None:
    assert len({one.image for one in languages()}) == len(languages())
    assert distribution_image("ubuntu")
    assert distribution_image("docker.io/arm64v8/debian")
    assert not distribution_image("python")


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12\nRUN apt-get update && apt-get install -y nodejs ruby\n",
        "FROM node:24\nRUN apt-get update && apt-get install -y ruby\n",
        "FROM debian:12\nRUN apt-get remove -y nodejs\n",
        "FROM debian:12 AS a\nRUN true\nFROM a\nRUN apt-get install -y nodejs\n",
        "FROM debian:12\nRUN apt-get install -y python3\nCMD supervisord\n",
    ],
)
def test_silence(text: str) -> None:
    assert remarks(text, "DS305") == []
