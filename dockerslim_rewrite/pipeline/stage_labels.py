"""What stages are called where no number will do: numbers change when a stage is put before them."""

from __future__ import annotations

import re
from collections import Counter

from ..ir.build import Build


def stage_labels(build: Build) -> tuple[str, ...]:
    """What each stage of *build* is called: its name, else its image whatever the tag; those alike are counted."""
    seen: Counter[str] = Counter()
    labels = []
    for stage in build.stages:
        label = stage.head.alias.lower() if stage.head.alias else untagged(stage.head.image)
        seen[label] += 1
        labels.append(label if seen[label] == 1 else f"{label}#{seen[label]}")
    return tuple(labels)


def untagged(image: str) -> str:
    """The name in the reference *image*, without tag and digest."""
    folder, slash, name = image.rpartition("/")
    return folder + slash + re.split("[:@]", name)[0]
