"""Bytes for people."""

from __future__ import annotations


def shown(size: int) -> str:
    """*size* in the largest unit of 1000 bytes that leaves at least 1."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
