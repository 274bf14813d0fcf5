"""Further inputs of each kind of the handed cases: what must not happen to them, and why it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, Result, rewrite

Files = dict[str, str]

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
SERVER = "require('express')().listen(3000)\n"
EXPRESS = '{"name": "a", "dependencies": {"express": "4.19.2"}}'


def python(command: str, *, folder: str = "/app", install: str = "flask gunicorn", more: str = "") -> str:
    return f"FROM python:3.12-slim\nWORKDIR {folder}\nRUN pip install {install}\nCOPY . .\n{more}CMD {command}\n"


def node(command: str = '["node", "server.js"]', *, before: str = "", more: str = "") -> str:
    return f"FROM node:22-slim\n{before}WORKDIR /app\nCOPY . .\nRUN npm install\n{more}CMD {command}\n"


def rewritten(root: Path, files: Files, level: str = "standard") -> Result:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    result = rewrite(files["Dockerfile"], Options(level=level, context=root))
    assert result.bugs == ()
    assert not rewrite(result.text, Options(level=level, context=root)).changed
    return result


def said(result: Result, rule: str) -> str:
    return "\n".join(remark.reason for remark in result.remarks if remark.rule == rule)


GUNICORN = '["gunicorn", "web:app"]'

#: Files of a program, with what a remark tells that keeps it root's.
STAYS_ROOT = {
    "a PID file in gunicorn.conf.py": (
        {"Dockerfile": python(GUNICORN), "web.py": FLASK, "gunicorn.conf.py": "pidfile = '/var/run/web.pid'\n"},
        "gunicorn.conf.py:1",
    ),
    "a log file that gunicorn is told by its variable": (
        {
            "Dockerfile": python(GUNICORN, more='ENV GUNICORN_CMD_ARGS="--access-logfile /var/log/a.log"\n'),
            "web.py": FLASK,
        },
        "--access-logfile /var/log/a.log",
    ),
    "a low port in a file of variables": (
        {
            "Dockerfile": node('["node", "--env-file=.env", "server.js"]'),
            "server.js": "require('http').createServer().listen(process.env.PORT || 3000)\n",
            ".env": "PORT=443\n",
        },
        "the program listens on port 443 (.env:1)",
    ),
    "a low port in a file of the configuration": (
        {
            "Dockerfile": node(),
            "server.js": "require('express')().listen(require('config').get('server.port'))\n",
            "config/default.json": '{"server": {"port": 80}, "mail": {"port": 25}}',
        },
        "the program listens on port 80 (config/default.json:1)",
    ),
    "a private key that openssl makes": (
        {
            "Dockerfile": node(before="RUN openssl req -x509 -nodes -newkey rsa:2048 -keyout /k.pem -out /c.pem\n"),
            "server.js": SERVER,
        },
        "openssl req makes what only root may read (line 2)",
    ),
    "a private key that ssh-keygen makes": (
        {"Dockerfile": node(before="RUN ssh-keygen -t ed25519 -N '' -f /etc/key\n"), "server.js": SERVER},
        "ssh-keygen -t makes what only root may read (line 2)",
    ),
    "a file that is installed for its owner": (
        {"Dockerfile": node(before="RUN install -m 0600 /usr/share/x /etc/x\n"), "server.js": SERVER},
        "install -m makes what only root may read (line 2)",
    ),
    "a temporary file that is moved": (
        {
            "Dockerfile": node(before='RUN t=$(mktemp) && sed s/a/b/ /etc/x > "$t" && mv "$t" /etc/x\n'),
            "server.js": SERVER,
        },
        "makes what only root may read (line 2)",
    ),
    "packages that pnpm keeps in the home directory": (
        {
            "Dockerfile": node().replace("npm install", "pnpm install"),
            "server.js": SERVER,
            "package.json": EXPRESS,
            "pnpm-workspace.yaml": "enableGlobalVirtualStore: true\n",
        },
        "pnpm-workspace.yaml puts the packages that node_modules links to into the home directory (line 4)",
    ),
    "a Unix socket of gunicorn": (
        {"Dockerfile": python('["gunicorn", "-b", "unix:/run/web.sock", "web:app"]'), "web.py": FLASK},
        "unix:/run/web.sock (Dockerfile:5) in a directory of the system",
    ),
    "a Unix socket in gunicorn.conf.py": (
        {
            "Dockerfile": python(GUNICORN),
            "web.py": FLASK,
            "gunicorn.conf.py": "bind = ['0.0.0.0:8000', 'unix:/run/a.sock']\n",
        },
        "unix:/run/a.sock",
    ),
    "a Unix socket of uvicorn": (
        {"Dockerfile": python('["uvicorn", "web:app", "--uds", "/var/run/web.sock"]'), "web.py": FLASK},
        "unix:/var/run/web.sock",
    ),
    "a Unix socket of daphne": (
        {"Dockerfile": python('["daphne", "-u", "/run/web.sock", "web:app"]'), "web.py": FLASK},
        "unix:/run/web.sock",
    ),
    "a Unix socket of Node.js": (
        {"Dockerfile": node(), "server.js": "require('http').createServer().listen({path: '/run/n.sock'})\n"},
        "/run/n.sock (server.js:1) in a directory of the system",
    ),
    "a Unix socket by the name alone": (
        {"Dockerfile": node(), "server.js": "require('http').createServer().listen('/run/n.sock')\n"},
        "/run/n.sock (server.js:1) in a directory of the system",
    ),
    "a Unix socket of puma": (
        {
            "Dockerfile": "FROM ruby:3.3\nWORKDIR /app\nCOPY . .\nRUN bundle install\nCMD puma -b unix:///run/p.sock\n",
            "config.ru": "run ->(env) { [200, {}, []] }\n",
        },
        "/run/p.sock",
    ),
    "a Unix socket in puma's configuration": (
        {
            "Dockerfile": "FROM ruby:3.3\nWORKDIR /app\nCOPY . .\nRUN bundle install\nCMD puma\n",
            "config/puma.rb": 'bind "unix:///run/p.sock"\n',
            "config.ru": "run ->(env) { [200, {}, []] }\n",
        },
        "/run/p.sock (config/puma.rb:1) in a directory of the system",
    ),
    "a user in gunicorn.conf.py": (
        {"Dockerfile": python(GUNICORN), "web.py": FLASK, "gunicorn.conf.py": "user = 'www-data'\n"},
        "drops root's privileges",
    ),
    "logging configured by YAML": (
        {
            "Dockerfile": python('["python", "main.py"]'),
            "main.py": "import logging.config, yaml\nlogging.config.dictConfig(yaml.safe_load(open('logging.yaml')))\n",
            "logging.yaml": "handlers:\n  f: {class: logging.FileHandler, filename: /var/log/app.log}\n",
        },
        "logging.yaml:2",
    ),
    "logging configured by JSON": (
        {
            "Dockerfile": python('["python", "main.py"]'),
            "main.py": "import json, logging.config\nlogging.config.dictConfig(json.load(open('log.json')))\n",
            "log.json": '{"handlers": {"f": {"class": "logging.FileHandler", "filename": "/var/log/app.log"}}}',
        },
        "log.json:1",
    ),
    "a log file that uvicorn's configuration names": (
        {
            "Dockerfile": python('["uvicorn", "web:app", "--log-config", "log.ini"]'),
            "web.py": "from fastapi import FastAPI\napp = FastAPI()\n",
            "log.ini": "[handler_f]\nclass=handlers.RotatingFileHandler\nargs=('/var/log/x.log', 'a', 100)\n",
        },
        "log.ini:3",
    ),
    "arguments of a log handler that nobody can read": (
        {
            "Dockerfile": python('["python", "main.py"]', folder="/srv"),
            "main.py": "import logging.config\nlogging.config.fileConfig('log.ini')\n",
            "log.ini": "[handler_f]\nclass=FileHandler\nargs=(sys.argv[1],)\n",
        },
        "",
    ),
    "a database beside the code, named by the configuration": (
        {
            "Dockerfile": python('["python", "main.py"]'),
            "main.py": "import tomllib\ntomllib.load(open('app.toml', 'rb'))\n",
            "app.toml": "[db]\nurl = 'sqlite:////var/lib/app/app.db'\n",
        },
        "",
    ),
    "Spring's log in YAML": (
        {
            "Dockerfile": "FROM eclipse-temurin:21-jre\nCOPY app.jar /app.jar\nCMD java -jar /app.jar\n",
            "app.jar": "",
            "src/main/java/A.java": "import org.springframework.boot.SpringApplication;\n",
            "src/main/resources/application.yml": "logging:\n  file:\n    name: /var/log/app.log\n",
        },
        "application.yml:3",
    ),
    "Log4j's file": (
        {
            "Dockerfile": "FROM eclipse-temurin:21-jre\nCOPY app.jar /app.jar\nCMD java -jar /app.jar\n",
            "app.jar": "",
            "src/main/java/A.java": "import org.apache.logging.log4j.LogManager;\n",
            "src/main/resources/log4j2.xml": (
                '<Configuration><Properties><Property name="d">/var/log</Property></Properties>\n'
                '<Appenders><File name="F" fileName="${d}/app.log"/></Appenders></Configuration>\n'
            ),
        },
        "log4j2.xml:2",
    ),
    "Logback's file, with a default": (
        {
            "Dockerfile": "FROM eclipse-temurin:21-jre\nCOPY app.jar /app.jar\nCMD java -jar /app.jar\n",
            "app.jar": "",
            "src/main/java/A.java": "import org.slf4j.Logger;\n",
            "src/main/resources/logback.xml": "<configuration>\n<file>${LOGS:-/var/log}/a.log</file></configuration>\n",
        },
        "logback.xml:2",
    ),
    "Spring's port": (
        {
            "Dockerfile": "FROM eclipse-temurin:21-jre\nCOPY app.jar /app.jar\nCMD java -jar /app.jar\n",
            "app.jar": "",
            "src/main/java/A.java": "import org.springframework.boot.SpringApplication;\n",
            "src/main/resources/application.yaml": "server: {port: 80}\n",
        },
        "listens on port 80",
    ),
    "winston's file": (
        {
            "Dockerfile": node(),
            "package.json": EXPRESS,
            "server.js": SERVER + "new (require('winston').transports.File)({ filename: '/var/log/app.log' })\n",
        },
        "",
    ),
    "log4rs": (
        {
            "Dockerfile": "FROM rust:1.80 AS b\nWORKDIR /s\nCOPY . .\nRUN cargo build --release\nFROM debian:12-slim\n"
            "COPY --from=b /s/target/release/web /usr/local/bin/web\nCOPY log4rs.yaml /etc/web/\nRUN true\nCMD web\n",
            "Cargo.toml": '[package]\nname = "web"\nversion = "0.1.0"\n[dependencies]\nlog4rs = "1"\n',
            "src/main.rs": 'fn main() { log4rs::init_file("/etc/web/log4rs.yaml", Default::default()); }\n',
            "log4rs.yaml": "appenders:\n  f:\n    kind: file\n    path: /var/log/web.log\n",
        },
        "log4rs.yaml:4",
    ),
    "a program that a variable tells to listen on port 80": (
        {"Dockerfile": node(more="ENV PORT=80\n"), "package.json": EXPRESS, "server.js": SERVER},
        "PORT tells it to listen on port 80",
    ),
    "ASP.NET of version 7 with its sources": (
        {
            "Dockerfile": "FROM mcr.microsoft.com/dotnet/aspnet:7.0\nWORKDIR /app\nCOPY out .\n"
            "ENTRYPOINT dotnet A.dll\n",
            "out/A.dll": "",
            "Program.cs": "var app = WebApplication.Create();\napp.Run();\n",
        },
        "port 80",
    ),
    "an entrypoint that nobody knows": (
        {"Dockerfile": 'FROM maven:3.9\nCOPY A.java /\nCMD ["java", "/A.java"]\n', "A.java": "class A {}\n"},
        "the ENTRYPOINT of maven",
    ),
    "a model that a Node.js program caches beside its code": (
        {"Dockerfile": node(), "package.json": "{}", "server.js": SERVER + "require('@xenova/transformers')\n"},
        "",
    ),
    "a browser of a package below another": (
        {
            "Dockerfile": node(),
            "package.json": EXPRESS,
            "package-lock.json": '{"packages": {"node_modules/puppeteer": {"version": "22.0.0"}}}',
            "server.js": SERVER,
        },
        "the browser of Puppeteer",
    ),
    "a browser of Playwright that a script fetches": (
        {
            "Dockerfile": node(more="RUN sh setup.sh\n"),
            "package.json": EXPRESS,
            "setup.sh": "npx playwright install chromium\n",
            "server.js": SERVER,
        },
        "",
    ),
    "Yarn by Corepack, started by a script": (
        {
            "Dockerfile": node('["./start.sh"]', before="RUN corepack enable\n"),
            "package.json": '{"name": "a", "scripts": {"start": "node server.js"}}',
            "start.sh": "#!/bin/sh\nexec yarn start\n",
            "server.js": SERVER,
        },
        "corepack puts",
    ),
    "data of NLTK from the command line": (
        {
            "Dockerfile": python('["python", "m.py"]', more='RUN python -c "import nltk; nltk.download(\'punkt\')"\n'),
            "m.py": "import nltk\n",
        },
        "the home directory",
    ),
    "a model that an installation's script warms": (
        {
            "Dockerfile": python('["python", "m.py"]', more="RUN ./prepare.sh\n"),
            "prepare.sh": "#!/bin/bash\npython tools/warm.py\n",
            "tools/warm.py": "import whisper\nwhisper.load_model('base')\n",
            "m.py": "import whisper\n",
        },
        "the home directory",
    ),
    "an installer from the web": (
        {
            "Dockerfile": python('["python", "m.py"]', more="RUN curl -sSf https://example.com/i.sh | sh\n"),
            "m.py": "print(1)\n",
        },
        "a script that may fill the home directory",
    ),
    "git's settings": (
        {
            "Dockerfile": python('["python", "m.py"]', more="RUN git config --global user.name a\n"),
            "m.py": "print(1)\n",
        },
        "settings or credentials",
    ),
    "pyenv": (
        {
            "Dockerfile": python('["python", "m.py"]', more="RUN curl https://pyenv.run | bash\n"),
            "m.py": "print(1)\n",
        },
        "a tool chain",
    ),
    "files that the build left in the folder that libraries write in": (
        {
            "Dockerfile": python('["python", "m.py"]', more="RUN mkdir -p mlruns && touch mlruns/x\n"),
            "m.py": "import mlflow\n",
        },
        "",
    ),
    "a mode that keeps others out of folders": (
        {"Dockerfile": python(GUNICORN).replace("COPY .", "COPY --chmod=644 ."), "web.py": FLASK},
        "--chmod=644",
    ),
    "an archive that is unpacked over the folder": (
        {
            "Dockerfile": python(GUNICORN, more="RUN tar xf logs.tar\n"),
            "web.py": FLASK + "open('logs/x', 'a')\n",
            "logs.tar": "",
        },
        "",
    ),
    "a log file among the options of the JVM": (
        {
            "Dockerfile": "FROM eclipse-temurin:21-jre\nCOPY a.jar /\n"
            'ENV JAVA_OPTS="-Dlogging.file.name=/var/log/a.log"\n'
            "CMD java $JAVA_OPTS -jar /a.jar\n",
            "a.jar": "",
            "src/main/java/A.java": "import org.springframework.boot.SpringApplication;\n",
        },
        "logging.file.name = /var/log/a.log",
    ),
    "a port among the arguments of Spring": (
        {
            "Dockerfile": "FROM eclipse-temurin:21-jre\nCOPY a.jar /\n"
            'CMD ["java", "-jar", "/a.jar", "--server.port=80"]\n',
            "a.jar": "",
            "src/main/java/A.java": "import org.springframework.boot.SpringApplication;\n",
        },
        "listens on port 80",
    ),
    "a server by a name that everything was imported with": (
        {
            "Dockerfile": python('["python", "m.py"]'),
            "m.py": "from http.server import *\nHTTPServer(('', 80), SimpleHTTPRequestHandler)\n",
        },
        "http.server listens on port 80",
    ),
    "a database that a variable of the image names": (
        {
            "Dockerfile": python('["python", "m.py"]', more="ENV DATABASE_URL=sqlite:///./test.db\n"),
            "m.py": "import os\nfrom sqlalchemy import create_engine\ncreate_engine(os.environ['DATABASE_URL'])\n",
        },
        "",
    ),
    "a model that a Makefile's target warms": (
        {
            "Dockerfile": python('["python", "m.py"]', more="RUN make models\n"),
            "Makefile": "PY = python\nall:\n\ttrue\nmodels: warm.py\n\t@$(PY) warm.py\n",
            "warm.py": "import torch\ntorch.hub.load('a', 'b')\n",
            "m.py": "import torch\n",
        },
        "the home directory",
    ),
    "a browser that a script of package.json fetches": (
        {
            "Dockerfile": node(),
            "package.json": '{"scripts": {"postinstall": "playwright install chromium"}}',
            "server.js": SERVER,
        },
        "the browsers of Playwright",
    ),
    "Go's cache directory, and a user without a home": (
        {
            "Dockerfile": "FROM golang:1.22 AS b\nWORKDIR /s\nCOPY . .\nRUN go build -o /app .\nFROM scratch\n"
            'COPY --from=b /app /app\nCMD ["/app"]\n',
            "go.mod": "module x/app\n",
            "main.go": "package main\nfunc main() { d, _ := os.UserCacheDir(); os.MkdirAll(d, 0o755) }\n",
        },
        "it writes files (main.go:2) in the home directory, and the user has none",
    ),
    "a certificate that Go fetches by itself": (
        {
            "Dockerfile": "FROM golang:1.22\nWORKDIR /s\nCOPY . .\nRUN go build -o /app .\nCMD /app\n",
            "go.mod": "module x/app\n",
            "main.go": "package main\nfunc main() { http.Serve(autocert.NewListener(\"x.org\"), nil) }\n",
        },
        "Go listens on port 443 (main.go:2)",
    ),
    "a port by its name": (
        {
            "Dockerfile": "FROM golang:1.22\nWORKDIR /s\nCOPY . .\nRUN go build -o /app .\nCMD /app\n",
            "go.mod": "module x/app\n",
            "main.go": 'package main\nvar s = http.Server{Addr: ":https"}\n',
        },
        "Go listens on port 443 (main.go:2)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STAYS_ROOT)
def test_the_container_stays_root(tmp_path: Path, name: str) -> None:
    files, reason = STAYS_ROOT[name]
    result = rewritten(tmp_path, files)
    assert "\nUSER" not in result.text
    assert reason in said(result, "DS501")


#: Files of a program that gets a user, with the text that the result must hold.
GETS_USER = {
    "a private key that the build opens": (
        {
            "Dockerfile": node(
                before="RUN openssl req -x509 -nodes -newkey rsa:2048 -keyout /k.pem -out /c.pem && chmod 644 /*.pem\n"
            ),
            "server.js": SERVER,
            "package.json": EXPRESS,
        },
        ("USER 1000:1000",),
    ),
    "a request for a certificate": (
        {
            "Dockerfile": node(before="RUN openssl x509 -in /etc/c.pem -out /etc/d.pem && mktemp -d\n"),
            "server.js": SERVER,
            "package.json": EXPRESS,
        },
        ("USER 1000:1000",),
    ),
    "a library that needs a home folder, where an account takes a layer of its own": (
        {
            "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD python m.py\n",
            "m.py": "import matplotlib\n",
        },
        ("useradd --no-log-init --create-home --uid 10001",),
    ),
    "a program of Rust that asks for its home": (
        {
            "Dockerfile": "FROM rust:1.79 AS b\nWORKDIR /s\nCOPY . .\nRUN cargo build --release\nFROM debian:12-slim\n"
            'COPY --from=b /s/target/release/a /a\nCMD ["/a"]\n',
            "Cargo.toml": '[package]\nname = "a"\nedition = "2021"\n',
            "src/main.rs": "fn main() { let _ = dirs::cache_dir(); }\n",
        },
        ("useradd --no-log-init --create-home --uid 10001",),
    ),
    "logs that Go rotates": (
        {
            "Dockerfile": "FROM golang:1.22 AS b\nWORKDIR /s\nCOPY . .\nRUN go build -o /app .\nFROM debian:12-slim\n"
            'COPY --from=b /app /app\nCMD ["/app"]\n',
            "go.mod": "module x/app\n",
            "main.go": 'package main\nfunc main() { log.SetOutput(&lj.Logger{Filename: "/var/log/app/a.log"}) }\n',
        },
        ("mkdir -p /var/log/app && \\\n    chown 10001:10001 /var/log/app",),
    ),
    "logs that Rust rotates, below a directory that nobody may own": (
        {
            "Dockerfile": "FROM rust:1.79 AS b\nWORKDIR /s\nCOPY . .\nRUN cargo build --release\nFROM debian:12-slim\n"
            'WORKDIR /srv\nCOPY --from=b /s/target/release/a /a\nCMD ["/a"]\n',
            "Cargo.toml": '[package]\nname = "a"\n[dependencies]\ntracing-appender = "0.2"\n',
            "src/main.rs": 'fn main() { tracing_appender::rolling::daily("/srv/logs", "a.log"); }\n',
        },
        ("chown 10001:10001 /srv/logs",),
    ),
    "logs that the configuration of .NET names": (
        {
            "Dockerfile": "FROM mcr.microsoft.com/dotnet/sdk:8.0 AS b\nWORKDIR /s\nCOPY . .\nRUN dotnet publish -o /o\n"
            "FROM mcr.microsoft.com/dotnet/aspnet:8.0\nRUN apt-get update\nWORKDIR /app\nCOPY --from=b /o .\n"
            'ENTRYPOINT ["dotnet", "S.dll"]\n',
            "S.csproj": "<Project/>",
            "P.cs": "b.Host.UseSerilog();\n",
            "appsettings.json": '{"Serilog": {"WriteTo": [{"Name": "File", "Args": {"path": "/var/log/s/l.txt"}}]}}',
            "appsettings.Local.json": '{"Serilog": {"WriteTo": [{"Args": {"path": "/data/s/l.txt"}}]}}',
        },
        ("USER 1654", "/var/log/s", "/data/s"),
    ),
    "a log file beside the code, by a relative path in gunicorn.conf.py": (
        {
            "Dockerfile": python(GUNICORN),
            "web.py": FLASK,
            "gunicorn.conf.py": "errorlog = 'log/e.log'\n",
            "log/.gitkeep": "",
        },
        ("chown 10001:10001 /app/log", "COPY --chown=10001:10001 . ."),
    ),
    "a folder that a later COPY fills": (
        {
            "Dockerfile": "FROM python:3.12-slim\nRUN pip install flask\nCOPY web.py /app/\nWORKDIR /app\nRUN true\n"
            "COPY data /app/\nCMD python web.py\n",
            "web.py": FLASK + "open('/app/data/x.txt', 'w')\n",
            "data/data/a": "",
        },
        ("COPY web.py /app/", "chown 10001:10001 /app/data", "COPY --chown=10001:10001 data /app/"),
    ),
    "a server with a library of unknown habits": (
        {
            "Dockerfile": python('["gunicorn", "m:app"]'),
            "m.py": FLASK + "import nobodyknows\nnobodyknows.store('data')\n",
        },
        ("chown 10001:10001 /app", "COPY --chown=10001:10001 . ."),
    ),
    "a program that starts in another folder": (
        {
            "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nRUN pip install flask\nCOPY . /work\n"
            'ENTRYPOINT ["sh", "-c", "cd /work && exec python m.py"]\n',
            "m.py": "import wandb\n",
        },
        ("chown 10001:10001 /work", "COPY --chown=10001:10001 . /work"),
    ),
    "a log file by a template": (
        {"Dockerfile": python('["python", "m.py"]'), "m.py": "from loguru import logger\nlogger.add('l/{time}')\n"},
        ("chown 10001:10001 /app", "COPY --chown=10001:10001 . ."),
    ),
    "a database that everything was imported for": (
        {"Dockerfile": python('["python", "m.py"]'), "m.py": "from peewee import *\nSqliteDatabase('people')\n"},
        ("chown 10001:10001 /app", "COPY --chown=10001:10001 . ."),
    ),
    "a database on a server": (
        {
            "Dockerfile": python('["python", "m.py"]'),
            "requirements.txt": "sqlalchemy\npsycopg2-binary\n",
            "m.py": "import os\nfrom sqlalchemy import create_engine\ncreate_engine(os.environ['DATABASE_URL'])\n",
        },
        ("\nCOPY . .\n",),
    ),
    "a library that writes in the working directory": (
        {"Dockerfile": python('["python", "m.py"]'), "m.py": "import wandb\nwandb.init()\n"},
        ("chown 10001:10001 /app", "COPY --chown=10001:10001 . ."),
    ),
    "a store of LevelDB": (
        {"Dockerfile": node(), "package.json": EXPRESS, "server.js": SERVER + "require('level')('data')\n"},
        ("chown 1000:1000 /app", "COPY --chown=1000:1000 . ."),
    ),
    "libraries that write nothing": (
        {"Dockerfile": node(), "package.json": EXPRESS, "server.js": SERVER + "require('ioredis')\n"},
        ("\nCOPY . .\n",),
    ),
    "a browser that is not fetched": (
        {
            "Dockerfile": node(before="ENV PUPPETEER_SKIP_DOWNLOAD=1\n"),
            "package.json": '{"name": "a", "dependencies": {"puppeteer": "22"}}',
            "server.js": SERVER + "require('puppeteer')\n",
        },
        (),
    ),
    "Corepack, which the container does not start": (
        {"Dockerfile": node(before="RUN corepack enable\n"), "package.json": EXPRESS, "server.js": SERVER},
        (),
    ),
    "a configuration with nothing but addresses and ports": (
        {
            "Dockerfile": python(GUNICORN),
            "web.py": FLASK,
            "config.yaml": "api: {url: https://example.com/v1, timeout: 5}\nworkers: 3\n",
        },
        ("\nCOPY . .\n",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GETS_USER)
def test_the_user_owns_what_it_writes(tmp_path: Path, name: str) -> None:
    files, texts = GETS_USER[name]
    result = rewritten(tmp_path, files)
    assert "\nUSER 1" in result.text, said(result, "DS501")
    for text in texts:
        assert text in result.text


RUST = "FROM rust:1.79\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\nCMD target/release/job\n"
#: Programs that listen on nothing, with a library of which nobody knows what it writes.
UNREAD = {
    "Python": {"Dockerfile": python('["python", "m.py"]'), "m.py": "import nobodyknows\nnobodyknows.run()\n"},
    "Node.js": {"Dockerfile": node(), "server.js": "require('nobodyknows').run()\n", "package.json": EXPRESS},
    "Go": {
        "Dockerfile": "FROM golang:1.22\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/job .\nCMD /app/job\n",
        "go.mod": "module x/job\n",
        "main.go": 'package main\nimport (\n\t"example.org/nobody/knows"\n)\nfunc main() { knows.Run() }\n',
    },
    "Rust": {
        "Dockerfile": RUST,
        "Cargo.toml": '[package]\nname = "job"\n[dependencies]\nnobodyknows = "1"\n',
        "src/main.rs": "fn main() { nobodyknows::run() }\n",
    },
    "Java": {
        "Dockerfile": "FROM eclipse-temurin:21\nWORKDIR /app\nCOPY . .\nCMD java A.java\n",
        "A.java": "import org.nobody.Knows;\nclass A { public static void main(String[] a) { Knows.run(); } }\n",
    },
    "Ruby": {
        "Dockerfile": "FROM ruby:3.3\nWORKDIR /app\nCOPY . .\nRUN bundle install\nCMD ruby a.rb\n",
        "Gemfile": "gem 'nobodyknows'\n",
        "a.rb": "Nobodyknows.run\n",
    },
    "PHP": {
        "Dockerfile": "FROM php:8.3-cli\nWORKDIR /app\nCOPY . .\nCMD php a.php\n",
        "composer.json": '{"require": {\n"nobody/knows": "1"\n}}',
        "a.php": "<?php Nobody\\Knows::run();\n",
    },
    ".NET": {
        "Dockerfile": "FROM mcr.microsoft.com/dotnet/sdk:8.0\nWORKDIR /app\nCOPY . .\nRUN dotnet publish -o /app/out\n"
        "CMD dotnet out/Job.dll\n",
        "Job.csproj": '<Project><ItemGroup><PackageReference Include="Nobody.Knows" /></ItemGroup></Project>',
        "A.cs": "class A { static void Main() => Nobody.Knows.Run(); }\n",
    },
    "C": {
        "Dockerfile": "FROM gcc:14\nWORKDIR /app\nCOPY . .\nRUN make job\nCMD ./job\n",
        "Makefile": "job: a.c\n\tcc -o job a.c -lknows\n",
        "a.c": "#include <stdio.h>\n#include <nobody/knows.h>\nint main(void) { return knows_run(); }\n",
    },
}


@pytest.mark.parametrize("language", UNREAD)
def test_a_library_that_nobody_knows_may_write_anywhere(tmp_path: Path, language: str) -> None:
    standard = rewritten(tmp_path, UNREAD[language])
    assert "USER" not in standard.text
    result = rewritten(tmp_path, UNREAD[language], "aggressive")
    if "USER" in result.text:
        reasons = " ".join(change.reason for change in result.changes)
        assert "it may write anywhere: nobody knows what" in reasons


@pytest.mark.parametrize("more", ["EXPOSE 7000\n", "ENV PORT=7000\n", "ENV ASPNETCORE_HTTP_PORTS=7070\n"])
def test_a_library_that_nobody_knows_is_a_servers_where_the_file_tells_of_one(tmp_path: Path, more: str) -> None:
    files = {**UNREAD["Node.js"], "Dockerfile": node(more=more)}
    result = rewritten(tmp_path, files)
    assert "USER 1000:1000" in result.text or "is root's" in said(result, "DS501"), said(result, "DS501")
    assert not any("write anywhere" in change.reason for change in rewritten(tmp_path, files, "aggressive").changes)


def test_a_library_that_nobody_knows_is_a_servers_where_another_listens(tmp_path: Path) -> None:
    project = UNREAD[".NET"]["Job.csproj"].replace("<Project>", '<Project Sdk="Microsoft.NET.Sdk.Web">')
    result = rewritten(tmp_path, {**UNREAD[".NET"], "Job.csproj": project})
    assert "USER 1654:1654" in result.text


GO = "FROM golang:1.22\nWORKDIR /src\nCOPY . .\nRUN go build -o /usr/local/bin/app .\nEXPOSE 8080\nCMD app\n"
JAVA = (
    "FROM maven:3.9-eclipse-temurin-21\nWORKDIR /app\nCOPY . .\nRUN mvn package\n"
    'CMD ["java", "-jar", "target/app.jar"]\n'
)
POM = "<project><artifactId>app</artifactId><build><finalName>app</finalName></build></project>"

#: Programs that ask for others while they run: the level, the rule that must say so, and what it says.
ASKS = {
    "a program by a variable in Go": (
        {
            "Dockerfile": GO,
            "go.mod": "module a\n",
            "main.go": 'package main\nimport "os/exec"\nfunc main() { tool := "x"\nexec.Command(tool).Run() }\n',
        },
        "standard", "DS401", "what code starts or loads is known only when it runs",
    ),
    "a script for bash in Go": (
        {
            "Dockerfile": GO,
            "go.mod": "module a\n",
            "main.go": (
                'package main\nimport "os/exec"\n'
                'func main() { exec.Command("/bin/bash", "-c", "curl x | jq .").Run() }\n'
            ),
        },
        "standard", "DS401", "code uses jq",
    ),
    "the debugger's interface in Java": (
        {"Dockerfile": JAVA, "pom.xml": POM, "src/main/java/A.java": "import com.sun.tools.attach.VirtualMachine;\n"},
        "standard", "DS404", "code uses javac",
    ),
    "a process in Java": (
        {
            "Dockerfile": JAVA,
            "pom.xml": POM,
            "src/main/java/A.java": 'class A { void a() { new ProcessBuilder("ffmpeg", "-i").start(); } }\n',
        },
        "standard", "DS404", "code uses ffmpeg",
    ),
    "a library that starts git": (
        {
            "Dockerfile": "FROM python:3.12\nRUN pip install flask\nCOPY m.py /\nCMD python /m.py\n",
            "m.py": "import git\ngit.Repo('/x')\n",
        },
        "aggressive", "", "git",
    ),
    "a program that is in no package known here": (
        {
            "Dockerfile": "FROM python:3.12\nRUN pip install flask\nCOPY m.py /\nCMD python /m.py\n",
            "m.py": "import subprocess\nsubprocess.run(['magick', 'x'])\n",
        },
        "aggressive", "DS304", "code starts magick (m.py:2)",
    ),
    "a command that the code computes": (
        {
            "Dockerfile": "FROM python:3.12\nRUN pip install flask\nCOPY m.py /\nCMD python /m.py\n",
            "m.py": "import subprocess, sys\nsubprocess.run(sys.argv[1:])\n",
        },
        "aggressive", "DS304", "what code starts or loads is not known",
    ),
    "a child process of Node.js": (
        {
            "Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY server.js .\nCMD node server.js\n",
            "server.js": "require('child_process').exec('identify x.png')\n",
        },
        "aggressive", "", "imagemagick",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKS)
def test_what_code_starts_stays_or_comes_back(tmp_path: Path, name: str) -> None:
    files, level, rule, reason = ASKS[name]
    result = rewritten(tmp_path, files, level)
    if rule:
        assert reason in said(result, rule)
        assert "AS runtime" not in result.text
        assert "-slim" not in result.text
    else:
        assert f"install -y --no-install-recommends {reason}" in result.text or "-slim" not in result.text


LOCK = '{"lockfileVersion": 3, "packages": {"": {"name": "a"%s}, "node_modules/%s": {"hasInstallScript": true}}}'

CONDA = "FROM continuumio/miniconda3:24.7.1-0\nWORKDIR /a\nCOPY . .\nRUN conda env create -f environment.yml\n"

#: Installations that read more of the project than its manifests, with what DS701 says.
READS_MORE = {
    "the script of a package that nobody knows": (
        {
            "Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD node a.js\n",
            "package.json": '{"name": "a"}',
            "package-lock.json": LOCK % ("", "some-codegen"),
        },
        "the install script of some-codegen may read the project",
    ),
    "a script that reads the project, without a lock file": (
        {
            "Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD node a.js\n",
            "package.json": '{"name": "a", "devDependencies": {"msw": "2"}}',
        },
        "the install script of msw reads the project",
    ),
    "Prisma by Yarn": (
        {
            "Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN yarn install --frozen-lockfile\nCMD node a.js\n",
            "package.json": '{"name": "a", "dependencies": {"@prisma/client": "5"}}',
            "yarn.lock": '"@prisma/client@5":\n  version "5.0.0"\n',
        },
        "the install script of @prisma/client reads the project",
    ),
    "an environment file that no reader of YAML takes": (
        {
            "Dockerfile": CONDA,
            "environment.yml": "dependencies: [python\n",
        },
        "cannot be read as YAML",
    ),
    "a local package in an environment file, by an alias": (
        {
            "Dockerfile": CONDA,
            "environment.yml": "x: &own [-e .]\ndependencies:\n- python\n- pip: *own\n",
        },
        "reads the project itself: -e .",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READS_MORE)
def test_installations_that_read_more(tmp_path: Path, name: str) -> None:
    files, reason = READS_MORE[name]
    result = rewritten(tmp_path, files)
    assert reason in said(result, "DS701")
    assert files["Dockerfile"].split("RUN")[0] in result.text


def test_a_script_that_is_known_to_stay_apart(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD node a.js\n",
        "package.json": '{"name": "a"}',
        "package-lock.json": LOCK % ("", "esbuild"),
        ".dockerignore": "node_modules\n",
        "a.js": "",
    }
    assert "COPY package.json package-lock.json ./" in rewritten(tmp_path, files).text
