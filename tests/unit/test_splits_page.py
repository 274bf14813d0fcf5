"""The page about splits, made of what was measured."""

from __future__ import annotations

from benchmarks.splits import document

MEASURED = [
    {
        "name": "pages",
        "day": "2024-05-01",
        "levels": {
            "standard": {
                "rule": "DS401", "base": "debian:bookworm-slim", "engine": "buildah 1", "before": 1_134_800_000,
                "after": 79_000_000, "layers": [5, 5], "smoke": True, "opened": 4, "missing": [], "right": True,
            },
            "aggressive": {
                "rule": "DS401", "base": "gcr.io/distroless/static-debian12", "engine": "buildah 1",
                "before": 1_134_800_000, "after": 5_674_000, "layers": [5, 4], "smoke": False, "opened": 4,
                "missing": ["/etc/zones"], "right": False,
            },
        },
    },
]  # fmt: skip


def test_each_level_is_a_row() -> None:
    page = document(MEASURED, "## Real files\n")
    rows = [line for line in page.splitlines() if line.startswith("| DS401")]
    assert rows == [
        "| DS401 | pages | standard | `debian:bookworm-slim` | 1134.8 MB | 79.0 MB | 14.4 | 5 → 5 | same | 4 | 0 |",
        "| DS401 | pages | aggressive | `gcr.io/distroless/static-debian12` | 1134.8 MB | 5.7 MB | 200.0 | 5 → 4 |"
        " DIFFERENT | 4 | /etc/zones |",
    ]
    assert "at least 100 % of their size" in page
    assert page.endswith("## Real files\n")
    assert "2024-05-01" in page
