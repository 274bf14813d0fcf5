"""Programs that are installed below a prefix ship without their sources, and without libraries that they do not use."""

from __future__ import annotations

import posixpath

from ...analysis.runtime.native_build import build_texts, compiles, leads_back, not_linked
from ...analysis.runtime.opened import opens_files
from ...change import LeavesUnread
from ...ir.steps import Copy
from ...patterns import re
from ...record import evolve
from .left_sources import copied_folders, mixed, names_files
from .split_project import Project, Target

#: Words by which a command leads from what is built to where it was built.
_BACK = re.compile(r"rpath|\$\{?PWD\b|\$\(pwd\)|`pwd`|\bDESTDIR=")
#: Commands that bring sources from elsewhere than the build context.
_FETCHING = frozenset(
    (
        "git",
        "svn",
        "hg",
        "curl",
        "wget",
        "tar",
        "unzip",
        "7z",
        "bunzip2",
        "pip",
        "pip3",
        "npm",
        "cargo",
        "go",
        "conan",
        "vcpkg",
    )
)
#: Commands of a build that lead from what is installed to nothing else.
_BUILDING = frozenset(
    (
        "make", "gmake", "ninja", "cmake", "meson", "autoreconf", "autoconf", "automake", "aclocal", "libtoolize",
        "autoheader", "configure", "autogen.sh", "bootstrap", "bootstrap.sh", "apt-get", "apt", "apk", "cd", "rm",
        "mkdir", "echo", "set", "export", "true", "nproc", "strip", "ldconfig", "ls", "chmod", "test", "[", "getconf",
    )
)  # fmt: skip


def unlinked(project: Project) -> frozenset[str]:
    """The packages of libraries that come with the build tools of *project*, and to which it links nothing."""
    context, ships = project.facts.project, project.shipping
    elsewhere = any(
        isinstance(step, Copy)
        and (step.keyword == "ADD" or step.origin.flag("from") is not None or step.origin.heredocs)
        for step in project.stage.steps
    )
    fetched = any(call.name in _FETCHING for call in project.facts.calls(project.stage))
    unread = any(project.facts.script(run) is None for run in project.stage.runs)
    if context is None or elsewhere or fetched or unread or not copied_folders(project, whole=False):
        return frozenset()
    written = {package.name for package in ships.packages}
    return not_linked(context, project.build.text) - written


def prefix_alone(target: Target, project: Project) -> Target:
    """*target* without the sources, where the program was installed elsewhere and opens no file of them."""
    context, folder = project.facts.project, project.folder
    places = tuple(one.path for one in project.shipping.places)
    sources = copied_folders(project, whole=True)
    leaves = tuple(one for one in places if one in sources)
    rest = tuple(one for one in places if one not in leaves)
    if context is None or folder is None or not leaves or not rest or len(project.starting.programs) != 1:
        return target
    started = project.starting.programs[0].name
    name = posixpath.basename(started)
    path = posixpath.normpath(posixpath.join(folder, started))
    if "/" in started and not any(path.startswith(f"{one}/") for one in rest):
        return target
    calls = {call.name for call in project.facts.calls(project.stage)}
    unread = any(project.facts.script(run) is None for run in project.stage.runs)
    if not calls <= _BUILDING or unread or mixed(project, leaves) or names_files(project, leaves):
        return target
    texts = build_texts(context)
    if any(_BACK.search(run.origin.args) or _named(run.origin.args, leaves) for run in project.stage.runs):
        return target
    names = (file.path for file in context.files if posixpath.basename(file.path).partition(".")[0] == name)
    own = any(_other(one) for one in names)
    if texts is None or own or not compiles(texts, name) or leads_back(texts) is not None:
        return target
    if opens_files(context, "native", context.copied(project.build)[-1], leaves, folder) is not None:
        return target
    why = f"{target.why}; {name} is installed, and opens no file of {' and '.join(leaves)}"
    return evolve(target, places=rest, why=why, claims=(*target.claims, LeavesUnread("program", leaves)))


def _named(text: str, folders: tuple[str, ...]) -> bool:
    """Whether *text* names a file in one of *folders*, as options do that a program is compiled with."""
    return any(re.search(rf"(?<![\w./-]){re.escape(one)}/\w", text) for one in folders)


def _other(path: str) -> bool:
    """Whether the file at *path* may be the program itself, or what a script is made of."""
    return path.endswith((".in", ".sh", ".py", ".pl", ".rb", ".tcl", ".lua")) or "." not in posixpath.basename(path)
