"""What the lock file learns of packages: chosen versions, what compiles, what is linked, what is called by name."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.locked import Lock, PackageEntry
from dockerslim_rewrite.analysis.packages.asked import asked, npm_asked
from dockerslim_rewrite.analysis.runtime.asking import Asked
from dockerslim_rewrite.record import evolve
from dockerslim_rewrite.registry.errors import NotFound, RegistryError
from dockerslim_rewrite.registry.lock import LockError, read_lock, write_lock
from dockerslim_rewrite.registry.packages.archives import source as read_source
from dockerslim_rewrite.registry.packages.archives import wheel as read_wheel
from dockerslim_rewrite.registry.packages.locking import PackagesOutcome, refresh_packages
from dockerslim_rewrite.registry.packages.npm import NpmStore
from dockerslim_rewrite.registry.packages.resolving import Store
from dockerslim_rewrite.registry.packages.settings import indexes
from dockerslim_rewrite.registry.packages.simple import Index
from tests.registry.packages.made import Served, serve, source, wheel

NOW = datetime(2026, 11, 29, tzinfo=UTC)
TARGET = "pypi-3.11-debian"


@pytest.fixture
def served() -> Iterator[Served]:
    with serve() as found:
        yield found


def locked(served: Served, *requirements: str, lock: Lock | None = None, update: bool = False) -> PackagesOutcome:
    index = Index((f"{served.url}/simple",))
    try:
        builds = [tuple(Asked(TARGET, one) for one in requirements)]
        return refresh_packages(lock or Lock(), builds, Store(index), NOW, update=update)
    finally:
        index.close()


def keys(outcome: PackagesOutcome) -> dict[str, PackageEntry]:
    return dict(outcome.lock.packages.get(TARGET, {}))


def test_the_newest_version_that_fits_is_chosen_with_all_that_it_needs(served: Served) -> None:
    old, new = (
        wheel("tide", "1.0"),
        wheel("tide", "1.4", ("berth>=2", "gull; sys_platform == 'win32'", "reef; extra == 'deep'")),
    )
    served.project("tide", {"tide-1.0-py3-none-any.whl": old, "tide-1.4-py3-none-any.whl": new})
    served.project(
        "berth",
        {"berth-1.9-py3-none-any.whl": wheel("berth", "1.9"), "berth-2.1-py3-none-any.whl": wheel("berth", "2.1")},
    )
    found = keys(locked(served, "tide"))
    assert sorted(found) == ["berth==2.1", "tide==1.4"]
    assert found["tide==1.4"].asked == ("tide",)
    assert found["tide==1.4"].requires == ("berth==2.1",)
    assert sorted(keys(locked(served, "tide<1.4"))) == ["tide==1.0"]


def test_extras_bring_what_they_name(served: Served) -> None:
    served.project("tide", {"tide-1.4-py3-none-any.whl": wheel("tide", "1.4", ("reef; extra == 'deep'",))})
    served.project("reef", {"reef-3.0-py3-none-any.whl": wheel("reef", "3.0")})
    assert sorted(keys(locked(served, "tide[deep]"))) == ["reef==3.0", "tide==1.4"]


@pytest.mark.parametrize(
    ("names", "compiled"),
    [
        (["tide-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", "tide-1.0-cp311-cp311-manylinux_2_17_aarch64.whl"], False),
        (["tide-1.0-cp39-abi3-manylinux2014_x86_64.whl", "tide-1.0-cp39-abi3-manylinux2014_aarch64.whl"], False),
        (["tide-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"], True),
        (["tide-1.0-cp310-cp310-manylinux_2_17_x86_64.whl", "tide-1.0-cp310-cp310-manylinux_2_17_aarch64.whl"], True),
        (["tide-1.0-cp311-cp311-manylinux_2_39_x86_64.whl", "tide-1.0-cp311-cp311-manylinux_2_39_aarch64.whl"], True),
        (["tide-1.0-cp311-cp311-musllinux_1_2_x86_64.whl", "tide-1.0-cp311-cp311-musllinux_1_2_aarch64.whl"], True),
        (["tide-1.0-cp311-cp311-win_amd64.whl", "tide-1.0-cp311-cp311-macosx_11_0_arm64.whl"], True),
    ],
)
def test_what_has_no_wheel_for_both_machines_is_compiled(served: Served, names: list[str], compiled: bool) -> None:
    files = {name: wheel("tide", "1.0") for name in names}
    files["tide-1.0.tar.gz"] = source("tide", "1.0", {"PKG-INFO": "Metadata-Version: 2.2\n", "tide.c": "int x;"})
    served.project("tide", files)
    assert keys(locked(served, "tide"))["tide==1.0"].compiled is compiled


@pytest.mark.parametrize(
    ("files", "compiled"),
    [
        ({"setup.py": "from setuptools import setup\nsetup(name='tide')", "tide/__init__.py": ""}, False),
        ({"pyproject.toml": '[build-system]\nbuild-backend = "flit_core.buildapi"\n'}, False),
        ({"pyproject.toml": '[build-system]\nbuild-backend = "maturin"\n'}, True),
        ({"pyproject.toml": '[build-system]\nbuild-backend = "setuptools.build_meta"\nbackend-path = ["."]\n'}, True),
        ({"setup.py": "setup(ext_modules=[Extension('x', ['x' + '.c'])])"}, True),
        ({"setup.py": "import subprocess\nsubprocess.run(['make'])"}, True),
        ({"setup.py": "setup()", "tide/fast.pyx": ""}, True),
        ({"setup.py": "setup()", "tests/fast.c": ""}, False),
    ],
)
def test_sources_alone_are_compiled_unless_nothing_in_them_is(files: dict[str, str], compiled: bool) -> None:
    text = "Metadata-Version: 2.2\nRequires-Dist: berth>=1\n"
    found = read_source(io.BytesIO(source("tide", "1.0", {"PKG-INFO": text, **files})), "tide-1.0.tar.gz")
    assert found.compiled is compiled
    assert found.requires == ("berth>=1",)


def test_old_sources_say_what_they_need_beside_their_metadata_or_nothing_is_known() -> None:
    old = {"PKG-INFO": "Metadata-Version: 2.1\n"}
    beside = {"tide.egg-info/requires.txt": "berth\n\n[deep]\nreef\n\n[:python_version < '3']\nsix\n"}
    assert read_source(io.BytesIO(source("tide", "1", {**old, **beside})), "tide-1.tar.gz").requires == (
        "berth",
        'reef; extra == "deep"',
        "six; (python_version < '3')",
    )
    assert (
        read_source(io.BytesIO(source("tide", "1", {**old, "tide.egg-info/SOURCES.txt": ""})), "tide-1.tar.gz").requires
        == ()
    )
    assert read_source(io.BytesIO(source("tide", "1", old)), "tide-1.tar.gz").requires is None


@pytest.mark.parametrize(
    ("script", "requires"),
    [
        ("setup(name='tide')", ()),
        ("setuptools.setup(install_requires=['berth>=1', 'reef'])", ("berth>=1", "reef")),
        ("setup(install_requires='berth\\n  reef\\n')", ("berth", "reef")),
        ("needs = ['berth']\nsetup(install_requires=needs)", ("berth",)),
        ("setup(extras_require={'deep': ['reef']})", ('reef; extra == "deep"',)),
        ("needs = ['berth']\nif old:\n    needs.append('six')\nsetup(install_requires=needs)", None),
        ("needs = ['berth']\nneeds += ['six']\nsetup(install_requires=needs)", None),
        ("if old:\n    needs = ['berth']\nsetup(install_requires=needs)", None),
        ("needs = ['berth']\ndef f(needs):\n    pass\nsetup(install_requires=needs)", None),
        ("setup(install_requires=open('requirements.txt').read())", None),
        ("setup(extras_require=extras)", None),
        ("setup(**options)", None),
        ("setup(pbr=True)", None),
        ("setup(name='a')\nsetup(name='b')", None),
        ("print 'two'", None),
        ("", None),
    ],
)
def test_setup_scripts_are_read_and_never_run(script: str, requires: tuple[str, ...] | None) -> None:
    files = {"PKG-INFO": "Metadata-Version: 1.1\n", "setup.py": script}
    assert read_source(io.BytesIO(source("tide", "1", files)), "tide-1.tar.gz").requires == requires


@pytest.mark.parametrize(
    "beside", [{"setup.cfg": "[options]\ninstall_requires = reef\n"}, {"pyproject.toml": "[project]\nname = 'tide'\n"}]
)
def test_what_another_file_says_beside_a_setup_script_counts(beside: dict[str, str]) -> None:
    files = {"PKG-INFO": "Metadata-Version: 1.1\n", "setup.py": "setup(name='tide')", **beside}
    assert read_source(io.BytesIO(source("tide", "1", files)), "tide-1.tar.gz").requires is None


@pytest.mark.parametrize(
    ("uses", "beside", "packages"),
    [
        (("pq (a.py)", "pg_config (a.py)"), False, True),
        (("pq (a.py)",), True, False),
        (("pq (a.py)", "git (a.py)"), False, None),
        (("magic (a.py)",), False, None),
    ],
)
def test_a_library_that_code_loads_is_installed_where_its_package_is_known(
    tmp_path: Path, uses: tuple[str, ...], beside: bool, packages: bool | None
) -> None:
    (tmp_path / "app.py").write_text("import psycopg\n")
    (tmp_path / "requirements.txt").write_text("psycopg\n")
    name = "psycopg" if packages is not None or "pq" in uses[0] else "tide"
    (tmp_path / "requirements.txt").write_text(f"{name}\n")
    found = evolve(entry(uses=uses, asked=(name,)), requires=("psycopg-binary==3.1",) if beside else ())
    entries = {f"{name}==3.1": found, "psycopg-binary==3.1": entry(asked=())}
    steps = ("FROM python:3.14", "WORKDIR /app", "COPY . .", "RUN pip install -r requirements.txt")
    dockerfile = "\n".join((*steps, 'CMD ["python", "app.py"]', ""))
    lock = Lock(packages={"pypi-3.14-debian": entries})
    text = rewrite(dockerfile, Options(context=tmp_path, lock=lock, select=("DS304",))).text
    assert ("FROM python:3.14-slim" in text) is (packages is not None)
    assert ("libpq5" in text) is bool(packages)


@pytest.mark.parametrize("headers", ["", " libjansson-dev"])
def test_what_takes_any_library_it_finds_gets_those_of_all_headers(tmp_path: Path, headers: str) -> None:
    (tmp_path / "app.py").write_text("import tide\n")
    (tmp_path / "requirements.txt").write_text("uwsgi\n")
    steps = ["FROM python:3.11-bookworm", "USER root", "WORKDIR /app", "COPY requirements.txt ."]
    steps += [f"RUN apt-get update && apt-get install -y{headers} && rm -rf /var/lib/apt/lists/*"] if headers else []
    steps += [
        "RUN pip install -r requirements.txt",
        "COPY app.py .",
        'CMD ["uwsgi", "--http", ":80", "--module", "app"]',
    ]
    lock = Lock(packages={TARGET: {"uwsgi==2.0.31": evolve(entry(asked=("uwsgi",)), compiled=True)}})
    options = Options(level="aggressive", context=tmp_path, lock=lock, select=("DS402",))
    text = rewrite("\n".join((*steps, "")), options).text
    runtime = text.partition("AS runtime")[2]
    assert "libxml2" in runtime
    assert ("libjansson4" in runtime) is bool(headers)


@pytest.mark.parametrize(("installed", "slim"), [("imagemagick", True), ("ghostscript", False)])
def test_a_library_that_the_distribution_brings_is_not_installed_again(
    tmp_path: Path, installed: str, slim: bool
) -> None:
    (tmp_path / "app.py").write_text("import wand\n")
    (tmp_path / "requirements.txt").write_text("wand\n")
    steps = ["FROM python:3.14", "WORKDIR /app", "COPY . .", "RUN pip install -r requirements.txt"]
    steps.append(f"RUN apt-get update && apt-get install -y {installed} && rm -rf /var/lib/apt/lists/*")
    dockerfile = "\n".join((*steps, 'CMD ["python", "app.py"]', ""))
    entries = {"wand==0.6.13": entry(uses=("MagickWand (wand/api.py)",), asked=("wand",))}
    lock = Lock(packages={"pypi-3.14-debian": entries})
    text = rewrite(dockerfile, Options(context=tmp_path, lock=lock, select=("DS304",))).text
    assert text == (dockerfile.replace("python:3.14", "python:3.14-slim") if slim else dockerfile)


@pytest.mark.parametrize(
    ("code", "uses"),
    [
        ("import subprocess\nsubprocess.run(['git', 'log'])", ("git (tide/a.py)",)),
        ("import subprocess\nsubprocess.run('git log', shell=True)", ("git (tide/a.py)",)),
        ("import subprocess\nGIT = '/usr/bin/git'", ("git (tide/a.py)",)),
        ("import os\nos.system('convert a b')", ("convert (tide/a.py)",)),
        ("METHODS = ['get', 'patch']", ()),
        ("import subprocess\nMETHODS = ['get', 'patch']", ()),
        ("import subprocess\nsubprocess.run([sys.executable])", ()),
        ("KIND = 'git'", ()),
        ("from ctypes.util import find_library\nfind_library('magic')", ("magic (tide/a.py)",)),
        ("import ctypes\nctypes.CDLL('libpq.so.5')", ("pq (tide/a.py)",)),
        ("import ctypes\nctypes.CDLL(None)", ()),
    ],
)
def test_code_that_names_what_only_full_images_have(code: str, uses: tuple[str, ...]) -> None:
    assert read_wheel(io.BytesIO(wheel("tide", "1.0", files={"tide/a.py": code})), "tide.whl").uses == uses


def test_programs_of_entry_points_and_libraries_of_extensions(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc to link an extension with")
    (tmp_path / "a.c").write_text("int x(void) { return 1; }\n")
    for name in ("libreef.so.1", "libkelp.so"):
        subprocess.run(["gcc", "-shared", f"-Wl,-soname,{name}", "-o", name, "a.c"], cwd=tmp_path, check=True)
    linked = ["gcc", "-shared", "-o", "fast.so", "a.c", "-Wl,--no-as-needed", "libreef.so.1", "libkelp.so"]
    subprocess.run(linked, cwd=tmp_path, check=True)
    files: dict[str, bytes | str] = {
        "tide/fast.cpython-311-x86_64-linux-gnu.so": (tmp_path / "fast.so").read_bytes(),
        "tide.libs/libkelp.so": (tmp_path / "libkelp.so").read_bytes(),
        "tide-1.0.dist-info/entry_points.txt": "[console_scripts]\ntide = tide:main\n[other]\nx = y\n",
    }
    found = read_wheel(io.BytesIO(wheel("tide", "1.0", files=files)), "tide.whl")
    assert found.bins == ("tide",)
    assert found.libraries == ("libreef.so.1 (tide/fast.cpython-311-x86_64-linux-gnu.so)",)


def test_what_is_answered_stays_until_it_is_asked_again(served: Served) -> None:
    served.project("tide", {"tide-1.0-py3-none-any.whl": wheel("tide", "1.0")})
    first = locked(served, "tide")
    served.project("tide", {"tide-2.0-py3-none-any.whl": wheel("tide", "2.0")})
    again = locked(served, "tide", lock=first.lock)
    assert again.lock == first.lock
    assert (again.added, again.gone) == ((), ())
    anew = locked(served, "tide", lock=first.lock, update=True)
    assert anew.added == ((TARGET, "tide==2.0"),)
    assert anew.gone == ((TARGET, "tide==1.0"),)


def test_what_nobody_asks_for_goes_on_request(served: Served) -> None:
    served.project("tide", {"tide-1.0-py3-none-any.whl": wheel("tide", "1.0", ("berth",))})
    served.project("berth", {"berth-1.0-py3-none-any.whl": wheel("berth", "1.0")})
    first = locked(served, "tide", "berth")
    index = Index((f"{served.url}/simple",))
    kept = refresh_packages(first.lock, [(Asked(TARGET, "berth"),)], Store(index), NOW)
    assert sorted(keys(kept)) == ["berth==1.0", "tide==1.0"]
    pruned = refresh_packages(first.lock, [(Asked(TARGET, "berth"),)], Store(index), NOW, prune=True)
    index.close()
    assert sorted(keys(pruned)) == ["berth==1.0"]


def test_one_that_cannot_be_answered_leaves_the_others(served: Served) -> None:
    served.project("tide", {"tide-1.0-py3-none-any.whl": wheel("tide", "1.0")})
    served.project("old", {"old-1.0.tar.gz": source("old", "1.0", {"PKG-INFO": "Metadata-Version: 1.0\n"})})
    outcome = locked(served, "tide", "old", "missing")
    assert sorted(keys(outcome)) == ["tide==1.0"]
    assert set(outcome.failed) == {"old", "missing"}


def test_two_that_contradict_each_other_are_answered_one_by_one(served: Served) -> None:
    files = {f"reef-{one}-py3-none-any.whl": wheel("reef", one) for one in ("1.0", "2.0")}
    served.project("reef", files)
    served.project("tide", {"tide-1.0-py3-none-any.whl": wheel("tide", "1.0", ("reef<2",))})
    found = keys(locked(served, "tide", "reef==2.0"))
    assert sorted(found) == ["reef==1.0", "reef==2.0", "tide==1.0"]


def test_what_no_version_answers_is_said_with_who_asks(served: Served) -> None:
    served.project("reef", {f"reef-{one}-py3-none-any.whl": wheel("reef", one) for one in ("1.0", "2.0")})
    served.project("tide", {"tide-1.0-py3-none-any.whl": wheel("tide", "1.0", ("reef>2",))})
    outcome = locked(served, "reef==3.0", "tide")
    assert outcome.failed == {
        "reef==3.0": "no version for Python 3.11 answers reef==3.0",
        "tide": "no version for Python 3.11 answers reef>2 (tide 1.0 asks)",
    }


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[1]", "application/vnd.pypi.simple.v1+json"),
        (b'{"files": [{"filename": 1}]}', "application/vnd.pypi.simple.v1+json"),
        (b'{"files": "abc"}', "application/vnd.pypi.simple.v1+json"),
        (b"[" * 100_000, "application/vnd.pypi.simple.v1+json"),
        (b"\xff\xfe", "application/vnd.pypi.simple.v1+json"),
        (b"<a href='https://[x'>", "text/html"),
        (b"<![foo[ x", "text/html"),
        (
            b'{"files": [{"filename": "tide-1.0-py3-none-any.whl", "url": "https://x:port/tide-1.0-py3-none-any.whl"}]}',
            "application/vnd.pypi.simple.v1+json",
        ),
    ],
)
def test_an_index_that_answers_nonsense_is_one_failure(served: Served, body: bytes, kind: str) -> None:
    served.answers["/simple/tide/"] = (body, kind, 200)
    outcome = locked(served, "tide")
    assert keys(outcome) == {}
    assert list(outcome.failed) == ["tide"]


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"no archive", wheel("tide", "1.0")[:-30]])
def test_a_broken_archive_is_one_failure(served: Served, content: bytes) -> None:
    served.project("tide", {"tide-1.0-py3-none-any.whl": content})
    outcome = locked(served, "tide")
    assert keys(outcome) == {}
    assert outcome.failed["tide"].startswith("tide-1.0-py3-none-any.whl cannot be read as a wheel: the index has a")


def test_a_file_with_another_digest_is_refused(served: Served) -> None:
    served.project("tide", {"tide-1.0-py3-none-any.whl": wheel("tide", "1.0")})
    served.answers["/files/tide-1.0-py3-none-any.whl"] = (wheel("tide", "9"), "application/octet-stream", 200)
    assert "another digest" in locked(served, "tide").failed["tide"]


def test_an_index_over_http_names_no_file_of_this_machine(served: Served) -> None:
    page = b"<a href='file:///etc/tide-1.0-py3-none-any.whl'>tide-1.0-py3-none-any.whl</a>"
    served.answers["/simple/tide/"] = (page, "text/html", 200)
    assert "may name no files of this machine" in locked(served, "tide").failed["tide"]


def test_an_address_is_one_of_the_web_or_of_a_directory() -> None:
    for url in ("ftp://a/simple", "/simple", "file://host/x"):
        with pytest.raises(RegistryError):
            Index((url,))


def test_an_index_in_a_directory(tmp_path: Path) -> None:
    folder = tmp_path / "simple" / "tide"
    folder.mkdir(parents=True)
    (tmp_path / "tide-1.0-py3-none-any.whl").write_bytes(wheel("tide", "1.0"))
    (folder / "index.html").write_text("<a href='../../tide-1.0-py3-none-any.whl'>tide</a>")
    index = Index((f"file://{tmp_path}/simple",))
    (file,) = index.files("tide")
    with index.content(file) as content:
        assert content.read() == wheel("tide", "1.0")
    with pytest.raises(NotFound):
        index.files("other")
    index.close()


def test_pypiserver_is_read(tmp_path: Path) -> None:
    """A well-kept index, as companies run it."""
    (tmp_path / "tide-1.0-py3-none-any.whl").write_bytes(wheel("tide", "1.0", ("berth",)))
    (tmp_path / "berth-1.0-py3-none-any.whl").write_bytes(wheel("berth", "1.0"))
    with serve() as probe:
        port = int(probe.url.rpartition(":")[2])
    command = [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port), "--disable-fallback"]
    server = subprocess.Popen([*command, str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/simple"
        for _ in range(200):
            try:
                httpx.get(f"{url}/")
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        index = Index((url,))
        outcome = refresh_packages(Lock(), [(Asked(TARGET, "tide"),)], Store(index), NOW)
        index.close()
        assert sorted(keys(outcome)) == ["berth==1.0", "tide==1.0"]
    finally:
        server.terminate()
        server.wait()


def test_the_indexes_are_those_of_pip(tmp_path: Path) -> None:
    home = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path / "none"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    (tmp_path / "config" / "pip").mkdir(parents=True)
    (tmp_path / "config" / "pip" / "pip.conf").write_text(
        "[global]\nindex-url = https://a.example/simple/\nextra-index-url =\n  https://b.example/simple\n"
    )
    assert indexes(home) == ("https://a.example/simple", "https://b.example/simple")
    assert indexes({**home, "PIP_INDEX_URL": "https://c.example/simple"}) == (
        "https://c.example/simple",
        "https://b.example/simple",
    )
    assert indexes({**home, "PIP_CONFIG_FILE": "/dev/null"}) == ("https://pypi.org/simple",)


def npm(served: Served, *requirements: str) -> PackagesOutcome:
    store = NpmStore(served.url)
    index = Index((served.url,))
    try:
        builds = [tuple(Asked("npm", one) for one in requirements)]
        return refresh_packages(Lock(), builds, Store(index), NOW, npm=store)
    finally:
        index.close()
        store.close()


def yarn(served: Served, *requirements: str) -> PackagesOutcome:
    store = NpmStore(served.url)
    index = Index((served.url,))
    try:
        builds = [tuple(Asked("yarn", one) for one in requirements)]
        return refresh_packages(Lock(), builds, Store(index), NOW, npm=store)
    finally:
        index.close()
        store.close()


def test_pages_of_npm_are_kept_as_text_up_to_a_limit(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a count of bytes: read, a page takes ten times its text, and was kept for each of two thousand packages."""
    many: dict[str, dict[str, object]] = {f"1.0.{n}": {} for n in range(2_000)}
    for name in ("tide", "shell", "first"):
        served.npm(name, many)
    store = NpmStore(served.url)
    store.fetch(["first"])
    tracemalloc.start()
    store.fetch(["tide", "shell"])
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 800_000
    assert store.choose("tide", "^1.0.0") is store.choose("tide", "^1.0.0")
    monkeypatch.setattr("dockerslim_rewrite.registry.packages.npm._MAX_PAGES", 10)
    with pytest.raises(RegistryError, match="of all packages"):
        NpmStore(served.url).choose("tide", "^1.0.0")


def test_npm_packages_with_scripts_optional_ones_and_programs(served: Served) -> None:
    served.npm(
        "tide",
        {
            "1.0.0": {},
            "1.2.0": {
                "dependencies": {"berth": "^2.0.0"},
                "bin": {"tide": "t.js"},
                "optionalDependencies": {"gone": "1"},
            },
        },
    )
    served.npm("berth", {"2.3.0": {"hasInstallScript": True, "bin": "b.js"}, "1.0.0beta": {}})
    outcome = npm(served, "tide@^1.0.0")
    found = outcome.lock.packages["npm"]
    assert sorted(found) == ["berth==2.3.0", "tide==1.2.0"]
    assert found["berth==2.3.0"].compiled
    assert not found["tide==1.2.0"].compiled
    assert (found["tide==1.2.0"].bins, found["berth==2.3.0"].bins) == (("tide",), ("berth",))
    assert outcome.failed == {}


@pytest.mark.parametrize(
    "data",
    [
        {"peerDependencies": {"reef": "1"}, "peerDependenciesMeta": ["reef"]},
        {"peerDependencies": {"reef": "1"}, "peerDependenciesMeta": {"reef": "optional"}},
        {"dist": "tide.tgz"},
        {"dist": {"tarball": "https://x:port/tide.tgz"}},
        {"dist": {"tarball": 5}},
        {"dependencies": {"\ud800": "1"}},
        {"bin": {"\ud800": "b.js"}},
    ],
)
def test_npm_answers_of_another_shape_are_one_failure(served: Served, data: dict[str, object]) -> None:
    served.npm("tide", {"1.0.0": data})
    outcome = npm(served, "tide@1")
    assert list(outcome.failed) == ["tide@1"]
    assert outcome.lock.packages.get("npm", {}) == {}


def test_versions_that_a_lock_file_of_yarn_names(served: Served) -> None:
    """Each alone: what it asks for is another line of the lock file."""
    versions: dict[str, dict[str, object]] = {
        "1.0.0": {"dependencies": {"gone": "^2.0.0"}, "bin": {"tide": "t.js"}},
        "2.0.0": {},
    }
    served.npm("tide", versions, {"index.js": "", "tools/a.js": _GIT})
    served.npm("berth", {"3.0.0": {"hasInstallScript": True}}, {"index.js": "require('tide/tools/a')"})
    served.npm("native", {"1.0.0": {}}, {"index.js": "", "binding.gyp": "{}"})
    served.npm("mac", {"1.0.0": {"os": ["darwin"], "hasInstallScript": True}}, {"index.js": _GIT, "binding.gyp": "{}"})
    outcome = yarn(served, "tide@1.0.0", "berth@3.0.0", "native@1.0.0", "mac@1.0.0")
    assert outcome.failed == {}
    found = outcome.lock.packages["yarn"]
    assert {key: entry.compiled for key, entry in found.items()} == {
        "berth==3.0.0": True,
        "mac==1.0.0": False,
        "native==1.0.0": True,
        "tide==1.0.0": False,
    }
    assert found["tide==1.0.0"].bins == ("tide",)
    assert found["tide==1.0.0"].uses == ("git (tools/a.js)",)
    assert found["mac==1.0.0"].uses == ()
    assert all(entry.requires == () and len(entry.asked) == 1 for entry in found.values())


def test_a_version_of_a_lock_file_of_yarn_that_the_registry_lacks(served: Served) -> None:
    served.npm("tide", {"1.0.0": {}})
    outcome = yarn(served, "tide@1.0.0", "tide@1.0.1")
    assert outcome.failed == {"yarn.lock": "tide: the registry has no version 1.0.1"}
    assert outcome.lock.packages == {}


def test_npm_pages_with_brackets_in_strings_are_read_and_nested_ones_are_not(served: Served) -> None:
    """nodemon's scripts print escapes, six open brackets in each of many versions."""
    colours = {"scripts": {"postinstall": "echo '" + "\u001b[32m" * 300 + "'"}}
    served.npm("tide", {"1.0.0": colours})
    assert npm(served, "tide@1").failed == {}
    served.answers["/tide"] = (b'{"versions": ' + b"[" * 10_000, "application/json", 200)
    assert npm(served, "tide@1").failed == {
        "tide@1": "tide: the registry's answer is not read: it is nested too deeply"
    }


def test_npm_code_that_starts_what_only_full_images_have(served: Served) -> None:
    served.npm("tide", {"1.0.0": {}}, {"index.js": "require('child_process').execFile('git', ['log'])"})
    assert npm(served, "tide@1").lock.packages["npm"]["tide==1.0.0"].uses == ("git (index.js)",)


_START = "const {execFile} = require('child_process');"
_GIT = f"{_START} execFile('git')"


@pytest.mark.parametrize(
    ("files", "uses", "aside"),
    [
        # What only the makers of a package run is loaded by nobody.
        ({"index.js": "", "tools/format.js": _GIT}, (), ("git (tools/format.js)",)),
        ({"index.js": "require('./tools/format')", "tools/format.js": _GIT}, ("git",), ()),
        ({"index.js": "require(name)", "tools/format.js": _GIT}, ("git",), ()),
        (
            {"index.js": "", "etc/p.js": _GIT, "package.json": '{"exports": "./index.js"}'},
            (),
            (),
        ),
        (
            {"lib/a.mjs": _GIT, "package.json": '{"exports": {"./*": "./lib/*.mjs"}}'},
            ("git",),
            (),
        ),
        ({"run.js": _GIT, "package.json": '{"bin": {"run": "./run.js"}}'}, ("git",), ()),
        ({"lib.js": _GIT, "package.json": '{"main": "lib"}'}, ("git",), ()),
        ({"lib/index.js": _GIT, "package.json": '{"main": "./lib/"}'}, ("git",), ()),
        # Words mean a program where they are started, and something else where they are only named.
        ({"index.js": f"{_START} this.on('watch', f); program.command('file'); tags = ['patch']"}, (), ()),
        ({"index.js": f"{_START} spawn('ps', ['-e'])"}, ("ps",), ()),
        ({"index.js": f"{_START} const tool = 'convert'; spawn(tool, args)"}, ("convert",), ()),
        ({"index.js": f"{_START} const all = ['convert', 'x']; run(...all)"}, ("convert",), ()),
        ({"index.js": "(0,n.execFile)('ps',e)"}, ("ps",), ()),
        ({"index.js": "var a=require('child_process').spawn;a('ps')"}, ("ps",), ()),
    ],
)
def test_npm_code_counts_where_it_is_loaded(
    served: Served, files: dict[str, str], uses: tuple[str, ...], aside: tuple[str, ...]
) -> None:
    served.npm("tide", {"1.0.0": {}}, files)
    found = npm(served, "tide@1").lock.packages["npm"]["tide==1.0.0"]
    assert tuple(one.partition(" ")[0] for one in found.uses) == uses
    assert found.aside == aside


def test_npm_code_that_another_package_loads_by_its_path(served: Served) -> None:
    served.npm("tide", {"1.0.0": {}}, {"index.js": "", "tools/a.js": _GIT})
    served.npm("berth", {"1.0.0": {"dependencies": {"tide": "1"}}}, {"index.js": "require('tide/tools/a')"})
    assert npm(served, "tide@1").lock.packages["npm"]["tide==1.0.0"].uses == ()
    assert npm(served, "berth@1").lock.packages["npm"]["tide==1.0.0"].uses == ("git (tools/a.js)",)


@pytest.mark.parametrize(
    ("text", "slim"),
    [
        ("require('tide').run()", True),
        ("require('tide/tools/a')", False),
        ('import a from "tide/tools/a"', False),
        ("require('tidal/tools/a')", True),
    ],
)
def test_a_project_that_loads_a_package_by_a_path_into_it(tmp_path: Path, text: str, slim: bool) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"tide": "1"}}')
    (tmp_path / "server.js").write_text(f"{text}\n")
    entries = {"tide==1.0.0": evolve(entry(asked=("tide@1",)), aside=("git (tools/a.js)",))}
    dockerfile = 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD ["node", "server.js"]\n'
    result = rewrite(dockerfile, Options(context=tmp_path, lock=Lock(packages={"npm": entries})))
    assert ("FROM node:22-slim" in result.text) is slim


@pytest.mark.parametrize(
    ("install", "slim"),
    [
        ("npm install", False),
        ("npm install --omit=dev", True),
        ("npm install --only production", True),
        ("npm install --omit=dev --include=dev", False),
        ("npm install --production=false", False),
        ("npm install --omit=optional", False),
    ],
)
@pytest.mark.parametrize("locked", [False, True])
def test_what_is_not_installed_is_in_nobodys_way(tmp_path: Path, install: str, slim: bool, locked: bool) -> None:
    asked = '"devDependencies": {"tide": "1"}'
    (tmp_path / "package.json").write_text(f"{{{asked}}}")
    (tmp_path / "server.js").write_text("")
    if locked:
        entry_of = '"node_modules/tide": {"version": "1.0.0", "dev": true, "hasInstallScript": true}'
        (tmp_path / "package-lock.json").write_text(f'{{"packages": {{"": {{{asked}}}, {entry_of}}}}}')
    entries = {"tide==1.0.0": entry(asked=("tide@1",), compiled=True)}
    dockerfile = f'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN {install}\nCMD ["node", "server.js"]\n'
    result = rewrite(dockerfile, Options(context=tmp_path, lock=Lock(packages={"npm": entries})))
    assert ("FROM node:22-slim" in result.text) is slim


def test_npm_packages_from_elsewhere_are_not_answered(served: Served) -> None:
    served.npm("tide", {"1.0.0": {"dependencies": {"berth": "git+https://example.org/berth"}}})
    assert "comes from elsewhere" in npm(served, "tide@1").failed["tide@1"]


_WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
_LISTS = st.lists(_WORDS, max_size=3, unique=True).map(lambda found: tuple(sorted(found)))
_ENTRIES = st.builds(
    PackageEntry, _LISTS, _LISTS, st.booleans(), _LISTS, _LISTS, _LISTS, st.just(NOW), _LISTS, st.booleans()
)


@given(st.dictionaries(_WORDS, st.dictionaries(_WORDS, _ENTRIES, min_size=1, max_size=3), max_size=3))
def test_the_lock_is_read_as_it_was_written(packages: dict[str, dict[str, PackageEntry]]) -> None:
    lock = Lock(packages=packages)
    assert read_lock(write_lock(lock)) == lock


@pytest.mark.parametrize(
    "text",
    [
        "package = 1",
        "package.a = 1",
        "package.a.b = 1",
        "package.a.b = {asked = 1}",
        "package.a.b = {asked = [1]}",
        "package.a.b = {}",
        "package.a.b = {compiled = 1, locked = 2026-01-01T00:00:00Z}",
        "package.a.b = {alone = 'yes', locked = 2026-01-01T00:00:00Z}",
        "package.a.b = {locked = 2026-01-01}",
    ],
)
def test_a_lock_with_nonsense_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(LockError) as error:
        read_lock(f"version = 1\n{text}\n")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Flask == 3.0.3", "flask==3.0.3"),
        ("flask==3.0.3 --hash=sha256:abc", "flask==3.0.3"),
        ("zope.interface", "zope-interface"),
        ("uvicorn[Standard, http]>=0.2,<1", "uvicorn[http,standard]>=0.2,<1"),
        ('tide ; python_version  < "3"', 'tide; python_version < "3"'),
        ("-e .", None),
        ("./tide", None),
        ("tide @ https://example.org/tide.whl", None),
        ("git+https://example.org/tide", None),
        ("--index-url https://example.org", None),
    ],
)
def test_requirements_are_kept_however_they_are_spelled(text: str, kept: str | None) -> None:
    assert asked(text) == kept


def test_ranges_of_npm_are_kept_and_what_comes_from_elsewhere_is_not() -> None:
    assert npm_asked("express", "^4.18.2") == "express@^4.18.2"
    assert npm_asked("@a/b", "npm:@c/d@1") == "@a/b@npm:@c/d@1"
    assert [npm_asked("a", one) for one in ("file:../a", "user/a", "git+ssh://x", "workspace:*")] == [None] * 4


def entry(*, compiled: bool = False, uses: tuple[str, ...] = (), asked: tuple[str, ...] = ("tide",)) -> PackageEntry:
    return PackageEntry(asked, (), compiled, (), uses, (), NOW)


@pytest.mark.parametrize(
    ("found", "level", "after", "said"),
    [
        (entry(), "standard", "python:3.11-slim", ""),
        (entry(compiled=True), "aggressive", "python:3.11", "pip compiles tide==1.0"),
        (entry(uses=("git (tide/a.py)",)), "standard", "python:3.11", "python:3.11 becomes python:3.11-slim"),
        (entry(uses=("git (tide/a.py)",)), "aggressive", "python:3.11-slim", ""),
        (
            entry(asked=("other",)),
            "aggressive",
            "python:3.11",
            "pip may have to compile tide, which requirements.txt lists; dockerslim.lock has no",
        ),
    ],
)
def test_the_lock_decides_on_the_slim_base(
    tmp_path: Path, found: PackageEntry, level: str, after: str, said: str
) -> None:
    (tmp_path / "requirements.txt").write_text("tide\n")
    (tmp_path / "main.py").write_text("import tide\n")
    text = (
        "FROM python:3.11\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n"
    )
    text += 'COPY main.py .\nCMD ["python", "main.py"]\n'
    lock = Lock(packages={TARGET: {"tide==1.0": found}})
    result = rewrite(text, Options(level=level, context=tmp_path, lock=lock, select=("DS304",)))
    assert result.text.splitlines()[0] == f"FROM {after}"
    assert any(said in one.message for one in result.remarks) or not said


def test_health_checks_of_those_who_run_the_image_need_their_programs(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "requirements.txt").write_text("tide\n")
    (tmp_path / "main.py").write_text("import tide\n")
    (tmp_path / "compose.yaml").write_text(
        "services:\n  web:\n    build: .\n    healthcheck: {test: curl -f http://localhost/}\n"
    )
    text = (
        "FROM python:3.11\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n"
    )
    (tmp_path / "Dockerfile").write_text(text + 'COPY main.py .\nCMD ["python", "main.py"]\n')
    (tmp_path / "dockerslim.lock").write_text(write_lock(Lock(packages={TARGET: {"tide==1.0": entry()}})))
    command = [sys.executable, "-m", "dockerslim_rewrite", "rewrite", str(tmp_path / "Dockerfile"), "--level"]
    bold = subprocess.run([*command, "aggressive", "--select", "DS304"], capture_output=True, text=True, check=False)
    assert "apt-get install -y --no-install-recommends curl" in bold.stdout
    plain = subprocess.run([*command, "standard", "--select", "DS304"], capture_output=True, text=True, check=False)
    assert "apt-get install -y --no-install-recommends curl" in plain.stdout


@pytest.mark.parametrize(
    ("command", "settled"),
    [
        ('["python", "main.py"]', True),
        ('["celery", "-A", "main", "worker"]', False),
        ('["supervisord", "-n"]', False),
        ('["honcho", "start"]', False),
    ],
)
def test_what_a_runner_loads_is_not_known(tmp_path: Path, command: str, settled: bool) -> None:
    (tmp_path / "main.py").write_text("import tide\n")
    found = PackageEntry(("tide",), (), False, (), (), ("celery", "supervisord", "honcho"), NOW)
    lock = Lock(packages={TARGET: {"tide==1.0": found}})
    text = f"FROM python:3.11\nWORKDIR /app\nRUN pip install --no-cache-dir tide\nCOPY main.py .\nCMD {command}\n"
    result = rewrite(text, Options(context=tmp_path, lock=lock, select=("DS304",)))
    assert result.text.startswith("FROM python:3.11-slim\n") is settled


def test_a_library_that_code_loads_is_in_the_way_at_every_level(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import tide\n")
    lock = Lock(packages={TARGET: {"tide==1.0": entry(uses=("magic (tide/a.py)",))}})
    text = 'FROM python:3.11\nRUN pip install --no-cache-dir tide\nCOPY main.py /\nCMD ["python", "/main.py"]\n'
    result = rewrite(text, Options(level="aggressive", context=tmp_path, lock=lock, select=("DS304",)))
    assert not result.changed
    assert any("tide==1.0 loads magic (tide/a.py)" in one.message for one in result.remarks)


@pytest.mark.parametrize(
    "service",
    [
        "command: /usr/local/bin/gunicorn app:app",
        'command: ["bash", "-lc", "gunicorn app:app"]',
        "environment: {PATH: /usr/local/bin:/usr/bin:/bin}",
        'healthcheck: {test: ["CMD", "/usr/local/bin/probe"]}',
    ],
)
def test_whoever_runs_the_image_has_to_find_what_pip_installed(tmp_path: Path, service: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "requirements.txt").write_text("tide\n")
    (tmp_path / "app.py").write_text("import tide\n")
    text = (
        "FROM python:3.11-slim\nRUN apt-get update && apt-get install -y gcc\nWORKDIR /app\nCOPY requirements.txt .\n"
    )
    text += 'RUN pip install -r requirements.txt\nCOPY app.py .\nCMD ["python", "app.py"]\n'
    (tmp_path / "Dockerfile").write_text(text)
    command = [sys.executable, "-m", "dockerslim_rewrite", "rewrite", str(tmp_path / "Dockerfile"), "--select", "DS402"]
    alone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "COPY --from=build /opt/venv /opt/venv" in alone.stdout
    (tmp_path / "compose.yaml").write_text(f"services:\n  web:\n    build: .\n    {service}\n")
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "/opt/venv" not in run.stdout


@pytest.mark.parametrize(
    ("data", "compiled"),
    [
        ({"scripts": {"install": "prebuild-install || node-gyp rebuild", "test": "x"}}, True),
        ({"scripts": {"postinstall": "node install.js"}}, True),
        ({"gypfile": True}, True),
        ({"scripts": {"test": "x", "prepare": "tsc"}, "gypfile": False}, False),
    ],
)
def test_scripts_are_read_off_a_whole_page_too(served: Served, data: dict[str, object], compiled: bool) -> None:
    """A registry may send the whole page, which has no ``hasInstallScript``, whatever it is asked for."""
    served.npm("tide", {"1.0.0": data})
    assert npm(served, "tide@^1.0.0").lock.packages["npm"]["tide==1.0.0"].compiled == compiled
