"""What the files that tell how a program in C or C++ is built say of it: its name, and what it is not linked to.

What is looked for is data (``knowledge/data/native_files.toml``), with its sources.
"""

from __future__ import annotations

from ...knowledge.tables import table
from ...patterns import re
from ..project import Project

#: What says in which file that a program is compiled and installed.
_MADE = (
    (r".*\.am", (r"(?m)^s?bin_PROGRAMS\s*\+?=.*{whole}",)),
    (
        r"CMakeLists\.txt",
        (r"(?i)\badd_executable\s*\(\s*{word}\s", r"(?i)\binstall\s*\(\s*(?:TARGETS|PROGRAMS)\s[^()]*{whole}"),
    ),
    (r"meson\.build", (r"\bexecutable\s*\(\s*'{word}'[^()]*install\s*:\s*true",)),
    (
        r"(?:GNU)?[Mm]akefile",
        (
            r"(?m)^{word}\s*:(?!=)[^\n]*\n(?:\t[^\n]*\n)*?\t[^\n]*(?:\$[({{](?:CC|CXX)[)}}]|\bg?cc\b|\bg\+\+)",
            r"(?m)^\t.*\b(?:install|cp)\b.*{whole}",
        ),
    ),
)
#: Longer ones are made by programs.
_LONGEST, _LINE = 400_000, 1_000
#: Where Makefiles and CMakeLists.txt say by an absolute path to install to.
_DESTINATION = re.compile(
    r"(?m)^[^\S\n]*+(?:export[^\S\n]+|override[^\S\n]+)*+(?:PREFIX|prefix|exec_prefix|BINDIR|bindir|LIBDIR|libdir|INSTALL_DIR)\s*+[?:]*=\s*+(/\S*)"
    r"|^\t.{0,500}\b(?:install|cp|mv)\b[^\n|;&]{0,500}\s\"?(/[\w./-]+)\"?\s*$"
    r"|\bCMAKE_INSTALL_PREFIX\s+\"?(/[\w./-]+)|\bDESTINATION\s+\"?(/[\w./-]+)"
)
#: Files that a linker takes as they are.
_LINKED = re.compile(r".*\.(?:so(?:\.[\d.]+)?|a|o|la|lib)")


def build_texts(project: Project) -> dict[str, str] | None:
    """The texts of the files of *project* that tell how it is built; None where not all could be read."""
    known = table("native_files")
    found: dict[str, str] = {}
    paths = [file.path for file in project.files]
    if any(re.fullmatch(known["generated"], path) for path in paths) and not any(
        path.endswith(("configure.ac", "configure.in")) for path in paths
    ):
        return None
    for path in paths:
        if re.fullmatch(known["generated"], path) or not re.fullmatch(known["build_files"], path):
            continue
        text = project.text(path)
        if text is None or len(text) > _LONGEST or any(len(line) > _LINE for line in text.split("\n")):
            return None
        found[path] = text
    return found


def leads_back(texts: dict[str, str]) -> str | None:
    """What in the build files *texts* may lead from what is installed back to the sources; None where nothing does."""
    leads = re.compile("|".join(table("native_files")["build_leads"]))
    for path, text in texts.items():
        match = leads.search(text)
        if match is not None:
            return f"{path} has {' '.join(match[0].split())[:40]}"
    return None


def is_makefile(path: str) -> bool:
    """Whether the context path *path* is that of a file which may say where the project is installed."""
    folder, _, file = path.rpartition("/")
    return folder in ("", "src") and re.fullmatch(r"(?:GNU)?[Mm]akefile|CMakeLists\.txt", file) is not None


def installs_elsewhere(texts: dict[str, str]) -> str | None:
    """The directory, outside of the usual prefix, that a Makefile or CMakeLists.txt of *texts* names to install to;
    None where none does.
    """
    for path, text in texts.items():
        if not is_makefile(path):
            continue
        for match in _DESTINATION.finditer(text):
            place = next(one for one in match.groups() if one is not None)
            if not re.match(r"/(?:usr/local|tmp|dev)(?:/|\Z)", place):
                return place
    return None


def compiles(texts: dict[str, str], name: str) -> bool:
    """Whether the build files *texts* say that the program *name* is compiled and installed."""
    word = re.escape(name)
    whole = rf"(?<![\w.-]){word}(?![\w.-])"
    for path, text in texts.items():
        folder, _, file = path.rpartition("/")
        if folder not in ("", "src"):
            continue
        bare = re.sub(r"(?m)#.*$", "", text).replace("\\\n", " ")
        patterns = next((found for pattern, found in _MADE if re.fullmatch(pattern, file)), ())
        if patterns and all(re.search(one.format(word=word, whole=whole), bare) for one in patterns):
            return True
    return False


def not_linked(project: Project, dockerfile: str) -> frozenset[str]:
    """The packages of libraries that come with build tools, and to which nothing in *project* is linked.

    *dockerfile* may give options to compilers as well. None are where not all could be read.
    """
    texts = build_texts(project) if project.complete else None
    known = table("native_files")
    if texts is None or any(_LINKED.fullmatch(file.path) for file in project.files):
        return frozenset()
    read = {**texts, "Dockerfile": dockerfile}
    for file in project.files:
        if re.fullmatch(known["foreign"], file.path):
            return frozenset()
        if file.path.endswith(tuple(known["suffixes"])):
            text = project.text(file.path)
            if text is None:
                return frozenset()
            read[file.path] = text
    if len(read) == 1:
        return frozenset()
    whole = "\n".join(read.values())
    return frozenset(name for name, pattern in known["brought"].items() if not re.search(pattern, whole, re.I))
