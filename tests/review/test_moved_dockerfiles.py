"""Dockerfiles that a request moves: what they copy may come along, or stay where the context is."""

from __future__ import annotations

import pytest

from .conftest import Repo
from .test_breaks import ONE, told
from .test_review import Make

COPY = ONE.format("COPY a.txt /r")
ALL = 'FROM debian:12-slim\nWORKDIR /app\nCOPY . .\nRUN sh a.sh\nUSER 1000\nCMD ["x"]\n'


@pytest.mark.parametrize("home", ["", "old/"])
@pytest.mark.parametrize("text", [COPY, ALL])
def test_what_moves_along_with_a_dockerfile_lies_beside_it(repo: Make, home: str, text: str) -> None:
    files = {f"{home}Dockerfile": text, f"{home}a.txt": "1\n", f"{home}a.sh": "true\n", "other": "x\n"}
    moved = {f"{home}{name}": f"{home}svc/{name}" for name in ("Dockerfile", "a.txt", "a.sh")}
    assert told(_with_folder(repo, f"{home}svc"), files, {}, moved) == []


@pytest.mark.parametrize("home", ["", "old/"])
def test_the_context_may_move_to_a_directory_on_the_way(repo: Make, home: str) -> None:
    files = {f"{home}Dockerfile": COPY, f"{home}a.txt": "1\n", "other": "x\n"}
    moved = {f"{home}Dockerfile": f"{home}svc/docker/Dockerfile", f"{home}a.txt": f"{home}svc/a.txt"}
    assert told(_with_folder(repo, f"{home}svc/docker"), files, {}, moved) == []


def test_a_dockerfile_that_moves_alone_keeps_its_context(repo: Make) -> None:
    files = {"Dockerfile": ONE.format("COPY a.txt b.txt /r/"), "a.txt": "1\n", "b.txt": "2\n"}
    found = told(_with_folder(repo, "docker"), files, {}, {"Dockerfile": "docker/Dockerfile", "a.txt": ""})
    assert found == [(2, True, "a.txt is deleted by this change, so COPY fails")]


def test_what_lies_beside_a_dockerfile_is_not_what_a_known_build_sends(repo: Make) -> None:
    compose = "services: {{a: {{build: {{context: ., dockerfile: {}Dockerfile}}}}}}\n"
    files = {"Dockerfile": COPY, "a.txt": "1\n", "compose.yaml": compose.format("")}
    moved = {"Dockerfile": "svc/Dockerfile", "a.txt": "svc/a.txt"}
    found = told(_with_folder(repo, "svc"), files, {"compose.yaml": compose.format("svc/")}, moved)
    assert found == [(2, True, "a.txt is renamed to svc/a.txt by this change, so COPY fails")]


def _with_folder(repo: Make, folder: str) -> Make:
    """*repo*, with an empty *folder* in the checkout to move files to."""

    def make(before: dict[str, str], after: dict[str, str]) -> Repo:
        made = repo(before, after)
        (made.root / folder).mkdir(parents=True, exist_ok=True)
        return made

    return make
