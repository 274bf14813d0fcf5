"""DS212: files that a RUN leaves in /tmp, and bytecode that nobody wants."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...analysis.bases import base_image, surely_root
from ...analysis.effects.asking import effects
from ...analysis.effects.reached import Ran
from ...analysis.facts import Facts, Use
from ...analysis.packages.cleanup import always_runs, append_to, appendable, mounted, removes
from ...analysis.shell.operations import Kind, unwrapped
from ...analysis.usage import Usage
from ...change import AddsOption, Change, DropsFiles, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Run
from ...knowledge.temporary import keeps_no_reference, left_behind
from ...patterns import re
from ...shell.arguments import split
from ...shell.edits import insert_after
from ...shell.script import Script, Simple
from ..base import Proposals, missed

_PATH = re.compile(r"/(?:var/)?tmp/[A-Za-z0-9_][A-Za-z0-9_.+@%-]*(?:/[A-Za-z0-9_.+@%-]+)*/?\Z")
_INTO = re.compile(r"(?:prefix|PREFIX|DESTDIR)[= ]?/(?:var/)?tmp")
_PIP = re.compile(r"pip(?![\w.-])")
_VALUES = {
    "curl": frozenset(("-o", "--output", "-H", "--header", "-A", "-u", "--user", "-d", "--data", "-X", "--retry")),
    "wget": frozenset(("-O", "--output-document", "-P", "--directory-prefix", "-U", "--header", "-t", "-T", "--tries")),
    "git": frozenset(("-b", "--branch", "--depth", "-c", "-C", "-o", "-j")),
    "tar": frozenset(("-C", "--directory", "-f", "--file", "--strip-components")),
    "unzip": frozenset(("-d", "-P")),
    "mkdir": frozenset(("-m", "--mode")),
}
_OUTPUTS = {
    "curl": ("-o", "--output"),
    "wget": ("-O", "--output-document", "-P", "--directory-prefix"),
    "tar": ("-C", "--directory"),
    "unzip": ("-d",),
}


def temporary_files(build: Build, facts: Facts) -> Proposals:
    """Remove what a RUN itself downloaded, unpacked or built below /tmp; write no bytecode where none is wanted.

    /tmp is part of the layer like every other folder: installers and source trees stay there for good.

    Only paths go that this RUN names, creates and reads (`curl -o`, `wget -O`, `git clone`, `tar -C`, `mkdir` to work
    in, known leavings of `pecl` and others), that no other step and nothing that the container starts names, and only
    where every command that follows
    in the RUN is known to keep no reference into /tmp. A folder that is only made there is for the container.
    `pip install --no-compile` is added where the file sets PYTHONDONTWRITEBYTECODE: it keeps Python from writing
    bytecode, but not pip. Where a container may start Python, that bytecode stays, for each start would compile the
    packages anew: where the stage or one on top of it says what starts, where a description of the repository starts
    or goes on from the image, and where the base is more than a distribution. Caches below ~/.cache belong to DS204 to
    DS207; what else is there (browsers, models, compilers) is what programs were told to install, so it stays. Source:
    Docker's "Building best practices"; the tools' manuals.
    """
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            continue
        for run in stage.runs:
            script = facts.script(run)
            if script is None:
                continue
            yield from _in_run(run, script, stage, build, facts)
            for use in facts.uses(run) if not _may_start(stage, build, facts) else ():
                yield from _no_bytecode(use, facts)


def _in_run(run: Run, script: Script, stage: Stage, build: Build, facts: Facts) -> Proposals:
    paths: list[str] = []
    sudo = False
    for path, command, known in _written(script):
        if path in paths or mounted(run, ("/tmp", "/var/tmp", path)) or _gone(path, script):
            continue
        if not known and (_named_elsewhere(path, run, build) or not _used(path, command, script)):
            continue
        if not known and _started_with(path, stage, facts):
            continue
        keeper = _keeper(path, command, script)
        if keeper is not None:
            yield missed(run.line, f"{path} stays in the layer: {keeper} may refer to it later")
            continue
        paths.append(path)
        sudo = sudo or command.name == "sudo"
    paths = [path for path in paths if not any(path != one and path.startswith(one + "/") for one in paths)]
    if not paths:
        return
    problem = appendable(run, facts)
    if problem is not None:
        yield missed(run.line, f"{', '.join(paths)} stays in the layer: {problem}")
        return
    sudo = sudo and not surely_root(run, build, facts, stage)
    text = f"{'sudo ' if sudo else ''}rm -rf {' '.join(paths)}"
    yield Change(
        edits=(append_to(run, facts, text),),
        title=f"remove {', '.join(paths)} where it was written",
        reason="this RUN put it into a temporary directory, and nothing after it names it",
        safety=Safety.AGGRESSIVE,
        claims=(DropsFiles(tuple(text.split()), tuple(paths)),),
        line=run.line,
    )


def _written(script: Script) -> Iterator[tuple[str, Simple, bool]]:
    """Paths below /tmp that commands of *script* surely create, the command, and whether it is known to leave them."""
    entered = {command.argv[1] for command in script.commands if command.name == "cd" and len(command.words) == 2}
    for command in script.commands:
        argv = _proper(command)
        left, outputs = left_behind(argv), _outputs(argv)
        if not (left or outputs) or not always_runs(script, command):
            continue
        for path in left:
            yield path, command, True
        for path in outputs:
            if posixpath.basename(argv[0] or "") != "mkdir" or path in entered or path.rstrip("/") in entered:
                yield path.rstrip("/"), command, False


def _proper(command: Simple) -> tuple[str | None, ...]:
    """The words of *command* behind sudo and its like."""
    return command.argv[unwrapped(command.argv) :] if command.words else ()


def _outputs(argv: tuple[str | None, ...]) -> list[str]:
    name = posixpath.basename(argv[0] or "") if argv else ""
    if name not in _VALUES:
        return []
    arguments = split(argv, 1, _VALUES[name])
    found = [flag.value for flag in arguments.flags if flag.name in _OUTPUTS.get(name, ())]
    operands = [argv[index] for index in arguments.operands]
    if name == "mkdir":
        found += operands
    elif name == "git" and operands[:1] == ["clone"] and len(operands) == 3:
        found.append(operands[2])
    return [path for path in found if path and _PATH.match(path) and ".." not in path]


def _gone(path: str, script: Script) -> bool:
    """Whether the RUN removes or moves *path* itself, or may do so."""
    for command in script.commands:
        argv = _proper(command)
        if removes(command, path) or removes(command, path + "/x"):
            return True
        if argv[:1] in (("mv",), ("rm",), ("rmdir",), ("find",)) and any("tmp" in (word or "tmp") for word in argv):
            return True
    return False


def _named_elsewhere(path: str, run: Run, build: Build) -> bool:
    """Whether any other step names *path*, its last part, or /tmp as a whole."""
    name = posixpath.basename(path)
    whole = re.compile(r"/tmp(?:/?(?![A-Za-z0-9_./-])|/?\*|/\.(?![A-Za-z0-9_]))")
    texts = [step.origin.text for step in build if step is not run]
    return any(name in text or whole.search(text) for text in texts)


def _used(path: str, first: Simple, script: Script) -> bool:
    """Whether a command behind *first* names *path*: what nothing here reads was put there for something else."""
    name = posixpath.basename(path)
    later = (command for command in script.commands if command.span.start > first.span.start)
    return any(name in script.text[command.span.start : command.span.end] for command in later)


def _started_with(path: str, stage: Stage, facts: Facts) -> bool:
    """Whether what a container of *stage* starts names *path*."""
    name = posixpath.basename(path)
    reached = effects(facts).of_start(stage)
    return any(name in (word or "") for one in reached if isinstance(one, Ran) for word in one.argv)


def _keeper(path: str, first: Simple, script: Script) -> str | None:
    """A command from *first* on that may make something that refers to *path*; None when there is none."""
    known = path in left_behind(_proper(first))
    for command in script.commands:
        if command.span.start < first.span.start or not command.words:
            continue
        argv = _proper(command)
        name = argv[0] if argv else None
        if path in left_behind(argv) or (known and not any("/tmp" in (word or "") for word in argv)):
            continue
        if name == path or (name in ("sh", "bash") and argv[1:2] == (path,)):
            continue
        inside = any(word is not None and _INTO.search(word) for word in argv)
        if name is None or inside or not keeps_no_reference(name):
            return command.words[0].text
    return None


def _may_start(stage: Stage, build: Build, facts: Facts) -> bool:
    """Whether a container that holds what *stage* installs may start something: itself, by what the repository says of
    it, or by its base image, which `python` is for.
    """
    starting = facts.recall("stages that start something", None, lambda: _starting(build, facts))
    graph = facts.graph
    if not starting.isdisjoint(graph.chain(stage.index)) or not starting.isdisjoint(graph.heirs(stage.index)):
        return True
    usage = facts.project.usage if facts.project is not None else Usage()
    if usage.heirs or usage.workflows or usage.by_hand or any(one.starts or one.checks for one in usage.containers):
        return True
    image = base_image(build, facts, stage)
    return image is None or image.distribution != image.name


def _starting(build: Build, facts: Facts) -> frozenset[int]:
    """The stages of *build*, by index, that say or bring what a container starts."""
    return frozenset(
        one.index
        for one in build.stages
        if any(isinstance(step, Exec) for step in one.steps) or effects(facts).of_start(one)
    )


def _no_bytecode(use: Use, facts: Facts) -> Proposals:
    found = use.operation
    named = [use.command.words[at].text for at in found.operands]
    if any(_PIP.match(word) for word in named):
        # What it installs next would be installed by a pip that is compiled each time.
        return
    if found.manager.name != "pip" or found.kind is not Kind.INSTALL:
        return
    if not facts.state(use.run).env.get("PYTHONDONTWRITEBYTECODE") or found.has_flag("--no-compile", "--compile"):
        return
    body, words = use.run.body, use.command.words
    assert body is not None
    yield Change(
        edits=(insert_after(body.logical, words[found.verb].span.end, " --no-compile"),),
        title="pip install --no-compile",
        reason="PYTHONDONTWRITEBYTECODE says that no bytecode is wanted, but pip writes it all the same; without it "
        "each start of Python compiles what it imports",
        safety=Safety.AGGRESSIVE,
        claims=(AddsOption(tuple(word.text for word in words[found.command : found.verb + 1]), ("--no-compile",)),),
        line=use.run.line,
    )
