"""A virtual environment for what pip installs, so that all of it ships as one directory and nothing else does."""

from __future__ import annotations

import posixpath

from ...analysis.locked import FILE_NAME
from ...analysis.shell.operations import Kind
from ...analysis.usage import Container
from ...change import AddsInstruction
from ...ir.steps import Env, Run, Shell, Step
from ...patterns import re
from ...record import record
from ...render.instructions import instruction
from ...text import Edit
from ..instructions.lines import line_behind
from .split_project import Project

#: Where it goes: named by nothing, and empty in the images of Python.
PLACE = "/opt/venv"
_PIP = frozenset(("pip", "pip3", "python", "python3"))
#: Managers that keep environments of their own, or install beside pip's.
_OTHERS = frozenset(("uv", "poetry", "pipenv", "pdm", "conda", "hatch", "pipx"))
_ELSEWHERE = ("--user", "--target", "-t", "--prefix", "--root", "--python", "--no-build-isolation", "--no-deps-from")
#: Text that speaks of the interpreter's own directories, of an environment, or of what would not look there.
_NAMED = re.compile(
    r"/usr/local/lib/python|site-packages|dist-packages|/usr/local/bin/|/opt/venv|\bvenv\b|\bvirtualenv\b"
    r"|\bPYTHONHOME\b|\bVIRTUAL_ENV\b|\bPYTHONUSERBASE\b|\bPIP_(?:TARGET|PREFIX|USER|ROOT|PYTHON)\b|\bsetup\.py\b"
    r"|\bensurepip\b|\b(?:sudo|su|cron|crond|runuser)\b|\bpip3?\.\d"
)
#: A login shell, which begins with a PATH of its own, as a command line or in JSON form.
_LOGIN = re.compile(r"\b(?:ba|da|z|k)?sh[\"',\s]+(?:-\w*l\w*\b|--login\b)")
#: Programs that start others with a PATH of their own.
_RESET = frozenset(("su", "sudo", "cron", "crond", "runuser", "sshd", "login", "systemd"))
_MOST_FILES = 400


@record
class Environment:
    """The lines that make it, the edit that puts them in front of the first installation, and what they claim."""

    edits: tuple[Edit, ...]
    claims: tuple[AddsInstruction, ...]
    path: str


def virtual_environment(project: Project) -> Environment | None:
    """The virtual environment that what pip installs in *project* can go to; None where it cannot for certain."""
    first = _first(project)
    # Python 2 has no module venv.
    third = (project.image.parts.version or "").split(".")[0] == "3"
    if first is None or not third or project.recipe.name != "split-python" or not _plain(project):
        return None
    path = instruction("ENV", f"PATH={PLACE}/bin:$PATH", project.facts.templates)
    lines = [instruction("RUN", f"python -m venv {PLACE}", project.facts.templates), path]
    if project.stage.head.origin.text.lstrip()[:4].islower():
        lines = [line[:3].lower() + line[3:] for line in lines]
    at = project.stage.steps.index(first)
    before: Step = project.stage.steps[at - 1] if at else project.stage.head
    newline = project.build.document.style.newline
    edit = line_behind(before, newline.join(lines), project.build, project.facts)
    claims = (AddsInstruction("RUN", lines[0]), AddsInstruction("ENV", lines[1]))
    return Environment((edit,), claims, path)


def _first(project: Project) -> Run | None:
    """The first RUN that pip installs in; None where something else installs packages of Python as well."""
    found: list[Run] = []
    for run in project.stage.runs:
        for use in project.facts.uses(run):
            name = use.operation.manager.name
            if name in _OTHERS:
                return None
            if name != "pip" or use.operation.kind not in (Kind.INSTALL, Kind.UPGRADE, Kind.REMOVE):
                continue
            words = [word.text for word in use.command.words[:1]]
            if not _PIP.issuperset(words) or use.operation.has_flag(*_ELSEWHERE) or not use.operation.certain:
                return None
            if not project.facts.state(run).may_be_root:
                return None
            found.append(run)
    return found[0] if found else None


def _plain(project: Project) -> bool:
    """Whether nothing names what the environment takes the place of, or starts programs with a PATH of its own."""
    for step in project.stage.steps:
        if _NAMED.search(step.origin.text) or _LOGIN.search(step.origin.text):
            return False
        if isinstance(step, Env):
            for pair in step.pairs:
                if pair.key == "PATH" and not re.search(r"\$\{?PATH\b", pair.value or ""):
                    return False
        if isinstance(step, Shell) and any(word.startswith("-l") or word == "--login" for word in step.argv):
            return False
    if not _RESET.isdisjoint(posixpath.basename(one.name) for one in project.starting.programs):
        return False
    context = project.facts.project
    if context is None or len(context.files) > _MOST_FILES or not all(map(_finds, context.usage.containers)):
        return False
    texts = (context.text(file.path) or "" for file in context.files if file.path != FILE_NAME)
    return not any(_ELSEWHERE_NAMED.search(text) or _LOGIN.search(text) for text in texts)


#: Where files of the project look for what the environment takes the place of.
_ELSEWHERE_NAMED = re.compile(r"/usr/local/lib/python|/usr/local/bin/")


def _finds(container: Container) -> bool:
    """Whether *container* looks for programs where the image does."""
    lines = (container.entrypoint or (), container.command or (), *(words for words, _ in container.checks))
    if container.path_set or any(None in line for line in lines):
        return False
    texts = [" ".join(map(str, line)) for line in lines]
    return not any(_ELSEWHERE_NAMED.search(text) or _LOGIN.search(text) for text in texts)
