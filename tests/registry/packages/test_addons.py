"""What packages of npm compile when they are installed, by their binding.gyp, and who may do without a compiler."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.locked import Lock, PackageEntry
from dockerslim_rewrite.analysis.runtime.asking import Asked
from dockerslim_rewrite.registry.packages.addon import Addon, addon, prebuilt
from dockerslim_rewrite.registry.packages.locking import refresh_packages
from dockerslim_rewrite.registry.packages.npm import NpmStore
from tests.registry.packages.made import Served, serve

NOW = datetime(2026, 11, 30, tzinfo=UTC)
#: Says what it is linked to in the way of most packages: nothing but headers from another one.
PLAIN = """
# A comment.
{
  'targets': [{
    'target_name': 'reef',
    'sources': ['src/reef.cc'],
    'include_dirs': ["<!@(node -p \\"require('node-addon-api').include\\")"],
    'dependencies': ["<!(node -p \\"require('node-addon-api').gyp\\")"],
    'conditions': [
      ['OS=="win"', {'libraries': ['ws2_32.lib']}],
      ['OS=="mac" or OS == "ios"', {'link_settings': {'libraries': ['-framework Reef']}}, {'ldflags': ['-pthread']}],
    ],
  }],
}
"""


def made(gyp: str | None, install: str = "node-gyp rebuild", **beside: str) -> Addon:
    files = {**({"binding.gyp": gyp} if gyp is not None else {}), **beside}
    return addon({"scripts": {"install": install}} if install else {}, [*files, "package.json"], files)


@pytest.mark.parametrize(
    "install",
    [
        "",
        "node-gyp rebuild",
        "node-gyp-build",
        "prebuild-install -r napi || node-gyp rebuild --release",
        "node-pre-gyp install --fallback-to-build",
        "node-gyp-build || exit 0",
        "node-gyp rebuild || echo 'not built'",
    ],
)
def test_what_is_compiled_by_the_usual_tools_is_linked_as_its_file_says(install: str) -> None:
    assert made(PLAIN, install) == Addon(alone=True)


@pytest.mark.parametrize(
    "install",
    ["make", "node install.js", "node-gyp rebuild && make", "node-gyp rebuild; make", "node-gyp rebuild $(x)"],
)
def test_other_scripts_may_do_anything(install: str) -> None:
    assert made(PLAIN, install) == Addon()


@pytest.mark.parametrize("name", ["preinstall", "postinstall"])
def test_a_second_script_may_do_anything(name: str) -> None:
    scripts = {"install": "node-gyp rebuild", name: "node more.js"}
    assert addon({"scripts": scripts}, ["binding.gyp"], {"binding.gyp": PLAIN}) == Addon()
    scripts[name] = 'echo "thank you"'
    assert addon({"scripts": scripts}, ["binding.gyp"], {"binding.gyp": PLAIN}) == Addon(alone=True)


@pytest.mark.parametrize(
    "inside",
    [
        "'libraries': ['-lpq']",
        "'libraries+': ['-lpq']",
        "'libraries': ['<(module_root_dir)/deps/libreef.a']",
        "'libraries': ['-lm -lpq']",
        "'ldflags': ['-Wl,-rpath,/opt/reef']",
        "'link_settings': {'libraries': ['-lpq']}",
        "'conditions': [['OS!=\"win\"', {'libraries': ['-lpq']}]]",
        "'conditions': [['OS==\"win\"', {}, {'libraries': ['-lpq']}]]",
        "'conditions': [['OS==\"win\"', {}, 'OS==\"linux\"', {'libraries': ['-lpq']}]]",
        "'conditions': [['shared==1', {'libraries': ['-lpq']}]]",
        "'target_conditions': [['OS==\"linux\" and shared==1', {'libraries': ['-lpq']}]]",
        "'configurations': {'Release': {'libraries': ['-lpq']}}",
        "'include_dirs': ['<!(pkg-config --cflags reef)']",
        "'variables': {'x': '<!(node -e \"require(\\'child_process\\')\")'}",
        "'dependencies': ['deps/reef.gyp:reef']",
        "'dependencies': ['<(deps)/reef:reef']",
        "'includes': ['common.gypi']",
        "'sources': [open('x')]",
    ],
)
def test_libraries_and_what_is_not_understood(inside: str) -> None:
    assert made(f"{{'targets': [{{'target_name': 'reef', {inside}}}]}}") == Addon()


def test_files_that_are_brought_along_are_followed() -> None:
    gyp = "{'includes': ['deps/common.gypi'], 'targets': [{'target_name': 'a', 'dependencies': ['deps/b.gyp:b', 'c']}]}"
    below = "{'includes': ['common.gypi'], 'targets': [{'target_name': 'b', 'type': 'static_library'}]}"
    common = "{'target_defaults': {'cflags': ['-O3']}}"
    files = {"binding.gyp": gyp, "deps/b.gyp": below, "deps/common.gypi": common}
    assert addon({}, list(files), files) == Addon(alone=True)
    files["deps/common.gypi"] = "{'target_defaults': {'libraries': ['-lz3']}}"
    assert addon({}, list(files), files) == Addon()


@pytest.mark.parametrize("gyp", ["", "{", "[" * 10_000, "{'a': " * 150 + "1" + "}" * 150 + "'", "# x\n" * 100_000])
def test_files_that_are_none_of_gyp(gyp: str) -> None:
    assert made(gyp) == Addon()


@pytest.mark.parametrize(
    "scripts",
    [
        {"postinstall": "echo 'thank you for installing'"},
        {"postinstall": "opencollective || exit 0", "preinstall": "true"},
    ],
)
def test_scripts_that_only_say_something(scripts: dict[str, str]) -> None:
    assert addon({"scripts": scripts}, ["index.js"], {}) == Addon(idle=True)


@pytest.mark.parametrize(
    ("names", "idle"),
    [
        (("linux-x64/node.napi.node", "linux-arm64/node.napi.armv8.node"), True),
        (("linux-x64/reef.glibc.node", "linux-arm64/reef.node"), True),
        (("linux-x64/node.napi.node", "darwin-arm64/node.napi.node"), False),
        (("linux-x64/node.abi93.node", "linux-arm64/node.abi93.node"), False),
        (("linux-x64/node.napi.musl.node", "linux-arm64/node.napi.musl.node"), False),
        (("linux-x64/electron.napi.node", "linux-arm64/electron.napi.node"), False),
    ],
)
def test_what_comes_compiled_for_both_machines(names: tuple[str, ...], idle: bool) -> None:
    paths = [f"prebuilds/{name}" for name in names]
    assert addon({"scripts": {"install": "node-gyp-build"}}, [*paths, "binding.gyp"], {}).idle is idle
    assert not addon({"scripts": {"install": "node-gyp rebuild"}}, [*paths, "binding.gyp"], {}).idle
    assert (len(list(prebuilt(paths))) == 2) is idle


@pytest.fixture
def served() -> Iterator[Served]:
    with serve() as found:
        yield found


def locked(served: Served, *asked: str) -> Lock:
    store = NpmStore(served.url)
    try:
        outcome = refresh_packages(Lock(), [tuple(Asked("npm", one) for one in asked)], None, NOW, npm=store)  # type: ignore[arg-type]
    finally:
        store.close()
    assert outcome.failed == {}
    return outcome.lock


def test_the_lock_says_what_an_addon_is_linked_to(served: Served) -> None:
    package = json.dumps({"scripts": {"install": "node-gyp rebuild"}})
    served.npm("reef", {"1.0.0": {"hasInstallScript": True}}, {"package.json": package, "binding.gyp": PLAIN})
    served.npm("tide", {"1.0.0": {"hasInstallScript": True}}, {"package.json": package, "binding.gyp": "{}}"})
    found = locked(served, "reef@1", "tide@1").packages["npm"]
    assert (found["reef==1.0.0"].compiled, found["reef==1.0.0"].alone) == (True, True)
    assert (found["tide==1.0.0"].compiled, found["tide==1.0.0"].alone) == (True, False)


def test_what_the_registry_does_not_mark_is_compiled_as_well(served: Served) -> None:
    served.npm("reef", {"1.0.0": {}}, {"package.json": "{}", "binding.gyp": PLAIN})
    served.npm("tide", {"1.0.0": {}}, {"package.json": "{}"})
    found = locked(served, "reef@1", "tide@1").packages["npm"]
    assert (found["reef==1.0.0"].compiled, found["tide==1.0.0"].compiled) == (True, False)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize(
    ("flag", "libraries"), [("-lc", ()), ("-lodd", ("libodd.so.9 (prebuilds/linux-x64/reef.node)",))]
)
def test_what_comes_compiled_is_looked_into(
    served: Served, tmp_path: Path, flag: str, libraries: tuple[str, ...]
) -> None:
    (tmp_path / "odd.c").write_text("int odd(void) { return 1; }\n")
    (tmp_path / "reef.c").write_text("int odd(void); int reef(void) { return odd(); }\n")
    compile_ = ["gcc", "-shared", "-fPIC", "-nostartfiles", "-Wl,--no-as-needed"]
    subprocess.run([*compile_, "-Wl,-soname,libodd.so.9", "-o", "libodd.so", "odd.c"], cwd=tmp_path, check=True)
    subprocess.run([*compile_, "-o", "reef.node", "reef.c", "-L.", flag], cwd=tmp_path, check=True)
    content = (tmp_path / "reef.node").read_bytes()
    package = json.dumps({"scripts": {"install": "node-gyp-build"}})
    files = {"package.json": package, "binding.gyp": PLAIN}
    files |= {f"prebuilds/linux-{machine}/reef.node": content for machine in ("arm64", "x64")}  # type: ignore[misc]
    served.npm("reef", {"1.0.0": {"hasInstallScript": True}}, files)
    found = locked(served, "reef@1").packages["npm"]["reef==1.0.0"]
    assert (found.compiled, found.libraries) == (False, libraries)


def entry(name: str, **values: object) -> dict[str, PackageEntry]:
    fields: dict[str, object] = {"compiled": True, "alone": True, "libraries": (), **values}
    return {f"{name}==1.0.0": PackageEntry((f"{name}@1.0.0",), (), uses=(), bins=(), locked=NOW, **fields)}  # type: ignore[arg-type]


DOCKERFILE = """\
FROM node:22
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY server.js ./
CMD ["node", "server.js"]
"""


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({}, "DS403"),
        ({"alone": False}, None),
        ({"compiled": False, "alone": False}, "DS304"),
        ({"compiled": False, "alone": False, "libraries": ("libodd.so.9 (a.node)",)}, None),
    ],
)
def test_scripts_of_a_lock_file_of_npm_are_looked_up(
    tmp_path: Path, values: dict[str, object], rule: str | None
) -> None:
    wanted = {"dependencies": {"reef": "1.0.0"}}
    of = {"version": "1.0.0", "hasInstallScript": True}
    (tmp_path / "package.json").write_text(json.dumps(wanted))
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": {"": wanted, "node_modules/reef": of}}))
    (tmp_path / "server.js").write_text("require('reef')\n")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    lock = Lock(packages={"npm": entry("reef", **values)})
    result = rewrite(DOCKERFILE, Options(context=tmp_path, lock=lock, select=("DS304", "DS403")))
    assert {change.rule for change in result.changes} == ({rule} if rule else set())
    unlocked = rewrite(DOCKERFILE, Options(context=tmp_path, select=("DS304", "DS403")))
    assert not unlocked.changed
    assert any("npm may have to compile reef; `dockerslim lock` asks" in one.message for one in unlocked.remarks)
