"""The storage of one run: what the engines ask of its paths."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dockerslim_rewrite.engine import privatestore
from dockerslim_rewrite.engine.containers import ContainersEngine
from dockerslim_rewrite.engine.privatestore import UserStore
from dockerslim_rewrite.engine.workspace import workspace

#: Source: podman, "the specified runroot is longer than 50 characters".
LONGEST = 50


@pytest.mark.skipif(not os.access("/var/tmp", os.W_OK), reason="nobody may write into /var/tmp here")
def test_run_roots_are_as_short_as_podman_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(privatestore, "user_store", lambda program: UserStore("overlay", "/nowhere", None))
    with workspace() as folder:
        own = folder / "podman"
        own.mkdir()
        engine = ContainersEngine("podman", own)
        for environment in (engine.environment, engine._store("another series")):
            text = Path(environment["CONTAINERS_STORAGE_CONF"]).read_text()
            found = re.search(r'^runroot = "(.+)"$', text, re.M)
            assert found is not None
            assert len(found[1]) <= LONGEST
