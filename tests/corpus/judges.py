"""Independent judges of Dockerfiles. Nothing here knows the rewriter: texts go in, verdicts come out.

Each judge takes many texts at once, because starting a process costs more than judging a file.
Texts are bytes, as they lie on disk.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Generic, TypeAlias, TypeVar

Findings: TypeAlias = "Counter[str]"

#: Command line tools get this many files at a time: well below the limits on arguments.
_BATCH = 500
#: Small, because one file that tally cannot read costs another run over its batch.
TALLY_BATCH = 100


class JudgeError(RuntimeError):
    """A judge did not do its work: it is missing, or what it printed is not what it prints."""


def tool(name: str) -> str:
    """The path of a command line tool: beside the running interpreter, else on the PATH. Raises ``JudgeError``."""
    beside = Path(sys.executable).parent / name
    path = str(beside) if beside.exists() else shutil.which(name)
    if path is None:
        raise JudgeError(f"{name} is not installed")
    return path


@contextmanager
def files_of(texts: Sequence[bytes], suffix: str) -> Iterator[tuple[Path, list[str]]]:
    """A temporary folder with one file per text, and the files' names in the order of the texts."""
    with TemporaryDirectory(prefix="judged-") as folder:
        names = [f"{number}{suffix}" for number in range(len(texts))]
        for name, text in zip(names, texts, strict=True):
            (Path(folder) / name).write_bytes(text)
        yield Path(folder), names


def run_in(folder: Path, *argv: str) -> subprocess.CompletedProcess[bytes]:
    """Run a tool in *folder*, where it finds no configuration of this project's or its user's.

    It finds its user's cache: tally compiles what it runs when there is none, which takes two seconds.
    """
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def hadolint(texts: Sequence[bytes]) -> list[Findings]:
    """hadolint's findings in each text, counted by code. ``DL1000`` means that it could not read the text."""
    found: list[Findings] = []
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        with files_of(batch, ".Dockerfile") as (folder, names):
            done = run_in(folder, tool("hadolint"), "--no-fail", "--no-color", "--format", "json", *names)
        counts: dict[str, Findings] = {name: Counter() for name in names}
        for finding in _json_of(done, "hadolint"):
            counts[finding["file"]][finding["code"]] += 1
        found.extend(counts.values())
    return found


def finding_lines(texts: Sequence[bytes]) -> list[set[int]]:
    """The lines (from 1) on which hadolint, or one of BuildKit's checks as tally runs them, finds something."""
    found: list[set[int]] = []
    for start in range(0, len(texts), TALLY_BATCH):
        batch = [text.decode("utf-8", "replace").encode() for text in texts[start : start + TALLY_BATCH]]
        with files_of(batch, ".Dockerfile") as (folder, names):
            lines: dict[str, set[int]] = {name: set() for name in names}
            done = run_in(folder, tool("hadolint"), "--no-fail", "--no-color", "--format", "json", *names)
            for finding in _json_of(done, "hadolint"):
                lines[finding["file"]].add(finding["line"])
            done, read = tally(folder, names, "--ignore", "*", "--select", "buildkit/*")
            for file in _json_of(done, "tally")["files"] if read else ():
                lines[file["file"]].update(one["location"]["start"]["line"] for one in file["violations"])
        found.extend(lines.values())
    return found


#: All that BuildKit knows.
_INSTRUCTIONS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
#: Checks that BuildKit runs only where a file asks for them; tally always does. Source: Docker's "Build checks".
_EXPERIMENTAL = frozenset(("buildkit/InvalidDefinitionDescription",))
_ASKS_FOR_EXPERIMENTS = re.compile(rb"^#\s*check\s*=.*experimental=", re.M | re.I)
_TALLY_LINT = ("lint", "--no-config", "--slow-checks", "off", "--format", "json", "--fail-level", "none")
_TALLY_REFUSAL = re.compile(rb"^Error: (?:failed to lint (\S+?): |(\S+?):\d+: )", re.MULTILINE)


def tally_buildkit(texts: Sequence[bytes]) -> list[Findings | None]:
    """BuildKit's own build checks in each text, counted by rule, as tally runs them; None where it refuses the text.

    tally carries a current BuildKit and reads instructions too, so it also refuses unknown ones. It takes UTF-8
    only; other bytes are replaced first.
    """
    verdicts: list[Findings | None] = []
    for start in range(0, len(texts), TALLY_BATCH):
        batch = [text.decode("utf-8", "replace").encode() for text in texts[start : start + TALLY_BATCH]]
        with files_of(batch, ".Dockerfile") as (folder, names):
            counts: dict[str, Findings | None] = dict.fromkeys(names)
            done, read = tally(folder, names, "--ignore", "*", "--select", "buildkit/*")
        counts.update((name, Counter()) for name in read)
        texts_of = dict(zip(names, batch, strict=True))
        for file in _json_of(done, "tally")["files"] if read else ():
            found = Counter(violation["rule"] for violation in file["violations"])
            if not _ASKS_FOR_EXPERIMENTS.search(texts_of[file["file"]]):
                found = Counter({rule: count for rule, count in found.items() if rule not in _EXPERIMENTAL})
            counts[file["file"]] = found
        verdicts.extend(counts.values())
    return verdicts


def tally(folder: Path, names: Sequence[str], *options: str) -> tuple[subprocess.CompletedProcess[bytes], list[str]]:
    """Run ``tally lint`` on files; gives the finished process and the files that it read.

    tally does nothing at all when it cannot read one of its files, so it is asked again without those that it names.
    Since it names one at a time, files with instructions that nobody knows are left out from the start.
    """
    asked = [name for name in names if set(buildkit((folder / name).read_bytes()).keywords) <= _INSTRUCTIONS]
    if not asked:
        return subprocess.CompletedProcess((), 0, b"", b""), []
    while True:
        done = run_in(folder, tool("tally"), *_TALLY_LINT, *options, *asked)
        refused = {(one or other).decode() for one, other in _TALLY_REFUSAL.findall(done.stderr)}
        asked = [name for name in asked if name not in refused]
        if not refused or not asked:
            return done, asked


def _json_of(done: subprocess.CompletedProcess[bytes], name: str) -> Any:
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise JudgeError(f"{name} printed no JSON: {done.stderr.decode('utf-8', 'replace')[:500]}") from None


Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Remembering(Generic[Answer]):
    """A judge that is asked about each text once: many levels and fixers leave most files as they are."""

    judge: Callable[[Sequence[bytes]], list[Answer]]
    known: dict[bytes, Answer] = field(default_factory=dict)

    def __call__(self, texts: Sequence[bytes]) -> list[Answer]:
        """The judge's answers for *texts*, in their order."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        self.known.update(zip(new, self.judge(new), strict=True))
        return [self.known[text] for text in texts]


@dataclass(frozen=True, slots=True)
class Linters:
    """The judges that cost most, each with its memory."""

    hadolint: Remembering[Findings] = field(default_factory=lambda: Remembering(hadolint))
    buildkit: Remembering[Findings | None] = field(default_factory=lambda: Remembering(tally_buildkit))


@dataclass(frozen=True, slots=True)
class Reading:
    """What BuildKit's parser makes of one file, as far as judges ask.

    ``error`` is None when it takes the file. ``keywords`` lists the instructions in upper case; ``bodies`` the shell
    scripts of RUN (ONBUILD RUN included), here-documents included, exec forms left out; ``spans`` the first and last
    line of each instruction, from 1.
    """

    error: str | None
    keywords: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def runs(self) -> int:
        """The number of RUN instructions; those behind ONBUILD do not count."""
        return self.keywords.count("RUN")


def buildkit(text: bytes) -> Reading:
    """Read *text* with BuildKit's parser (the bindings of the package ``dockerfile``).

    The bindings end the process on lone surrogates and cut texts at NUL, so what is no UTF-8, and NUL, goes in as
    U+FFFD.
    """
    import dockerfile  # a Go runtime comes with it: only the processes that ask load it

    readable = text.decode("utf-8", "replace").replace("\0", "\ufffd")
    try:
        commands = dockerfile.parse_string(readable)
    except dockerfile.GoParseError as error:
        return Reading(str(error))
    return Reading(
        None,
        tuple(command.cmd.upper() for command in commands),
        tuple(_body(command) for command in commands if _is_script(command)),
        tuple((command.start_line, command.end_line) for command in commands),
    )


def _is_script(command: Any) -> bool:
    keyword = (command.sub_cmd or command.cmd).upper()
    return keyword == "RUN" and not command.json and bool(command.value)


_LONE_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([^\s'\"<>|&;]+)\1$")


def _body(command: Any) -> str:
    """The script that the shell gets, as BuildKit's ``dispatchRun`` puts it together."""
    line: str = command.value[0]
    if not command.heredocs:
        return line
    if len(command.heredocs) == 1 and _LONE_HEREDOC.fullmatch(line.strip()):
        return str(command.heredocs[0].content)
    return line + "\n" + "".join(f"{heredoc.content}{heredoc.name}\n" for heredoc in command.heredocs)


def comments(text: bytes) -> list[str]:
    """The comment lines of *text* in order, without the blanks around them.

    Every line that begins with ``#`` counts: comments between and inside instructions, parser directives, and
    comment lines of here-documents, which BuildKit does not look into but people do.
    """
    lines = (line.strip() for line in text.decode("utf-8", "surrogateescape").removeprefix("\ufeff").split("\n"))
    return [line for line in lines if line.startswith("#")]


def lost_comments(before: bytes, after: bytes, *, in_order: bool) -> list[str]:
    """Comment lines of *before* that *after* does not have; with *in_order*, not in this order."""
    if not in_order:
        return list((Counter(comments(before)) - Counter(comments(after))).elements())
    rest = iter(comments(after))
    return [comment for comment in comments(before) if comment not in rest]


SHELL_JUDGES = ("shfmt", "bash", "dash")


def refused_scripts(scripts: Sequence[str], judge: str) -> list[bool]:
    """Which of *scripts* ``shfmt`` (as bash), ``bash -n`` or ``dash -n`` refuse.

    A warning counts as a refusal: bash takes a here-document without an end and only warns.
    """
    refusals: list[bool] = []
    for start in range(0, len(scripts), _BATCH):
        batch = [script.encode("utf-8", "replace") for script in scripts[start : start + _BATCH]]
        with files_of(batch, ".sh") as (folder, names):
            refused = _shfmt(folder, names) if judge == "shfmt" else _dry_run(folder, names, judge)
        refusals.extend(name in refused for name in names)
    return refusals


def _shfmt(folder: Path, names: Sequence[str]) -> set[str]:
    done = run_in(folder, tool("shfmt"), "-ln", "bash", "-l", *names)
    return {line.partition(b":")[0].decode() for line in done.stderr.splitlines() if line}


_DRY_RUN = """judge=$1; shift
for script do
  complaint=$("$judge" -n "$script" 2>&1) && [ -z "$complaint" ] || printf '%s\\n' "$script"
done"""


def _dry_run(folder: Path, names: Sequence[str], judge: str) -> set[str]:
    done = run_in(folder, tool("bash"), "-c", _DRY_RUN, "bash", tool(judge), *names)
    if done.stderr:
        raise JudgeError(f"{judge}: {done.stderr.decode('utf-8', 'replace')[:500]}")
    return set(done.stdout.decode().split())


@dataclass(frozen=True, slots=True)
class Pair:
    """A file before and after a rewrite."""

    name: str
    before: bytes
    after: bytes


def newly_refused_scripts(pairs: Sequence[Pair], judge: str) -> list[tuple[str, str]]:
    """Name and script for each shell body that *judge* refuses after, more than it refused before.

    Only bodies that a rewrite took away or brought are judged. A new body that is refused may stand for one that is
    gone and was refused as well, each of them for one.
    """
    changed = [(pair.name, *_exchanged(pair)) for pair in pairs if pair.before != pair.after]
    scripts = sorted({script for _, gone, new in changed for script in (*gone, *new)})
    verdict = dict(zip(scripts, refused_scripts(scripts, judge), strict=True))
    found: list[tuple[str, str]] = []
    for name, gone, new in changed:
        excused = sum(verdict[script] for script in gone)
        found.extend((name, script) for script in [s for s in new if verdict[s]][excused:])
    return found


def _exchanged(pair: Pair) -> tuple[list[str], list[str]]:
    before, after = Counter(buildkit(pair.before).bodies), Counter(buildkit(pair.after).bodies)
    return list((before - after).elements()), list((after - before).elements())


_ABOUT_INSTALLS = ("DL3008", "DL3009", "DL3014", "DL3015", "DL3013", "DL3042", "DL3047")
_ABOUT_VERSIONS = ("DL3008", "DL3015", "DL3018", "DL3033", "DL3041")
_DISTROLESS = b"FROM gcr.io/distroless/"
_INSTALL = re.compile(rb"\b(?:apt-get|apk|yum|dnf|microdnf)\b[^&|;]*?\b(?:install|add)\b")
_PIPEFAIL = b"set -o pipefail && "


def excused(before: bytes, after: bytes) -> Findings:
    """What a linter may say of stages and installations that *after* has more than *before*.

    An installation that a split stage or a smaller base needs names no versions, as the one in the file names none;
    Google's distroless images have their version in the name, and no tag that says more. ShellCheck takes /bin/sh for
    one that knows no more than POSIX says; pipefail is set in RUNs only where the image's own is known to have it.
    """
    installs = max(0, len(_INSTALL.findall(after)) - len(_INSTALL.findall(before)))
    found: Findings = Counter(dict.fromkeys(_ABOUT_VERSIONS, installs))
    found["SC3040"] = max(0, after.count(_PIPEFAIL) - before.count(_PIPEFAIL))
    found["DL3006"] = max(0, after.count(_DISTROLESS) - before.count(_DISTROLESS))
    return found


def with_shell_of(before: bytes, after: bytes) -> bytes | None:
    """*before* with the SHELL that only *after* has in front of every RUN; None where there is no such one.

    hadolint shows one finding of ShellCheck for a RUN, and another dialect has other findings: what it finds in this
    text was there before as well, behind another finding or under another number.
    """
    shells = {line for line in after.splitlines() if line.startswith(b"SHELL [")} - set(before.splitlines())
    if len(shells) != 1:
        return None
    lines = before.splitlines(keepends=True)
    reading = buildkit(before)
    for keyword, (first, _) in reversed(list(zip(reading.keywords, reading.spans, strict=True))):
        if keyword == "RUN":
            lines.insert(first - 1, min(shells) + b"\n")
    return b"".join(lines)


def added_findings(before: Findings, after: Findings, excused: Mapping[str, int] = MappingProxyType({})) -> Findings:
    """Findings that *after* has more of than *before*, but for as many as are *excused*.

    A linter that could not read the text before found nothing there, so what it finds afterwards is not new. Nor is
    what hadolint says of an install that stood behind `apt` or `sudo`, where it does not look: each of those that goes
    may uncover one finding of each code about installs. Of ShellCheck's findings it shows one for a RUN: each of those
    that goes may uncover one other.
    """
    if before["DL1000"]:
        return Counter()
    added = after - before
    uncovered = sum(max(0, before[code] - after[code]) for code in ("DL3027", "DL3004"))
    for code in _ABOUT_INSTALLS:
        added[code] -= uncovered
    for code, count in excused.items():
        added[code] -= count
    behind = sum(count for code, count in (before - after).items() if code.startswith("SC"))
    for code in sorted(code for code in +added if code.startswith("SC")):
        shown = min(behind, added[code])
        added[code] -= shown
        behind -= shown
    return +added


def unreported(
    before: str, after: str, patch: Sequence[tuple[int, int, str]], reported: Sequence[tuple[int, int]]
) -> list[str]:
    """What is wrong with a result's account of itself; empty when every changed code point is accounted for.

    *patch* lists replacements ``(start, end, text)`` of code points of *before*, *reported* the ranges of *before*
    that the reported changes own. The patch must be sorted and disjoint, give *after*, and each of its replacements
    must touch a reported range.
    """
    wrong: list[str] = []
    at = 0
    parts: list[str] = []
    for start, end, text in patch:
        if not at <= start <= end <= len(before):
            wrong.append(f"replacement {start}-{end} overlaps another or lies outside the text")
            return wrong
        parts += (before[at:start], text)
        at = end
        if before[start:end] != text and not any(s <= end and start <= e for s, e in reported):
            wrong.append(f"no reported change owns the replacement of {before[start:end]!r} at {start} by {text!r}")
    if "".join((*parts, before[at:])) != after:
        wrong.append("the patch does not give the result")
    return wrong
