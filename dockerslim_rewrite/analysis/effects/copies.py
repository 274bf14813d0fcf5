"""Which paths a COPY creates, where its words tell: the build context is not looked at.

Source: Dockerfile reference, COPY; BuildKit's file operations (a folder that exists keeps its owner and mode, missing
parent folders are created with the owner of the COPY and mode 0755).
"""

from __future__ import annotations

import posixpath

from ...ir.build import Build, Stage
from ...ir.steps import Copy, Exec, Run, Step
from ...patterns import re
from ...record import record
from ..bases import base_image, system
from ..facts import Facts
from ..flow.state import expand

_PLAIN = re.compile(r"[A-Za-z0-9_./@%+,=-]+\Z")
#: Extensions that folders do not have.
_FILE = re.compile(
    r".+\.(?:sh|bash|zsh|py|rb|pl|php|js|mjs|cjs|ts|lua|jar|war|conf|cfg|cnf|ini|json|ya?ml|toml|xml|properties|env|txt|md|"
    r"key|pem|crt|cer|pub|service|sql|html?|css|list|repo|rules|ps1|bat|exe|so|whl|deb|rpm|apk|awk|sed|tpl|tmpl|template|j2)\Z",
    re.I,
)
_TOP = frozenset(
    ("bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc", "root")
) | frozenset(("run", "sbin", "srv", "sys", "tmp", "usr", "var", ""))
#: Folders that every image with a shell has.
_ALWAYS = frozenset(("/", "/bin", "/etc", "/home", "/root", "/tmp", "/usr", "/usr/bin", "/usr/sbin", "/var"))
#: Those of the Filesystem Hierarchy Standard that every distribution has.
_DISTRIBUTION = frozenset(
    ("/opt", "/srv", "/sbin", "/lib", "/usr/lib", "/usr/share", "/usr/local", "/usr/local/bin", "/usr/local/lib")
) | frozenset(("/usr/local/sbin", "/usr/local/share", "/var/lib", "/var/log", "/var/cache", "/etc/profile.d"))
_FAMILIES = frozenset(("debian", "alpine", "rhel", "suse", "arch"))
#: Commands that create nothing outside the places where packages go.
_CONTAINED = frozenset(
    ("apt-get", "apt", "apk", "yum", "dnf", "microdnf", "pip", "pip3", "npm", "gem", "rm", "echo", "true", "set")
) | frozenset(("export", "useradd", "groupadd", "adduser", "addgroup", "usermod", "groupmod", "update-ca-certificates"))


@record
class Created:
    """Full ``paths`` that a COPY creates: files, or one ``tree`` that may be a folder and was not there before."""

    paths: frozenset[str]
    tree: bool


def created(copy: Copy, stage: Stage, build: Build, facts: Facts) -> Created | str:
    """What *copy* creates, or why its words do not tell; worked out once, however many RUNs ask."""
    return facts.recall("created by COPY", copy.index, lambda: _created(copy, stage, build, facts))


def _created(copy: Copy, stage: Stage, build: Build, facts: Facts) -> Created | str:
    state = facts.state(copy)
    names = {flag.name for flag in copy.origin.flags}
    unclear = f"what the COPY on line {copy.line} creates depends on the build context"
    if names & {"parents", "exclude"}:
        return unclear
    destination = expand(copy.destination, state)
    if destination is None or not _PLAIN.match(destination):
        return f"the destination of the COPY on line {copy.line} is not known"
    folder = destination.endswith(("/", "/.")) or destination in (".", "..") or len(copy.sources) > 1
    if not destination.startswith("/"):
        if state.workdir is None:
            return f"no WORKDIR says where {destination} is"
        destination = posixpath.join(state.workdir, destination)
    destination = posixpath.normpath(destination)
    inline = bool(copy.origin.heredocs)
    if inline and (folder or len(copy.sources) != 1):
        return unclear
    if not inline and not all(_PLAIN.match(source) for source in copy.sources):
        return unclear
    if inline or all(_FILE.match(source) for source in copy.sources):
        if folder:
            return Created(frozenset(f"{destination.rstrip('/')}/{posixpath.basename(s)}" for s in copy.sources), False)
        if _FILE.match(destination) or _is_program(destination, stage):
            return Created(frozenset((destination,)), False)
        return f"{destination} may be a directory"
    if not folder and len(copy.sources) == 1 and _is_program(destination, stage):
        return Created(frozenset((destination,)), False)
    if len(copy.sources) == 1 and (copy.sources[0] in (".", "./") or not folder or copy.sources[0].endswith("/")):
        problem = _not_fresh(destination, copy, stage, build, facts)
        return problem or Created(frozenset((destination,)), True)
    return unclear


def parent_exists(path: str, copy: Copy, stage: Stage, build: Build, facts: Facts) -> bool:
    """Whether the folder in which *path* lies is surely there before *copy*."""
    parent = posixpath.dirname(path)
    if parent in _ALWAYS:
        return True
    if parent in _DISTRIBUTION and system(build, facts, stage).family in _FAMILIES:
        return True
    places = [facts.state(step).workdir for step in (*_earlier(copy, stage, build, facts), copy)]
    return any(place and (place == parent or place.startswith(parent + "/")) for place in places)


def _is_program(path: str, stage: Stage) -> bool:
    """Whether the container starts through *path*, so that it is a file."""
    return any(isinstance(step, Exec) and step.argv is not None and step.argv[:1] == (path,) for step in stage.steps)


def _not_fresh(path: str, copy: Copy, stage: Stage, build: Build, facts: Facts) -> str | None:
    """Why *path* may be there before *copy*; None when it surely is not."""
    parts = path.strip("/").split("/")
    if parts[0] in _TOP and not (len(parts) == 2 and parts[0] in ("opt", "srv")):
        return f"{path} may be a directory that the image has already, which COPY would leave as it is"
    if len(parts) > (2 if parts[0] in _TOP else 1):
        return f"{path} lies in a directory that may not be there"
    if base_image(build, facts, stage) is None:
        return f"{path} may be in the base image, which is not known here"
    for step in _earlier(copy, stage, build, facts):
        place = facts.state(step).workdir
        if parts[-1] in step.origin.logical.text or (place and (place + "/").startswith(path + "/")):
            return f"{path} is there already: line {step.line}"
        if isinstance(step, Run) and not _contained(step, facts):
            return f"the RUN on line {step.line} may create {path}"
    place = facts.state(copy).workdir
    if place and (place + "/").startswith(path + "/"):
        return f"{path} is the working directory, which is there already"
    return None


def _earlier(copy: Copy, stage: Stage, build: Build, facts: Facts) -> list[Step]:
    """The steps before *copy* in its stage and in the stages that it is built from."""
    found = [step for step in stage.steps if step.index < copy.index]
    for base in facts.graph.chain(stage.index)[1:]:
        found = [*build.stages[base].steps, *found]
    return found


def _contained(run: Run, facts: Facts) -> bool:
    script = facts.script(run)
    return script is not None and all(not one.words or one.name in _CONTAINED for one in script.commands)
