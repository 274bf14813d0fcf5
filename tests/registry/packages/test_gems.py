"""What the lock file learns of gems: what is compiled, linked to, loaded and started; and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.locked import Lock, PackageEntry
from dockerslim_rewrite.analysis.packages.lock_files import gems
from dockerslim_rewrite.analysis.runtime.asking import Asked
from dockerslim_rewrite.cli.lock_packages import asked_by
from dockerslim_rewrite.knowledge.package_indexes import usual_index
from dockerslim_rewrite.registry.errors import RegistryError
from dockerslim_rewrite.registry.lock import read_lock, write_lock
from dockerslim_rewrite.registry.packages.gems import GemStore, gem_index
from dockerslim_rewrite.registry.packages.locking import PackagesOutcome, refresh_packages
from dockerslim_rewrite.registry.packages.resolving import Store
from dockerslim_rewrite.registry.packages.simple import Index
from tests.registry.packages.made import Served, gem, serve

NOW = datetime(2026, 11, 29, tzinfo=UTC)
PLAIN = "name: tide\nextensions: []\nexecutables:\n- tide\n- tide-high\n"
BUILT = "name: tide\nextensions:\n- ext/tide/extconf.rb\nexecutables: []\n"
USUAL = f"GEM\n  remote: {usual_index('gem')}/\n  specs:\n"


@pytest.fixture
def served() -> Iterator[Served]:
    with serve() as found:
        yield found


def locked(served: Served, *requirements: str, lock: Lock | None = None, update: bool = False) -> PackagesOutcome:
    index, store = Index((f"{served.url}/simple",)), GemStore(served.url)
    try:
        builds = [tuple(Asked("gem", one) for one in requirements)]
        return refresh_packages(lock or Lock(), builds, Store(index), NOW, gem=store, update=update)
    finally:
        index.close()
        store.close()


@pytest.mark.parametrize(("metadata", "compiled", "bins"), [(PLAIN, False, ("tide", "tide-high")), (BUILT, True, ())])
def test_a_gem_with_extensions_is_compiled(
    served: Served, metadata: str, compiled: bool, bins: tuple[str, ...]
) -> None:
    served.gem("tide", "1.2.0", gem(metadata, {"lib/tide.rb": "module Tide; end"}))
    outcome = locked(served, "tide==1.2.0")
    assert outcome.failed == {}
    found = outcome.lock.packages["gem"]["tide==1.2.0"]
    assert (found.compiled, found.bins, found.uses, found.asked) == (compiled, bins, (), ("tide==1.2.0",))
    assert read_lock(write_lock(outcome.lock)) == outcome.lock


def test_a_gem_of_a_platform_is_another(served: Served) -> None:
    served.gem("tide", "1.2.0-x86_64-linux", gem(PLAIN, {"lib/tide/3.2/tide.so": b"none"}))
    assert list(locked(served, "tide==1.2.0-x86_64-linux").lock.packages["gem"]) == ["tide==1.2.0-x86_64-linux"]
    assert locked(served, "tide==1.2.0").failed == {"tide==1.2.0": "tide: the index has no version 1.2.0"}


@pytest.mark.parametrize(
    ("path", "code", "uses"),
    [
        ("lib/t.rb", "system('git', 'log')", ("git (lib/t.rb)",)),
        ("lib/t.rb", "x = `git log`", ("git (lib/t.rb)",)),
        ("lib/t.rb", "extend FFI::Library\nffi_lib 'vips'", ("a shared library (lib/t.rb)",)),
        ("lib/t.rb", "# system('git', 'log')\nputs 'git'", ()),
        ("spec/t_spec.rb", "system('git', 'log')", ()),
    ],
)
def test_code_that_starts_or_loads_what_only_full_images_have(
    served: Served, path: str, code: str, uses: tuple[str, ...]
) -> None:
    served.gem("tide", "1.0", gem(PLAIN, {path: code}))
    assert locked(served, "tide==1.0").lock.packages["gem"]["tide==1.0"].uses == uses


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "tide==1.0 cannot be read as a gem"),
        (b"not a gem" * 100, "tide==1.0 cannot be read as a gem"),
        (gem("a" * 5_000_000, {}), "tide==1.0 is not looked into: its metadata has more than"),
        (gem(PLAIN, {})[:700], "tide==1.0 cannot be read as a gem"),
    ],
)
def test_a_broken_gem_is_one_failure(served: Served, content: bytes, said: str) -> None:
    served.gem("tide", "1.0", content)
    served.gem("berth", "2.0", gem(PLAIN, {}))
    outcome = locked(served, "tide==1.0", "berth==2.0")
    assert list(outcome.lock.packages["gem"]) == ["berth==2.0"]
    assert said in outcome.failed["tide==1.0"]


def test_a_gem_with_another_digest_is_refused(served: Served) -> None:
    served.gem("tide", "1.0", gem(PLAIN, {}), checksum="1" * 64)
    outcome = locked(served, "tide==1.0")
    assert outcome.lock.packages == {}
    assert "another digest" in outcome.failed["tide==1.0"]


def test_only_what_is_not_answered_is_asked(served: Served) -> None:
    served.gem("tide", "1.0", gem(PLAIN, {}))
    served.gem("berth", "2.0", gem(PLAIN, {}))
    first = locked(served, "tide==1.0").lock
    served.asked.clear()
    both = locked(served, "tide==1.0", "berth==2.0", lock=first).lock
    assert sorted(both.packages["gem"]) == ["berth==2.0", "tide==1.0"]
    assert not any("tide" in one for one in served.asked)
    locked(served, "tide==1.0", lock=both, update=True)
    assert any("tide" in one for one in served.asked)


def test_a_password_in_an_address_is_not_shown(served: Served) -> None:
    store = GemStore(served.url.replace("http://", "http://who:secret@"))
    try:
        with pytest.raises(RegistryError) as caught:
            store.look("tide==1.0")
    finally:
        store.close()
    assert "secret" not in str(caught.value)
    assert "/info/tide" in str(caught.value)


def test_the_index_is_that_of_bundler(tmp_path: Path) -> None:
    nowhere = {"HOME": str(tmp_path)}
    assert gem_index(nowhere) == usual_index("gem")
    assert gem_index({**nowhere, "BUNDLE_MIRROR__ALL": "https://gems.example.org/"}) == "https://gems.example.org"
    own = f"BUNDLE_MIRROR__{usual_index('gem').upper().replace('.', '__')}/"
    assert gem_index({**nowhere, own: "https://own.example.org"}) == "https://own.example.org"
    (tmp_path / ".bundle").mkdir()
    (tmp_path / ".bundle" / "config").write_text('---\nBUNDLE_MIRROR__ALL: "https://mirror.example.org/"\n')
    assert gem_index(nowhere) == "https://mirror.example.org"
    (tmp_path / ".bundle" / "config").write_text(f"---\n{own}: https://own.example.org\n")
    assert gem_index(nowhere) == "https://own.example.org"


def test_gems_of_a_lock_file_with_platforms_and_from_elsewhere() -> None:
    text = (
        "GIT\n  remote: https://git.example.org/reef.git\n  specs:\n    reef (0.1)\n\n"
        f"{USUAL}    tide (1.2.0)\n      berth (~> 2)\n    tide (1.2.0-x86_64-linux)\n\n"
        "GEM\n  remote: https://gems.example.org/\n  specs:\n    gull (3)\n\nPLATFORMS\n  ruby\n"
    )
    found = [(one.requirement, one.usual) for one in gems(text)]
    assert found == [
        ("reef==0.1", False),
        ("tide==1.2.0", True),
        ("tide==1.2.0-x86_64-linux", True),
        ("gull==3", False),
    ]


DOCKERFILE = (
    'FROM ruby:3.2\nWORKDIR /app\nCOPY Gemfile Gemfile.lock ./\nRUN bundle install\nCOPY . .\nCMD ["ruby", "app.rb"]\n'
)


def project(folder: Path, specs: str = "    tide (1.2.0)\n", head: str = USUAL) -> Path:
    (folder / "Gemfile").write_text("gem 'tide'\n")
    (folder / "Gemfile.lock").write_text(f"{head}{specs}\nPLATFORMS\n  ruby\n")
    (folder / "app.rb").write_text("puts 1\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder / "Dockerfile"


def test_what_a_gemfile_lock_names_is_asked_for(tmp_path: Path) -> None:
    path = project(tmp_path)
    assert asked_by([str(path)], tmp_path) == [(Asked("gem", "tide==1.2.0"),)]
    project(tmp_path, "    tide (1.2.0)\n    tide (1.2.0-x86_64-linux-musl)\n    tide (1.2.0-arm64-darwin)\n")
    assert asked_by([str(path)], tmp_path) == [(Asked("gem", "tide==1.2.0"),)]
    project(tmp_path, head="GEM\n  remote: https://gems.example.org/\n  specs:\n")
    assert asked_by([str(path)], tmp_path) == []


def entry(*, compiled: bool = False, uses: tuple[str, ...] = (), libraries: tuple[str, ...] = ()) -> PackageEntry:
    return PackageEntry(("tide==1.2.0",), (), compiled, libraries, uses, (), NOW)


def test_gems_of_other_systems_do_not_count_beside_one_of_this(tmp_path: Path) -> None:
    lock = Lock(packages={"gem": {"tide==1.2.0": entry()}})
    options = Options(level="standard", context=tmp_path, lock=lock, select=("DS409",))
    project(tmp_path, "    tide (1.2.0)\n    tide (1.2.0-x86_64-linux-musl)\n    tide (1.2.0-arm64-darwin)\n")
    assert "FROM ruby:3.2-slim AS runtime" in rewrite(DOCKERFILE, options).text
    project(tmp_path, "    tide (1.2.0)\n    reef (1.0-x86_64-linux-musl)\n")
    assert "FROM ruby:3.2-slim AS runtime" not in rewrite(DOCKERFILE, options).text


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (entry(), ""),
        (entry(compiled=True), "tide==1.2.0 is compiled"),
        (entry(uses=("git (lib/t.rb)",)), "tide==1.2.0 names git"),
        (entry(libraries=("libpq.so.5 (lib/t.so)",)), "tide==1.2.0 is linked to libpq"),
        (None, "tide may be linked to any library of the full image; `dockerslim lock` asks the index"),
    ],
)
def test_the_lock_decides_on_the_split(tmp_path: Path, found: PackageEntry | None, said: str) -> None:
    project(tmp_path)
    lock = Lock(packages={"gem": {"tide==1.2.0": found}} if found is not None else {})
    result = rewrite(DOCKERFILE, Options(level="standard", context=tmp_path, lock=lock, select=("DS409",)))
    assert ("FROM ruby:3.2-slim AS runtime" in result.text) is (not said)
    assert any(said in one.message for one in result.remarks) or not said
