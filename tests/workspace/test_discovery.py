"""Which files are Dockerfiles, and which are left alone and why."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite.knowledge.repository import is_dockerfile_name
from dockerslim_rewrite.workspace.discovery import Covered, Skipped, discover

Make = Callable[..., Any]
FROM = "FROM alpine:3.20\n"


def found(root: Path, *paths: str, **options: Any) -> tuple[list[str], dict[str, str]]:
    """The files covered below *root*, and the reasons of those skipped."""
    listed = list(discover([f"{root}/{path}" for path in paths or ("",)], **options))
    covered = [os.path.relpath(one.path, root) for one in listed if isinstance(one, Covered)]
    return covered, {os.path.relpath(one.path, root): one.reason for one in listed if isinstance(one, Skipped)}


@pytest.mark.parametrize(
    "name",
    [
        "Dockerfile",
        "dockerfile",
        "Dockerfile.dev",
        "web.Dockerfile",
        "web.dockerfile",
        "Dockerfile-alpine",
        "Dockerfile_v7",
        "Containerfile",
    ],
)
def test_names_of_dockerfiles(name: str) -> None:
    assert is_dockerfile_name(name)


@pytest.mark.parametrize(
    "name",
    ["Dockerfile.dockerignore", "dockerfile.go", "Dockerfile.md", "Dockerfile~", "Dockerfile.old", "compose.yaml"],
)
def test_names_of_other_files(name: str) -> None:
    assert not is_dockerfile_name(name)


def test_a_directory_stands_for_its_dockerfiles(tree: Make) -> None:
    made = tree({"Dockerfile": FROM, "a/web.dockerfile": FROM, ".devcontainer/Dockerfile": FROM, "a/notes.txt": FROM})
    assert found(made.root)[0] == [".devcontainer/Dockerfile", "Dockerfile", "a/web.dockerfile"]
    assert found(made.root, "a")[0] == ["a/web.dockerfile"]


def test_what_git_ignores_and_other_peoples_code_is_skipped(tree: Make) -> None:
    made = tree(
        {
            ".gitignore": "build/\n*.tmp.Dockerfile\n!keep.tmp.Dockerfile\n",
            "a/.gitignore": "/Dockerfile\n",
            "a/Dockerfile": FROM,
            "a/b/Dockerfile": FROM,
            "build/Dockerfile": FROM,
            "x.tmp.Dockerfile": FROM,
            "keep.tmp.Dockerfile": FROM,
            "vendor/x/Dockerfile": FROM,
            "node_modules/x/Dockerfile": FROM,
            "module/.git": "gitdir: ../.git/modules/module\n",
            "module/Dockerfile": FROM,
        }
    )
    covered, skipped = found(made.root)
    assert covered == ["a/b/Dockerfile", "keep.tmp.Dockerfile"]
    assert skipped == {
        "a/Dockerfile": "ignored by Git",
        "build": "ignored by Git",
        "module": "a repository of its own (a submodule)",
        "node_modules": "other people's code",
        "vendor": "other people's code",
        "x.tmp.Dockerfile": "ignored by Git",
    }


def test_what_is_named_outright_is_always_taken(tree: Make) -> None:
    made = tree({".gitignore": "*", "vendor/Dockerfile": FROM, "odd.txt": FROM})
    assert found(made.root, "vendor/Dockerfile", "odd.txt", "odd.txt")[0] == ["vendor/Dockerfile", "odd.txt"]
    assert found(made.root, "vendor")[0] == []


def test_patterns(tree: Make) -> None:
    made = tree({"a/Dockerfile": FROM, "b/Dockerfile": FROM, "c/other": FROM})
    assert found(made.root, "*/Dockerfile")[0] == ["a/Dockerfile", "b/Dockerfile"]
    assert found(made.root, "**/Dockerfile")[0] == ["a/Dockerfile", "b/Dockerfile"]
    made = tree({"vendor/Dockerfile": FROM})
    assert found(made.root, "**/Dockerfile") == (
        ["a/Dockerfile", "b/Dockerfile"],
        {"vendor": "other people's code"},
    )
    assert found(made.root, "vendor/*")[0] == ["vendor/Dockerfile"]
    for nothing in ("*/Nothing", "**/Nothing", "nowhere/*", "Dockerfile/*"):
        with pytest.raises(ValueError, match="no file matches"):
            found(made.root, nothing)


def test_patterns_reach_what_their_folder_stands_for_and_no_more(tree: Make, tmp_path: Path) -> None:
    made = tree(
        {
            ".gitignore": "build/\n/a/ignored.Dockerfile\n",
            "Dockerfile": FROM,
            "a/b/Dockerfile": FROM,
            "a/ignored.Dockerfile": FROM,
            "build/Dockerfile": FROM,
            "a/vendor/x/Dockerfile": FROM,
            "module/.git": "gitdir: ../.git/modules/module\n",
            "module/Dockerfile": FROM,
            "odd.txt": FROM,
        }
    )
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "Dockerfile").write_text(FROM)
    (made.root / "link").symlink_to(tmp_path / "outside")
    (made.root / "loop").symlink_to(".")
    (made.root / "a" / "Dockerfile").symlink_to("../Dockerfile")
    everything = ["Dockerfile", "a/b/Dockerfile"]
    assert found(made.root)[0] == everything
    for pattern in ("**/Dockerfile", "**", "**/**/Dockerfile", "**/*Dockerfile"):
        assert found(made.root, pattern)[0] == everything, pattern
    assert found(made.root, "**/Dockerfile")[1] == {
        "a/Dockerfile": "a symbolic link",
        "a/vendor": "other people's code",
        "build": "ignored by Git",
        "module": "a repository of its own (a submodule)",
    }
    assert found(made.root, "*")[0] == [*everything, "odd.txt"]
    assert found(made.root, "*/")[0] == found(made.root, "[ab]/**")[0] == ["a/b/Dockerfile"]
    assert (
        found(made.root, "*/vendor/*/Dockerfile")[0] == found(made.root, "**/vendor/**")[0] == ["a/vendor/x/Dockerfile"]
    )
    assert found(made.root, "a/*.Dockerfile") == ([], {"a/ignored.Dockerfile": "ignored by Git"})
    for nothing in ("l*/Dockerfile", "?*k/**"):
        with pytest.raises(ValueError, match="no file matches"):
            found(made.root, nothing)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("Dockerfile.j2", "FROM {{ base }}\n", "a template: line 1 holds {{ base }}"),
        ("Dockerfile", "FROM alpine:@VERSION@\n", "a template: line 1 holds @VERSION@"),
        ("Dockerfile.at", "FROM @V@\n", "a template: line 1 holds @V@"),
        ("Dockerfile", "{% if x %}\nFROM alpine\n{% endif %}\n", "a template: line 1 holds {%"),
        ("Dockerfile", "FROM alpine\nCOPY {{ x }} /\n", "a template: line 2 holds {{ x }}"),
        ("Dockerfile.erb", "FROM alpine\nRUN <%= x %>\n", "a template: line 2 holds <%= x %>"),
        ("Dockerfile", "FROM alpine\nENV V={{ version }}\n", "a template: line 2 holds {{ version }}"),
        ("Dockerfile", "FROM alpine\nENV V {{.Version}}\n", "a template: line 2 holds {{.Version}}"),
        ("Dockerfile", "FROM alpine:%%TAG%%\n", "a template: line 1 holds %%TAG%%"),
        ("Dockerfile", "FROM alpine\nENV V=%%VERSION%%\n", "a template: line 2 holds %%VERSION%%"),
        ("Dockerfile", "FROM __BASE__ AS x\n", "a template: line 1 holds __BASE__"),
        ("Dockerfile", "FROM <base image>\n", "a template: line 1 holds <base image>"),
        ("Dockerfile", "FROM {base}\n", "a template: line 1 holds {base}"),
        ("Dockerfile", "RUN x\n", "no Dockerfile: it begins with RUN, not with FROM"),
        ("Dockerfile", "", "no Dockerfile: line 1: no instructions"),
        ("Dockerfile", "hello there\n", "no Dockerfile: line 1: unknown instruction HELLO"),
        ("Dockerfile", "FROM a\0\n", "binary data"),
    ],
)
def test_what_only_looks_like_a_dockerfile(tree: Make, name: str, text: str, reason: str) -> None:
    covered, skipped = found(tree({name: text}).root)
    assert covered == []
    assert skipped[name].startswith(reason)


@pytest.mark.parametrize(
    "text",
    [
        "FROM alpine\nRUN docker inspect --format '{{.State.Status}}' x\n",
        'FROM alpine\nHEALTHCHECK CMD test "$(x --format={{.Ok}})"\n',
        "FROM alpine\nRUN <<EOF\n{{ this is text }}\nEOF\n",
        "FROM alpine\nLABEL mail=jane@EXAMPLE.com\n",
        "ARG BASE\nFROM ${BASE}\nFROM $BASE:${TAG:-1}\nRUN printf '%%d%% %%s%%' <base> __BASE__ {a}\n",
    ],
)
def test_marks_that_programs_read_make_no_template(tree: Make, text: str) -> None:
    assert found(tree({"Dockerfile": text}).root) == (["Dockerfile"], {})


def test_links_are_not_followed(tree: Make, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "Dockerfile").write_text(FROM)
    made = tree({"real/Dockerfile": FROM})
    (made.root / "folder").symlink_to(tmp_path / "outside")
    (made.root / "Dockerfile").symlink_to("real/Dockerfile")
    assert found(made.root) == (["real/Dockerfile"], {"Dockerfile": "a symbolic link"})


def test_python_modules_only_on_request(tree: Make) -> None:
    made = tree({"a.py": 'X = """FROM alpine\nRUN true\n"""\n', "b.py": "X = 1\n"})
    assert found(made.root)[0] == []
    assert found(made.root, python=True)[0] == ["a.py"]


def test_what_the_configuration_excludes(tree: Make) -> None:
    made = tree({"a/Dockerfile": FROM, "b/Dockerfile": FROM})
    assert found(made.root, excluded=lambda path: "not ours" if "/b/" in path else None) == (
        ["a/Dockerfile"],
        {"b/Dockerfile": "not ours"},
    )


@pytest.mark.parametrize(
    "name", ["Dockerfile.bak", "Dockerfile.orig", "Dockerfile~", "Dockerfile.prod.BAK", "Dockerfile.rej"]
)
def test_what_editors_and_patches_leave_is_no_dockerfile(tree: Make, name: str) -> None:
    made = tree({name: FROM, "app/Dockerfile": FROM})
    assert found(made.root) == (["app/Dockerfile"], {})
    # Whoever names it means it.
    assert [one.path for one in discover([str(made.root / name)])] == [str(made.root / name)]


@pytest.mark.parametrize("line", ["[z-a]", "[b-a]x", "[a-\\]]", "[a--b]", "[\\z-\\a]"])
def test_patterns_that_nobody_can_read_are_passed_over(tree: Make, line: str) -> None:
    made = tree({"Dockerfile": "FROM debian:12\n", "b/Dockerfile": "FROM debian:12\n", ".gitignore": f"{line}\nb/\n"})
    assert [one.path for one in discover([str(made.root)]) if isinstance(one, Covered)] == [f"{made.root}/Dockerfile"]
