"""What two images differ in because the images that they are built on do."""

from __future__ import annotations

from .archive import Image
from .compare import compare_configs, compare_files

#: The reason of such differences.
INHERITED = "differs between the base images"


def inherited_files(before: Image, after: Image, old: Image, new: Image) -> dict[str, str]:
    """Paths, with the reason, at which *before* has what its base *old* has, *after* what its base *new* has."""
    return {
        path: INHERITED
        for path in {difference.path for difference in compare_files(old.files, new.files)}
        if before.files.get(path) == old.files.get(path) and after.files.get(path) == new.files.get(path)
    }


def inherited_config(before: Image, after: Image, old: Image, new: Image) -> frozenset[str]:
    """The same for fields and entries of the configuration, by name."""
    bases = {one.name: (one.before, one.after) for one in compare_configs(old.config, new.config)}
    own = {one.name: (one.before, one.after) for one in compare_configs(before.config, after.config)}
    return frozenset(name for name, values in own.items() if bases.get(name) == values)
