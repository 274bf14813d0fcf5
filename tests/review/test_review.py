"""Pull requests played in repositories: what is suggested, where, and what accepting any of it makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import pytest

from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.pipeline import Options, rewrite
from dockerslim_rewrite.pipeline.baseline import accepted_at
from dockerslim_rewrite.pipeline.parts import MOST_PARTS
from dockerslim_rewrite.report.findings import findings
from dockerslim_rewrite.report.markdown import fence
from dockerslim_rewrite.report.review import (
    COMMENTS,
    comment,
    file_comments,
    github_comments,
    gitlab_discussions,
    marks,
    post_lines,
    review_lines,
    summary,
)
from dockerslim_rewrite.review.git import Git, GitError
from dockerslim_rewrite.review.given import given_to
from dockerslim_rewrite.review.reviewed import Reviewed, Scope
from dockerslim_rewrite.review.run import Review, review
from dockerslim_rewrite.review.subtract import Places, counterparts
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.validate import Verdict, validate
from dockerslim_rewrite.workspace.uses import Workspace

from .conftest import Repo, apply_lines

Make = Callable[[dict[str, str], dict[str, str]], Repo]

BASE = """\
FROM debian:12
ENV LANG=C
RUN apt-get update && apt-get install -y curl
COPY a /a
COPY b /b
COPY c /c
COPY d /d
COPY e /e
CMD ["curl"]
"""
NEW = """\
FROM python:3.11
MAINTAINER Jane Doe <jane@example.com>
ENV A 1
RUN apt-get update && apt-get install -y gcc
WORKDIR /app
RUN pip install flask
ADD app.py /app/
ENV B 2
CMD ["python", "app.py"]
"""


def run(
    made: Repo,
    scope: Scope = Scope.LINES,
    head: str | None = None,
    paths: Sequence[str] = (),
    options: Callable[[Path], Options] = lambda path: Options(),
) -> Review:
    return review(Git(made.root), "main", head, paths, scope, options)


def in_hunks(file: Reviewed) -> bool:
    return all(
        any(hunk.holds(one.replacement.first, one.replacement.last) for hunk in file.hunks) for one in file.suggestions
    )


def check_subsets(file: Reviewed) -> None:
    """Every subset of the suggestions parses, is judged equivalent, and the compiler ends where it would have."""
    original = file.result.original
    for count in range(1, len(file.suggestions) + 1):
        for chosen in combinations(file.suggestions, count):
            text = apply_lines(original, [one.replacement for one in chosen])
            read_build(parse(text))
            changes = tuple(change for one in chosen for change in one.changes)
            judgement = validate(original, text, tuple(dict.fromkeys(changes)))
            assert judgement.verdict is Verdict.OK, (judgement, text)
            assert rewrite(text).text == rewrite(original).text


def test_a_new_file_gets_suggestions_of_which_any_set_may_be_taken(repo: Make) -> None:
    (file,) = run(repo({"README": "x\n"}, {"Dockerfile": NEW})).files
    assert len(file.suggestions) >= 5
    assert in_hunks(file)
    check_subsets(file)
    taken = [one.replacement for one in file.suggestions] + [r for part in file.parts for r in part.replacements]
    assert apply_lines(NEW, taken) == rewrite(NEW).text


def test_of_a_touched_file_only_what_the_request_brings_is_told(repo: Make) -> None:
    added = BASE.replace('CMD ["curl"]', 'ENV A 1\nCMD ["curl"]')
    (file,) = run(repo({"Dockerfile": BASE}, {"Dockerfile": added})).files
    assert {change.rule for change in file.changes} == {"DS604"}
    (suggestion,) = file.suggestions
    assert (suggestion.replacement.first, suggestion.replacement.text) == (9, "ENV A=1")


def test_moved_lines_bring_nothing_new(repo: Make) -> None:
    moved = "# A comment\n# and another\n" + BASE
    assert rewrite(moved).changed
    assert run(repo({"Dockerfile": BASE}, {"Dockerfile": moved})).files == ()


def test_a_wider_scope_tells_of_the_rest_of_the_file(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace('CMD ["curl"]', 'CMD ["curl", "-V"]')})
    narrow, wide = run(made), run(made, Scope.FILES)
    assert not any(one.changes for one in narrow.files)
    assert any(change.rule == "DS201" for change in wide.files[0].changes)
    # Line 3 is outside of the hunk that begins with line 6: no suggestion, but a patch.
    assert not wide.files[0].suggestions
    assert wide.files[0].parts
    assert file_comments(wide)[0]["subject_type"] == "file"
    assert "+    rm -rf /var/lib/apt/lists/*" in file_comments(wide)[0]["body"]


@pytest.mark.parametrize("alias", ["", " AS build"])
def test_another_tag_of_the_base_is_no_news_of_the_rest(repo: Make, alias: str) -> None:
    before = BASE.replace("FROM debian:12", f"FROM debian:12{alias}").replace("COPY a", "COPY . /x\nCOPY a")
    made = repo({"Dockerfile": before, ".env": "A=1\n"}, {"Dockerfile": before.replace("debian:12", "debian:13")})
    assert any(file.changes and file.notes for file in run(made, Scope.ALL).files)
    assert run(made).files == ()


def told_lines(made: Repo) -> set[tuple[str, int]]:
    return {(change.rule, change.line) for file in run(made).files for change in file.changes}


def test_a_stage_that_gets_a_name_is_no_news(repo: Make) -> None:
    named = BASE.replace("FROM debian:12", "FROM debian:12 AS main")
    assert told_lines(repo({"Dockerfile": BASE}, {"Dockerfile": named})) == set()


def test_a_stage_that_is_put_before_is_no_news_of_the_others(repo: Make) -> None:
    tools = "FROM alpine:3.22 AS tools\nRUN tool > /tool\n\n"
    more = tools + BASE.replace("COPY a", "COPY --from=tools /tool /\nCOPY a")
    assert told_lines(repo({"Dockerfile": BASE}, {"Dockerfile": more})) == set()


STAGES = {
    "a": "FROM debian:12{}\nRUN apt-get update && apt-get install -y curl\nENV X 1\nRUN curl -o /x http://x\n",
    "b": "FROM debian:12{}\nRUN apt-get update && apt-get install -y git\nENV Y 1\n",
    "c": "FROM alpine:3.22{}\nRUN apk add curl\nENV Z 1\n",
}
LAST = 'FROM debian:12\nCOPY --from={} /x /x\nCOPY --from={} /y /y\nCOPY --from={} /z /z\nUSER 1000\nCMD ["x"]\n'


def staged(named: str, order: str = "abc") -> str:
    """The stages of *order*, called as *named* has it for a, b and c; by numbers where that is empty."""
    names = dict(zip("abc", named or (str(order.index(one)) for one in "abc"), strict=True))
    stages = (STAGES[one].format(f" AS {names[one]}" if named else "") for one in order)
    return "".join(stages) + LAST.format(*(names[one] for one in "abc"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (staged("abc"), staged("abc", "cba")),
        (staged("abc"), staged("xyz")),
        (staged("abc"), staged("bca")),
        (staged("abc"), staged("cab", "bca")),
        (staged(""), staged("", "cba")),
        (staged(""), staged("xyz", "bac")),
        (staged("abc").replace("debian:12", "debian"), staged("xyz").replace("debian:12", "debian")),
        (staged("abc"), staged("abc").replace("RUN curl", "FROM a AS fetched\nRUN curl").replace("=a", "=fetched")),
    ],
)
def test_stages_that_change_places_or_names_bring_nothing_new(repo: Make, before: str, after: str) -> None:
    assert rewrite(after).changed
    assert run(repo({"Dockerfile": before}, {"Dockerfile": after})).files == ()


@pytest.mark.parametrize("accepted", [False, True])
def test_files_that_exchange_their_names_bring_nothing_new(repo: Make, accepted: bool) -> None:
    texts = [STAGES[one].format("") + 'USER 1000\nCMD ["x"]\n' for one in "ac"]
    names = ("a.Dockerfile", "c.Dockerfile")
    made = repo(dict(zip(names, texts, strict=True)), dict(zip(names, reversed(texts), strict=True)))
    known = {}
    for name, text in zip(names, texts, strict=True):
        entries = (accepted_at(one.rule, one.line, read_build(parse(text))) for one in rewrite(text).changes)
        known[name] = Options(accepted=frozenset(one.key for one in entries) if accepted else frozenset())
    assert run(made, options=lambda path: known[path.name]).files == ()


def test_an_instruction_is_not_touched_by_the_deletion_of_the_one_above(repo: Make) -> None:
    text = "FROM debian:12\nRUN echo a\nRUN echo b\nCMD serve\n"
    assert told_lines(repo({"Dockerfile": text}, {"Dockerfile": text.replace("RUN echo b\n", "")})) == set()


def test_of_an_edited_instruction_only_what_is_new_in_it_is_told(repo: Make) -> None:
    head = "FROM python:3.12-slim\nRUN echo 1 \\\n"
    lines = "".join(f" && echo {at} \\\n" for at in range(2, 8))
    old = f'{head}{lines} && pip install a\nCMD ["x"]\n'
    made = repo({"Dockerfile": old}, {"Dockerfile": old.replace("echo 1", "pip install b")})
    assert told_lines(made) == {("DS204", 2)}


def test_an_old_patch_is_not_told_again_for_a_touched_line(repo: Make) -> None:
    files = {"app.py": "print(1)\n", "requirements.txt": "flask\n"}
    old = MOVED.format(between="\n" * 12, after="")
    made = repo({"Dockerfile": old, **files}, {"Dockerfile": old.replace("COPY . .", "COPY . ./")})
    assert "DS701" not in {rule for rule, _ in told_lines(made)}


@pytest.mark.parametrize("size", [60, 600])
def test_instructions_are_known_again_whatever_is_put_between_them(size: int) -> None:
    old = "FROM x\n" + "".join(f"RUN a{at}\n" for at in range(size)) + "CMD z\n"
    between = "".join(f"COPY b{at} /\nRUN a{at}\n" for at in range(size))
    edited = "FROM x\n" + between.replace("RUN a7\n", "RUN a7 --more\n") + "CMD z\n"
    same = counterparts(Places(old), Places(edited))
    assert same[0:-1:2] == [*range(size + 1)]
    assert set(same[1:-1:2]) == {None}
    assert same[-1] == size + 1


def test_an_old_tag_of_the_base_is_news(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("debian:12", "debian:9")})
    (file,) = run(made).files
    assert [one.rule for one in file.notes] == ["DS306"]


def test_a_renamed_file_brings_nothing_new(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {})
    (made.root / "docker").mkdir()
    made.git("mv", "Dockerfile", "docker/Dockerfile")
    made.commit()
    assert run(made).files == ()


def test_a_deleted_file_is_not_reviewed(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {})
    made.git("rm", "-q", "Dockerfile")
    made.commit()
    assert run(made, Scope.ALL).files == ()


def test_a_head_by_name_is_that_commit_and_not_the_working_tree(repo: Make) -> None:
    made = repo({"README": "x\n"}, {"Dockerfile": NEW})
    made.write({"Dockerfile": "FROM scratch\n"})
    assert run(made).files == ()
    assert len(run(made, head="topic").files) == 1


def test_line_ends_stay(repo: Make) -> None:
    text = NEW.replace("\n", "\r\n")
    (file,) = run(repo({"README": "x\n"}, {"Dockerfile": text})).files
    assert file.suggestions
    check_subsets(file)
    for one in file.suggestions:
        assert one.replacement.text is None or all(line.endswith("\r") for line in one.replacement.text.split("\n"))


def test_a_missing_last_line_end_stays_missing(repo: Make) -> None:
    text = "FROM debian:12\nENV A 1"
    (file,) = run(repo({"README": "x\n"}, {"Dockerfile": text})).files
    assert apply_lines(text, [one.replacement for one in file.suggestions]) == "FROM debian:12\nENV A=1"
    check_subsets(file)


def test_lines_that_go_are_an_empty_suggestion(repo: Make) -> None:
    text = 'FROM debian:12\nCMD ["a"]\nCMD ["b"]\n'
    (file,) = run(repo({"README": "x\n"}, {"Dockerfile": text})).files
    bodies = [comment(one, mark) for one, mark in marks(file).items() if one.replacement.text is None]
    assert bodies
    assert "```suggestion\n```" in bodies[0]
    check_subsets(file)


MOVED = """\
FROM python:3.11
WORKDIR /app
COPY . .
{between}RUN pip install --no-cache-dir -r requirements.txt
{after}CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("between", "after", "spans"),
    [
        ("", "", True),
        ("# a comment\n", "", True),
        # What changes in between is a suggestion of its own, and keeps its lines.
        ("ENV A 1\n", "", False),
        ("# a\n" * 12, "", False),
    ],
)
def test_several_places_are_one_suggestion_where_it_is_short_and_in_nobodys_way(
    repo: Make, between: str, after: str, spans: bool
) -> None:
    text = MOVED.format(between=between, after=after)
    files = {"app.py": "print(1)\n", "requirements.txt": "flask\n"}
    (file,) = run(repo({"README": "x\n", **files}, {"Dockerfile": text})).files
    moved = [one for one in file.suggestions if "DS701" in {change.rule for change in one.changes}]
    assert bool(moved) is spans
    assert any("DS701" in {change.rule for change in part.changes} for part in file.parts) is not spans
    assert in_hunks(file)
    taken = [one.replacement for one in file.suggestions]
    assert len({line for one in taken for line in range(one.first, one.last + 1)}) == sum(
        one.last - one.first + 1 for one in taken
    )
    if spans:
        accepted = apply_lines(text, [one.replacement for one in moved])
        assert "COPY requirements.txt ./\n" in accepted
        assert validate(text, accepted, moved[0].changes).verdict is Verdict.OK


def test_of_very_many_changes_the_others_are_one_patch(repo: Make) -> None:
    text = "FROM debian:12\n" + "".join(f"ENV A{at} {at}\nRUN a{at}\n\n" for at in range(MOST_PARTS + 9))
    made = repo({"x": ""}, {"Dockerfile": text})
    (file,) = run(made).files
    assert 10 < len(file.suggestions) < MOST_PARTS
    (rest,) = file.parts
    assert len(rest.replacements) == MOST_PARTS + 9 - len(file.suggestions)
    taken = [one.replacement for one in file.suggestions] + list(rest.replacements)
    assert apply_lines(text, taken) == file.result.text
    found = run(made)
    assert file_comments(found)[0]["body"].startswith("Of this many changes those that save most are suggestions;")
    many = "Dockerfile: 40 changes are too many to tell apart: "
    suggested, left = len(file.suggestions), len(rest.replacements)
    said = f"{many}{suggested} suggestions for those that save most, and one patch for {left}"
    assert said in summary(found, made.root)
    assert review_lines(found)[-2] == said


def test_a_dry_run_shows_the_beginning_of_every_text() -> None:
    shown = list(post_lines([{"path": "a", "line": 3, "body": "why\n" + "x\n" * 200}], [], "said\n"))
    assert shown[:3] == ["--- a:3", "why", "x"]
    assert shown[-3:] == ["… and 122 lines more", "--- summary", "said"]


def test_lines_that_come_new_leave_the_line_below_alone(repo: Make) -> None:
    text = """\
FROM debian:12
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
ENV B 2
CMD ["x"]
"""
    files = {"app.py": "print(1)\n", "requirements.txt": "flask\n", ".dockerignore": "vendor\nnode_modules\n.venv\n"}
    (file,) = run(repo({"x": "", **files}, {"Dockerfile": text})).files
    made = {tuple(change.rule for change in one.changes): one.replacement for one in file.suggestions}
    assert (made["DS604",].first, made["DS604",].text) == (5, "ENV B=2")
    installed = "RUN pip install --no-cache-dir -r requirements.txt"
    assert made["DS701",].text == f"COPY requirements.txt ./\n{installed}\nCOPY . ."


def test_places_that_begin_within_a_line_that_stays_are_one_suggestion(repo: Make) -> None:
    old = "FROM fedora:42\nRUN dnf install -q -y \\\n    jq \\\n    && \\\n    jq --version\n"
    more = "RUN dnf -q -y install curl \\\n    && dnf clean all\n"
    end = 'CMD ["jq"]\n'
    (file,) = run(repo({"Dockerfile": old + end}, {"Dockerfile": old + more + end})).files
    (one,) = [one for one in file.suggestions if any(change.rule == "DS101" for change in one.changes)]
    assert apply_lines(old + more + end, [one.replacement]) == file.result.text


def test_suggestions_that_are_alike_are_told_apart(repo: Make) -> None:
    text = "FROM debian:12\nADD a /tmp/\nRUN /tmp/a\nADD b /tmp/\nRUN /tmp/b\nADD a /tmp/\nRUN /tmp/a -v\n"
    made = repo({"README": "x\n", "a": "", "b": ""}, {"Dockerfile": text})
    (file,) = run(made).files
    names = list(marks(file).values())
    assert len(set(names)) == len(names) == 3
    # A line above moves all of them, and changes the name of none.
    made.write({"Dockerfile": "# new\n" + text})
    (moved,) = run(made).files
    assert list(marks(moved).values()) == names


def test_fences_are_longer_than_any_in_the_text(repo: Make) -> None:
    assert fence("a ````` b") == "``````"
    text = "FROM debian:12\nENV A 1````2\n"
    (file,) = run(repo({"README": "x\n"}, {"Dockerfile": text})).files
    assert "`````suggestion\nENV A=1````2\n`````" in github_comments([file])[0]["body"]


def test_a_source_that_is_gone_is_told_of_where_only_the_base_tells_its_context(repo: Make) -> None:
    text = 'FROM python:3.12-slim\nCOPY app.py data.txt ./\nUSER 1000\nCMD ["python", "app.py"]\n'
    made = repo({"a/Dockerfile": text, "a/app.py": "print(1)\n", "a/data.txt": "x\n"}, {})
    made.git("rm", "-q", "a/data.txt")
    made.commit()
    (file,) = run(made).files
    assert [one.reason for one in file.notes] == ["data.txt is deleted by this change, so COPY fails"]


def test_a_file_of_the_context_that_is_gone_is_told_of(repo: Make) -> None:
    dockerfile = 'FROM debian:12\nCOPY . /app\nCMD ["/app/run"]\n'
    kept_out = {".dockerignore": "node_modules\n.git\n", "node_modules/a.js": "x" * 4_000}
    made = repo({"Dockerfile": dockerfile, "run": "#!/bin/sh\n", **kept_out}, {})
    (made.root / ".dockerignore").unlink()
    made.commit("no longer kept out")
    (file,) = run(made).files
    assert "DS801" in {note.rule for note in file.notes}


def test_a_path_that_is_not_there_is_refused(repo: Make) -> None:
    made = repo({"a/Dockerfile": "FROM debian:12\n"}, {"b/Dockerfile": "FROM debian:12\n"})
    with pytest.raises(GitError, match="nosuch: no such file or directory"):
        run(made, paths=["nosuch"])
    assert run(made, paths=["a", "b/Dockerfile"]).files == ()


def test_a_summary_says_how_many_suggestions_are_shown(repo: Make) -> None:
    many = {f"{number}/Dockerfile": "FROM debian:12\nENV A b\n" for number in range(COMMENTS + 1)}
    review = run(repo({"README": "x\n"}, many))
    assert f" suggestions the {COMMENTS} that save most stand on the lines themselves" in summary(review, Path("/"))


def test_a_summary_offers_no_suggestion_that_no_comment_has_room_for(repo: Make) -> None:
    long = "FROM debian:12\nEXPOSE " + " ".join(f"{port}/TCP" for port in range(1, 7001)) + "\n"
    review = run(repo({"README": "x\n"}, {"Dockerfile": long, "a/Dockerfile": "FROM debian:12\nENV A b\n"}))
    assert len(github_comments(review.files)) == 1
    said = summary(review, Path("/"))
    assert "1 suggestion can be accepted on the lines themselves" in said
    assert "No comment has room for 1 suggestion; `dockerslim rewrite` makes it." in said


def test_a_file_of_the_context_that_alters_the_verdict_is_told(repo: Make) -> None:
    dockerfile = 'FROM python:3.11\nWORKDIR /app\nCOPY app.py /app/\nCMD ["python", "app.py"]\n'
    root = "import os\nos.setuid(0)\nopen('/etc/passwd', 'a').write('x')\n"
    (file,) = run(repo({"Dockerfile": dockerfile, "app.py": root}, {"app.py": "print('hello')\n"})).files
    assert "DS501" in {change.rule for change in file.changes}
    # The pull request does not show the file: nothing can be accepted there.
    assert not file.in_diff
    assert not file.suggestions


@pytest.mark.parametrize(
    ("changed", "news"),
    [
        ("api/app.py", True),
        ("api/lib/deep/x.py", True),
        ("api/conf/a.ini", True),
        ("api/conf/a.txt", False),
        ("api/readme", False),
        ("web/app.py", False),
        ("compose.yaml", True),
        ("api/.dockerignore", True),
        (".github/workflows/x.yml", False),
    ],
)
def test_only_what_a_build_is_given_can_be_news_for_it(tmp_path: Path, changed: str, news: bool) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "api").mkdir()
    (tmp_path / "compose.yaml").write_text("services: {api: {build: ./api}}\n")
    (tmp_path / "api" / "Dockerfile").write_text("FROM debian:12\nCOPY app.py lib conf/*.ini /a/\nCMD a\n")
    assert given_to(Workspace(tmp_path), tmp_path, "api/Dockerfile").holds(changed) is news


@pytest.mark.parametrize("source", [".", "$WHERE/x"])
def test_a_copy_of_everything_or_of_who_knows_what_is_given_all(tmp_path: Path, source: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(f"FROM debian:12\nCOPY {source} /a/\nCMD a\n")
    assert given_to(Workspace(tmp_path), tmp_path, "Dockerfile").holds("any/file")


def test_a_shallow_clone_says_what_to_fetch(repo: Make, tmp_path: Path) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE + "ENV A 1\n"})
    made.git("clone", "-q", "--depth", "1", "--branch", "topic", f"file://{made.root}", str(tmp_path / "shallow"))
    with pytest.raises(GitError, match="fetch-depth: 0"):
        review(Git(tmp_path / "shallow"), "main", None, (), Scope.LINES, lambda path: Options())


def test_a_revision_is_no_option_of_git(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {})
    with pytest.raises(GitError, match="not a revision"):
        review(Git(made.root), "--output=x", None, (), Scope.LINES, lambda path: Options())


def test_both_forges_get_anchors_within_one_hunk(repo: Make) -> None:
    second = BASE.replace("COPY c /c", "ENV X 1\nCOPY c /c")
    found = run(repo({"Dockerfile": BASE, "x": ""}, {"Dockerfile": second, "Dockerfile.new": NEW}))
    for entry in github_comments(found.files):
        assert entry["side"] == "RIGHT"
        assert "start_line" not in entry or entry["start_line"] < entry["line"]
    paths = {one["position"]["new_path"] for one in gitlab_discussions(found)}
    assert paths == {"Dockerfile", "Dockerfile.new"}
    assert all(map(in_hunks, found.files))


@pytest.mark.slow
def test_a_request_of_five_hundred_files_is_reviewed(repo: Make) -> None:
    files = {
        f"s{n}/Dockerfile": f"FROM debian:12\nENV A {n}\nRUN apt-get update && apt-get install -y curl\n"
        for n in range(480)
    }
    files |= {f"t{n}/Dockerfile": MOVED.format(between="ENV A 1\n", after="") for n in range(20)}
    files |= {f"t{n}/{name}": "x\n" for n in range(20) for name in ("app.py", "requirements.txt")}
    found = run(repo({"README": "x\n"}, files))
    assert len(found.files) == 500
    assert len(github_comments(found.files)) == len(gitlab_discussions(found)) == 30
    assert len(file_comments(found)) == 10
    assert all(map(in_hunks, found.files))


@pytest.mark.parametrize("head", [None, "topic"])
def test_the_history_in_the_context_is_no_news(repo: Make, head: str | None) -> None:
    everything = 'FROM debian:12\nCOPY . /app\nCMD ["true"]\n'
    made = repo({"Dockerfile": everything, "x": ""}, {"Dockerfile": everything.replace("CMD", "ENV A 1\nCMD")})
    assert not any(one.rule == "DS801" for file in run(made, head=head).files for one in file.notes)
    # Of a Dockerfile that is new it is told, on both kinds of heads.
    made.write({"Dockerfile.new": everything})
    made.commit()
    found = [file for file in run(made, head=head).files if file.path == "Dockerfile.new"]
    assert [one.rule for file in found for one in file.notes] == ["DS801"]


def test_a_dockerfile_that_cannot_be_read_is_told(repo: Make) -> None:
    found = run(repo({"x": ""}, {"bad/Dockerfile": "FROM debian:12\nFOO bar\n"}))
    assert (found.files, len(found.skipped)) == ((), 1)
    assert found.skipped[0].startswith("bad/Dockerfile: no Dockerfile: line 2: ")


def test_a_shallow_clone_of_one_branch_is_not_compared_with_itself(repo: Make, tmp_path: Path) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE + "ENV A 1\n"})
    made.git("clone", "-q", "--depth", "1", "--branch", "topic", f"file://{made.root}", str(tmp_path / "shallow"))
    clone = Git(tmp_path / "shallow")
    made.git("-C", str(clone.root), "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/topic")
    with pytest.raises(GitError, match="fetch-depth: 0"):
        clone.default_base()


def test_a_file_that_is_gone_or_binary_is_no_mystery(repo: Make) -> None:
    made = repo({"a/Dockerfile": "FROM debian:12\n", "b/Dockerfile": "FROM debian:12\n"}, {})
    made.git("rm", "-q", "a/Dockerfile")
    (made.root / "b/Dockerfile").write_bytes(b"FROM debian:12\n\0\x01")
    made.commit()
    found = run(made, paths=["a/Dockerfile", "b/Dockerfile"])
    assert (found.files, found.skipped) == ((), ("b/Dockerfile: binary data",))


def test_a_path_in_a_submodule_is_refused(repo: Make) -> None:
    made = repo({"a/Dockerfile": "FROM debian:12\n"}, {"b": ""})
    (made.root / "sub").mkdir()
    (made.root / "sub/.git").write_text("gitdir: ../.git/modules/sub\n")
    (made.root / "sub/Dockerfile").write_text("FROM debian:12\n")
    with pytest.raises(GitError, match="sub/Dockerfile: lies in the submodule sub"):
        run(made, paths=["sub/Dockerfile"])


def test_a_renamed_file_keeps_what_was_accepted_of_it(repo: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "FROM debian:12\nRUN apt-get update && apt-get install -y vim\nADD x /x\n"
    made = repo({"b/Dockerfile": text, "b/x": "", "d/README": ""}, {})
    build = read_build(parse(text))
    entries = (accepted_at(one.rule, one.line, build) for one in rewrite(text).changes)
    accepted = Options(accepted=frozenset(one.key for one in entries))
    made.git("mv", "b/Dockerfile", "d/Dockerfile")
    made.git("mv", "b/x", "d/x")
    made.commit()
    # The baseline stays behind in b.
    (file,) = run(made, options=lambda path: accepted if path.parent.name == "b" else Options()).files
    assert file.changes == ()
    assert [(note.line, note.breaks, note.reason) for note in file.notes] == [
        (
            1,
            False,
            "b/.dockerslim-baseline accepts findings of Dockerfile, which is d/Dockerfile now: "
            "`dockerslim baseline d/Dockerfile` accepts them anew",
        )
    ]


def test_a_review_tells_how_to_mend_the_baseline_of_a_renamed_file(repo: Make) -> None:
    text = "FROM debian:12\nADD x /x\n"
    made = repo({"Dockerfile": text, "x": ""}, {})
    (entry,) = (accepted_at(one.rule, one.line, read_build(parse(text))) for one in rewrite(text).changes)
    accepted = Options(accepted=frozenset((entry.key,)))
    made.git("mv", "Dockerfile", "prod.Dockerfile")
    made.commit()
    for head in (None, "HEAD"):
        (file,) = run(made, head=head, options=lambda path: accepted if path.name == "Dockerfile" else Options()).files
        assert file.changes == ()
        assert [note.reason for note in file.notes] == [
            ".dockerslim-baseline accepts findings of Dockerfile, which is prod.Dockerfile now: "
            "`dockerslim baseline --prune .` moves its entries"
        ]


def test_a_stage_that_gets_a_name_is_not_the_new_one_with_its_image(repo: Make) -> None:
    first = "FROM golang:1.24{}\nWORKDIR /b\nRUN true\nENV PATH /cuda/bin:${{PATH}}\nRUN make build\n"
    second = 'FROM golang:1.24\nENV PATH /cuda/bin:${PATH}\nCOPY --from=builder /b/x /x\nCMD ["/x"]\n'
    made = repo({"Dockerfile": first.format("")}, {"Dockerfile": first.format(" AS builder") + second})
    (file,) = run(made).files
    assert [(one.rule, one.line) for one in file.changes] == [("DS604", 7)]


def test_an_old_line_is_not_blamed_for_an_edit_elsewhere(repo: Make) -> None:
    """Of two RUNs with lists the last before a program that nobody knows keeps them, and that is the new one."""
    text = "FROM debian:12\nRUN apt-get update && apt-get install -y jq\n"
    more = "RUN apt-get update && apt-get install -y tree\n"
    end = 'ENV X=1\nRUN "$X"/bin/tool\n'
    assert run(repo({"Dockerfile": text + end}, {"Dockerfile": text + "ENV A=1\n" + more + end})).files == ()


def test_suggestions_of_one_rule_on_lines_side_by_side_are_one(repo: Make) -> None:
    text = "FROM debian:12\n" + "".join(f"ENV V{at} {at}\n" for at in range(4)) + "\nENV W 1\nMAINTAINER me\n"
    (file,) = run(repo({"README": "x\n"}, {"Dockerfile": text})).files
    places = [(one.replacement.first, one.replacement.last) for one in file.suggestions]
    assert places == [(2, 5), (7, 7), (8, 8)]
    assert apply_lines(text, [one.replacement for one in file.suggestions]) == file.result.text
    assert "and 3 more like it" in github_comments([file])[0]["body"]


def test_a_build_that_worked_and_fails_now_is_an_error(repo: Make) -> None:
    text = 'FROM python:3.12-slim\nCOPY app.py data.txt ./\nUSER 1000\nCMD ["python", "app.py"]\n'
    made = repo({"a/Dockerfile": text, "a/app.py": "print(1)\n", "a/data.txt": "x\n"}, {})
    made.git("rm", "-q", "a/data.txt")
    made.commit()
    found = run(made)
    (file,) = found.files
    assert file.broken
    (one,) = findings(file.narrowed(made.root))
    assert one.severity == "error"
    assert review_lines(found)[-1].startswith("1 error; ")


def test_what_a_new_instruction_copies_may_be_made_before_the_build(repo: Make) -> None:
    compose = "services:\n  a:\n    build: b\n"
    made = repo({"README": "x\n"}, {"b/Dockerfile": "FROM debian:12\nCOPY target/app.jar /\n", "compose.yaml": compose})
    (file,) = run(made).files
    assert (file.broken, [one.rule for one in file.notes]) == (False, ["DS802"])


@pytest.mark.parametrize("broken", ["FROM debian:12\nRUUN x\n", "RUN true\n"])
def test_a_dockerfile_that_is_none_any_more_is_a_build_that_fails(repo: Make, broken: str) -> None:
    made = repo({"a/Dockerfile": "FROM debian:12\nRUN true\n"}, {"a/Dockerfile": broken})
    found = run(made)
    [file] = found.files
    assert (file.path, file.broken, found.skipped) == ("a/Dockerfile", True, ())
    assert file.notes[0].reason.endswith(", so the build fails")
    assert review_lines(found)[-1].startswith("1 error; 0 suggestions in 1 file")


def test_a_file_that_was_no_dockerfile_before_is_no_requests_fault(repo: Make) -> None:
    assert run(repo({"b/Dockerfile": "RUN true\n"}, {"b/Dockerfile": "RUN false\n"})).files == ()


@pytest.mark.parametrize("how", ["ignored", "submodule", "link"])
def test_what_comes_otherwise_breaks_no_build(repo: Make, how: str) -> None:
    text = 'FROM python:3.12-slim\nCOPY dist/app.py ./\nUSER 1000\nCMD ["python", "app.py"]\n'
    made = repo({"Dockerfile": text, "dist/app.py": "print(1)\n", "lib/app.py": "print(1)\n"}, {})
    made.git("rm", "-q", "-r", "dist")
    if how == "ignored":
        (made.root / ".gitignore").write_text("dist/\n")
    elif how == "submodule":
        made.git("update-index", "--add", "--cacheinfo", f"160000,{made.git('rev-parse', 'HEAD').strip()},dist")
    else:
        (made.root / "dist").symlink_to("lib")
    made.git("add", ".gitignore") if how == "ignored" else made.git("status")
    if how == "link":
        made.git("add", "dist")
    made.git("commit", "-q", "-m", "elsewhere")
    assert not any(one.broken for one in run(made, head="HEAD").files)


def test_changes_that_need_several_others_take_no_more_along(repo: Make) -> None:
    """Lists may go only where all that read them fetch their own: three changes, and none of the variable below."""
    text = (
        "FROM debian:12-slim\nRUN apt-get update -y\n\nRUN apt-get install -y git\n"
        "RUN curl -sL https://x/s | bash - && apt-get -y update\n\nRUN apt-get install -y nodejs\n\n# z\n\n"
        "RUN apt-get install -y postgresql\n\nRUN apt-get install gradle -y\nRUN curl x -o g.tgz\n"
        "ENV PATH /usr/local/go/bin:$PATH\n"
    )
    (file,) = run(repo({"README": "x\n"}, {"Dockerfile": text})).files
    (path,) = [one for one in file.suggestions if any(change.rule == "DS604" for change in one.changes)]
    assert {change.rule for change in path.changes} == {"DS604"}
    check_subsets(file)
