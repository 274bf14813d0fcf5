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
