"""Each adapter meets its real engine: what the interface promises holds, and nothing is left behind."""

from __future__ import annotations

import copy
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dockerslim_rewrite.engine.archive import LayerCache, read_archive
from dockerslim_rewrite.engine.choose import choose
from dockerslim_rewrite.engine.interface import BuildFailed, BuildRequest, Engine, EngineError, RunRequest, StartRequest
from dockerslim_rewrite.engine.verify import Candidate, VerifyOptions, verify
from dockerslim_rewrite.engine.workspace import mounts_below, workspace

pytestmark = [pytest.mark.builds, pytest.mark.quick]

DOCKERFILE = """\
FROM debian:bookworm-slim AS build
ARG WORD=default
RUN echo "$WORD" > /word

FROM debian:bookworm-slim
COPY --from=build /word /srv/word
COPY --chmod=640 app.sh /srv/app.sh
RUN echo first > /srv/file && chmod 700 /srv/file
RUN rm /srv/file && ln -s word /srv/link
ENV GREETING="hello world" EMPTY=
LABEL purpose=test
WORKDIR /srv
EXPOSE 8080/tcp
VOLUME /data
STOPSIGNAL SIGINT
HEALTHCHECK --interval=30s CMD ["true"]
SHELL ["/bin/bash", "-c"]
USER 1000:1000
ENTRYPOINT ["/bin/sh"]
CMD ["app.sh"]
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "app.sh").write_text("echo app\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


@pytest.fixture
def engine(engine_name: str) -> Iterator[Engine]:
    with workspace() as folder:
        chosen = choose(engine_name, folder)
        yield chosen
        chosen.close()


def _request(context: Path, text: str | None = None, **changes: object) -> BuildRequest:
    if text is not None:
        (context / "Dockerfile").write_text(text)
    request = {"dockerfile": context / "Dockerfile", "context": context, "tag": "localhost/dockerslim-test:1"}
    return BuildRequest(**{**request, "network": "host", **changes})  # type: ignore[arg-type]


@pytest.fixture
def build(engine: Engine, context: Path, tmp_path: Path) -> Iterator[Callable[..., list[str]]]:
    """Build, and hand out the lines of progress; the image goes after the test."""

    def run(text: str | None = None, **changes: object) -> list[str]:
        steps: list[str] = []
        engine.build(_request(context, text, **changes), tmp_path / "log", steps.append)
        return steps

    yield run
    engine.remove("localhost/dockerslim-test:1")


def test_an_image_is_built_inspected_exported_run_and_removed(
    engine: Engine, build: Callable[..., list[str]], tmp_path: Path
) -> None:
    steps = build(build_args=(("WORD", "from the command line"),))
    assert any("RUN rm /srv/file" in step for step in steps)
    assert "RUN rm /srv/file" in (tmp_path / "log").read_text()

    config = engine.inspect("localhost/dockerslim-test:1")
    found = copy.deepcopy(dict(config.fields))
    assert found.pop("Env")["GREETING"] == "hello world"
    assert found["Healthcheck"].pop("Test") == ["CMD", "true"]
    assert found.pop("Healthcheck")["Interval"] == 30_000_000_000
    # Builders of this family add a label that names their version.
    assert found.pop("Labels")["purpose"] == "test"
    assert found == {
        "Cmd": ["app.sh"], "Entrypoint": ["/bin/sh"], "ExposedPorts": {"8080/tcp": {}}, "Shell": ["/bin/bash", "-c"],
        "StopSignal": "SIGINT", "User": "1000:1000", "Volumes": {"/data": {}}, "WorkingDir": "/srv",
    }  # fmt: skip

    engine.export("localhost/dockerslim-test:1", tmp_path / "image.tar")
    image = read_archive(tmp_path / "image.tar", LayerCache())
    assert image.config == config
    made_by = [layer.instruction for layer in image.layers]
    assert [text for text in made_by if text.startswith("RUN")] == [
        "RUN echo first > /srv/file && chmod 700 /srv/file",
        "RUN rm /srv/file && ln -s word /srv/link",
    ]
    assert "/srv/file" not in image.files
    link, script = image.files.get("/srv/link"), image.files.get("/srv/app.sh")
    assert link is not None
    assert link.content == "word"
    assert script is not None
    assert (script.mode, script.size) == (0o640, 9)
    assert image.size > image.files.size > 50_000_000

    command = ("/bin/sh", "-c", 'cat link; echo "$GREETING"; id -u; pwd; echo oops >&2; exit 3')
    outcome = engine.run(RunRequest("localhost/dockerslim-test:1", command, network="host"))
    assert (outcome.status, outcome.stdout) == (3, "from the command line\nhello world\n1000\n/srv\n")
    assert "oops" in outcome.stderr
    engine.remove("localhost/dockerslim-test:1")
    engine.remove("localhost/dockerslim-test:1")


def test_a_warm_build_says_what_it_carried_out_again(
    engine: Engine, build: Callable[..., list[str]], context: Path, tmp_path: Path
) -> None:
    text = "FROM debian:bookworm-slim\nRUN echo once > /once\nCOPY app.sh /\nRUN sh /app.sh > /said\n"
    request = _request(context, text)
    # The word makes it another build than those of earlier runs, whose results may still be at hand.
    (context / "Dockerfile").write_text(text.replace("once", tmp_path.name))
    first = engine.build(request, tmp_path / "log", lambda line: None)
    assert [command.split()[1] for command in first] == ["echo", "sh"]
    (context / "app.sh").write_text("echo another\n")
    assert engine.build(request, tmp_path / "log", lambda line: None) == ("RUN sh /app.sh > /said",)
    assert engine.build(request, tmp_path / "log", lambda line: None) == ()
    engine.remove(request.tag)


def test_series_do_not_lead_each_others_cache_astray(
    engine: Engine, build: Callable[..., list[str]], context: Path, tmp_path: Path
) -> None:
    """Two files begin alike, each built without a cache: each finds its own layers again."""
    start = "FROM debian:bookworm-slim\nLABEL purpose=test\nWORKDIR /srv\n"
    files = {name: tmp_path / f"Dockerfile.{name}" for name in ("one", "two")}
    for name, file in files.items():
        file.write_text(f"{start}COPY app.sh /{name}\nRUN echo {name}-{tmp_path.name} > /said\n")
    requests = {name: _request(context, dockerfile=file, tag=f"localhost/dockerslim-test:{name}", series=name)
                for name, file in files.items()}  # fmt: skip
    try:
        for name, request in requests.items():
            executed = engine.build(replace(request, fresh=True), tmp_path / "log", lambda line: None)
            assert [name in command for command in executed] == [True]
        for request in requests.values():
            assert engine.build(request, tmp_path / "log", lambda line: None) == ()
        for name, request in requests.items():
            outcome = engine.run(RunRequest(request.tag, ("/bin/cat", "/said"), network="host"))
            assert outcome.stdout == f"{name}-{tmp_path.name}\n"
    finally:
        for request in requests.values():
            engine.remove(request.tag)


def test_a_target_is_built_alone(engine: Engine, build: Callable[..., list[str]], tmp_path: Path) -> None:
    build(target="build")
    outcome = engine.run(RunRequest("localhost/dockerslim-test:1", ("/bin/cat", "/word"), network="host"))
    assert (outcome.status, outcome.stdout) == (0, "default\n")


def test_a_command_that_does_not_end_is_ended(engine: Engine, build: Callable[..., list[str]]) -> None:
    build("FROM debian:bookworm-slim\nRUN true\n")
    start = time.monotonic()
    outcome = engine.run(RunRequest("localhost/dockerslim-test:1", ("sleep", "301"), network="host", timeout=3))
    assert outcome.status is None
    assert time.monotonic() - start < 40
    assert not _running("sleep 301")


def test_a_command_leaves_no_process(engine: Engine, build: Callable[..., list[str]]) -> None:
    """Chroot isolation has no namespace of processes that would end what a command puts into the background."""
    build("FROM debian:bookworm-slim\nRUN true\n")
    command = ("/bin/sh", "-c", "setsid sleep 304 >/dev/null 2>&1 </dev/null & sleep 0.2")
    assert engine.run(RunRequest("localhost/dockerslim-test:1", command, network="host")).status == 0
    assert not _running("sleep 304")


#: Listens on a port, having written a file; the base image has this much Perl.
SERVER = """\
use Socket; open(my $file, ">", "/srv/started"); close($file); print "up\\n";
socket(S, PF_INET, SOCK_STREAM, 6); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
bind(S, sockaddr_in(8765, INADDR_ANY)) or die; listen(S, 5); $| = 1;
while (accept(C, S)) { print C "hello\\n"; close(C); }
"""
ASK = "use Socket; socket(S, PF_INET, SOCK_STREAM, 6); connect(S, sockaddr_in(8765, INADDR_LOOPBACK)) or die; print <S>"


def test_a_start_is_watched(engine: Engine, build: Callable[..., list[str]], context: Path) -> None:
    (context / "server.pl").write_text(SERVER)
    build('FROM debian:bookworm-slim\nCOPY server.pl /srv/\nCMD ["perl", "/srv/server.pl"]\n')
    tag = "localhost/dockerslim-test:1"
    outcome = engine.start(StartRequest(tag, engine.inspect(tag), trace=True))
    assert (outcome.status, outcome.ports) == (None, frozenset({8765})), outcome.output
    assert "/srv/started" in outcome.written
    assert not _running("perl /srv/server.pl")
    if outcome.trace is not None:
        assert "/srv/server.pl" in outcome.trace.found
        assert "/srv/started" in outcome.trace.written


def test_a_start_that_ends_is_told(engine: Engine, build: Callable[..., list[str]]) -> None:
    tag = "localhost/dockerslim-test:1"
    build("FROM debian:bookworm-slim\nUSER 1000\nCMD echo no >&2; touch /srv/mine; exit 7\n")
    outcome = engine.start(StartRequest(tag, engine.inspect(tag), trace=True))
    assert (outcome.status, outcome.ports, outcome.written & {"/srv/mine"}) == (7, frozenset(), frozenset())
    assert "no\n" in outcome.output
    if outcome.trace is not None:
        assert "/srv/mine" in outcome.trace.refused


def test_a_server_of_the_first_image_does_not_answer_for_the_second(engine_name: str, context: Path) -> None:
    """AFTER lacks the server; what the smoke command starts in BEFORE must be gone when AFTER is asked."""
    (context / "server.pl").write_text(SERVER)
    before, after = context / "Dockerfile", context / "Dockerfile.after"
    before.write_text("FROM debian:bookworm-slim\nCOPY server.pl /srv/\n")
    after.write_text("FROM debian:bookworm-slim\nRUN true\n")
    script = f"setsid perl /srv/server.pl >/dev/null 2>&1 & sleep 2; perl -e '{ASK}'"
    options = VerifyOptions(
        engine=engine_name, network="host", smoke=("/bin/sh", "-c", script), warm=False, control=False
    )
    verification = verify(before, Candidate(after), context, options)
    assert verification.before.smoke is not None
    assert (verification.before.smoke.status, verification.before.smoke.stdout) == (0, "hello\n")
    assert verification.after.smoke is not None
    assert verification.after.smoke.status != 0
    assert not verification.smoke_agrees


def test_a_port_in_use_is_told(engine_name: str, context: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (context / "Dockerfile").write_text(f"FROM debian:bookworm-slim\nEXPOSE {port}\nRUN true\n")
        options = VerifyOptions(engine=engine_name, network="host", smoke=("true",), warm=False, control=False)
        with pytest.raises(EngineError, match=f"port {port} is in use on this machine"):
            verify(context / "Dockerfile", Candidate(context / "Dockerfile"), context, options)


def test_a_failure_names_its_instruction(build: Callable[..., list[str]]) -> None:
    with pytest.raises(BuildFailed) as caught:
        build('FROM debian:bookworm-slim\nRUN true\nRUN echo "before the end" && exit 9\nRUN echo never\n')
    assert caught.value.instruction == 'RUN echo "before the end" && exit 9'
    assert "before the end" in "\n".join(caught.value.log_end)


def test_a_build_that_does_not_end_is_ended(build: Callable[..., list[str]]) -> None:
    with pytest.raises(BuildFailed) as caught:
        build("FROM debian:bookworm-slim\nRUN sleep 302\n", timeout=8)
    assert caught.value.timed_out
    assert caught.value.instruction == "RUN sleep 302"
    _await(lambda: not _running("sleep 302"))


def test_a_missing_base_is_a_failure_at_its_from(build: Callable[..., list[str]]) -> None:
    with pytest.raises(BuildFailed) as caught:
        build("FROM localhost:1/nothing/here:1\n")
    assert "nothing/here" in "\n".join(caught.value.log_end)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(
    engine_name: str, number: signal.Signals, context: Path, tmp_path: Path
) -> None:
    """A signal in the middle of a build: no process, no mount, no folder, no image, no container."""
    (context / "Dockerfile").write_text("FROM debian:bookworm-slim\nRUN echo started && sleep 303\n")
    before = _left(engine_name)
    work = tmp_path / "work"
    work.mkdir()
    # Whoever starts the tests in the background has them ignore SIGINT, and all that they start.
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{start}; from dockerslim_rewrite.cli import main; main()", "verify"]
    command += ["Dockerfile", "Dockerfile", "--engine", engine_name, "--network", "host", "--log", f"{tmp_path}/log"]
    environment = {**os.environ, "TMPDIR": str(work), "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, cwd=context, env=environment, stderr=subprocess.PIPE, text=True)
    # Another test may make base images in the store that this one reads: until then it has to wait.
    _await(lambda: _running("sleep 303") or process.poll() is not None, 300)
    assert process.poll() is None, process.communicate()[1]
    process.send_signal(number)
    complaint = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number
    assert "Traceback" not in complaint
    _await(lambda: not _running("sleep 303"))
    assert list(work.iterdir()) == []
    assert mounts_below(work) == []
    _await(lambda: _left(engine_name) == before)


def test_two_runs_at_once_do_not_meet(engine_name: str, context: Path, tmp_path: Path) -> None:
    before = _left(engine_name)
    results: dict[str, bool] = {}

    def run(word: str) -> None:
        file = tmp_path / word
        file.write_text(f"FROM debian:bookworm-slim\nRUN echo {word} > /word && sleep 1\n")
        smoke = ("/bin/sh", "-c", f"grep -x {word} /word")
        options = VerifyOptions(engine=engine_name, network="host", smoke=smoke, warm=False, control=False)
        verification = verify(file, Candidate(file), context, options)
        smoked = verification.before.smoke
        results[word] = verification.equivalent and smoked is not None and smoked.stdout == f"{word}\n"

    threads = [threading.Thread(target=run, args=(word,)) for word in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {"one": True, "two": True}
    assert _left(engine_name) == before


def test_a_rewrite_that_is_proven_is_written(engine_name: str, context: Path) -> None:
    """The command line from end to end: the rewritten file builds the same image, so it takes the place of the old."""
    before = _left(engine_name)
    poor = (
        "FROM debian:bookworm-slim\nMAINTAINER Jane\nRUN echo one > /one\nRUN rm /one\nCOPY app.sh /\nCMD sh /app.sh\n"
    )
    (context / "Dockerfile").write_text(poor)
    command = [sys.executable, "-c", "from dockerslim_rewrite.cli import main; main()", "rewrite", "Dockerfile", "-i"]
    command += ["--verify", "--engine", engine_name, "--network", "host", "--smoke", "sh /app.sh; ls /one"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, cwd=context, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "\nequivalent\n" in done.stderr
    assert "same output, exit status 2 in both" in done.stderr
    assert (context / "Dockerfile").read_text() != poor
    assert _left(engine_name) == before


def _left(engine_name: str) -> str:
    """Images and containers that the engine knows of, without its cache of builds."""
    listings = [["images", "--quiet", "--no-trunc"], ["ps", "--all", "--quiet"]]
    if engine_name == "buildah":
        listings[1] = ["containers", "--quiet"]
    outputs = [subprocess.run([engine_name, *words], capture_output=True, text=True, check=True) for words in listings]
    return "\n".join(sorted("".join(output.stdout for output in outputs).splitlines()))


def _running(command: str) -> bool:
    """Whether a process with that command line is there, in whatever namespace."""
    wanted = command.replace(" ", "\0").encode() + b"\0"
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if file.read_bytes() == wanted:
                return True
        except OSError:
            continue
    return False


def _await(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not come true within {seconds} s"
        time.sleep(0.2)
