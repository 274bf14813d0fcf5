"""Passes: one file each, in the directory of its family; the table ``rules.toml`` says which there are."""

from __future__ import annotations

from .base import Pass
from .table import PIPELINE, Phase, rule, rules

__all__ = ["PIPELINE", "Pass", "Phase", "rule", "rules"]
