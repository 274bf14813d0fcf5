"""Why BuildKit refuses an instruction that it has read: values that its grammar does not know.

Sources: BuildKit, frontend/dockerfile/instructions (parse.go, commands_runmount.go) and dockerfile2llb/convert.go;
distribution/reference, grammar; docker/go-connections, nat.ParsePortSpecs; Go, time.ParseDuration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ...ir.build import Build, Stage
from ...ir.expansion import ExpansionError, expansions
from ...ir.steps import From, Healthcheck, Listing, Onbuild, Run, Shell, Step, Value
from ...patterns import re

_STAGE = re.compile(r"[a-z][a-z0-9_.-]*\Z")
#: A component of a repository's name, and the host that may stand before the first slash.
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*\Z")
_HOST = re.compile(
    r"(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|localhost)(?::\d+)?\Z|[A-Za-z0-9.-]+:\d+\Z|\[[0-9a-fA-F:]+\](?::\d+)?\Z"
)
_DURATION = re.compile(
    r"[+-]?(?:0|(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*\Z"
)
_DURATIONS = frozenset(("interval", "timeout", "start-period", "start-interval"))
_MOUNTS = frozenset(("bind", "cache", "tmpfs", "secret", "ssh"))
_PORT = re.compile(r"\d+(?:-\d+)?(?:/(?:tcp|udp|sctp))?\Z", re.I)
_LAST_PORT, _DIGITS = 65_535, 5
#: What scripts and template engines fill in: ``%%BASE%%``, ``@BASE@``, ``{{ base }}``, ``<%= base %>``, ``__BASE__``.
_MARK = re.compile(r"%%?[A-Za-z]\w*%%?|@@?[A-Za-z]\w*@@?|\{\{[^{}\n]{0,200}\}\}|<%[^%\n]{0,200}%>|(?<!\w)__[A-Z]\w*__")
_NO_TRIGGERS = frozenset(("FROM", "MAINTAINER", "ONBUILD"))
_ONE = frozenset(("USER", "WORKDIR", "STOPSIGNAL"))
_SOME = frozenset(("ENV", "LABEL", "EXPOSE", "VOLUME", "ARG"))


def is_filled_in(step: Step, said: str = "") -> bool:
    """Whether *step* holds a mark that something puts a text in the place of before a build reads the file.

    The words of a command are its own: there the mark has to stand in what is *said* to be wrong.
    """
    return _MARK.search(said if isinstance(step, Run | Healthcheck | Onbuild) else step.origin.args) is not None


def refusals(build: Build) -> Iterator[tuple[Step, str]]:
    """The steps of *build* that are refused, each with the reason, for people."""
    names: set[str] = set()
    for stage in build.stages:
        said = _of_head(stage, names)
        if said and not is_filled_in(stage.head, said):
            yield stage.head, said
        if stage.head.alias:
            names.add(stage.name)
        for step in stage.steps:
            said = _of_step(step)
            if said and not is_filled_in(step, said):
                yield step, said


def _of_head(stage: Stage, names: Collection[str]) -> str:
    head: From = stage.head
    if head.alias is not None and "$" not in head.alias and not _STAGE.match(head.alias.lower()):
        return f"`{head.alias}` is not a name for a stage: it begins with a letter, and holds letters, digits and _ . -"
    image = head.image
    if "$" in image or image.lower() in names:
        return ""
    bare = image.partition("@")[0]
    before, slash, rest = bare.partition("/")
    path = rest if slash and _HOST.match(before) else bare
    folder, slash, last = path.rpartition("/")
    repository = f"{folder}{slash}{last.partition(':')[0]}"
    if any(char.isupper() for char in repository):
        return f"{image} is not the name of an image: it has to be in lower case"
    return ""


def _of_step(step: Step) -> str:
    """Why *step* is refused; empty where nothing speaks against it."""
    if isinstance(step, Onbuild):
        keyword = step.trigger.keyword if step.trigger is not None else ""
        return f"ONBUILD takes no {keyword}" if keyword in _NO_TRIGGERS else ""
    if step.keyword in _ONE | _SOME and not step.origin.args.strip():
        return f"{step.keyword} is without its value"
    if isinstance(step, Shell) and not step.argv:
        return "SHELL takes a JSON array"
    if isinstance(step, Healthcheck):
        return _of_healthcheck(step)
    if isinstance(step, Run):
        kind = next((kind for one in step.mounts if (kind := one.get("type", "bind")) not in _MOUNTS), None)
        return f"there is no --mount of the type {kind}" if kind is not None and "$" not in kind else ""
    if isinstance(step, Listing) and step.keyword == "EXPOSE":
        words = (word.strip("\"'") for word in step.words)
        wrong = next((word for word in words if not _is_port(word) and not re.search(r"[$:]", word)), None)
        return f"{wrong} is not a port" if wrong is not None else ""
    if isinstance(step, Value) and step.keyword in _ONE and "'" not in step.value:
        try:
            expansions(step.value)
        except ExpansionError:
            return f"an expansion stays open in {step.keyword}"
    return ""


def _is_port(word: str) -> bool:
    """Whether *word* is a port of 16 bits, or a range of them from the first to the last."""
    if not _PORT.match(word):
        return False
    # More digits than a port has are no number to be read.
    ports = [one.lstrip("0") or "0" for one in word.partition("/")[0].split("-")]
    return (
        all(len(one) <= _DIGITS for one in ports)
        and sorted(map(int, ports)) == [*map(int, ports)]
        and (int(ports[-1]) <= _LAST_PORT)
    )


def _of_healthcheck(step: Healthcheck) -> str:
    for flag in step.origin.flags:
        value = flag.value or ""
        if "$" in value:
            continue
        if flag.name in _DURATIONS and not _DURATION.match(value):
            hint = f", like {value}s" if value.isdecimal() else ""
            return f"--{flag.name}={value} is not a duration: it needs a unit{hint}"
        if flag.name == "retries" and not re.fullmatch(r"\d+", value):
            return f"--retries={value} is not a number"
    return ""
