"""DS211: compilers that stay in the image behind the build."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from ...analysis.bases import base_image, surely_root
from ...analysis.facts import Facts, Use
from ...analysis.packages.cleanup import always_runs, append_to, appendable
from ...analysis.shell.operations import Kind, operation, unwrapped
from ...change import AddsOption, Change, Claim, DropsFiles, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Onbuild, Run
from ...knowledge.build_tools import BuildTools, build_programs, build_tools, compiles, debug_tools
from ...knowledge.vcs import ignores_repository
from ...patterns import re
from ...shell.edits import insert_after
from ...shell.script import Script, Simple
from ...text import Edit
from ..base import Proposals, missed

_FAMILIES = {"apt": "debian", "apk": "alpine"}
_DEVELOPMENT = re.compile(r".*-(?:dev|devel|headers|src)\Z")
#: Programs that come along with build-essential; a later step may use them without having asked for them.
_ALONG = frozenset(("patch", "xz", "unxz", "bzip2", "bunzip2", "tar", "perl", "strip", "ld", "objdump", "file"))
_SYSTEM = frozenset(("apt", "apk"))


class _Install(NamedTuple):
    use: Use
    names: tuple[str, ...]
    tools: tuple[str, ...]


def build_dependencies(build: Build, facts: Facts) -> Proposals:
    """Take compilers and build tools out again in the RUN that installed them for a build.

    A compiler weighs 100 to 300 MB, and attackers like it as well.

    It is done only where the same RUN installs a compiler, compiles with it (pip, npm, gem, make …), and nothing behind
    it may need it. What the program links to stays: the compiler's runtime libraries (libstdc++, libgomp …)
    are named in the install, so that they are no leftovers; where a `-dev` package is installed the rule declines,
    since its library would go with it (`scanelf` or `ldd` on the result would tell which). apk keeps what others
    depend on; apt does not, so next to apt's tools only packages known to depend on none may be installed. The base
    image must be known to come without compilers. An image with a debugger is meant to develop in.
    Source: apt-get(8) autoremove; apk-del(8); Docker's "Building best practices".
    """
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            continue
        for run in stage.runs:
            script = facts.script(run)
            if script is None:
                continue
            for name in sorted(_FAMILIES):
                known = build_tools(name)
                assert known is not None
                yield from _in_run(name, known, run, script, stage, build, facts)


def _in_run(
    name: str, known: BuildTools, run: Run, script: Script, stage: Stage, build: Build, facts: Facts
) -> Proposals:
    uses = [use for use in facts.uses(run) if use.operation.manager.name == name]
    installs = [found for use in uses if (found := _install(use, known)) is not None]
    tools = tuple(dict.fromkeys(tool for one in installs for tool in one.tools))
    if not known.compilers & set(tools) or any(use.operation.kind is Kind.REMOVE for use in uses):
        return
    first = installs[0].use.command.span.start
    if not any(_compiles(command) for command in script.commands if command.span.start > first):
        return
    names = {package for one in installs for package in one.names}
    problem = (
        _uncertain(installs, uses, script)
        or _linked(names - set(tools), known)
        or _elsewhere(name, set(tools), run, stage, build, facts)
        or _later(run, stage, build, facts)
        or appendable(run, facts)
    )
    if problem is not None:
        stay = "stays" if len(tools) == 1 else "stay"
        yield missed(run.line, f"{', '.join(tools)} {stay} in the image: {problem}")
        return
    wrapped = installs[0].use.operation.wrappers[:1] == ("sudo",) and not surely_root(run, build, facts, stage)
    sudo = "sudo " if wrapped else ""
    text = f"{sudo}{known.command} {' '.join(tools)}"
    edits = [append_to(run, facts, text)]
    claims: list[Claim] = [DropsFiles(tuple(text.split()), tools)]
    keep = [package for package in known.runtime if package not in names]
    if keep:
        edit, claim = _kept(installs[0].use, keep)
        edits.append(edit)
        claims.append(claim)
    yield Change(
        edits=tuple(edits),
        title=f"remove {', '.join(tools)} after the build",
        reason="they are only needed to compile, which is done here; the runtime libraries stay",
        safety=Safety.AGGRESSIVE,
        claims=tuple(claims),
        line=run.line,
    )


def _install(use: Use, known: BuildTools) -> _Install | None:
    """An install with its packages without versions; None for other operations and where a word is not known."""
    if use.operation.kind is not Kind.INSTALL:
        return None
    words = [use.command.words[index].literal for index in use.operation.operands]
    names = tuple(re.split(r"[=:/<>~@]", word)[0] for word in words if word)
    return _Install(use, names, tuple(name for name in names if name in known.tools))


def _uncertain(installs: list[_Install], uses: list[Use], script: Script) -> str | None:
    for one in installs:
        operation_ = one.use.operation
        if not operation_.certain or len(one.names) != len(operation_.operands):
            return "a variable names more packages"
        if not always_runs(script, one.use.command):
            return "they are not always installed"
        if operation_.has_flag("-t", "--virtual", "--root", "-p"):
            return "they are a virtual package"
        if operation_.subcommand != "install" and operation_.manager.name == "apt":
            return f"apt {operation_.subcommand} installs them"
    if any(use.operation.kind is Kind.UPGRADE for use in uses):
        return "packages are upgraded in the same RUN"
    return None


def _linked(others: set[str], known: BuildTools) -> str | None:
    """Why removing tools may take away what the result needs."""
    for package in sorted(others):
        if _DEVELOPMENT.match(package):
            return f"the library that comes with {package} would go as well, and the result may link to it"
        if package in debug_tools():
            return f"{package} says that this image is made to develop in"
        if known.companions is not None and package not in known.companions:
            return f"{package} may depend on them"
    return None


def _elsewhere(name: str, tools: set[str], run: Run, stage: Stage, build: Build, facts: Facts) -> str | None:
    """Whether the tools, or packages that need them, come from below this RUN."""
    image = base_image(build, facts, stage)
    known = build_tools(name)
    assert known is not None
    if image is None or image.family != _FAMILIES[name]:
        return "the base image is not known, and may need them itself"
    plain = image.name in ("debian", "ubuntu", "alpine")
    if not plain and name == "apt" and "slim" not in image.parts.variant:
        return f"{image.name} may come with a compiler"
    if facts.graph.bases[stage.index] is not None:
        return "another stage is below this one"
    for other in stage.runs:
        if other is run:
            continue
        if facts.script(other) is None:
            return f"the RUN on line {other.line} could not be read"
        for use in facts.uses(other):
            found = _install(use, known) if use.operation.manager.name == name else None
            if found is None:
                continue
            if not use.operation.certain or set(found.names) & tools:
                return f"line {other.line} may install them as well"
            problem = _linked(set(found.names) - set(found.tools), known)
            if problem is not None:
                return f"{problem} (line {other.line})"
    return None


def _later(run: Run, stage: Stage, build: Build, facts: Facts) -> str | None:
    """Why a later step may need the tools."""
    for later in facts.later_runs(run, stage):
        script = facts.script(later)
        if script is None:
            return f"the RUN on line {later.line} could not be read"
        for command in script.commands:
            if command.words and not _without_tools(command):
                return f"{command.words[0].text} on line {later.line} may need them"
    for step in build:
        if isinstance(step, Onbuild):
            return f"a trigger stands on line {step.line}"
        if isinstance(step, Exec):
            text = " ".join(step.argv) if step.argv is not None else step.origin.args
            if set(re.split(r"[^A-Za-z0-9+_-]+", text)) & build_programs():
                return f"the container uses them (line {step.line})"
    return None


def _without_tools(command: Simple) -> bool:
    """Whether *command* surely runs no build tool."""
    argv = command.argv[unwrapped(command.argv) :]
    known = operation(command.argv)
    if known is not None:
        return known.manager.name in _SYSTEM
    name = posixpath.basename(argv[0] or "") if argv else ""
    return name not in _ALONG | build_programs() and ignores_repository(argv, None)


def _compiles(command: Simple) -> bool:
    argv = command.argv[unwrapped(command.argv) :] if command.words else ()
    if not argv or argv[0] is None:
        return False
    known = operation(command.argv)
    return compiles(known.manager.name if known else posixpath.basename(argv[0]), argv)


def _kept(use: Use, packages: list[str]) -> tuple[Edit, Claim]:
    """Names *packages* in the install, behind its last package."""
    body, words, found = use.run.body, use.command.words, use.operation
    assert body is not None
    last = words[found.operands[-1]]
    leading = tuple(word.text for word in words[found.command : found.verb + 1])
    return insert_after(body.logical, last.span.end, " " + " ".join(packages)), AddsOption(leading, tuple(packages))
