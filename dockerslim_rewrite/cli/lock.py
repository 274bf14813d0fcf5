"""``dockerslim lock``: write down what the bases of Dockerfiles stand for, refresh it, or tell what moved."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..regular import read_regular, read_whole
from ..report.text import printable
from .files import InputError, refuse_link

if TYPE_CHECKING:
    from ..ir.reference import ImageReference
    from ..registry.client import RegistryClient
    from ..registry.limits import Allowance
    from ..registry.lock import Lock, LockEntry, Moved, Outcome
    from ..registry.packages.locking import PackagesOutcome
    from ..registry.resolution import Resolver

DONE, MOVED, USAGE = 0, 1, 2
_SKIPPED = frozenset((".git", ".hg", "node_modules", ".venv", "__pycache__"))
_SHORT_DIGEST = 19


@dataclass(frozen=True, slots=True)
class LockRequest:
    """What the user asked for. *update* names images to ask for again; None asks for none, an empty tuple for all."""

    paths: tuple[str, ...]
    lock_file: Path
    check: bool = False
    update: tuple[str, ...] | None = None
    prune: bool = False
    arguments: Mapping[str, str] | None = None
    mirrors: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    ca_file: Path | None = None
    format: str = "text"
    packages: bool = True
    indexes: tuple[str, ...] = ()
    npm_registry: str | None = None
    gem_index: str | None = None
    context: Path | None = None


def lock_command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH...]", help="Dockerfiles, or directories; with --update also images to ask for."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 and say what moved.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Ask again for what is locked already.")] = False,
    image: Annotated[list[str] | None, typer.Option(help="With --update: only these images.")] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Drop entries that none of the files uses.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", help="The lock file; else the one that rewriting the first path finds.")
    ] = None,
    build_arg: Annotated[list[str] | None, typer.Option("--build-arg", help="NAME=VALUE, as for a build.")] = None,
    mirror: Annotated[
        list[str] | None, typer.Option(help="REGISTRY=URL, or URL for docker.io: ask there first.")
    ] = None,
    insecure: Annotated[list[str] | None, typer.Option(help="A registry (host:port) without TLS.")] = None,
    ca_file: Annotated[Path | None, typer.Option("--ca-file", help="Certificate authorities to trust.")] = None,
    packages: Annotated[
        bool, typer.Option(help="Lock what package indexes have of what pip, npm and Bundler install as well.")
    ] = True,
    index_url: Annotated[
        list[str] | None, typer.Option("--index-url", help="The index of Python packages; else pip's own settings say.")
    ] = None,
    npm_registry: Annotated[
        str | None, typer.Option("--npm-registry", help="The registry of Node.js packages; else npm's settings say.")
    ] = None,
    gem_index: Annotated[
        str | None, typer.Option("--gem-index", help="The index of Ruby's gems; else Bundler's settings say.")
    ] = None,
    context: Annotated[Path | None, typer.Option(help="The build context; else what the repository says.")] = None,
    format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Lock the base images of Dockerfiles to versions and digests, so that rewriting needs no network.

    What pip, npm and Bundler install on images of Python, Node.js and Ruby is looked up as well: whether a package has
    to be compiled, what it is linked to, and which programs of full images it calls. Nothing of the project or of a
    package runs.
    """
    pairs = (item.partition("=") for item in build_arg or ())
    words = tuple(paths or ())
    # `--update python` names an image, unless there is such a file or folder.
    images = tuple(word for word in words if update and word != "-" and not os.path.exists(word))
    named = tuple(word for word in words if word not in images) or (".",)
    try:
        chosen = file or lock_file_of(named)
    except InputError as error:
        raise typer.Exit(_complain(str(error))) from None
    request = LockRequest(
        paths=named,
        lock_file=chosen,
        check=check,
        update=(*images, *(image or ())) if update else None,
        prune=prune,
        arguments={name: value for name, _, value in pairs},
        mirrors=tuple(mirror or ()),
        insecure=tuple(insecure or ()),
        ca_file=ca_file,
        format=format,
        packages=packages,
        indexes=tuple(index_url or ()),
        npm_registry=npm_registry,
        gem_index=gem_index,
        context=context,
    )
    raise typer.Exit(run(request))


def lock_file_of(paths: tuple[str, ...]) -> Path:
    """The lock that rewriting the first of *paths* finds; else one in the working directory where that is above all of
    them, or beside the first. Raises ``InputError`` for a link.
    """
    file = _lock_file_of(paths)
    refuse_link(file, "--file")
    return file


def _lock_file_of(paths: tuple[str, ...]) -> Path:
    from ..analysis.locked import FILE_NAME
    from ..workspace.locks import nearest_lock

    folders = [os.path.abspath("." if path == "-" else path) for path in paths]
    folders = [folder if os.path.isdir(folder) else os.path.dirname(folder) for folder in folders]
    found = nearest_lock(folders[0])
    if found is not None:
        return found
    here = os.getcwd()
    below = os.path.commonpath([here, *folders]) == here
    return Path(here if below else folders[0]) / FILE_NAME


def run(request: LockRequest, resolver: Resolver | None = None) -> int:
    """Carry out *request*; *resolver* replaces the registries. Returns the exit code.

    0: done, or nothing moved; 1: ``--check`` found a difference; 2: something could not be read or asked for.
    """
    from ..registry.lock import Lock, LockError, load, refresh
    from .files import now

    if request.format not in ("text", "json"):
        return _complain(f"unknown format {request.format!r}; known formats: text, json")
    try:
        from ..registry.limits import Allowance

        references, problems = _references(request)
        before = load(request.lock_file) if request.lock_file.exists() else Lock()
        wanted = _selection(request, before, references)
        renew = request.update is not None
        allowance = Allowance()
        if resolver is None:
            with _client(request, allowance) as client:
                outcome = refresh(before, references, client, now(), wanted=wanted, prune=request.prune, renew=renew)
        else:
            outcome = refresh(before, references, resolver, now(), wanted=wanted, prune=request.prune, renew=renew)
        looked = _packages(request, outcome.lock, allowance)
        if not request.check:
            save(request.lock_file, outcome.lock if looked is None else looked.lock)
    except OSError as error:
        return _complain(f"{error.filename or request.lock_file}: cannot be read: {error.strerror or error}")
    except (InputError, LockError, ValueError) as error:
        return _complain(str(error))
    except ModuleNotFoundError as error:
        return _complain(f"asking registries needs {error.name}: install dockerslim-rewrite[registry]")
    _report(request, outcome, looked)
    unknown = dict(looked.failed) if looked is not None else {}
    for line in (*problems, *_told({**outcome.failed, **unknown})):
        _complain(line)
    if problems or outcome.failed:
        return USAGE
    moved = bool(outcome.moved) or (looked is not None and bool(looked.added or looked.gone))
    return MOVED if request.check and moved else DONE


def _told(failed: Mapping[str, str]) -> Iterator[str]:
    """A line for each that *failed*; one for all that did for the same reason."""
    by_reason: dict[str, list[str]] = {}
    for key, reason in failed.items():
        by_reason.setdefault(reason, []).append(key)
    for reason, keys in by_reason.items():
        more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
        yield f"{keys[0]}{more}: {reason}"


def _packages(request: LockRequest, lock: Lock, allowance: Allowance) -> PackagesOutcome | None:
    """What becomes of the lock's packages; None where they are not asked for. Raises ``ValueError``."""
    from ..registry.errors import RegistryError
    from .files import now
    from .lock_packages import asked_by, refreshed

    if not request.packages:
        return None
    asked = asked_by(_dockerfiles(request.paths), request.context)
    try:
        return refreshed(
            lock,
            asked,
            request.indexes,
            request.npm_registry,
            request.gem_index,
            now(),
            update=request.update == (),
            prune=request.prune,
            allowance=allowance,
        )
    except RegistryError as error:
        raise ValueError(str(error)) from None


def save(path: Path, lock: Lock) -> bool:
    """Write *lock* to *path* as Dockerfiles are written; False when the file says the same already.

    Raises ``InputError``.
    """
    from ..registry.lock import write_lock
    from .files import InputError, write_output

    text = write_lock(lock).encode()
    try:
        before = read_whole(path) if path.exists() else None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if before == text:
        return False
    write_output(str(path), text, before)
    return True


def _references(request: LockRequest) -> tuple[list[ImageReference], list[str]]:
    from ..ir.build import read_build
    from ..registry.bases import base_images
    from ..syntax import ParseError, parse
    from ..text import Source
    from .files import InputError, read_input

    references: list[ImageReference] = []
    problems: list[str] = []
    for path in _dockerfiles(request.paths):
        try:
            build = read_build(parse(Source.from_bytes(read_input(path), path)))
        except (InputError, ParseError) as error:
            problems.append(str(error) if isinstance(error, InputError) else f"{path}: {error}")
            continue
        for base in base_images(build, request.arguments):
            if base.reference is None:
                print(printable(f"{path}:{base.line}: {base.text} is not locked: {base.problem}"), file=sys.stderr)
            else:
                references.append(base.reference)
    return references, problems


def _dockerfiles(paths: tuple[str, ...]) -> Iterator[str]:
    """Files as named; in folders whatever is called Dockerfile, Dockerfile.* or *.Dockerfile."""
    for path in paths:
        if path == "-" or not os.path.isdir(path):
            yield path
            continue
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if name not in _SKIPPED)
            for name in sorted(files):
                lower = name.lower()
                if (
                    lower in ("dockerfile", "containerfile")
                    or lower.startswith("dockerfile.")
                    or lower.endswith(".dockerfile")
                ):
                    yield os.path.join(folder, name)


def _selection(request: LockRequest, lock: Lock, references: list[ImageReference]) -> Callable[[str], bool]:
    """Which locked references are asked for again. Raises ``ValueError`` for an image that nothing uses."""
    from ..ir.reference import parse
    from ..registry.lock import lockable, renewable

    if request.check:
        return lambda _: True
    if request.update is None:
        return lambda _: False
    if not request.update:
        return lambda _: True
    known = {*lock.entries, *(item.by_tag for item in references if lockable(item) or renewable(item))}
    chosen: set[str] = set()
    for image in request.update:
        reference = parse(image)
        exact = reference.tag is not None or reference.digest is not None
        matching = {
            key for key in known if key == reference.canonical or (not exact and parse(key).name == reference.name)
        }
        if not matching:
            raise ValueError(f"{image}: no Dockerfile here and no entry of the lock uses it")
        chosen |= matching
    return chosen.__contains__


def _client(request: LockRequest, allowance: Allowance) -> RegistryClient:
    from ..registry.client import Endpoints, RegistryClient
    from ..registry.credentials import load_credentials
    from ..registry.transport import Transport

    mirrors: dict[str, list[str]] = {}
    for item in request.mirrors:
        registry, equals, url = item.partition("=")
        if not equals or "/" in registry:
            registry, url = "docker.io", item
        if not url.startswith(("https://", "http://")) or not (url.isascii() and url.isprintable()):
            raise ValueError(f"a mirror is an address such as https://mirror.example.org, not {url!r}")
        mirrors.setdefault(registry, []).append(url.rstrip("/"))
    if request.ca_file is not None:
        # The library would wait for a pipe in a way that no signal ends.
        read_regular(request.ca_file, 0)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return RegistryClient(
        Transport(load_credentials(), ca_file=request.ca_file, allowance=allowance),
        Endpoints(mirrors, frozenset(request.insecure)),
        cache=Path(home) / "dockerslim-rewrite",
    )


def _report(request: LockRequest, outcome: Outcome, looked: PackagesOutcome | None) -> None:
    added = looked.added if looked is not None else ()
    gone = looked.gone if looked is not None else ()
    if request.format == "json":
        moved = [_as_json(item) for item in outcome.moved]
        for word, keys in (("after", added), ("before", gone)):
            moved += [{"package": key, "target": target, word: True} for target, key in keys]
        print(json.dumps(moved, indent=2))
        return
    for item in outcome.moved:
        print(printable(_sentence(item, checked=request.check)))
    for target, key in added:
        assert looked is not None
        entry = looked.lock.packages[target][key]
        said = "has to be compiled" if entry.compiled else "comes as an archive that needs no compiler"
        print(printable(f"{key} ({target}): {'not locked; it ' if request.check else ''}{said}"))
    for target, key in gone:
        print(printable(f"{key} ({target}): {'not used' if request.check else 'no longer used, removed'}"))
    if not outcome.moved and not outcome.failed and not added and not gone:
        nothing = f"{request.lock_file}: nothing moved, {len(outcome.lock.entries)} locked"
        print(printable(nothing), file=sys.stderr)


def _sentence(item: Moved, *, checked: bool) -> str:
    before, after = item.before, item.after
    if after is None:
        return f"{item.reference}: " + ("not used, or gone from its registry" if checked else "no longer used, removed")
    new = f"{after.tag} {after.digest[:_SHORT_DIGEST]}"
    if before is None:
        return f"{item.reference}: {'not locked; it is' if checked else 'locked to'} {new}"
    return f"{item.reference}: {before.tag} {before.digest[:_SHORT_DIGEST]} -> {new}"


def _as_json(item: Moved) -> dict[str, object]:
    def of(entry: LockEntry | None) -> object:
        if entry is None:
            return None
        return {"tag": entry.tag, "digest": entry.digest, "platforms": list(entry.platforms)}

    return {"reference": item.reference, "before": of(item.before), "after": of(item.after)}


def _complain(message: str) -> int:
    print(f"dockerslim: {printable(message)}", file=sys.stderr)
    return USAGE
