"""A virtual environment that a builder makes for what pip installs: that everything goes there, and is found there.

Sources: Python documentation, venv; pip documentation, "User installs" and the options of ``pip install``.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...change import Claim, SplitsStage
from ...ir.build import Stage
from ...ir.steps import Env, Run, Step, Value
from ...patterns import re
from ..core.program import commands_of
from ..core.verdict import Unsound

_PLACE = re.compile(r"/opt/[a-z]+\Z")
#: Python 2 has no module venv.
_PYTHON = re.compile(r"(?:docker\.io/)?(?:library/)?python:3(?:[.@-]|\Z)")
#: What the environment takes the place of, and what would not look there.
_NAMED = re.compile(
    r"/usr/local/lib/python|(?:site|dist)-packages|/usr/local/bin/|\bvenv\b|virtualenv|PYTHONHOME|PYTHONUSERBASE|setup\.py"
    r"|PIP_(?:TARGET|PREFIX|USER|ROOT|PYTHON)|--(?:user|target|prefix|root|python|no-build-isolation|login)\b|\s-t[\s=]"
    r"|\b(?:ba|da|z|k)?sh[\"',\s]+(?:-\w*l\w*\b|--login\b)"
    r"|\b(?:uv|poetry|pipenv|pdm|conda|mamba|micromamba|hatch|pipx|sudo|su|cron|crond|runuser)\b|\bpip3?\.\d"
)
_PIP = frozenset(("pip", "pip3"))
_INSTALLS = frozenset(("install", "uninstall"))


def makes_environment(run: Run, claims: Sequence[Claim]) -> bool:
    """Whether *run*, which is new, makes the virtual environment of a claimed split and does nothing else."""
    places = [claim.environment for claim in claims if isinstance(claim, SplitsStage) and claim.environment]
    return not run.flags and run.origin.args in {f"python -m venv {place}" for place in places}


def check_environment(claim: SplitsStage, stage: Stage, builder: Stage, runtime: Stage) -> None:
    """Refuse a virtual environment that some installation misses, or that the runtime stage does not look in first.

    Raises ``Unsound``.
    """
    place = claim.environment
    if not place:
        return
    lines = (stage.head.line, runtime.head.line)
    if _PLACE.match(place) is None or not _PYTHON.match(stage.head.image) or not _PYTHON.match(claim.base):
        raise Unsound(f"{place} is no place for a virtual environment here", *lines)
    for step in stage.steps:
        found = _NAMED.search(step.origin.text)
        if found is not None or place in step.origin.text:
            raise Unsound(f"{found[0] if found is not None else place} would mean something else", step.line)
    _in_front(place, builder)
    first = next((step for step in runtime.steps if isinstance(step, Env)), None)
    if first is None or first.origin.args != f"PATH={place}/bin:$PATH":
        raise Unsound(f"the runtime stage does not look into {place} first", *lines)
    for env in (step for step in (*builder.steps, *runtime.steps) if isinstance(step, Env)):
        if any(pair.key == "PATH" and not re.search(r"\$\{?PATH\b", pair.value or "") for pair in env.pairs):
            raise Unsound(f"PATH does not lead to {place} any more", None, env.line)


def _in_front(place: str, builder: Stage) -> None:
    """The environment is made, and looked in, before pip installs anything; by root."""
    made = False
    searched = False
    for step in builder.steps:
        if isinstance(step, Run) and step.origin.args == f"python -m venv {place}":
            made = True
        elif isinstance(step, Env) and step.origin.args == f"PATH={place}/bin:$PATH":
            searched = made
        elif isinstance(step, Value) and step.keyword == "USER" and step.origin.args not in ("root", "0"):
            raise Unsound("another user than root may write elsewhere", None, step.line)
        elif not searched and _installs(step):
            raise Unsound(f"pip installs before {place} is there", None, step.line)
    if not searched:
        raise Unsound(f"the builder does not look into {place}", None, builder.head.line)


def _installs(step: Step) -> bool:
    for command in commands_of(step):
        words = [word for word in command.words if not word.startswith("-")]
        if _INSTALLS.isdisjoint(words):
            continue
        if not _PIP.isdisjoint(words[:1]) or (words[:1] in (["python"], ["python3"]) and "pip" in words):
            return True
    return False
