"""Which options the package managers of old base images do not know; see ``data/old_tools.toml``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .images import ImageFacts
from .tables import table


def lacks(manager: str, image: ImageFacts | None, packages: Collection[str] = ()) -> str | None:
    """Why *manager* in *image* may not know the option that keeps it from caching, for people; None where it should.

    An image that is not known (None) is taken for a recent one, unless one of *packages*, which are installed in it,
    are those of old ones.
    """
    entry: dict[str, Any] | None = next(
        (one for one in table("old_tools")["option"] if one["manager"] == manager), None
    )
    if entry is None or (image is not None and image.name in entry["except"]):
        return None
    if image is None:
        old_one = next((one for one in entry["packages"] if one in packages), None)
        came = f"{entry['option']} came with {entry['since']}"
        return None if old_one is None else f"{came}, and {old_one} of a base that is not known here may be older"
    releases = entry["releases"].get(image.distribution or "", ())
    if image.release is not None:
        old = any(image.release == one or image.release.startswith(f"{one}.") for one in releases)
    else:
        old = bool(releases) and image.end_of_life is not None and image.end_of_life < entry["ended"]
    return f"{entry['option']} came with {entry['since']}, and {image.name} may be older" if old else None
