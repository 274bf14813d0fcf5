"""No test of builds leaves anything in the user's cache."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache, which is empty."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DOCKERSLIM_CACHE", str(folder))
    return folder
