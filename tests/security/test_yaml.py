"""YAML of strangers: values are counted before they are read, in each text and in all of a repository."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from dockerslim_rewrite.context.configuration.entries import UnreadError
from dockerslim_rewrite.context.configuration.trees import read_yaml
from dockerslim_rewrite.text import yaml_nodes
from dockerslim_rewrite.text.yaml_nodes import MAX_VALUES, Allowance, TooManyValues, compose, values_in
from dockerslim_rewrite.validate.moves.contents import Contents
from dockerslim_rewrite.workspace.builds.kubernetes import manifests
from dockerslim_rewrite.workspace.builds.reading import yaml_file
from dockerslim_rewrite.workspace.builds.yaml_values import Map, YamlError, documents
from dockerslim_rewrite.workspace.repository import Repository

USUAL = "services:\n" + "".join(
    f"  service-{number}:\n    build: ./service-{number}\n    # it needs\n    image: e.com/service-{number}:latest\n"
    for number in range(500)
)


def counted(node: object) -> int:
    value = getattr(node, "value", ())
    inner = [one for item in value for one in (item if isinstance(item, tuple) else (item,))]
    return 1 + (sum(map(counted, inner)) if not isinstance(value, str) else 0)


@pytest.mark.parametrize(
    "text",
    [
        "a: [" + ",".join("b" for _ in range(500)) + "]\n",
        "a: {" + ",".join("b" for _ in range(500)) + "}\n",
        "".join(f"k{i}: v\n" for i in range(500)),
        "".join(f"k{i}:\r\n  - v\r\n" for i in range(500)),
        "---\na: b\n" * 500,
        "---\na: b\n...\n" * 500,
        "{" + ",".join(f'"{i}":1' for i in range(500)) + "}\n",
        "a: [" + ",".join("[]" for _ in range(500)) + "]\n",
        USUAL,
    ],
)
def test_values_are_counted(text: str) -> None:
    found = sum(counted(node) for node in compose(text))
    assert 0.5 * found <= values_in(text) <= 3 * found


def test_a_text_of_too_many_values_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: [" + "b," * MAX_VALUES + "c]\n"
    for name in ("ruamel.yaml", "yaml.cyaml"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(TooManyValues):
        next(compose(text))
    monkeypatch.undo()
    with pytest.raises(YamlError, match="more than 150,000 values"):
        documents(text)
    with pytest.raises(UnreadError, match="more than 150,000 values"):
        read_yaml(text)


@pytest.mark.parametrize("text", ["[" * 10_000, "- " * 50_000 + "a", "? " * 50_000 + "a", "{a: " * 10_000])
def test_what_is_nested_without_end_is_no_yaml(text: str) -> None:
    with pytest.raises(YamlError, match="nesting depth"):
        documents(text)


def test_an_anchor_that_is_there_twice_is_the_last_one_before() -> None:
    (found,) = documents("a: &x 1\nb: *x\nc: &x [2]\nd: *x\ne: &y {f: *y}\n")
    assert isinstance(found, Map)
    assert (found["b"], found["d"], found["e"]["f"]) == ("1", ["2"], found["e"])
    with pytest.raises(YamlError, match="line 2: found undefined alias 'z'"):
        documents("a: 1\nb: *z\n")


def test_without_libyaml_the_other_reader_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x [1, 'two', !t 3]\nb: *x\nc: |\n  d\n<<: {e: f}\n"
    usual = documents(text)
    monkeypatch.setitem(__import__("sys").modules, "yaml.cyaml", None)
    assert documents(text) == usual
    with pytest.raises(YamlError, match="line 1"):
        documents("a: [")


def test_all_that_people_write_is_read() -> None:
    allowance = Allowance()
    for _ in range(100):
        allowance.spend(USUAL)
    assert len(documents("a: |\n" + "  script\n" * 50_000)) == 1


def test_what_is_left_out_of_a_repository_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        (tmp_path / f"{number}.yaml").write_text("a: [" + "b," * 50_000 + "c]\n")
    repository = Repository(tmp_path)
    read = [bool(yaml_file(repository, f"{number}.yaml")) for number in range(9)]
    assert read == [True] * 3 + [False] * 6
    assert list(repository.complaints) == ["3.yaml"]
    assert "neither it nor what comes after it is read" in repository.complaints["3.yaml"]


def test_manifests_are_of_what_is_read_of_a_repository(tmp_path: Path) -> None:
    """Also where both sides of a review hold them: what was read before is no cheaper."""
    head = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: a\n    args: ["
    for number in range(9):
        (tmp_path / f"{number}.yaml").write_text(f"{head}{'b,' * 50_000}c]\n")
    for _ in range(2):
        repository = Repository(tmp_path)
        read = [bool(manifests(repository, f"{number}.yaml")) for number in range(9)]
        assert read == [True] * 3 + [False] * 6
        assert list(repository.complaints) == ["3.yaml"]


def test_anchors_of_one_name_say_nothing_to_the_user() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert documents("a: &x 1\nb: &x 2\n")
    assert yaml_nodes.values_in("") == 1


def test_what_the_judge_reads_of_requirements() -> None:
    texts = {f"/a/r{i}.txt": f"-r r{i + 1}.txt\n-r s{i + 1}.txt\n" for i in range(40)}
    texts |= {f"/a/s{i}.txt": f"-r r{i + 1}.txt\n-r s{i + 1}.txt\n" for i in range(40)}
    assert not Contents(texts).requirements("/a/r0.txt")
    texts |= {"/a/r40.txt": "flask\n", "/a/s40.txt": "-r r0.txt\n"}
    assert Contents(texts).requirements("/a/r0.txt")
    assert not Contents({"/a": "flask\n./own\n"}).requirements("/a")


def test_what_the_judge_reads_of_environments() -> None:
    laughs = "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 20))
    assert not Contents({"/e.yml": "a0: &a0 [x]\n" + laughs + "dependencies: *a19\n"}).environment("/e.yml")
    texts = {"/e.yml": "dependencies:\n- pip:\n  - -r r.txt\n", "/r.txt": "flask\n"}
    assert Contents(texts).environment("/e.yml")
    assert not Contents(texts | {"/r.txt": "-e .\n"}).environment("/e.yml")
