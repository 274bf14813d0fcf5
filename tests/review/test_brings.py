"""What brings a file that a request takes from the context: nothing fails for it."""

from __future__ import annotations

import pytest

from .test_breaks import FILES, notes_of, told
from .test_review import Make, run

STAGE = "FROM alpine:3.24 AS b\nRUN mkdir /out && echo > /out/other\n"
HEAD = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
REST = 'USER 1000\nCMD ["x"]\n'
KEPT = {"x.sh": "true\n", "k": "k\n", "a.tar.gz": "x\n", **FILES}


@pytest.mark.parametrize(
    "steps",
    [
        "ADD https://example.org/x.sh ./\nRUN sh x.sh\n",
        "ADD https://example.org/%78.sh?raw=1 ./\nRUN sh x.sh\n",
        "ADD https://example.org/y.sh /app/x.sh\nRUN sh x.sh\n",
        "ADD a.tar.gz ./\nRUN sh x.sh\n",
        "ADD https://example.org/a/b.git#main .\nRUN sh x.sh\n",
        "ADD git@example.org:a/b.git /app\nRUN sh x.sh\n",
        "COPY <<x.sh .\ntrue\nx.sh\nRUN sh x.sh\n",
        "RUN --mount=type=secret,id=x,target=/app/x.sh sh x.sh\n",
        "RUN --mount=type=secret,id=x,target=x.sh sh x.sh\n",
        "RUN --mount=type=bind,from=busybox,source=/etc/profile,target=/app/x.sh sh x.sh\n",
        "RUN --mount=type=bind,from=b,source=/out,target=/app sh x.sh\n",
        "RUN --mount=type=bind,source=k,target=/app/x.sh sh x.sh\n",
    ],
)
def test_what_else_brings_a_file(repo: Make, steps: str) -> None:
    assert told(repo, {"Dockerfile": STAGE + HEAD + steps + REST, **KEPT}, moved={"x.sh": ""}) == []


@pytest.mark.parametrize(
    "steps",
    [
        "ADD https://example.org/y.sh ./\nRUN sh x.sh\n",
        "ADD https://example.org/x.sh /srv/\nRUN sh x.sh\n",
        "ADD a.tar.gz /srv/\nRUN sh x.sh\n",
        "COPY <<y.sh .\ntrue\ny.sh\nRUN sh x.sh\n",
        "COPY --from=b /out /srv\nRUN sh x.sh\n",
        "RUN --mount=type=secret,id=x,target=/app/y.sh sh x.sh\n",
        "RUN --mount=type=secret,id=x.sh,env=X sh x.sh\n",
        "RUN --mount=target=/app sh x.sh\n",
    ],
)
def test_what_brings_something_else(repo: Make, steps: str) -> None:
    found = told(repo, {"Dockerfile": STAGE + HEAD + steps + REST, **KEPT}, moved={"x.sh": ""})
    reason = "RUN names x.sh, which is deleted by this change, so it fails"
    assert [one[1:] for one in found if one[2].startswith("RUN names")] == [(True, reason)]


def test_a_container_starts_what_is_fetched(repo: Make) -> None:
    text = 'FROM python:3.12-slim\nWORKDIR /app\n{} ./\nUSER 1000\nCMD ["python", "x.sh"]\n'
    after = text.format("ADD https://example.org/x.sh")
    found = told(repo, {"Dockerfile": text.format("COPY x.sh"), **KEPT}, {"Dockerfile": after})
    assert not [why for _, _, why in found if "CMD starts" in why]


def test_an_interpreter_that_reads_its_standard_input_gets_no_script(repo: Make) -> None:
    found = told(repo, {"Dockerfile": f"{HEAD}RUN python - x.sh < k\n{REST}", **KEPT}, moved={"x.sh": ""})
    assert [one[1] for one in found] == [False]


@pytest.mark.parametrize(("name", "lost"), [("/app/x.sh", []), ("/app/", [True]), ("/app/y.sh", [True])])
def test_a_here_document_makes_what_is_taken_from_a_stage(repo: Make, name: str, lost: list[bool]) -> None:
    stage = f"FROM alpine:3.24 AS a\nCOPY . /app\nCOPY <<E {name}\na\nE\nFROM alpine:3.24\nCOPY --from=a /app/x.sh /\n"
    found = told(repo, {"Dockerfile": stage + REST, **KEPT}, moved={"x.sh": ""})
    assert [fails for _, fails, why in found if why.startswith("/app/x.sh of `a`")] == lost


@pytest.mark.parametrize(
    ("before", "sure"), [("./setup.sh", False), ("sh setup.sh", False), ("apt-get update", True), ("make", False)]
)
def test_a_script_that_runs_before_may_give_another_its_mode(repo: Make, before: str, sure: bool) -> None:
    made = repo({"Dockerfile": f"{HEAD}RUN {before} && ./x.sh\n{REST}", **KEPT, "setup.sh": "chmod +x *.sh\n"}, {})
    for name in ("x.sh", "setup.sh"):
        (made.root / name).chmod(0o755)
    made.commit()
    made.git("branch", "-f", "main")
    (made.root / "x.sh").chmod(0o644)
    made.commit()
    found = [(fails, why) for _, fails, why in notes_of(run(made, head="HEAD")) if "executable" in why]
    doubt = "" if sure else " unless what runs before sets that right"
    assert found == [(sure, f"x.sh is not executable any more, so RUN fails{doubt}")]
