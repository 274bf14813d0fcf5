"""What a stage has of its base image, and what ENV makes of it: variables and the working directory."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..ir.build import Stage
from ..ir.steps import Env
from .observe import value

#: What base images set: variables and the folder, which are meant where the program says nothing.
_SET: dict[str, tuple[dict[str, str], str | None]] = {
    "golang": ({"GOPATH": "/go"}, "/go"),
    "rust": ({"CARGO_HOME": "/usr/local/cargo"}, "/"),
    "php": ({"PHPIZE_DEPS": "autoconf dpkg-dev dpkg file g++ gcc libc-dev make pkg-config pkgconf re2c"}, None),
}
VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")


def inherited(stage: Stage) -> tuple[dict[str, str], str | None]:
    """The variables that the base image of *stage* sets, as far as they matter, and the folder that it starts in;
    None where its variants start in different ones.
    """
    name = re.split(r"[:@]", stage.head.image.lower().removeprefix("docker.io/").removeprefix("library/"))[0]
    known, start = _SET.get(name, ({}, "/"))
    return dict(known), start


def filled(text: str, env: Mapping[str, str]) -> str:
    """*text* with the variables that are known put in."""
    return VARIABLE.sub(lambda match: env.get(match[1] or match[2], match[0]), text)


def learn(env: dict[str, str], step: Env, escape: str) -> None:
    """Put the variables that *step* sets into *env*."""
    env.update({pair.key: "".join(value(filled(pair.value or "", env), escape)) for pair in step.pairs})
