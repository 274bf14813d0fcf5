"""The loader's rules: where libraries are looked for, and which of them are lost."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dockerslim_rewrite.engine.prove.elf import Elf, Programs, cached, lost, reader
from dockerslim_rewrite.engine.rootfs import Entry, Kind, RootFilesystem


def _files(*paths: str, **links: str) -> RootFilesystem:
    files = RootFilesystem()
    folders = {"/".join(path.split("/")[:count]) for path in paths for count in range(2, path.count("/") + 1)}
    files.apply([(folder, Entry(Kind.DIRECTORY, 0o755, 0, 0)) for folder in sorted(folders)])
    files.apply([(path, Entry(Kind.FILE, 0o644, 0, 0, path, 1)) for path in paths])
    files.apply([(f"/{name}", Entry(Kind.LINK, 0o777, 0, 0, target)) for name, target in links.items()])
    return files


def _needs(name: str, *paths: str, machine: str = "EM_X86_64") -> Elf:
    return Elf(machine, (name,), paths, None)


@pytest.mark.parametrize(
    ("library", "one", "cache", "path"),
    [
        ("/usr/lib/x86_64-linux-gnu/liba.so.1", _needs("liba.so.1"), (), ()),
        ("/opt/a/lib/liba.so.1", _needs("liba.so.1", "$ORIGIN/../lib"), (), ()),
        ("/opt/a/lib/liba.so.1", _needs("liba.so.1", "${ORIGIN}/../lib"), (), ()),
        ("/usr/local/lib/liba.so.1", _needs("liba.so.1"), ("/usr/local/lib/liba.so.1",), ()),
        ("/srv/lib/liba.so.1", _needs("liba.so.1"), (), ("/srv/lib",)),
    ],
)
def test_a_library_is_found(library: str, one: Elf, cache: tuple[str, ...], path: tuple[str, ...]) -> None:
    files = _files(library, "/opt/a/bin/program")
    assert Programs({"/opt/a/bin/program": one}, files, frozenset(cache), path).unresolved() == {}


def test_without_the_cache_only_the_default_folders_count() -> None:
    """``/usr/local/lib`` is found only through ``ld.so.cache``, which ``ldconfig`` has to renew."""
    files = _files("/usr/local/lib/liba.so.1", "/bin/program")
    assert Programs({"/bin/program": _needs("liba.so.1")}, files, frozenset()).unresolved() == {
        "liba.so.1": ("/bin/program",)
    }


def test_a_library_of_another_machine_is_none() -> None:
    library = "/usr/lib/liba.so.1"
    files = _files(library, "/bin/program")
    elf = {"/bin/program": _needs("liba.so.1"), library: _needs("libc.so.6", machine="EM_386")}
    assert "liba.so.1" in Programs(elf, files, frozenset()).unresolved()


def test_links_are_followed_and_a_dangling_one_leads_nowhere() -> None:
    files = _files("/usr/lib/liba.so.1.2", "/bin/program", lib="usr/lib")
    files.apply([("/usr/lib/liba.so.1", Entry(Kind.LINK, 0o777, 0, 0, "liba.so.1.2"))])
    files.apply([("/usr/lib/libb.so.1", Entry(Kind.LINK, 0o777, 0, 0, "libb.so.1.2"))])
    elf = {"/bin/program": Elf("EM_X86_64", ("liba.so.1", "libb.so.1"), (), None)}
    assert list(Programs(elf, files, frozenset()).unresolved()) == ["libb.so.1"]


def test_only_what_was_found_before_is_lost() -> None:
    one = Elf("EM_X86_64", ("liba.so.1", "libnever.so"), (), None)
    before = Programs({"/bin/program": one}, _files("/bin/program", "/usr/lib/liba.so.1"), frozenset())
    after = Programs({"/bin/program": one}, _files("/bin/program"), frozenset())
    assert lost(before, after) == {"liba.so.1": ("/bin/program",)}
    assert lost(before, before) == {}


def test_the_cache_is_read() -> None:
    data = b"glibc-ld.so.cache1.1\0\x01\0liba.so.1\0/usr/local/lib/liba.so.1\0/lib/x.so\0"
    assert cached(data) == {"/usr/local/lib/liba.so.1", "/lib/x.so"}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a compiler")
def test_real_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int a(void) { return 1; }\n")
    (tmp_path / "m.c").write_text("int a(void); int main(void) { return a(); }\n")
    build = ["gcc", "-shared", "-fPIC", "-Wl,-soname,liba.so.7", "-o", "liba.so", "a.c"]
    subprocess.run(build, cwd=tmp_path, check=True)
    subprocess.run(["gcc", "-o", "m", "m.c", "-L.", "-la", "-Wl,-rpath,$ORIGIN/lib"], cwd=tmp_path, check=True)
    found = reader()((tmp_path / "m").read_bytes())
    assert found is not None
    assert "liba.so.7" in found.needed
    assert found.paths == ("$ORIGIN/lib",)
    assert found.loader is not None
    assert found.loader.startswith("/lib")
    assert reader()(b"\x7fELF and no more") is None
