"""What commands of a RUN may write into the directory that they run in.

What is not known to write elsewhere may write anything there. Sources: the manual page of each command; pip's
reference, pip install; bundle-install(1), bundle-config(1).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from ...patterns import re
from ...record import record
from ..core.observe import Block, Command, Unit, commands

#: Commands that write nothing into the directory that they run in, but for the two below.
_ELSEWHERE = frozenset(
    (
        "apk", "apt", "apt-get", "apt-key", "apt-mark", "cd", "dpkg", "echo", "exit", "export", "false",
        "gem", "getent", "groupadd", "addgroup", "ldconfig", "locale-gen", "ls", "printf", "pwd", "rm",
        "rmdir", "set", "sleep", "test", "[", "true", "umask", "uname", "unset", "update-ca-certificates",
        "cat", "command", ":", "which", "grep", "a2enmod", "docker-php-ext-install",
        "docker-php-ext-configure", "docker-php-ext-enable", "pecl", "mkdir", "curl", "wget",
    )
)  # fmt: skip
#: Commands that write what they name.
_WHERE_TOLD = frozenset(("ln", "cp", "mv", "touch", "sed", "chmod", "tee"))
#: Options by which curl does, and without which wget does.
_HERE = re.compile(r"-\w*[OJ]|--remote-\w+")
_NAMED = re.compile(r"-\w*O|--output-document")
_PIP = frozenset(("pip", "pip3"))
_LISTS = frozenset(("-r", "--requirement", "-c", "--constraint"))
#: What makes pip build in the project itself, or install there.
_IN_PLACE = re.compile(r"(?:-e|--editable|-t|--target|--prefix|--root|--src)(?:=|\Z)|\.{1,2}(?:/|\[|\Z)|/|file:|.*/\Z")
_BUNDLE = re.compile(
    r"(?:-j\d*|--(?:jobs|retry|quiet|verbose|no-color|no-cache|full-index|local|prefer-local|redownload|force|frozen"
    r"|without|with))(?:=.*)?"
)
_VALUED = frozenset(("-j", "--jobs", "--retry", "--without", "--with"))
_SETTING = re.compile(
    r"build[._].*|jobs|retry|without|with|frozen|silence_root_warning|clean|timeout|cache_all|no_install|no_prune|version"
    r"|force_ruby_platform|allow_offline_install|disable_version_check",
    re.I,
)
#: Settings that lead elsewhere than into the project where another (or they themselves) names a directory.
_PLACES = {"path": "path", "bin": "bin", "deployment": "path"}
#: Where the images of Ruby keep Bundler's settings.
_KEPT = "/usr/local/bundle"


@record
class Wrote:
    """A directory, None where it is not known, and the one file that is written there; None for any."""

    folder: str | None
    file: str | None = None


class OwnDirectory:
    """Goes through the RUNs of a stage in order, and keeps what Bundler is told for what comes behind."""

    def __init__(self) -> None:
        self._set: dict[str, str] = {}

    def wrote(self, found: Sequence[Unit], place: str | None, env: Mapping[str, str]) -> Iterator[Wrote]:
        """What the units *found* of a RUN that begins in *place* with *env* may write where they run."""
        folders: list[str | None] = [place]
        if any(_spills(unit) for unit in found):
            yield Wrote(None)
        for command in commands(tuple(found)):
            words = [word.lstrip("\0") for word in command.words]
            if words[:1] == ["cd"]:
                target = words[-1] if len(words) == 2 else ""
                folders.append(posixpath.normpath(target) if re.fullmatch(r"/[\w./-]*", target) else None)
            named = _named(words)
            if named is not None:
                yield from map(Wrote, named)
                continue
            file = self._file(words, command, env)
            for folder in folders if file != "" else ():
                yield Wrote(folder, file)
            for operator, target in command.redirects:
                if ">" in operator and "&" not in operator:
                    yield Wrote(posixpath.dirname(target) if target.startswith("/") else None)

    def _file(self, words: list[str], command: Command, env: Mapping[str, str]) -> str | None:
        """The one file that a command with *words* writes where it runs; empty for none, None for any."""
        name = words[0].rpartition("/")[2] if words else ""
        if name in ("python", "python3") and words[1:2] == ["-m"] and len(words) > 2:
            words, name = words[2:], words[2]
        rest = words[1:]
        if not words:
            return ""
        if name in _ELSEWHERE:
            return None if _here(name, rest) else ""
        if name == "venv":
            return "" if all(word.startswith(("/", "-")) for word in rest) else None
        if name in _PIP:
            # What a list of requirements is called does not say where it installs.
            told = [word for before, word in zip(["", *rest], rest, strict=False) if before not in _LISTS]
            return None if any(_IN_PLACE.match(word) for word in told) else ""
        if name in ("npm", "yarn") and not {"-g", "--global", "global"}.isdisjoint(rest):
            return ""
        return self._bundled(rest, command, env) if name in ("bundle", "bundler") else None

    def _bundled(self, rest: list[str], command: Command, env: Mapping[str, str]) -> str | None:
        if rest[:1] == ["config"]:
            told = [word for word in rest[1:] if word != "set" and not word.startswith("--")]
            if len(told) > 1:
                self._set[told[0].lower().replace("-", "_")] = told[1]
            return ""
        given = {key.removeprefix("BUNDLE_").lower(): text for key, text in env.items() if key.startswith("BUNDLE_")}
        given = {**given, **self._set}
        if rest[:1] not in ([], ["install"]) or command.assignments or given.pop("app_config", _KEPT) != _KEPT:
            return None
        for setting in given:
            leads = given.get(_PLACES.get(setting, ""), "").startswith("/")
            if not leads and not _SETTING.fullmatch(setting):
                return None
        at = 1
        while at < len(rest):
            if not _BUNDLE.fullmatch(rest[at]):
                return None
            at += 2 if rest[at] in _VALUED else 1
        return "Gemfile.lock"


def _named(words: Sequence[str]) -> list[str] | None:
    """The paths that a command with *words* writes, where it plainly says so; None for another."""
    name = words[0].rpartition("/")[2] if words else ""
    if name not in _WHERE_TOLD:
        return None
    operands = [word for word in words[1:] if not word.startswith("-")]
    operands = operands[1:] if name in ("sed", "chmod") else operands
    return operands if all(re.fullmatch(r"/[\w./@+-]*", one) for one in operands) else None


def _here(name: str, rest: Sequence[str]) -> bool:
    named = any(_NAMED.match(word) for word in rest)
    return (name == "curl" and any(_HERE.fullmatch(word) for word in rest)) or (name == "wget" and not named)


def _spills(unit: Unit) -> bool:
    """Whether a group of commands writes to a file."""
    if not isinstance(unit, Block):
        return False
    redirected = unit.kind not in ("or", "then", "pipe") and ">" in unit.text
    return redirected or any(_spills(one) for part in unit.parts for one in part)
