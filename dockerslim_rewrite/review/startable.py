"""Why a script that the kernel started cannot be started any more: its mode, its first line, its line ends.

Sources: execve(2), EACCES, ENOENT and ENOEXEC, "Interpreter scripts"; Git, core.fileMode and core.autocrlf.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping

from ..context.project import FolderProject
from ..ir.build import Stage
from ..ir.steps import Step
from ..record import record
from .modes import settles


@record
class Sides:
    """What lies where in a stage, as context paths by image paths, before and after; with both stages, all ``steps``
    that make them, and contexts.
    """

    before: Mapping[str, str]
    after: Mapping[str, str]
    stages: tuple[Stage, Stage]
    steps: tuple[tuple[Step, ...], tuple[Step, ...]]
    old: FolderProject
    new: FolderProject


def not_startable(image: str, sides: Sides, *, kernel: bool = False) -> str | None:
    """Why what starts programs, or the *kernel* alone, without a shell, does not start the script at *image*, which it
    did; None where it does, or did not.
    """
    path = sides.after.get(image)
    if path is None or path != sides.before.get(image) or settles(sides.steps[1], image, path):
        return None
    text, was = sides.new.text(path), sides.old.text(path)
    if not _mode(sides.new, path) & 0o111 and (_mode(sides.old, path) & 0o111 or settles(sides.steps[0], image, path)):
        return f"{path} is not executable any more"
    if _is_windows(text) and not _is_windows(was):
        return f"the first line of {path} ends in a carriage return now, which belongs to the name of its interpreter"
    if kernel and text is not None and was is not None and was.startswith("#!"):
        return _without_interpreter(text, path, sides.new)
    return None


def misread(image: str, sides: Sides) -> str | None:
    """What a POSIX shell that reads the script at *image* finds in it now and did not: carriage returns, which are
    characters of words like any other.
    """
    path = sides.after.get(image)
    if path is None or path != sides.before.get(image) or settles(sides.steps[1], image, path):
        return None
    text, was = sides.new.text(path), sides.old.text(path)
    if text is None or was is None or "\r\n" in was or "\r\n" not in text:
        return None
    return f"the lines of {path} end in carriage returns now, which belong to its commands for a shell"


def _without_interpreter(text: str, path: str, project: FolderProject) -> str | None:
    """Why the kernel finds no interpreter in the *text* of the script *path*. A shell reads such a script itself."""
    # A mark is no part of the text that is read.
    marked = project.tree.by_path[path].size == len(text.encode("utf-8")) + len(codecs.BOM_UTF8)
    if not marked and text.startswith(("#!", "\x7fELF", "MZ")):
        return None
    if not text.lstrip().startswith("#!"):
        return f"{path} does not begin with #! any more"
    return f"{'a byte order mark stands' if marked else 'something stands'} before the #! of {path} now"


def _mode(project: FolderProject, path: str) -> int:
    found = project.tree.by_path.get(path)
    return 0 if found is None else found.mode


def _is_windows(text: str | None) -> bool:
    return text is not None and text.startswith("#!") and text.partition("\n")[0].endswith("\r")
