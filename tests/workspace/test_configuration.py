"""Which configuration counts for a file, and what is wrong with one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dockerslim_rewrite.workspace.configuration.keys import ConfigError, keys
from dockerslim_rewrite.workspace.configuration.resolve import configuration, environment
from dockerslim_rewrite.workspace.configuration.schema import FILE, schema

Make = Callable[..., Any]


def settings(path: Path) -> dict[str, Any]:
    return {name: one.value for name, one in configuration(None, isolated=False).settings_for(path).items()}


def test_the_nearest_file_counts(tree: Make) -> None:
    made = tree(
        {
            "pyproject.toml": '[tool.dockerslim]\nlevel = "safe"\npin = "none"\n',
            "a/dockerslim.toml": 'level = "aggressive"\n',
            "a/.dockerslim.toml": 'level = "standard"\nflatten = true\n',
            "a/pyproject.toml": '[tool.dockerslim]\nlevel = "safe"\n',
            "b/pyproject.toml": "[tool.other]\n",
        }
    )
    assert settings(made.root / "Dockerfile") == {"level": "safe", "pin": "none"}
    assert settings(made.root / "a" / "x" / "Dockerfile") == {"level": "standard", "flatten": True}
    assert settings(made.root / "b" / "Dockerfile") == {"level": "safe", "pin": "none"}


def test_nothing_above_the_repository_counts(tree: Make) -> None:
    made = tree({})
    (made.root.parent / "dockerslim.toml").write_text('level = "safe"\n')
    assert settings(made.root / "Dockerfile") == {}


def test_extended_files_fill_gaps_and_keep_their_own_paths(tree: Make) -> None:
    made = tree(
        {
            "dockerslim.toml": 'extend = "shared/base.toml"\nlevel = "safe"\n',
            "shared/base.toml": 'level = "aggressive"\nlock = "images.lock"\nignore = ["DS601"]\n',
        }
    )
    assert settings(made.root / "Dockerfile") == {
        "level": "safe",
        "lock": made.root / "shared/images.lock",
        "ignore": ("DS601",),
    }


def test_per_file_settings_contexts_and_arguments(tree: Make) -> None:
    made = tree(
        {
            "dockerslim.toml": 'level = "safe"\nexclude = ["legacy", "*.old"]\n'
            '[per-file."services/*/Dockerfile"]\nlevel = "standard"\n'
            '[per-file."services/a/**"]\nselect = ["DS2"]\n[contexts]\n'
            '"docker/*" = "src"\n[build-args."docker/*"]\nA = "1"\n',
            "src/x": "",
        }
    )
    found = configuration(None, isolated=False)
    assert settings(made.root / "services/a/Dockerfile") == {"level": "standard", "select": ("DS2",)}
    assert settings(made.root / "services/a/b/Dockerfile") == {"level": "safe", "select": ("DS2",)}
    assert settings(made.root / "Dockerfile") == {"level": "safe"}
    assert found.context_for(made.root / "docker/web.Dockerfile") == made.root / "src"
    assert found.context_for(made.root / "Dockerfile") is None
    assert found.build_args_for(made.root / "docker/web.Dockerfile") == {"A": "1"}
    assert (
        found.excluded(str(made.root / "legacy/x/Dockerfile")) == f"excluded by 'legacy' in {made.root}/dockerslim.toml"
    )
    assert found.excluded(str(made.root / "Dockerfile.old")) is not None
    assert found.excluded(str(made.root / "Dockerfile")) is None


def test_the_environment_comes_before_files(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tree({"dockerslim.toml": 'level = "safe"\n'})
    monkeypatch.setenv("DOCKERSLIM_LEVEL", "aggressive")
    monkeypatch.setenv("DOCKERSLIM_IGNORE", "DS1, DS2")
    monkeypatch.setenv("DOCKERSLIM_FLATTEN", "yes")
    assert settings(made.root / "Dockerfile") == {"level": "aggressive", "ignore": ("DS1", "DS2"), "flatten": True}
    chosen = configuration(None, isolated=False).settings_for(made.root / "Dockerfile")
    assert chosen["level"].origin == "environment variable DOCKERSLIM_LEVEL"
    assert configuration(None, isolated=True).settings_for(made.root / "Dockerfile") == {}


@pytest.mark.parametrize(("name", "value"), [("DOCKERSLIM_LEVEL", "wild"), ("DOCKERSLIM_FLATTEN", "perhaps")])
def test_mistakes_in_the_environment(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: cannot be '{value}'"):
        environment({name: value})


def test_a_variable_that_is_nearly_right_is_told() -> None:
    with pytest.raises(ConfigError, match=r"LEVLE: unknown environment variable; did you mean DOCKERSLIM_LEVEL\?"):
        environment({"DOCKERSLIM_LEVLE": "safe"})
    assert environment({"DOCKERSLIM_CACHE": "x", "DOCKERSLIM_SOMETHING_ELSE": "x", "OTHER": "x"}) == {}


def test_a_byte_order_mark_is_no_text(tree: Make) -> None:
    made = tree({"dockerslim.toml": '\ufefflevel = "safe"\n'})
    assert settings(made.root / "Dockerfile") == {"level": "safe"}


def test_a_file_that_is_named_counts_for_all(tree: Make) -> None:
    made = tree({"dockerslim.toml": 'level = "safe"\n', "ci.toml": 'level = "aggressive"\n'})
    found = configuration(made.root / "ci.toml", isolated=False)
    assert found.settings_for(made.root / "Dockerfile")["level"].value == "aggressive"
    with pytest.raises(ConfigError, match="no such file"):
        configuration(made.root / "missing.toml", isolated=False)
    with pytest.raises(ConfigError, match="exclude each other"):
        configuration(made.root / "ci.toml", isolated=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('levle = "safe"', "unknown key 'levle'; did you mean 'level'?"),
        ('extend_select = ["DS1"]', "unknown key 'extend_select'; did you mean 'extend-select'?"),
        ("zzzz = 1", "unknown key 'zzzz'; known keys: account, "),
        ('level = "saef"', "level cannot be 'saef'; did you mean 'safe'? choose from safe, standard, aggressive"),
        ('account = "root"', "account cannot be 'root'; write NAME:NUMBER of an unprivileged user, such as app:10001"),
        ('account = "root:1"', "account cannot be 'root:1'; write NAME:NUMBER"),
        ('[per-file."x"]\naccount = ""', "per-file 'x': account cannot be ''; write NAME:NUMBER"),
        ('select = "DS1"', "select must be a list of strings"),
        ("flatten = 1", "flatten must be true or false"),
        ('[per-file."x"]\nexclude = []', "per-file 'x': unknown key 'exclude'"),
        ("[per-file]\nx = 1", "per-file 'x': must be a table"),
        ('[contexts]\n"x" = 1', "contexts must name a directory for each pattern"),
        ('extend = "dockerslim.toml"', "extend leads back to dockerslim.toml"),
        ('extend = "missing.toml"', "extend names missing.toml, which is not there"),
        ("level = ", "no TOML: Invalid value (at line 1, column 9)"),
    ],
)
def test_mistakes_say_what_to_do(tree: Make, text: str, message: str) -> None:
    made = tree({"dockerslim.toml": text + "\n"})
    with pytest.raises(ConfigError) as caught:
        settings(made.root / "Dockerfile")
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{made.root}/dockerslim.toml")
    assert "\n" not in str(caught.value)


def test_a_long_chain_is_told_as_one(tree: Make) -> None:
    chain = {f"d{at}.toml": f'extend = "d{at + 1}.toml"\n' for at in range(20)}
    made = tree({"dockerslim.toml": 'extend = "d0.toml"\n', **chain, "d20.toml": 'level = "safe"\n'})
    with pytest.raises(ConfigError, match="more than 10 files extend one another"):
        settings(made.root / "Dockerfile")


def test_the_schema_is_the_one_of_the_table() -> None:
    assert json.loads(FILE.read_text()) == schema(), "run `python -m dockerslim_rewrite.workspace.configuration.schema`"
    jsonschema.Draft7Validator.check_schema(schema())


def test_the_schema_takes_what_is_read_and_nothing_else() -> None:
    good = {
        "level": "safe",
        "select": ["DS2"],
        "exclude": ["x"],
        "contexts": {"a": "b"},
        "build-args": {"a": {"A": "1"}},
        "per-file": {"a": {"level": "standard"}},
    }
    jsonschema.validate(good, schema())
    wrong: list[dict[str, Any]] = [
        {"levle": "safe"},
        {"level": "x"},
        {"per-file": {"a": {"exclude": []}}},
        {"select": "DS2"},
    ]
    for bad in wrong:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema())
    assert set(schema()["properties"]) == set(keys())


@pytest.mark.parametrize(
    "text",
    [
        f'exclude = ["{"[" * 100_000}"]\n',
        "exclude = [" + ", ".join(f'"a{n}"' for n in range(2_000)) + "]\n",
        f'[contexts]\n"{"{a,b}" * 10_000}" = "."\n',
    ],
)
def test_patterns_that_nobody_wrote_are_refused(tree: Make, text: str) -> None:
    made = tree({"dockerslim.toml": text, "Dockerfile": "FROM debian:12\n"})
    with pytest.raises(ConfigError, match=r"must have (?:entries of )?no more than 1,000"):
        settings(made.root / "Dockerfile")
