"""Smaller base images by real builds: what the data says of them is so, and what is rewritten for them works."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import dockerslim_rewrite
from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.engine.choose import choose
from dockerslim_rewrite.engine.interface import BuildFailed, BuildRequest, RunOutcome, RunRequest
from dockerslim_rewrite.engine.workspace import workspace

pytestmark = [pytest.mark.builds, pytest.mark.xdist_group("builds")]

DATA = tomllib.loads(
    (Path(dockerslim_rewrite.__file__).parent / "knowledge" / "data" / "smaller.toml").read_text("utf-8")
)
#: Of what the real image has, the stand-in made of Debian's own packages lacks these.
_NOT_IN_STANDINS = {"idle", "pydoc", "python-config", "corepack", "docker-entrypoint.sh"}
#: A day on which all of the stand-ins' versions were maintained: past that nothing is installed on them.
_TODAY = date(2024, 1, 1)
PYTHON = """\
FROM python:3.11
WORKDIR /srv
RUN printf 'data\\n' > data && tar -cJf data.tar.xz data && rm data && tar xf data.tar.xz
RUN git init -q repository && git -C repository status --short && curl --version > /dev/null && command -v unzip
RUN find . -name '*.xz' -exec rm -f {} + && ls | xargs -n 1 echo && useradd -m app && chown -R app:app /srv
RUN pip install --no-cache-dir six
COPY app.py .
USER app
HEALTHCHECK CMD ps aux | grep -q app.py
CMD ["python", "app.py"]
"""
APP = "import six, ssl, sqlite3, zlib, lzma, bz2, ctypes\nprint(open('/srv/data').read(), six.PY3)\n"
NGINX = """\
FROM debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends nginx locales vim-tiny cron less && locale-gen C.UTF-8
RUN apt-get purge -y less && nginx -t && useradd -m app
CMD ["nginx", "-g", "daemon off;"]
"""
NODE = """\
FROM node:18
WORKDIR /srv
COPY app.js .
RUN npm config get registry > /dev/null && curl --version > /dev/null && node app.js
CMD ["node", "app.js"]
"""
JAVA = """\
FROM eclipse-temurin:17-jdk AS build
COPY Main.java .
RUN javac -d /out Main.java

FROM eclipse-temurin:17-jdk
COPY --from=build /out /out
CMD ["java", "-cp", "/out", "Main"]
"""


def _check(commands: list[str]) -> str:
    """A RUN that fails where one of *commands* is missing, and says which."""
    lookup = 'command -v "$name" > /dev/null || missing="$missing $name"'
    verdict = 'test -z "$missing" || { echo "missing:$missing"; exit 1; }'
    return f"RUN for name in {' '.join(sorted(set(commands)))}; do {lookup}; done; {verdict}\n"


def _build(text: str, folder: Path, smoke: str = "true") -> RunOutcome:
    """Build *text* with *folder* as its context, run *smoke* in the image, and say how that ended."""
    (folder / "Dockerfile").write_text(text)
    tag = "localhost/dockerslim-test:slim"
    with workspace() as place:
        engine = choose("buildah", place)
        try:
            request = BuildRequest(folder / "Dockerfile", folder, tag, network="host")
            engine.build(request, folder / "log", lambda line: None)
            return engine.run(RunRequest(tag, ("/bin/sh", "-c", smoke), network="host"))
        except BuildFailed as failure:
            pytest.fail("\n".join(failure.log_end))
        finally:
            engine.remove(tag)
            engine.close()


@pytest.mark.parametrize(
    ("image", "commands"),
    [
        ("debian:bookworm-slim", DATA["commands"]["debian"]),
        *(
            (f"{entry['name']}:{tag}", [*DATA["commands"]["debian"], *entry["own"], *entry["has"]])
            for entry in DATA["image"]
            for name, tag in (("python", "3.11-slim"), ("node", "18-slim"))
            if entry["name"] == name
        ),
    ],
)
def test_commands_are_in_the_smaller_image(
    image: str, commands: list[str], base_images: Callable[..., None], tmp_path: Path
) -> None:
    base_images(image)
    _build(f"FROM {image}\n" + _check([name for name in commands if name not in _NOT_IN_STANDINS]), tmp_path)


def test_packages_bring_commands_back(base_images: Callable[..., None], tmp_path: Path) -> None:
    base_images("debian:bookworm-slim")
    # netcat is a package of its own only before bookworm.
    packages = " ".join(sorted({*DATA["packages"].values(), *DATA["programs"]} - {"netcat"}))
    commands = [*DATA["packages"], *(name for names in DATA["programs"].values() for name in names)]
    install = f"RUN apt-get update && apt-get install -y --no-install-recommends {packages}\n"
    _build(f"FROM debian:bookworm-slim\n{install}{_check(commands)}", tmp_path)


@pytest.mark.parametrize(
    ("text", "files", "bases", "smoke"),
    [
        (PYTHON, {"app.py": APP}, ("python:3.11", "python:3.11-slim"), "python app.py && ls /srv"),
        (NGINX, {}, ("debian:bookworm", "debian:bookworm-slim"), "nginx -v 2>&1; id app; locale -a"),
        (NODE, {"app.js": "console.log(6 * 7)\n"}, ("node:18", "node:18-slim"), "node app.js"),
        (
            JAVA,
            {"Main.java": 'class Main { public static void main(String[] a) { System.out.println("java"); } }\n'},
            ("eclipse-temurin:17-jdk", "eclipse-temurin:17-jre"),
            "java -cp /out Main",
        ),
    ],
    ids=["python", "debian", "node", "java"],
)
def test_what_is_rewritten_works_on_the_smaller_image(
    text: str,
    files: dict[str, str],
    bases: tuple[str, str],
    smoke: str,
    base_images: Callable[..., None],
    tmp_path: Path,
) -> None:
    base_images(*bases)
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    result = rewrite(text, Options(level="aggressive", select=("DS304",), today=_TODAY))
    assert result.bugs == ()
    assert f"FROM {bases[1]}\n" in result.text, [remark.reason for remark in result.remarks]
    before, after = _build(text, tmp_path, smoke), _build(result.text, tmp_path, smoke)
    assert before.status == 0, before
    assert before.stdout
    assert (after.status, after.stdout) == (before.status, before.stdout)
