"""Where built sites are served: the bases of their runtime stages."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from ...analysis.runtime.late import late_places
from ...analysis.runtime.served import configured, on_command_line
from ...analysis.shell.operations import Kind, Operation, operation, unwrapped
from ...change import InstallsAgain, LeavesUnread, Safety
from ...ir.steps import Exec
from ...knowledge.servers import Server, server
from ...shell.script import Script
from ...text.paths import within
from .split_project import Project, Target

_SYSTEM = frozenset(("", "/bin", "/sbin", "/usr/bin", "/usr/sbin"))
#: Scripts that the entrypoint of nginx's image runs lie here.
_ENTRY = "/docker-entrypoint.d"
_EMPTIES = {"npm": "npm cache clean --force", "yarn": "yarn cache clean"}
_GLOBAL = frozenset(("-g", "--global"))


def static_targets(project: Project) -> list[Target] | str:
    """The bases on which an installed web server serves the site, the boldest first, or why none is known."""
    found = _server(project)
    if isinstance(found, str):
        return found
    ships = project.shipping
    names = [package.name for package in ships.packages]
    code = next((name for name in names if name in found.code), None)
    if code is not None:
        return f"{found.name} may run programs by {code}"
    if any(one.path.startswith(_ENTRY) for one in ships.places):
        return f"scripts in {_ENTRY} may run anything"
    if not ships.places:
        return "it brings nothing of its own into the image that would be served"
    base = _base(project)
    if base is None:
        return f"the release beneath {project.image.name} is not known"
    brings = [one for one in ships.packages if any(fnmatchcase(one.name, pattern) for pattern in found.packages)]
    if not brings and project.recipe.starts != found.name:
        return f"nothing tells how {found.name} was installed"
    full = project.image.name in ("node", "ruby", "python") and "slim" not in project.image.parts.variant
    files = found.reads if full and project.image.family == "debian" else ()
    packages: tuple[str, ...] = ()
    if brings or base != project.stage.head.image:
        kept = [*brings, *(one for one in ships.packages if one.name in project.recipe.carried)]
        packages = tuple(sorted(dict.fromkeys(one.written for one in kept)))
    why = f"the site's tools are needed to build only; {base} has what {found.name} needs"
    targets = [Target(base, Safety.STANDARD, why, files, packages=packages)]
    part = configured(project.build, project.facts, project.stage, ships, found, project.starting.words)
    if part is not None:
        why += f", which serves nothing else of {', '.join(part.partly)}"
        claims = (LeavesUnread("server", part.partly),)
        bold = Target(base, Safety.AGGRESSIVE, why, files, packages=packages, places=part.places, claims=claims)
        targets.insert(0, bold)
    return targets


def serve_targets(project: Project) -> list[Target] | str:
    """The image that the site was built on, with its server and the folder that it serves, or why not."""
    found = _server(project)
    if isinstance(found, str):
        return found
    ships = project.shipping
    folder = on_command_line(found, _words(project), project.folder)
    if folder is None or "$" in folder or not ships.covers(folder):
        return f"it is not known which directory {found.name} serves"
    if any(one.path == folder for one in ships.places):
        return f"{found.name} serves all of {folder}"
    if any(within(folder, place) or within(place, folder) for place in late_places(project.stage, ships)):
        return f"{folder} comes out of the build context behind the last command: nothing here builds it"
    again = _installed(project, found)
    if again is None:
        return f"nothing tells how to install {found.name} again"
    operand, done = again
    command = (done.executable, *done.subcommand.split(), *(("-g",) if done.manager.name == "npm" else ()), operand)
    partly = tuple(one.path for one in ships.places)
    why = f"{found.name} serves {folder} and opens nothing else of {', '.join(partly)}"
    claims = (LeavesUnread("server", partly), InstallsAgain(command))
    text = f"{' '.join(command)} && {_EMPTIES[done.manager.name]}"
    base = project.stage.head.image
    return [Target(base, Safety.AGGRESSIVE, why, places=(folder,), again=(text,), claims=claims)]


def _server(project: Project) -> Server | str:
    """The one web server that the container runs, or why it is not known to be one."""
    for started in project.starting.programs:
        place, name = posixpath.split(started.name)
        if place not in _SYSTEM or server(name) is None:
            return f"{started.keyword} runs {started.name}, which is not known to be a web server that only reads"
    names = {posixpath.basename(started.name) for started in project.starting.programs}
    found = server(names.pop()) if len(names) == 1 else None
    return found or "it does not run one web server and no more"


def _words(project: Project) -> tuple[str, ...]:
    """The words that start the container, a dollar for each that a variable decides."""
    last = [step for step in project.stage.steps if isinstance(step, Exec)][-1:]
    script = last[0].body.script if last and last[0].body is not None else None
    if not isinstance(script, Script):
        return project.starting.words
    found = [command.argv for command in script.commands]
    argv = found[0][unwrapped(found[0]) :] if len(found) == 1 else ()
    return tuple("$" if word is None else word for word in argv)


def _base(project: Project) -> str | None:
    """An image of the same distribution and release, without the language's own tools."""
    image = project.image
    if image.name not in ("node", "ruby", "python"):
        return project.stage.head.image
    if image.release is None:
        return None
    return f"alpine:{image.release}" if image.family == "alpine" else f"debian:{image.release}-slim"


def _installed(project: Project, known: Server) -> tuple[str, Operation] | None:
    """The operand that installs the server, and the operation; None where it was told more than that."""
    for call in project.facts.calls(project.stage):
        done = operation(call.argv)
        if done is None or done.kind is not Kind.INSTALL or done.manager.name not in _EMPTIES:
            continue
        for at in done.operands:
            word = call.argv[at] or ""
            if word.rpartition("@")[0] not in known.installed and word not in known.installed:
                continue
            everywhere = done.subcommand == "global add" or any(flag.name in _GLOBAL for flag in done.flags)
            plain = done.certain and all(flag.name in _GLOBAL for flag in done.flags) and not done.wrappers
            root = project.facts.state(call.run).user in (None, "root", "0")
            return (word, done) if everywhere and plain and root and not call.command.assignments else None
    return None
