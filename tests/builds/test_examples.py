"""Every example builds as people wrote it, works, and is held against its rewrites: by builds, not by estimates."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerslim_rewrite.engine.archive import LayerCache
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.context import source_file
from dockerslim_rewrite.engine.interface import BuildFailed
from dockerslim_rewrite.engine.verify import VerifyOptions, verify_each
from tests.builds.examples import QUICK, Example, candidates, examples, rewrites
from tests.builds.required import VARIABLE, absent

#: Base images are read once for all examples.
_LAYERS = LayerCache()
_EACH = [
    pytest.param(example, id=example.name, marks=[pytest.mark.quick] if example.name in QUICK else [])
    for example in examples()
]


@pytest.mark.builds
@pytest.mark.parametrize("example", _EACH)
def test_rewrites_build_work_and_are_not_larger(
    example: Example, base_images: Callable[..., None], tmp_path: Path
) -> None:
    """The expert's file may install other things; a rewrite may differ only in what it announced."""
    found = candidates(example, tmp_path)
    base_images(*example.bases, *(image for one in found.values() for image in external_images(one.dockerfile, {})))
    options = VerifyOptions(engine="buildah", smoke=example.smoke, warm=False)
    outcomes = verify_each(example.dockerfile, list(found.values()), example.context, options, layers=_LAYERS)
    for level, outcome in zip(found, outcomes, strict=True):
        if isinstance(outcome, BuildFailed):
            pytest.fail(f"{level}: {outcome}\n" + "\n".join(outcome.log_end))
        assert outcome.before.smoke is not None
        assert outcome.before.smoke.status == 0, outcome.before.smoke
        assert outcome.before.smoke.stdout
        assert outcome.smoke_agrees, (level, outcome.after.smoke)
        # Two builds of one file may differ by a few bytes of compiled Python or of logs.
        assert outcome.after.image.size <= outcome.before.image.size * 1.001, level
        if level != "expert":
            assert not outcome.unexpected, (level, outcome.unexpected[:10])
            assert not outcome.unexpected_config, (level, outcome.unexpected_config)


@pytest.mark.builds
def test_a_working_copy_builds_with_the_dockerignore_that_is_written(
    base_images: Callable[..., None], tmp_path: Path
) -> None:
    """Under version control, in a folder that a compose file names: both are told apart and proven by builds."""
    example = Example("chown")
    base_images(*example.bases)
    folder = tmp_path / "source"
    shutil.copytree(example.context, folder)
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    build:\n      context: source\n")
    commit = ["-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "-m", "All"]
    for arguments in (["init", "--quiet"], ["add", "--all"], commit):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    command = [sys.executable, "-m", "dockerslim_rewrite", "rewrite", str(folder / "Dockerfile"), "--in-place"]
    command += ["--dockerignore", "--verify", "--engine", "buildah", "--smoke-file", str(folder / "smoke.sh")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "same output, exit status 0 in both" in done.stderr
    assert "left out by .dockerignore" in done.stderr
    assert ".git" in (folder / ".dockerignore").read_text().splitlines()


def test_the_good_one_comes_out_unchanged() -> None:
    assert {level: result.changed for level, result in rewrites(Example("good")).items()} == {
        "safe": False, "standard": False, "aggressive": False,
    }  # fmt: skip


@pytest.mark.parametrize("example", [one for one in examples() if one.name != "good"], ids=lambda example: example.name)
def test_the_poor_ones_do_not(example: Example) -> None:
    assert all(result.changed and not result.bugs for result in rewrites(example).values())


def test_there_are_enough_examples() -> None:
    assert len(examples()) >= 12
    assert set(QUICK) < {example.name for example in examples()}


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_examples_are_complete(example: Example) -> None:
    assert example.expert.is_file()
    assert example.smoke
    assert example.bases
    touched = example.touch or source_file(example.context)
    assert touched is not None
    assert (example.context / touched).is_file()
    assert not touched.name.startswith(("smoke", "CMakeLists"))


@pytest.mark.parametrize(("required", "fails"), [("1", True), ("podman,docker", True), ("buildah", False), ("", False)])
def test_a_missing_engine_is_a_failure_where_it_is_required(
    required: str, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, required)
    with pytest.raises(pytest.fail.Exception if fails else pytest.skip.Exception, match="is not installed"):
        absent("docker", "dockerd is not installed")
