"""The state in which each step runs: environment, build arguments, working directory, user, shell.

Source: the Dockerfile reference; a stage starts with the state its base stage ends with, ARG apart.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache

from ...ir.build import Build, Stage
from ...ir.expansion import MAX_LENGTH
from ...ir.steps import Arg, Env, Shell, Step, Value
from ...patterns import re
from ...record import evolve, record
from ...text.paths import LONGEST
from .environment import Environment, Names

_VARIABLE = re.compile(r"\$\{?[A-Za-z_]")
#: Characters of values up to which a result is kept for the next one who asks.
_REMEMBERED = 4096
_ROOT = re.compile(r"(?:root|0)(?::(?:root|0))?\Z")


@record
class State:
    """What a step finds. Values that depend on a build argument or on the base image are None.

    ``env`` holds ENV of this build in force, ``args`` the names in ARG scope. ``workdir`` is None when the base image
    decides; ``user`` is None until a USER is seen (official base images run as root, and say so where not).
    """

    env: Environment
    args: Names
    workdir: str | None
    user: str | None
    shell: tuple[str, ...] | None

    @property
    def exported(self) -> frozenset[str]:
        """The names that commands find in their environment through ENV or ARG."""
        return frozenset(self.args) | frozenset(self.env)

    @property
    def constants(self) -> dict[str, str]:
        """The variables whose values are known and that no build argument can change."""
        return {name: value for name, value in self.env.items() if value is not None and name not in self.args}

    @property
    def may_be_root(self) -> bool:
        """False when a USER other than root is in force."""
        return self.user is None or bool(_ROOT.match(self.user))

    @property
    def errexit(self) -> bool:
        """Whether the SHELL in force runs bodies under ``-e``."""
        return any(re.match(r"-[a-z]*e", word) for word in (self.shell or ())[1:])


def _start() -> State:
    return State(Environment(), Names(), None, None, None)


def states(build: Build) -> list[State]:
    """The state before each step of *build*, indexed by ``step.index``."""
    found: list[State] = []
    ends: dict[str, State] = {}
    start = _start()
    for _ in build.preamble:
        found.append(start)
    for stage in build.stages:
        state = ends.get(stage.head.image.lower()) or _start()
        state = evolve(state, args=Names())
        found.append(state)
        for step in stage.steps:
            found.append(state)
            state = after(state, step)
        if stage.head.alias:
            ends[stage.name] = state
    return found


def after(state: State, step: Step) -> State:
    """The state behind *step*."""
    if isinstance(step, Env):
        values = [(pair.key, expand(pair.value or "", state, legacy=pair.legacy)) for pair in step.pairs]
        return evolve(state, env=state.env.having(values))
    if isinstance(step, Arg):
        return evolve(state, args=state.args.having(pair.key for pair in step.pairs))
    if isinstance(step, Shell):
        return evolve(state, shell=step.argv)
    if isinstance(step, Value) and step.keyword == "WORKDIR":
        return evolve(state, workdir=_workdir(state, step))
    if isinstance(step, Value) and step.keyword == "USER":
        return evolve(state, user=expand(step.value, state) or "?")
    return state


def _workdir(state: State, step: Value) -> str | None:
    path = expand(step.value, state)
    if path is None:
        return None
    path = posixpath.join(state.workdir or "", path)
    # No system has a longer one, and each instruction may make it longer.
    return posixpath.normpath(path) if path.startswith("/") and len(path) <= LONGEST else None


def expand(text: str, state: State, *, legacy: bool = False) -> str | None:
    """*text* of an instruction with quotes removed and ENV substituted; None when a value is not known here."""
    if not _VARIABLE.search(text):
        return _unquoted(text)
    named = re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text)
    if "${" in text and re.search(r"\$\{[A-Za-z0-9_]+[^A-Za-z0-9_}]", text):
        return None
    values = {name: state.env.get(name) for name in dict.fromkeys(named)}
    if any(value is None for value in values.values()):
        return None
    length = sum(len(values[name] or "") for name in named)
    if length > MAX_LENGTH:
        return None
    known = tuple(sorted((name, value or "") for name, value in values.items()))
    return (substitute if length < _REMEMBERED else _substituted)(text, known)


@lru_cache(maxsize=1024)
def _unquoted(text: str) -> str | None:
    if not re.search(r"[\\\"'$`]", text):
        return text
    return substitute(text, ())


@lru_cache(maxsize=1024)
def substitute(text: str, env: tuple[tuple[str, str], ...]) -> str:
    """*text* with quotes removed and the variables of *env* put in, by dockerfile-parse's reading of Docker's rules."""
    return _substituted(text, env)


def _substituted(text: str, env: tuple[tuple[str, str], ...]) -> str:
    from dockerfile_parse.util import WordSplitter

    return " ".join(WordSplitter(text, envs=dict(env)).split())


def stage_state(stage: Stage, found: list[State]) -> State:
    """The state at the end of *stage*, from the list that ``states`` gave."""
    last = stage.steps[-1] if stage.steps else stage.head
    return after(found[last.index], last)
