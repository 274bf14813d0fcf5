"""Who runs an image besides what describes its builds: people, as documents tell them to, services with images that
nobody in the repository builds, and engines of workflows.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Collection, Iterator
from itertools import islice

from ..analysis.evidence import Evidence
from ..analysis.usage import Mounted
from ..knowledge.images import image_facts
from ..knowledge.run_commands import run_command, run_options, workflow_image
from ..patterns import re
from ..record import record
from ..text.lines import line_at
from .builds.by_hand import bare_name
from .builds.graph import BuildGraph
from .repository import Repository

#: So much of a document is read, and so many calls in it.
_LONGEST = 512 * 1024
#: So much of all documents that are not there to introduce people; the documentation of large projects has a few MB.
_WHOLE = 16 * 1024 * 1024
_MOST = 200
_CALL = 2_000
#: What ends a call in a document: a line that does not go on, or the mark behind code in running text.
_END = re.compile(r"(?<!\\)\r?\n|`|\Z")
_CONTINUED = re.compile(r"\\\r?\n")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_FILE = re.compile(r"[^/]\.\w{1,8}\Z")
_FROM = re.compile(r"(?im)^[ \t>]*FROM[ \t]+(?:--\S+[ \t]+)*([a-z0-9][\w./:@-]{1,200})(?:[ \t]+AS[ \t]+\S+)?[ \t]*\r?$")
_ROOT = re.compile(r"(?:0|root)(?::.*)?")
_PARTS = re.compile(r"[^a-z0-9]+")
#: Words that names of images and of their variables have around what they are called.
_AROUND = re.compile(r"docker|image|container|path|tag")
#: Names of folders that say what is in them, rather than whose it is.
_USUAL = frozenset(
    (
        "",
        "docker",
        "dockerfile",
        "dockerfiles",
        "build",
        "builds",
        "images",
        "image",
        "src",
        "app",
        "base",
        "dev",
        "prod",
        "test",
        "ci",
    )
)


#: Where people mount sources, to work on them with any image.
_SOURCES = frozenset(("/", "/app", "/src", "/code", "/work", "/workspace", "/usr/src/app", "/go", "/tmp", "/root"))


@record
class _Call:
    """What runs ``image`` and mounts ``mounts``, in the document or compose file ``path``, which may ``introduce`` what
    it stands beside.
    """

    path: str
    image: str
    mounts: tuple[Mounted, ...]
    introduces: bool


def documented_mounts(
    repository: Repository, graph: BuildGraph, dockerfile: str, tags: Collection[str]
) -> tuple[Mounted, ...]:
    """What documents tell people to mount into the image of *dockerfile*, a path of *repository*; it may have *tags*.

    A document beside the Dockerfile that introduces people to it speaks of its image, and so does a compose file there
    with one image of somebody's own; another one does where it says so, or mounts over a directory that the Dockerfile
    names.
    """
    calls = repository.recall("documented calls", lambda: (*_calls(repository, graph), *_services(graph)))
    own = _names(repository, dockerfile, tags)
    beside = posixpath.dirname(dockerfile)
    named = repository.read(dockerfile) or ""
    found: dict[str | None, Mounted] = {}
    for call in calls:
        ours = (call.introduces and posixpath.dirname(call.path) == beside) or _bare(call.image) in own
        for mount in call.mounts:
            if ours or (mount.path is not None and mount.path not in _SOURCES and _says(named, mount.path)):
                known = found.setdefault(mount.path, mount)
                if known.read_only and not mount.read_only:
                    found[mount.path] = mount
    return tuple(found.values())


def _says(text: str, path: str) -> bool:
    """Whether *text* has the word *path*."""
    return path in text and re.search(rf"(?<![\w./-]){re.escape(path)}(?![\w./-])", text) is not None


def documented_heirs(
    repository: Repository, graph: BuildGraph, dockerfile: str, tags: Collection[str]
) -> tuple[Evidence, ...]:
    """Where documents tell people to begin Dockerfiles of their own with the image of *dockerfile*, which may have
    *tags*.

    A document beside the Dockerfile that introduces people to it means its image by any that has an owner, but for
    those that the catalogue knows or the Dockerfile itself begins with. Other documents have to name it as it is
    tagged.
    """
    told = repository.recall("documented bases", lambda: tuple(_bases(repository, graph)))
    beside = posixpath.dirname(dockerfile)
    text = repository.read(dockerfile) or "" if told else ""
    made = {bare_name(str(tag)) for tag in tags}
    begun = {bare_name(match[1]) for match in _FROM.finditer(text)}
    return tuple(
        where
        for image, where, introduces in told
        if image not in begun
        and (
            image in made
            or (
                introduces and posixpath.dirname(where.path) == beside and "/" in image and not image_facts(image, None)
            )
        )
    )


def _bases(repository: Repository, graph: BuildGraph) -> Iterator[tuple[str, Evidence, bool]]:
    """The images that documents put behind FROM, without tags, and whether the document introduces people."""
    left = _WHOLE
    for kind in ("readme", "document"):
        for path in graph.documents.get(kind, ()):
            text = (repository.read(path) or "")[:_LONGEST]
            left -= 0 if kind == "readme" else len(text)
            if left < 0:
                return
            for match in islice(_FROM.finditer(text), _MOST):
                yield bare_name(match[1]), Evidence(path, line_at(text, match.start(1))), kind == "readme"


def workflows_with(
    repository: Repository, graph: BuildGraph, dockerfile: str, tags: Collection[str]
) -> tuple[Evidence, ...]:
    """Where workflows (WDL, CWL, Nextflow, Snakemake) name the image of *dockerfile*, which may have *tags*."""
    named = repository.recall("images of workflows", lambda: tuple(_in_workflows(repository, graph)))
    own = _names(repository, dockerfile, tags)
    return tuple(where for name, where in named if name in own)


def _names(repository: Repository, dockerfile: str, tags: Collection[str]) -> frozenset[str]:
    """What the image of *dockerfile* may be called."""
    folder, _, file = dockerfile.rpartition("/")
    parts = re.split(r"[.-]", file.lower())
    words = [_bare(tag) for tag in tags] + [_plain("".join(part for part in parts if part != "dockerfile"))]
    words.append(_plain(posixpath.basename(folder) if folder else repository.root.name))
    return frozenset(words) - _USUAL


def _bare(image: str) -> str:
    """The name of *image*, or of a variable for it, without registry, tag and what such names have around them."""
    return _AROUND.sub("", _plain(re.split(r"[:@]", image.rpartition("/")[2])[0]))


def _plain(text: str) -> str:
    return _PARTS.sub("", text.lower())


def _calls(repository: Repository, graph: BuildGraph) -> Iterator[_Call]:
    left = _WHOLE
    for path, introduces in (
        *((path, True) for path in graph.documents.get("readme", ())),
        *((path, False) for path in graph.documents.get("document", ())),
    ):
        if left < 0:
            return
        text = (repository.read(path) or "")[:_LONGEST]
        left -= 0 if introduces else len(text)
        for count, match in enumerate(run_command().finditer(text)):
            if count == _MOST:
                break
            end = _END.search(text, match.end(), match.end() + _CALL)
            said = _CONTINUED.sub(" ", text[match.end() : end.start() if end is not None else match.end()])
            call = _call(path, said, Evidence(path, line_at(text, match.start())), introduces=introduces)
            if call is not None and call.mounts:
                yield call


def _services(graph: BuildGraph) -> Iterator[_Call]:
    """The services and pods, and the containers that scripts start, with images that no build makes under that name."""
    made = {bare_name(str(tag)) for build in graph.builds for tag in build.tags}
    runs = [run for run in graph.runs if isinstance(run.image, str) and bare_name(str(run.image)) not in made]
    owned: dict[str, set[str]] = {}
    for run in runs:
        # Images without an owner are official ones.
        if "/" in str(run.image):
            owned.setdefault(run.runner.place.path, set()).add(bare_name(str(run.image)))
    for run in runs:
        runner, path = run.runner, run.runner.place.path
        mounts = tuple(
            Mounted(posixpath.normpath(one.target), one.kind, one.read_only, Evidence(one.place.path, one.place.line))
            for one in runner.mounts
            if isinstance(one.target, str)
        )
        if mounts and (runner.user is None or _ROOT.fullmatch(str(runner.user))):
            yield _Call(path, str(run.image), mounts, owned.get(path) == {bare_name(str(run.image))})
    for hand in graph.by_hand:
        if hand.image is None or hand.inside or not hand.mounts or bare_name(hand.image) in made:
            continue
        if hand.user is None or _ROOT.fullmatch(hand.user):
            where = Evidence(hand.place.path, hand.place.line)
            yield _Call(
                hand.place.path, hand.image, tuple(Mounted(one, "bind", False, where) for one in hand.mounts), False
            )


def _call(path: str, said: str, where: Evidence, *, introduces: bool) -> _Call | None:
    """The call whose options begin *said*; None where it runs no image, or as somebody else than root."""
    try:
        words = iter(shlex.split(said, comments=True))
    except ValueError:
        words = iter(said.split())
    valued, short = run_options()
    mounts: list[Mounted] = []
    for word in words:
        if not word.startswith("-"):
            return _Call(path, word, tuple(mounts), introduces)
        name, equals, value = word.partition("=")
        if not word.startswith("--"):
            # Short options may stand together, the last of them with its value.
            at = next((index for index, letter in enumerate(word[1:], 1) if letter in short), None)
            if at is None:
                continue
            name, value, equals = f"-{word[at]}", word[at + 1 :].removeprefix("="), word[at + 1 :]
        elif name not in valued:
            continue
        if not equals:
            value = next(words, "")
        if name in ("-u", "--user"):
            return None
        if name in ("-v", "--volume"):
            mounts += _volume(value, where)
        elif name == "--mount":
            mounts += _mount(value, where)
    return None


def _volume(value: str, where: Evidence) -> Iterator[Mounted]:
    """``[SOURCE:]TARGET[:MODE]``, where the source may be a path of Windows."""
    drive = value[:2] if _WINDOWS.match(value) else ""
    parts = value[len(drive) :].split(":")
    if len(parts) == 1:
        return
    source, target, mode = drive + parts[0], parts[1], parts[2].split(",") if len(parts) > 2 else []
    named = re.fullmatch(r"[A-Za-z0-9][\w.-]*", source) is not None
    yield from _mounted("volume" if named else "bind", target, "ro" in mode, where)


def _mount(value: str, where: Evidence) -> Iterator[Mounted]:
    told = dict(part.partition("=")[::2] for part in value.split(","))
    target = told.get("target") or told.get("dst") or told.get("destination") or ""
    yield from _mounted(told.get("type", "volume"), target, "readonly" in told or "ro" in told, where)


def _mounted(kind: str, target: str, read_only: bool, where: Evidence) -> Iterator[Mounted]:
    if target.startswith("/") and "$" not in target:
        yield Mounted(posixpath.normpath(target), kind, read_only or _FILE.search(target) is not None, where)


def _in_workflows(repository: Repository, graph: BuildGraph) -> Iterator[tuple[str, Evidence]]:
    for path in graph.documents.get("workflow", ()):
        text = (repository.read(path) or "")[:_LONGEST]
        for match in workflow_image().finditer(text):
            yield _bare(match["image"]), Evidence(path, line_at(text, match.start("image")))
