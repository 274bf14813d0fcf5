"""Commands that somebody runs in containers by hand, or a pipeline does: ``docker run IMAGE …``, ``docker compose run
SERVICE …``, ``docker compose exec SERVICE …``.

Sources: Docker CLI reference, "docker container run"; Docker documentation, "docker compose run", "docker compose
exec"; podman-run(1). They are looked for line by line, in files of all kinds: what else stands in the line does not
matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ...record import record
from ...shell.reader import read_script
from ...shell.script import Script, Simple
from ..repository import Repository
from .found import Place
from .shell_words import logical_lines

_NAMES: Final = ("docker", "podman", "nerdctl", "docker-compose", "podman-compose")
_TOOL = re.compile(r"(?<![\w./-])(?:docker|podman|nerdctl)(?:-compose)?\s")
_RUNS = re.compile(r"(?<![\w-])(?:run|exec)\s")
#: A variable that is set to one plain word, in a Makefile or a script.
_SET = re.compile(
    r"(?m)^[ \t]*+(?:export[ \t]++)?(?P<name>[A-Za-z_]\w*+)[ \t]*+(?::?:|\?)?=[ \t]*+(?P<value>[\w./:@-]++)[ \t]*+$"
)
_READ = re.compile(r"\$(?:\((?P<make>\w+)\)|\{(?P<braces>\w+)\}|(?P<bare>[A-Za-z_]\w*))")
#: Options that take no word of their own; single letters that do not either.
_BARE = frozenset(
    (
        "--detach", "--interactive", "--tty", "--rm", "--init", "--privileged", "--read-only", "--no-healthcheck",
        "--oom-kill-disable", "--publish-all", "--sig-proxy", "--disable-content-trust", "--quiet", "--no-deps",
        "--service-ports", "--build", "--use-aliases", "--no-TTY", "--no-tty", "--remove-orphans", "--quiet-pull",
        "--replace", "--systemd", "--compatibility", "--dry-run", "--all-resources",
    )
)  # fmt: skip
_LETTERS = frozenset("ditqPT")
_BEHIND = re.compile(r";|&&|\|\|")
_QUOTES = ("'", '"')
_MAX_TEXT: Final = 256 * 1024
_MAX_FOUND: Final = 1_000


@record
class HandRun:
    """``words`` are run in a container of ``image``, or of the ``service`` of a compose file; None is a word that is
    not known. ``inside`` tells that they are run in a container that is there already, as they stand; else they take
    the place of CMD, and ``entrypoint``, if there is one, that of ENTRYPOINT.
    """

    place: Place
    image: str | None
    service: str | None
    words: tuple[str | None, ...]
    entrypoint: str | None = None
    inside: bool = False


def runs_by_hand(repository: Repository, paths: Iterable[str]) -> tuple[HandRun, ...]:
    """What the files *paths* (scripts, Makefiles, pipelines) run in containers."""
    found: dict[HandRun, None] = {}
    for path in paths:
        text = (repository.read(path) or "")[:_MAX_TEXT]
        if not _TOOL.search(text):
            continue
        values = {match["name"]: match["value"] for match in _SET.finditer(text)}
        containers: dict[str, str] = {}
        for number, line in logical_lines(text):
            if len(found) >= _MAX_FOUND:
                return tuple(found)
            for argv in _commands(line, values):
                one = _run(argv, Place(path, number + 1), containers)
                if one is not None:
                    found[one] = None
    return tuple(found)


def _commands(line: str, values: dict[str, str]) -> Iterator[tuple[str | None, ...]]:
    """The commands of container tools in *line*, whatever stands before them."""
    first = _TOOL.search(line)
    if first is None or not _RUNS.search(line, first.start()) or line.lstrip().startswith(("#", "//")):
        return
    rest = _READ.sub(lambda one: values.get(one["make"] or one["braces"] or one["bare"], one[0]), line[first.start() :])
    quoted = line[: first.start()].rstrip()[-1:]
    if quoted in _QUOTES:
        # A string of YAML, JSON or Groovy.
        rest = rest.rpartition(quoted)[0].replace('\\"', '"') or rest
    # Make's variables are none of the shell's.
    rest = re.sub(r"\$\((\w+)\)", r"${\1}", rest)
    script = read_script(rest)
    if not isinstance(script, Script):
        # The line may be a part of a loop or a condition.
        script = read_script(_BEHIND.split(rest, maxsplit=1)[0])
    for command in script.commands if isinstance(script, Script) else ():
        if isinstance(command, Simple) and command.name in _NAMES:
            yield command.argv


def _run(argv: Sequence[str | None], place: Place, containers: dict[str, str]) -> HandRun | None:
    """What the command *argv* runs in a container; None where it runs nothing, or nobody knows in which.

    *containers* are the images of those that were given names before; one that is now is added.
    """
    composed = (argv[0] or "").endswith("-compose")
    at = _behind_options(argv, 1)
    if not composed and at < len(argv) and argv[at] in ("compose", "container"):
        composed = argv[at] == "compose"
        at = _behind_options(argv, at + 1)
    verb = argv[at] if at < len(argv) else None
    if verb not in ("run", "exec"):
        return None
    end = _behind_options(argv, at + 1)
    if end >= len(argv) or argv[end] is None:
        return None
    entrypoint = _told(argv[at + 1 : end], "--entrypoint")
    words = tuple(argv[end + 1 :])
    name = argv[end]
    given = _told(argv[at + 1 : end], "--name")
    if given is not None and name is not None and not composed:
        containers[given] = name
    if verb == "exec" and not composed:
        name = containers.get(name or "")
    if name is None or (not words and entrypoint is None):
        return None
    return HandRun(place, None if composed else name, name if composed else None, words, entrypoint, verb == "exec")


def _behind_options(argv: Sequence[str | None], at: int) -> int:
    while at < len(argv):
        word = argv[at]
        if word is None or not word.startswith("-") or word == "-":
            return at
        letters = word[1:]
        if word.startswith("--"):
            alone = "=" in word or word in _BARE
        else:
            plain = [one for one in letters if one not in _LETTERS]
            alone = not plain or plain[0] != letters[-1]
        at += 1 if alone else 2
    return at


def _told(options: Sequence[str | None], name: str) -> str | None:
    """The value of the option *name*, where it is known."""
    for at, word in enumerate(options):
        if word == name:
            return options[at + 1] if at + 1 < len(options) else None
        if word is not None and word.startswith(f"{name}="):
            return word.partition("=")[2]
    return None


def is_of(run: HandRun, names: Iterable[str], services: Iterable[str]) -> bool:
    """Whether *run* is of an image that has one of *names*, or of one of the *services*."""
    if run.service is not None:
        return run.service in services
    bare = (run.image or "").partition("@")[0]
    head, colon, tail = bare.rpartition(":")
    return (head if colon and "/" not in tail else bare) in names
