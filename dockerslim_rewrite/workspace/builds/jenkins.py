"""Builds in Jenkinsfiles: shell steps, images that are built, and Dockerfile agents. Groovy itself is not run.

Sources: Jenkins, "Docker Pipeline"; "Pipeline Syntax", agent; "Pipeline: Nodes and Processes", ``sh``; Apache Groovy
documentation, "Comments", "Strings".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from ...knowledge.build_commands import names_a_builder
from ...patterns import re
from ...text.lines import line_at
from ..repository import Repository, joined
from .found import FoundBuild, Text, Unknown
from .shell_scripts import ScriptReader
from .shell_values import stand_in

_SHELL_STEP = re.compile(
    r"""\bsh\s*+\(?\s*+(?:(?:label|encoding|returnStdout|returnStatus)\s*+:\s*+(?:'[^'\n]*+'|"[^"\n]*+"|\w++)\s*+,\s*+)*+"""
    r"""(?:script\s*+:\s*+)?('''|\"\"\"|'|")(.*?)\1""",
    re.S,
)
_DOCKER_STEP = re.compile(
    r"""\bdocker\.build\s*+\(?\s*+(['"])(?P<tag>[^'"\n]*+)\1(?:\s*+,\s*+(['"])(?P<rest>[^'"\n]*+)\3)?"""
)
_AGENT = re.compile(r"\bdockerfile\s*+(?:\{(?P<fields>[^{}]*+)\}|true\b)")
_FIELD = re.compile(r"""\b(?P<name>filename|dir|additionalBuildArgs)\s++(['"])(?P<value>[^'"\n]*+)\2""")
_FOLDER = re.compile(r"""\bdir\s*+\(\s*+(['"])([^'"\n]*+)\1\s*+\)\s*+\{""")
#: What Groovy puts into a text that no shell could: ``${env.TAG}``.
_GROOVY = re.compile(r"\$\{[^{}\w]*+\w++[.(\[][^{}]*+\}")
#: Strings, in which comments do not begin, up to the quote that ends them if there is one, and comments.
_COMMENT = re.compile(
    r"""'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)|'(?:\\.|[^'\\\n])*+'?|"(?:\\.|[^"\\\n])*+"?|(?P<comment>//[^\n]*+|/\*.*?(?:\*/|\Z))""",
    re.S,
)
_NO_BREAK = re.compile(r"[^\n]")
#: Of so many steps in a file the directory is looked for.
_MOST_STEPS = 200


def jenkinsfile(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the Jenkinsfile *path*: its ``sh`` steps, ``docker.build``, and agents that are Dockerfiles."""
    text = _COMMENT.sub(_blank, repository.read(path) or "")
    for found, (at, command) in enumerate(_commands(text)):
        line = line_at(text, at)
        home = _folder(text, at) if found < _MOST_STEPS else Unknown("dir")
        foreign: dict[str, Text] = {}
        shell = _GROOVY.sub(partial(_stood_in, foreign), command)
        yield from ScriptReader(repository, "jenkins", path, line, [home], foreign).read(shell)


def _blank(match: re.Match[str]) -> str:
    """A comment as blanks, so that lines stay; a string as it is."""
    return match[0] if match["comment"] is None else _NO_BREAK.sub(" ", match[0])


def _stood_in(foreign: dict[str, Text], match: re.Match[str]) -> str:
    return stand_in(match[0], foreign)


def _commands(text: str) -> Iterator[tuple[int, str]]:
    """Where in *text* something is built, and the shell's command for it."""
    for match in _SHELL_STEP.finditer(text):
        if names_a_builder(match[2]):
            yield match.start(2), match[2]
    for match in _DOCKER_STEP.finditer(text):
        yield match.start(), f'docker build -t "{match["tag"]}" {match["rest"] or "."}'
    for match in _AGENT.finditer(text):
        told = {one["name"]: one["value"] for one in _FIELD.finditer(match["fields"] or "")}
        where = told.get("dir") or "."
        name = posixpath.join(where, told.get("filename") or "Dockerfile")
        yield match.start(), f"docker build -f '{name}' {told.get('additionalBuildArgs', '')} '{where}'"


def _folder(text: str, at: int) -> Text:
    """The directory of the ``dir`` blocks of *text* that hold the step at *at*."""
    home = ""
    for match in _FOLDER.finditer(text, 0, at):
        depth = 1
        for one in re.finditer(r"[{}]", text[match.end() : at]):
            depth += 1 if one[0] == "{" else -1
            if depth == 0:
                break
        if depth > 0:
            if "$" in match[2] or match[2].startswith("/"):
                return Unknown(match[2])
            home = joined(home, match[2])
    return home
