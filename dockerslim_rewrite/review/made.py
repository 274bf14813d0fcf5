"""What may make a file before the build that asks for it: a step, a command or a rule that is run first and makes
files, without naming which.

Sources: GitHub documentation, "Workflow syntax for GitHub Actions"; GNU make manual, "Types of Prerequisites".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..change import Remark
from ..patterns import re
from ..record import evolve
from ..workspace.builds.found import FoundBuild, Place
from ..workspace.builds.reading import yaml_file
from ..workspace.builds.shell_words import logical_lines
from ..workspace.builds.yaml_values import mapping, scalar, sequence
from ..workspace.repository import Repository

#: So much of a line is read: longer ones are data.
_LONGEST = 1000
#: Commands that make files of sources, or bring them from elsewhere; what a repository's own script does nobody knows.
_MAKES = re.compile(
    r"""(?<![\w./-])(?:\./)?(?:
        (?:mvnw?|gradlew?|sbt|ant|make|ninja|bazel|just|task|earthly|webpack|tsc|vite|pip-compile)(?![\w./=-])
        |(?:npm|yarn|pnpm|bun|go|cargo|dotnet|cmake|poetry|uv|hatch)\ {1,4}
            (?:run|build|generate|publish|pack|export|--build|ci|install)(?![\w-])
        |python3?\ {1,4}-m\ {1,4}build(?![\w-])
        |(?:python3?|node|deno|bun|ruby|perl|php|Rscript|pwsh)\ {1,4}(?:-\S{1,40}\ {1,4}|run\ {1,4}){0,4}
            [\w./-]{1,200}\.(?:py|[cm]?[jt]s|rb|pl|php|R|ps1)(?![\w.])
        |(?:aws\ {1,4}s3|gsutil|gcloud\ {1,4}storage|azcopy|mc|rclone)\ {1,4}(?:-\S{1,40}\ {1,4}){0,4}
            (?:cp|sync|copy|rsync)(?![\w-])
        |gh\ {1,4}(?:release|run)\ {1,4}download(?![\w-])
    )
    |(?<![^\s"'(;&|])(?:\./|\.\./|[\w-]{1,40}/)[\w./-]{1,200}\.(?:sh|bash|py)(?![\w.])
    |(?<![^\s"'(;&|])(?:sh|bash|source|\.)\ {1,4}(?:-[a-z]{1,4}\ {1,4}){0,3}[\w./-]{1,200}\.(?:sh|bash)(?![\w.])""",
    re.X,
)
#: A container that is lent a directory of the host, or that files are taken from.
_CONTAINER = re.compile(r"(?<![\w./-])(?:docker|podman) {1,4}(?P<verb>run|cp)(?![\w-])")
_LENT = re.compile(r" (?:-v|--volume|--mount)[ =]")
#: Actions that leave the checkout as it is.
_IDLE = re.compile(
    r"(?:actions/(?:checkout|setup-[\w-]{1,40}|upload-artifact|labeler|github-script)|docker/[\w-]{1,60}|depot/[\w-]{1,60}"
    r"|[\w.-]{1,60}/[\w.-]{0,60}(?:login|auth|credentials|setup|lint|scan|trivy|tag|metadata|notify|slack)[\w./-]{0,60})@",
    re.I,
)
#: What builds make, by its name or by the folder in which it lies; everything else is what people write.
_RESULT = re.compile(
    r"(?:\A|/)(?:target|dist|build|out|bin|obj|lib|libs|public|publish|release|generated|gen|artifacts?|node_modules)/"
    r"|\.(?:jar|war|ear|zip|tar|t?gz|tgz|bz2|xz|whl|so|dll|exe|wasm|class|bin|deb|rpm|apk|min\.js|map|whl|egg|img|iso)\Z"
    r"|(?:\A|/)[a-z][a-z0-9_-]{0,80}\Z"
)
_RULE = re.compile(r"(?P<targets>[\w./ %-]{1,400}):(?![:=])(?P<needs>[^=#;]{0,1000})")
#: Kinds of descriptions that run commands one after the other.
_ORDERED = frozenset(("workflow", "make", "shell", "ci"))
_MOST_RULES = 200


def with_makers(
    notes: Sequence[Remark],
    missed: Callable[[Remark], list[str]],
    builds: Sequence[FoundBuild],
    repository: Repository,
) -> tuple[Remark, ...]:
    """*notes* with doubt, in place of certainty, where each of *builds* that runs anything runs first what may make the
    files that a note misses, whose paths *missed* tells.
    """
    failing = [one for one in notes if one.breaks and (paths := missed(one)) and all(map(is_result, paths))]
    if not failing:
        return tuple(notes)
    places = [maker_of(one, repository) for one in builds if one.kind in _ORDERED]
    if not places or None in places:
        return tuple(notes)
    shown = " and ".join(dict.fromkeys(map(str, places)))
    return tuple(
        evolve(one, reason=f"{one.reason} unless what {shown} runs makes it", breaks=False) if one in failing else one
        for one in notes
    )


def is_result(path: str) -> bool:
    """Whether *path* is called as what builds make is."""
    return _RESULT.search(path) is not None


def maker_of(build: FoundBuild, repository: Repository) -> Place | None:
    """What may make files before *build*; None where nothing does, or nobody says what is run before."""
    if build.after is not None or build.kind not in _ORDERED:
        return build.after
    path, line = build.place.path, build.place.line
    reader = _READERS.get(build.kind, _lines)
    number = next(reader(repository, path, line), None)
    return None if number is None else Place(path, number)


def _workflow(repository: Repository, path: str, line: int) -> Iterator[int]:
    for document in yaml_file(repository, path):
        jobs = [*map(mapping, mapping(document.get("jobs")).values()), mapping(document.get("runs"))]
        steps = [[*map(mapping, sequence(job.get("steps")))] for job in jobs]
        for listed in steps:
            if not listed or not listed[0].line <= line:
                continue
            ahead = [one for one in listed if one.line <= line]
            later = (one[0].line for one in steps if one and one[0].line > listed[0].line)
            if line >= min(later, default=line + 1):
                continue
            for step in ahead:
                uses, run = scalar(step.get("uses")), scalar(step.get("run"))
                if uses is not None and not _IDLE.match(uses) and uses.line < line:
                    yield uses.line
                elif run is not None:
                    found = _first(run.splitlines(), run.line, line)
                    if found is not None:
                        yield found


def _lines(repository: Repository, path: str, line: int) -> Iterator[int]:
    """Commands of the script *path* before *line*, and in it: one may stand before another."""
    found = _first((repository.read(path) or "").split("\n"), 1, line)
    if found is not None:
        yield found


def _first(lines: Sequence[str], start: int, end: int) -> int | None:
    """The number of the first of *lines*, counted from *start*, that may make files, and stands before *end*."""
    for number, text in enumerate(lines, start=start):
        if number >= end:
            return None
        if _makes(text):
            return number
    return None


def _makes(text: str) -> bool:
    text = text[:_LONGEST]
    if text.lstrip().startswith("#"):
        return False
    container = _CONTAINER.search(text)
    lends = container is not None and (container["verb"] == "cp" or _LENT.search(text) is not None)
    return lends or _MAKES.search(text) is not None


def _make(repository: Repository, path: str, line: int) -> Iterator[int]:
    rules: dict[str, tuple[list[str], list[tuple[int, str]]]] = {}
    own: tuple[list[str], list[tuple[int, str]]] = ([], [])
    current = own
    for number, text in logical_lines(repository.read(path) or ""):
        rule = None if text[:1].isspace() else _RULE.match(text)
        if rule is not None:
            current = (rule["needs"].split(), [])
            rules.update((name, current) for name in rule["targets"].split())
        elif text[:1] == "\t":
            current[1].append((number + 1, text))
            if number + 1 == line:
                own = current
    yield from (number for number, text in own[1] if number < line and _makes(text))
    yield from _needed(own[0], rules)


def _needed(names: Sequence[str], rules: Mapping[str, tuple[list[str], list[tuple[int, str]]]]) -> Iterator[int]:
    """Where *rules* make what is needed for *names*."""
    waiting, seen = [*names], set[str]()
    while waiting and len(seen) < _MOST_RULES:
        name = waiting.pop(0)
        if name not in seen and name in rules:
            seen.add(name)
            waiting += rules[name][0]
            yield from (number for number, text in rules[name][1] if _makes(text))


_READERS: Mapping[str, Callable[[Repository, str, int], Iterator[int]]] = {"workflow": _workflow, "make": _make}
