"""DS410: packages that only development needs."""

from __future__ import annotations

from ...analysis.bases import base_image
from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind, operation
from ...change import AddsOption, Change, OmitsDevelopment, Safety
from ...ir.build import Build, Stage
from ...knowledge.development import Omission, omission
from ...knowledge.writes import writing
from ...text import Edit
from ..base import Proposals, missed

#: The option and the packages that it leaves out, or why it cannot; None where there are none.
Asked = tuple[str, tuple[str, ...]] | str | None
#: Kinds of commands that run nothing of the project.
_PLAIN = frozenset(("nothing", "operands", "target", "link", "output", "download", "archive", "sed", "users", "git"))
_SYSTEM = frozenset(("apt", "apk", "yum", "dnf", "microdnf", "pip"))
_QUIET = frozenset(("config", "set", "cache", "audit"))


def dev_dependencies(build: Build, facts: Facts) -> Proposals:
    """Leave packages that only development needs out of the image: test runners, linters, compilers.

    `npm install` brings all that package.json lists, also what the program never loads. The install command of the
    stage that ships is told to leave that out: `npm ci --omit=dev`, `yarn install --production`, `pnpm install --prod`,
    `poetry install --without=…`, `composer install --no-dev`.

    It is done only where the build context proves that nothing misses them. All that is left out must be known for
    tools, and no later command and no script while installing may run any. For Node.js, the container starts `node`
    with a file, or a script of package.json that does; every module that this file and those it asks for load is listed
    for programs that run; none of them names a package that is left out, or loads what a variable names; no package
    that stays asks for one in package-lock.json, and no configuration that such a package reads names one. For Python
    and PHP, no source of the project but its tests has a word of theirs. What compose files, pods, scripts and
    pipelines run in the image counts like CMD. For Ruby it only says how. Where NODE_ENV says production, npm and Yarn
    leave them out by themselves. The assumption is that a package that stays does not load a tool that it does not ask
    for. Sources: npm-install(1), npm-ci(1), Yarn 1's and pnpm's `install`; Poetry's and Composer's `install`;
    bundle-install(1); Node.js documentation, "Modules".
    """
    if not build.stages:
        return
    stage = build.stages[-1]
    kept: list[tuple[int, str, str]] = []
    stays: set[tuple[str, str | None]] = set()
    leaving: list[tuple[tuple[str, str | None], Change]] = []
    for run in stage.runs:
        for use in facts.uses(run):
            known = omission(use.operation.manager.name)
            if known is None or not _installs(use, known) or _quiet(use, known, facts):
                continue
            line = build.document.line_of(run.body.logical.before(use.command.span.start)) if run.body else run.line
            said = f"{use.operation.executable} {use.operation.subcommand}".rstrip()
            found = _asked(use, known, stage, build, facts)
            project = known.manager, facts.state(run).workdir
            if isinstance(found, str):
                kept.append((line, said, found))
                stays.add(project)
            elif found is not None:
                leaving.append((project, _change(use, *found, line)))
    # What one installation brings, another one of the same project does not take away.
    yield from (change for project, change in leaving if project not in stays)
    if kept:
        line, said, found = kept[0]
        others = sorted({str(one) for one, _, _ in kept[1:]}, key=int)
        beside = f" (so does what is installed on line {', '.join(others)})" if others else ""
        yield missed(line, f"{said} brings packages for development as well{beside}: {found}")


def _installs(use: Use, known: Omission) -> bool:
    done = use.operation
    return done.kind is Kind.INSTALL and done.subcommand in known.subcommands and not done.operands


def _quiet(use: Use, known: Omission, facts: Facts) -> bool:
    """Whether they are left out already, or asked for."""
    if use.operation.has_flag(*known.already, "-g", "--global"):
        return True
    env = facts.state(use.run).env
    return known.option in env or (env.get("NODE_ENV") == "production" and known.manager in ("npm", "yarn"))


def _asked(use: Use, known: Omission, stage: Stage, build: Build, facts: Facts) -> Asked:
    """What the build context says of the installation."""
    state = facts.state(use.run)
    if known.language == "ruby":
        return f"which groups of the Gemfile the program requires is not known (ENV {known.option} leaves some out)"
    if facts.project is not None and facts.project.usage.workplace is not None:
        return f"people develop in the container that {facts.project.usage.workplace} builds"
    if facts.project is None or facts.project.missing(build):
        return "the build context (--context) could tell whether the program needs them"
    strange = next((flag.name for flag in use.operation.flags if flag.name not in known.beside), None)
    if strange is not None or not use.operation.certain or use.command.assignments:
        return f"it is told {strange or 'more'}"
    script = facts.script(use.run)
    if state.workdir is None or script is None or any(one.name in ("cd", "pushd") for one in script.commands):
        return "in which directory it installs is not known"
    return (_tools if known.node is None else _idle)(use, known, stage, build, facts)


def _idle(use: Use, known: Omission, stage: Stage, build: Build, facts: Facts) -> Asked:
    """The same for a program that Node.js runs."""
    from ...analysis.packages.idle_packages import IdlePackages

    state = facts.state(use.run)
    if "NODE_ENV" in state.env or "NODE_ENV" in state.args:
        return "NODE_ENV is another than production"
    idle = IdlePackages(build, facts, state.workdir or "/")
    if idle.package is None:
        return f"the package.json in {state.workdir} does not come from the build context, so it was not read"
    image = base_image(build, facts, stage)
    version = image.parts.version if image is not None and image.name == "node" else None
    if idle.names and known.node and (version is None or int(version.partition(".")[0]) < known.node):
        return f"it is not known whether its {known.manager} has the option {known.option}"
    if not idle.names:
        return None
    return _later(use, known, stage, facts) or idle.needed(known) or (known.option, idle.names)


def _tools(use: Use, known: Omission, stage: Stage, build: Build, facts: Facts) -> Asked:
    """The same for a program of another language."""
    from ...analysis.packages.listed_tools import ListedTools

    folder = facts.state(use.run).workdir or "/"
    listed = ListedTools(build, facts, folder, known)
    if listed.manifest is None:
        return f"its list in {folder} does not come from the build context, so it was not read"
    if not listed.names:
        return None
    return _later(use, known, stage, facts) or listed.needed() or (listed.option, listed.names)


def _later(use: Use, known: Omission, stage: Stage, facts: Facts) -> str | None:
    """What runs behind the installation and may need them."""
    for call in facts.calls(stage):
        behind = call.run.index > use.run.index or (
            call.run.index == use.run.index and call.command.span.start > use.command.span.start
        )
        if not behind or not call.words:
            continue
        done = operation(call.argv)
        text = " ".join(word.text for word in call.words[:3])
        if done is not None:
            everywhere = done.has_flag("-g", "--global") or done.subcommand == "global add"
            again = done.manager.name == use.operation.manager.name and _installs(
                Use(call.run, call.command, done), known
            )
            if again or done.manager.name in _SYSTEM or done.subcommand.split(" ")[0] in _QUIET or everywhere:
                continue
            return f"{text} after it may need them"
        found = writing(call.name)
        if found is None or found.kind not in _PLAIN or call.argv[0] != call.name:
            return f"{text} after it may need them"
    unread = next((run for run in stage.runs if run.index >= use.run.index and facts.script(run) is None), None)
    return f"the RUN on line {unread.line} could not be read" if unread is not None else None


def _change(use: Use, option: str, names: tuple[str, ...], line: int) -> Change:
    body = use.run.body
    assert body is not None
    at = body.logical.before(use.command.words[use.operation.verb].span.end)
    lead = use.operation.lead
    return Change(
        edits=(Edit.insert(at, f" {option}"),),
        title=f"{' '.join(lead)} {option}: without what only development needs",
        reason=f"nothing that runs in the container loads {', '.join(names[:4])}{' …' if len(names) > 4 else ''}",
        safety=Safety.STANDARD,
        claims=(AddsOption(lead, (option,)), OmitsDevelopment(use.operation.manager.name)),
        line=line,
    )
