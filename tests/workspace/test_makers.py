"""Dockerfiles that a script of the repository makes of a template are left to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.pipeline import Result

Make = Callable[..., Any]
INSTALL = "RUN apt-get update && apt-get install -y git\nCOPY a /a\nEXPOSE 80\nUSER 1000\n"
MADE = f"FROM php:8.2-apache\nENV VERSION 5.10.0\n{INSTALL}"
TEMPLATE = MADE.replace("php:8.2-apache", "php:%%TAG%%").replace("5.10.0", "%%VERSION%%")
SCRIPT = '#!/bin/sh\nfor variant in apache; do\n\tsed "s/%%TAG%%/x/" {} > "$variant/Dockerfile"\ndone\n'


def result(tree: Make, files: dict[str, str], **options: Any) -> Result:
    found: Result = tree(files).rewritten("apache/Dockerfile", **options)
    return found


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("Dockerfile.template", "Dockerfile.template"),
        ("Dockerfile-debian.template", '"Dockerfile-$base.template"'),
        ("Dockerfile-debian.template", '"Dockerfile-${base[$variant]}.template"'),
    ],
)
def test_a_file_that_a_script_makes_of_a_template_is_left_to_it(tree: Make, template: str, named: str) -> None:
    files = {"apache/Dockerfile": MADE, template: TEMPLATE, "update.sh": SCRIPT.format(named)}
    found = result(tree, files)
    assert (found.text, found.changes) == (MADE, ())
    [said] = [one.reason for one in found.remarks if one.rule == "DS000"]
    assert f"update.sh:3 makes it of {template}" in said
    assert result(tree, files, generated=True).changed


@pytest.mark.parametrize(
    "files",
    [
        {"Dockerfile.template": TEMPLATE},
        {"Dockerfile.template": TEMPLATE, "update.sh": "#!/bin/sh\necho Dockerfile\n"},
        {
            "Dockerfile.template": "FROM alpine:%%TAG%%\nRUN apk add curl\n",
            "update.sh": SCRIPT.format("Dockerfile.template"),
        },
        {"other/Dockerfile.template": TEMPLATE, "other/update.sh": SCRIPT.format("Dockerfile.template")},
    ],
)
def test_a_template_that_nobody_uses_or_of_another_file_makes_none(tree: Make, files: dict[str, str]) -> None:
    assert result(tree, {"apache/Dockerfile": MADE, **files}).changed


def test_a_template_is_what_people_write(tree: Make) -> None:
    files = {
        "apache/Dockerfile": MADE,
        "Dockerfile.template": TEMPLATE,
        "update.sh": SCRIPT.format("Dockerfile.template"),
    }
    assert not [one for one in written(tree, files, "Dockerfile.template").remarks if one.rule == "DS000"]


LOOP = """#!/bin/bash
for release in 4 5; do for variant in fpm; do
    template=".templates/Dockerfile-${base[$variant]}.template"
    sed -e "s/%%TAG%%/8/" -e "s@%%INSTALL%%@$install@" $template > "$release/$variant/Dockerfile"
done; done
"""
PIECES = {
    ".templates/Dockerfile-debian.template": "%%HEAD%%\nFROM php:%%TAG%%\nENV VERSION %%VERSION%%\n%%INSTALL%%\n",
    ".templates/Dockerfile-alpine.template": "FROM php:%%TAG%%-alpine\n",
    "update.sh": LOOP,
}


def written(tree: Make, files: dict[str, str], path: str = "5/fpm/Dockerfile") -> Result:
    found: Result = tree(files).rewritten(path)
    return found


def test_a_file_that_a_script_writes_of_templates_elsewhere_is_left_to_it(tree: Make) -> None:
    found = written(tree, {**PIECES, "5/fpm/Dockerfile": "FROM php:8\nENV VERSION 5.1\n"})
    assert found.changes == ()
    [said] = [one.reason for one in found.remarks if one.rule == "DS000"]
    assert "update.sh:4 makes it of .templates/Dockerfile-debian.template" in said


@pytest.mark.parametrize(
    ("files", "path"),
    [
        # The script writes elsewhere, without a template, or something else.
        ({**PIECES, "Dockerfile": "FROM php:8\nENV VERSION 5.1\n"}, "Dockerfile"),
        ({"update.sh": LOOP, "5/fpm/Dockerfile": "FROM php:8\nENV VERSION 5.1\n"}, "5/fpm/Dockerfile"),
        ({**PIECES, "5/fpm/Dockerfile": "FROM alpine:3.20\nENV NAME 5.1\n"}, "5/fpm/Dockerfile"),
        (
            {**PIECES, "update.sh": LOOP.replace("> ", "< "), "5/fpm/Dockerfile": "FROM php:8\nENV VERSION 5.1\n"},
            "5/fpm/Dockerfile",
        ),
    ],
)
def test_a_file_that_no_script_writes_of_these_templates_is_its_owners(
    tree: Make, files: dict[str, str], path: str
) -> None:
    assert written(tree, files, path).changed


FILLED = """#!/bin/bash
for version in 7.4 8.0; do
    dir="./$version"
    mkdir -p $dir
    {}
done
"""


@pytest.mark.parametrize(
    ("template", "command"),
    [
        ("template/Dockerfile", "TAG=x dockerize -template template/Dockerfile:$dir/Dockerfile"),
        ("templates/php/Dockerfile", "gomplate -f templates/php/Dockerfile -o $dir/Dockerfile"),
        ("Dockerfile.tmpl", "jinja2 Dockerfile.tmpl --output=$dir/Dockerfile"),
        ("Dockerfile.in", "cp Dockerfile.in $dir/Dockerfile; sed -i s/a/b/ $dir/Dockerfile"),
    ],
)
def test_programs_that_fill_templates_in_make_files(tree: Make, template: str, command: str) -> None:
    files = {"7.4/Dockerfile": MADE, template: TEMPLATE, "regenerate.sh": FILLED.format(command)}
    [said] = [one.reason for one in written(tree, files, "7.4/Dockerfile").remarks if one.rule == "DS000"]
    assert f"regenerate.sh:5 makes it of {template}" in said


HEAD = "# Do not edit individual Dockerfiles manually, they are generated.\n"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"2/Dockerfile": HEAD + MADE}, "2/Dockerfile:1"),
        ({"2/Dockerfile": HEAD + MADE, "3/Dockerfile": HEAD + MADE, "4/Dockerfile": MADE}, "2/Dockerfile:1"),
        ({"2/Dockerfile": HEAD + MADE, "3/Dockerfile": MADE, "4/Dockerfile": MADE}, None),
        ({"2/Other.Dockerfile": HEAD + MADE}, None),
        ({"Dockerfile": HEAD + MADE}, None),
    ],
)
def test_files_of_a_family_that_is_generated_are_generated(tree: Make, files: dict[str, str], told: str | None) -> None:
    found = written(tree, {"1/Dockerfile": MADE, "1/node/Dockerfile": MADE, **files}, "1/Dockerfile")
    said = [one.reason for one in found.remarks if one.rule == "DS000"]
    assert bool(found.changes) == (told is None)
    assert [f"{told} says that it is generated" in one for one in said] == [True] * (told is not None)
    below = written(tree, {"1/Dockerfile": MADE, "1/node/Dockerfile": MADE, **files}, "1/node/Dockerfile")
    assert bool(below.changes) == (told is None)
