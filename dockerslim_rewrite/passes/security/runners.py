"""What speaks against an unprivileged user in the ways in which the repository runs the image."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence

from ...analysis.flow.given_commands import single_commands
from ...analysis.project import Project, WriteKind, WrittenPath
from ...analysis.shell.operations import Kind, operation
from ...analysis.usage import Container, Mounted
from ...knowledge.starts import ports_told
from ...patterns import re
from ...text.paths import within
from .user_obstacles import FIRST_FREE_PORT

#: Capabilities that an unprivileged process uses as well, or that containers have anyway.
_HARMLESS = frozenset(("NET_BIND_SERVICE", "SYS_NICE", "IPC_LOCK", "CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID", "KILL"))
#: Sockets and devices of the host, which belong to its root.
_OF_THE_HOST = re.compile(r"(?:/var)?/run/[\w./-]*\.sock\Z|/dev(?:/|\Z)|/proc(?:/|\Z)|/sys(?:/|\Z)")
_ROOT = re.compile(r"(?:root|0)(?::.*)?\Z")
#: Files that people keep for their owner alone, wherever they mount them.
_CONFIDENTIAL = re.compile(
    r"(?:^|[._/-])(?:secrets?|creds?|credentials?|tokens?|passwords?|passwd|htpasswd|private|keytab|id_(?:rsa|ed25519|ecdsa)|"
    r"(?:api)?key)(?:\.\w+)?\Z|\.(?:pem|key|p12|pfx|jks|keystore)\Z",
    re.IGNORECASE,
)


def always_starts(project: Project | None) -> bool:
    """Whether every known way to run the image says itself what is started."""
    if project is None or project.usage.plain:
        return False
    return bool(project.usage.containers) and all(one.command is not None for one in project.usage.containers)


def required(project: Project | None) -> Iterator[str]:
    """What runners say that takes root, and who else builds on the image as root."""
    if project is not None and project.usage.heirs:
        yield f"other builds go on from here ({project.usage.heirs[0]})"
    if project is not None and project.usage.workflows:
        yield f"{project.usage.workflows[0]} runs it in a workflow, whose engine gives it directories of root's"
    for one in project.usage.containers if project is not None else ():
        if one.user is not None:
            if _ROOT.match(one.user):
                yield f"{one.user_at or one.where} runs it as {one.user}"
            else:
                # It is unprivileged already, whatever the image says.
                continue
        for port, place in one.ports:
            if 0 < port < FIRST_FREE_PORT:
                yield f"port {port} is used by {place}, and takes root on many hosts; a higher one would change both"
        for power in one.powers:
            if power.upper().removeprefix("CAP_") not in _HARMLESS:
                yield f"{one.powers_at or one.where} gives it {power}, which only root has the use of"
        for mount in one.mounts:
            yield from _for_root(mount)
            if mount.kind == "volume" and not mount.read_only:
                yield f"volumes keep the owner that their files have ({mount.evidence})"
    for mount in project.usage.documented if project is not None else ():
        yield from _for_root(mount)
    for one in project.usage.by_hand if project is not None else ():
        if one.user is None or _ROOT.match(one.user):
            yield from _installing(one)


def _installing(container: Container) -> Iterator[str]:
    """The packages that are installed inside before something is run there: only root may, or finds them again."""
    started = (*(container.entrypoint or ()), *(container.command or ()))
    for words in (started, *(words for words, _ in container.checks)):
        for argv in single_commands(words):
            done = operation(argv)
            if done is not None and done.kind in (Kind.INSTALL, Kind.UPGRADE, Kind.UPDATE):
                yield f"{container.where} runs {' '.join(done.lead)} inside"
                return


def _for_root(mount: Mounted) -> Iterator[str]:
    """Why what is mounted is for root alone."""
    if mount.path is not None and mount.kind != "tmpfs" and _OF_THE_HOST.match(mount.path):
        yield f"{mount.evidence} hands it {mount.path} of the host"
    elif mount.path is not None and within(mount.path, "/root"):
        yield f"{mount.evidence} mounts {mount.path}, in root's home"


def documented(project: Project) -> Iterator[str]:
    """What documents let people mount: its owner is theirs to choose."""
    usage = project.usage
    by_hand = (mount for one in usage.by_hand if one.user is None or _ROOT.match(one.user) for mount in one.mounts)
    told = {mount.path: mount for mount in reversed((*usage.documented, *by_hand)) if not mount.read_only}
    for path, mount in reversed(told.items()):
        yield f"{mount.evidence} lets people mount {path}, whose owner is theirs to choose"


def worked_in(project: Project, workdir: str | None) -> Iterator[str]:
    """Mounts of the host's sources over the working directory: people run there what writes, as whom the image says."""
    usage = project.usage
    for one in usage.containers if workdir is not None else ():
        if one.user is None or _ROOT.match(one.user):
            for mount in one.mounts:
                if mount.kind == "bind" and not mount.read_only and mount.path and within(workdir or "", mount.path):
                    yield f"{mount.evidence} mounts {mount.path} from the host, where people may run what writes"
                    return


def told_ports(project: Project | None, variables: Collection[str]) -> Iterator[str]:
    """The low ports that runners tell the program to listen on, which reads *variables* for them."""
    for one in project.usage.containers if project is not None else ():
        if one.user is not None and not _ROOT.match(one.user):
            continue
        for name, value, where in one.environment:
            for number in ports_told(name, value or "", read=variables):
                if 0 < number < FIRST_FREE_PORT:
                    yield f"{where} lets it listen on port {number} ({name}), which takes root on many hosts"


def covered(project: Project, writes: Sequence[WrittenPath], anywhere: str | None) -> Iterator[str]:
    """Mounts of the host's folders over what the program writes, or may: their owner is the host's to choose.

    *anywhere* says why it may write to any place, None where it does not.
    """
    usage = project.usage
    runs = (one for one in (*usage.containers, *usage.by_hand) if one.user is None or _ROOT.match(one.user))
    for mount in (*(mount for one in runs for mount in one.mounts), *usage.documented):
        if mount.kind != "bind" or mount.read_only:
            continue
        what = mount.path or "a directory"
        for write in sorted(writes, key=lambda write: write.kind is WriteKind.POSSIBLE):
            place = write.path or write.folder
            # What may be written by its name alone may lie anywhere below, in a directory that is mounted as well.
            below = write.kind is WriteKind.POSSIBLE and not _is_file(what) and within(what, place or "/")
            if mount.path is None or place is None or within(place, mount.path) or below:
                yield f"it writes {write.written}, and {mount.evidence} mounts {what} from the host"
                break
        else:
            if anywhere is not None and not _is_file(what):
                yield f"{anywhere}, and {mount.evidence} mounts {what} from the host"


def _is_file(path: str) -> bool:
    """Whether *path* is a single file by its name, which is there to be read."""
    return "." in posixpath.basename(path)


def confidential(project: Project) -> Iterator[str]:
    """Secrets of the host's that are mounted: whoever may not write them may not read them either, as a rule."""
    usage = project.usage
    runs = (one for one in (*usage.containers, *usage.by_hand) if one.user is None or _ROOT.match(one.user))
    told = dict[str, Mounted]()
    for mount in (*(mount for one in runs for mount in one.mounts), *usage.documented):
        if mount.kind == "bind" and mount.path is not None and _CONFIDENTIAL.search(posixpath.basename(mount.path)):
            told.setdefault(mount.path, mount)
    for path, mount in told.items():
        yield f"{mount.evidence} mounts {path} from the host, which is often for its owner's eyes alone"
