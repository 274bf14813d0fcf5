"""No proof is false: what is proved answers as before; what cannot be carried is refused. Really built."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.engine.archive import LayerCache
from dockerslim_rewrite.engine.interface import ALONE
from dockerslim_rewrite.engine.prove.observe import Trial
from dockerslim_rewrite.engine.prove.rounds import prover
from dockerslim_rewrite.engine.prove.task import SPLITS, Task, candidates
from dockerslim_rewrite.engine.prove.unclear import started
from dockerslim_rewrite.engine.verify import VerifyOptions
from dockerslim_rewrite.pipeline.engine import projects_of
from tests.builds.breaking import PROJECTS, Breaking

pytestmark = [pytest.mark.builds, pytest.mark.slow]


#: Base images are read once for all of these tests.
LAYERS = LayerCache()


def task_of(dockerfile: Path, smoke: tuple[str, ...] | None = None) -> tuple[Task, tuple[str, ...]]:
    """What to prove of *dockerfile*, its containers cut off from the network, and the rules that would split it."""
    context = dockerfile.parent
    options = Options(context=context)
    data = dockerfile.read_bytes()
    plain = rewrite(data, options, str(dockerfile))
    (project,) = projects_of(options, str(dockerfile))
    assert project is not None
    how = VerifyOptions(engine="buildah", network="host", warm=False)
    found = started(data, project)
    task = Task(dockerfile, data, context, options, how, Trial(smoke=smoke), datetime.now(UTC), *found)
    return task, tuple(rule for rule in candidates(plain) if rule in SPLITS)


#: What every run of the tests tries: one that is carried, and one that is refused.
QUICK = ("library-at-request", "compiler-at-request")


@pytest.mark.parametrize(
    "project",
    [pytest.param(one, id=one.name, marks=[pytest.mark.quick] if one.name in QUICK else []) for one in PROJECTS],
)
def test_nothing_is_proved_falsely(project: Breaking, base_images: Callable[..., None], tmp_path: Path) -> None:
    base_images("python:3.11", "python:3.11-slim")
    task, rules = task_of(project.write(tmp_path / project.name))
    with prover(task, lambda line: None, LAYERS) as opened:
        attempts = list(opened.attempts(rules))
        told = opened.bench.command("before", project.truth, ALONE, 60)
        proved = [one for one in attempts if one.proved]
        answers = {one.rule: opened.bench.command(one.image, project.truth, ALONE, 60) for one in proved}
    # A project that never works would show nothing.
    assert told.stdout.strip() not in ("", "False", "None"), told.stderr
    assert not told.stdout.startswith("failed"), told.stdout
    assert attempts, "nothing was tried, so nothing is shown"
    print(project.name, *(f"{one.rule} {one.size} {one.refused or one.given}" for one in attempts), sep="\n  ")
    assert {rule: one.stdout for rule, one in answers.items()} == dict.fromkeys(answers, told.stdout)
