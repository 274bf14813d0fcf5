"""Python programs and servers of Python applications that a container starts."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Sequence

from ..analysis.project import Doubt, Evidence, Listener, Need, WriteKind, WrittenPath
from ..knowledge.processes import Server, server_named
from ..knowledge.python_calls import python_calls
from ..patterns import re
from ..shell.arguments import split
from ..text.numbers import small_number
from .following import Following, Words
from .python.modules import Reader
from .python.values import UNKNOWN, Evaluator, Started
from .started import in_command, in_line

#: Where what Python loads by itself is looked for.
_SITES = re.compile(r"/(?:site|dist)-packages\Z")
#: The port in ``host:port``, or alone.
_PORT = re.compile(r"(?:.*:)?(\d+)\Z")
_UNIX = re.compile(r"unix:(?://(?=/))?(.*)")


def follow_python(follower: Following, argv: Words, cwd: str | None, where: Evidence) -> None:
    """Follow an interpreter: the script or module in its words."""
    index = 1
    while index < len(argv):
        word = argv[index]
        if word in ("-W", "-X"):
            index += 2
        elif word == "-m":
            _python_module(follower, argv[index + 1 :], cwd, where)
            return
        elif word == "-c":
            code = argv[index + 1] if index + 1 < len(argv) else None
            if code is None:
                follower.doubt("the code that Python runs is known only when it runs", where, blind=True)
            else:
                _modules(follower, [follower.modules.inline(code)], _roots(follower, cwd), cwd)
            return
        elif word is not None and word.startswith("-"):
            index += 1
        else:
            break
    script = argv[index] if index < len(argv) else None
    context = follower.placed_file(script, cwd)
    if script is None or context is None:
        follower.doubt(
            f"{script} is not copied into the image" if script else "what Python runs has no fixed name",
            where,
            blind=True,
        )
        return
    verb = argv[index + 1] if index + 1 < len(argv) else None
    if posixpath.basename(script) == "manage.py" and verb in ("runserver", "runserver_plus"):
        _address(follower, argv[index + 2] if index + 2 < len(argv) else "8000", "Django", where)
    if posixpath.basename(script) == "manage.py" and verb in python_calls()["manage"]["writing"]:
        follower.doubt(f"manage.py {verb} writes files into the project, where root copied it", where, blind=True)
    if posixpath.basename(script) == "manage.py" and verb in python_calls()["manage"]["collecting"]:
        folder = posixpath.normpath(posixpath.join(cwd or "/", posixpath.dirname(script)))
        what = f"what manage.py {verb} collects"
        follower.writes.append(WrittenPath(None, folder, WriteKind.POSSIBLE, what, where))
    roots = [posixpath.dirname(context)]
    _modules(follower, [context], [*roots, *_roots(follower, cwd)], cwd)


def _python_module(follower: Following, argv: Words, cwd: str | None, where: Evidence) -> None:
    name = argv[0] if argv else None
    if name is None:
        follower.doubt("the module that Python runs is known only when it runs", where, blind=True)
        return
    server = server_named(name)
    if server is not None:
        follow_server(follower, name, server, argv, cwd, where)
    elif name == "http.server":
        _address(follower, next((word for word in argv[1:] if word and word.isdigit()), "8000"), name, where)
    else:
        reader = _reader(follower, _roots(follower, cwd), cwd)
        entries = [path for module in (name, f"{name}.__main__") if (path := reader.module(module))]
        if not entries:
            follower.doubt(f"the module {name} is not in the context", where, blind=True)
        _modules(follower, entries, _roots(follower, cwd), cwd)


def _roots(follower: Following, cwd: str | None, more: Sequence[str] = ()) -> list[str]:
    """The context paths of the folders that modules are found in: *more*, the working directory, and PYTHONPATH."""
    folders = [*more, cwd or "/", *(follower.environment.get("PYTHONPATH") or "").split(":")]
    roots: list[str] = []
    folders += _installed_from(follower, cwd)
    for folder in folders:
        prefix = posixpath.normpath(folder).rstrip("/") + "/" if folder else None
        for image, context in follower.placed.context_of.items():
            if prefix and image.startswith(prefix) and context.endswith(image[len(prefix) :]):
                roots.append(context[: len(context) - len(image[len(prefix) :])].rstrip("/"))
    return list(dict.fromkeys(roots))


def _installed_from(follower: Following, cwd: str | None) -> list[str]:
    """The directory that the project in *cwd* is installed from, where it keeps its packages apart from all else.

    A program whose modules are found nowhere else starts only because they were installed. Source: PyPA, "src layout".
    """
    here = cwd or "/"
    place = posixpath.normpath(posixpath.join(here, "src"))
    named = any(posixpath.join(here, name) in follower.placed.context_of for name in ("pyproject.toml", "setup.py"))
    told = (follower.environment.get("PYTHONPATH") or "").split(":")
    found = any(posixpath.normpath(posixpath.join(here, one)) == place for one in told if one)
    return [place] if named and not found else []


def _reader(follower: Following, roots: Sequence[str], cwd: str | None) -> Reader:
    files = frozenset(follower.placed.image_of)
    image = follower.placed.image_of.get
    return Reader(follower.modules, files, image, cwd, tuple(dict.fromkeys(roots)), follower.environment)


def _modules(follower: Following, entries: Sequence[str], roots: Sequence[str], cwd: str | None) -> None:
    key = ("python", tuple(entries), cwd)
    if key in follower.seen or not entries:
        return
    follower.seen.add(key)
    entries = [*entries, *_by_itself(follower, cwd)]
    if not follower.tree.complete:
        follower.doubt("the context is too large to be read completely", Evidence("", 0))
    # Where the files lie, and not what else the Dockerfile says, tells what they reach.
    about = (frozenset(follower.placed.image_of.items()), frozenset(follower.environment.items()), cwd, tuple(roots))
    found = follower.modules.recall(about, tuple(entries), lambda: _reader(follower, roots, cwd).reach(entries))
    follower.add(found.behaviour)
    _copied_elsewhere(follower, found.behaviour.followed, cwd)
    known = len(follower.doubts)
    for ran in found.runs:
        if ran.line is not None:
            follower.programs += in_line(ran.line, ran.evidence)
        else:
            follower.programs += in_command(ran.words or (None,), ran.evidence)
        if ran.line is not None:
            follower.script(ran.line, cwd, ran.evidence, 1, line=ran.evidence.line)
        elif ran.words:
            follower.program(ran.words, cwd, ran.evidence, 1)
        else:
            follower.doubt("it runs a program that the code computes", ran.evidence)
    # What a known program starts besides is a part of what it does.
    follower.doubts[known:] = [Doubt(doubt.reason, doubt.evidence) for doubt in follower.doubts[known:]]


def _copied_elsewhere(follower: Following, followed: Sequence[str], cwd: str | None) -> None:
    """Doubt what modules do beside their own files that run where they were installed, and not where they lie."""
    places = _installed_from(follower, cwd)
    images = follower.placed.image_of
    for path in followed:
        image = images.get(path) or ""
        if not any(image.startswith(f"{place}/") for place in places):
            continue
        own = "__file__" in (follower.tree.read(path) or "")
        where = Evidence(path, 1)
        if own:
            follower.doubt("what it does beside its own file, it does where that was installed", where, blind=True)
            return
        follower.doubt("it runs where it was installed", where)


def _by_itself(follower: Following, cwd: str | None) -> list[str]:
    """What Python loads whatever it is told. Source: Python library reference, "site"."""
    told = (follower.environment.get("PYTHONPATH") or "").split(":")
    folders = {posixpath.normpath(posixpath.join(cwd or "/", one)) for one in told if one}
    found: list[str] = []
    for image, context in follower.placed.context_of.items():
        folder, name = posixpath.split(image)
        installed = _SITES.search(folder) is not None
        if name in ("sitecustomize.py", "usercustomize.py") and (installed or folder in folders):
            found.append(context)
        elif installed and name.endswith(".pth"):
            lines = (follower.tree.read(context) or "").splitlines()
            code = "\n".join(line for line in lines if line.startswith(("import ", "import\t")))
            if code:
                found.append(follower.modules.inline(code))
    return found


def follow_server(
    follower: Following, name: str, server: Server, argv: Words, cwd: str | None, where: Evidence
) -> None:
    """Follow a server of applications: its address, its configuration, and the application that it serves."""
    more = follower.environment.get(server.arguments_variable) if server.arguments_variable else None
    argv = (*argv, *(more or "").split())
    arguments = split(argv, 1, server.values)
    if not arguments.certain:
        follower.doubt(f"words of {name} are known only when it runs", where, blind=True)
    told = _Told(str(server.port), cwd)
    for flag in arguments.flags:
        if flag.name in server.options or flag.name in server.address:
            _socket(follower, flag.value, cwd, where)
            told.port = flag.value
        elif flag.name in server.sockets:
            told.port = f"unix:{flag.value or ''}"
            _socket(follower, told.port, cwd, where)
        elif flag.name in server.path and flag.value is not None:
            told.more += flag.value.split(",")
        elif flag.name in server.folder and flag.value is not None:
            told.cwd = cwd = posixpath.normpath(posixpath.join(cwd or "/", flag.value))
        elif flag.name in server.writes and flag.value not in ("-", None):
            follower.write(flag.value, WriteKind.LOG, f"{flag.name} {flag.value}", cwd, where)
        elif flag.name in server.refuses:
            follower.need(Need.DROPS, f"{name} {flag.name}", where)
    config = next((flag.value for flag in arguments.flags if flag.name in server.config), None)
    entries: list[str] = []
    if config is not None or (name == "gunicorn" and follower.placed_file("gunicorn.conf.py", cwd)):
        context = follower.placed_file((config or "gunicorn.conf.py").removeprefix("file:"), cwd)
        if context is None:
            follower.doubt(f"the configuration {config} is not in the context", where, blind=True)
        else:
            entries.append(context)
            _configured(follower, server, context, told)
    cwd = told.cwd
    _address(follower, told.port, name, where)
    roots = _roots(follower, cwd, [posixpath.join(cwd or "/", one.strip()) for one in told.more])
    reader = _reader(follower, roots, cwd)
    named = _application(follower, name, server, argv, arguments.operands, cwd) or told.module
    module = reader.module(named.partition(":")[0]) if named else None
    if module is None:
        follower.doubt(f"the application of {name} is not in the context", where, blind=True)
    else:
        entries.append(module)
    _modules(follower, entries, roots, cwd)


def _application(
    follower: Following, name: str, server: Server, argv: Words, operands: Sequence[int], cwd: str | None
) -> str | None:
    """The module that a server is told to serve, as its name."""
    if server.module == "operand":
        return next((argv[index] for index in operands), None)
    if server.module == "django":
        return follower.environment.get("DJANGO_SETTINGS_MODULE")
    if server.module == "script":
        words = [argv[index] for index in operands if argv[index] not in ("run", "dev")]
        return (words[0] or "").removesuffix(".py").replace("/", ".") if words else None
    flags = split(argv, 1, server.values).flags
    given = next((flag.value for flag in flags if flag.name in server.application), None)
    given = given or follower.environment.get("FLASK_APP")
    if given is None:
        given = next((n for n in ("wsgi", "app") if follower.placed_file(f"{n}.py", cwd)), None)
    return given.removesuffix(".py").replace("/", ".") if given else None


class _Told:
    """What options and configuration of a server say: its port, where it works, where modules are, what it serves."""

    def __init__(self, port: str | None, cwd: str | None) -> None:
        self.port = port
        self.cwd = cwd
        self.more: list[str] = []
        self.module: str | None = None


def _configured(follower: Following, server: Server, context: str, told: _Told) -> None:
    """Add to *told* what a configuration file in Python sets; files that are written are noted."""
    module = follower.modules.module(context)
    if isinstance(module, Doubt):
        follower.doubts.append(module)
        told.port = None
        return
    cwd = told.cwd
    evaluator = Evaluator(module, Started(follower.placed.image_of.get(context), cwd, follower.environment))
    leading = server.path_settings | server.folder_settings | server.module_settings
    for name in sorted(module.bound & {"bind", *leading, *server.writing_settings, *server.refusing_settings}):
        expression = module.assigned.get(name)
        value = evaluator.value(expression) if expression is not None else UNKNOWN
        where = Evidence(context, getattr(expression, "lineno", 0))
        if name == "bind":
            addresses = expression.elts if isinstance(expression, ast.List | ast.Tuple) else []
            for one in addresses:
                _socket(follower, evaluator.value(one).text, cwd, where)
            told.port = value.text if not addresses else _first(evaluator, addresses)
            _socket(follower, told.port, cwd, where)
        elif isinstance(expression, ast.Constant) and expression.value is None:
            continue
        elif name in leading and value.text is None:
            follower.doubt(f"the value of {name} is known only when it runs", where, blind=True)
        elif name in server.path_settings:
            told.more += (value.text or "").split(",")
        elif name in server.folder_settings:
            told.cwd = posixpath.normpath(posixpath.join(cwd or "/", value.text or ""))
        elif name in server.module_settings:
            told.module = value.text
        elif name in server.refusing_settings:
            follower.need(Need.DROPS, name, where)
        elif value.text not in ("-", ""):
            follower.write(value.text, WriteKind.LOG, f"{name} = {value.text or 'a computed path'}", cwd, where)


def _first(evaluator: Evaluator, addresses: Sequence[ast.expr]) -> str | None:
    return evaluator.value(addresses[0]).text if len(addresses) == 1 else None


def _socket(follower: Following, address: str | None, cwd: str | None, where: Evidence) -> None:
    """Note the file of a Unix socket among addresses that a server binds: it makes the file anew at each start."""
    match = _UNIX.match(address or "")
    if match is not None:
        follower.write(match[1] or None, WriteKind.FILE, address or "", cwd, where)


def _address(follower: Following, address: str | None, server: str, where: Evidence) -> None:
    match = _PORT.match(address or "")
    if address is not None and address.startswith(("unix:", "fd:")):
        return
    follower.listeners.append(Listener(small_number(match[1] if match else None), server, where))
