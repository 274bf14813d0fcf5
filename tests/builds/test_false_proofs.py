"""No proof is false: what is proved answers as before; what cannot be carried is refused. Really built."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.engine.announced import Announced
from dockerslim_rewrite.engine.interface import BuildFailed
from dockerslim_rewrite.engine.prove.observe import Trial
from dockerslim_rewrite.engine.prove.rounds import Attempt, Ladder, Task, candidates, prove
from dockerslim_rewrite.engine.verify import Candidate, VerifyOptions, smoke_agrees, verify_each
from tests.builds.breaking import PROJECTS, Breaking

pytestmark = [pytest.mark.builds, pytest.mark.slow]


def proved(dockerfile: Path, smoke: tuple[str, ...] | None = None) -> Ladder:
    """Everything that may be proved of *dockerfile*, without a network for its containers."""
    context = dockerfile.parent
    options = Options(context=context)
    data = dockerfile.read_bytes()
    plain = rewrite(data, options, str(dockerfile))
    how = VerifyOptions(engine="buildah", network="host", warm=False)
    task = Task(dockerfile, data, context, options, how, Trial(smoke=smoke), datetime.now(UTC))
    return prove(task, candidates(plain), lambda line: None)


def answers(project: Breaking, dockerfile: Path, attempts: list[Attempt]) -> tuple[str, list[bool]]:
    """What the project answers as it is, and whether each of *attempts*, built anew, answers the same."""
    files = []
    for number, one in enumerate(attempts):
        assert one.result is not None
        file = dockerfile.with_name(f"attempt-{number}.Dockerfile")
        file.write_bytes(one.result.to_bytes())
        files.append(Candidate(file, Announced()))
    options = VerifyOptions(engine="buildah", network=None, smoke=project.truth, control=False, warm=False)
    same, told = [], ""
    for outcome in verify_each(dockerfile, files or [Candidate(dockerfile)], dockerfile.parent, options):
        assert not isinstance(outcome, BuildFailed)
        assert outcome.before.smoke is not None
        told = outcome.before.smoke.stdout
        same.append(smoke_agrees(outcome.before.smoke, outcome.after.smoke))
    return told, same


@pytest.mark.parametrize("project", PROJECTS, ids=lambda one: one.name)
def test_nothing_is_proved_falsely(project: Breaking, base_images: Callable[..., None], tmp_path: Path) -> None:
    base_images("python:3.11", "python:3.11-slim")
    dockerfile = project.write(tmp_path / project.name)
    ladder = proved(dockerfile)
    assert ladder.attempts, "nothing was tried, so nothing is shown"
    good = [one for one in ladder.attempts if one.proved]
    told, same = answers(project, dockerfile, good)
    # A project that never works would show nothing.
    assert told.strip() not in ("", "False", "None")
    assert not told.startswith("failed")
    assert all(same), [(one.rule, one.given) for one in good]
