"""What of two images differs that no change announces and no package accounts for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...patterns import re
from ...pipeline import Result
from ..announced import announced
from ..archive import Image
from ..compare import PathDifference, Seen, compare_configs, compare_files
from ..expectations import Difference, Expectation, catalogue, traces_of_packages
from ..inherited import inherited_config, inherited_files
from ..packages import departed
from ..rootfs import Kind
from .follow import follow
from .problems import Problem

#: Images of languages have their own package manager; where the builder's was replaced, files of both are there.
_OWN_PACKAGES = (
    "pip", "pip-*", "setuptools", "setuptools-*", "wheel", "wheel-*", "pkg_resources", "_distutils_hack",
    "distutils-precedence.pth",
)  # fmt: skip
_MANAGERS = (
    *(f"**/site-packages/{name}{rest}" for name in _OWN_PACKAGES for rest in ("", "/**")),
    "/usr/local/lib/node_modules/npm/**",
    "/usr/local/bin/pip*",
    "/usr/local/bin/wheel",
    "/usr/local/bin/easy_install*",
    "/usr/local/bin/np[mx]",
)
_ADDED = frozenset((Difference.ADDED, Difference.CHANGED, Difference.MODE))


_LEFT = re.compile(
    r"/(?:var/lib/dpkg|var/lib/apt|var/cache|etc/alternatives|etc/ld\.so\.cache|lib/apk|usr/lib/apk)(?:/|\Z)"
)


def differences(
    result: Result, images: tuple[Image, Image], bases: tuple[Image, Image], again: Callable[[], Seen]
) -> Iterator[Problem]:
    """The first difference of each kind between *images*, before and after *result*, which stand on *bases*.

    *again* builds the file as it is once more, to tell how it differs from itself; it is called only where files
    differ for no other reason.
    """
    before, after = images
    told = announced(result.changes, [path for one in result.companions for path in one.left_out])
    config = told.config | inherited_config(*images, *bases)
    for field in compare_configs(before.config, after.config, config):
        if not field.expected:
            yield Problem(f"the configuration differs: {field}", user=field.name == "User")
    expected = (*told.expected, *(Expectation(one, "the image's own", _ADDED) for one in _MANAGERS), *catalogue())
    expected += traces_of_packages(before.packages.keys() - after.packages.keys())
    gone = departed(before.packages, after.packages)
    known = inherited_files(*images, *bases)
    strange: list[PathDifference] = []
    for once_more in (False, True):
        unstable = again() if once_more else {}
        found = compare_files(before.files, after.files, expected, known, gone, unstable)
        strange = [one for one in found if one.expected is None and not _of_packages(one, before, after, bases[0])]
        if not strange:
            return
    first = strange[0]
    rights = first.kind in (Difference.OWNER, Difference.MODE)
    yield Problem(f"{first.path} is {first.kind.value} ({first.detail})", user=rights)


def _of_packages(one: PathDifference, before: Image, after: Image, base: Image) -> bool:
    """Whether the path is of a package that *after* installs anew, or what such packages leave behind.

    A file that the stage has changed after a package brought it is none of those.
    """
    if _LEFT.match(one.path) or _led_to(one.path, before, after):
        return True
    if not any(one.path in paths for paths in after.packages.values()):
        return False
    if one.kind is not Difference.CHANGED:
        return one.kind is Difference.ADDED
    was, old = before.files.get(one.path), base.files.get(one.path)
    return one.path.startswith("/usr/") and (old is None or was == old)


def _led_to(path: str, before: Image, after: Image) -> bool:
    """Whether *after* has at *path* what the link there led to *before*: COPY follows the links that it is given.

    Not so for programs: some look for what they need beside the place that the link leads to.
    """
    old, new = before.files.get(path), after.files.get(path)
    if old is None or new is None or old.kind is not Kind.LINK or new.kind is not Kind.FILE:
        return False
    target = before.files.get(follow(path, before.files) or "")
    alike = target is not None and (target.kind, target.content) == (new.kind, new.content)
    return alike and not new.mode & 0o111
