"""Packages of a split stage: what the runtime stage may install, and that none is lost without a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...change import AddsCommand, AddsOption, Claim, SplitsStage
from ...ir.build import Stage
from ...ir.steps import Env, Exec, Healthcheck, Run, Step
from ...patterns import re
from ..bases.inherited import inherited
from ..bases.runtime_bases import is_full, is_slim_variant
from ..core.observe import Command, units
from ..core.program import commands_of, script_of
from ..core.verdict import Unsound
from .linking import brings_libraries
from .served import installed_again

_INSTALLS = {"apt-get": "install", "apt": "install", "apk": "add"}
_CLEANS = ("rm", "-rf", "/var/lib/apt/lists/*")
#: What a user who is injected may need: an account, and folders of its own.
_FOR_USERS = frozenset(("mkdir", "chown", "useradd", "groupadd", "adduser", "addgroup"))
_UPGRADES = frozenset(("upgrade", "dist-upgrade", "full-upgrade"))
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
_PLAIN = frozenset(("-y", "--no-install-recommends", "--no-cache", "-qq", "-q"))
_DEVELOPMENT = re.compile(r"(?:.*-dev|gcc|g\+\+|build-base|build-essential)\Z")
#: Packages with programs and tables that full images of languages have and smaller ones lack: buildpack-deps.
_OF_FULL_IMAGES = frozenset(
    (
        "adduser", "bzip2", "ca-certificates", "curl", "dirmngr", "file", "git", "gnupg", "imagemagick", "media-types",
        "mercurial", "netbase", "openssh-client", "openssl", "patch", "procps", "subversion", "unzip", "wget",
        "xz-utils",
    )
)  # fmt: skip
#: Packages that bring the certificates of authorities along, so that those are in the old image.
_TRUSTING = frozenset(("curl", "wget", "git", "git-core", "software-properties-common"))
_LIBRARY = re.compile(
    r"(?:lib[a-z0-9]|zlib|sqlite-libs|openssl|pcre|yaml|vips|gmp|(?=[a-z0-9-]+-libs)|freetype|giflib|cairo|pango|pixman|oniguruma|"
    r"c-ares|tiff|readline|lcms2|openjpeg|imagemagick|rabbitmq-c|geos|mariadb-connector-c|c-client|"
    r"freetds|unixodbc)[a-z0-9.+-]*\Z"
)


def check_install(step: Run, stage: Stage, claim: SplitsStage, others: Sequence[Claim]) -> None:
    """Refuse a RUN of the runtime stage but for one that installs packages of *stage*, or the libraries of those, with
    the accounts and folders that *others* add.
    """
    claimed = {one.argv for one in others if isinstance(one, AddsCommand) and one.argv[0] in _FOR_USERS}
    script = script_of(step)
    found = units(script) if script is not None else ()
    before = {word for command in _installs(stage) for word in _resolved(command, stage)}
    slimmed = is_slim_variant(stage.head.image, claim.base)
    brings = brings_libraries(stage.head.image)
    full = slimmed or is_full(stage.head.image)
    develops = full or brings or any(_DEVELOPMENT.match(re.split(r"[=:]", word)[0]) for word in before)
    for unit in found:
        plain = isinstance(unit, Command) and not unit.redirects and not unit.assignments
        words = unit.raw if isinstance(unit, Command) else ()
        if plain and (words in (("apt-get", "update"), _CLEANS) or words in claimed):
            continue
        if plain and installed_again(words, stage, others):
            continue
        if plain and words[1:2] and words[1] in _UPGRADES and set(words[2:]) <= _PLAIN and _upgrades(stage, words):
            continue
        if not plain or len(words) < 3 or _INSTALLS.get(words[0]) != words[1]:
            raise Unsound("a command was added to the runtime stage", stage.head.line, step.line)
        beside = {
            option
            for one in others
            if isinstance(one, AddsOption) and one.command == words[: len(one.command)]
            for option in one.options
        }
        for word in words[2:]:
            known = (develops and is_library(word)) or (full and word in _OF_FULL_IMAGES)
            known = known or (word == "ca-certificates" and (brings or not _TRUSTING.isdisjoint(before)))
            if word not in _PLAIN | beside and not (word in claim.installs and (word in before or known)):
                raise Unsound(f"{word} was not installed before", stage.head.line, step.line)
    if not found:
        raise Unsound("a command was added to the runtime stage", stage.head.line, step.line)


def is_library(package: str) -> bool:
    """Whether the name of *package* says that it holds a shared library."""
    return _LIBRARY.match(package) is not None


def _upgrades(stage: Stage, words: tuple[str, ...]) -> bool:
    return any(command.words[:1] == words[:1] and words[1] in command.words for command in _commands(stage))


def check_left(stage: Stage, runtime: Stage, claim: SplitsStage) -> None:
    """Every package that *stage* installs must be installed again, be taken out again, or be said to be left; where
    it brings the others up to date, so must *runtime*.
    """
    upgraded = any(_UPGRADES & set(command.words[1:4]) for command in _commands(runtime))
    for command in _commands(stage):
        if command.words[:1] and command.words[0] in _INSTALLS and _UPGRADES & set(command.words[1:4]) and not upgraded:
            raise Unsound(f"{' '.join(command.words)} is not done in the runtime stage", stage.head.line)
    again = {word for command in _installs(runtime) for word in command.words}
    named = {word.rpartition("/")[2] for step in runtime.steps for word in _named(step)}
    for command in _installs(stage):
        words = _resolved(command, stage)
        virtual = {words[i + 1] for i, word in enumerate(words[:-1]) if word in ("-t", "--virtual")}
        verbs = [index for index, word in enumerate(words) if word in _INSTALLS.values()]
        for word in words[verbs[0] + 1 :]:
            bare = re.split(r"[=:<>~@]", word)[0]
            if word.startswith("-") or word in virtual or not bare:
                continue
            if word not in again and bare in named and not _removed(stage, {bare, *virtual}):
                raise Unsound(f"the program {bare} is lost, which the image starts", stage.head.line, runtime.head.line)
            if word not in again and bare not in claim.left and not _removed(stage, {bare, *virtual}):
                raise Unsound(f"the package {bare} is lost", stage.head.line, runtime.head.line)


def _named(step: Step) -> list[str]:
    """The words of what *step* starts when the image runs."""
    if not isinstance(step, Exec | Healthcheck):
        return []
    return re.split(r"[\s\"'\[\],;&|()]+", step.origin.args)


def _resolved(command: Command, stage: Stage) -> list[str]:
    """The words of *command*; a variable that the stage sets once to plain words stands for those."""
    values: dict[str, list[str]] = {key: [text] for key, text in inherited(stage)[0].items()}
    for other in _commands(stage):
        for text in other.assignments if not other.words else ():
            name, _, value_ = text.lstrip("\0").partition("=")
            values.setdefault(name, []).append(value_.strip("\"'"))
    for step in stage.steps:
        for pair in step.pairs if isinstance(step, Env) else ():
            values.setdefault(pair.key, []).append((pair.value or "").strip("\"'"))
    found = []
    for word in command.words:
        match = _VARIABLE.fullmatch(word.lstrip("\0"))
        given = values.get(match[1], []) if match else []
        found += given[0].split() if len(given) == 1 and "$" not in given[0] else [word.lstrip("\0")]
    return found


def _removed(stage: Stage, names: set[str]) -> bool:
    for command in _commands(stage):
        if {"remove", "purge", "del", "autoremove"} & set(command.words[:4]) and names & set(_resolved(command, stage)):
            return True
    return False


def _installs(stage: Stage) -> Iterator[Command]:
    for command in _commands(stage):
        words = [word for word in command.words if word != "sudo"]
        verb = _INSTALLS.get(words[0]) if words else None
        if verb is not None and verb in words:
            yield command


def _commands(stage: Stage) -> Iterator[Command]:
    for step in stage.steps:
        yield from commands_of(step)
