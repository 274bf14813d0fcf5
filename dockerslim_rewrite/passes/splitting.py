"""What the rules DS401 and following share: when one stage that builds and runs may become two.

The runtime stage gets everything that the Dockerfile itself put into the image. What is lost is what the base image
brought, and packages that only builds use.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from ..analysis.bases import base_image
from ..analysis.facts import Facts
from ..analysis.packages import Kind, operation
from ..analysis.shipping import Obstacle, Shipping, shipping
from ..analysis.starting import EVERYWHERE, Started, Starting, starting
from ..change import Change, Claim, Safety, SplitsStage
from ..ir.build import Build, Stage
from ..ir.steps import Arg, Env, Exec, Healthcheck, Label, Listing, Step, Value
from ..knowledge.images import ImageFacts
from ..knowledge.libraries import libraries
from ..knowledge.recipes import Recipe, recipe
from ..record import record
from ..text import Edit, Patch
from .base import Proposals, missed
from .stage_text import Install, split_text

_PLAIN = re.compile(r"/[A-Za-z0-9_./@%+,=-]*\Z")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
#: Packages that surely create no account when they are installed.
_WITHOUT_ACCOUNTS = re.compile(
    r"(?:lib[a-z0-9][a-z0-9.+-]*|zlib1?g?|[a-z0-9]+-libs|ca-certificates|curl|wget|git|bash|tzdata|openssl|procps|jq|"
    r"less|vim|nano|unzip|zip|tini|dumb-init|su-exec|gosu|pcre|gmp|yaml)(?:=.*)?\Z"
)
_NUMERIC = re.compile(r"\d+(?::\d+)?\Z")
#: Accounts that every base image of the recipes has.
_ACCOUNTS = frozenset(("root", "nobody", "daemon"))


@record
class Project:
    """One stage that builds, with what is known of it."""

    build: Build
    facts: Facts
    stage: Stage
    recipe: Recipe
    image: ImageFacts
    shipping: Shipping
    starting: Starting

    @property
    def folder(self) -> str | None:
        """The working directory of the container."""
        return self.shipping.states[-1].workdir


@record
class Target:
    """A base for the runtime stage.

    ``files`` are further files to copy from the builder, ``environment`` lines to begin with, ``packages`` are to be
    installed. ``why`` is the reason to show. ``edits`` change the builder as ``claims`` say.
    """

    image: str
    safety: Safety
    why: str
    files: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    claims: tuple[Claim, ...] = ()


#: Which bases a project may get, the boldest first; a text says why none.
Choose = Callable[[Project], "list[Target] | str"]


@record
class Draft:
    """A split that was not made: the rule, why not, on which line, and how the file would read."""

    rule: str
    reason: str
    line: int
    text: str


def split_stage(build: Build, facts: Facts, name: str, choose: Choose, installed: tuple[str, ...] = ()) -> Proposals:
    """Propose to split the only stage of *build* by the recipe *name*, or say what is in the way.

    *installed* are the paths that installing the project creates, where those are known.
    """
    found = _project(build, facts, recipe(name), installed)
    if found is None:
        return
    project, obstacle = found
    targets = _targets(project, obstacle, choose)
    if isinstance(targets, Obstacle):
        yield missed(project.recipe.code, targets.line, f"not split into builder and runtime: {targets.reason}")
        return
    for target in targets:
        if target.image != project.stage.head.image or project.recipe.packages & set(_left(project, target)):
            yield _change(project, target)


def draft_split(build: Build, facts: Facts, name: str, choose: Choose) -> Draft | None:
    """The split that the recipe *name* would make of *build* if nothing was in the way; None where nothing is."""
    found = _project(build, facts, recipe(name))
    if found is None:
        return None
    project, obstacle = found
    targets = _targets(project, obstacle, choose)
    if not isinstance(targets, Obstacle):
        return None
    likely = choose(project)
    base = project.recipe.sketch.get(project.image.family or "", project.stage.head.image)
    target = Target(base, Safety.STANDARD, "") if isinstance(likely, str) or not likely else likely[-1]
    text = Patch.of(_change(project, target).edits).apply(build.text)
    return Draft(project.recipe.code, targets.reason, targets.line, text)


def _targets(project: Project, obstacle: Obstacle | None, choose: Choose) -> list[Target] | Obstacle:
    """The bases for *project*, or the first thing that is in the way."""
    line = project.stage.head.line
    obstacle = obstacle or _left_behind(project) or _unknown_names(project)
    if obstacle is not None:
        return obstacle
    odd = next((one.path for one in project.shipping.places if not _PLAIN.match(one.path)), None)
    if odd is not None:
        return Obstacle(f"{odd} is no plain path", line)
    targets = choose(project)
    if isinstance(targets, str):
        return Obstacle(targets, line)
    if project.shipping.users:
        wanted = [package for target in targets for package in target.packages]
        owner = next((package for package in wanted if not _WITHOUT_ACCOUNTS.match(package)), None)
        if owner is not None:
            return Obstacle(f"{owner} may create accounts, beside those that are copied", line)
    return targets


def _left(project: Project, target: Target) -> tuple[str, ...]:
    """The packages that stay behind in the builder."""
    return tuple(dict.fromkeys(one.name for one in project.shipping.packages if one.written not in target.packages))


def _builds(stage: Stage, known: Recipe, facts: Facts) -> bool:
    """Whether *stage* runs one of the recipe's build tools, and with the same base, has installed tools for it."""
    if known.same and not any(
        word in known.packages
        for run in stage.runs
        for use in facts.uses(run)
        if use.operation.kind is Kind.INSTALL
        for word in use.command.argv
    ):
        return False
    for call in facts.calls(stage):
        found = operation(call.argv)
        if (found.manager.name if found is not None else call.name) in known.builders:
            return True
    return False


def _project(
    build: Build, facts: Facts, known: Recipe, installed: tuple[str, ...] = ()
) -> tuple[Project, Obstacle | None] | None:
    """The project that the recipe is for, and what is in the way of knowing all of it; None where it is for another."""
    if len(build.stages) != 1:
        return None
    stage = build.stages[0]
    image = base_image(build, facts, stage)
    if image is None or image.name not in known.images or not _builds(stage, known, facts):
        return None
    ships, obstacle = shipping(stage, known, image.parts.version, installed)
    if stage.head.origin.flags:
        obstacle = Obstacle("FROM names a platform", stage.head.line)
    shells = [step.index for step in stage.steps if step.keyword == "SHELL"]
    early = next((step for step in stage.steps if shells and step.index < shells[-1] and _in_shell(step)), None)
    if early is not None:
        obstacle = obstacle or Obstacle(f"{early.keyword} is run by another shell than the last one", early.line)
    starts = starting(stage)
    if isinstance(starts, str):
        obstacle = obstacle or Obstacle(starts, stage.steps[-1].line)
        starts = Starting((), (), None)
    return Project(build, facts, stage, known, image, ships, starts), obstacle


def _in_shell(step: Step) -> bool:
    return isinstance(step, Exec | Healthcheck) and step.argv is None


def needed_packages(project: Project, release: str | None, *, static: bool = False) -> tuple[str, ...] | str:
    """The packages that the runtime stage has to install, as they are written, or why that is not known.

    Those that only builds use stay behind; a development package is replaced by its libraries, unless the program is
    *static*. *release* is the codename of a Debian release.
    """
    found: list[str] = []
    family = project.image.family or ""
    for package in project.shipping.packages:
        linked = () if static else libraries(package.name, family, release)
        if linked is not None:
            found += linked
        elif package.name.endswith(("-dev", "-devel")):
            return f"the program may be linked to any library of {package.name} (line {package.line})"
        elif package.name not in project.recipe.packages | project.recipe.carried:
            if family not in ("debian", "alpine"):
                return f"the program may run {package.name} (line {package.line})"
            found.append(package.written)
    return tuple(sorted(dict.fromkeys(found)))


def _left_behind(project: Project) -> Obstacle | None:
    """A path that the configuration names in a folder that does not ship."""
    named = [(path, project.stage.steps[-1].line) for path in project.starting.paths(project.folder)]
    state = project.shipping.states[-1]
    for step in project.stage.steps:
        if isinstance(step, Env):
            values = [state.env.get(pair.key) for pair in step.pairs if "PATH" not in pair.key and pair.key != "GOBIN"]
            named += [(value, step.line) for value in values if value and value.startswith("/")]
    if project.folder is None:
        return Obstacle("the working directory is not known", project.stage.head.line)
    named.append((project.folder, project.stage.steps[-1].line))
    for path, line in named:
        inside = any(path.startswith(one.rstrip("/") + "/") for one in project.recipe.own)
        if inside and not project.shipping.holds(path):
            return Obstacle(f"{path} is named by the configuration, and nothing tells what is in it", line)
    return None


def _unknown_names(project: Project) -> Obstacle | None:
    """Variables of the base image that the runtime image does not have, and accounts likewise."""
    if project.recipe.same:
        return None
    defined = {"PATH", "JAVA_HOME", "HOME", *project.recipe.environment}
    started = " ".join(step.origin.args for step in project.stage.steps if isinstance(step, Exec | Healthcheck))
    own = {pair.key for step in project.stage.steps if isinstance(step, Env) for pair in step.pairs}
    lost = next((name for name in _VARIABLE.findall(started) if name in project.recipe.sets and name not in own), None)
    if lost is not None:
        return Obstacle(f"a command uses {lost}, which the base image sets", project.stage.steps[-1].line)
    for step in project.stage.steps:
        if isinstance(step, Env | Arg):
            values = " ".join(pair.value or "" for pair in step.pairs)
            strange = next((name for name in _VARIABLE.findall(values) if name not in defined), None)
            if strange is not None and isinstance(step, Env):
                return Obstacle(f"ENV uses {strange}, which the base image may set", step.line)
            defined.update(pair.key for pair in step.pairs)
    user = project.shipping.states[-1].user
    known = user is None or _NUMERIC.match(user) or user.partition(":")[0] in _ACCOUNTS or project.shipping.users
    if not known:
        return Obstacle(f"the account {user} may be one of the base image", project.stage.steps[-1].line)
    return None


def same_base(project: Project) -> list[Target] | str:
    """The very image that the build stands on, without the packages that only serve builds."""
    image = project.image
    if image.family != "alpine" and "slim" not in image.parts.variant:
        return "the full image has compilers of its own, and libraries that extensions may be linked to"
    packages = needed_packages(project, image.release or project.recipe.release(image.parts.version))
    if isinstance(packages, str):
        return packages
    safety = Safety.STANDARD
    for started in project.starting.programs:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        if started.script or (started.path and project.shipping.covers(path)):
            safety = Safety.AGGRESSIVE
        elif started.name not in packages and (problem := program(project, started)) is not None:
            return problem
    base = project.stage.head.image
    return [Target(base, safety, f"compiler and headers are needed to build only; {base} stays", packages=packages)]


def program(project: Project, started: Started) -> str | None:
    """Why the runtime stage may lack a program that the container starts; None when it is there for sure."""
    known, ships = project.recipe, project.shipping
    name = posixpath.basename(started.name)
    if name in known.tools:
        return f"{started.keyword} runs {name}, which belongs to the tools of the build"
    if not started.path and name in known.programs:
        return None
    if known.same and not started.script:
        return None
    if not started.path and name in EVERYWHERE:
        return f"{started.keyword} runs {name}: this may be an image to work in"
    if started.script:
        return f"{started.keyword} starts the script {started.name}, which may run anything"
    if name not in ships.made and "*" not in ships.made:
        return f"{started.keyword} runs {started.name}, and nothing tells that the build makes it"
    if started.path:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        return None if ships.covers(path) else f"nothing here makes {path}"
    folders = [*known.path, "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
    if any(ships.covers(posixpath.join(folder, name)) for folder in folders):
        return None
    own = ships.states[-1].env.get("PATH", "") or ""
    if any(folder and ships.covers(posixpath.join(folder, name)) for folder in own.split(":")):
        return None
    return f"nothing tells where {name} is"


def _inherited(project: Project) -> tuple[str, ...]:
    """Lines for the variables of the base image that ENV or a command reads."""
    read: set[str] = set()
    own: set[str] = set()
    for step in project.stage.steps:
        if isinstance(step, Env):
            read |= set(_VARIABLE.findall(" ".join(pair.value or "" for pair in step.pairs))) - own
            own |= {pair.key for pair in step.pairs}
        elif isinstance(step, Exec | Healthcheck | Label | Listing | Value):
            read |= set(_VARIABLE.findall(step.origin.args)) - own
    return tuple(f"ENV {key}={text}" for key, text in project.recipe.environment.items() if key in read)


def _change(project: Project, target: Target) -> Change:
    ships = project.shipping
    added = (*_inherited(project), *target.environment)
    lean = all(package.lean for package in ships.packages)
    install = Install(project.image.manager or "", target.packages, lean, ships.upgrade)
    split = split_text(project.build, ships, target.image, added, target.files, install)
    left = _left(project, target)
    evidence = [f"line {one.line}: {one.keyword} runs {one.name}" for one in project.starting.programs]
    if left:
        evidence.append(f"left behind in the builder: {', '.join(left)}")
    claim = SplitsStage(split.builder, split.runtime, target.image, split.places, added, target.packages, left)
    return Change(
        rule=project.recipe.code,
        edits=(*split.edits, *target.edits),
        title=f"build in one stage and ship another, on {target.image}",
        reason=target.why,
        # What is installed again is newer when the stages are not built on the same day.
        safety=Safety.AGGRESSIVE if target.packages else target.safety,
        claims=(claim, *target.claims),
        line=project.stage.head.line,
        evidence=tuple(evidence),
        saving=project.recipe.saving,
    )
