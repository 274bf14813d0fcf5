"""Where a stage tells build tools to install. Source: GNU Coding Standards, "Directory Variables"."""

from __future__ import annotations

from ...ir.build import Stage
from ...ir.steps import Env, Run
from ...patterns import re

_PREFIX = re.compile(
    r"(?:--(?:exec-)?prefix|--(?:bin|sbin|lib|libexec|data|sysconf|localstate|share|include|man)dir)[= ]([^\s;&|]+)"
    r"|(?:\b|(?<=-D))(?:PREFIX|prefix|exec_prefix|DESTDIR|CMAKE_INSTALL_PREFIX(?::\w+)?)=([^\s;&|]+)"
)
#: Variables of the environment that Makefiles take over.
_VARIABLES = frozenset(("PREFIX", "DESTDIR", "CMAKE_INSTALL_PREFIX"))


def prefixes(stage: Stage) -> tuple[str, ...]:
    """The folders that options of build tools name for what is installed."""
    texts = [step.origin.logical.text for step in stage.steps if isinstance(step, Run)]
    for step in stage.steps:
        if isinstance(step, Env):
            texts += [f"{pair.key}={pair.value}" for pair in step.pairs if pair.key in _VARIABLES]
    text = "\n".join(texts)
    return tuple(
        dict.fromkeys((match[1] or match[2]).strip("\"'").rstrip("/") or "/" for match in _PREFIX.finditer(text))
    )
