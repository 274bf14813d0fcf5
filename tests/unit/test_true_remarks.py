"""Remarks and reasons say what is so, and nothing where there is nothing to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, Result, rewrite
from dockerslim_rewrite.pipeline.positions import on_original
from dockerslim_rewrite.report.text import report_lines


def result(text: str, rule: str, context: Path | None = None, level: str = "standard") -> Result:
    return rewrite(text, Options(select=(rule,), context=context, level=level))


def said(found: Result, rule: str) -> str:
    return "\n".join(remark.reason for remark in found.remarks if remark.rule == rule)


@pytest.mark.parametrize(
    "pair",
    [
        "AUTH_ENABLED=x",
        "DISABLE_AUTH=x",
        "TOKEN_TTL=3600",
        "USE_API_KEY=x",
        "SECRET=true",
        "PASSWORD_MODE=x",
        "AUTH_ROLE=x",
    ],
)
def test_what_switches_something_is_no_secret(pair: str) -> None:
    assert said(result(f"FROM debian:12\nENV {pair}\nARG {pair}\n", "DS503"), "DS503") == ""


@pytest.mark.parametrize("pair", ["DB_HOST_PASSWORD=x", "API_KEY=x", "MODE_SECRET=x"])
def test_a_secret_is_one(pair: str) -> None:
    assert "is kept in the image's configuration" in said(result(f"FROM debian:12\nENV {pair}\n", "DS503"), "DS503")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.pem", "-----BEGIN CERTIFICATE-----\nx\n", False),
        ("a.key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n", False),
        ("rds-ca-bundle-2019.pem", "x", False),
        ("a.pem", "-----BEGIN CERTIFICATE-----\nx\n-----BEGIN PRIVATE KEY-----\n", True),
        ("a.key", "x", True),
    ],
)
def test_public_keys_are_no_secrets(tmp_path: Path, name: str, text: str, told: bool) -> None:
    (tmp_path / name).write_text(text)
    found = result("FROM debian:12\nCOPY . /srv/\n", "DS803", tmp_path)
    assert bool(said(found, "DS803")) is told


def test_stages_with_a_name_are_not_spoken_of() -> None:
    text = "FROM node:20 AS test\nRUN npm test\nFROM node:20\nCMD node .\n"
    assert said(result(text, "DS106", level="aggressive"), "DS106") == ""


def test_a_few_small_files_are_no_reason_for_a_dockerignore(tmp_path: Path) -> None:
    (tmp_path / "a.pyc").write_text("x")
    (tmp_path / "app.py").write_text("x = 1\n")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "app.pyc").write_text("x")
    text = "FROM python:3.12\nCOPY . /app/\n"
    assert said(result(text, "DS801", tmp_path), "DS801") == ""
    (tmp_path / "__pycache__" / "big.pyc").write_text("x" * 2_000_000)
    told = said(result(text, "DS801", tmp_path), "DS801")
    assert "a build is sent" in told
    assert told.endswith("--dockerignore writes the file that keeps them out")
    (tmp_path / ".dockerignore").write_text("nothing\n")
    told = said(result(text, "DS801", tmp_path), "DS801")
    assert told.endswith("--dockerignore adds to .dockerignore what keeps them out")
    (tmp_path / ".dockerignore").unlink()
    (tmp_path / "__pycache__" / "app.pyc").unlink()
    (tmp_path / "a.pyc").unlink()
    assert "a build is sent 1 file (" in said(result(text, "DS801", tmp_path), "DS801")


@pytest.mark.parametrize(("name", "told"), [(".gitignore", False), (".git/HEAD", True)])
def test_the_history_is_worth_a_dockerignore(tmp_path: Path, name: str, told: bool) -> None:
    (tmp_path / "app.py").write_text("x = 1\n")
    (tmp_path / ".dockerignore").write_text("*.log\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / name).write_text("x\n")
    text = "FROM python:3.12\nCOPY . /app/\n"
    assert bool(said(result(text, "DS801", tmp_path), "DS801")) is told


def started(tmp_path: Path, script: str, more: str = "") -> str:
    (tmp_path / "start.sh").write_text(f"#!/bin/sh\n{script}\nexec python app.py\n")
    (tmp_path / "app.py").write_text("print(1)\n")
    text = f'FROM python:3.12-slim\n{more}WORKDIR /app\nCOPY . .\nCMD ["sh", "start.sh"]\n'
    return said(result(text, "DS501", tmp_path), "DS501")


@pytest.mark.parametrize("script", ["dpkg -l", "pip list", "apk info", "rpm -qa"])
def test_asking_a_package_manager_installs_nothing(tmp_path: Path, script: str) -> None:
    assert started(tmp_path, script) == ""


def test_installing_is_told(tmp_path: Path) -> None:
    assert "installs packages when it starts: pip install x" in started(tmp_path, "pip install x")


def test_redis_drops_nothing_by_itself(tmp_path: Path) -> None:
    assert "drops root's privileges" not in started(tmp_path, "redis-server &")


@pytest.mark.parametrize(
    ("command", "verb"),
    [("userdel --remove me", "deletes"), ("usermod -aG x me", "changes"), ("useradd me", "creates")],
)
def test_what_is_done_with_an_account_is_told(tmp_path: Path, command: str, verb: str) -> None:
    assert f"me {verb} a user" in started(tmp_path, "true", f"RUN {command}\n")


JAVA = 'FROM eclipse-temurin:21-jre\nWORKDIR /app\nCOPY app.jar .\nCMD ["java", "-jar", "app.jar"]\n'


def java(tmp_path: Path, files: dict[str, str]) -> str:
    for name, text in {"app.jar": "x", **files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = result(JAVA, "DS501", tmp_path, "aggressive")
    return said(found, "DS501") + "".join(change.reason for change in found.changes)


@pytest.mark.parametrize("name", ["src/main/java/com/example/App.java", "benchmarks/App.java", "example/src/App.java"])
def test_sources_in_a_folder_called_example_are_there(tmp_path: Path, name: str) -> None:
    assert java(tmp_path, {name: "class App { }\n"}) == "nothing that the container does needs root"


def test_examples_beside_a_program_are_not_it(tmp_path: Path) -> None:
    files = {"src/main/java/App.java": "class App { }\n", "examples/E.java": 'new FileWriter("/data/x");\n'}
    assert java(tmp_path, files) == "nothing that the container does needs root"


@pytest.mark.parametrize(
    ("imported", "own"),
    [
        ("com.shop.model.World", True),
        ("com.shop.model.World.Part", True),
        ("static com.shop.model.World.of", True),
        ("com.shop.model.*", True),
        ("com.shop.other.World", False),
        ("org.else.Thing", False),
    ],
)
def test_classes_of_the_project_are_no_libraries(tmp_path: Path, imported: str, own: bool) -> None:
    files = {
        "src/main/java/com/shop/App.java": f"package com.shop;\nimport {imported};\nclass App {{ }}\n",
        "src/main/java/com/shop/model/World.java": "package com.shop.model;\npublic class World { }\n",
    }
    assert ("nobody knows what" not in java(tmp_path, files)) is own


def test_packages_of_the_project_are_no_libraries_of_go(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.org/shop\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text('package main\n\nimport (\n\t"example.org/shop/internal/db"\n)\n')
    text = "FROM golang:1.24\nWORKDIR /srv\nCOPY . .\nRUN go build -o shop .\nCMD ./shop\n"
    found = result(text, "DS501", tmp_path, "aggressive")
    assert "nobody knows" not in said(found, "DS501") + "".join(change.reason for change in found.changes)


@pytest.mark.parametrize(("image", "known"), [("amazoncorretto:21", True), ("joomla:5", False)])
def test_a_base_that_is_not_known_may_have_a_shell(tmp_path: Path, image: str, known: bool) -> None:
    (tmp_path / "app.jar").write_text("x")
    (tmp_path / "App.java").write_text('class App { void a() { new FileWriter("log.txt"); } }\n')
    found = result(JAVA.replace("eclipse-temurin:21-jre", image), "DS501", tmp_path)
    assert ("RUN chown 10001:10001 /app\n" in found.text) is known
    assert "has no shell" not in said(found, "DS501")


def test_what_other_rules_wrote_is_no_obstacle_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").write_text("fn main() {}\n")
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "web"\n\n[dependencies]\nunheard-of = "1"\n')
    text = "FROM rust:1.85\nADD ./ /web\nWORKDIR /web\nRUN cargo build --release\nEXPOSE 8080\n"
    text += 'CMD ["./target/release/web"]\n'
    found = rewrite(text, Options(context=tmp_path))
    assert "DS501" in {change.rule for change in found.changes}
    assert said(found, "DS405").endswith("no Cargo.lock tells that they are not")


@pytest.mark.parametrize(
    ("text", "rule", "told"),
    [
        (
            'FROM rust:1.80\nRUN cargo install a\nCMD ["a"]\n',
            "DS207",
            "would read /usr/local/cargo/registry and /usr/local/cargo/git,",
        ),
        ('FROM golang:1.22\nRUN go install a@v1\nCMD ["a"]\n', "DS207", "would read it,"),
        ("FROM fedora:42\nRUN dnf install -y gcc\n", "DS203", "would read it,"),
    ],
)
def test_the_places_that_are_emptied_are_told(text: str, rule: str, told: str) -> None:
    (change,) = result(text, rule).changes
    assert told in change.reason


@pytest.mark.parametrize(
    ("image", "command", "fills"),
    [
        ("rust:1.80", "cargo install a", False),
        ("rust:1.80", "rustup default nightly", False),
        ("ruby:3.4", "gem install --user-install a", False),
        ("debian:12", "cargo install a", True),
        ("debian:12", "CARGO_HOME=/opt/cargo cargo install a", False),
    ],
)
def test_what_base_images_lead_elsewhere_is_not_at_home(tmp_path: Path, image: str, command: str, fills: bool) -> None:
    (tmp_path / "start.sh").write_text("#!/bin/sh\nsleep 9\n")
    text = f'FROM {image}\nWORKDIR /app\nRUN {command}\nCOPY start.sh .\nCMD ["sh", "start.sh"]\n'
    assert ("into the home directory" in said(result(text, "DS501", tmp_path), "DS501")) is fills


@pytest.mark.parametrize("tag", ["25-ea-jdk", "26-ea-slim-bookworm"])
def test_builds_before_a_release_are_published(tag: str) -> None:
    assert "no longer maintained" not in said(result(f"FROM openjdk:{tag}\n", "DS306"), "DS306")


@pytest.mark.parametrize(
    ("call", "told"), [("pool().mount(app)", False), ("pool->mount(app)", False), ("mount(a, b)", True)]
)
def test_a_method_called_mount_is_no_system_call(tmp_path: Path, call: str, told: bool) -> None:
    (tmp_path / "web.cpp").write_text(f"int main() {{ {call}; }}\n")
    text = 'FROM debian:12\nWORKDIR /app\nCOPY . .\nRUN make web\nCMD ["/app/web"]\n'
    assert ("changes the system" in said(result(text, "DS501", tmp_path), "DS501")) is told


def test_an_unknown_base_says_who_the_user_is() -> None:
    found = said(result('FROM example.org/own:1\nCMD ["node", "a.js"]\n', "DS501"), "DS501")
    assert found == "no USER is added: the base image's user is not known here, so add USER yourself if it is root"


def test_an_unknown_entrypoint_is_told_alike_by_both_rules() -> None:
    text = "FROM nvidia/cuda:12.9.1-runtime-ubuntu22.04\nEXPOSE 8000\nCMD python3 a.py\n"
    assert "whether nvidia/cuda has an ENTRYPOINT, which may need root, is not known" in said(
        result(text, "DS501"), "DS501"
    )
    (change,) = result(text, "DS603", level="aggressive").changes
    assert "has an ENTRYPOINT, which would get the words, is not known" in change.reason


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("httpd -f", True),
        ("exec httpd -f", False),
        ("go run main.go", False),
        ("/usr/local/go/bin/go run main.go", False),
        ("go version", True),
        ("bash run.sh", False),
        ("./run.sh", False),
        ("npm start", False),
    ],
)
def test_signals_are_told_where_they_did_not_arrive(words: str, told: bool) -> None:
    (change,) = result(f"FROM alpine:3.20\nCMD {words}\n", "DS603").changes
    assert ("signals" in change.reason) is told


@pytest.mark.parametrize(
    "text",
    [
        "FROM python:3.12\nRUN pip install -r requirements.txt\n",
        "FROM fedora:42\nRUN dnf install -y gcc\n",
        "FROM condaforge/miniforge3:24.11.3-0\nRUN conda install -y numpy\n",
    ],
)
def test_bytes_that_nobody_measured_are_not_claimed(text: str) -> None:
    found = rewrite(text, Options(select=("DS203", "DS204", "DS205")))
    assert found.changes
    assert found.saving == 0


def test_data_is_not_shown(tmp_path: Path) -> None:
    found = started(tmp_path, f"chown {'QUJD' * 40} /x")
    assert "QUJD" * 5 in found
    assert "QUJD" * 10 not in found


def test_a_merge_stands_where_the_first_of_its_runs_begins() -> None:
    text = "FROM debian:12\nRUN apt-get update \\\n    -qq\nRUN apt-get install -y curl\n"
    (change,) = result(text, "DS101").changes
    assert change.line == 2


def test_nothing_is_told_of_lines_that_were_inserted(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    (tmp_path / "go.mod").write_text("module a\n\ngo 1.22\n")
    text = 'FROM golang:1.22\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n'
    found = rewrite(text, Options(context=tmp_path, level="aggressive"))
    assert "FROM gcr.io/distroless/" in found.text
    assert "distroless" not in said(found, "DS301")
    assert "names no version" in said(rewrite("FROM gcr.io/distroless/static-debian12\n"), "DS301")


def test_what_a_split_copies_is_told_where_it_stands() -> None:
    text = 'FROM rust:1.80-slim\nADD . /app/\nWORKDIR /app\nRUN cargo build --release\nCMD ["./target/release/web"]\n'
    found = rewrite(text, Options(level="aggressive", select=("DS405", "DS601")))
    assert [(change.rule, change.line) for change in found.changes] == [("DS405", 1), ("DS601", 2)]
    lines = list(report_lines(found))
    assert [line for line in lines if "DS601" in line] == ["<stdin>:2: DS601 ADD becomes COPY [safe]"]


def test_sources_that_ship_are_not_said_to_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n")
    text = (
        "FROM debian:12\nRUN apt-get update && apt-get install -y gcc\nWORKDIR /src\nCOPY . .\n"
        'RUN gcc -o /opt/app main.c\nCMD ["/opt/app"]\n'
    )
    found = result(text, "DS407", tmp_path)
    assert "COPY --from=build /src /src\n" in found.text
    (change,) = found.changes
    assert "sources" not in change.reason


@pytest.mark.parametrize(
    "level",
    ["standard", "aggressive"],
)
def test_a_split_without_sources_says_what_could_tell(level: str) -> None:
    text = 'FROM golang:1.25\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n'
    found = result(text, "DS401", level=level)
    assert found.changed == (level == "aggressive")
    assert any("--context" in line and "prove" in line for line in report_lines(found))


@pytest.mark.parametrize(
    ("early", "told"), [("COPY go.mod ./\nRUN go mod download\n", False), ("RUN go version\n", True)]
)
def test_dependencies_that_come_first_are_not_asked_for(tmp_path: Path, early: str, told: bool) -> None:
    (tmp_path / "go.mod").write_text("module example.org/app\n")
    text = f"FROM golang:1.24\nWORKDIR /app\n{early}COPY . .\nRUN go build -o /srv/app .\n"
    assert bool(said(result(text, "DS701", tmp_path), "DS701")) is told


def test_what_is_said_of_a_stage_that_a_split_made_stands_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text("fn main() {}\n")
    start = 'USER root\nCMD ["./target/release/web"]\n'
    text = f"FROM rust:1.80-slim\nADD . /app/\nWORKDIR /app\nRUN cargo build --release\n{start}"
    found = rewrite(text, Options(context=tmp_path))
    assert "DS405" in {change.rule for change in found.changes}
    assert [(one.line, one.reason) for one in found.remarks if one.rule == "DS501"] == [
        (1, "stays root: the file says so itself with USER root")
    ]


def test_a_command_that_is_never_started_stays_and_is_told() -> None:
    found = rewrite('FROM alpine:3.24\nENTRYPOINT ./run.sh "$A"\nCMD serve --all\n', Options())
    assert not [one for one in found.changes if one.rule == "DS603"]
    assert any("takes no arguments, so nothing reads it" in one.reason for one in found.remarks)


def test_an_index_that_comes_after_an_install_does_not_serve_it() -> None:
    text = 'FROM debian:12\nRUN apt-get install -y curl\nRUN apt-get update\nRUN apt-get install -y jq\nCMD ["jq"]\n'
    assert not [one for one in rewrite(text, Options()).changes if one.reason.startswith("the installs share")]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("useradd --no-create-home --home-dir /tmp --uid 5 $NAME", "useradd $NAME creates a user whom no USER names"),
        ("useradd -r web -d /srv", "useradd web creates a user whom no USER names"),
        ("usermod -aG staff web", "usermod web changes a user whom no USER names"),
        ("chown -R $NAME:staff /srv", "chown gives files to $NAME:staff, whom no USER names"),
    ],
)
def test_accounts_are_named_as_they_are_written(tmp_path: Path, command: str, told: str) -> None:
    (tmp_path / "app.py").write_text("print(1)\n")
    text = f'FROM python:3.12\nARG NAME\nRUN {command}\nCOPY app.py /\nCMD ["python", "/app.py"]\n'
    assert told in said(result(text, "DS501", tmp_path), "DS501")


def test_what_stands_before_the_program_gets_the_signals() -> None:
    def reason(lines: str) -> str:
        (change,) = result(f"FROM debian:12\n{lines}\n", "DS603").changes
        return change.reason

    assert reason("CMD top -b") == "the words need no shell, and as process 1 the program gets the signals"
    assert reason('ENTRYPOINT ["/sbin/tini", "--"]\nCMD top -b') == (
        "the words need no shell, and tini hands the signals to the program, not to a shell"
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("RUN pip install flask", "~/.cache/pip"),
        ("ENV PIP_CACHE_DIR=/tmp/pips\nRUN pip install flask", "/tmp/pips"),
        ("ENV PIP_CACHE_DIR=/tmp/pips\nRUN PIP_CACHE_DIR=/var/pips pip install flask", "/var/pips"),
        ("ENV UV_CACHE_DIR=/tmp/uv\nRUN pip install flask", "~/.cache/pip"),
    ],
)
def test_a_cache_is_named_where_it_lies(lines: str, told: str) -> None:
    (change,) = result(f"FROM python:3.12\n{lines}\n", "DS204").changes
    assert change.reason.startswith(f"{told} only helps later installs")


def test_the_tag_of_what_has_ended_moves_no_more() -> None:
    found = result("FROM centos\n", "DS301")
    assert not found.changes
    assert any("moves no more: centos is no longer maintained" in one.message for one in found.remarks)
    (change,) = result("FROM python\n", "DS301").changes
    assert change.reason.endswith("and moves on")


def test_who_has_data_is_told_what_to_do_about_it(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text("import sys\nopen(sys.argv[1], 'w').write('x')\n")
    text = 'FROM python:3.12\nWORKDIR /job\nCOPY . .\nCMD ["python", "job.py"]\n'
    (change,) = result(text, "DS501", tmp_path, "aggressive").changes
    told = "files that earlier containers left in /job, or in what is mounted into it, belong to root: chown them to"
    assert told in change.reason
    (tmp_path / "job.py").write_text("import http.server\nhttp.server.HTTPServer(('', 8000), None)\n")
    (change,) = result(text, "DS501", tmp_path).changes
    assert "belong to root" not in change.reason


def test_what_this_program_put_in_is_not_told_as_the_file_s(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "app.py").write_text("print(1)\n")
    text = "FROM python:3.12\nWORKDIR /app\nADD . /app\nRUN pip install -r requirements.txt\n"
    found = rewrite(text, Options(select=("DS601", "DS701"), context=tmp_path))
    assert found.text.count("COPY") == 2
    assert [change.title for change in found.changes if change.rule == "DS601"] == ["ADD becomes COPY"]


def test_lines_that_this_program_put_in_have_no_number() -> None:
    assert on_original("merge the RUNs on lines 2 and 4", lambda line: line, "Dockerfile", lambda line: line == 4) == (
        "merge the RUNs on lines 2 and a new one"
    )
    assert on_original("see line 4", lambda line: line - 1, "Dockerfile", lambda line: True) == "see line 3"


@pytest.mark.parametrize(
    ("name", "base", "pinned"),
    [
        ("Dockerfile.ubuntu_latest", "ubuntu:latest", False),
        ("ubuntu-latest/Dockerfile", "ubuntu:latest", False),
        ("ubuntu-latest/Dockerfile", "ubuntu", True),
        ("Dockerfile.latests", "ubuntu:latest", True),
        ("latest/sub/Dockerfile", "ubuntu:latest", True),
    ],
)
def test_a_file_for_the_newest_version_keeps_it(name: str, base: str, pinned: bool) -> None:
    found = rewrite(f"FROM {base}\nCMD a\n", Options(), f"/repository/{name}")
    assert ("latest" not in found.text.splitlines()[0] and ":" in found.text) == pinned
    said = [one.reason for one in found.remarks if one.rule == "DS301"]
    assert ["newest version" in one for one in said] == [True] * (not pinned)


def test_what_is_fetched_because_it_changes_needs_no_checksum() -> None:
    urls = ("https://www.random.org/cgi-bin/randbyte", "https://api.github.com/repos/a/b/git/refs/heads/main")
    for url, told in (*((url, False) for url in urls), ("https://example.com/refs", True)):
        found = rewrite(f"FROM debian:12\nADD {url} /etc/x\n")
        assert any(one.rule == "DS505" for one in found.remarks) == told, url


def test_a_flag_behind_the_sources_is_told() -> None:
    for line in ('COPY ["a", "./"] --from=x', "COPY a --chown=1:1 /b"):
        found = rewrite(f"FROM debian:12 AS x\nFROM debian:12\n{line}\n")
        assert [one.breaks for one in found.remarks if one.rule == "DS634"] == [True], line
    for line in ("COPY --from=x a /b", 'COPY ["a", "--from=x", "/b"]', "COPY a --odd /b"):
        found = rewrite(f"FROM debian:12 AS x\nFROM debian:12\n{line}\n")
        assert not [one for one in found.remarks if one.rule == "DS634"], line
