"""Files that the context has and that a RUN does not find: the order and the directories are wrong."""

from __future__ import annotations

import pytest

from .test_breaks import FILES, told
from .test_review import Make

HEAD = "FROM python:3.12-slim\nWORKDIR /app\n"
INSTALL = "RUN pip install --no-cache-dir -r r.txt\n"
REST = "USER 1000\n"
BEFORE = f"{HEAD}COPY r.txt .\n{INSTALL}{REST}"
CONTEXT = {"r.txt": "flask\n", "k": "k\n", ".dockerignore": ".git\n.dockerignore\nDockerfile\ncompose.yaml\n", **FILES}


@pytest.mark.parametrize(
    ("steps", "line", "fate"),
    [
        (f"{INSTALL}COPY r.txt .\n", 3, "is copied only below"),
        (f"COPY k .\n{INSTALL}COPY . .\n", 4, "is copied only below"),
        (f"COPY r.txt .\nWORKDIR /srv\n{INSTALL}", 5, "is not in /srv, where it is run now"),
        (f"COPY r.txt .\nRUN rm r.txt\n{INSTALL}", 5, "is deleted on line 4"),
        (f"COPY --exclude=r.txt . .\n{INSTALL}", 4, "--exclude on line 3 leaves out"),
    ],
)
def test_what_a_run_does_not_find(repo: Make, steps: str, line: int, fate: str) -> None:
    found = told(repo, {"Dockerfile": BEFORE, **CONTEXT}, {"Dockerfile": f"{HEAD}{steps}{REST}"})
    assert [one for one in found if one[1]] == [(line, True, f"RUN names r.txt, which {fate}, so it fails")]


@pytest.mark.parametrize(
    "steps",
    [
        f"COPY . .\n{INSTALL}COPY r.txt .\n",
        f"COPY *.txt ./\n{INSTALL}COPY . .\n",
        f"COPY --from=busybox /x .\n{INSTALL}COPY . .\n",
        f"ADD https://example.org/r.txt .\n{INSTALL}COPY . .\n",
        f"COPY k r.txt\n{INSTALL}COPY . .\n",
        f"RUN --mount=target=/app {INSTALL[4:]}COPY . .\n",
        f"RUN curl -o r.txt https://example.org\n{INSTALL}COPY . .\n",
        f"RUN tool\n{INSTALL}COPY . .\n",
        f"COPY r.txt .\nRUN rm r.txt\nCOPY r.txt .\n{INSTALL}",
        f"COPY r.txt .\nRUN rm r.txt && cp /x r.txt\n{INSTALL}",
        f"COPY r.txt .\nWORKDIR /srv\nCOPY r.txt .\n{INSTALL}",
        f"COPY r.txt .\nWORKDIR /srv\nRUN ln -s /app/r.txt\n{INSTALL}",
        f"COPY --exclude=*.md . .\n{INSTALL}",
    ],
)
def test_what_a_run_finds_or_may_find(repo: Make, steps: str) -> None:
    found = told(repo, {"Dockerfile": BEFORE, **CONTEXT}, {"Dockerfile": f"{HEAD}{steps}{REST}"})
    assert not [one for one in found if "RUN names" in one[2]]


def test_a_file_that_the_base_image_has_is_not_missed(repo: Make) -> None:
    text = "FROM nginx:1.28\n{}COPY default.conf /etc/nginx/conf.d/default.conf\nUSER 1000\n"
    files = {"Dockerfile": text.format(""), "default.conf": "x\n", **FILES}
    after = {"Dockerfile": text.format("RUN rm /etc/nginx/conf.d/default.conf\n")}
    assert not [one for one in told(repo, files, after) if "RUN names" in one[2]]


def test_an_operand_that_the_base_image_may_have_is_a_doubt(repo: Make) -> None:
    text = "FROM nginx:1.28\nCOPY conf /etc/nginx/conf.d/\nRUN rm /etc/nginx/conf.d/default.conf\nUSER 1000\n"
    files = {"Dockerfile": text, "conf/default.conf": "x\n", "conf/other.conf": "x\n", **FILES}
    found = told(repo, files, moved={"conf/default.conf": ""})
    fate = "which is deleted by this change, so it fails unless the base image has it"
    assert found == [(3, False, f"RUN names /etc/nginx/conf.d/default.conf, {fate}")]


def test_an_order_that_was_wrong_before_is_no_news(repo: Make) -> None:
    text = f"{HEAD}{INSTALL}COPY r.txt .\n"
    assert told(repo, {"Dockerfile": text + REST, **CONTEXT}, {"Dockerfile": f"{text}ENV A=1\n{REST}"}) == []
