"""Whether a Go program in the build context can do without C: then CGO_ENABLED=0 changes nothing but its libraries.

Source: the Go specification, "Import declarations"; cmd/cgo (`import "C"`); `go help packages` (a path whose first part
has no dot is one of the standard library).
"""

from __future__ import annotations

import re

from ..project import Project

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_IMPORT = re.compile(r"\bimport\s*(?:\(([^)]*)\)|((?:[\w.]+\s+)?\"[^\"]+\"))")
_PATH = re.compile(r"\"([^\"]+)\"")
_MODULE = re.compile(r"^module\s+(\S+)", re.M)


def may_need_c(project: Project) -> str | None:
    """Why the Go program in *project* may be linked to C libraries; None when it surely is not.

    It is not where every source that is sent to the build imports only the standard library and packages of its own
    module, and none of them is ``C``. The standard library's own use of C (names of hosts and users) has a substitute.
    """
    if not project.complete:
        return "the build context was not read completely"
    manifest = project.text("go.mod")
    module = _MODULE.search(manifest or "")
    sources = [file.path for file in project.files if file.path.endswith(".go") and not file.path.endswith("_test.go")]
    if not sources:
        return "the build context holds no Go source"
    for path in sources:
        text = project.text(path)
        if text is None:
            return f"{path} could not be read"
        for imported in _imports(text):
            if imported == "C":
                return f"{path} uses C"
            own = module is not None and (imported == module[1] or imported.startswith(module[1] + "/"))
            if "." in imported.partition("/")[0] and not own:
                return f"{path} imports {imported}, which may use C"
    return None


def _imports(text: str) -> list[str]:
    """The paths that a source imports, those in comments left out."""
    bare = _COMMENT.sub(" ", text)
    return [path for match in _IMPORT.finditer(bare) for path in _PATH.findall(match[1] or match[2])]
