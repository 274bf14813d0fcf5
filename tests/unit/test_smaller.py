"""Which commands keep a base image from becoming smaller, which bring a package along, and which do neither."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import dockerslim_rewrite
from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.knowledge.images import catalogued, entry_of
from dockerslim_rewrite.knowledge.smaller import installer, smaller
from dockerslim_rewrite.passes import rule
from dockerslim_rewrite.record import evolve

DATA = tomllib.loads(
    (Path(dockerslim_rewrite.__file__).parent / "knowledge" / "data" / "smaller.toml").read_text("utf-8")
)
PYTHON, NODE, JDK = "python:3.13", "node:24", "eclipse-temurin:21"
OPTIONS = Options(level="aggressive", select=("DS304",))
#: What starts nothing may be an image to work in.
STARTS = 'CMD ["true"]\n'


def slim(image: str, *lines: str) -> tuple[str, list[str]]:
    """The first lines of the rewritten file, and what was said."""
    own = any(line.startswith(("CMD", "ENTRYPOINT")) for line in lines)
    result = rewrite("\n".join((f"FROM {image}", *lines)) + f"\n{'' if own else STARTS}", OPTIONS)
    assert result.bugs == ()
    assert not rewrite(result.text, OPTIONS).changed
    return result.text.removesuffix(STARTS), [remark.reason.partition(": ")[2] for remark in result.remarks]


@pytest.mark.parametrize("entry", DATA["image"], ids=lambda entry: f"{entry['name']} {entry['kind']} {entry['family']}")
def test_what_is_known_of_a_variant_has_a_variant(entry: dict[str, str]) -> None:
    assert entry["name"] in catalogued()
    kinds = {item["kind"] for item in (entry_of(entry["name"]) or {})["counterparts"]}
    assert entry["kind"] in kinds
    found = smaller(entry["name"], entry["kind"], entry["family"])
    assert found is not None
    assert not found.commands & found.packages.keys()


def test_the_pass_is_asked_about_every_image_with_a_variant() -> None:
    for entry in DATA["image"]:
        assert rule("DS304").concerns(f"from {entry['name']}:1")


def test_no_list_contradicts_another() -> None:
    for commands in DATA["commands"].values():
        assert len(commands) == len(set(commands))
    common = set(DATA["commands"]["debian"]) | set(DATA["commands"]["shell"])
    assert not common & set(DATA["packages"])
    assert set(DATA["beside"]) <= set(DATA["packages"].values())
    for manager in ("pip", "npm", "gem"):
        assert DATA[manager]["packages"] == sorted(DATA[manager]["packages"])


@pytest.mark.parametrize(
    "line",
    [
        "RUN mkdir -p /a && cd /a && touch b && ln -s b c && chmod +x b && sed -i s/a/b/ b && rm -rf c",
        "RUN set -eux; for f in a b; do echo $f | tee -a /c; done; [ -e /c ] || exit 1",
        "RUN useradd -m app && chown -R app:app /home/app",
        "RUN find / -name '*.pyc' -exec rm -f {} + && find . -type f | xargs -r -n 1 wc -l",
        "RUN tar -xzf a.tar.gz && tar xf b.tgz && tar -C /x -x -z -f $NAME",
        "RUN python -m venv /venv && python setup_data.py && python3 -c 'print(1)'",
        "RUN pip install --upgrade pip setuptools wheel && pip install 'flask>=2' Django==4.2 && pip list",
        "RUN helper() { echo x; }; helper && if true; then :; fi",
        "RUN bash -c 'mkdir /a && ls'",
        "RUN apt-get update && apt-get install -y nginx locales && locale-gen && nginx -t && apt-get purge -y nginx",
        'CMD ["python", "app.py"]',
        "CMD exec gunicorn app:app\nRUN pip install gunicorn",
        "HEALTHCHECK NONE",
        'RUN ["mkdir", "/a"]',
        "RUN /bin/mkdir /a && ln -s /usr/local/bin/python /usr/local/bin/py && /usr/bin/env",
        "COPY tool /usr/bin/tool",
        "ADD https://example.org/a /a",
        "RUN --mount=type=cache,target=/root/.cache pip install requests",
    ],
)
def test_what_the_smaller_image_has(line: str) -> None:
    text, said = slim(PYTHON, *line.split("\n"))
    assert text == f"FROM {PYTHON}-slim\n{line}\n"
    assert said == []


@pytest.mark.parametrize(
    ("line", "packages"),
    [
        ("RUN curl -O http://example.org/a", "curl"),
        ("RUN git clone https://example.org/a", "git"),
        ("RUN tar -xjf a.tar.bz2", "bzip2"),
        ("RUN tar xf a.tar.xz", "xz-utils"),
        ("RUN tar -C / -xJf $ARCHIVE", "xz-utils"),
        ("RUN unzip a.zip && wget http://example.org/b", "unzip wget"),
        ("RUN adduser --system app", "adduser"),
        ("RUN find . -name '*.xz' -exec unxz {} ;", "xz-utils"),
        ("RUN ls *.zip | xargs -n 1 unzip", "unzip"),
        ("RUN if ! command -v ps; then exit 1; fi", "procps"),
        ("RUN which git || exit 1", "git"),
        ("RUN echo $(curl http://example.org)", "curl"),
        ("HEALTHCHECK --interval=5s CMD curl -f http://localhost || exit 1", "curl"),
        ('HEALTHCHECK CMD ["wget", "-qO-", "http://localhost"]', "wget"),
        ('CMD ["sh", "-c", "ssh-keygen -A && python app.py"]', "openssh-client"),
        ("ENTRYPOINT curl http://example.org && exec python app.py", "curl"),
    ],
)
def test_what_is_brought_back(line: str, packages: str) -> None:
    text, said = slim(PYTHON, line)
    install = f"RUN apt-get update && apt-get install -y --no-install-recommends {packages}"
    assert text == f"FROM {PYTHON}-slim\n{install} && rm -rf /var/lib/apt/lists/*\n{line}\n"
    assert said == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("RUN make", "it is not known whether make is there"),
        ("RUN ./configure", "what ./configure does is not known"),
        ("RUN $TOOL x", "what $TOOL does is not known"),
        ("RUN sh install.sh", "what sh install.sh does is not known"),
        ("RUN curl http://example.org | bash -s -- -y", "what bash -s does is not known"),
        ("RUN . /env.sh", "what . /env.sh does is not known"),
        ("RUN tar xf $ARCHIVE", "which compression tar meets is not known"),
        ("RUN find . -exec $X {} +", "what the command after find does is not known"),
        ("RUN ln -s /usr/bin/python3 /usr/bin/py", "it is not known whether /usr/bin/python3 on line 2 is there"),
        ("RUN cp -r /usr/include/openssl /a", "it is not known whether /usr/include/openssl on line 2 is there"),
        ("RUN [ -x /usr/bin/git ] || exit 1", "it is not known whether /usr/bin/git on line 2 is there"),
        ("RUN command -v anything", "it is not known whether anything is there"),
        ("RUN ls | xargs -n1 make", "it is not known whether make is there"),
        ("RUN pip install -r requirements.txt", "pip may have to compile requirements.txt"),
        ("RUN pip install .", "pip may have to compile ."),
        ("RUN pip install $PACKAGES", "pip may have to compile what a variable names"),
        ("RUN pip install git+https://example.org/flask", "pip may have to compile git+https://example.org/flask"),
        ("RUN pip install flask uwsgi", "pip may have to compile uwsgi; `dockerslim lock` asks the index"),
        ("RUN pip wheel flask", "what pip wheel does is not known"),
        ("RUN pipenv install", "what pipenv install needs is not known"),
        ("RUN python setup.py install", "what python setup.py builds is not known"),
        ("RUN apt-get purge -y git", "apt-get purge may find nothing to remove there"),
        ("RUN case x in (", "the RUN on line 2 could not be read"),
        ('RUN ["/opt/x"]', "what /opt/x does is not known"),
        ('CMD ["gunicorn"]', "it is not known whether gunicorn is there"),
        ('ENTRYPOINT ["gosu", "app", "/start"]', "what /start does is not known"),
        ("ONBUILD COPY . .", "what the trigger on line 2 meets in another build is not known"),
        ("COPY --from=golang:1 /a /a", "what line 2 copies may be linked to libraries that only the larger image has"),
        ('SHELL ["pwsh"]\nRUN Get-Item', "the RUN on line 3 could not be read"),
        ("USER app\nRUN curl x", "curl would have to be installed, but line 3 is not run by root's sh"),
    ],
)
def test_what_is_not_known(line: str, reason: str) -> None:
    text, said = slim(PYTHON, *line.split("\n"))
    assert text == f"FROM {PYTHON}\n{line}\n"
    assert said == [reason]


def test_other_stages_count() -> None:
    text, said = slim(f"{PYTHON} AS base", "FROM base", "RUN make")
    assert (f"FROM {PYTHON} AS base" in text, said) == (True, ["it is not known whether make is there"])
    text, said = slim(f"{PYTHON} AS base", "FROM base AS next", "FROM scratch", "COPY --from=next /usr/bin/git /git")
    assert f"FROM {PYTHON} AS base" in text, "a stage that does not ship stays as it is"
    text, said = slim(f"{PYTHON} AS base", "COPY a /a", "FROM base", "RUN git clone git://example.org/a")
    lines = text.splitlines()
    assert lines[0] == f"FROM {PYTHON}-slim AS base"
    assert lines[2].endswith("ca-certificates git && rm -rf /var/lib/apt/lists/*") or " git && rm" in lines[2]
    assert lines[3] == "FROM base"


def test_a_runtime_has_no_tools() -> None:
    command = 'CMD ["java", "-jar", "/a.jar"]'
    assert slim(JDK, "COPY a.jar /", command)[0].startswith(f"FROM {JDK}-jre\n")
    assert slim(JDK, "RUN curl -O http://example.org/a.jar", command)[0].startswith(f"FROM {JDK}-jre\nRUN curl")
    for line in ("RUN jar xf a.jar", "RUN mvn package", "RUN $JAVA_HOME/bin/java -version", "RUN ./gradlew build"):
        text, said = slim(JDK, line, command)
        assert text.startswith(f"FROM {JDK}\n")
        assert len(said) == 1


def test_node_needs_certificates_beside_what_fetches() -> None:
    text, _ = slim(NODE, "RUN curl -O https://example.org/a", 'CMD ["node", "a.js"]')
    assert " ca-certificates curl && " in text
    text, _ = slim(NODE, "RUN echo 'deb https://example.org/apt stable main' > /etc/apt/sources.list.d/x.list")
    assert "--no-install-recommends ca-certificates && " in text
    assert slim(NODE, "RUN npm install -g yarn serve", 'CMD ["serve"]')[0].startswith(f"FROM {NODE}-slim\n")
    assert slim(NODE, "RUN npm install")[1] == ["npm may have to compile what npm install installs"]


LOCK = '{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": %s}}'
NPM = ("WORKDIR /app", "COPY . .", "RUN npm ci", 'CMD ["npm", "start"]')
PIP = ("WORKDIR /app", "COPY . .", "RUN pip install -r requirements.txt", 'CMD ["python", "a.py"]')
START = '{"scripts": {"start": "node a.js"}}'


@pytest.mark.parametrize(
    ("image", "lines", "files", "reason"),
    [
        (NODE, NPM, {"package.json": START, "package-lock.json": LOCK % "{}"}, None),
        (NODE, NPM, {"package.json": START, "package-lock.json": LOCK % '{"hasInstallScript": true}'}, "compile a"),
        (
            NODE,
            NPM,
            {"package.json": START, "package-lock.json": LOCK % '{"dependencies": {"nan": "2"}}'},
            "compile a",
        ),
        (NODE, NPM, {"package.json": START, "package-lock.json": LOCK % '{"resolved": "git+ssh://x"}'}, "elsewhere"),
        (NODE, NPM, {"package.json": START, "package-lock.json": LOCK % '{"link": true}'}, "elsewhere"),
        (NODE, NPM, {"package.json": START, "package-lock.json": '{"lockfileVersion": 1}'}, "with a list of packages"),
        (NODE, NPM, {"package.json": START, "package-lock.json": "no JSON"}, "package-lock.json in /app is no JSON"),
        (NODE, NPM, {"package.json": START}, "no COPY brings it to /app for certain"),
        (NODE, NPM, {"package-lock.json": LOCK % "{}"}, "package.json cannot be seen"),
        (NODE, NPM, {"package.json": "{}", "package-lock.json": LOCK % "{}"}, "what npm start does is not known"),
        (
            NODE,
            NPM,
            {"package.json": '{"scripts": {"start": "npm start"}}', "package-lock.json": LOCK % "{}"},
            "could not be read",
        ),
        (
            NODE,
            NPM,
            {"package.json": '{"scripts": {"start": "node a", "prestart": "make"}}', "package-lock.json": LOCK % "{}"},
            "whether make is there",
        ),
        (PYTHON, PIP, {"requirements.txt": "flask\n\n# x\nrequests == 2 # y\n"}, None),
        (PYTHON, PIP, {"requirements.txt": "-r requirements.txt\nflask\n"}, None),
        (PYTHON, PIP, {"requirements.txt": "flask\n-e .\n"}, "-e ., which requirements.txt lists"),
        (PYTHON, PIP, {"requirements.txt": "--index-url https://x\nflask\n"}, "the index that requirements.txt names"),
        (PYTHON, PIP, {"requirements.txt": "flask @ git+https://x\n"}, "flask @ git+https://x, which"),
        (PYTHON, PIP, {"requirements.txt": "-r other.txt\n"}, "may have to compile requirements.txt"),
        (PYTHON, PIP, {"other.txt": "flask\n"}, "may have to compile requirements.txt"),
    ],
)
def test_lists_of_the_project(
    image: str, lines: tuple[str, ...], files: dict[str, str], reason: str | None, tmp_path: Path
) -> None:
    text = "\n".join((f"FROM {image}", *lines)) + "\n"
    for name, content in {**files, "Dockerfile": text}.items():
        (tmp_path / name).write_text(content)
    result = rewrite(text, evolve(OPTIONS, context=tmp_path), str(tmp_path / "Dockerfile"))
    assert result.bugs == ()
    if reason is None:
        assert result.text.startswith(f"FROM {image}-slim\n")
    else:
        assert not result.changed
        (remark,) = result.remarks
        assert reason in remark.reason


@pytest.mark.parametrize(
    ("code", "libraries"),
    [
        ("import ctypes\nctypes.CDLL('libpq.so.5')", "libpq5"),
        ("import ctypes\nctypes.cdll['libpq.so.5']", "libpq5"),
        ("from ctypes import cdll\ncdll['libpq.so.5'].PQlibVersion()", "libpq5"),
        ("from ctypes import cdll\ncdll.pq.PQlibVersion()", None),
        ("from ctypes import cdll\ncdll[name]", None),
        ("from cffi import FFI\nffi = FFI()\nffi.dlopen('libpq.so.5')", "libpq5"),
        ("import loader\nloader.make().dlopen(name)", None),
        ("from cffi import FFI\nffi = FFI()\nffi.dlopen(None)", ""),
        ("import ctypes\nctypes.cdll.LoadLibrary('libc.so.6')", ""),
    ],
)
def test_libraries_that_code_loads(code: str, libraries: str | None, tmp_path: Path) -> None:
    text = f'FROM {PYTHON}\nWORKDIR /app\nCOPY . .\nCMD ["python", "a.py"]\n'
    (tmp_path / "a.py").write_text(code + "\n")
    (tmp_path / "Dockerfile").write_text(text)
    found = rewrite(text, evolve(OPTIONS, context=tmp_path), str(tmp_path / "Dockerfile")).text
    assert (f"{PYTHON}-slim" in found) == (libraries is not None)
    assert (f" {libraries} " in found) == bool(libraries)


def test_node_loads_by_other_packages(tmp_path: Path) -> None:
    text = f'FROM {NODE}\nWORKDIR /app\nCOPY . .\nCMD ["node", "a.js"]\n'
    for code, stays in (("require('http');", False), ("const {open} = require('ffi-rs');", True)):
        (tmp_path / "a.js").write_text(code + "\n")
        (tmp_path / "Dockerfile").write_text(text)
        found = rewrite(text, evolve(OPTIONS, context=tmp_path), str(tmp_path / "Dockerfile")).text
        assert (f"{NODE}-slim" not in found) == stays


@pytest.mark.parametrize(
    ("version", "python", "brought"),
    [
        ("", "3.11", True),
        ("==1.26.4", "3.11", True),
        ("==1.23.1", "3.11", False),
        ("== 1.23.10", "3.11", True),
        ("~=1.26", "3.12", True),
        (">=1.0", "3.12", False),
        (">=1.26,<2", "3.12", True),
        (">= 1.26, !=1.26.1, < 2", "3.12", True),
        (">=1.0,<2", "3.12", False),
        ("==1.26.*", "3.12", False),
        (">=1.26,===1.26.4", "3.12", False),
        ("<2", "3.12", False),
        ("!=2.0", "3.12", False),
        ("[extra]", "3.12", False),
        ("==1.26.4", "3.13", False),
        ("==2.1.0", "3.13", True),
        ("", "2.7", False),
        ("", "", False),
    ],
)
def test_what_comes_compiled_depends_on_both_versions(version: str, python: str, brought: bool) -> None:
    known = installer("pip")
    assert known is not None
    assert known.brings("numpy", version, python) is brought
    assert known.brings("flask", version, python)
    assert not known.brings("flask[extra]", version, python)
    assert not known.brings("uwsgi", version, python)


def test_what_is_beside_comes_for_the_named_versions_of_python_and_extras_have_rows_of_their_own() -> None:
    known = installer("pip")
    assert known is not None
    assert known.comes_compiled("uvicorn[standard]", ">=0.20", "3.12")
    assert not known.comes_compiled("uvicorn[standard]", ">=0.20", "3.7")
    assert not known.comes_compiled("uvicorn[standard]", "==0.13.4", "3.12")
    assert known.comes_compiled("alembic", "", "3.13")


def test_old_distributions_need_folders_for_manual_pages() -> None:
    install = "RUN apt-get update && apt-get install -y postgresql-client"
    assert slim("python:3.13", install)[0].startswith("FROM python:3.13-slim\n")
    reason = "postgresql-client on line 2 may need directories for manual pages, which are left out there"
    assert slim("python:3.9-buster", install)[1] == [reason]


@pytest.mark.parametrize(
    ("packages", "known"), [("vim", True), ("libpq-dev", False), ("build-essential", False), ("gcc vim", False)]
)
def test_nothing_is_promised_where_a_compiler_comes_back(packages: str, known: bool) -> None:
    text = f"FROM {PYTHON}\nRUN apt-get update && apt-get install -y {packages}\n{STARTS}"
    (change,) = rewrite(text, OPTIONS).changes
    assert (change.saving is not None) is known


def test_a_list_of_requirements_in_utf_16_is_read_as_pip_does(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("\ufeffflask==3.0.3\r\nsqlparse==0.4.4\r\n".encode("utf-16-le"))
    text = "FROM python:3.12\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    result = rewrite(text, evolve(OPTIONS, context=tmp_path), str(tmp_path / "Dockerfile"))
    assert result.text.startswith("FROM python:3.12-slim\n")
