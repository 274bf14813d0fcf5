"""What a build leaves in the home folder of the user who runs it: one analysis for users, splits and caches."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.home import Fills, fills_under, home_hints, image_sets
from ...record import record
from ...shell.reader import read_script
from ...shell.script import Script, Simple
from ...text.paths import within
from ..bases import base_image
from ..effects.cache_users import links_into_cache
from ..facts import Facts
from ..flow.start import start_of
from ..project import WriteKind
from ..shell.operations import Kind
from .uv_python import python_of_its_own

_MANIFESTS = ("package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml")
#: Doubts about scripts that nobody could read, as opposed to programs of the image.
_SCRIPTS = ("the script ", "the shell script ", "an interactive shell ")
_NODE = frozenset(("npm", "yarn", "pnpm"))


@record
class HomeUse:
    """Something in the home folder: why, and in which line. It is of use to programs only if ``runtime``."""

    reason: str
    line: int
    runtime: bool


def home_uses(build: Build, facts: Facts, stages: Sequence[int]) -> Iterator[HomeUse]:
    """What the RUNs of *stages* leave in the home folder, as far as commands, manifests and scripts tell."""
    starts = _started(build, facts)
    by_line: dict[int, Sequence[Fills]] = {}
    for index in stages:
        image = base_image(build, facts, build.stages[index])
        sets = image_sets(image.name if image is not None else None)
        for run in build.stages[index].runs:
            possible = fills_under(sets, facts.state(run).env)
            by_line[run.line] = [one for one in possible if not one.started]
            known = [one for one in possible if not one.started or any(_word(name, starts) for name in one.started)]
            script = facts.script(run)
            for command in script.commands if script is not None else ():
                yield from _commanded(command, script, run, known)
            yield from _installed(run, facts, known)
            own = python_of_its_own(run, build.stages[index], build, facts)
            if own is not None:
                yield HomeUse(own, run.line, runtime=True)
    if facts.project is None:
        return
    for line, behaviour in facts.project.built(build):
        if line not in by_line:
            continue
        for text in behaviour.commands:
            yield from _followed(text, line, by_line[line])
        for write in behaviour.writes:
            if write.kind is WriteKind.REMOVAL or write.folder is None:
                continue
            if write.folder == "~" or within(write.folder, "/root"):
                why = f"line {line} runs code that may write {write.written} into the home directory"
                yield HomeUse(why, line, runtime=True)
        for doubt in behaviour.doubts:
            if doubt.blind and doubt.reason.startswith(_SCRIPTS):
                why = f"line {line} runs a script that may fill the home directory: {doubt.reason}"
                yield HomeUse(why, line, runtime=False)


def _followed(text: str, line: int, known: Sequence[Fills]) -> Iterator[HomeUse]:
    """What of *known* a command of a script leaves in the home folder that the RUN on *line* starts."""
    matching = [one for one in known if one.commands.search(text)]
    if not matching:
        return
    script = read_script(text)
    first = next(iter(script.commands), None) if isinstance(script, Script) else None
    assigned = first.assignments if first is not None else ()
    given = {word.text.partition("=")[0]: word.text.partition("=")[2] for word in assigned}
    name = (posixpath.basename(first.argv[0] or "") if first is not None and first.argv else "") or "a command"
    for one in matching:
        if not one.avoided(given):
            yield HomeUse(f"{name} puts {one.what} into the home directory", line, one.runtime)


def in_home(stage: Stage, build: Build, facts: Facts) -> str | None:
    """Why something that the program of *stage* needs may be in the home folder; None where nothing says so."""
    found = next((one for one in home_uses(build, facts, (stage.index,)) if one.runtime), None)
    return found.reason if found is not None else _hinted(stage, facts)


def _commanded(command: Simple, script: Script | None, run: Run, known: list[Fills]) -> Iterator[HomeUse]:
    text = script.text[command.span.start : command.span.end] if script is not None else ""
    name = posixpath.basename(command.argv[0] or "") if command.argv else ""
    given = {word.text.partition("=")[0]: word.text.partition("=")[2] for word in command.assignments}
    if name in ("rm", "rmdir", "ls", "du", "echo", "export", "cat", "apt-get", "apk") and not command.redirects:
        return
    for one in known:
        if one.commands.search(text) and not one.avoided(given):
            yield HomeUse(f"{name or 'a command'} puts {one.what} into the home directory", run.line, one.runtime)


def _installed(run: Run, facts: Facts, known: list[Fills]) -> Iterator[HomeUse]:
    managers = {use.operation.manager.name for use in facts.uses(run)}
    for one in known:
        if one.settings is not None and managers & one.managers:
            file = next((name for name in one.files if _says(name, one, facts)), None)
            if file is not None:
                yield HomeUse(f"{file} puts {one.what} into the home directory", run.line, one.runtime)
    for use in facts.uses(run):
        linked = links_into_cache(use, facts) if use.operation.kind is Kind.INSTALL else None
        if linked is not None and any(path.startswith("~") for path in use.operation.manager.paths):
            yield HomeUse(f"{linked}, and the cache is in the home directory", run.line, runtime=True)
    uses = [use for use in facts.uses(run) if use.operation.manager.name in _NODE]
    if not uses:
        return
    words = {re.sub(r"(?<=.)@.*", "", word) for use in uses for word in use.command.argv if word}
    for one in known:
        name = next((name for name in one.node if name in words or _in_manifests(name, facts)), None)
        if name is not None and not any("--ignore-scripts" in use.command.argv for use in uses):
            yield HomeUse(f"{name} may have put {one.what} into the home directory", run.line, one.runtime)


def _says(name: str, one: Fills, facts: Facts) -> bool:
    """Whether the file *name* of the project has a setting by which *one* is put into the home folder."""
    project = facts.project
    if project is None or one.settings is None:
        return False
    paths = [file.path for file in project.files if posixpath.basename(file.path) == name]
    texts = [project.text(path) or "" for path in paths if "node_modules/" not in path]
    return any(one.settings.search(text) for text in texts)


def _in_manifests(name: str, facts: Facts) -> bool:
    """Whether a manifest or lock file of the project names the package *name*: asked for each RUN, read once."""
    return facts.recall("packages in manifests", name, lambda: any(_listed(name, text) for text in _manifests(facts)))


def _listed(name: str, text: str) -> bool:
    """Whether a manifest or lock file of Node.js names the package *name*."""
    # Lock files are long, and most names are in none.
    return name in text and re.search(rf"(?:[\"/]|^){re.escape(name)}(?:[\"@/(]|:\s)", text, re.M) is not None


def _manifests(facts: Facts) -> Iterator[str]:
    """The texts of the manifests and lock files of the project in the build context."""
    for file in facts.project.files if facts.project is not None else ():
        if file.path.endswith(_MANIFESTS) and "node_modules/" not in file.path and facts.project is not None:
            yield facts.project.text(file.path) or ""


def _started(build: Build, facts: Facts) -> str:
    """What the container starts: its commands, and the scripts that they run as far as the context holds them."""
    text = "\n".join(step.origin.args for step in start_of(build) if step is not None)
    if facts.project is not None:
        followed = facts.project.behaviour(build).followed
        read = (facts.project.text(path) or "" for path in followed if path.endswith((".sh", "package.json")))
        text += "\n".join(read)
    return text


def _word(name: str, text: str) -> bool:
    return name in text and re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w-])(?!@)", text) is not None


def _hinted(stage: Stage, facts: Facts) -> str | None:
    """What else lets one think that programs of Node.js find something in the home folder."""
    libraries, yarn = home_hints()
    uses = [use for run in stage.runs for use in facts.uses(run)]
    managers = {use.operation.manager.name for use in uses}
    if not managers & _NODE:
        return None
    words = {word for use in uses for word in use.command.argv if word}
    library = next((one for one in sorted(libraries) if one in words), None)
    if library is not None:
        return f"{library} is for a browser, which may be in the home directory"
    text = "\n".join(step.origin.text for step in stage.steps)
    if "yarn" in managers and (word := next((one for one in yarn if one in text), None)) is not None:
        settings = (facts.project.text(".yarnrc.yml") if facts.project is not None else None) or ""
        if "nodeLinker: node-modules" not in settings:
            return f"Yarn may keep packages in the home directory, as {word} suggests"
    return None
