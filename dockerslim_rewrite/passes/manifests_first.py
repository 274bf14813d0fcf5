"""DS701: what installations read is copied before the rest of the project."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from ..analysis.destinations import destination
from ..analysis.facts import Facts
from ..analysis.project import Manifest, ManifestRole, Project
from ..change import Change, CopiesFirst, Safety
from ..ir.build import Build, Stage
from ..ir.steps import Copy, Env, Label, Listing, Run, Step, Value
from ..shell.script import Simple
from ..text import Edit, Span
from .base import Proposals, missed, rewrite_pass

_SYSTEM = frozenset(("apt-get", "apt", "apk", "yum", "dnf", "microdnf", "zypper"))
_LOCAL = re.compile(r"\.{0,2}/|\.\Z|\.\.\Z|file:|.*\.(?:whl|tar\.gz|tgz|zip|gem)\Z")
_NAME = re.compile(r"[A-Za-z0-9@][A-Za-z0-9_.@/+~^<>=!,\[\]:-]*\Z")
_VALUED = frozenset(("-i", "--index-url", "--extra-index-url", "--trusted-host", "--timeout", "--retries"))
_PLAIN = re.compile(r"[A-Za-z0-9_.@+-]+\Z")
#: Files beside package.json and its like that installing reads where they are there; what must not be there.
_BESIDE = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json", ".npmrc"),
    "yarn": ("yarn.lock", ".yarnrc", ".npmrc"),
    "pnpm": ("pnpm-lock.yaml", ".npmrc"),
    "go": ("go.sum",),
    "bundle": ("Gemfile.lock",),
}
_FIRST = {"npm": "package.json", "yarn": "package.json", "pnpm": "package.json", "go": "go.mod", "bundle": "Gemfile"}
_VERBS = {
    "npm": frozenset(("ci", "install", "i")),
    "yarn": frozenset(("install",)),
    "pnpm": frozenset(("install", "i")),
    "bundle": frozenset(("install",)),
}
#: What installing makes in the project: if the context brings it along, copying it later undoes the installation.
_MADE = {
    "npm": ("node_modules",),
    "yarn": ("node_modules", ".yarn", ".yarnrc.yml", ".pnp.cjs"),
    "pnpm": ("node_modules", ".pnpm-store", "pnpm-workspace.yaml"),
    "go": ("vendor", "go.work"),
    "bundle": ("vendor", ".bundle"),
}


class _Obstacle(Exception):
    """Why the rest of the project cannot be copied later."""


@rewrite_pass("DS701", "manifests-first", Safety.STANDARD, mentions=("copy", "add"))
def manifests_first(build: Build, facts: Facts) -> Proposals:
    """Copy what an installation reads, install, and copy the rest of the project then.

    With `COPY . .` before the installation, every edit of a source file makes the next build install all dependencies
    again. If only the manifest and lock files come first, the installation stays in the build cache until they change.

    Safe because the build context shows which files these are, and that nothing else of the project is needed: no
    `-e .`, no local paths, no `file:` links, no workspaces, no scripts that run while installing. Nothing that the
    installation makes in the project's folder (`node_modules`) may come with the context, where it would take its
    place. Between the two copies stand only installations and metadata. Source: Docker documentation, "Optimize cache
    usage in builds"; the managers' own references.
    """
    for stage in build.stages:
        for copy in stage.steps:
            if isinstance(copy, Copy) and _is_whole(copy):
                yield from _one(copy, stage, build, facts)


def _is_whole(copy: Copy) -> bool:
    flags = {flag.name for flag in copy.origin.flags}
    whole = copy.sources in ((".",), ("./",)) and copy.origin.json is None
    whole = whole and not copy.origin.heredocs and not copy.origin.comments
    return whole and not flags & {"from", "exclude", "parents"} and "$" not in copy.destination


def _one(copy: Copy, stage: Stage, build: Build, facts: Facts) -> Proposals:
    target = destination(copy, facts.state(copy))
    runs = _following(copy, stage)
    wanted = [run for run in runs if isinstance(run, Run) and _mentions(run, facts)]
    if target is None or not wanted:
        return
    project = facts.project
    if project is None or project.missing(build):
        reason = "all of the project is copied before its dependencies are installed, so that every edit installs them"
        yield missed("DS701", copy.line, f"{reason} again; its build context (--context) could tell what they need")
        return
    try:
        sources, last = _needed(copy, runs, target, project, facts)
    except _Obstacle as obstacle:
        yield missed("DS701", copy.line, f"dependencies are not installed before the project is copied: {obstacle}")
        return
    if last is None or not sources:
        return
    again = copy.origin.text.rstrip("\r\n")
    newline = facts.style.newline
    folder = copy.destination.rstrip("/") + "/"
    words = copy.origin.args_logical
    span = Span(words.before(0), words.after(len(copy.origin.args)))
    at = last.origin.span.end
    prefix = "" if build.text[at - 1 : at] == "\n" else newline
    suffix = newline if build.text[at - 1 : at] == "\n" else ""
    yield Change(
        rule="DS701",
        edits=(Edit(span, f"{' '.join(sources)} {folder}"), Edit.insert(at, f"{prefix}{again}{suffix}")),
        title=f"{', '.join(sources)} copied first, the rest behind the installation on line {last.line}",
        reason="an edit of the project's code leaves the installed dependencies in the build cache",
        safety=Safety.STANDARD,
        claims=(CopiesFirst(tuple(sources), folder),),
        line=copy.line,
        evidence=tuple(sources),
    )


def _following(copy: Copy, stage: Stage) -> list[Step]:
    """The steps behind *copy* up to the first that neither installs nor is metadata."""
    found: list[Step] = []
    for step in stage.steps:
        if step.index <= copy.index:
            continue
        value = isinstance(step, Value) and step.keyword in ("WORKDIR", "STOPSIGNAL")
        if not (value or isinstance(step, Run | Env | Label | Listing)):
            break
        found.append(step)
    return found


def _commands(run: Run, facts: Facts) -> tuple[Simple, ...]:
    script = facts.script(run)
    return script.commands if script is not None else ()


def _mentions(run: Run, facts: Facts) -> bool:
    """Whether *run* seems to install what a manifest lists."""
    for command in _commands(run, facts):
        words = _unwrapped([word or "" for word in command.argv])
        if words[:2] in (["pip", "install"], ["pip3", "install"]) and any(
            word.startswith(("-r", "--req")) for word in words
        ):
            return True
        if words and words[0] in _FIRST and (set(words[1:3]) & _VERBS.get(words[0], frozenset(("download",)))):
            return not {"-g", "--global"} & set(words)
        if words == ["yarn"]:
            return True
    return False


def _unwrapped(words: list[str]) -> list[str]:
    return words[2:] if words[:1] in (["python"], ["python3"]) and words[1:3] == ["-m", "pip"] else words


def _needed(
    copy: Copy, steps: Sequence[Step], target: str, project: Project, facts: Facts
) -> tuple[list[str], Run | None]:
    """The files that the installations of *steps* read, and the last RUN that reads them."""
    sources: list[str] = []
    last: Run | None = None
    for step in steps:
        if not isinstance(step, Run):
            continue
        found: list[str] = []
        try:
            if any(name == "mount" and "bind" in (value or "bind") for name, value in step.flags):
                raise _Obstacle(f"line {step.line} mounts files")
            commands = _commands(step, facts)
            if not commands:
                raise _Obstacle(f"line {step.line} cannot be read")
            for command in commands:
                found += _read_by(command, facts.state(step).workdir, target, project)
        except _Obstacle:
            if last is not None and not _mentions(step, facts):
                break
            raise
        if found:
            sources += [name for name in found if name not in sources]
            last = step
    return sources, last


def _read_by(command: Simple, cwd: str | None, target: str, project: Project) -> list[str]:
    """The files of the project that *command* reads. Raises ``_Obstacle`` for one that may read more."""
    argv = command.argv
    if command.redirects or None in argv or command.nested:
        raise _Obstacle(f"{argv[0] or 'a command'} may read or write more")
    words = _unwrapped([word or "" for word in argv])
    if not words:
        raise _Obstacle("an assignment stands between")
    if words[0] == "rm" and all(word.startswith(("-", "/var/", "/tmp/", "/root/.cache")) for word in words[1:]):
        return []
    if words[0] == "set" or words[0] in _SYSTEM:
        if any(_LOCAL.match(word) for word in words[1:]):
            raise _Obstacle(f"{words[0]} installs a local file")
        return []
    if words[0] in ("pip", "pip3"):
        return list(_pip(words, cwd, target, project))
    return _managed(words, cwd, target, project)


def _pip(words: list[str], cwd: str | None, target: str, project: Project) -> Iterator[str]:
    if words[1:2] != ["install"]:
        raise _Obstacle(f"{' '.join(words[:2])} is no installation")
    rest = iter(words[2:])
    for word in rest:
        if word in ("-r", "--requirement", "-c", "--constraint"):
            path = _inside(next(rest, ""), cwd, target)
            yield from _with_needs(path, project)
        elif word in _VALUED:
            next(rest, "")
        elif word.startswith(
            ("-r", "--requirement=", "-c", "--constraint=", "-e", "--editable", "-f", "--find-links", "-t")
        ):
            raise _Obstacle(f"pip {word} reads the project")
        elif not word.startswith("-") and (not _NAME.match(word) or _LOCAL.match(word)):
            raise _Obstacle(f"pip installs {word}")


def _inside(path: str, cwd: str | None, target: str) -> str:
    """The context path of a file that a command names. Raises ``_Obstacle`` for one in another folder."""
    if not path.startswith("/") and cwd is None:
        raise _Obstacle(f"no WORKDIR says where {path} is")
    full = posixpath.normpath(posixpath.join(cwd or "/", path))
    if posixpath.dirname(full) != target or not _PLAIN.match(posixpath.basename(full)):
        raise _Obstacle(f"{path} is not in the folder that is copied")
    return posixpath.basename(full)


def _with_needs(path: str, project: Project) -> Iterator[str]:
    manifest = _manifest(path, project)
    if manifest.obstacles:
        raise _Obstacle(manifest.obstacles[0])
    for need in (path, *manifest.needs):
        if "/" in need:
            raise _Obstacle(f"{path} reads {need}, which is in another folder")
        yield need


def _manifest(path: str, project: Project) -> Manifest:
    found = next((one for one in project.manifests if one.path == path and one.role is ManifestRole.MANIFEST), None)
    if found is None:
        raise _Obstacle(f"{path} is not known as a manifest")
    return found


def _managed(words: list[str], cwd: str | None, target: str, project: Project) -> list[str]:
    name = words[0]
    operands = [word for word in words[1:] if not word.startswith("-")]
    if name == "npm" and {"-g", "--global"} & set(words):
        if any(_LOCAL.match(word) for word in operands):
            raise _Obstacle("npm installs a local file")
        return []
    downloads = name == "go" and words[1:3] == ["mod", "download"] and len(operands) == 2
    installs = len(operands) == 1 and operands[0] in _VERBS.get(name, ())
    if not (downloads or installs or words == ["yarn"]):
        raise _Obstacle(f"{' '.join(words[:3])} may need all of the project")
    if any(re.match(r"--(?:prefix|cwd|dir|gemfile|working-dir)", word) for word in words):
        raise _Obstacle(f"{name} installs in another folder")
    if cwd is None or posixpath.normpath(cwd) != target:
        raise _Obstacle(f"{name} does not run in the folder that is copied")
    first = _FIRST[name]
    if not project.holds(first):
        raise _Obstacle(f"{first} is not in the context")
    for made in _MADE[name]:
        if project.holds(made) is not False:
            raise _Obstacle(f"the context holds {made}, which would take the place of what is installed")
    return [*_with_needs(first, project), *(file for file in _BESIDE[name] if project.holds(file))]
