"""Bake's files, evaluated. The examples follow Docker's documentation of Bake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import Place, Unknown
from dockerslim_rewrite.workspace.builds.hcl_syntax import HclError, expression
from dockerslim_rewrite.workspace.builds.hcl_values import Evaluator

Make = Callable[..., Any]


def value(text: str, **variables: Any) -> Any:
    def lookup(name: str) -> Any:
        if name not in variables:
            raise HclError(name)
        return variables[name]

    return Evaluator(lookup, {}).value(expression(text), {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a${B}c"', "abc"),
        ('"$${B}"', "${B}"),
        ('B == "b" ? [1, 2] : []', [1, 2]),
        ("1 + 2 * 3 == 7 && !false", True),
        ('{a = 1, "b": 2}.b', 2),
        ("[10, 20][1]", 20),
        ('[for x in ["a", "b"] : upper(x) if x != "a"]', ["B"]),
        ("{for k, v in {x = 1} : k => v + 1}", {"x": 2}),
        ('join("-", concat(["a"], split(",", "b,c")))', "a-b-c"),
        ('try(missing, "else")', "else"),
        ("can(missing)", False),
        ('notequal("", B) && equal(length(B), 1)', True),
        ('replace(trimprefix("v1.2", "v"), ".", "-")', "1-2"),
        ('substr("abcdef", 1, 2)', "bc"),
        ('format("%s-%d", "a", 3)', "a-3"),
        ('"a%{ if B == "b" }yes%{ else }no%{ endif }c"', "ayesc"),
        ('"a%{ if B == "c" }yes%{endif}c"', "ac"),
        ('"%{ for x in ["1", "2"] ~} <${x}> %{~ endfor }"', "<1><2>"),
        ('"%{ for k, v in {x = 1} }${k}=${v};%{ endfor }"', "x=1;"),
        ('"a ${~ B ~} c"', "abc"),
        ('"%%{if}"', "%{if}"),
    ],
)
def test_expressions(text: str, expected: object) -> None:
    assert value(text, B="b") == expected


@pytest.mark.parametrize(
    "text",
    [
        *("missing", "timestamp()", '"${', "1 +", "[1", "upper(1, 2)", "1 / 0", "{}.a"),
        *('"%{ if B }"', '"%{ endif }"', '"%{ else }"', '"%{ while B }"'),
    ],
)
def test_what_cannot_be_told(text: str) -> None:
    with pytest.raises(HclError):
        value(text)


BAKE = """
variable "TAG" { default = "1.0" }
variable "SHA" {}
function "image" {
  params = [name]
  result = "example/${name}:${TAG}"
}
group "default" { targets = ["app", "versions"] }
target "_common" {
  args = { GO = "1.22", DEBUG = null }
}
target "app" {
  inherits = ["_common"]
  context = "app"
  target = "prod"
  tags = [image("app"), "example/app:${SHA}"]
  args = { GO = "1.23" }
  contexts = { base = "target:versions" }
}
target "versions" {
  name = "v-${replace(item.v, ".", "-")}"
  matrix = { item = [{ v = "1.0" }, { v = "2.0" }] }
  dockerfile = "Dockerfile.${item.v}"
}
"""


def test_a_file(tree: Make) -> None:
    app, first, second = tree({"docker-bake.hcl": BAKE}).builds()
    assert (app.context, app.dockerfile, app.target) == ("app", "app/Dockerfile", "prod")
    assert app.args == (("GO", "1.23"),)
    assert app.tags == ("example/app:1.0", Unknown("example/app:${SHA}"))
    assert app.contexts == (("base", "target:versions"),)
    assert app.place == Place("docker-bake.hcl", 12)
    assert [(one.name, one.dockerfile) for one in (first, second)] == [
        ("v-1-0", "Dockerfile.1.0"),
        ("v-2-0", "Dockerfile.2.0"),
    ]


def test_json_is_a_template_and_overrides_come_on_top(tree: Make) -> None:
    made = tree(
        {
            "docker-bake.json": '{"variable": {"D": {"default": "x"}},\n'
            ' "target": {"a": {"dockerfile": "${D}.Dockerfile", "args": {"A": "1", "B": "1"}}}}',
            "docker-bake.override.hcl": 'target "a" {\n  args = { B = "2" }\n}\n',
        }
    )
    build = made.build()
    assert (build.dockerfile, build.args) == ("x.Dockerfile", (("A", "1"), ("B", "2")))


def test_an_inline_dockerfile_wins(tree: Make) -> None:
    made = tree(
        {"docker-bake.hcl": 'target "a" {\n  dockerfile = "x"\n  dockerfile-inline = <<EOT\nFROM alpine\nEOT\n}\n'}
    )
    assert (made.build().dockerfile, made.build().inline) == (None, "FROM alpine\n")


def test_services_of_the_compose_file_beside(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": "services:\n  web:\n    build: ./web\n",
            "docker-bake.hcl": 'target "web" {\n  target = "prod"\n}\n',
        }
    )
    assert {(build.kind, build.context, build.target) for build in made.builds()} == {
        ("compose", "web", None),
        ("bake", "web", "prod"),
    }


def test_circles(tree: Make) -> None:
    text = 'variable "A" { default = "${B}" }\nvariable "B" { default = "${A}" }\n'
    text += (
        'target "x" {\n  inherits = ["y"]\n  tags = ["${A}"]\n}\ntarget "y" {\n  inherits = ["x"]\n  target = "t"\n}\n'
    )
    text += 'group "default" { targets = ["x"] }\n'
    build, other = tree({"docker-bake.hcl": text}).builds()
    assert (build.name, other.name) == ("x", "y")
    assert (build.target, build.tags) == ("t", (Unknown("${A}"),))


def test_what_is_no_hcl(tree: Make) -> None:
    made = tree({"docker-bake.hcl": 'target "a" {\n'})
    assert made.builds() == []
    assert made.complaints["docker-bake.hcl"].startswith("no HCL: ")


def test_what_another_target_says(tree: Make) -> None:
    made = tree(
        {
            "docker-bake.hcl": """
target "api" {
  context = "api"
  args = { V = "1.2" }
}
target "web" {
  context = target.api.context
  args = {
    V = target.api.args.V
    OWN = target.web.args.V
    NONE = target.other.context
  }
}
""",
            "api/Dockerfile": "FROM a\n",
        }
    )
    web = next(one for one in made.builds() if one.name == "web")
    assert web.context == "api"
    assert dict(web.args) == {
        "V": "1.2",
        "OWN": Unknown("target.web.args.V"),
        "NONE": Unknown("target.other.context"),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('lookup({21 = "x"}, 21, "none")', "x"),
        ('lookup({"21" = "x"}, 22, "none")', "none"),
        ('lookup({a = "x"}, "a")', "x"),
        ("hasindex({21 = 1}, 21)", True),
        ('format("%s-%02d", "a", 3)', "a-03"),
        ('format("%5.1f|%-4s|%q|%x|100%%", 2.25, "ab", "q", 255)', '  2.2|ab  |"q"|ff|100%'),
        ('format("%v %t", 3, true)', "3 true"),
    ],
)
def test_functions_are_those_of_the_language(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    "text", ['lookup({a = 1}, "b")', 'format("%[1]d", 1)', 'format("%9999d", 1)', 'format("%d")', 'format("%Z", 1)']
)
def test_what_functions_refuse_is_not_known(text: str) -> None:
    with pytest.raises(HclError):
        value(text)


def test_what_is_not_known_of_a_map_takes_nothing_from_the_rest(tree: Make) -> None:
    text = """
variable "V" {}
target "a" {
  args = merge({A = "1"}, {B = timestamp()}, f(V))
  tags = concat(["a"], V)
}
target "b" { inherits = [V] }
"""
    first, second = tree({"docker-bake.hcl": text, "Dockerfile": ""}).builds()
    assert first.args == (("A", "1"), ("B", Unknown("timestamp()")), ("…", Unknown("f(V)")))
    assert first.tags == (Unknown("concat([a], V)"),)
    assert (second.context, second.target) == (Unknown("[V]"), Unknown("[V]"))


def test_targets_that_others_inherit_from_are_builds_where_they_say_what_is_built(tree: Make) -> None:
    text = """
target "_common" { context = "c" }
target "docker-metadata-action" { tags = ["x"] }
target "p" { context = "b" }
target "q" {
  inherits = ["_common", "docker-metadata-action", "p"]
  platforms = ["linux/arm64"]
}
"""
    assert [one.name for one in tree({"docker-bake.hcl": text, "b/Dockerfile": ""}).builds()] == ["p", "q"]


PLAIN = """
variable "STAGE" { default = "dev" }
target "app" {
  context = "app"
  target = STAGE
  args = {A = "1", B = "2"}
}
target "web" { context = "web" }
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "a:\n\tdocker buildx bake --set app.context=. --set '*.args.A=3' app\n"),
        (
            ".github/workflows/a.yml",
            "jobs:\n a:\n  steps:\n  - uses: docker/bake-action@v5\n    with:\n"
            "     set: |\n      app.context=.\n      *.args.A=3\n",
        ),
    ],
)
def test_what_a_command_sets_for_targets_is_not_known(tree: Make, name: str, text: str) -> None:
    made = tree({"docker-bake.hcl": PLAIN, name: text, "app/Dockerfile": "FROM a\n", "web/Dockerfile": "FROM a\n"})
    app, web = (one for one in made.builds() if one.kind == "bake")
    assert (app.context, app.target) == (Unknown("."), "dev")
    assert dict(app.args) == {"A": Unknown("3"), "B": "2"}
    assert web.context == "web"


@pytest.mark.parametrize("text", ["STAGE=prod docker buildx bake\n", "export STAGE=prod\ndocker buildx bake\n"])
def test_a_variable_that_a_script_sets_for_bake_is_not_known(tree: Make, text: str) -> None:
    made = tree({"docker-bake.hcl": PLAIN, "ci.sh": text, "app/Dockerfile": "FROM a\n"})
    assert {one.name: one.target for one in made.builds()}["app"] == Unknown("STAGE")


def test_a_variable_that_another_script_sets_is_known(tree: Make) -> None:
    made = tree({"docker-bake.hcl": PLAIN, "ci.sh": "export STAGE=prod\n", "app/Dockerfile": "FROM a\n"})
    assert {one.name: one.target for one in made.builds()}["app"] == "dev"


def test_a_compose_file_that_a_command_names_is_below_the_bake_file(tree: Make) -> None:
    made = tree(
        {
            "stack.yml": "services: {app: {build: {context: app, target: dev, args: {C: 1}}}}\n",
            "docker-bake.hcl": 'target "app" {\n  target = "prod"\n}\n',
            "ci.sh": "docker buildx bake -f stack.yml -f docker-bake.hcl\n",
            "app/Dockerfile": "FROM a\n",
        }
    )
    found = [(one.context, one.dockerfile, one.target, one.args) for one in made.builds() if one.kind == "bake"]
    assert found == [("app", "app/Dockerfile", "prod", (("C", "1"),))]


def test_keys_are_expressions_as_values_are(tree: Make) -> None:
    made = tree(
        {
            "docker-bake.hcl": 'variable "NAME" { default = "kept" }\nvariable "GIVEN" {}\n'
            'target "app" {\n  args = {\n    "${NAME}_x" = 1\n    (NAME) = 2\n    (GIVEN) = 3\n    NAME = 4\n  }\n'
            '  contexts = { "${NAME}" = "./one" }\n}\n',
        }
    )
    (build,) = made.builds()
    assert build.args == (("kept_x", "1"), ("kept", "2"), ("…", "3"), ("NAME", "4"))
    assert build.contexts == (("kept", "one"),)
    made = tree(
        {"docker-bake.hcl": "", "docker-bake.json": '{"target": {"app": {"args": {"${upper(\\"a\\")}": "1"}}}}'}
    )
    assert made.build().args == (("A", "1"),)


def test_a_flush_heredoc_loses_the_indentation_that_its_lines_share(tree: Make) -> None:
    text = 'target "app" {\n  dockerfile-inline = <<-EOT\n    FROM alpine\n\n      # more\n    RUN a\n      EOT\n}\n'
    assert tree({"docker-bake.hcl": text}).build().inline == "FROM alpine\n\n  # more\nRUN a\n"
    kept = tree({"docker-bake.hcl": text.replace("<<-EOT", "<<EOT").replace("      EOT", "EOT")})
    assert kept.build().inline == "    FROM alpine\n\n      # more\n    RUN a\n"


@pytest.mark.parametrize("value", ["5", "{}", "[5]", "[{}]", '"a"', "null", "true"])
@pytest.mark.parametrize("key", ["inherits", "tags", "args", "contexts", "target", "dockerfile", "context", "matrix"])
def test_attributes_of_another_type(tree: Make, key: str, value: str) -> None:
    text = f'{{"target": {{"a": {{"{key}": {value}}}}}, "group": {{"default": {{"targets": {value}}}}}}}'
    made = tree({"Dockerfile": "FROM debian:12\n", "docker-bake.json": text, "b.sh": "docker build -t b .\n"})
    assert "b.sh" in {build.place.path for build in made.builds()}
    assert not any("failed" in told for told in made.complaints.values())
