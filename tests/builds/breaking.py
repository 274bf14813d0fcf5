"""Small projects made to break once they are split: what they need is not among what can be read from the Dockerfile.

Each answers requests; what it needs, most need first for a request, long after it was started. ``TRUTH`` asks for one,
in whatever image: a proof is false where the answers differ. Proofs are made without a smoke command, so nothing but
what the proof itself looks at stands between a project and a false proof.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

_SERVER = """\
import http.server, os, subprocess, sys
{imports}
PORT = {port}
{start}

def answer():
{body}

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            text = str(answer())
        except BaseException as error:
            text = f"failed: {{error}}"
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words):
        pass

if __name__ == "__main__":
    http.server.HTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
"""
_ASK = """\
import sys, time, urllib.request
for _ in range(100):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:{port}/", timeout=20).read().decode())
        sys.exit(0)
    except OSError:
        time.sleep(0.1)
sys.exit("no answer")
"""
_DOCKERFILE = """\
FROM python:3.11
WORKDIR /app
{lines}
COPY . .
EXPOSE {port}
CMD {cmd}
"""


_PLUGIN = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "demo-plugin"
version = "1"
[project.entry-points.demo]
one = "demo_plugin:hello"
[tool.setuptools]
py-modules = ["demo_plugin"]
"""


@dataclass(frozen=True)
class Breaking:
    """One project: what its Dockerfile has besides the usual, and its server's code."""

    name: str
    body: str
    imports: str = ""
    start: str = ""
    lines: str = "RUN pip install --no-cache-dir six"
    port: int = 18123
    cmd: str = '["python", "app.py"]'
    files: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Lay the project out in *folder*; its Dockerfile."""
        folder.mkdir(parents=True)
        body = "\n".join(f"    {line}" for line in self.body.splitlines())
        app = _SERVER.format(imports=self.imports, start=self.start, port=self.port, body=body)
        for path, text in {"app.py": app, **self.files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        dockerfile = folder / "Dockerfile"
        dockerfile.write_text(_DOCKERFILE.format(lines=self.lines, port=self.port, cmd=self.cmd))
        return dockerfile

    @property
    def truth(self) -> tuple[str, ...]:
        """The command that starts the server as CMD does and asks it."""
        words = self.cmd.strip("[]").replace('"', "").replace(",", "")
        return ("/bin/sh", "-c", f"{words} >/tmp/said 2>&1 & exec python3 -c '{_ASK.format(port=self.port)}'")


PROJECTS = (
    Breaking("library-at-start", 'return "up"', "import ctypes", 'ctypes.CDLL("libxslt.so.1")'),
    Breaking("library-at-request", 'return bool(ctypes.CDLL("libxslt.so.1").xsltInit)', "import ctypes"),
    Breaking("library-by-bare-name", 'return ctypes.util.find_library("xslt")', "import ctypes.util"),
    Breaking(
        "library-by-computed-name",
        'return bool(ctypes.CDLL("lib" + chr(120) + "slt.so.1").xsltInit)',
        "import ctypes",
    ),
    Breaking(
        "extension-imported-late",
        "import psycopg2\nreturn psycopg2.__version__",
        lines="RUN pip install psycopg2==2.9.9",
    ),
    Breaking(
        "plugin-by-entry-point",
        'found = importlib.metadata.entry_points(group="demo")\nreturn [one.load()() for one in found]',
        "import importlib.metadata",
        lines="COPY plugin /plugin\nRUN pip install --no-cache-dir /plugin",
        files={
            "plugin/pyproject.toml": _PLUGIN,
            "plugin/demo_plugin.py": 'def hello():\n    return "hello"\n',
        },
    ),
    Breaking(
        "locale",
        'locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")\nreturn locale.str(1.5)',
        "import locale",
        lines="RUN pip install six\nRUN apt-get update && apt-get install -y locales"
        " && localedef -i de_DE -f UTF-8 de_DE.UTF-8 && rm -rf /var/lib/apt/lists/*",
    ),
    Breaking(
        "own-certificate",
        'return "OWN" in open("/etc/ssl/certs/ca-certificates.crt").read()',
        lines="RUN pip install six\nRUN echo '# OWN' >> /etc/ssl/certs/ca-certificates.crt",
    ),
    Breaking(
        "time-zone",
        "return time.localtime(0).tm_hour",
        "import time",
        lines="RUN pip install six\nRUN ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime",
    ),
    Breaking(
        "font",
        'return os.path.getsize("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")',
        lines="RUN pip install six\nRUN apt-get update && apt-get install -y fonts-dejavu-core",
    ),
    Breaking("program-at-request", 'return subprocess.run(["git", "--version"], capture_output=True).stdout'),
    Breaking("compiler-at-request", 'return subprocess.run(["gcc", "-dumpversion"], capture_output=True).stdout'),
    Breaking("program-in-a-shell", 'return os.popen("make --version | head -1").read()'),
    Breaking(
        "program-by-computed-name",
        'return subprocess.run([os.environ.get("TOOL", "g" + "it"), "--version"], capture_output=True).stdout',
    ),
    Breaking(
        "interpreter-with-its-modules",
        'return subprocess.run(["perl", "-MJSON::PP", "-e", "print 7"], capture_output=True, check=True).stdout',
    ),
    Breaking(
        "kinds-of-files",
        'return mimetypes.guess_type("a.webmanifest"), mimetypes.guess_type("a.xcf")',
        "import mimetypes",
    ),
    Breaking("header-at-request", 'return os.path.exists("/usr/include/stdio.h")'),
    Breaking(
        "file-beside-the-code",
        'return open(os.path.join(os.path.dirname(__file__), "data", "text.txt")).read()',
        files={"data/text.txt": "beside\n"},
    ),
    Breaking(
        "file-among-those-of-the-system",
        'return open("/".join(["", "usr", "lib", "own.txt"])).read()',
        lines="RUN pip install six\nRUN echo mine > /usr/lib/own.txt",
    ),
    Breaking(
        "mode-600",
        'return open("/app/secret.txt").read()',
        lines="RUN pip install six\nCOPY --chmod=600 secret.txt /app/",
        files={"secret.txt": "secret\n", ".dockerignore": ""},
    ),
    Breaking("write-at-first-request", 'open("/app/state.txt", "w").write("x")\nreturn open("/app/state.txt").read()'),
    Breaking("privileged-port", 'return "up"', port=80),
    Breaking("root-alone", 'return "up"', start="if os.getuid(): sys.exit('root only')"),
    Breaking(
        "script-with-programs",
        'return open("/tmp/version").read()',
        cmd='["sh", "start.sh"]',
        files={"start.sh": "#!/bin/sh\ncurl --version | head -1 > /tmp/version\nexec python app.py\n"},
    ),
    Breaking(
        "changed-setting",
        'return "HashKnownHosts no" in open("/etc/ssh/ssh_config").read()',
        lines="RUN pip install six\nRUN echo 'HashKnownHosts no' >> /etc/ssh/ssh_config",
    ),
)
