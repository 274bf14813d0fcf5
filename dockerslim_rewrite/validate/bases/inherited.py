"""What a stage has of its base image, and what ENV makes of it: variables and the working directory."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.build import Stage
from ...ir.steps import Env
from ...patterns import re
from ..core.observe import value

#: What base images set: variables and the folder, which are meant where the program says nothing.
_SET: dict[str, tuple[dict[str, str], str | None]] = {
    "golang": ({"GOPATH": "/go"}, "/go"),
    "rust": ({"CARGO_HOME": "/usr/local/cargo"}, "/"),
    "php": ({"PHPIZE_DEPS": "autoconf dpkg-dev dpkg file g++ gcc libc-dev make pkg-config pkgconf re2c"}, None),
}
#: Characters of variables in one value, the length of the longest path: what is longer is not known.
_LONGEST = 4096
VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")


def inherited(stage: Stage) -> tuple[dict[str, str], str | None]:
    """The variables that the base image of *stage* sets, as far as they matter, and the folder that it starts in;
    None where its variants start in different ones.
    """
    known, start = _SET.get(_name_and_tag(stage)[0], ({}, "/"))
    return {**known, **unlike(stage)}, start


def unlike(stage: Stage) -> dict[str, str]:
    """The variables that the base image of *stage* sets to something else than the one that runs what it builds."""
    from .dotnet_bases import sdk_environment

    return sdk_environment(*_name_and_tag(stage))


def _name_and_tag(stage: Stage) -> tuple[str, str]:
    name, _, tag = stage.head.image.lower().removeprefix("docker.io/").removeprefix("library/").partition(":")
    return name.partition("@")[0], tag


def filled(text: str, env: Mapping[str, str]) -> str:
    """*text* with the variables that are known put in; as it is where that gives more than anybody follows."""
    found = [env.get(match[1] or match[2], match[0]) for match in VARIABLE.finditer(text)]
    if sum(map(len, found)) > _LONGEST:
        return text
    values = iter(found)
    return VARIABLE.sub(lambda _: next(values), text)


def learn(env: dict[str, str], step: Env, escape: str) -> None:
    """Put the variables that *step* sets into *env*."""
    env.update({pair.key: "".join(value(filled(pair.value or "", env), escape)) for pair in step.pairs})
