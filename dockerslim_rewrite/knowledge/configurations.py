"""What base images configure: variables and labels. All start as root, in the root folder, without an entrypoint."""

from __future__ import annotations

from collections.abc import Mapping

from ..record import record
from .tables import table


@record
class Configuration:
    """The ``environment`` and the ``labels`` that a base image sets."""

    environment: Mapping[str, str]
    labels: Mapping[str, str]


def configuration(name: str, version: str | None) -> Configuration | None:
    """What the image *name* (as in the catalogue) of *version* configures; None where that is not known."""
    data = table("configurations").get(name)
    if data is None or ("versions" in data and version not in data["versions"]):
        return None
    labels = {key: value.format(version=version) for key, value in data.get("labels", {}).items()}
    return Configuration(data["environment"], labels)
