"""What fails is told once in a comment, on its line where that is shown, and counted by errors."""

from __future__ import annotations

import json

from dockerslim_rewrite.report.review import github_comments, gitlab_discussions, review_json, summary

from .conftest import Repo
from .test_review import Make, run


def lost(repo: Make) -> Repo:
    """A request with two errors, one of them on a line of its diff, and a suggestion for two lines."""
    compose = "services: {a: {build: .}}\n"
    more = "#\n" * 20
    made = repo({"Dockerfile": f"FROM debian:12\n{more}COPY b.txt /b\n", "b.txt": "", "compose.yaml": compose}, {})
    made.git("rm", "-q", "b.txt")
    made.write({"Dockerfile": f"FROM debian:12\nCOPY --from=1 /a /a\nENV A b\nENV B c\n{more}COPY b.txt /b\n"})
    made.commit()
    return made


def test_each_error_is_told_once_and_is_no_note(repo: Make) -> None:
    made = lost(repo)
    body = summary(run(made, head="HEAD"), made.root)
    assert body.startswith("### dockerslim: 2 errors, ")
    assert body.count("COPY fails") == 1
    (row,) = [line for line in body.split("\n") if line.startswith("| `Dockerfile`")]
    assert row.split("|")[3].strip() == "0"


def test_an_error_on_a_line_of_the_diff_is_a_comment(repo: Make) -> None:
    made = lost(repo)
    found = run(made, head="HEAD")
    (comment,) = [one for one in github_comments(found.files) if "The build fails" in one["body"]]
    assert (comment["path"], comment["line"], comment["side"]) == ("Dockerfile", 2, "RIGHT")
    (discussion,) = [one for one in gitlab_discussions(found) if "The build fails" in one["body"]]
    assert discussion["position"]["new_line"] == 2


def test_what_several_rules_come_to_is_said_as_it_is_seen(repo: Make) -> None:
    text = "FROM node:24-alpine\n{}WORKDIR /app\n"
    after = text.format("RUN apk update\nRUN apk --no-cache add curl\n")
    (file,) = run(repo({"Dockerfile": text.format("")}, {"Dockerfile": after}), head="HEAD").files
    (suggestion,) = [one for one in file.suggestions if one.replacement.text is None]
    assert {change.rule for change in suggestion.changes} == {"DS101", "DS202"}
    assert {change.title for change in suggestion.changes} == {"drop line 2"}


def test_what_a_copy_loses_of_a_stage_is_told_once(repo: Make) -> None:
    text = "FROM alpine:3.24 AS a\nWORKDIR {}\nCOPY x.txt .\nFROM alpine:3.24\nCOPY --from=a /app/x.txt /\n"
    files = {"Dockerfile": text.format("/app"), "x.txt": "", "compose.yaml": "services: {a: {build: .}}\n"}
    found = run(repo(files, {"Dockerfile": text.format("/srv")}), head="HEAD")
    (note,) = [note for file in found.files for note in file.notes if note.line == 5]
    assert note.breaks
    assert note.reason == "/app/x.txt of `a` was x.txt, which is not copied there any more, so COPY fails"


def test_a_suggestion_for_several_lines_says_its_reason_once(repo: Make) -> None:
    made = repo(
        {"Dockerfile": "FROM debian:12\n"}, {"Dockerfile": "FROM debian:12\nADD a /a\nADD b /b\n", "a": "", "b": ""}
    )
    (file,) = json.loads(review_json(run(made, head="HEAD"), made.root))["files"]
    messages = [one["message"] for one in file["suggestions"]]
    assert messages
    assert all(len(parts) == len(set(parts)) for one in messages for parts in [one.split(". ")])


def test_what_stands_behind_a_flag_that_is_not_known_is_no_file(repo: Make) -> None:
    files = {"a": "", "compose.yaml": "services: {a: {build: .}}\n"}
    made = repo(
        {"Dockerfile": "FROM debian:12\nCOPY a /a\n", **files},
        {"Dockerfile": "FROM debian:12\nCOPY a /a\nCOPY --form=deps /x y\n"},
    )
    assert [note.rule for file in run(made, head="HEAD").files for note in file.notes if note.line == 3] == ["DS634"]


JAVA = "FROM ubuntu:24.04\nRUN apt-get update && apt-get install -y --no-install-recommends \\\n    curl \\\n"
JAVA += '{}    default-jre \\\n    && rm -rf /var/lib/apt/lists/*\nCMD ["java"]\n'


def test_what_the_rest_of_an_edited_instruction_does_is_no_news(repo: Make) -> None:
    made = repo({"Dockerfile": JAVA.format("")}, {"Dockerfile": JAVA.format("    unzip \\\n")})
    assert not [note for file in run(made, head="HEAD").files for note in file.notes]


def test_what_could_not_be_read_had_the_lines_that_stay(repo: Make) -> None:
    text = "FROM debian:10-slim\nENV A=1\nENV B=1\nENV C=1\nENV D=1\nRUN echo a{}\n  && echo b\n"
    made = repo({"Dockerfile": text.format("")}, {"Dockerfile": text.format(" \\")})
    assert not [note for file in run(made, head="HEAD").files for note in file.notes if note.line == 1]


def test_stages_that_need_each_other_are_told_once(repo: Make) -> None:
    text = "FROM alpine:3.22 AS a\n{}\n\nFROM a AS b\nRUN echo > /x\n"
    made = repo({"Dockerfile": text.format("RUN true")}, {"Dockerfile": text.format("COPY --from=b /x /x")})
    (note,) = [note for file in run(made, head="HEAD").files for note in file.notes if note.line == 2]
    assert note.breaks
    assert note.reason == "COPY takes from `b` (line 4), which needs this one, so the build fails"
