"""curl in the place of wget, by the validator's own reading of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ...change import ReplacesCommand
from ...ir.build import Build
from ...patterns import re
from ...text import Span
from ..core.program import base_of, commands_of
from ..core.verdict import Unsound

_QUIET = re.compile(r"-q|-nv|--quiet|--no-verbose|--show-progress|--progress=[a-z:]+")
_INTO = re.compile(r"(?:-q?O|--output-document=)(.+)", re.S)
_ADDRESS = re.compile(r"\"?(?:https?://[^/\s]++/[^\s#\[\]]*|\$\{?\w++\}?[^\s#\[\]]*)\Z")
_NAMED = re.compile(r".*/[\w.+~${}-]*[\w.+~}-]\"?\Z|\"?\$\{?\w+\}?\"?\Z")
_CURL = ("curl", "-fsSL", "--retry", "5")
#: The words of a command that removes only what nobody asked for.
_AUTOMATIC = frozenset(("autoremove", "-y", "--yes", "-qy", "-qqy", "-q", "-qq", "-yq"))
_REMOVE = frozenset(("remove", "purge", "del", "erase", "autoremove"))
_INSTALLERS = frozenset(("apt-get", "apt", "apk", "yum", "dnf", "microdnf", "zypper", "pacman", "tdnf"))


#: Images that have curl from the start: on buildpack-deps, and those whose rpm needs it.
_WITH_CURL = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?:buildpack-deps|golang|node|python|ruby|rust|gcc|perl|centos|fedora)"
    r"(?::(?![^@]*(?:slim|alpine|windows|nanoserver))[\w.-]+)?(?:@sha256:[0-9a-f]+)?"
)


class _Download(NamedTuple):
    """An address, the file that gets it (empty for the address's own name, ``-`` for the output), trust in anybody."""

    address: str
    into: str
    insecure: bool


def by_curl(old: Sequence[str], new: Sequence[str], claim: ReplacesCommand) -> bool:
    """Whether *new* calls curl for what *old* gets by wget, as *claim* says."""
    if tuple(old) != claim.before or tuple(new) != claim.after:
        return False
    by_wget = _wget(list(old))
    return by_wget is not None and by_wget == _curl(list(new))


def check_downloads(old: Build, near: Callable[[Span], Sequence[ReplacesCommand]]) -> None:
    """Raise where nothing shows that curl is there before a call of wget that becomes one of curl.

    *near* gives the claims about the text at a place of *old*.
    """
    for stage in old.stages:
        image = stage.head.image if isinstance(base_of(stage, old), str) else ""
        used, installed = _WITH_CURL.fullmatch(image) is not None, False
        for step in stage.steps:
            wanted = {claim.before for claim in near(step.origin.span)}
            for command in commands_of(step):
                if command.raw in wanted and not (used or installed):
                    raise Unsound("curl may not be there", step.line)
                words = [word.rpartition("/")[2] for word in command.words]
                manages = any(word in _INSTALLERS for word in words[:2])
                if manages and _REMOVE & set(words):
                    used = False
                    installed = installed and "autoremove" in words and set(words[1:]) <= _AUTOMATIC
                elif manages:
                    installed = installed or any(word.partition("=")[0] == "curl" for word in words)
                else:
                    used = used or words[:1] == ["curl"]


def _wget(words: list[str]) -> _Download | None:
    if words.pop(0) != "wget":
        return None
    address, into, insecure = "", "", False
    while words:
        word = words.pop(0)
        named = _INTO.fullmatch(word)
        if named or word in ("-O", "-qO", "--output-document"):
            if into or not (named or words):
                return None
            into = named[1] if named else words.pop(0)
        elif word == "--no-check-certificate":
            insecure = True
        elif not _QUIET.fullmatch(word):
            if address or word.startswith("-") or not _ADDRESS.match(word):
                return None
            address = word
    if not into and not _NAMED.match(address):
        return None
    return _Download(address, into, insecure) if address else None


def _curl(words: list[str]) -> _Download | None:
    head = tuple(words[:4])
    own_name = head == (_CURL[0], "-fsSLO", *_CURL[2:])
    if not own_name and head != _CURL:
        return None
    del words[:4]
    address, into, insecure = "", "" if own_name else "-", False
    while words:
        word = words.pop(0)
        if word == "-o" and words and into == "-":
            into = words.pop(0)
        elif word == "-k":
            insecure = True
        elif address or word.startswith("-"):
            return None
        else:
            address = word
    return _Download(address, into, insecure)
