"""Commands that somebody runs in containers by hand, or a pipeline does: ``docker run IMAGE …``, ``docker compose run
SERVICE …``, ``docker compose exec SERVICE …``.

Sources: Docker CLI reference, "docker container run"; Docker documentation, "docker compose run", "docker compose
exec"; podman-run(1). They are looked for line by line, in files of all kinds: what else stands in the line does not
matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from ...patterns import re
from ...record import record
from ...shell.reader import read_script
from ...shell.script import Script, Simple
from ..repository import Repository
from .found import Place
from .shell_words import logical_lines

_NAMES: Final = ("docker", "podman", "nerdctl", "docker-compose", "podman-compose")
_TOOL = re.compile(r"(?<![\w./-])(?:docker|podman|nerdctl)(?:-compose)?\s")
_RUNS = re.compile(r"(?<![\w-])(?:run|exec)\s")
#: A variable that is set to one plain word, in a Makefile or a script, or to words in quotes or in a list.
_SET = re.compile(
    r"""(?m)^[ \t]*+(?:(?:export|readonly|local|declare(?:[ \t]+-\w+)*)[ \t]++)?(?P<name>[A-Za-z_]\w*+)"""
    r"""[ \t]*+(?P<how>:{0,3}|[?+])=[ \t]*+"""
    r"""(?:(?P<value>[\w./:@-]++)|"(?P<quoted>[^"`\n]*+)"|'(?P<literal>[^'\n]*+)'|\((?P<list>[^()`\n]*+(?:\$\([^()\n]*+\)[^()`\n]*+)*+)\))"""
    r"""[ \t]*+(?:#.*+)?$"""
)
_READ = re.compile(
    r'"?\$\{(?P<list>\w+)\[[@*]\]\}"?|\$(?:\((?P<make>\w+)\)|\{(?P<braces>\w+)\}|(?P<bare>[A-Za-z_]\w*))'
)
#: What is set may read what was set before; so much is put together.
_LONGEST_VALUE = 2_000
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
_TAGGED = re.compile(r"[\"']?[a-z0-9][\w./-]*:\$\S*")
#: A directory of the host, by its path or what gives it, and where it comes to lie.
_VOLUME = re.compile(r"(?:[/.~$%]|\\\\).*?:(?P<path>/[^:$`]*)(?::(?P<options>[\w,]+))?")
_BRACES = re.compile(r"\$\{(\w+)\}")
#: An expression of a workflow.
_EXPRESSION = re.compile(r"\{\{\s*+([^{}]*+)\}\}")
_MAX_TEXT: Final = 256 * 1024
_MAX_FOUND: Final = 1_000


@record
class HandRun:
    """``words`` are run in a container of ``image``, of the ``service`` of a compose file, or of what ``dockerfile``
    builds; None is a word that is not known. ``inside`` tells that they are run in a container that is there already,
    as they stand; else they take the place of CMD, and ``entrypoint``, if there is one, that of ENTRYPOINT. ``user`` is
    whom it runs as, where that is said, ``mounts`` are the directories of the host that it may write. ``pipeline``
    tells that they are the commands of a job.
    """

    place: Place
    image: str | None
    service: str | None
    words: tuple[str | None, ...]
    entrypoint: str | None = None
    inside: bool = False
    user: str | None = None
    mounts: tuple[str, ...] = ()
    dockerfile: str | None = None
    pipeline: bool = False


def runs_by_hand(repository: Repository, paths: Iterable[str]) -> tuple[HandRun, ...]:
    """What the files *paths* (scripts, Makefiles, pipelines, documents) run in containers."""
    found: dict[HandRun, None] = {}
    for path in paths:
        text = (repository.read(path) or "")[:_MAX_TEXT]
        if not _TOOL.search(text):
            continue
        values = _values(text)
        containers: dict[str, str] = {}
        for number, line in logical_lines(text):
            if len(found) >= _MAX_FOUND:
                return tuple(found)
            for command in _commands(line, values):
                one = _run(command, Place(path, number + 1), containers)
                if one is not None:
                    found[one] = None
    return tuple(found)


def _values(text: str) -> dict[str, str]:
    """What the variables of *text* are set to, the last time, with what it says of others put in."""
    found: dict[str, str] = {}
    for match in _SET.finditer(text):
        said = next(one for one in (match[key] for key in ("value", "quoted", "literal", "list")) if one is not None)
        value = _READ.sub(partial(_read, found), said)
        if match["how"] == "+":
            value = f"{found.get(match['name'], '')} {value}".strip()
        if len(value) <= _LONGEST_VALUE:
            found[match["name"]] = value
    return found


def _read(values: Mapping[str, str], match: re.Match[str]) -> str:
    name = match["list"] or match["make"] or match["braces"] or match["bare"]
    return values.get(name, match[0])


def _commands(line: str, values: dict[str, str]) -> Iterator[Simple]:
    """The commands of container tools in *line*, whatever stands before them."""
    first = _TOOL.search(line)
    if first is None or not _RUNS.search(line, first.start()) or line.lstrip().startswith(("#", "//")):
        return
    rest = _READ.sub(partial(_read, values), line[first.start() :])
    quoted = line[: first.start()].rstrip()[-1:]
    if quoted in _QUOTES:
        # A string of YAML, JSON or Groovy.
        rest = rest.rpartition(quoted)[0].replace('\\"', '"') or rest
    elif quoted == "`":
        # Code in a document, or a command whose output a script takes.
        rest = rest.partition(quoted)[0]
    # Make's variables are none of the shell's.
    rest = re.sub(r"\$\((\w+)\)", r"${\1}", rest)
    script = read_script(rest)
    if not isinstance(script, Script):
        # The line may be a part of a loop or a condition.
        script = read_script(_BEHIND.split(rest, maxsplit=1)[0])
    for command in script.commands if isinstance(script, Script) else ():
        if isinstance(command, Simple) and command.name in _NAMES:
            yield command


def _run(command: Simple, place: Place, containers: dict[str, str]) -> HandRun | None:
    """What *command* runs in a container; None where it runs nothing, or nobody knows in which.

    *containers* are the images of those that were given names before; one that is now is added.
    """
    # An option is known by its name, whatever its value is, and an image by its own, whatever the tag is.
    argv = [
        word.text if known is None and (word.text.startswith("-") or _TAGGED.fullmatch(word.text)) else known
        for word, known in zip(command.words, command.argv, strict=True)
    ]
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
    # The folder of the host is often known only when it runs; where it comes to lie is told.
    options = [one.text for one in command.words[at + 1 : end]]
    mounts = tuple(_written(options)) if verb == "run" else ()
    if name is None or (not words and entrypoint is None and not mounts):
        return None
    user = _told(options, "--user") or _told(options, "-u")
    image, service = (None, name) if composed else (name, None)
    return HandRun(place, image, service, words, entrypoint, verb == "exec", user, mounts)


def _written(options: Sequence[str]) -> Iterator[str]:
    """The paths of the container over which *options* lay directories of the host that may be written."""
    for at, word in enumerate(options):
        name, equals, value = word.partition("=")
        if name not in ("-v", "--volume", "--mount"):
            continue
        value = (value if equals else "".join(options[at + 1 : at + 2])).strip("\"'")
        if name == "--mount":
            keys = dict(part.partition("=")[::2] for part in value.split(","))
            read_only = keys.keys() & {"readonly", "ro"}
            if keys.get("type", "volume") == "bind" and not read_only:
                yield from (path for key in ("target", "destination", "dst") if (path := keys.get(key)))
            continue
        match = _VOLUME.fullmatch(value.replace('"', ""))
        if match is not None and "ro" not in (match["options"] or "").split(","):
            yield match["path"]


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


def told_by(run: HandRun) -> tuple[str, str]:
    """What tells whose *run* is: ``dockerfile``, ``service`` or ``image``, and the path or the name, as ``bare_name``
    gives that of an image.
    """
    if run.dockerfile is not None:
        return "dockerfile", run.dockerfile
    return ("service", run.service) if run.service is not None else ("image", bare_name(run.image or ""))


def bare_name(image: str) -> str:
    """*image* without tag and digest, and with each variable in one spelling."""
    plain = _BRACES.sub(r"$\1", _EXPRESSION.sub(_without_blanks, image.strip("\"'"))).partition("@")[0]
    head, colon, tail = plain.rpartition(":")
    return head if colon and "/" not in tail else plain


def _without_blanks(match: re.Match[str]) -> str:
    return f"{{{{{match[1].rstrip()}}}}}"
