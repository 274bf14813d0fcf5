"""What COPY takes from a stage that does not seem to make it any more, and names that no stage has."""

from __future__ import annotations

import pytest

from .test_breaks import FILES, told
from .test_review import Make

END = 'FROM debian:12-slim\n{}\nUSER 1000\nCMD ["x"]\n'
GO = "FROM golang:1.26 AS b\nWORKDIR /s\nCOPY . .\nRUN go build -o /out/api .\n" + END.format(
    "COPY --from=b /out/api /api"
)
NODE = (
    "FROM node:22-slim AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n"
    + END.format("COPY --from=build /app/dist /dist")
)  # fmt: skip
TREE = {"main.go": "x\n", "package.json": "{}\n", ".dockerignore": "dist\n.git\n", **FILES}


def doubts(found: list[tuple[int, bool, str]], word: str) -> list[tuple[int, str]]:
    assert not any(fails for _, fails, why in found if word in why)
    return [(line, why) for line, _, why in found if word in why]


@pytest.mark.parametrize(("old", "new"), [("-o /out/api", "-o /bin/api"), ("-o /out/api", "-o api")])
def test_a_result_that_is_written_elsewhere_is_a_doubt(repo: Make, old: str, new: str) -> None:
    found = told(repo, {"Dockerfile": GO, **TREE}, {"Dockerfile": GO.replace(old, new)})
    reason = "nothing in `b` speaks of /out/api any more, as `RUN go build -o /out/api .` did"
    assert doubts(found, "/out") == [(6, f"{reason}: COPY fails unless something else makes it")]


def test_a_directory_that_instructions_are_run_in_and_is_another_now_is_a_doubt(repo: Make) -> None:
    text = NODE.replace("/app/dist /dist", "/app/node_modules /m")
    found = told(repo, {"Dockerfile": text, **TREE}, {"Dockerfile": text.replace("WORKDIR /app", "WORKDIR /src")})
    assert [line for line, _ in doubts(found, "speaks of /app/node_modules")] == [7]


def test_a_run_that_made_it_and_is_gone_is_a_doubt(repo: Make) -> None:
    found = told(repo, {"Dockerfile": NODE, **TREE}, {"Dockerfile": NODE.replace("RUN npm run build\n", "")})
    reason = "/app/dist of `build` may come of `RUN npm run build`, which this change removes: COPY fails then"
    assert doubts(found, "/app/dist") == [(6, reason)]


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (GO, "go build -o /out/api .", "cd /out && go build -o api /s"),
        (GO, "go build -o /out/api .", "make OUT=/out"),
        (GO, "-o /out/api", "-o $OUT/api"),
        (GO, "WORKDIR /s\nCOPY . .\nRUN go build -o /out/api .", "WORKDIR /out\nCOPY . .\nRUN go build -o api ."),
        (GO, "WORKDIR /s\nCOPY . .\nRUN go build -o /out/api .", "WORKDIR /\nCOPY . .\nRUN go build -o out/api ."),
        (NODE, "RUN npm ci\nRUN npm run build", "RUN npm ci && npm run build"),
        (NODE, "RUN npm run build", "RUN yarn build"),
        (NODE, "RUN npm run build\n", "RUN npm run build\nRUN npm test\n"),
        (NODE.replace("RUN npm ci", "RUN npm ci\nRUN npm test"), "RUN npm test\n", ""),
        (NODE.replace("RUN npm ci", "RUN apt-get install -y make\nRUN npm ci"), "RUN apt-get install -y make\n", ""),
    ],
)
def test_what_is_made_another_way_is_none(repo: Make, text: str, old: str, new: str) -> None:
    assert old in text
    found = told(repo, {"Dockerfile": text, **TREE}, {"Dockerfile": text.replace(old, new)})
    assert [why for _, _, why in found if "speaks of" in why or "may come of" in why] == []


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("COPY --from=b /", "COPY --from=build /", "build"),
        ("COPY --from=build /", "COPY --from=biuld /", "biuld"),
        ("COPY --from=build /app/dist /dist", "RUN --mount=from=bulid,target=/b wc /b/app", "bulid"),
        ("RUN npm ci", "RUN npm ci\nFROM biuld AS more\nRUN true", "biuld"),
    ],
)
def test_a_name_that_no_stage_has_is_a_doubt(repo: Make, old: str, new: str, name: str) -> None:
    text = GO if old in GO else NODE
    found = told(repo, {"Dockerfile": text, **TREE}, {"Dockerfile": text.replace(old, new)})
    hint = "" if name == "build" else "; did you mean `build`?"
    reason = f"no stage is called `{name}`, so an image of that name is pulled{hint}"
    assert [why for _, why in doubts(found, "no stage is called")] == [reason]


@pytest.mark.parametrize("name", ["busybox", "tools", "ghcr.io/astral-sh/uv:latest", "node", "shared", "0"])
def test_a_name_that_may_be_an_image_or_a_context_is_none(repo: Make, name: str) -> None:
    compose = {"compose.yaml": "services: {a: {build: {context: ., additional_contexts: {shared: ./s}}}}\n", "s/x": ""}
    after = {"Dockerfile": NODE.replace("USER", f"COPY --from={name} /x /x\nUSER")}
    found = told(repo, {"Dockerfile": NODE, **TREE, **compose}, after)
    assert [why for _, _, why in found if "no stage is called" in why] == []
