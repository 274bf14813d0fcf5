"""What a container does, from its first process on, and which file of the context lies where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dockerslim_rewrite.analysis.project import Behaviour, Need
from dockerslim_rewrite.context.locate import locate
from dockerslim_rewrite.context.project import FolderProject
from dockerslim_rewrite.ir.build import Build, read_build
from dockerslim_rewrite.syntax import parse


def project(root: Path, files: dict[str, str]) -> FolderProject:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return FolderProject(locate(root / "Dockerfile"))


def build(text: str) -> Build:
    return read_build(parse(text))


def behaviour(root: Path, dockerfile: str, files: dict[str, str]) -> Behaviour:
    return project(root, files).behaviour(build(dockerfile))


def test_placement_through_stages(tmp_path: Path) -> None:
    text = (
        "FROM a AS one\nWORKDIR /src\nCOPY . .\nCOPY conf/* /etc/app/\n"
        "FROM one AS two\nCOPY x.py /opt/y.py\n"
        "FROM scratch\nCOPY --from=two /src /app\nCOPY --from=1 /opt/y.py /etc/app/a.ini /deep/\n"
    )
    found = project(tmp_path, {"x.py": "", "conf/a.ini": "", "sub/z.py": ""}).placed(build(text))
    assert found.context_of == {
        "/app/x.py": "x.py",
        "/app/conf/a.ini": "conf/a.ini",
        "/app/sub/z.py": "sub/z.py",
        "/deep/y.py": "x.py",
        "/deep/a.ini": "conf/a.ini",
    }
    assert found.missing == ()


def test_the_files_of_an_image_are_laid_out_once_for_a_build(tmp_path: Path) -> None:
    """A rule may ask for each of five thousand requirement files that include each other."""
    known = project(tmp_path, {"x.py": ""})
    one, other = build("FROM a\nCOPY x.py /a\n"), build("FROM a\nCOPY x.py /b\n")
    assert known.image_files(one) is known.image_files(one)
    assert set(known.image_files(other)) == {"/b"}
    assert set(known.image_files(one)) == {"/a"}


def test_what_is_missing_has_its_line(tmp_path: Path) -> None:
    found = project(tmp_path, {"a": ""}).placed(
        build("FROM a\nCOPY a b \\\n  c*/ /x/\nADD https://example.com/y /y\nCOPY d*/ /x/\n")
    )
    assert found.missing == (("b", 2), ("d*/", 5))


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ('["cron", "-f"]', [Need.SERVICE]),
        ('["tini", "--", "sshd", "-D"]', [Need.SERVICE]),
        ("service nginx start && tail -f /x", [Need.SERVICE]),
        ("exec env A=1 gosu nobody true", [Need.DROPS]),
        ('["sh", "-c", "chown -R a /b; true"]', [Need.CHANGE_OWNER]),
        ("apt-get update", [Need.PACKAGES]),
        ("echo a; sleep 1", []),
    ],
)
def test_commands(tmp_path: Path, command: str, needs: list[Need]) -> None:
    found = behaviour(tmp_path, f"FROM a\nCMD {command}\n", {})
    assert [privilege.need for privilege in found.privileges] == needs
    assert not [doubt for doubt in found.doubts if doubt.blind]


def test_an_entrypoint_script_goes_on_with_the_command(tmp_path: Path) -> None:
    script = '#!/bin/sh\nset -e\nmkdir -p /data/x\ncd /srv\necho hi > state\n. ./env.sh\nexec "$@"\n'
    text = 'FROM a\nWORKDIR /srv\nCOPY . .\nENTRYPOINT ["/srv/run.sh"]\nCMD ["python", "app.py"]\n'
    files = {"run.sh": script, "env.sh": "rm -f /old/y\n", "app.py": "open('z', 'w')\n"}
    found = behaviour(tmp_path, text, files)
    assert {(write.path, str(write.evidence)) for write in found.writes} == {
        ("/data/x", "run.sh:3"),
        ("/srv/state", "run.sh:5"),
        ("/old/y", "env.sh:1"),
        ("/srv/z", "app.py:1"),
    }
    assert found.doubts == ()
    assert found.followed == ("run.sh", "env.sh", "app.py")


def test_scripts_that_call_themselves_end(tmp_path: Path) -> None:
    files = {"a.sh": "#!/bin/sh\n/b.sh\n", "b.sh": "#!/bin/sh\n/a.sh\n"}
    found = behaviour(tmp_path, 'FROM a\nCOPY a.sh b.sh /\nCMD ["/a.sh"]\n', files)
    assert set(found.followed) == {"a.sh", "b.sh"}


@pytest.mark.parametrize(
    ("command", "ports"),
    [
        ("gunicorn -b 0.0.0.0:9000 web:app", [9000]),
        ("gunicorn web:app", [8000]),
        ("gunicorn -c conf.py web:app", [7000]),
        ("python -m gunicorn --bind=:6000 web:app", [6000]),
        ("uvicorn web:app --host 0.0.0.0 --port 5001", [5001]),
        ("hypercorn -b [::]:5002 web:app", [5002]),
        ("python -m http.server 5003", [5003]),
        ("python manage.py runserver 0.0.0.0:5004", [5004]),
        ("gunicorn --bind unix:/tmp/x web:app", []),
        ("waitress-serve --port=80 web:app", [80]),
    ],
)
def test_servers(tmp_path: Path, command: str, ports: list[int]) -> None:
    files = {"web.py": "app = 1\n", "conf.py": "bind = '0.0.0.0:7000'\n", "manage.py": "x = 1\n"}
    found = behaviour(tmp_path, f"FROM a\nWORKDIR /app\nCOPY . .\nCMD {command}\n", files)
    assert [listener.port for listener in found.listeners] == ports
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("command", "settings", "followed"),
    [
        ("gunicorn shop.wsgi", "pythonpath = 'site'", True),
        ("gunicorn shop.wsgi", "pythonpath = '/opt,site'", True),
        ("gunicorn shop.wsgi", "chdir = 'site'", True),
        ("gunicorn", "chdir = 'site'\nwsgi_app = 'shop.wsgi:app'", True),
        ("gunicorn --pythonpath site shop.wsgi", "", True),
        ("gunicorn --chdir site shop.wsgi", "", True),
        ("gunicorn shop.wsgi", "pythonpath = find()", False),
        ("gunicorn shop.wsgi", "", False),
    ],
)
def test_gunicorn_finds_its_application(tmp_path: Path, command: str, settings: str, followed: bool) -> None:
    files = {"site/shop/wsgi.py": "open('/d/x', 'w')\n", "gunicorn.conf.py": f"{settings}\n"}
    found = behaviour(tmp_path, f"FROM a\nWORKDIR /app\nCOPY . .\nCMD {command}\n", files)
    assert ("site/shop/wsgi.py" in found.followed) is followed
    assert any(doubt.blind for doubt in found.doubts) is not followed


def test_flask_finds_its_application(tmp_path: Path) -> None:
    text = "FROM a\nWORKDIR /app\nCOPY . .\nENV FLASK_APP=web.py\nCMD flask run -p 5005\n"
    found = behaviour(tmp_path, text, {"web.py": "import os\nos.setuid(1)\n"})
    assert [listener.port for listener in found.listeners] == [5005]
    assert found.privileges[0].evidence.path == "web.py"


@pytest.mark.parametrize(
    ("name", "text", "command", "port", "writes", "needs"),
    [
        ("server.js", "require('fs').writeFileSync('/d/x', 1); app.listen(3000)", "node server.js", 3000, ["/d/x"], []),
        # The radix of a number is no port.
        ("a.js", "const p = parseInt(process.env.PORT, 10) || 3010; app.listen(p)", "node a.js", 3010, [], []),
        ("main.go", 'os.Create("/d/x")\nhttp.ListenAndServe(":8081", nil)', "/app", 8081, ["/d/x"], []),
        ("Main.java", 'new FileWriter("/d/x"); new ServerSocket(8082);', "java -jar x.jar", 8082, ["/d/x"], []),
        ("app.rb", "set :port, 4567\nFile.write('/d/x', 1)", "ruby app.rb", 4567, ["/d/x"], []),
        ("x.php", "<?php\nfile_put_contents('/d/x', 1);", "php -S 0.0.0.0:80 x.php", None, ["/d/x"], []),
        ("m.c", "int main() { setuid(0); addr.sin_port = htons(53); }", "/app", 53, [], [Need.SET_IDENTITY]),
        ("main.rs", 'File::create("/d/x"); TcpListener::bind("0.0.0.0:8083")', "/app", 8083, ["/d/x"], []),
        ("main.rs", 'TcpListener::bind("[::]:43")', "/app", 43, [], []),
        ("main.rs", 'TcpListener::bind("localhost:8083")', "/app", 8083, [], []),
        ("main.go", 'package main\nfunc main() { http.ListenAndServe("[::]:80", nil) }', "/app", 80, [], []),
    ],
)
def test_other_languages(
    tmp_path: Path, name: str, text: str, command: str, port: int | None, writes: list[str], needs: list[Need]
) -> None:
    builds = "go build -o /app . && cargo build --bin /app && make /app"
    dockerfile = f"FROM a\nWORKDIR /src\nCOPY . .\nRUN {builds}\nCMD {command}\n"
    found = behaviour(tmp_path, dockerfile, {name: text, "test/helper.js": "process.setuid(0)"})
    assert [listener.port for listener in found.listeners] == ([port] if port else [])
    assert [write.path for write in found.writes] == writes
    assert [privilege.need for privilege in found.privileges] == needs


@pytest.mark.parametrize(
    ("name", "text", "command", "written"),
    [
        ("Main.java", 'server.append("/cached-worlds", Cache.class);', "java -jar x.jar", []),
        ("main.go", 'const (\n\tpathCache = "/cached-queries"\n)', "/app", []),
        ("a.js", "@Get('/cached-worlds')\ncachedWorlds() { }", "node a.js", []),
        ("app.py", "app.GET('/queries', download)", "python app.py", []),
        ("Main.java", 'String uploadDir = "/uploads";', "java -jar x.jar", ["/uploads"]),
        ("Main.java", 'String cacheDir = "/opt/cached-worlds";', "java -jar x.jar", ["/opt/cached-worlds"]),
        ("Main.java", 'Files.lines(Paths.get("/run/secrets/db-password"));', "java -jar x.jar", []),
        ("x.php", "<?php\nrequire __DIR__ . '/storage/autoload.php';", "php -S 0.0.0.0:80 x.php", []),
        ("x.php", "<?php\n$cache = BASE . '/storage/cache';", "php -S 0.0.0.0:80 x.php", ["/src/storage/cache"]),
    ],
)
def test_addresses_are_no_paths(tmp_path: Path, name: str, text: str, command: str, written: list[str]) -> None:
    dockerfile = f"FROM a\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD {command}\n"
    found = behaviour(tmp_path, dockerfile, {name: text})
    assert name in found.followed
    assert [write.path for write in found.writes] == written


@pytest.mark.parametrize(
    ("copies", "read"),
    [
        ("COPY one .", ["one/main.go"]),
        ("COPY . .", ["one/main.go", "two/main.go"]),
        ("COPY go.mod .", ["one/main.go", "two/main.go"]),
        ("COPY one .\nRUN --mount=type=bind,target=/all true", ["one/main.go", "two/main.go"]),
        ("COPY one .\nARG TO\nCOPY two $TO", ["one/main.go", "two/main.go"]),
        ("COPY one .\nONBUILD COPY two .", ["one/main.go", "two/main.go"]),
    ],
)
def test_sources_that_are_not_copied_do_not_run(tmp_path: Path, copies: str, read: list[str]) -> None:
    builder = f"FROM a AS build\nWORKDIR /src\n{copies}\nRUN go build -o /app .\n"
    dockerfile = f"{builder}FROM a\nCOPY --from=build /app /\nCMD /app\n"
    files = {"one/main.go": "package main\n", "two/main.go": "package main\n", "go.mod": "module app\n"}
    found = behaviour(tmp_path, dockerfile, files)
    assert [path for path in found.followed if path.endswith(".go")] == read


@pytest.mark.parametrize(
    ("name", "text", "command", "starts"),
    [
        ("app.rb", "conn.exec('SELECT 1')", "ruby app.rb", False),
        ("app.rb", "def exec(query)\n  @connection.exec(query)\nend", "ruby app.rb", False),
        ("app.rb", "exec('ls')", "ruby app.rb", True),
        ("app.rb", "Kernel.exec(name)", "ruby app.rb", True),
        ("a.js", "const c = require('child_process')\ndb.exec('CREATE TABLE a')\nc.exec('ls')", "node a.js", True),
    ],
)
def test_queries_start_no_programs(tmp_path: Path, name: str, text: str, command: str, starts: bool) -> None:
    found = behaviour(tmp_path, f"FROM a\nWORKDIR /src\nCOPY . .\nCMD {command}\n", {name: text})
    assert name in found.followed
    assert bool(found.programs) is starts
    assert not any("CREATE" in str(one) for one in found.programs)


@pytest.mark.parametrize(
    ("steps", "own"),
    [
        ("COPY target/app.jar lib/server.jar", True),
        ("COPY target/*.jar lib/", True),
        ("COPY . .", True),
        ("COPY --from=build /out lib", True),
        ("COPY pom.xml .\nRUN mvn package && cp target/app.jar lib/server.jar", True),
        (
            "RUN curl -sL https://example.org/server.tgz | tar xz\nCOPY --from=build /out/app.war webapps/ROOT.war",
            False,
        ),
        ("RUN wget -q https://example.org/server.jar -O lib/server.jar\nCOPY server.xml conf/server.xml", False),
    ],
)
def test_archives_from_elsewhere_are_not_the_project(tmp_path: Path, steps: str, own: bool) -> None:
    dockerfile = f'FROM a AS build\nFROM a\nWORKDIR /srv\n{steps}\nCMD ["java", "-jar", "lib/server.jar"]\n'
    found = behaviour(tmp_path, dockerfile, {"src/main/java/App.java": "class App { }\n", "target/app.jar": "x"})
    assert any(one.blind for one in found.doubts) is not own


def test_npm_runs_the_scripts_around_start(tmp_path: Path) -> None:
    package = '{"scripts": {"prestart": "mkdir /p", "start": "node a.js", "poststart": "rm /q"}}'
    text = "FROM node\nWORKDIR /app\nCOPY . .\nCMD npm start\n"
    found = behaviour(tmp_path, text, {"package.json": package, "a.js": "x.listen(3000)\n"})
    assert [write.path for write in found.writes] == ["/p", "/q"]
    assert found.followed == ("package.json", "a.js")


@pytest.mark.parametrize(
    "command", ["/opt/tool", "python gone.py", "sh", "$CMD", "bash /gone.sh", "/blob", "python -c $CODE", "/go.sh"]
)
def test_what_is_not_known_is_said(tmp_path: Path, command: str) -> None:
    (tmp_path / "blob").write_bytes(b"\x7fELF\0")
    found = behaviour(tmp_path, f"FROM a\nCOPY . /\nCMD {command}\n", {"go.sh": '#!/bin/sh\nexec "$@"\n'})
    assert [doubt.blind for doubt in found.doubts] == [True]


def test_a_program_that_is_installed_is_not_built_from_the_sources(tmp_path: Path) -> None:
    text = "FROM a\nCOPY . /\nRUN apt-get install -y firefox && go build -o /app .\nCMD firefox\n"
    found = behaviour(tmp_path, text, {"main.go": "package main\n"})
    assert [doubt.blind for doubt in found.doubts] == [True]


@pytest.mark.parametrize(
    ("main", "command", "others", "read"),
    [
        ("import './lib/a.js'", "node main.mjs", {}, ["lib/a.js", "main.mjs"]),
        ("const a = require('./lib/a')", "node --max-old-space-size=200 main.mjs", {}, ["lib/a.js", "main.mjs"]),
        ("export * from './lib/a'\nimport x from 'express'", "node main.mjs", {}, ["lib/a.js", "main.mjs"]),
        ("import data from './data.json'", "node main.mjs", {"data.json": "{}"}, ["main.mjs"]),
        ("queue.process(path.join(here, 'other.js'))", "node main.mjs", {}, ["main.mjs", "other.js"]),
        # What imports do not name may be anything, as may what a library loads by itself.
        ("import next from 'next'", "node main.mjs", {}, None),
        ("import config from 'config'", "node main.mjs", {}, None),
        ("require(process.argv[2])", "node main.mjs", {}, None),
        ("await import(`./${name}.js`)", "node main.mjs", {}, None),
        ("import './gone.js'", "node main.mjs", {}, None),
        ("import '#a'", "node main.mjs", {}, None),
        ("import 'shared/a'", "node main.mjs", {"packages/shared/package.json": '{"name": "shared"}'}, None),
        ("import 'a'", "tsx main.mjs", {"tsconfig.json": '{"compilerOptions": {"baseUrl": "."}}'}, None),
        ("import 'express'", "node main.mjs", {"tsconfig.json": '{"compilerOptions": {"baseUrl": "."}}'}, ["main.mjs"]),
        ("new Worker('./lib/a.js')", "node main.mjs", {}, None),
        ("execSync('node lib/a.js')", "node main.mjs", {}, None),
        ("", "node -r ./lib/a.js main.mjs", {}, None),
        ("", "node dist/main.js", {}, None),
    ],
)
def test_a_program_of_node_is_what_it_loads(
    tmp_path: Path, main: str, command: str, others: dict[str, str], read: list[str] | None
) -> None:
    files = {"main.mjs": main, "lib/a.js": "", "other.js": "fs.writeFileSync(name)", **others}
    found = behaviour(tmp_path, f"FROM a\nWORKDIR /app\nCOPY . .\nCMD {command}\n", files)
    everything = ["lib/a.js", "main.mjs", "other.js"]
    assert sorted(path for path in found.followed if path.endswith("js")) == (everything if read is None else read)


@pytest.mark.parametrize(
    ("dependencies", "more", "read"),
    [
        ("", {}, ["web/src/main.rs"]),
        ('base = { path = "../base" }', {}, ["base/src/lib.rs", "web/src/main.rs"]),
        ("base = { workspace = true }", {}, ["base/src/lib.rs", "web/src/main.rs"]),
        ('gone = { path = "../gone" }', {}, None),
        # What is run while it is built is in no program, and what it needs neither.
        ('[build-dependencies]\nbase = { path = "../base" }', {"web/build.rs": "File::create(x)"}, ["web/src/main.rs"]),
        (
            "",
            {"web/src/main.rs": '#[path = "../more/b.rs"]\nmod b;\n', "web/more/b.rs": ""},
            ["web/more/b.rs", "web/src/main.rs"],
        ),
        ("", {"web/src/main.rs": '#[path = "../../desk/src/main.rs"]\nmod b;\n'}, None),
        ("", {"other/Cargo.toml": "[package"}, None),
        ("", {"second/Cargo.toml": '[package]\nname = "web"\n'}, None),
    ],
)
def test_a_program_of_rust_is_its_crate(
    tmp_path: Path, dependencies: str, more: dict[str, str], read: list[str] | None
) -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["*"]\n[workspace.dependencies]\nbase = { path = "base" }\n',
        "web/Cargo.toml": f'[package]\nname = "web"\n[dependencies]\n{dependencies}\n',
        "web/src/main.rs": "fn main() {}\n",
        "base/Cargo.toml": '[package]\nname = "base"\n',
        "base/src/lib.rs": "",
        "desk/Cargo.toml": '[package]\nname = "desk"\n',
        "desk/src/main.rs": 'fn main() { TcpListener::bind("0.0.0.0:80") }\n',
        **more,
    }
    text = (
        "FROM a AS b\nWORKDIR /src\nCOPY . .\nRUN cargo build --bin web\nFROM c\nCOPY --from=b /src/web /web\nCMD web\n"
    )
    found = behaviour(tmp_path, text, files)
    everything = ["base/src/lib.rs", "desk/src/main.rs", "web/src/main.rs"]
    assert sorted(path for path in found.followed if path.endswith(".rs")) == (everything if read is None else read)


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("a.js", "process.chdir(process.env.MODE); fs.writeFileSync('x')", "node a.js"),
        ("main.go", 'func main() {\n\tos.Chdir(os.Getenv("MODE"))\n\tos.Create("x")\n}', "/app"),
        ("app.rb", "Dir.chdir ENV['MODE']\nFile.write('x', 1)", "ruby app.rb"),
        ("x.php", "<?php\nchdir($d);\nfile_put_contents('x', 1);", "php x.php"),
        ("m.c", 'int main() { chdir(d);\n fopen("x", "w"); }', "/app"),
    ],
)
def test_relative_names_after_a_change_of_directory(tmp_path: Path, name: str, text: str, command: str) -> None:
    dockerfile = f"FROM a\nWORKDIR /src\nCOPY . .\nRUN go build -o /app . && make /app\nCMD {command}\n"
    found = behaviour(tmp_path, dockerfile, {name: text})
    assert [write.folder for write in found.writes] == [None]
    still = re.sub(r"\b(?:process\.|os\.|Dir\.)?[cC]hdir\b", "stay", text)
    assert [write.folder for write in behaviour(tmp_path, dockerfile, {name: still}).writes] == ["/src"]


def test_a_makefile_is_read_as_make_reads_it(tmp_path: Path) -> None:
    makefile = """VERSION := $(shell stamp --tags 2>/dev/null)
FLAGS   := "-X v=$(VERSION)"
NAMES = $(wildcard *.c)
.PHONY: \\
\tapp \\
\tother

ifdef DEBUG
\tEXTRA := -g
else
  EXTRA :=
endif
define LONG
\tnever $(1)
endef

app: app.o
\t@ link $(FLAGS) $(NAMES) -o /out/$@ $< \\
\t  $(EXTRA)
\t-echo $$HOME > $(DEST)/log
app: other
app: FLAGS = x
other: ; more
"""
    found = behaviour(
        tmp_path,
        'FROM a\nWORKDIR /app\nCOPY Makefile .\nCMD ["make", "app", "DEST=/var/out"]\n',
        {"Makefile": makefile},
    )
    doubts = {(one.reason.split(" does")[0].removeprefix("what "), str(one.evidence)) for one in found.doubts}
    assert doubts == {("link", "Makefile:18"), ("stamp", "Makefile:18"), ("more", "Makefile:23")}
    assert [(one.path, str(one.evidence)) for one in found.writes] == [("/var/out/log", "Makefile:20")]


def test_methods_that_are_called_by_name_are_no_paths(tmp_path: Path) -> None:
    code = """class Stub(object):
    def __init__(self, channel):
        self.AddItem = channel.unary_unary("/shop.CartService/AddItem", request_serializer=str)
        self.Say = channel.stream_stream("/Greeter/Say")
        self.get("call", "/shop.v1.CartService/GetItem")
        self.get("call", "/var/lib/shop/items")
"""
    found = behaviour(tmp_path, 'FROM a\nWORKDIR /app\nCOPY a.py .\nCMD ["python", "a.py"]\n', {"a.py": code})
    assert [one.path for one in found.writes] == ["/var/lib/shop/items"]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("WORKDIR /srv/app\nCOPY x.py /srv/app", "/srv/app/x.py"),
        ("RUN mkdir -p /srv/app/in\nCOPY x.py /srv/app", "/srv/app/x.py"),
        ("COPY sub /srv/app\nADD x.py /srv/app", "/srv/app/x.py"),
        ("COPY x.py /usr/local/bin", "/usr/local/bin/x.py"),
        ("COPY x.py /srv/app", "/srv/app"),
        ("WORKDIR /srv\nCOPY x.py app", "/srv/app"),
    ],
)
def test_what_is_copied_to_a_directory_that_is_there_lies_in_it(tmp_path: Path, lines: str, place: str) -> None:
    found = project(tmp_path, {"x.py": "", "sub/z.py": ""}).placed(build(f"FROM debian:12\n{lines}\n"))
    assert found.image_of["x.py"] == place
