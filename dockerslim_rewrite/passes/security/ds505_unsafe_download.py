"""DS505: what is fetched or opened without a check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...analysis.facts import Facts
from ...change import Remark
from ...ir.build import Build
from ...ir.steps import Copy, Run
from ...patterns import re
from ...shell.names import INTERPRETERS
from ...shell.script import Pipeline, Simple
from ..base import Proposals, analysis
from ..shell.commands import Call, calls

_FETCH = frozenset(("curl", "wget"))
_UNCHECKED = {
    "apt": ("--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"),
    "apt-get": ("--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"),
    "yum": ("--nogpgcheck",),
    "dnf": ("--nogpgcheck",),
    "zypper": ("--no-gpg-checks",),
    "apk": ("--allow-untrusted",),
    "wget": ("--no-check-certificate",),
    "curl": ("-k", "--insecure"),
    "pip": ("--trusted-host",),
    "pip3": ("--trusted-host",),
}
#: What is fetched because it is another each time: so that nothing below comes from the build cache, or only until a
#: branch moves.
_OTHER_EACH_TIME = re.compile(
    r"//(?:www\.)?(?:random\.org|worldtimeapi\.org|uuidgenerator\.net|loripsum\.net)/"
    r"|//api\.github\.com/repos/\S{1,200}/(?:commits|branches)\b"
    r"|//gitlab\.com/api/v\d/projects/\S{1,200}/repository/(?:branches|commits)\b|/git/refs/"
)
_WORLD = re.compile(r"0?[0-7]?777\Z|(?:a|ugo|o)\+rwx\Z")
_UNVERIFIED = "{} is fetched without ADD --checksum=sha256:…, so nobody notices when it changes"
_SWITCHED_OFF = "{} switches off the check of who signed what is fetched"
_UNENCRYPTED = "{} is fetched over http, so anybody on the way can change it"
_WRITABLE = "{} lets every process in the container change these files; give them to the user who needs them"
_EXECUTED = "{} runs a download unseen; save it and check its checksum first"
_HTTP = re.compile(r"http://(?!localhost|127\.0\.0\.1|\[::1\])[^\s\"']+")


def unsafe_download(build: Build, facts: Facts) -> Proposals:
    """Tell where a build runs what it downloads, downloads without a check, or opens files to everybody.

    A download piped into a shell, over http, or with checks of certificates and signatures switched off puts whatever
    the network delivers into the image. `chmod 777` lets every process in the container change the files. Each
    instruction gets one remark of a kind, at the first place.

    Nothing is changed: which checksum, certificate or mode is right, only the author knows. Safe for that reason.
    Source: Docker's "Building best practices"; CIS Docker Benchmark, section 4.
    """
    for stage in build.stages:
        found: dict[Run, list[tuple[int, str, str]]] = {run: [] for run in stage.runs}
        for call in calls(build, facts, stage):
            found[call.run] += ((call.line(build), *finding) for finding in _findings(call))
        for step in stage.steps:
            if isinstance(step, Copy) and step.keyword == "ADD" and step.origin.flag("checksum") is None:
                yield from _remarks((step.line, _UNVERIFIED, source) for source in _remote(step))
            elif isinstance(step, Run):
                yield from _remarks([*found[step], *_piped(step, build, facts)])


def _remarks(found: Iterable[tuple[int, str, str]]) -> Iterator[Remark]:
    """One remark for each kind among *found*: line, kind of finding with a place for its object, object."""
    kinds: dict[str, list[tuple[int, str]]] = {}
    for line, kind, what in found:
        kinds.setdefault(kind, []).append((line, what))
    for kind, places in kinds.items():
        line, what = places[0]
        others = len({other for _, other in places} - {what})
        yield analysis(line, kind.format(f"{what} (and {others} more)" if others else what))


def _remote(step: Copy) -> Iterator[str]:
    for source in step.sources:
        bare = source.strip("\"'")
        if re.match(r"https?://", bare) and not _OTHER_EACH_TIME.search(bare):
            yield bare


def _findings(call: Call) -> Iterator[tuple[str, str]]:
    if call.name not in _UNCHECKED and call.name != "chmod":
        return
    argv = [word or "" for word in call.argv]
    for option in _UNCHECKED.get(call.name, ()):
        if option in argv or any(word.startswith(f"{option}=") for word in argv):
            yield _SWITCHED_OFF, f"{call.name} {option}"
    if call.name == "curl" and any(re.match(r"-[a-jl-zA-Z]*k[a-zA-Z]*\Z", word) and word != "-k" for word in argv[1:]):
        yield _SWITCHED_OFF, "curl -k"
    if call.name in _FETCH:
        for word in argv[1:]:
            if (match := _HTTP.match(word)) is not None:
                yield _UNENCRYPTED, match[0]
    if call.name == "chmod" and any(_WORLD.match(word) for word in argv[1:]):
        yield _WRITABLE, "chmod 777"


def _piped(run: Run, build: Build, facts: Facts) -> Iterator[tuple[int, str, str]]:
    script = facts.script(run)
    if script is None or run.body is None:
        return
    for node in script.nodes:
        if not isinstance(node, Pipeline):
            continue
        names = [_name(item) for item in node.items]
        if names[0] in _FETCH and any(name in INTERPRETERS for name in names[1:]):
            line = build.document.line_of(run.body.logical.before(node.span.start))
            yield line, _EXECUTED, f"{names[0]} | {next(name for name in names[1:] if name in INTERPRETERS)}"


def _name(node: object) -> str:
    if not isinstance(node, Simple) or not node.words:
        return ""
    words = [word.literal or "" for word in node.words]
    while words and (words[0] in ("sudo", "env") or words[0].startswith("-") or "=" in words[0]):
        words = words[1:]
    return words[0].rsplit("/", 1)[-1] if words else ""
