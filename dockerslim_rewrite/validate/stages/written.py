"""What the plain words of common commands say they write."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from ..bases.inherited import filled
from ..core.observe import Command

#: Folders that every distribution has; only what is put into them has to be copied. Source: Filesystem Hierarchy
#: Standard 3.0.
STANDING = frozenset(
    (
        "/", "/bin", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/root", "/run", "/sbin", "/srv", "/tmp",
        "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin",
        "/usr/local/share", "/usr/sbin", "/usr/share", "/usr/src", "/var", "/var/cache", "/var/lib", "/var/log",
        "/var/run", "/var/spool", "/var/www", "/go", "/go/src", "/go/bin",
    )
)  # fmt: skip
_COMPILERS = frozenset(("go", "gcc", "g++", "cc", "curl"))

#: Variables that tell package managers of languages where to put packages.
_TOLD = {
    "gem": ("GEM_HOME",),
    "bundle": ("GEM_HOME", "BUNDLE_PATH"),
    "pip": ("PIP_TARGET",),
    "pip3": ("PIP_TARGET",),
    "composer": ("COMPOSER_VENDOR_DIR",),
}


def written(command: Command, env: Mapping[str, str]) -> Iterator[str]:
    """Paths that the words of *command* plainly say it writes."""
    words = [filled(word.lstrip("\0"), env) for word in command.words]
    words = [word if not re.search(r"[$*`?{\"']", word) else "" for word in words]
    name = words[0] if words else ""
    operands = [word for word in words[1:] if word and not word.startswith("-")]
    if name == "mkdir" and "-m" not in words:
        yield from operands
    elif name in ("cp", "mv") and len(operands) > 1 and words[-1] and not any(w.startswith("-t") for w in words):
        target = operands[-1]
        names = [posixpath.basename(word.rstrip("/")) for word in operands[:-1]]
        if posixpath.normpath(target) not in STANDING:
            yield target
        elif all(one not in ("", ".") for one in names):
            yield from (posixpath.join(target, one) for one in names)
    elif name in _COMPILERS and "-o" in words[1:-1] and words[words.index("-o") + 1]:
        yield words[words.index("-o") + 1]
    if "install" in words:
        yield from (env[told] for told in _TOLD.get(name, ()) if env.get(told, "").startswith("/"))
    for operator, target in command.redirects:
        if ">" in operator and target.startswith("/"):
            yield target
