"""What speaks against splitting a stage, whatever base the runtime stage gets."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ...analysis.runtime.shipped import Obstacle
from ...ir.steps import Arg, Env, Exec, Healthcheck
from ...patterns import re
from ...text.paths import within
from .split_project import Project, Target

_PLAIN = re.compile(r"/[A-Za-z0-9_./@%+,=-]*\Z")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
#: Packages that surely create no account when they are installed.
_WITHOUT_ACCOUNTS = re.compile(
    r"(?:lib[a-z0-9][a-z0-9.+-]*|zlib1?g?|[a-z0-9]+-libs|ca-certificates|curl|wget|git|bash|tzdata|openssl|procps|jq|"
    r"less|vim|nano|unzip|zip|tini|dumb-init|su-exec|gosu|pcre|gmp|yaml|tar|gzip|bzip2|xz|xz-utils|file|patch|make|"
    r"coreutils|findutils|gettext|sqlite|sqlite3|nodejs|npm|yarn|perl|python|python[23]|ruby|mariadb-client-libs|"
    r"mariadb-connector-c|mariadb-client|mysql-client|postgresql-client|netcat(?:-openbsd|-traditional)?|ttf-dejavu|libintl)(?:=.*)?\Z"
)
#: Where package managers are told where packages come from.
_SOURCES = ("/etc/apt/", "/etc/apk/")
#: What runs a program anew when its sources change, and what people call a script that does.
_WATCHES = re.compile(r"\b(?:nodemon|watch\w*|reload|dev|develop(?:ment)?|start:dev|air|debug)\b|--reload|--watch")
_NUMERIC = re.compile(r"\d+(?::\d+)?\Z")
#: Accounts that every base image of the recipes has.
_ACCOUNTS = frozenset(("root", "nobody", "daemon"))


def obstacle_in(project: Project) -> Obstacle | None:
    """The first thing that is in the way of splitting *project*, as far as its own stage tells."""
    context = project.facts.project
    if context is not None and context.usage.heirs:
        return Obstacle(f"other builds go on from here ({context.usage.heirs[0]})", project.stage.head.line)
    workplace = _workplace(project)
    if workplace is not None:
        return workplace
    found = _left_behind(project) or _unknown_names(project) or _elsewhere(project)
    if found is not None:
        return found
    odd = next((one.path for one in project.shipping.places if not _PLAIN.match(one.path)), None)
    return None if odd is None else Obstacle(f"{odd} is not a plain path", project.stage.head.line)


def _workplace(project: Project) -> Obstacle | None:
    """Why people develop in the container: its sources are mounted over the copied ones, and what starts it watches
    them, or packages that were installed stay beside them in a volume.
    """
    context, folder = project.facts.project, project.folder
    if context is not None and context.usage.workplace is not None:
        reason = f"people develop in the container that {context.usage.workplace} builds"
        return Obstacle(reason, project.stage.head.line)
    for one in context.usage.containers if context is not None and folder is not None else ():
        words = " ".join(word or "" for word in (*(one.entrypoint or ()), *(one.command or ())))
        watched = _WATCHES.search(words or " ".join(project.starting.words))
        for mount in one.mounts:
            over = mount.kind == "bind" and mount.path is not None and within(folder or "", mount.path)
            beside = any(
                other.kind == "volume" and other.path is not None and other.path.startswith(f"{folder}/")
                for other in one.mounts
            )
            if over and (watched or beside):
                reason = f"people work in the container: {mount.evidence} mounts the sources over {mount.path}"
                return Obstacle(reason, project.stage.head.line)
    return None


def package_obstacle(project: Project, targets: list[Target]) -> Obstacle | None:
    """Why packages for *targets* cannot be installed again: they may create accounts, beside those that are copied, or
    come from sources that are not there yet.
    """
    wanted = [package for target in targets for package in target.packages]
    line = project.stage.head.line
    source = next((one.path for one in project.shipping.places if one.path.startswith(_SOURCES)), None)
    if wanted and source is not None:
        return Obstacle(f"packages may come from a source in {source}", line)
    owner = next((package for package in wanted if not _WITHOUT_ACCOUNTS.match(package)), None)
    if project.shipping.users and owner is not None:
        return Obstacle(f"{owner} may create accounts, beside those that are copied", line)
    return None


def _left_behind(project: Project) -> Obstacle | None:
    """A path that the configuration names in a folder that does not ship."""
    named = [(path, project.stage.steps[-1].line) for path in project.starting.paths(project.folder)]
    state = project.shipping.states[-1]
    for step in project.stage.steps:
        if isinstance(step, Env):
            values = [state.env.get(pair.key) for pair in step.pairs if "PATH" not in pair.key and pair.key != "GOBIN"]
            named += [(value, step.line) for value in values if value and value.startswith("/")]
    stays = project.recipe.same and not any(step.keyword == "WORKDIR" for step in project.stage.steps)
    if project.folder is None and not stays:
        return Obstacle("the working directory is not known", project.stage.head.line)
    named.append((project.folder or "/", project.stage.steps[-1].line))
    for path, line in named:
        inside = any(path.startswith(one.rstrip("/") + "/") for one in project.recipe.own)
        gone = any(path == one or path.startswith(one + "/") for one in project.shipping.gone)
        if inside and not gone and not project.shipping.holds(path):
            return Obstacle(f"{path} is named by the configuration, and nothing tells what is in it", line)
    return None


def _elsewhere(project: Project) -> Obstacle | None:
    """A package that the container starts, or a RUN installs by its name, and that puts files where nothing is copied
    from.
    """
    sites = set(project.recipe.packages_in(project.image.parts.version))
    if sites.isdisjoint(one.path for one in project.shipping.places):
        return None
    installed = (
        (word or "", use.run.line)
        for run in project.stage.runs
        for use in project.facts.uses(run)
        for word in use.command.argv
    )
    started = ((one.name.rpartition("/")[2], one.line) for one in project.starting.programs)
    for word, line in (*started, *installed):
        for pattern, place in project.recipe.elsewhere.items():
            if fnmatchcase(word, pattern):
                return Obstacle(
                    f"{word} has settings in {place}, which is not copied; a virtual environment holds all", line
                )
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
    accounts = _ACCOUNTS | project.recipe.accounts
    known = user is None or _NUMERIC.match(user) or user.partition(":")[0] in accounts or project.shipping.users
    if not known:
        return Obstacle(f"the account {user} may be one of the base image", project.stage.steps[-1].line)
    return None
