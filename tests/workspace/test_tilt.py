"""What Tiltfiles build: by Tilt itself, and by commands that they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import Text, Unknown

Make = Callable[..., Any]


def contexts(tree: Make, text: str) -> list[Text]:
    files = {"k/Tiltfile": text, "k/a/Dockerfile": "", "k/b/Dockerfile": "", "b/Dockerfile": ""}
    return [one.context for one in tree(files).builds()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d = 'a'\ndocker_build('x', d)\nd = 'b'\n", ["k/a"]),
        ("d = '..'\ndocker_build('x', d + '/b')\n", ["b"]),
        ("docker_build('x', '%s/%s' % ('..', 'b'))\n", ["b"]),
        ("d = 'a'\ndocker_build('x', './{}'.format(d))\ndocker_build('y', os.path.join('..', 'b'))\n", ["k/a", "b"]),
        ("for n in ['a', 'b']:\n    docker_build(n, './' + n)\n", ["k/a", "k/b"]),
        ("if x:\n    d = 'a'\nelse:\n    d = 'b'\ndocker_build('x', d)\n", [Unknown("d")]),
        ("d = 'a'\nfor n in names():\n    docker_build(n, d)\n    d = 'b'\n", [Unknown("d")]),
        ("d = 'a'\ndef f(d):\n    docker_build('x', d)\n", [Unknown("d")]),
        ("n = 'a'\n[docker_build(n, n) for n in names()]\n", [Unknown("n")]),
        ("d = 'a'\nd += 'b'\ndocker_build('x', d)\n", [Unknown("d")]),
    ],
)
def test_names_and_expressions(tree: Make, text: str, expected: list[Text]) -> None:
    assert contexts(tree, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("custom_build('x', 'docker build -t $EXPECTED_REF a', ['a'])\n", ["k/a"]),
        ("custom_build('x', command='docker build .', deps=[], dir='a')\n", ["k/a"]),
        ("custom_build('x', './build.sh', ['a'])\n", []),
        ("local_resource('x', 'docker build ../b')\n", ["b"]),
        (
            "local_resource('x', cmd=['docker', 'build', 'a'], serve_cmd='docker build .', serve_dir='b')\n",
            ["k/a", "k/b"],
        ),
        ("local_resource('x', cmd='cd a && docker build .')\n", ["k/a"]),
        ("local('docker build ' + d)\n", [Unknown("d")]),
        ("local(['docker', 'build', d], dir='..')\n", [Unknown("d")]),
        ("local('docker build .', dir=d)\n", [Unknown(".")]),
    ],
)
def test_commands(tree: Make, text: str, expected: list[Text]) -> None:
    assert contexts(tree, text) == expected


def test_a_custom_build_makes_the_image_that_it_is_for(tree: Make) -> None:
    made = tree(
        {"Tiltfile": "custom_build('example.com/x', 'docker build -t $EXPECTED_REF .', [])\n", "Dockerfile": ""}
    )
    assert made.build().tags == ("example.com/x",)


def test_arguments_that_are_no_literal_are_not_known(tree: Make) -> None:
    made = tree({"Tiltfile": "docker_build('x', '.', build_args=args())\n", "Dockerfile": ""})
    assert made.build().args == (("…", Unknown("args()")),)


def test_a_deep_expression_is_told(tree: Make) -> None:
    made = tree({"Tiltfile": f"docker_build('x', {' + '.join(['a'] * 20_000)})\n", "Dockerfile": ""})
    assert made.builds() == [] or isinstance(made.build().context, Unknown)
