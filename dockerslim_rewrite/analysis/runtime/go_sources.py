"""What the sources of a Go program in the build context tell: whether it can do without C, and whether it opens files.

Source: the Go specification, "Import declarations"; cmd/cgo (`import "C"`); `go help packages` (a path whose first part
has no dot is one of the standard library).
"""

from __future__ import annotations

from ...knowledge.tables import table
from ...patterns import re
from ..project import Project

_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.S)
_IMPORT = re.compile(r"\bimport\s*+(?:\(([^()]*)\)|((?:[\w.]+\s+)?\"[^\"]+\"))")
_PATH = re.compile(r"\"([^\"]+)\"")
_STRING = re.compile(r"[\"`]([^\"`\n]{1,200})[\"`]")
#: Arguments that are all written out, up to the end of the call.
_WRITTEN = r"(?:\"[^\"\n]*\"|`[^`\n]*`)"
_LITERALS = re.compile(rf"\s*{_WRITTEN}(?:\s*,\s*{_WRITTEN})*(?:\s*,)?\s*\)")
_TYPES = re.compile(
    r"\bmime\.(?:TypeByExtension|ExtensionsByType)\b|\bhttp\.(?:FileServer|FileServerFS|ServeFile|ServeFileFS|ServeContent)\b"
    r"|\.(?:Static|StaticFS|StaticFile|StaticFileFS|ServeFiles|SendFile)\("
)
_ACCOUNTS = re.compile(r"\buser\.Lookup(?:Group)?\(")
_MODULE = re.compile(r"^module\s+(\S+)", re.M)


def module_of(text: str) -> str | None:
    """The path of the module that go.mod with the content *text* declares."""
    match = _MODULE.search(text)
    return match[1].strip('"') if match is not None else None


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
            if imported in ("plugin", "runtime/cgo"):
                return f"{path} imports {imported}, which needs C"
            own = module is not None and (imported == module[1] or imported.startswith(module[1] + "/"))
            if "." in imported.partition("/")[0] and not own:
                return f"{path} imports {imported}, which may use C"
    return None


def opened_files(project: Project) -> tuple[str, ...] | str:
    """The paths that the Go program in *project* opens when it runs, as its sources write them; a text says why others
    may be among them.

    They are known where all of its sources are there, none starts programs, loads plug-ins or opens what a variable
    names, and none imports a library that looks for files by itself. A string that names a file of the project counts
    as opened. What other libraries do by themselves is an assumption. ``go:embed`` puts files into the program.
    """
    if not project.complete:
        return "the build context was not read completely"
    sources = [file.path for file in project.files if file.path.endswith(".go") and not file.path.endswith("_test.go")]
    if not sources:
        return "the build context holds no Go source"
    known = table("go_files")
    calls = re.compile("|".join(known["calls"]))
    literal = re.compile("|".join(known["literal_calls"]))
    others = {file.path for file in project.files if not file.path.endswith((".go", "go.mod", "go.sum"))}
    names = {part for path in others for part in (path, *path.split("/"))}
    opened: dict[str, None] = {}
    for path in sources:
        text = project.text(path)
        if text is None:
            return f"{path} could not be read"
        bare = _COMMENT.sub(" ", text)
        for found in calls.finditer(bare):
            written = _LITERALS.match(bare, found.end()) if literal.match(found[0]) else None
            if written is None:
                return f"{path} calls {found[0].rstrip('(')}"
            opened.update(dict.fromkeys(_STRING.findall(written[0])))
        reader = next((one for one in _imports(text) if any(one.startswith(lib) for lib in known["libraries"])), None)
        if reader is not None:
            return f"{path} imports {reader}, which looks for files by itself"
        for word in _STRING.findall(bare):
            plain = word.removeprefix("./").strip("/")
            if plain and plain in names:
                opened[word] = None
    return tuple(opened)


def reads_types(project: Project) -> bool:
    """Whether the Go program in *project* may ask for the types of files by their names, as it does who serves them:
    what the language does not know itself the system's tables say. Source: package mime.
    """
    return _mentions(project, _TYPES)


def asks_for_accounts(project: Project) -> bool:
    """Whether the Go program in *project* may look up accounts by name. Source: package os/user."""
    return _mentions(project, _ACCOUNTS)


def _mentions(project: Project, pattern: re.Pattern[str]) -> bool:
    texts = (project.text(one.path) for one in project.files if one.path.endswith(".go"))
    return any(text is not None and pattern.search(_COMMENT.sub(" ", text)) for text in texts)


def _imports(text: str) -> list[str]:
    """The paths that a source imports, those in comments left out."""
    bare = _COMMENT.sub(" ", text)
    return [path for match in _IMPORT.finditer(bare) for path in _PATH.findall(match[1] or match[2])]
