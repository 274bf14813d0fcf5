"""DS207: the caches of the other languages' package managers and build tools."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.bases import base_image
from ...analysis.effects.asking import effects
from ...analysis.effects.assuming import Verdict, assumed, both
from ...analysis.effects.reached import Reached, Unread
from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind, operation
from ...change import AddsOption, Change, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Run
from ...knowledge.images import canonical_name
from ...knowledge.processes import rebuilds
from ...patterns import re
from ...shell.edits import insert_after
from ..base import Proposals
from .cleaning import clean_after

MANAGERS = frozenset(
    (
        "bundler",
        "composer",
        "cargo",
        "go",
        "maven",
        "gradle",
        "dotnet",
        "luarocks",
        "cpan",
        "hex",
        "pipenv",
        "poetry",
        "pdm",
    )
)
#: Their caches hold what builds and tests read again; they may go only behind the stage's last use of the tool.
_BUILD_TOOLS = frozenset(("cargo", "go", "maven", "gradle", "dotnet", "hex"))
_OLD_GEM = re.compile(
    r"(?:ubuntu:(?:1[0-3]\.|precise|trusty)|debian:(?:[67]\b|wheezy|squeeze)|centos:(?:centos)?[56]\b)"
)
#: Settings by which Bundler installs into the project.
_GEMS_ELSEWHERE = re.compile(
    r"\bbundle[ \t]+config[ \t]+(?:set[ \t]+)?(?:--\w+[ \t]+){0,3}(?:path|deployment)\b|\bBUNDLE_(?:PATH|DEPLOYMENT)\b"
)
_OFFICIAL_RUBY = re.compile(r"(?:ruby|jruby|rails)(?::|\Z)")
_GO_MODULES = re.compile(
    r"golang(?::(?:1(?:\.(?:1[1-9]|[2-9]\d)(?:\.\d+)?)?(?![.\d])[\w.-]*|latest|alpine.*|[a-z]+))?\Z"
)
#: What packs a program's libraries: Spring Boot's plugin, shadow, `installDist` of the plugin application, Quarkus.
#: Source: their documentation; a plain jar's manifest may name the jars in Gradle's cache.
_PACKS = re.compile(
    r"org\.springframework\.boot|shadow|['\"(]application['\")]|installDist|io\.quarkus|io\.micronaut\.application|\bwar\b"
)
_MOST_SCRIPTS = 50


def language_caches(build: Build, facts: Facts) -> Proposals:
    """Remove what Bundler, Composer, Cargo, Go, Maven, Gradle, .NET and others keep besides their result.

    Downloaded archives and build caches are of use only to the next build on the same machine. `gem install` also
    generates documentation for each gem; `--no-document` leaves that out.

    Safe because it is done only in a stage whose layers ship, behind the last command that uses the tool, where
    one of them builds or installs a program (an image of downloads alone is made to be built on), and never when the
    container itself starts through it (`CMD mvn …`, `go run`,
    `dotnet run`). Source: Docker's "Building best practices"; each tool's
    documentation, named in the data file of the manager.
    """
    yield from clean_after(build, facts, MANAGERS, _judge)
    yield from _gems(build, facts)


def _judge(uses: list[Use], run: Run, stage: Stage, facts: Facts) -> Safety | str | None:
    name = uses[0].operation.manager.name
    if name == "bundler" and (not _OFFICIAL_RUBY.match(_official_name(stage.head.image)) or _elsewhere(uses, facts)):
        return None
    if name == "cargo" and not stage.head.image.startswith("rust"):
        return None
    if name == "go" and not _GO_MODULES.match(_official_name(stage.head.image)):
        return None
    if name == "pdm" and "install.cache" in facts.build.text:
        return None
    if name == "dotnet" and not any(use.operation.subcommand == "publish" for use in uses):
        return None
    if name in _BUILD_TOOLS:
        done = [use for one in stage.runs if one.line <= run.line for use in facts.uses(one)]
        if not any(_makes(use, name) for use in done):
            return "nothing up to here builds with it, so what it fetched may be what the image is for"
        if _only_fetched(done, name):
            return "nothing is built of what it fetched, so that may be what the image is for"
        return _needed_later(name, run, stage, facts)
    if not any(use.operation.kind in (Kind.INSTALL, Kind.UPGRADE) for use in uses):
        return None
    return Safety.SAFE


def _elsewhere(uses: Sequence[Use], facts: Facts) -> bool:
    """Whether Bundler installs into a directory of the project, with a cache of its own there.

    Source: Bundler documentation, "bundle install" (``--path``, ``--deployment``), "bundle config" (``path``).
    """
    project = facts.project
    if project is not None and project.holds(".bundle/config") is None:
        return True
    settings = project.text(".bundle/config") if project is not None else None
    told = any(use.operation.has_flag("--path", "--deployment", "--standalone") for use in uses)
    return told or bool(_GEMS_ELSEWHERE.search(facts.build.text) or "BUNDLE_PATH" in (settings or ""))


def _official_name(image: str) -> str:
    """The name and tag of an official image, whichever registry mirrors it."""
    return canonical_name(image).rpartition("library/")[2]


def _needed_later(name: str, run: Run, stage: Stage, facts: Facts) -> Safety | str:
    """Why the store of the build tool *name* stays behind *run*, or the level at which it may go."""
    stages = [stage, *(facts.build.stages[at] for at in facts.graph.heirs(stage.index))]
    if "build-classpath" in facts.build.text:
        return "what it built is started with a class path into it"
    if name == "gradle" and not _self_contained(facts):
        return "what it built may load its libraries from there; a build.gradle that packs them was not read"
    if not any(isinstance(step, Exec) for one in stages for step in one.steps):
        return "nothing says what a container starts, so other images may be built on this one"
    found = Verdict()
    known = effects(facts)
    for one in stages:
        behind = (later for later in one.runs if one is not stage or later.index > run.index)
        for later in (*behind, *one.triggers):
            reached = known.of_run(later, one)
            if any(_calls(each, name) for each in reached):
                return f"the RUN on line {later.line} uses it"
            unread = [each for each in reached if isinstance(each, Unread)]
            found = both(found, assumed("dependencies", unread))
        started = known.of_start(one)
        if any(_calls(each, name) or _starts(each, name) for each in started):
            return f"the container starts through {name}"
        found = both(found, assumed("dependencies", (each for each in started if isinstance(each, Unread)), start=True))
    return found.safety if found.obstacle is None else found.obstacle


def _self_contained(facts: Facts) -> bool:
    """Whether a build script of the context packs the libraries into the archive, or beside it."""
    project = facts.project
    if project is None:
        return False
    scripts = [file.path for file in project.files if file.path.endswith((".gradle", ".gradle.kts"))]
    return any(_PACKS.search(project.text(path) or "") for path in scripts[:_MOST_SCRIPTS])


def _calls(reached: Reached, name: str) -> bool:
    if isinstance(reached, Unread):
        return False
    done = operation(reached.argv)
    if done is None or done.manager.name != name:
        return False
    return name != "dotnet" or done.kind is not Kind.OTHER or rebuilds(name, done.subcommand.partition(" ")[0])


def _starts(reached: Reached, name: str) -> bool:
    """Whether a program that the container starts runs the tool *name* in its turn, as watchers of sources do."""
    if isinstance(reached, Unread):
        return False
    words = [word or "" for word in reached.argv[1:]]
    operand = next((word for word in words if not word.startswith("-")), None)
    return rebuilds(reached.name, operand) or any(word.rpartition("/")[2] == name for word in words)


def _only_fetched(done: Sequence[Use], name: str) -> bool:
    """Whether *name* fetched what the project needs, and made nothing but programs that are modules of their own."""
    here = [use for use in done if use.operation.manager.name == name]
    made = [use for use in here if _makes(use, name)]
    return any(use.operation.kind is Kind.DOWNLOAD for use in here) and all(
        any("@" in use.command.words[at].text for at in use.operation.operands) for use in made
    )


def _makes(use: Use, name: str) -> bool:
    """Whether the tool makes something of what it fetches; ``go get`` only fetched, at first or in the end."""
    done = use.operation
    return done.manager.name == name and done.kind in (Kind.BUILD, Kind.INSTALL) and done.subcommand != "get"


def _gems(build: Build, facts: Facts) -> Proposals:
    for stage in build.stages:
        image = stage.head.image
        if _OFFICIAL_RUBY.match(_official_name(image)) or _OLD_GEM.search(image):
            continue
        if base_image(build, facts, stage) is None:
            # Before RubyGems 2.0 the option is an error.
            continue
        for run in stage.runs:
            for use in facts.uses(run):
                found = use.operation
                if found.manager.name != "gem" or found.kind is not Kind.INSTALL:
                    continue
                if found.has_flag("--no-document", *found.manager.option_alternatives) or not found.operands:
                    continue
                if "gemrc" in build.text:
                    continue
                body = run.body
                assert body is not None
                words = use.command.words
                yield Change(
                    edits=(insert_after(body.logical, words[found.verb].span.end, " --no-document"),),
                    title="gem install without documentation",
                    reason="ri and rdoc pages of each gem are never read in an image",
                    safety=Safety.SAFE,
                    claims=(AddsOption(found.lead, ("--no-document",)),),
                    line=run.line,
                    saving=found.manager.saving,
                )
