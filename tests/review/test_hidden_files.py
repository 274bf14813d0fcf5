"""Files whose differences nobody sees: a forge takes no comment on their lines."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.report.review import file_comments, github_comments, gitlab_discussions, summary

from .test_review import Make, run

HEAD = "FROM debian:12\n"
COMPOSE = {"compose.yaml": "services: {a: {build: .}}\n"}


@pytest.mark.parametrize("attribute", ["-diff", "binary"])
@pytest.mark.parametrize("moved", [False, True])
def test_what_attributes_keep_from_diffs_is_told_in_the_summary(repo: Make, attribute: str, moved: bool) -> None:
    files = {"a/Dockerfile": HEAD + "# one\n# two\n# three\n", ".gitattributes": f"*ockerfile {attribute}\n"}
    made = repo(files, {"compose.yaml": "services: {b: {build: ./b}}\n"} if moved else {})
    if moved:
        made.git("mv", "a", "b")
    path = "b/Dockerfile" if moved else "a/Dockerfile"
    made.write({path: f"{files['a/Dockerfile']}ENV A b\nCOPY --from=1 /a /a\n"})
    made.commit()
    for head in ("HEAD", None):
        found = run(made, head=head)
        assert github_comments(found.files) == gitlab_discussions(found) == file_comments(found) == []
        assert "ENV A=b" in summary(found, made.root)
        assert "so the build fails" in summary(found, made.root)


def test_what_became_binary_is_told_in_the_summary(repo: Make) -> None:
    found = run(repo({"Dockerfile": HEAD, **COMPOSE}, {"Dockerfile": f"{HEAD}# \0\n"}), head="HEAD")
    assert [note.breaks for file in found.files for note in file.notes] == [True]
    assert github_comments(found.files) == file_comments(found) == []


def test_what_is_shown_has_its_comments(repo: Make) -> None:
    files = {"Dockerfile": HEAD, ".gitattributes": "*.png binary\n", "x.png": "\0\n"}
    found = run(repo(files, {"Dockerfile": f"{HEAD}ENV A b\n", "x.png": "\0\0\n"}), head="HEAD")
    assert [one["line"] for one in github_comments(found.files)] == [2]
