"""Compiled programs: which language the sources of a program are in that a RUN builds."""

from __future__ import annotations

import posixpath
import re

from ..ir.build import Build
from ..knowledge.vocabulary import vocabularies
from ..shell.script import Script
from .tree import ContextTree
from .words import sources_of

#: What builds programs of a language, as a regular expression, and the files that tell the programs' names.
_BUILDERS = {
    "go": (r"go (?:build|install)", ("go.mod",)),
    "rust": (r"cargo (?:build|install)", ("Cargo.toml",)),
    "c": (
        r"(?:make|gmake|cmake|ninja|meson|gcc|g\+\+|cc|c\+\+|clang|clang\+\+)",
        ("CMakeLists.txt", "Makefile", "meson.build", "configure.ac"),
    ),
    "dotnet": (r"dotnet (?:publish|build)", ()),
}


def language_of(name: str, build: Build, tree: ContextTree) -> str | None:
    """The compiled language whose sources a RUN makes the program *name* of, by a command of its build tool."""
    sources = [language for language in _BUILDERS if sources_of(vocabularies()[language], tree.by_path)]
    for stage in build.stages:
        for run in stage.runs:
            script = run.body.script if run.body is not None else None
            for command in script.commands if isinstance(script, Script) else ():
                for language in sources:
                    tools, files = _BUILDERS[language]
                    text = " ".join(word or "" for word in command.argv)
                    if not re.search(rf"(?:\A|/){tools}\b", text):
                        continue
                    if re.search(rf"(?:\A|[\s/=]){re.escape(name)}(?:\s|\Z)", text) or _names(name, files, tree):
                        return language
    return None


def _names(name: str, files: tuple[str, ...], tree: ContextTree) -> bool:
    """Whether one of the build tool's *files* names a program *name*."""
    found = (tree.read(path) for path in tree.by_path if posixpath.basename(path) in files)
    word = re.compile(rf"(?:\A|[\s/\"'(=:]){re.escape(name)}(?:[\s\"'):]|\Z)")
    return any(text is not None and word.search(text) for text in found)
