"""The command, started as people start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dockerslim_rewrite

from .conftest import Repo
from .forge import Forge, GitLab, served
from .test_review import BASE, MOVED, NEW

Make = Callable[[dict[str, str], dict[str, str]], Repo]


def call(made: Repo, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dockerslim_rewrite", "review", *arguments]
    environment = os.environ | {"PYTHONPATH": str(Path(dockerslim_rewrite.__file__).parents[1])} | variables
    return subprocess.run(command, cwd=made.root, env=environment, capture_output=True, text=True, check=False)


def test_formats_and_exit_codes(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    told = call(made, "--base", "main")
    assert told.returncode == 0
    assert told.stdout.startswith("Dockerfile:9: DS604 ")
    main = made.git("rev-parse", "main")[:12]
    assert told.stdout.endswith(f"1 suggestion in 1 file, compared with main ({main})\n")
    assert call(made, "--base", main).stdout.endswith(f", compared with {main}\n")
    assert call(made, "--check").returncode == 1
    body = json.loads(call(made, "--format", "github-review").stdout)
    assert body["event"] == "COMMENT"
    assert body["comments"][0]["line"] == 9
    assert "```suggestion\nENV A=1\n```" in body["comments"][0]["body"]
    (file,) = json.loads(call(made, "--format", "json").stdout)["files"]
    assert file["suggestions"][0]["text"] == "ENV A=1"
    assert json.loads(call(made, "--format", "gitlab").stdout)[0]["location"]["path"] == "Dockerfile"
    would = call(made, "--post", "github").stdout
    assert would.startswith(
        "would post 1 suggestion and 0 comments on files; --send does it\n--- Dockerfile:9\n**DS604** "
    )
    assert all(line in would for line in body["comments"][0]["body"].splitlines())
    assert would.endswith(f"--- summary\n{body['body']}")
    merging = call(made, "--post", "gitlab").stdout
    assert "--- Dockerfile:9\n" in merging
    assert "```suggestion:-0+0\nENV A=1\n```" in merging


def test_posting_sends_what_the_dry_run_counts_and_shows_no_token(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    variables = {"GITHUB_TOKEN": "ghs_secret", "GITHUB_REPOSITORY": "o/r", "GITHUB_REF": "refs/pull/7/merge"}
    with served(Forge()) as forge:
        forge.head = made.git("rev-parse", "HEAD").strip()
        forge.show("Dockerfile", made.git("diff", "main"))
        variables["GITHUB_API_URL"] = forge.address
        call(made, "--post", "github", **variables)
        assert forge.requests == []
        sent = call(made, "--post", "github", "--send", **variables)
        assert (sent.returncode, sent.stdout) == (0, "posted 1, kept 0, removed 0\n")
        assert forge.writes == [("POST", "/repos/o/r/pulls/7/reviews"), ("POST", "/repos/o/r/issues/7/comments")]
        assert forge.tokens == {"Bearer ghs_secret"}
        forge.refusals.append((403, "Resource not accessible by integration", {}))
        forge.review.clear()
        failed = call(made, "--post", "github", "--send", **variables)
    assert (failed.returncode, failed.stderr.count("\n")) == (2, 1)
    assert "ghs_secret" not in sent.stdout + sent.stderr + failed.stdout + failed.stderr


@pytest.mark.parametrize(
    ("forge", "variables", "said"),
    [
        ("github", {"GITHUB_TOKEN": "x", "GITHUB_REPOSITORY": "name"}, "GITHUB_REPOSITORY is 'name', not OWNER/NAME"),
        ("github", {"GITHUB_TOKEN": "x", "GITHUB_REPOSITORY": "o/r", "GITHUB_REF": ""}, "which pull request?"),
        ("gitlab", {"GITLAB_TOKEN": "x", "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_IID": "x"}, "which merge request?"),
    ],
)
def test_a_place_to_post_to_that_is_none_is_one_line(
    repo: Make, forge: str, variables: dict[str, str], said: str
) -> None:
    done = call(repo({"Dockerfile": BASE}, {}), "--post", forge, "--send", **variables)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_posted_is_the_commit_and_not_the_working_tree(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    (made.root / "Dockerfile").write_text("FROM debian:12\nENV B 2\n")
    assert "ENV B=2" in call(made, "--format", "json").stdout
    would = call(made, "--post", "github").stdout
    assert "ENV A=1" in would
    assert "ENV B" not in would


@pytest.mark.parametrize("arguments", [("--format", "github-review"), ("--write", "github-review=body.json")])
def test_the_body_of_a_review_is_of_the_commit_that_it_names(repo: Make, arguments: tuple[str, str]) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    made.write({"Dockerfile": "FROM debian:12\nENV B 2\n", "new.Dockerfile": "FROM debian:12\nENV C 3\n"})
    told = call(made, *arguments).stdout
    body = json.loads(told if arguments[0] == "--format" else (made.root / "body.json").read_text())
    assert body["commit_id"] == made.git("rev-parse", "HEAD").strip()
    assert [(one["path"], one["line"]) for one in body["comments"]] == [("Dockerfile", 9)]


def test_a_token_is_never_shown(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    place = {"GITHUB_REPOSITORY": "o/r", "GITHUB_REF": "refs/pull/7/merge"}
    with served(Forge()) as forge:
        forge.head = made.git("rev-parse", "HEAD").strip()
        forge.show("Dockerfile", made.git("diff", "main"))
        place["GITHUB_API_URL"] = forge.address
        sent = call(made, "--post", "github", "--send", GITHUB_TOKEN="ghs_secret\r\n", **place)
        assert (sent.returncode, forge.tokens) == (0, {"Bearer ghs_secret"})
        refused = call(made, "--post", "github", "--send", GITHUB_TOKEN="ghs_secret\nx", **place)
    assert refused.returncode == 2
    assert refused.stderr == "dockerslim: --post: GITHUB_TOKEN holds characters that no token has\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({".dockerslim-baseline": "<<<<<<< HEAD\n"}, "no entry of a baseline"),
        ({"dockerslim.lock": "["}, "dockerslim.lock"),
        ({"dockerslim.toml": "levell = 'safe'\n"}, "unknown key 'levell'; did you mean 'level'?"),
    ],
)
def test_a_file_of_settings_that_cannot_be_read_ends_the_run(repo: Make, files: dict[str, str], said: str) -> None:
    done = call(repo({"x": ""}, {"Dockerfile": NEW, **files}), "--check")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_address_that_is_no_forge_is_told(repo: Make) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    place = {"GITHUB_TOKEN": "x", "GITHUB_REPOSITORY": "o/r", "GITHUB_REF": "refs/pull/7/merge"}
    with served(GitLab()) as forge:
        other = call(made, "--post", "github", "--send", GITHUB_API_URL=forge.address, **place)
    nonsense = call(made, "--post", "github", "--send", GITHUB_API_URL="nonsense", **place)
    assert (other.returncode, nonsense.returncode) == (2, 2)
    assert other.stderr == "dockerslim: --post: the answer is none of github's API; look at GITHUB_API_URL\n"
    assert "GITHUB_API_URL is 'nonsense', not the address of an API" in nonsense.stderr


def test_a_partial_clone_is_told_what_it_lacks(repo: Make, tmp_path: Path) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": NEW})
    made.git("config", "uploadpack.allowFilter", "true")
    clone = Repo(tmp_path / "clone")
    clone.git("fetch", "-q", "--filter=blob:none", f"file://{made.root}", "main:base", "topic:topic")
    done = call(clone, "--base", "base", "--head", "topic")
    assert done.returncode == 2
    assert "clone without --filter, or fetch with --refetch --no-filter" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_seen_in_several_lines_is_told_once(repo: Make) -> None:
    old = 'FROM debian:9 AS a\nRUN make\nFROM debian:9\nRUN make\nCMD ["x"]\n'
    told = call(repo({"x": ""}, {"Dockerfile": old})).stdout.splitlines()
    (ended,) = [one for one in told if ": DS306 " in one]
    assert ended.startswith("Dockerfile:1: DS306 note: ")
    assert ended.endswith(" (also on line 3)")


def test_a_context_is_named_by_its_place_in_the_repository(repo: Make) -> None:
    compose = "services:\n  a:\n    build:\n      context: {}\n"
    missing = 'FROM debian:12\nCOPY gone /x\nCMD ["x"]\n'
    files = {
        "a/Dockerfile": missing,
        "a/compose.yaml": compose.format("."),
        "Dockerfile": missing,
        "compose.yaml": compose.format("."),
    }
    made = repo({"x": ""}, files)
    for head in ((), ("--head", "topic")):
        told = call(made, *head).stdout.splitlines()
        fails = "the build fails unless something makes it first"
        assert f"a/Dockerfile:2: DS802 note: gone is not in the build context (a): {fails}" in told
        assert f"Dockerfile:2: DS802 note: gone is not in the build context (the repository's root): {fails}" in told


def test_findings_stand_by_line_and_say_what_is_a_patch(repo: Make) -> None:
    files = {"app.py": "print(1)\n", "requirements.txt": "flask\n"}
    made = repo({"x": "", **files}, {"Dockerfile": MOVED.format(between="ENV A 1\n", after="ENV B 2\n")})
    told = call(made).stdout.splitlines()
    lines = [int(one.split(":")[1].split("-")[0]) for one in told[:-1]]
    assert lines == sorted(lines)
    (moved,) = [one for one in told if ": DS701 " in one]
    assert moved.startswith("Dockerfile:3: DS701 requirements.txt copied first")
    assert "; look whether the installation reads other files of the project (as a patch" in moved
    assert told[-1].endswith("; 1 patch for the rest: --format patches")


def test_it_works_from_a_directory_below_and_for_some_paths(repo: Make) -> None:
    made = repo({"README": "x\n"}, {"a/Dockerfile": NEW, "b/Dockerfile": NEW})
    files = json.loads(call(made, "--format", "json", "b").stdout)["files"]
    assert [one["path"] for one in files] == ["b/Dockerfile"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--base", "nowhere"), "nowhere: there is no such commit here; fetch it first, or name another with --base"),
        (("--head", "nowhere"), "nowhere: there is no such commit here; fetch it first, or name another with --head"),
        (("--send",), "--send: posts nothing without --post github or gitlab"),
        (("--number", "3"), "--number: posts nothing without --post github or gitlab"),
        (("--post", "github", "--number", "0"), "greater than or equal to 1"),
        (("--base", ""), "--base: is empty"),
        (("--write", "x=y"), "--write: unknown value 'x'"),
        (("--write", "json=-"), "--write: 'json=-' is not FORMAT=FILE"),
        (("--write", "json=a", "--write", "sarif=a"), "--write: a is named twice"),
        (("--scope", "x"), "choose from changed-lines, changed-files, all"),
        (("--format", "x"), "choose from text, json"),
        (("--post", "x"), "choose from github, gitlab"),
        (("..",), "lies outside of the repository"),
    ],
)
def test_mistakes_are_one_line(repo: Make, arguments: tuple[str, ...], said: str) -> None:
    done = call(repo({"Dockerfile": BASE}, {}), *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_outside_of_a_repository_it_says_what_git_says(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dockerslim_rewrite", "review"]
    environment = os.environ | {
        "PYTHONPATH": str(Path(dockerslim_rewrite.__file__).parents[1]),
        "GIT_CEILING_DIRECTORIES": str(tmp_path.parent),
    }
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "not a git repository" in done.stderr
