"""DS505: what is fetched or opened without a check."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..analysis.facts import Facts
from ..change import Remark, Safety
from ..ir.build import Build
from ..ir.steps import Copy
from ..shell.script import Pipeline, Simple, walk
from .base import Proposals, analysis, rewrite_pass
from .commands import Call, calls

_FETCH = frozenset(("curl", "wget"))
_INTERPRETERS = frozenset(("sh", "bash", "dash", "ash", "zsh", "python", "python3", "perl", "ruby", "node", "php"))
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
_WORLD = re.compile(r"0?[0-7]?777\Z|(?:a|ugo|o)\+rwx\Z")
_HTTP = re.compile(r"http://(?!localhost|127\.0\.0\.1|\[::1\])[^\s\"']+")


@rewrite_pass("DS505", "unsafe-download", Safety.SAFE, (), remark_only=True)
def unsafe_download(build: Build, facts: Facts) -> Proposals:
    """Tell where a build runs what it downloads, downloads without a check, or opens files to everybody.

    A download piped into a shell, over http, or with checks of certificates and signatures switched off puts whatever
    the network delivers into the image. `chmod 777` lets every process in the container change the files.

    Nothing is changed: which checksum, certificate or mode is right, only the author knows. Safe for that reason.
    Source: Docker's "Building best practices"; CIS Docker Benchmark, section 4.
    """
    for stage in build.stages:
        for step in stage.steps:
            if isinstance(step, Copy) and step.keyword == "ADD" and step.origin.flag("checksum") is None:
                for source in step.sources:
                    if re.match(r"https?://", source.strip("\"'")):
                        yield analysis("DS505", step.line, f"{source} is fetched without ADD --checksum=sha256:…")
    for call in calls(build, facts):
        line = call.line(build)
        yield from (analysis("DS505", line, reason) for reason in _findings(call))
    yield from _piped(build, facts)


def _findings(call: Call) -> Iterator[str]:
    argv = [word or "" for word in call.argv]
    for option in _UNCHECKED.get(call.name, ()):
        if option in argv or any(word.startswith(f"{option}=") for word in argv):
            yield f"{call.name} {option} switches a check off"
    if call.name == "curl" and any(re.match(r"-[a-zA-Z]*k[a-zA-Z]*\Z", word) and word != "-k" for word in argv[1:]):
        yield "curl -k switches the check of certificates off"
    if call.name in _FETCH:
        for word in argv[1:]:
            if (match := _HTTP.match(word)) is not None:
                yield f"{match[0]} is fetched over http, so anybody on the way can change it"
    if call.name == "chmod" and any(_WORLD.match(word) for word in argv[1:]):
        yield "chmod 777 lets every process change these files; name the user who needs them"


def _piped(build: Build, facts: Facts) -> Iterator[Remark]:
    for stage in build.stages:
        for run in stage.runs:
            script = facts.script(run)
            if script is None or run.body is None:
                continue
            for node in walk(script.root):
                if not isinstance(node, Pipeline):
                    continue
                names = [_name(item) for item in node.items]
                if names[0] in _FETCH and any(name in _INTERPRETERS for name in names[1:]):
                    line = build.document.line_of(run.body.logical.before(node.span.start))
                    yield analysis("DS505", line, "a download runs at once; save it and check its checksum first")


def _name(node: object) -> str:
    if not isinstance(node, Simple) or not node.words:
        return ""
    words = [word.literal or "" for word in node.words]
    while words and (words[0] in ("sudo", "env") or words[0].startswith("-") or "=" in words[0]):
        words = words[1:]
    return words[0].rsplit("/", 1)[-1] if words else ""
