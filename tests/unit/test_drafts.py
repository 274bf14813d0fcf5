"""Drafts of splits that are not proven: what a person would try first, and none where no split can be right."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options
from dockerslim_rewrite.passes.stages.sketching import Draft
from dockerslim_rewrite.pipeline import suggest


def drafted(text: str) -> tuple[Draft, ...]:
    return suggest(text, Options(level="aggressive"))


def runtime(text: str) -> list[str]:
    """The lines of the runtime stage of the only draft."""
    (found,) = drafted(text)
    lines = found.text.splitlines()
    return lines[next(at for at, line in enumerate(lines) if line.endswith(" AS runtime")) :]


@pytest.mark.parametrize(
    ("image", "slim"),
    [
        ("node:6.10.1", "node:6.10.1-slim"),
        ("node:8-stretch", "node:8-stretch-slim"),
        ("node", "node:slim"),
        ("python:3.6-stretch", "python:3.6-slim-stretch"),
        ("ruby:2.2", "ruby:2.2-slim"),
    ],
)
def test_a_full_image_gives_way_to_its_slim_variant(image: str, slim: str) -> None:
    install = {"n": "npm install", "p": "pip install -r requirements.txt", "r": "bundle install"}[image[0]]
    lines = runtime(f'FROM {image}\nWORKDIR /srv\nCOPY . .\nRUN {install} && ./more\nCMD ["./run"]\n')
    assert lines[0] == f"FROM {slim} AS runtime"


def test_packages_and_what_is_started_come_along() -> None:
    text = (
        "FROM maven:3.5-jdk-8\nWORKDIR /home\nCOPY . .\n"
        "RUN apt-get update && apt-get install -y pwgen git libodd-dev && mvn package\n"
        "CMD java -jar target/web.jar\n"
    )
    assert runtime(text) == [
        "FROM openjdk:8-jre AS runtime",
        "RUN apt-get update \\",
        "    && apt-get install -y libodd-dev pwgen \\",
        "    && rm -rf /var/lib/apt/lists/*",
        "COPY --from=build /home/target/web.jar /home/target/web.jar",
        "WORKDIR /home",
        "CMD java -jar target/web.jar",
    ]


def test_all_that_is_not_known_is_named() -> None:
    text = "FROM golang:1.22\nWORKDIR /app\nCOPY . .\nRUN ./one.sh && ./two.sh && go build ./x\n"
    (found,) = drafted(f'{text}CMD ["/app/web"]\n')
    assert (found.line, found.reason) == (4, "what ./one.sh writes is not known")
    assert found.others == ((4, "what ./two.sh writes is not known"),)


@pytest.mark.parametrize(
    "end",
    [
        "",
        "CMD bash\n",
        'CMD ["/bin/bash", "-l"]\n',
        'CMD ["sleep", "infinity"]\n',
        'CMD ["make", "test"]\n',
        'ONBUILD COPY . /src\nCMD ["/src/web"]\n',
    ],
)
def test_an_image_to_work_in_gets_none(end: str) -> None:
    text = "FROM debian:bookworm\nRUN apt-get update && apt-get install -y gcc make\nRUN make -C /src\n"
    assert drafted(text + end) == ()


def test_a_shell_that_is_given_a_script_is_another_thing() -> None:
    text = "FROM debian:bookworm\nRUN apt-get update && apt-get install -y gcc make\nCOPY . /src\nRUN make -C /src\n"
    assert len(drafted(text + 'ENTRYPOINT ["sh"]\nCMD ["/src/run.sh"]\n')) == 1


def test_the_release_that_a_tag_names_stays() -> None:
    text = 'FROM alpine:3.6\nRUN apk add nginx yarn $MORE\nWORKDIR /srv\nCOPY . .\nRUN yarn install\nCMD ["nginx"]\n'
    assert runtime(text)[0] == "FROM alpine:3.6 AS runtime"


def test_a_server_that_nothing_tells_how_to_install_gets_none() -> None:
    assert drafted("FROM node:12\nRUN ./more\nWORKDIR /srv\nCOPY . .\nRUN yarn install\nCMD serve -s build\n") == ()
