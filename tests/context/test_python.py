"""What Python modules do, by their text alone."""

from __future__ import annotations

import time

import pytest

from dockerslim_rewrite.analysis.project import Behaviour, Need, WriteKind
from dockerslim_rewrite.context.python.modules import Modules, Reached, ReachLimits, Reader


def reach(
    files: dict[str, str], *entries: str, limits: ReachLimits | None = None, environment: dict[str, str] | None = None
) -> Behaviour:
    return reached(files, *entries, limits=limits, environment=environment).behaviour


def reached(
    files: dict[str, str], *entries: str, limits: ReachLimits | None = None, environment: dict[str, str] | None = None
) -> Reached:
    reader = Reader(
        Modules(files.get),
        frozenset(files),
        lambda path: f"/app/{path}",
        "/app",
        ("",),
        environment or {},
        limits or ReachLimits(),
    )
    return reader.reach(entries or ("main.py",))


def one(text: str, **environment: str) -> Behaviour:
    return reach({"main.py": text}, environment=environment)


@pytest.mark.parametrize(
    ("code", "path", "folder", "kind"),
    [
        ("open('log.txt', 'w')", "/app/log.txt", "/app", WriteKind.FILE),
        ("open(mode='a', file='/data/x')", "/data/x", "/data", WriteKind.FILE),
        ("import io\nio.open('x', 'rb+')", "/app/x", "/app", WriteKind.FILE),
        ("from pathlib import Path\nPath('/d/x').write_text('a')", "/d/x", "/d", WriteKind.FILE),
        (
            "from pathlib import Path\n(Path(__file__).resolve().parent / 'out').mkdir(exist_ok=True)",
            "/app/out",
            "/app/out",
            WriteKind.FOLDER,
        ),
        ("from pathlib import Path\nPath('/d/out').mkdir(parents=True)", "/d/out", "/d", WriteKind.FILE),
        ("from pathlib import Path\nPath('/d/x').open('w')", "/d/x", "/d", WriteKind.FILE),
        ("import os\nos.makedirs(os.path.join('/d', 'a', 'b'), exist_ok=True)", "/d/a/b", "/d/a/b", WriteKind.FOLDER),
        ("import os\nos.makedirs(os.path.join('/d', 'a', 'b'))", "/d/a/b", "/d/a", WriteKind.FILE),
        ("import os\nif not os.path.isdir('/d/a'): os.makedirs('/d/a')", "/d/a", "/d/a", WriteKind.FOLDER),
        ("import os as o\no.remove('/d/x')", "/d/x", "/d", WriteKind.REMOVAL),
        ("import shutil\nshutil.copy('a', '/d/x')", "/d/x", "/d", WriteKind.FILE),
        ("from logging import FileHandler as H\nH('/d/x.log')", "/d/x.log", "/d", WriteKind.LOG),
        ("import logging\nlogging.basicConfig(filename='x.log')", "/app/x.log", "/app", WriteKind.LOG),
        ("LOGGING = {'handlers': {'f': {'filename': '/d/x.log'}}}", "/d/x.log", "/d", WriteKind.LOG),
        ("import sqlite3\nsqlite3.connect('x.db')", "/app/x.db", "/app", WriteKind.DATABASE),
        ("DATABASE_URL = 'sqlite:////d/x.db'", "/d/x.db", "/d", WriteKind.DATABASE),
        ("app.config['UPLOAD_FOLDER'] = '/d/up'", "/d/up", "/d/up", WriteKind.UPLOAD),
        ("MEDIA_ROOT = '/d/media'", "/d/media", "/d/media", WriteKind.UPLOAD),
        ("import os\nfd = os.open('/d/x', os.O_RDWR | os.O_CREAT)", "/d/x", "/d", WriteKind.FILE),
        ("import os\nmake = os.makedirs\nmake('/d/x')", "/d/x", "/d", WriteKind.FILE),
        (
            "import torchvision.datasets as d\nd.CIFAR10(root='./data', download=True)",
            "/app/data",
            "/app/data",
            WriteKind.FOLDER,
        ),
        (
            "from torchvision import datasets\ndatasets.MNIST('/d/x', True, download=ask)",
            "/d/x",
            "/d/x",
            WriteKind.FOLDER,
        ),
        (
            "import medmnist\nmedmnist.PathMNIST(split='train', root=args.root, download=True)",
            None,
            None,
            WriteKind.FOLDER,
        ),
        (
            "from torch_geometric.datasets import Planetoid\nPlanetoid(root='x', name='Cora')",
            "/app/x",
            "/app/x",
            WriteKind.FOLDER,
        ),
        ("from pathlib import Path\n(Path.home() / '.x').write_text('a')", None, "~", WriteKind.FILE),
        ("import os\nopen(os.path.expanduser('~/.x'), 'w')", None, "~", WriteKind.FILE),
        ("import nltk\nnltk.download('punkt', './words')", "/app/words", "/app/words", WriteKind.FOLDER),
        ("import uvicorn\nuvicorn.run(app, uds='/d/x.sock')", "/d/x.sock", "/d", WriteKind.FILE),
        (
            "from flask import Flask\nopen(Flask('x').instance_path + '/y', 'w')",
            "/app/instance/y",
            "/app/instance",
            WriteKind.FILE,
        ),
        ("from shutil import copy as c\nwrite = c\nwrite('a', '/d/x')", "/d/x", "/d", WriteKind.FILE),
        ("import os\nlist(map(os.remove, names))", None, None, WriteKind.FILE),
        ("import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('/d/x')", "/d/x", "/d", WriteKind.FILE),
        ("from socket import *\ns = socket(AF_UNIX)\ns.bind(name)", None, None, WriteKind.FILE),
        ("from socketserver import UnixStreamServer as S\nS('/d/x', H)", "/d/x", "/d", WriteKind.FILE),
        ("import asyncio\nasyncio.start_unix_server(f, path='/d/x')", "/d/x", "/d", WriteKind.FILE),
        ("import tempfile\ntempfile.mkdtemp(dir='/d/x')", "/d/x", "/d/x", WriteKind.FOLDER),
        ("D = '/d'\nopen(f'{D}/{name}.txt', 'w')", None, "/d", WriteKind.FILE),
        ("open(name, 'w')", None, None, WriteKind.FILE),
        ("x = 'a'\nx = 'b'\nopen(x, 'w')", None, None, WriteKind.FILE),
        ("def f(path='/d/x'):\n    open(path, 'w')", None, None, WriteKind.FILE),
        ("open('x', mode)", "/app/x", "/app", WriteKind.FILE),
    ],
)
def test_writes(code: str, path: str | None, folder: str | None, kind: WriteKind) -> None:
    found = one(code).writes
    sure = [write for write in found if write.kind is not WriteKind.POSSIBLE]
    assert [(write.path, write.folder, write.kind) for write in sure] == [(path, folder, kind)]
    assert sure[0].evidence.line == code.count("\n") + 1


@pytest.mark.parametrize(
    "code",
    [
        "open('x')",
        "open('x', 'rb')",
        "import os\nos.open(name, os.O_RDONLY)",
        "import socket\ns = socket.socket()\ns.bind(address)",
        "'a'.replace('b', 'c')",
        "frame.rename('a')",
        "import os\nmake = os.makedirs",
        "import torchvision.datasets as d\nd.CIFAR10(root='./data', download=False)",
        "import tempfile\ntempfile.mkdtemp(dir=None)",
        "import sqlite3\nsqlite3.connect(':memory:')",
        "URL = 'sqlite:///:memory:'",
        "model.save()",
        "import logging\nlogging.basicConfig(level=1)",
        "app.config['UPLOAD_FOLDER'] = ''",
        "print('MEDIA_ROOT')",
    ],
)
def test_what_writes_nothing(code: str) -> None:
    assert one(code).writes == ()


def test_the_environment_of_the_image_counts() -> None:
    code = "import os\nopen(os.environ['LOG'], 'w')\nopen(os.getenv('B', '/b'), 'w')"
    assert [write.path for write in one(code, LOG="/var/x", B="/c").writes] == ["/var/x", "/c"]


@pytest.mark.parametrize(
    "code",
    [
        "os.makedirs(os.environ.get('D', '/b'))",
        "os.makedirs(os.environ.get('D') or '/b')",
        "D = os.getenv('D', '/b')\nos.makedirs(D)",
        "os.makedirs(os.path.join(os.environ['A'], os.getenv('D', 'x')))",
        "os.makedirs(os.environ['A'] + os.getenv('D', 'x'))",
        'os.makedirs(f\'{os.environ["A"]}/{os.getenv("D", "x")}\')',
    ],
)
def test_a_default_is_not_all_that_a_variable_may_say(code: str) -> None:
    found = one(f"import os\n{code}", A="/a").writes
    assert "wherever D says" in [write.written for write in found if write.folder is None]
    assert [write.folder for write in one(f"import os\n{code}", A="/a", D="/d").writes if write.folder is None] == []


def test_two_paths_of_a_move_count() -> None:
    found = one("import os, shutil\nos.rename('/a/b', '/c/d')\nshutil.move('/e/f', name)").writes
    assert [write.path for write in found] == ["/a/b", "/c/d", "/e/f", None]
    found = one("from pathlib import Path\nPath('/a/b').rename(name)").writes
    assert [write.path for write in found] == ["/a/b", None]


@pytest.mark.parametrize(
    ("move", "path"),
    [
        ("os.chdir(os.environ['D'])", None),
        ("os.chdir('/elsewhere')", None),
        ("from os import chdir\nchdir(name)", None),
        ("os.chdir(os.path.dirname(os.path.abspath(__file__)))", "/app/x"),
        ("os.chdir('/app')", "/app/x"),
        ("os.getcwd()", "/app/x"),
    ],
)
def test_another_current_directory(move: str, path: str | None) -> None:
    files = {"main.py": "import other\nopen('x', 'w')\n", "other.py": f"import os\n{move}\n"}
    assert [write.path for write in reach(files, "main.py").writes] == [path]


@pytest.mark.parametrize(
    ("code", "port"),
    [
        ("app.run(host='0.0.0.0', port=80)", 80),
        ("app.run(debug=True)", 5000),
        ("import os\nPORT = int(os.environ.get('PORT', 8080))\napp.run(port=PORT)", 8080),
        ("import uvicorn\nuvicorn.run(app, port=9000)", 9000),
        ("from http.server import HTTPServer\nHTTPServer(('', 8000), H)", 8000),
        ("import socket\ns = socket.socket()\ns.bind(('', 53))", 53),
        ("import os\napp.run(port=os.environ['PORT'])", None),
        ("p.add_argument('-p', '--port', default=80, type=int)\na = p.parse_args()\napp.run(port=a.port)", 80),
        ("p.add_argument('--http-port', dest='at', default='443')\na = p.parse_args()\napp.run(port=a.at)", 443),
        # Whether somebody gives another one is not known.
        ("p.add_argument('--port', default=8000)\na = p.parse_args()\napp.run(port=a.port)", None),
        ("p.add_argument('--port')\na = p.parse_args()\napp.run(port=a.port)", None),
    ],
)
def test_listeners(code: str, port: int | None) -> None:
    assert [listener.port for listener in one(code).listeners] == [port]


def test_what_listens_not() -> None:
    assert one("thread.run()\nimport subprocess\nsubprocess.run(['true'])").listeners == ()


@pytest.mark.parametrize(
    ("code", "need"),
    [
        ("import os\nos.setuid(1)", Need.SET_IDENTITY),
        ("from os import chown\nchown('/x', 1, 1)", Need.CHANGE_OWNER),
        ("import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW)", Need.RAW_SOCKET),
        ("import os\nif os.geteuid() != 0: exit()", Need.ROOT_CHECK),
        ("from scapy.all import sniff", Need.RAW_SOCKET),
        ("import RPi.GPIO", Need.DEVICE),
    ],
)
def test_privileges(code: str, need: Need) -> None:
    assert [privilege.need for privilege in one(code).privileges] == [need]


def test_a_module_of_the_same_name_is_the_project_s_own() -> None:
    assert reach({"main.py": "import docker\n", "docker.py": ""}).privileges == ()


@pytest.mark.parametrize("line", ["from routes.auth import login", "from routes import auth", "import routes.auth"])
def test_a_directory_of_modules_is_a_package_of_the_project(line: str) -> None:
    found = reach({"main.py": f"import flask\n{line}\nimport routes_of_others", "routes/auth.py": "open('x', 'w')"})
    assert [one.name for one in found.packages] == ["flask", "routes_of_others"]
    assert [one.path for one in found.writes] == ["/app/x"]


def test_only_what_is_reached_counts() -> None:
    files = {
        "main.py": "from pkg import a\nimport b.c\nMODULES = ['named.by.string', 'apps']\n",
        "pkg/__init__.py": "from .inner import x\n",
        "pkg/a.py": "",
        "pkg/inner.py": "from .. import nowhere\n",
        "b/__init__.py": "",
        "b/c.py": "open('/c', 'w')\n",
        "named/by/string.py": "",
        "apps/__init__.py": "",
        "apps/models.py": "open('/models', 'w')\n",
        "apps/tests.py": "open('/tests', 'w')\n",
        "unreached.py": "import os\nos.setuid(0)\n",
    }
    found = reach(files)
    assert set(found.followed) == set(files) - {"unreached.py", "apps/tests.py"}
    assert {write.path for write in found.writes} == {"/c", "/models"}
    assert found.privileges == ()


def test_a_module_that_is_named_by_its_file_is_reached() -> None:
    files = {
        "main.py": "import runpy\nrunpy.run_path('jobs/a.py')\nLoad(spec_from_file_location('b', '/app/jobs/b.py'))\n",
        "jobs/a.py": "",
        "jobs/b.py": "open('/b', 'w')\n",
        "jobs/c.py": "",
    }
    assert set(reach(files).followed) == set(files) - {"jobs/c.py"}


@pytest.mark.parametrize("name", ["importlib.util.spec_from_file_location", "imp.load_source"])
def test_a_file_that_only_the_running_program_knows_is_a_doubt(name: str) -> None:
    module = name.rpartition(".")[0]
    assert name in one(f"import {module}\n{name}('x', path)").doubts[0].reason
    assert one(f"import {module}\n{name}('x', '/app/x.py')").doubts == ()


def test_programs_that_are_run() -> None:
    text = "import os, subprocess\nsubprocess.run(['ffmpeg', x])\nos.system('ls -l')\nsubprocess.call(cmd)"
    found = reached({"main.py": text})
    assert [(ran.words, ran.line) for ran in found.runs] == [(("ffmpeg", None), None), ((), "ls -l"), ((), None)]


def test_what_nobody_can_follow_is_a_doubt() -> None:
    assert "eval" in one("eval(text)").doubts[0].reason
    assert one("import importlib\nimportlib.import_module('known')").doubts == ()
    assert "importlib" in one("import importlib\nimportlib.import_module(name)").doubts[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "print 'python 2'",
        "def f(:\n",
        "x = " + "(" * 5000,
        "x = " + "(" * 3000 + "1" + ")" * 3000,
        "x = " + "-" * 5000 + "1",
        "x = a" + ".b" * 5000,
        "if a:\n pass\n" + "elif a:\n pass\n" * 3000,
        "x = " + "[" * 150 + "open" + "]" * 150,
        "\0",
        "x = 1 # " + "é" * 10 + "\nopen('a', 'w'",
    ],
)
def test_hostile_modules_are_doubts_and_soon_done(text: str) -> None:
    start = time.monotonic()
    found = one(text)
    assert time.monotonic() - start < 20
    if "open" not in text or "é" in text:
        assert found.doubts


def test_a_module_that_is_no_text_is_a_doubt() -> None:
    found = reach({"main.py": "import binary\n", "binary.py": None})  # type: ignore[dict-item]
    assert "binary.py could not be read" in found.doubts[0].reason


def test_following_ends_at_its_limits() -> None:
    files = {f"m{number}.py": f"import m{number + 1}\n" for number in range(500)}
    found = reach(files, "m0.py", limits=ReachLimits(modules=50))
    assert len(found.followed) == 50
    assert "too large" in found.doubts[-1].reason


def test_shared_libraries_are_known() -> None:
    found = one("import psycopg2\nfrom PIL import Image\n").libraries
    assert [(one.module, one.bundled, one.apt) for one in found] == [
        ("psycopg2", False, ("libpq5",)),
        ("PIL", True, ("libjpeg62-turbo", "zlib1g")),
    ]
