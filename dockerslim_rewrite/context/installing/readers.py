"""Which reader knows which package manager's files."""

from __future__ import annotations

from collections.abc import Callable

from .dotnet import dotnet
from .jvm import gradle, maven
from .native import cargo, go
from .needs import Needs
from .node import npm, pnpm, yarn
from .python import conda, pdm, pip_settings, pipenv, poetry, requirements, uv, uv_pip, uv_settings
from .scripting import bundler, composer

READERS: dict[str, Callable[[Needs, str], None]] = {
    "pip": requirements,
    "pip-settings": pip_settings,
    "uv-pip": uv_pip,
    "uv-settings": uv_settings,
    "uv": uv,
    "poetry": poetry,
    "pdm": pdm,
    "pipenv": pipenv,
    "conda": conda,
    "npm": npm,
    "yarn": yarn,
    "pnpm": pnpm,
    "go": go,
    "cargo": cargo,
    "bundler": bundler,
    "composer": composer,
    "maven": maven,
    "gradle": gradle,
    "dotnet": dotnet,
}
