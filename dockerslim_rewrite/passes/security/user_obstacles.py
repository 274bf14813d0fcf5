"""What a Dockerfile itself says against an unprivileged user: ports, volumes, owners, permissions, root's home."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ...analysis.accounts.created import named_account
from ...analysis.bases import base_image
from ...analysis.facts import Facts
from ...analysis.flow.start import start_of
from ...analysis.flow.state import stage_state
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Env, Exec, Listing, Onbuild, Run, Step, Value
from ...knowledge.accounts import changes_accounts
from ...knowledge.entrypoints import entrypoint_minds
from ...knowledge.starts import bound_port, for_anyone, port_in, ports_told
from ...knowledge.users import makes_private
from ...patterns import re
from ...shell.script import Script, Simple
from ...text.paths import matches, within

#: The first port that every user may listen on.
FIRST_FREE_PORT = 1024


#: Where everybody may write, in a volume as well: it begins with the mode of the directory.
_TEMPORARY = re.compile(r"/(?:tmp|var/tmp|dev/shm)/?\Z")
#: Modes by which everybody may read files and enter folders.
_OPEN = re.compile(r"0?[57][0-7][57]\Z|a\+r|u\+|g\+|o\+|\+")
#: Modes that let everybody read, unless they take something.
_READABLE = re.compile(r"[0-7]{3,4}\Z|(?:[ug]*[ao][ugo]*)?[+=]\w*r")
#: Variables that hold what `mktemp` made: a file for its owner alone.
_FROM_MKTEMP = re.compile(r"\b(\w++)=[\"']?(?:\$\(|`)\s*+mktemp\b")
#: Commands whose copies have the mode of what they copy.
_COPIES = frozenset(("cp", "rsync", "scp", "tar", "cpio"))
#: The mode with which something is made.
_MODE = re.compile(r"\s(?:-\w*m\s*|--mode[= ])([0-7]{3,4})\b")
#: Modes that let the group write what others may not.
_GROUP = re.compile(r"(?:\A|,)u?g(?:\+\w*w|=\w*[wu])")


def declared(steps: Sequence[Step]) -> Iterator[str]:
    """What instructions say against another user."""
    for step in steps:
        if isinstance(step, Onbuild):
            yield f"other builds go on from here (ONBUILD on line {step.line})"
        elif isinstance(step, Listing) and step.keyword == "VOLUME":
            kept = [word for word in step.words if not _TEMPORARY.match(word)]
            if kept:
                yield f"volumes keep the owner that their files have: {' '.join(kept)} (line {step.line})"
        elif isinstance(step, Listing):
            for word in step.words:
                port = word.partition("/")[0].partition("-")[0]
                if port.isdigit() and 0 < int(port) < FIRST_FREE_PORT:
                    yield f"port {port} is exposed, which takes root on many hosts (line {step.line})"
        elif isinstance(step, Value) and step.keyword == "WORKDIR":
            if re.match(r"/root(?:/|\Z)", step.value.strip("\"'")):
                yield f"it works in root's home (line {step.line})"
        elif isinstance(step, Env):
            for pair in step.pairs:
                for number in ports_told(pair.key, (pair.value or "").strip("\"'")):
                    if 0 < number < FIRST_FREE_PORT:
                        yield f"{pair.key} tells it to listen on port {number} (line {step.line})"
                if re.search(r"(?:\A|[:\"'=])/root(?:/|:|\Z)", pair.value or ""):
                    yield f"{pair.key} leads into root's home (line {step.line})"
        elif isinstance(step, Exec):
            number = port_in(_started_words(step)) or FIRST_FREE_PORT
            if number < FIRST_FREE_PORT:
                yield f"it is told to listen on port {number}, which takes root on many hosts (line {step.line})"
        elif isinstance(step, Copy) and step.destination.startswith("/root"):
            yield f"files are put into root's home (line {step.line})"
        elif isinstance(step, Copy) and not _OPEN.match(step.origin.flag("chmod") or "755"):
            yield f"--chmod={step.origin.flag('chmod')} takes permissions from other users (line {step.line})"
        elif isinstance(step, Copy) and (step.origin.flag("chown") or "0").split(":")[0] not in ("0", "root"):
            yield f"line {step.line} gives files to {step.origin.flag('chown')}, whom no USER names"


def fetched(steps: Sequence[Step]) -> Iterator[str]:
    """The files that ADD fetches, which are for their owner alone unless somebody opens them.

    Source: Dockerfile reference, "ADD": remote files have the permissions 600.
    """
    later = "\n".join(step.origin.text for step in steps if isinstance(step, Run) and "chmod" in step.origin.text)
    for step in steps:
        if not isinstance(step, Copy) or step.keyword != "ADD" or step.origin.flag("chmod") is not None:
            continue
        for source in step.sources:
            name = posixpath.basename(source if step.destination.endswith("/") else step.destination)
            remote = source.startswith(("http://", "https://")) and not source.endswith(".git")
            if remote and (not name or name not in later):
                yield f"only root may read {name or source}, which ADD fetches without --chmod=644 (line {step.line})"


def _started_words(step: Exec) -> tuple[str | None, ...]:
    if step.argv is not None:
        return step.argv
    script = step.body.script if step.body is not None else None
    return tuple(word for one in script.commands for word in one.argv) if isinstance(script, Script) else ()


def inherited(build: Build, facts: Facts, stage: Stage) -> Iterator[str]:
    """What the base image of *stage* brings along that speaks against another user: its entrypoint, and its port."""
    image = base_image(build, facts, stage)
    if image is None:
        return
    entrypoint, command = start_of(build)
    if entrypoint is None and image.entrypoint is not False and not for_anyone(image.name):
        known = image.entrypoint or entrypoint_minds(image.name, "") is not None
        yield (
            f"the ENTRYPOINT of {image.name} may need root"
            if known
            else f"whether {image.name} has an ENTRYPOINT, which may need root, is not known"
        )
    first = entrypoint or command
    words: list[str | None] = list(first.argv or ()) if first is not None else []
    words += first.origin.args.split() if first is not None and first.argv is None else []
    words += command.argv or () if entrypoint is not None and command is not None else ()
    port = bound_port(image.name, image.parts.version, stage_state(stage, facts.states).env, words)
    if port is not None and port < FIRST_FREE_PORT:
        yield f"programs on {image.name} listen on port {port}, as its environment says"


def commanded(build: Build, facts: Facts, stages: Sequence[int]) -> Iterator[str]:
    """What commands of the build say against another user."""
    for index in stages:
        for run in build.stages[index].runs:
            script = facts.script(run)
            if script is None:
                if run.argv is None:
                    yield f"the RUN on line {run.line} cannot be read"
                continue
            for command in script.commands:
                reason = _command(command, script) or _private(command, script, facts, build, stages)
                reason = reason or _of_secret(command, run)
                if reason is not None:
                    yield f"{reason} (line {run.line})"


def _command(command: Simple, script: Script) -> str | None:
    argv = command.argv
    text = script.text[command.span.start : command.span.end]
    name = posixpath.basename(argv[0] or "") if argv else ""
    if name in ("rm", "rmdir", "ls", "du", "echo", "export", "cat") and not command.redirects:
        return None
    verb = changes_accounts(name)
    if verb is not None:
        return f"{' '.join((name, named_account(command))).strip()} {verb} a user whom no USER names"
    if name in ("chown", "chgrp") and len(argv) > 2:
        owner = next((word for word in command.words[1:] if not (word.literal or "").startswith("-")), None)
        known = owner.literal if owner is not None else None
        if owner is not None and (known is None or known.split(":")[0].split(".")[0] not in ("0", "root", "")):
            return f"{name} gives files to {owner.text}, whom no USER names"
    if name == "chmod":
        mode = next((word for word in argv[1:] if word is None or not re.match(r"-[Rvfc]+\Z|--", word)), None)
        if mode is None or _takes(mode):
            return f"chmod {mode or '…'} takes permissions from other users"
    if name == "umask" and argv[1:2] not in (("022",), ("0022",), ("002",), ("0002",), ("000",)):
        return "umask takes permissions from other users"
    if re.search(r"(?:\A|[\s=:\"'])(?:/root/|~/|\$HOME/|\$\{HOME\}/)", text):
        return f"{name or 'a command'} puts files into root's home"
    return None


def _private(command: Simple, script: Script, facts: Facts, build: Build, stages: Sequence[int]) -> str | None:
    """Why what *command* makes is for root alone, unless the build opens it, or deletes it, by its name."""
    text = script.text[command.span.start : command.span.end]
    name = posixpath.basename(command.name or "")
    mode = _MODE.search(text) if name in ("install", "mkdir", "mkfifo", "mknod") else None
    temporary = _FROM_MKTEMP.findall(script.text) if name == "mv" and "$" in text else ()
    moved = any(re.search(rf"\$\{{?{one}\b", text) for one in temporary)
    if not (makes_private().search(text) or moved or (mode is not None and _takes(mode[1].lstrip("0") or "0"))):
        return None
    words = [word.text.strip("\"'") for word in command.words[1:]]
    if not moved and any(_matches(*one, words) for one in _opened(facts, build, stages)):
        return None
    return f"{' '.join(word.text for word in command.words[:2])} makes what only root may read"


def _of_secret(command: Simple, run: Run) -> str | None:
    """Why what *command* copies is for root alone: a secret, which is mounted with the mode 0400.

    Source: Dockerfile reference, RUN --mount=type=secret.
    """
    if posixpath.basename(command.name or "") not in _COPIES:
        return None
    for mount in run.mounts:
        if mount.get("type") == "secret" and not re.match(r"[0-7]*[4-7]\Z", mount.get("mode", "0400")):
            path = run.mount_target(mount) or f"/run/secrets/{mount.get('id', '')}"
            if any(word and within(path, word) for word in command.argv[1:]):
                return f"{command.name} copies {path}, a secret that only root may read"
    return None


def _matches(opened: str, whole: bool, words: Sequence[str]) -> bool:
    """Whether the path *opened*, a directory with all in it if it is the *whole* of one, is or holds one of *words*."""
    last = posixpath.basename(opened)
    return any(
        matches(posixpath.basename(word), last)
        or (whole and (not word.startswith("/") or word.startswith(opened.rstrip("/") + "/")))
        for word in words
    )


def _opened(facts: Facts, build: Build, stages: Sequence[int]) -> Iterator[tuple[str, bool]]:
    """The paths that the build opens to everybody, or deletes, and whether with all that is in them."""
    for run in (run for index in stages for run in build.stages[index].runs):
        script = facts.script(run)
        for command in script.commands if script is not None else ():
            words = [word.text.strip("\"'") for word in command.words]
            name = posixpath.basename(words[0]) if words else ""
            operands = [word for word in words[1:] if not word.startswith("-")]
            if name == "rm":
                yield from ((one, any(re.match(r"-\w*r", word) for word in words)) for one in operands)
            elif name == "chmod" and operands and not _takes(operands[0]) and _READABLE.match(operands[0]):
                whole = any(re.match(r"-\w*R|--recursive", word) for word in words[1:])
                yield from ((one, whole) for one in operands[1:])


def opened_to_group(build: Build, facts: Facts, stages: Sequence[int]) -> str | None:
    """How the build lets members of root's group write, as OpenShift runs containers; None where it does not.

    Source: OpenShift, "Creating images", "Support arbitrary user ids".
    """
    given = False
    octal: str | None = None
    for run in (run for index in stages for run in build.stages[index].runs):
        script = facts.script(run)
        for command in script.commands if script is not None else ():
            words = [word.text for word in command.words if not word.text.startswith("-")]
            name = posixpath.basename(words[0]) if words else ""
            if len(words) < 3 or name not in ("chmod", "chgrp", "chown"):
                continue
            shown = f"{name} {words[1]} {words[2]} (line {run.line})"
            if name == "chmod" and _GROUP.search(words[1]):
                return shown
            if name == "chmod" and re.fullmatch(r"[0-7]?[0-7][2367][0145]", words[1]):
                octal = octal or shown
            elif name != "chmod":
                group = words[1].rpartition(":")[2] if ":" in words[1] or name == "chgrp" else ""
                given = given or group in ("0", "root")
    return octal if given else None


def _takes(mode: str) -> bool:
    """Whether a mode of chmod leaves other users without what the owner has."""
    if re.fullmatch(r"[0-7]{3,4}", mode):
        owner, other = int(mode[-3]), int(mode[-1])
        return not other & 4 or bool(owner & 1 and not other & 1)
    return bool(re.search(r"(?:\A|,)(?:u\+\w*x|[uga]*o[uga]*-|go=|o=(?:,|\Z)|a-r|-r)", mode))
