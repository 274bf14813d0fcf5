"""What a smaller base image, a split stage or a missing package takes away is expected; what else is gone is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite.change import (
    AddsCommand,
    AddsInstruction,
    Change,
    ChangesBase,
    ChangesFlag,
    Claim,
    Safety,
    SetsUser,
    SplitsStage,
)
from dockerslim_rewrite.engine import verify as module
from dockerslim_rewrite.engine.announced import announced
from dockerslim_rewrite.engine.archive import LayerCache, read_archive
from dockerslim_rewrite.engine.bases import shipped_image
from dockerslim_rewrite.engine.compare import DANGLING, compare_files
from dockerslim_rewrite.engine.expectations import Difference, removals
from dockerslim_rewrite.engine.verify import Candidate, Verification, VerifyOptions, verify
from tests.engine.images import LayerOf, write_image
from tests.engine.paper import PaperEngine

#: What the two base images hold.
BASES = {"full:1": ("/shell=s", "/manual=m", "/settings=full"), "slim:1": ("/shell=s", "/settings=slim")}
SLIMS = ChangesBase("slimmed", "full:1", "slim:1")


class Based(PaperEngine):
    """Images hold what their base holds, and files of earlier stages that they copy."""

    def export(self, image: str, archive: Path) -> None:
        if image in BASES:
            self.images[image] = [f"RUN {line}" for line in BASES[image]]
        lines = self.images[image]
        below = next((line.split()[1] for line in lines if line.startswith("FROM")), "")
        self.images["all"] = [*(f"RUN {line}" for line in BASES.get(below, ())), *lines]
        super().export("all", archive)


def _verified(
    folder: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str, claims: tuple[Claim, ...]
) -> Verification:
    monkeypatch.setattr(module, "choose", lambda wanted, folder: Based())
    (folder / "context").mkdir()
    (folder / "context" / "app.py").write_text("pass")
    (folder / "before").write_text(before)
    (folder / "after").write_text(after)
    change = Change((), "", "", Safety.AGGRESSIVE, claims, 1, rule="DS999")
    candidate = Candidate(folder / "after", announced([change]))
    return verify(folder / "before", candidate, folder / "context", VerifyOptions(warm=False, control=False))


def test_what_the_bases_differ_in_is_expected_once_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = "FROM full:1\nRUN /app=a\n", "FROM slim:1\nRUN /app=a\n"
    result = _verified(tmp_path, monkeypatch, *texts, (SLIMS,))
    assert [(d.path, d.expected) for d in result.files] == [
        ("/manual", "differs between the base images"),
        ("/settings", "differs between the base images"),
    ]
    assert result.equivalent


def test_it_is_not_unless_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = _verified(tmp_path, monkeypatch, "FROM full:1\n", "FROM slim:1\n", ())
    assert [d.path for d in result.unexpected] == ["/manual", "/settings"]


def test_what_the_build_wrote_is_not_the_bases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = "FROM full:1\nRUN /settings=mine\nRUN /app=a\n"
    result = _verified(tmp_path, monkeypatch, before, "FROM slim:1\n", (SLIMS,))
    assert [d.path for d in result.unexpected] == ["/app", "/settings"]


def test_documentation_is_left_out_on_slim_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = "FROM full:1\nRUN /usr/share/man/man1/x.1=x\nRUN /usr/share/app/help=x\n"
    result = _verified(tmp_path, monkeypatch, before, "FROM slim:1\n", (SLIMS,))
    assert [d.path for d in result.unexpected] == ["/usr/share/app/help"]


def test_a_split_leaves_behind_what_it_does_not_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = "FROM full:1\nRUN /src/main=m\nRUN /app/bin=b\nRUN /app/data=d\nRUN /application=x\n"
    after = "FROM full:1 AS build\nFROM slim:1\nRUN /app/bin=b\nRUN /new=n\n"
    claim = SplitsStage("build", "", "slim:1", ("/app",))
    result = _verified(tmp_path, monkeypatch, before, after.partition("\n")[2], (claim,))
    assert {d.path: d.expected for d in result.files} == {
        "/app/data": None,
        "/application": "left behind in the stage build, announced by DS999",
        "/manual": "differs between the base images",
        "/new": None,
        "/settings": "differs between the base images",
        "/src/main": "left behind in the stage build, announced by DS999",
    }


def test_an_added_account_and_its_folders_are_expected() -> None:
    claims: tuple[Claim, ...] = (
        SetsUser("10001:10001"),
        AddsCommand(("useradd", "--uid", "10001", "app")),
        AddsInstruction("RUN", "RUN mkdir -p /srv/data && chown -R 10001:10001 /srv/data"),
        ChangesFlag("COPY", "chown", None, "10001:10001"),
    )
    wanted = announced([Change((), "", "", Safety.STANDARD, claims, 1, rule="DS999")])
    assert wanted.config == {"User"}

    def expected(kind: Difference, path: str) -> bool:
        return any(one.covers(kind, path) for one in wanted.expected)

    assert expected(Difference.CHANGED, "/etc/passwd")
    assert expected(Difference.ADDED, "/home/app")
    # Which of these there are depends on the release of the tool; a home that was there already becomes the account's.
    assert expected(Difference.ADDED, "/etc/subuid")
    assert expected(Difference.CHANGED, "/etc/subgid")
    assert expected(Difference.OWNER, "/home/app")
    assert not expected(Difference.REMOVED, "/home/app")
    assert expected(Difference.ADDED, "/srv/data")
    assert expected(Difference.OWNER, "/srv/data/file")
    assert expected(Difference.OWNER, "/app/copied")
    assert not expected(Difference.CHANGED, "/srv/data/file")
    assert not expected(Difference.MODE, "/app/copied")
    assert not expected(Difference.REMOVED, "/etc/passwd")


def test_copied_files_keep_their_owner_unless_the_user_changes() -> None:
    claims = (ChangesFlag("COPY", "chown", None, "10001:10001"),)
    assert announced([Change((), "", "", Safety.STANDARD, claims, 1, rule="DS999")]).expected == ()


def test_a_link_goes_with_what_it_leads_to(tmp_path: Path) -> None:
    layer = LayerOf("x").file("/lib/mail").symlink("/etc/alternatives/mail", "/lib/mail").file("/lib/other")
    layer.symlink("/bin/mail", "../etc/alternatives/mail").symlink("/bin/other", "../lib/other").file("/bin/mine")
    before = read_archive(write_image(tmp_path / "before", layer), LayerCache()).files
    after = read_archive(write_image(tmp_path / "after", LayerOf("x").file("/lib/other")), LayerCache()).files
    found = {d.path: d.expected for d in compare_files(before, after, removals(["/lib/mail"], "wanted"))}
    assert found == {
        "/bin/mail": DANGLING,
        "/bin/mine": None,
        "/bin/other": None,
        "/etc/alternatives/mail": DANGLING,
        "/lib/mail": "wanted",
    }


def test_the_image_below_the_stage_that_is_shipped(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("ARG V=1\nFROM a:$V AS one\nFROM b AS Two\nFROM one\nFROM scratch AS bare\nFROM TWO AS last\n")
    found = {target: shipped_image(file, {"V": "2"}, target) for target in (None, "one", "two", "2", "bare", "LAST")}
    assert found == {None: "b", "one": "a:2", "two": "b", "2": "a:2", "bare": None, "LAST": "b"}
    file.write_text("RUN\n")
    assert shipped_image(file, {}, None) is None
