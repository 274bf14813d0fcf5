"""What a request breaks in files that `COPY . .` brings."""

from __future__ import annotations

import pytest

from .test_breaks import FILES, notes_of, told
from .test_review import Make, run

APP = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n{}\nUSER 1000\n{}\n"


@pytest.mark.parametrize(
    ("body", "start", "gone", "expected"),
    [
        (
            "RUN pip install --no-cache-dir -r requirements.txt",
            'CMD ["x"]',
            "requirements.txt",
            (4, True, "RUN names requirements.txt, which is deleted by this change, so it fails"),
        ),
        (
            "RUN ./run.sh",
            'CMD ["x"]',
            "run.sh",
            (4, True, "RUN names ./run.sh, which is deleted by this change, so it fails"),
        ),
        (
            "RUN bash -e run.sh && true",
            'CMD ["x"]',
            "run.sh",
            (4, True, "RUN names run.sh, which is deleted by this change, so it fails"),
        ),
        (
            "RUN apt-get update && apt-get install -y make && ./run.sh",
            'CMD ["x"]',
            "run.sh",
            (4, True, "RUN names ./run.sh, which is deleted by this change, so it fails"),
        ),
        (
            "RUN autoreconf -fi && ./run.sh",
            'CMD ["x"]',
            "run.sh",
            (
                4,
                False,
                "RUN names ./run.sh, which is deleted by this change, so it fails unless what runs before brings it",
            ),
        ),
        (
            "RUN python -m x run.sh",
            'CMD ["x"]',
            "run.sh",
            (4, False, "RUN names run.sh, which is deleted by this change"),
        ),
        (
            "RUN tool run.sh",
            'CMD ["x"]',
            "run.sh",
            (4, False, "RUN names run.sh, which is deleted by this change"),
        ),
        (
            "RUN true",
            'CMD ["/app/run.sh"]',
            "run.sh",
            (6, False, "CMD starts /app/run.sh, which is deleted by this change, so the container does not start"),
        ),
        (
            "RUN true",
            'CMD ["sh", "-e", "run.sh"]',
            "run.sh",
            (6, False, "CMD starts run.sh, which is deleted by this change, so the container does not start"),
        ),
        *(
            (
                f"RUN {command}",
                'CMD ["x"]',
                "run.sh",
                (4, True, "RUN names run.sh, which is deleted by this change, so it fails"),
            )
            for command in (
                '["cat", "run.sh"]',
                'bash -c "cat run.sh"',
                'sh -ec "cat run.sh; echo"',
                '["/bin/sh", "-c", "cat run.sh"]',
                "cp run.sh /etc/y",
                'cp run.sh "$DIR"',
                "rm run.sh",
                "set -e; cat run.sh; echo",
                "sed -i s/a/b/ run.sh",
                "true && chmod +x run.sh && ./run.sh",
                "install -m 755 run.sh /usr/bin/",
            )
        ),
        ("RUN rm -f run.sh", 'CMD ["x"]', "run.sh", None),
        ("RUN rm $FORCE run.sh", 'CMD ["x"]', "run.sh", None),
        ("RUN cp keep run.sh", 'CMD ["x"]', "run.sh", None),
        ("RUN bash -c 'cat run.sh; echo'", 'CMD ["x"]', "run.sh", None),
        ("RUN bash -c 'cat run.sh' || true", 'CMD ["x"]', "run.sh", None),
        ("RUN bash -c 'cd /x && cat run.sh'", 'CMD ["x"]', "run.sh", None),
        ("RUN cd sub && ./run.sh", 'CMD ["x"]', "run.sh", None),
    ],
)
def test_a_file_that_an_instruction_names(
    repo: Make, body: str, start: str, gone: str, expected: tuple[int, bool, str] | None
) -> None:
    files = {"Dockerfile": APP.format(body, start), "requirements.txt": "", "run.sh": "#!/bin/sh\n", "keep": "x\n"}
    found = told(repo, files | FILES, moved={gone: ""})
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("body", "mode", "text", "expected"),
    [
        ("RUN true", 0o644, "#!/bin/sh\n", "run.sh is not executable any more, so the container does not start"),
        ("RUN true", 0o755, "#!/bin/sh\r\n", "the first line of run.sh ends in a carriage return now"),
        ("RUN chmod +x run.sh", 0o644, "#!/bin/sh\n", None),
        ("RUN true", 0o755, "#!/bin/sh\nexec y\n", None),
    ],
)
def test_a_script_that_cannot_be_started_any_more(
    repo: Make, body: str, mode: int, text: str, expected: str | None
) -> None:
    made = repo({"Dockerfile": APP.format(body, 'CMD ["/app/run.sh"]'), "run.sh": "#!/bin/sh\nexec x\n", **FILES}, {})
    made.git("checkout", "-q", "main")
    (made.root / "run.sh").chmod(0o755)
    made.commit()
    made.git("checkout", "-q", "-B", "topic")
    (made.root / "run.sh").write_bytes(text.encode())
    (made.root / "run.sh").chmod(mode)
    made.commit()
    found = [one[1:] for one in notes_of(run(made, head="HEAD")) if "run.sh" in one[2]]
    assert [fails for fails, _ in found] == ([] if expected is None else [False])
    assert all(expected is not None and reason.startswith(expected) for _, reason in found)


def test_a_script_that_a_build_cannot_start_any_more_breaks_the_build(repo: Make) -> None:
    made = repo({"Dockerfile": APP.format("RUN ./run.sh", 'CMD ["x"]'), "run.sh": "#!/bin/sh\n", **FILES}, {})
    (made.root / "run.sh").chmod(0o755)
    made.commit()
    made.git("branch", "-f", "main")
    (made.root / "run.sh").chmod(0o644)
    made.commit()
    assert notes_of(run(made, head="HEAD")) == [(4, True, "run.sh is not executable any more, so RUN fails")]


def test_what_is_kept_from_the_build_now_is_missed_as_well(repo: Make) -> None:
    body, start = "RUN pip install --no-cache-dir -r requirements.txt", 'CMD ["./run.sh"]'
    files = {
        "Dockerfile": APP.format(body, start),
        "requirements.txt": "",
        "run.sh": "#!/bin/sh\n",
        ".dockerignore": "x\n",
    }
    kept = "which is kept from the build by .dockerignore now"
    assert told(repo, files | FILES, {".dockerignore": "x\n*.txt\n*.sh\n"}) == [
        (4, True, f"RUN names requirements.txt, {kept}, so it fails"),
        (6, False, f"CMD starts ./run.sh, {kept}, so the container does not start"),
    ]


HEAD = "FROM python:3.12-slim\nWORKDIR /app\n"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("COPY --chmod=755 keep /keep\nCOPY run.sh ./\nRUN ./run.sh\n", [True]),
        ("RUN --mount=type=bind,source=keep,target=/k pip install -r /k\nCOPY . .\nRUN ./run.sh\n", [True]),
        ("RUN chmod +x /usr/bin/x\nCOPY . .\nRUN ./run.sh\n", [True]),
        ("COPY . .\nRUN chmod +x keep && ./run.sh\n", [True]),
        ("COPY --chmod=755 . .\nRUN ./run.sh\n", []),
        ("COPY --chmod=755 run.* ./\nRUN ./run.sh\n", []),
        ("COPY . .\nRUN chmod +x *.sh && ./run.sh\n", []),
        ("COPY . .\nRUN chmod -R 755 /app && ./run.sh\n", []),
        ("COPY . .\nRUN find . -name '*.sh' -exec chmod +x {} + && ./run.sh\n", []),
        ("COPY --chmod=755 . .\nFROM base\nRUN ./run.sh\n", []),
    ],
)
def test_what_sets_the_mode_of_another_file_sets_none_of_this(repo: Make, steps: str, expected: list[bool]) -> None:
    text = HEAD.replace("slim\n", "slim AS base\n") + steps + 'USER 1000\nCMD ["x"]\n'
    made = repo({"Dockerfile": text, "run.sh": "#!/bin/sh\n", "keep": "x\n", **FILES}, {})
    (made.root / "run.sh").chmod(0o755)
    made.commit()
    made.git("branch", "-f", "main")
    (made.root / "run.sh").chmod(0o644)
    made.commit()
    assert [fails for _, fails, why in notes_of(run(made, head="HEAD")) if "executable" in why] == expected


SCRIPT = {"run.sh": "#!/bin/sh\n", "keep": "x\n", **FILES}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("COPY . .\nRUN true", "COPY . .\nRUN printf x > run.sh && chmod +x run.sh"),
        ("COPY . .\nRUN ./run.sh", "COPY . .\nRUN wget -O run.sh https://example.org && ./run.sh"),
        ("COPY . .\nRUN ./run.sh", "COPY . .\nRUN if [ -f run.sh ]; then ./run.sh; fi"),
        ("COPY . .\nRUN ./run.sh", "COPY . .\nRUN ./run.sh || true"),
    ],
)
def test_what_something_else_brings_is_not_lost(repo: Make, before: str, after: str) -> None:
    start = '\nUSER 1000\nCMD ["/app/run.sh"]\n' if "RUN true" in before else '\nUSER 1000\nCMD ["x"]\n'
    head = "FROM python:3.12-slim\nWORKDIR /app\n"
    files = {"Dockerfile": head + before + start, **SCRIPT}
    assert told(repo, files, {"Dockerfile": head + after + start}, moved={"run.sh": ""}) == []


def test_a_program_of_another_stage_or_image_is_not_lost(repo: Make) -> None:
    start = 'USER 1000\nENTRYPOINT ["/run.sh"]\n'
    before = {"Dockerfile": f"FROM debian:12-slim\nCOPY run.sh /run.sh\n{start}", **SCRIPT}
    other = f"FROM debian:12-slim AS b\nRUN make\nFROM debian:12-slim\nCOPY --from=b /run.sh /run.sh\n{start}"
    assert told(repo, before, {"Dockerfile": other}, moved={"run.sh": ""}) == []


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("COPY scripts/ scripts/\n", "", True),
        ("WORKDIR /app", "WORKDIR /srv", True),
        ("COPY scripts/ scripts/\n", "RUN make\n", None),
        ("COPY scripts/ scripts/\n", "COPY scripts scripts\n", False),
        ("COPY scripts/ scripts/\nRUN", "RUN --mount=target=/app", False),
        ("COPY scripts/ scripts/\nRUN /app", "RUN cp -r /more /app && /app", None),
        ("COPY scripts/ scripts/\n", "COPY --from=python:3.12 /app /app\n", False),
    ],
)
def test_a_script_that_is_copied_no_more_or_elsewhere(repo: Make, old: str, new: str, lost: bool | None) -> None:
    text = f'{HEAD}COPY scripts/ scripts/\nRUN /app/scripts/run.sh\nUSER 1000\nCMD ["x"]\n'
    assert old in text
    found = told(
        repo, {"Dockerfile": text, "scripts/run.sh": "#!/bin/sh\n", **FILES}, {"Dockerfile": text.replace(old, new)}
    )
    reason = "RUN names /app/scripts/run.sh, which is not copied there any more, so it fails"
    reason += "" if lost else " unless what runs before brings it"
    expected = [] if lost is False else [(bool(lost), reason)]
    assert [(fails, why) for _, fails, why in found if "run.sh" in why] == expected


def test_a_module_is_no_file_and_a_service_may_start_something_else(repo: Make) -> None:
    text = APP.format("RUN true", 'CMD ["python", "-m", "app"]')
    files = {"Dockerfile": text, "app": "x\n", "keep": "x\n", **FILES}
    assert told(repo, files, moved={"app": "app2"}) == []


def test_a_service_that_starts_something_else(repo: Make) -> None:
    compose = {"compose.yaml": "services: {a: {build: ., command: python keep}}\n"}
    files = {"Dockerfile": APP.format("RUN true", 'CMD ["/app/run.sh"]'), **SCRIPT, **compose}
    assert told(repo, files, moved={"run.sh": ""}) == []


@pytest.mark.parametrize(("place", "lost"), [("/${P}/", False), ("/elsewhere/", True)])
def test_a_destination_that_is_told_when_building_may_be_the_same(repo: Make, place: str, lost: bool) -> None:
    head, start = "FROM python:3.12-slim\nARG P\nWORKDIR /app\n", '\nUSER 1000\nCMD ["/app/run.sh"]\n'
    files = {"Dockerfile": f"{head}COPY run.sh keep ./{start}", **SCRIPT}
    found = told(repo, files, {"Dockerfile": f"{head}COPY run.sh keep {place}{start}"})
    assert any("not copied there any more" in why for _, _, why in found) is lost


STARTS = "so the container does not start"
STARTED = "#!/bin/sh\nexec sleep 1\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exec sleep 1\n", "run.sh does not begin with #! any more"),
        ("# start\nexec sleep 1\n", "run.sh does not begin with #! any more"),
        (f"\n{STARTED}", "something stands before the #! of run.sh now"),
        (f"\ufeff{STARTED}", "a byte order mark stands before the #! of run.sh now"),
    ],
)
def test_a_script_that_the_kernel_finds_no_interpreter_for(repo: Make, text: str, said: str) -> None:
    files = {"Dockerfile": 'FROM debian:12-slim\nCOPY run.sh /\nUSER 1\nCMD ["/run.sh"]\n', "run.sh": STARTED}
    made = repo(files, {})
    (made.root / "run.sh").chmod(0o755)
    made.commit()
    made.git("branch", "-f", "main")
    made.write({"run.sh": text})
    made.commit()
    assert notes_of(run(made, head="HEAD")) == [(4, False, f"{said}, {STARTS}")]
    # A shell that cannot start a script reads it.
    made.write({"Dockerfile": files["Dockerfile"].replace('["/run.sh"]', "/run.sh"), "run.sh": STARTED})
    made.commit()
    made.git("branch", "-f", "main")
    made.write({"run.sh": text})
    made.commit()
    assert notes_of(run(made, head="HEAD")) == []


@pytest.mark.parametrize(
    ("rest", "more", "line", "said"),
    [
        ('COPY s/ /usr/local/bin/\nENTRYPOINT ["r.sh"]', "", 3, "ENTRYPOINT starts r.sh"),
        (
            'COPY s/ /b/\nENTRYPOINT ["/usr/bin/tini", "-p", "KILL", "--", "/b/r.sh"]',
            "",
            3,
            "ENTRYPOINT starts /b/r.sh",
        ),
        ('COPY s/ /b/\nENTRYPOINT ["gosu", "1", "/b/r.sh"]', "", 3, "ENTRYPOINT starts /b/r.sh"),
        ('COPY s/ /b/\nHEALTHCHECK CMD ["/b/r.sh"]', "", 3, "HEALTHCHECK starts /b/r.sh"),
        ("COPY s/ /b/\nCMD /b/r.sh", "", 3, "CMD starts /b/r.sh"),
        ("COPY s/ /b/", "entrypoint: /b/r.sh", 1, "compose.yaml:4 starts /b/r.sh"),
        ('COPY s/ /b/\nCMD ["x"]', 'command: ["/b/r.sh"]', 1, "compose.yaml:4 starts /b/r.sh"),
    ],
)
def test_whoever_starts_a_script_that_is_gone(repo: Make, rest: str, more: str, line: int, said: str) -> None:
    files = {"Dockerfile": f"FROM debian:12-slim\n{rest}\n", "s/r.sh": STARTED, "s/x": "x"}
    files["compose.yaml"] = f"services:\n  a:\n    build: .\n    {more}\n"
    fate = "so the check fails" if "HEALTH" in rest else STARTS
    found = told(repo, files, moved={"s/r.sh": ""})
    assert (line, False, f"{said}, which is deleted by this change, {fate}") in found


def test_what_lies_over_a_script_is_another(repo: Make) -> None:
    files = {"Dockerfile": "FROM debian:12-slim\nCOPY s/ /b/\n", "s/r.sh": STARTED, "s/x": "x"}
    more = "    entrypoint: /b/r.sh\n    volumes: [./other:/b]\n"
    files["compose.yaml"] = f"services:\n  a:\n    build: .\n{more}"
    assert not [one for one in told(repo, files, moved={"s/r.sh": ""}) if "starts" in one[2]]


def test_a_script_that_loses_its_mode_and_is_started_by_its_name(repo: Make) -> None:
    made = repo(
        {"Dockerfile": 'FROM debian:12-slim\nCOPY r.sh /bin/\nENTRYPOINT ["tini", "r.sh"]\n', "r.sh": STARTED}, {}
    )
    (made.root / "r.sh").chmod(0o755)
    made.commit()
    made.git("branch", "-f", "main")
    (made.root / "r.sh").chmod(0o644)
    made.commit()
    assert (3, False, f"r.sh is not executable any more, {STARTS}") in notes_of(run(made, head="HEAD"))


NEW = 'FROM {}\nCOPY run.sh keep /\n{}USER 1000\nENTRYPOINT ["{}"]\n'


@pytest.mark.parametrize(
    ("image", "steps", "start", "told_of"),
    [
        ("alpine:3.24", "", "/start.sh", True),
        ("alpine:3.24", "RUN apk add --no-cache curl\n", "/start.sh", True),
        ("alpine:3.24", "", "/bin/start", False),
        ("alpine:3.24", "COPY --from=busybox /x /start.sh\n", "/start.sh", False),
        ("alpine:3.24", "RUN mv /run.sh /start.sh\n", "/start.sh", False),
        ("alpine:3.24", "RUN make install\n", "/start.sh", False),
        ("nginx:1.28", "", "/docker-entrypoint.sh", False),
        ("example.org/app:1", "", "/start.sh", False),
        ("$BASE", "", "/start.sh", False),
    ],
)
def test_a_script_that_is_started_anew_and_never_copied(
    repo: Make, image: str, steps: str, start: str, told_of: bool
) -> None:
    files = {"Dockerfile": NEW.format(image, "", "/run.sh"), **SCRIPT}
    found = told(repo, files, {"Dockerfile": NEW.format(image, steps, start)})
    reason = f"ENTRYPOINT starts {start}, which nothing copies there, so the container does not start"
    assert [one[1:] for one in found if "nothing copies" in one[2]] == [(False, reason)] * told_of


@pytest.mark.parametrize(
    ("steps", "told_of"),
    [
        ("RUN sh run.sh", True),
        ("RUN bash -e run.sh", True),
        ("RUN python run.sh", False),
        ("RUN dos2unix run.sh && sh run.sh", False),
    ],
)
def test_a_script_whose_lines_end_in_carriage_returns_now(repo: Make, steps: str, told_of: bool) -> None:
    files = {"Dockerfile": APP.format(steps, 'CMD ["x"]'), **SCRIPT, "run.sh": "if true; then\necho\nfi\n"}
    found = told(repo, files, {"run.sh": "if true; then\r\necho\r\nfi\r\n"})
    reason = "the lines of run.sh end in carriage returns now, which belong to its commands for a shell"
    assert [one for one in found if "carriage" in one[2]] == [(4, False, reason)] * told_of


def test_a_base_that_an_argument_chooses_is_not_known(repo: Make) -> None:
    text = "ARG BASE=python:3.12-slim\nFROM $BASE\nWORKDIR /app\nCOPY . .\nRUN sh run.sh\nUSER 1000\n"
    found = told(repo, {"Dockerfile": text, **SCRIPT}, moved={"run.sh": ""})
    doubt = "so it fails unless what runs before brings it"
    assert found == [(5, False, f"RUN names run.sh, which is deleted by this change, {doubt}")]
