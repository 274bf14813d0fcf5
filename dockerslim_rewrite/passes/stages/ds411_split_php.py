"""DS411: PHP programs without the headers that their extensions were compiled with."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals


def split_php(build: Build, facts: Facts) -> Proposals:
    """Compile extensions of PHP and install packages in one stage, and ship them without headers and git in another.

    docker-php-ext-install wants development packages, Composer wants git and unzip: 50 to 200 MB to no use when the
    program runs.

    Both stages stand on the same image, which keeps its own compiler. The runtime stage gets the compiled extensions
    with their settings and everything else that the Dockerfile itself wrote, at the same paths; it installs again the
    packages that do not only serve builds, and for each development package its libraries, whose names are known for
    the release that the tag names. Scripts in PHP that run while the image is built, changes to files of the base image
    and entrypoints that are scripts decline it; Composer's installer is known. Packages that are installed again may be
    newer on that day. The assumption is that the program starts neither git nor Composer. Sources: docker-library php;
    Composer's documentation.
    """
    from .php_targets import php_targets
    from .splitting import split_stage

    yield from split_stage(build, facts, "php", php_targets)
