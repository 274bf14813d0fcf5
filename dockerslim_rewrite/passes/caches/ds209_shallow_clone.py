"""DS209: git repositories that are cloned with all of their history."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...analysis.bases import surely_root
from ...analysis.deleted import deletes
from ...analysis.effects.checkouts import checkout
from ...analysis.effects.wrappers import shebang
from ...analysis.facts import Facts
from ...analysis.flow.state import stage_state
from ...analysis.packages.cleanup import always_runs, append_to, appendable
from ...analysis.shell.operations import command_names, operation, unwrapped
from ...change import AddsOption, Change, DropsFiles, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Exec, Listing, Onbuild, Run
from ...knowledge.vcs import clone_values, harmless_git, ignores_repository, kept_current, needs_history
from ...patterns import re
from ...render.fragments import fragment
from ...shell.arguments import Arguments, split
from ...shell.edits import insert_after, style_at
from ...shell.names import POSIX_SHELLS
from ...shell.script import Opaque, Script, Simple, Word
from ...text.paths import within
from ..base import Proposals, missed

#: Forges that serve shallow clones; a plain web server ("dumb" HTTP) cannot.
_HOST = re.compile(
    r"(?:https|git|ssh)://(?:[^/@$\s]+@)?(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitlab\.[\w.-]+|"
    r"salsa\.debian\.org|[\w-]+\.googlesource\.com)/|git@(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org):"
)
_DEEP = frozenset(
    ("--depth", "--shared", "-s", "--local", "-l", "--shallow-since", "--shallow-exclude", "--mirror", "--bare")
) | frozenset(
    ("--filter", "--reference", "--reference-if-able", "--dissociate", "--no-single-branch", "--no-checkout", "-n")
)
#: Options with which a clone has no `.git` below its files, or needs it.
_OTHER = frozenset(("--mirror", "--bare", "--separate-git-dir", "--no-checkout", "-n", "--shared", "-s"))
#: A line that is longer is read by nobody to its end.
_WIDTH = 120
#: What shell scripts end in, and who reads them.
_SUFFIXES = frozenset((".sh", ".bash", ""))
_SHELLS = POSIX_SHELLS | {"zsh"}
#: Commands of git that work with a repository that is there.
_WORKS = re.compile(
    r"\bgit[ \t]{1,8}(?:-[Cc][ \t]{1,8}[^\s;&|]{1,200}[ \t]{1,8}){0,4}"
    r"(?:fetch|pull|reset|checkout|switch|remote|describe|log|rev-parse|status|show|diff|submodule|"
    r"merge|rebase|clean|stash|branch|tag|add|commit|push|restore|ls-files)\b"
)


class _Clone(NamedTuple):
    run: Run
    command: Simple
    words: tuple[Word, ...]
    verb: int
    url: str
    arguments: Arguments


def shallow_clone(build: Build, facts: Facts) -> Proposals:
    """Clone git repositories with `--depth 1`, and without `.git`, where only their files are wanted.

    A clone stores every version of every file in the layer, often many times the size of the files themselves; a
    shallow one still stores each file twice, once of them in `.git`.

    The working tree is the same: a shallow clone checks out the same tip of the same branch or tag. It is done only for
    forges that serve shallow clones, and only where no later command of the file asks for history (checkout, reset,
    describe, submodule, pull …), or runs anything but well-known commands that do not: build tools and scripts may look
    for a version, and what cannot be read may do so too.
    What the container itself does with the repository is seen where a script of the project calls git; hence the level.
    Source: git-clone(1).
    """
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            continue
        yield from _git_folders(stage, build, facts)
        for clone in _clones(stage, facts):
            if any(flag.name in _DEEP for flag in clone.arguments.flags):
                continue
            line = build.document.line_of(_at(clone, clone.command.span.start))
            problem = _obstacle(clone, stage, build, facts)
            if problem is not None:
                yield missed(line, f"git clone fetches the whole history: {problem}")
                continue
            body = clone.run.body
            assert body is not None
            leading = tuple(word.text for word in clone.words[: clone.verb + 1])
            yield Change(
                edits=(insert_after(body.logical, clone.words[clone.verb].span.end, " --depth 1"),),
                title="git clone --depth 1",
                reason="only the files of the newest commit are used, not the history",
                safety=Safety.AGGRESSIVE,
                claims=(AddsOption(leading, ("--depth", "1")),),
                line=line,
            )


def _git_folders(stage: Stage, build: Build, facts: Facts) -> Proposals:
    """Delete `.git` at the end of the RUN that cloned it."""
    clones = [one for one in _clones(stage, facts) if not any(flag.name in _OTHER for flag in one.arguments.flags)]
    for run in dict.fromkeys(one.run for one in clones):
        script = facts.script(run)
        if script is None or run.mounts or appendable(run, facts) is not None:
            continue
        folders: dict[str, str] = {}
        for one in clones:
            if one.run is not run or _obstacle(one, stage, build, facts) is not None:
                continue
            operands = one.arguments.operands
            target = one.words[operands[1]].literal or "$" if len(operands) > 1 else None
            folder = checkout(script, one.command, one.url, target, facts.state(run).workdir)
            if folder is None or any(deletes(command, f"{folder}/.git", run, facts) for command in script.commands):
                continue
            kept = _wanted(folder, stage, build, facts)
            if kept is not None:
                yield missed(run.line, f"{folder}/.git stays: {kept}")
                continue
            folders[f"{folder}/.git"] = folder
        if not folders:
            continue
        text = fragment("remove-trees", facts.templates, paths=tuple(folders))
        if any(one.run is run and one.command.name == "sudo" for one in clones) and not surely_root(
            run, build, facts, stage
        ):
            text = fragment("as-root", facts.templates, command=text)
        yield Change(
            edits=(append_to(run, facts, _in_lines(text, tuple(folders), run, facts)),),
            title=f"delete {', '.join(folders)} where it was cloned",
            reason="only the files are used, and .git holds each of them once more",
            safety=Safety.AGGRESSIVE,
            claims=(DropsFiles(tuple(text.split()), tuple(folders)),),
            line=run.line,
        )


def _in_lines(text: str, folders: Sequence[str], run: Run, facts: Facts) -> str:
    """*text*, which deletes *folders*, with a line for each of them where it would be too long for one."""
    style = style_at(run.origin, facts.style)
    if run.body is None or run.body.form != "shell" or len(style.indent) + len(text) <= _WIDTH:
        return text
    if any(" " in one for one in folders):
        return text
    gap = f" {style.escape}{style.newline}{style.indent}    "
    words = [fragment("remove-trees", facts.templates, paths=(one,)).rpartition(" ")[2] for one in folders]
    for word in words:
        text = text.replace(f" {word}", f"{gap}{word}", 1)
    return text


def _wanted(folder: str, stage: Stage, build: Build, facts: Facts) -> str | None:
    """Why a container of *stage* may want the repository in *folder*; None where nothing tells that it does."""
    if kept_current(folder):
        return "people keep what lies there current with git pull"
    if _worked_in(folder, stage, build, facts):
        return "nothing is started there, so people may work in it"
    script = _started_in(folder, stage, build, facts)
    if script is not None:
        return f"the container starts {script} out of it, which was not read and may use git"
    for step in build:
        if isinstance(step, Listing) and step.origin.keyword == "VOLUME":
            places = [(one, posixpath.normpath(one)) for one in step.words]
            over = next((one for one, place in places if within(folder, place) or within(place, folder)), None)
            if over is not None:
                return f"VOLUME {over} keeps it beyond the container, and something may update it there"
    user = facts.recall("uses git", stage.index, lambda: _uses_git(stage, build, facts))
    return f"{user} uses git in the container" if user is not None else None


def _started_in(folder: str, stage: Stage, build: Build, facts: Facts) -> str | None:
    """The script or program in *folder* that a container of *stage*, or of one after it, starts; None for none."""
    workdir = stage_state(stage, facts.states).workdir or "/"
    for step in (step for one in build.stages[stage.index :] for step in one.steps if isinstance(step, Exec)):
        words: Sequence[str | None] = step.argv or ()
        if step.body is not None and isinstance(step.body.script, Script) and step.body.script.commands:
            words = step.body.script.commands[0].argv
        at = unwrapped(tuple(words))
        if posixpath.basename(next(iter(words[at:]), None) or "") in _SHELLS:
            at += 1
        word = next(iter(words[at:]), None) or ""
        known = posixpath.splitext(word)[1] in _SUFFIXES and "/" in word
        if known and within(posixpath.normpath(posixpath.join(workdir, word)), folder):
            return word
    return None


def _uses_git(stage: Stage, build: Build, facts: Facts) -> str | None:
    """The shell script of the project that the image has and that calls git for more than a clone; None for none. Where
    the files are not known that are copied in, any may be one.
    """
    project = facts.project
    if project is None:
        return None
    chain = (build.stages[at] for at in facts.graph.chain(stage.index))
    if not project.complete and any(isinstance(step, Copy) for one in chain for step in one.steps):
        return "a script of the build context, not all of which is known, perhaps"
    for path in sorted(set(project.copied(build)[stage.index].values())):
        text = project.text(path) if posixpath.splitext(path)[1] in _SUFFIXES else None
        if text is None:
            continue
        if (path.endswith(".sh") or posixpath.basename((*shebang(text), "")[0]) in _SHELLS) and _WORKS.search(text):
            return path
    return None


def _worked_in(folder: str, stage: Stage, build: Build, facts: Facts) -> bool:
    """Whether a container of *stage* is a shell that starts in *folder*, as far as the file says."""
    workdir = stage_state(stage, facts.states).workdir
    started = any(isinstance(step, Exec) for one in build.stages[stage.index :] for step in one.steps)
    return not started and workdir is not None and within(workdir, folder)


def _at(clone: _Clone, offset: int) -> int:
    assert clone.run.body is not None
    return clone.run.body.logical.before(offset)


def _clones(stage: Stage, facts: Facts) -> Iterator[_Clone]:
    """The clones of *stage* that always run."""
    for run in stage.runs:
        script = facts.script(run)
        for command in script.commands if script and "git" in command_names(script) else ():
            found = _git(command)
            if found is None or script is None or not always_runs(script, command):
                continue
            words, verb, arguments = found
            if verb is None or words[verb].literal != "clone" or not arguments.certain or not arguments.operands:
                continue
            yield _Clone(run, command, words, verb, words[arguments.operands[0]].text.strip("\"'"), arguments)


def _git(command: Simple) -> tuple[tuple[Word, ...], int | None, Arguments] | None:
    """The words of a git command behind sudo, the index of its subcommand, and that one's arguments."""
    words = command.words[unwrapped(command.argv) :] if command.words else ()
    if not words or posixpath.basename(words[0].literal or "") != "git":
        return None
    argv = tuple(word.literal for word in words)
    at = 1
    while at < len(argv) and (argv[at] or "-").startswith("-"):
        at += 2 if argv[at] in ("-C", "-c", "--git-dir", "--work-tree") else 1
    literal = tuple(one if one is not None else _literal_url(word) for one, word in zip(argv, words, strict=True))
    return words, (at if at < len(argv) else None), split(literal, at + 1, clone_values())


def _literal_url(word: Word) -> str | None:
    """A word with an expansion that surely is a URL or a path, no option."""
    bare = word.text.strip("\"'")
    return bare if re.match(r"[a-z]+://|/|\./|git@", bare) else None


def _obstacle(clone: _Clone, stage: Stage, build: Build, facts: Facts) -> str | None:
    if not _HOST.match(clone.url):
        return f"{clone.url} may be served without support for shallow clones"
    if needs_history(clone.url):
        return "the tool in it finds out its version from it"
    for run in (clone.run, *facts.later_runs(clone.run, stage)):
        script = facts.script(run)
        if script is None:
            return f"the RUN on line {run.line} could not be read"
        for command in script.commands:
            if run is clone.run and command.span.start <= clone.command.span.start:
                continue
            problem = _reads(command)
            if problem is not None:
                line = run.line
                return f"{problem} on line {line} may read it"
    for step in build:
        if isinstance(step, Exec) and _starts_git(step):
            return f"the container uses git (line {step.line})"
        if isinstance(step, Onbuild) and "git" in step.origin.logical.text:
            return f"the trigger on line {step.line} uses git"
    for other in build.stages:
        if stage.index in facts.graph.sources[other.index]:
            return f"the stage on line {other.head.line} copies from this one"
    return None


def _reads(command: Simple) -> str | None:
    """The command, when it may read the history of a repository; None when it does not."""
    if not command.words:
        return None
    found = _git(command)
    if found is not None:
        words, verb, _ = found
        subcommand = words[verb].literal if verb is not None else "--version"
        return None if subcommand in harmless_git() else f"git {subcommand or words[verb or 0].text}"
    at = unwrapped(command.argv)
    if at >= len(command.words):
        return None
    known = operation(command.argv)
    if ignores_repository(command.argv[at:], known.manager.name if known else None):
        return None
    return command.words[at].text


def _starts_git(step: Exec) -> bool:
    text = " ".join(step.argv) if step.argv is not None else step.origin.args
    opaque = step.body is not None and isinstance(step.body.script, Opaque)
    return bool(re.search(r"\bgit\b", text)) and not opaque
