"""How Kubernetes runs images. Sources: Kubernetes API reference, PodSpec and Container; "Configure a Security Context".

Charts of Helm are read as ``helm`` renders them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ...patterns import re
from ..repository import Repository
from .found import FoundRun, Mount, Place, Port, Runner, Text, Unknown, Words
from .helm import rendered
from .yaml_values import Map, Scalar, Seq, YamlError, documents, mapping, scalar, sequence, truth

#: Where the pod is in each kind of object.
_PODS = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_TEMPLATE = ("spec", "template", "spec")
_KINDS = frozenset(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController", "Service"))
#: What the text of a manifest shows before it is read as YAML.
_CONTAINERS = re.compile(r"(?m)(?:^[ \t]|[{,])[ \t]*+(?:-[ \t]++)?\"?(?:containers|initContainers)\"?[ \t]*+:")
_VERSION = re.compile(r"(?m)(?:^|[{,])[ \t]*+(?:-[ \t]++)?\"?apiVersion\"?[ \t]*+:")
_known: dict[tuple[str, bytes], tuple[FoundRun, ...]] = {}
_MOST_KNOWN = 10_000


def manifests(repository: Repository, path: str) -> tuple[FoundRun, ...]:
    """The containers in the manifests of the file *path*; nothing for YAML that is something else."""
    text = repository.read(path)
    if text is None or not _CONTAINERS.search(text) or not _VERSION.search(text):
        return ()
    if "{{" in text:
        text = rendered(repository, path, text)
        if text is None:
            return ()
    # What is known already is spent as well: else what is read would depend on what was read before.
    if not repository.allows(path, text):
        return ()
    # Both sides of a review hold most files alike, and reading YAML is most of what a repository costs.
    key = (path, hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = tuple(_in_manifests(path, text))
    return _known[key]


def _in_manifests(path: str, text: str) -> Iterator[FoundRun]:
    try:
        found = documents(text)
    except YamlError:
        # Any YAML file may come here; only those of tools that were recognised are worth a complaint.
        return
    for document in found:
        if not isinstance(document, Map):
            continue
        kind = str(document.get("kind", ""))
        at: object = document
        for key in _PODS.get(kind, _TEMPLATE if kind in _KINDS else ("",)):
            at = mapping(at).get(key)
        if isinstance(at, Map):
            yield from _containers(path, at)


def _containers(path: str, pod: Map) -> Iterator[FoundRun]:
    shared = mapping(pod.get("securityContext"))
    volumes = {
        str(scalar(mapping(one).get("name"))): "tmpfs" if "emptyDir" in mapping(one) else "volume"
        for one in sequence(pod.get("volumes"))
    }
    for key in ("containers", "initContainers"):
        for item in sequence(pod.get(key)):
            container = mapping(item)
            image = scalar(container.get("image"))
            if image is not None:
                yield FoundRun(_text(image), _runner(path, container, shared, volumes))


def _runner(path: str, container: Map, shared: Map, volumes: dict[str, str]) -> Runner:
    own = mapping(container.get("securityContext"))
    user = scalar(own.get("runAsUser")) or scalar(shared.get("runAsUser"))
    group = scalar(own.get("runAsGroup")) or scalar(shared.get("runAsGroup"))
    command, args = _words(container.get("command")), _words(container.get("args"))
    ports = []
    for item in sequence(container.get("ports")):
        number = scalar(mapping(item).get("containerPort"))
        if number is not None and number.isdecimal() and len(number) < 6:
            ports.append(Port(int(number), None, Place(path, number.line)))
    places = [(key, Place(path, line)) for key, line in container.lines.items()]
    if user is not None:
        places.append(("user", Place(path, user.line)))
    capabilities = mapping(own.get("capabilities"))
    return Runner(
        place=Place(path, container.line),
        name=str(scalar(container.get("name")) or ""),
        entrypoint=command,
        command=() if command is not None and args is None else args,
        user=None if user is None else f"{user}:{group}" if group else str(user),
        ports=tuple(ports),
        mounts=tuple(_mounts(path, container, volumes)),
        read_only=truth(own.get("readOnlyRootFilesystem")),
        capabilities=tuple(_text(one) for one in sequence(capabilities.get("add")) if isinstance(one, Scalar)),
        dropped=tuple(_text(one) for one in sequence(capabilities.get("drop")) if isinstance(one, Scalar)),
        privileged=truth(own.get("privileged")),
        nonroot=truth(own["runAsNonRoot"]) if "runAsNonRoot" in own else truth(shared.get("runAsNonRoot")),
        workdir=_optional(scalar(container.get("workingDir"))),
        probes=tuple(_probes(path, container)),
        path_set=any(str(scalar(mapping(one).get("name"))) == "PATH" for one in sequence(container.get("env"))),
        environment=tuple(_environment(path, container)),
        places=tuple(places),
    )


def _environment(path: str, container: Map) -> Iterator[tuple[str, Text, Place]]:
    for item in sequence(container.get("env")):
        name, value = scalar(mapping(item).get("name")), scalar(mapping(item).get("value"))
        if name is not None and value is not None:
            yield str(name), _text(value), Place(path, value.line)


def _probes(path: str, container: Map) -> Iterator[tuple[Words, Place]]:
    """The commands that are run in the container beside what it starts."""
    lifecycle = mapping(container.get("lifecycle"))
    found = [container.get(key) for key in ("livenessProbe", "readinessProbe", "startupProbe")]
    found += [lifecycle.get(key) for key in ("postStart", "preStop")]
    for one in found:
        command = mapping(mapping(one).get("exec"))
        words = _words(command.get("command"))
        if words is not None:
            yield words, Place(path, command.line)


def _mounts(path: str, container: Map, volumes: dict[str, str]) -> Iterator[Mount]:
    for item in sequence(container.get("volumeMounts")):
        mount = mapping(item)
        target, name = scalar(mount.get("mountPath")), scalar(mount.get("name"))
        if target is not None:
            kind = volumes.get(str(name), "volume")
            yield Mount(kind, _optional(name), _text(target), truth(mount.get("readOnly")), Place(path, mount.line))


def _words(value: object) -> Words:
    if isinstance(value, Seq):
        return tuple(_text(one) for one in value if isinstance(one, Scalar))
    return None


def _text(value: Scalar) -> Text:
    # $(NAME) is a variable of the container.
    return Unknown(str(value)) if "$(" in value else str(value)


def _optional(value: Scalar | None) -> Text | None:
    return None if value is None else _text(value)
