"""What the commands of a stage put into an image, told by the image and its base instead of by the commands."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ...patterns import re
from ..archive import Image
from ..compare import compare_files
from ..expectations import Difference
from ..rootfs import Kind, RootFilesystem

#: What no container reads: package lists, caches, logs, temporary files, records of package managers, what the engine
#: puts there. Indexes and accounts are made anew in the runtime stage, where they are needed.
_PASSING = re.compile(
    r"/(?:var/lib/(?:apt|dpkg|systemd|pam|ucf)|lib/apk|usr/lib/apk|var/cache|var/log|var/backups|tmp|var/tmp|run|proc|sys|dev|"
    r"root/\.(?:cache|npm|cargo|gem|bundle|node-gyp|config)|usr/share/(?:doc|man|info|lintian|bug))(?:/|\Z)"
    r"|/etc/(?:passwd|group|shadow|gshadow|subuid|subgid)-?\Z|/etc/(?:ld\.so\.cache|hosts|hostname|resolv\.conf|mtab|machine-id)\Z"
    r"|/etc/(?:alternatives|rc\d\.d|init\.d|cron\.[a-z]+|systemd|apt|dpkg|\.pwd\.lock)(?:/|\Z)"
    # Package managers of languages: the runtime image has its own.
    r"|/usr/local/bin/(?:pip[\d.]*|wheel|easy_install[\d.-]*|npm|npx|corepack|yarn|yarnpkg|gem|bundle|bundler)\Z"
    r"|.*/site-packages/(?:pip|wheel)(?:-[^/]*)?(?:/|\Z)|/usr/local/lib/node_modules/(?:npm|corepack)(?:/|\Z)"
    r"|.*/__pycache__(?:/|\Z)|.*\.pyc\Z|/root/\.wget-hsts\Z"
)
#: Folders in which each thing is named by itself, however many there are.
_BROAD = re.compile(
    r"/(?:usr(?:/local)?(?:/(?:bin|sbin|lib|share|src|games|etc|include|lib/x86_64-linux-gnu|lib/aarch64-linux-gnu))?|bin|sbin|lib|etc|opt|srv|var(?:/lib)?|home|root)?\Z"
)
_COMMANDS = re.compile(r"/(?:usr/(?:local/)?)?s?bin/[^/]+\Z")
#: A package of a language is copied as a whole, even if the base has another version of it.
_PACKAGE = re.compile(r"(.*?/(?:site-packages|dist-packages|node_modules)/(?:@[^/]+/)?[^/]+)/")
#: So many things in one folder of the base image, and the folder is copied as a whole.
_MANY = 12


def written(image: Image, base: Image) -> tuple[str, ...]:
    """The paths that *image* has beside its *base*, or otherwise, but for packages of the distribution and what passes.

    Only the outermost of each: a folder that the base does not have stands for all in it, and so does one of its own
    that many things were put into.
    """
    owned = {path for paths in image.packages.values() for path in paths}
    own = _made_here(image, base) - owned
    found: set[str] = set()
    for path in sorted(own):
        entry = image.files.get(path)
        if entry is None or _PASSING.match(path) or (entry.kind is Kind.DIRECTORY and path in base.files):
            continue
        if entry.kind is Kind.LINK and _COMMANDS.match(path):
            # COPY would follow it, and the program look for its files beside the wrong place. Who needs it is told.
            continue
        top = _outermost_new(path, base.files, owned)
        package = _PACKAGE.match(top)
        found.add(package[1] if package else top)
    # A folder that packages have made, with nothing of ours in it, is nobody's.
    kept = {one for one in found if _holds(one, own, image.files)}
    return tuple(sorted(_gathered(kept)))


def _made_here(image: Image, base: Image) -> set[str]:
    kinds = (Difference.ADDED, Difference.CHANGED)
    return {one.path for one in compare_files(base.files, image.files) if one.kind in kinds}


def _outermost_new(path: str, base: RootFilesystem, owned: set[str]) -> str:
    """The outermost folder above *path* that *base* has not and no package owns; *path* itself where each does."""
    top = path
    while (
        (above := posixpath.dirname(top)) != "/"
        and above not in base
        and above not in owned
        and not _BROAD.match(above)
    ):
        top = above
    return top


def _holds(path: str, own: set[str], files: RootFilesystem) -> bool:
    entry = files.get(path)
    # Archives need not name a folder to have things in it.
    if entry is not None and entry.kind is not Kind.DIRECTORY:
        return True
    if _BROAD.match(path):
        return False
    inside = [one for one in own if one.startswith(f"{path}/")]
    things = [one for one in inside if (found := files.get(one)) is not None and found.kind is not Kind.DIRECTORY]
    return not things or any(not _PASSING.match(one) for one in things)


def _gathered(places: Iterable[str]) -> set[str]:
    """The same, with folders in place of the many things in them."""
    by_folder: dict[str, list[str]] = {}
    for one in places:
        by_folder.setdefault(posixpath.dirname(one), []).append(one)
    found: set[str] = set()
    for folder, names in by_folder.items():
        found.update([folder] if len(names) > _MANY and not _BROAD.match(folder) else names)
    if "/usr/local/bin" in by_folder and len(by_folder["/usr/local/bin"]) > _MANY:
        found = {one for one in found if posixpath.dirname(one) != "/usr/local/bin"} | {"/usr/local/bin"}
    return {one for one in found if not any(one.startswith(f"{two}/") for two in found)}
