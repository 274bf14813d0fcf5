"""A .dockerignore written or extended from what the context holds and the Dockerfile needs."""

from __future__ import annotations

import posixpath

from ..analysis.flow.state import expand, states
from ..analysis.project import Classified, FileRole, Project
from ..analysis.shell.operations import operation, unwrapped
from ..ir.build import Build
from ..ir.steps import Copy, Onbuild, Run
from ..knowledge.project_files import reads_environment_files, role_names
from ..patterns import re
from ..record import record
from ..shell.script import Script
from ..text.paths import matches
from .dockerignore import Dockerignore, DockerignoreError, read_dockerignore

#: Names of files that name others: sources, scripts and settings.
_TEXTS = re.compile(
    r".*\.(?:py|[jt]sx?|[mc][jt]s|vue|svelte|rb|ru|rake|php|go|java|kts?|scala|groovy|gradle|sh|bash|toml|ya?ml|json5?|cfg|ini"
    r"|rs|[ch]|cc|cpp|cs|fs|(?:cs|fs|vb|vcx)proj|props|exs?|erl|pl|pm|lua|swift|conf|cnf|config|properties|xml|txt|mk|tf|service|tmpl|j2)\Z"
    r"|(?:\.?(?:npm|yarn|curl|wget|net|gem|mav|pip|bun)rc|pip\.conf|Procfile(?:\.\w+)?|Makefile|Gemfile|Pipfile|Rakefile"
    r"|Caddyfile|Jenkinsfile|justfile|go\.mod)\Z"
)
#: What asks for version control data while building.
_ASKS_VCS = re.compile(
    r"\bgit\b|\bhg\b|\bsvn\b|setuptools[_-]scm|versioneer|hatch-vcs|pbr\b|vergen|gitversion|nbgv|dunamai|git-commit-id",
    re.I,
)
_VCS = re.compile(r"(?<![.\w-])git\b(?![-.]|\s+(?:clone|config)\b)|(?<!\w)\.git\b|\bhg\b|\bsvn\b|-buildvcs")
#: Says where the sources are, not that the build looks at their history.
_WHERE = re.compile(r"https?://\S+|git\+\S+|\"repository\"\s*:\s*(?:\{[^{}]*\}|\"[^\"]*\")")
_INSTALLS = {
    FileRole.DEPENDENCIES: re.compile(
        r"\b(?:npm|yarn|pnpm|bun)\b[^&|;\n]*?(?:\b(?:ci|install|i|add)\b)|\byarn\b\s*(?:&&|$)", re.M
    ),
    FileRole.ENVIRONMENT: re.compile(r"\b(?:pip3?|poetry|uv|pipenv|conda)\b"),
}
_WRITTEN = frozenset(
    (
        FileRole.VERSION_CONTROL, FileRole.DEPENDENCIES, FileRole.ENVIRONMENT, FileRole.CACHE, FileRole.DEVELOPMENT,
        FileRole.TEST, FileRole.SECRET,
    )
)  # fmt: skip


@record
class IgnoreFile:
    """The text of a .dockerignore as it should be, ``before`` as it is (None: there is none), and what it keeps out."""

    text: str
    before: str | None
    items: tuple[Classified, ...]

    @property
    def files(self) -> int:
        """How many files a build is no longer sent."""
        return sum(item.files for item in self.items)

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(item.size for item in self.items)


def ignore_file(build: Build, project: Project) -> IgnoreFile | None:
    """The .dockerignore that *project* should have for *build*; None where it is good as it is, or not to be known.

    What the build is not sent anyway needs no line. Nothing is kept out that a COPY or ADD names, that a bind mount
    reads, or that the build asks for. Secrets that the project's own files name stay, too: the program may need them.
    """
    before = project.ignore_text
    if not project.complete or project.missing(build) or (before is None and project.ignore_path is not None):
        return None
    try:
        old = read_dockerignore(before or "")
    except DockerignoreError:
        return None
    named = named_paths(build)
    items = [
        item
        for item in project.classified
        if any(_sends(path, item) for path in named) and _may_go(item, build, project, named, old)
    ]
    # Development files alone, the Dockerfile mostly, are no reason to write a file.
    if all(item.role is FileRole.DEVELOPMENT for item in items):
        return None
    text = _text(items, before)
    try:
        new = read_dockerignore(text)
    except DockerignoreError:
        # With these lines it would hold more patterns than are followed.
        return None
    gone = [file.path for file in project.files if new.excludes(file.path)]
    kept = {item.path for item in items}
    if any(not _belongs(path, kept) for path in gone) or any(new.excludes(path) for path in named if path):
        return None
    return IgnoreFile(text, before, tuple(items))


def named_paths(build: Build) -> set[str]:
    """The context paths that the build names, patterns among them: sources of COPY and ADD, and of bind mounts.

    The whole context is the empty path; a variable that is not known stays as it is written.
    """
    found: set[str] = set()
    known = states(build)
    for stage in build.stages:
        for step in stage.steps:
            state = known[step.index]
            if isinstance(step, Onbuild):
                step = step.trigger or step
            if isinstance(step, Copy) and step.origin.flag("from") is None and not step.origin.heredocs:
                for source in step.sources:
                    found.add(posixpath.normpath("/" + (expand(source, state) or source)).lstrip("/"))
            elif isinstance(step, Run):
                found |= {posixpath.normpath("/" + source).lstrip("/") for source in step.bound}
    return found


def _sends(path: str, item: Classified) -> bool:
    """Whether a build that names *path* is sent *item*: BuildKit takes what a COPY, an ADD or a mount names, no more.

    Source: BuildKit, dockerfile2llb, ``FollowPaths`` of the build context.
    """
    pattern = re.search(r"[*?\[$]", path)
    folder = path if pattern is None else posixpath.dirname(path[: pattern.start()])
    return folder == "" or f"{item.path}/".startswith(f"{folder}/") or folder.startswith(f"{item.path}/")


def _may_go(item: Classified, build: Build, project: Project, named: set[str], old: Dockerignore) -> bool:
    """Whether the build needs nothing of *item*."""
    if item.role not in _WRITTEN or any(pattern.exception and _meets(pattern.text, item) for pattern in old.patterns):
        return False
    for path in named:
        if path == item.path or path.startswith(item.path + "/") or matches(item.path, path):
            return False
    commands = "\n".join(run.origin.args for stage in build.stages for run in stage.runs)
    name = posixpath.basename(item.path)
    if item.role is FileRole.VERSION_CONTROL:
        # Whoever keeps out parts of it wants the rest.
        parted = any(pattern.text.strip("/").startswith(f"{item.path}/") for pattern in old.patterns)
        return not parted and not _asks_for_vcs(build, commands, project)
    if item.role in _INSTALLS:
        return bool(_INSTALLS[item.role].search(commands))
    if item.role is FileRole.SECRET:
        # Whoever copies a folder by its name chose what is in it, and a framework may read such files by itself.
        if any(path and item.path.startswith(f"{path}/") for path in named):
            return False
        said = "\n".join(step.origin.args for stage in build.stages for step in stage.steps)
        by_itself = name.startswith(".env") and reads_environment_files("", said)
        return not by_itself and name not in said and not _is_named(name, project)
    return name not in commands


def _meets(pattern: str, item: Classified) -> bool:
    return item.path.startswith(pattern.rstrip("*").rstrip("/")) or pattern.startswith(item.path)


def _runs_vcs(run: Run) -> bool:
    """Whether *run* may ask version control for something; to install it, or to fetch other sources, is not to ask."""
    script = run.body.script if run.body is not None else None
    if not isinstance(script, Script):
        return bool(_VCS.search(run.origin.args))
    for command in script.commands:
        words = [word.text for word in command.words[unwrapped(command.argv) :]]
        if words and operation(command.argv) is None and _VCS.search(" ".join(words)):
            return True
    return False


def _asks_for_vcs(build: Build, commands: str, project: Project) -> bool:
    if any(_runs_vcs(run) for stage in build.stages for run in stage.runs):
        return True
    builds_go = re.search(r"\bgo\s+(?:build|install)\b", commands) is not None and "-buildvcs=false" not in commands
    names = (
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "package.json",
        "pom.xml",
        "build.gradle",
        "Cargo.toml",
        "Makefile",
    )
    if builds_go:
        return True
    # Files stay as they are while somebody types, and are the same for each of the texts on the way to the result.
    return project.recall("asks for version control", lambda: _texts_ask_for_vcs(project, names))


def _texts_ask_for_vcs(project: Project, names: tuple[str, ...]) -> bool:
    # What lies in folders of others, as node_modules, is built already.
    foreign = tuple(f"{item.path}/" for item in project.classified if item.folder and item.role in _INSTALLS)
    own = (file.path for file in project.files if not file.path.startswith(foreign))
    texts = (project.text(path) or "" for path in own if posixpath.basename(path) in names)
    return any(_ASKS_VCS.search(_WHERE.sub("", text)) for text in texts)


def _is_named(name: str, project: Project) -> bool:
    """Whether a text of the project names the file *name*, or loads such files by itself."""
    return project.recall(("named in texts", name), lambda: _finds_name(name, project))


def _finds_name(name: str, project: Project) -> bool:
    mention = re.compile(rf"(?<![\w)\]]){re.escape(name)}(?![\w-])")
    for path in project.recall("texts that name files", lambda: _naming(project)):
        text = project.text(path)
        # Looked for as plain text first: few texts hold the name at all.
        if text is None or (name in text and mention.search(text)):
            return True
        if name.startswith(".env") and _reads_environment(path, text, project):
            return True
    return False


def _naming(project: Project) -> tuple[str, ...]:
    return tuple(file.path for file in project.files if _TEXTS.match(posixpath.basename(file.path)))


def _reads_environment(path: str, text: str, project: Project) -> bool:
    name = posixpath.basename(path)
    return project.recall(("reads environment files", path), lambda: reads_environment_files(name, text))


def _belongs(path: str, kept: set[str]) -> bool:
    return path in kept or any(path.startswith(folder + "/") for folder in kept)


def _text(items: list[Classified], before: str | None) -> str:
    """The text of the file: what is there, and a commented section for each reason."""
    newline = "\r\n" if before and "\r\n" in before else "\n"
    lines: list[str] = []
    for names in role_names():
        found = dict.fromkeys(item.pattern for item in items if item.role.name == names.role)
        if found:
            lines += ["", f"# {names.why}", *found] if lines else [f"# {names.why}", *found]
    section = newline.join(lines) + newline
    if not before:
        return section
    return before + ("" if before.endswith("\n") else newline) + newline + section
