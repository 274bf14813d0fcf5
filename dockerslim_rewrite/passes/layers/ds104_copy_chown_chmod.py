"""DS104: ownership and mode set by COPY itself."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import NamedTuple

from ...analysis.effects.copies import Created, created, parent_exists
from ...analysis.facts import Facts
from ...analysis.flow.buildkit import needs_buildkit
from ...change import Change, ChangesFlag, Claim, DropsInstruction, RemovesCommand, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Run
from ...patterns import re
from ...shell.edits import delete
from ...shell.script import AndOr, Node, Simple
from ...syntax import Logical
from ...text import Edit
from ..base import Proposals, missed

_NAME = r"(?:[A-Za-z_][A-Za-z0-9_-]*|[0-9]+)"
_OWNER = re.compile(rf"(?P<user>{_NAME})?(?::(?P<group>{_NAME}))?\Z")
#: What makes files executable for everybody, and the modes that files of Git have where nobody else may write, or a
#: group may. Source: chmod(1); git-config(1), core.fileMode.
_EXECUTABLE = re.compile(r"(?:a|ugo)?\+(?:x|rx|xr)\Z")
_GIT_MODES = frozenset((0o644, 0o755, 0o664, 0o775))
_OCTAL = re.compile(r"0?[0-7]{3}\Z")
#: What a folder gets that COPY has to create: --chmod reaches what is in it, not the folder itself.
_FOLDER_MODE = "755"


class _Link(NamedTuple):
    """A chown or chmod: the flag of COPY that does the same, its value, and the paths as written."""

    command: Simple
    flag: str
    value: str
    recursive: bool
    paths: frozenset[str]


def copy_chown_chmod(build: Build, facts: Facts) -> Proposals:
    """Let COPY set owner and mode instead of a RUN behind it.

    `chown` and `chmod` in a layer of their own store every file a second time. `COPY --chown` and `COPY --chmod` do the
    same while copying.

    Safe because the RUN stands directly behind the COPY and names exactly the files that it created: files named as
    such (an extension, or the container's entrypoint), or a folder that nothing created before. A folder that is there
    already keeps its own owner and mode, so it is left to chown. Only octal modes are absolute; `+x` makes 755 of the
    modes that Git gives to files, which the build context shows (level standard: without group write where the machine
    that builds has it). `chown user` leaves the group at root, hence `--chown=user:0`; a name that chown knows
    stands in the image's /etc/passwd, where COPY looks it up. COPY gives its owner also to parent folders that it has
    to create, so these must be there. `--chmod` needs BuildKit: it is used only in a file that needs BuildKit already.
    Source: Dockerfile reference, COPY --chown --chmod.
    """
    modern = needs_buildkit(build)
    for stage in build.stages:
        for run in stage.runs:
            copies = _before(run, stage)
            items = _chain(run, facts)
            links = _links(items)
            if copies and links:
                yield from _one(run, copies, items, links, stage, build, facts, modern=modern)


def _before(run: Run, stage: Stage) -> list[Copy]:
    """The COPY steps directly before *run*, the nearest last."""
    found: list[Copy] = []
    for step in reversed([step for step in stage.steps if step.index < run.index]):
        if not isinstance(step, Copy) or step.keyword != "COPY":
            break
        found.insert(0, step)
    return found


def _chain(run: Run, facts: Facts) -> tuple[Node, ...]:
    """The commands of *run* when it is one chain of them joined by ``&&``; else nothing."""
    script = facts.script(run)
    if script is None or run.body is None or run.body.form != "shell" or run.origin.flags:
        return ()
    if len(script.root.items) != 1 or script.root.separators or script.comments:
        return ()
    node = script.root.items[0]
    if not isinstance(node, AndOr):
        return (node,)
    return () if any(operator.text != "&&" for operator in node.operators) else node.items


def _links(items: tuple[Node, ...]) -> list[_Link | str]:
    """The chown and chmod commands that a chain starts with; a string says why one, the last, is no flag of COPY."""
    links: list[_Link | str] = []
    for item in items:
        link = _link(item)
        if link is None:
            break
        links.append(link)
        if isinstance(link, str):
            break
    return links


def _link(node: Node) -> _Link | str | None:
    if not isinstance(node, Simple) or node.assignments or node.redirects or node.nested:
        return None
    if node.name not in ("chown", "chmod"):
        return None
    words: list[str] = []
    recursive = False
    for word in node.words[1:]:
        value = word.value
        if value.literal is None or value.glob or value.brace or value.tilde:
            return None
        if value.literal in ("-R", "--recursive", "-v", "-Rv", "-vR"):
            recursive = recursive or value.literal in ("-R", "--recursive", "-Rv", "-vR")
        elif re.match(r"-[A-Za-z-]*[A-Zcfhv]|--", value.literal):
            return None
        else:
            words.append(value.literal)
    if len(words) < 2:
        return None
    paths = frozenset(words[1:])
    if node.name == "chmod":
        if _EXECUTABLE.match(words[0]) and not recursive:
            return _Link(node, "chmod", "", recursive, paths)
        if not re.match(r"[0-7]+\Z", words[0]) and not re.match(r"[ugoa]*[-+=]", words[0]):
            return f"the mode {words[0]} is none that is read here"
        if not _OCTAL.match(words[0]) and words[0].isdigit():
            return f"{words[0]} is no whole mode with three digits, such as 755"
        if not _OCTAL.match(words[0]):
            return f"{words[0]} changes the mode that files have in the context; --chmod sets a whole one, such as 755"
        return _Link(node, "chmod", words[0], recursive, paths)
    match = _OWNER.match(words[0])
    if match is None or not words[0]:
        return f"the owner {words[0]} is not a plain user:group"
    return _Link(node, "chown", f"{match['user'] or 0}:{match['group'] or 0}", recursive, paths)


def _one(
    run: Run,
    copies: list[Copy],
    items: tuple[Node, ...],
    links: Sequence[_Link | str],
    stage: Stage,
    build: Build,
    facts: Facts,
    *,
    modern: bool,
) -> Proposals:
    taken: list[_Link] = []
    flags: dict[int, dict[str, str]] = {}
    problem: str | None = None
    exact = True
    for link in links:
        if isinstance(link, _Link) and not link.value:
            settled = _executable(link, facts.state(copies[-1]).workdir, stage, build, facts)
            exact = exact and isinstance(settled, str)
        else:
            settled = link
        if isinstance(settled, str):
            problem = settled
            break
        link = settled
        found = _covered(link, copies, flags, stage, build, facts)
        if isinstance(found, str):
            problem = found
            break
        if link.flag == "chmod" and not modern:
            problem = "COPY --chmod needs BuildKit, and nothing in this file does"
            break
        for copy in found:
            flags.setdefault(copy.index, {})[link.flag] = link.value
        taken.append(link)
    if problem:
        yield missed(run.line, f"not moved into COPY: {problem}", f"line {copies[-1].line}")
    if not taken:
        return
    following = items[len(taken)] if len(taken) < len(items) else None
    edits = _without(run, following, copies[-1], build)
    if edits is None:
        yield missed(run.line, "not moved into COPY: a comment describes the RUN")
        return
    claims: list[Claim] = [RemovesCommand(tuple(word.text for word in link.command.words)) for link in taken]
    if following is None:
        claims.append(DropsInstruction("RUN"))
    for copy in copies:
        if copy.index in flags:
            text = "".join(f" --{name}={value}" for name, value in flags[copy.index].items())
            edits.append(Edit.insert(_flags_end(copy), text))
            claims += [ChangesFlag("COPY", name, None, value) for name, value in flags[copy.index].items()]
    yield Change(
        edits=tuple(edits),
        title=f"COPY sets what {' and '.join(dict.fromkeys(link.flag for link in taken))} set",
        reason="changing owner or mode in a layer of its own stores each file a second time",
        safety=Safety.SAFE if exact else Safety.STANDARD,
        claims=tuple(claims),
        line=run.line,
        evidence=tuple(f"line {copy.line} creates the files" for copy in copies if copy.index in flags),
    )


def _executable(link: _Link, workdir: str | None, stage: Stage, build: Build, facts: Facts) -> _Link | str:
    """*link* with the whole mode that `+x` leads to, by the modes that its files have in the build context: Git knows
    two of them. A string says why that is not known.
    """
    written = link.command.words[1].text
    unknown = f"{written} changes the mode that files have in the context; --chmod sets a whole one, such as 755"
    project = facts.project
    if project is None:
        return unknown
    brought = project.copied(build)
    modes = {file.path: file.mode & 0o777 for file in project.files}
    for path in link.paths:
        full = path if path.startswith("/") else posixpath.join(workdir or "", path)
        source = brought[stage.index].get(posixpath.normpath(full)) if stage.index < len(brought) else None
        if source is None or modes.get(source) not in _GIT_MODES:
            return unknown
    return link._replace(value="755")


def _covered(
    link: _Link, copies: list[Copy], flags: dict[int, dict[str, str]], stage: Stage, build: Build, facts: Facts
) -> list[Copy] | str:
    """The COPY steps that created exactly what *link* names; a string says why there are none."""
    workdir = facts.state(copies[-1]).workdir
    wanted = set()
    for path in link.paths:
        full = path if path.startswith("/") else f"{workdir}/{path}" if workdir else None
        if full is None:
            return f"no WORKDIR says where {path} is"
        wanted.add(re.sub(r"/+", "/", full.replace("/./", "/")).removesuffix("/.").rstrip("/") or "/")
    found: list[Copy] = []
    for copy in reversed(copies):
        made = created(copy, stage, build, facts)
        if not wanted:
            break
        if not isinstance(made, Created):
            return made
        if not made.paths & wanted:
            continue
        if not made.paths <= wanted:
            return f"the COPY on line {copy.line} creates more than the RUN names"
        problem = _unfit(link, copy, made, flags, stage, build, facts)
        if problem is not None:
            return problem
        wanted -= made.paths
        found.append(copy)
    return found if not wanted else f"{sorted(wanted)[0]} is not just what the COPY before it creates"


def _unfit(
    link: _Link,
    copy: Copy,
    made: Created,
    flags: dict[int, dict[str, str]],
    stage: Stage,
    build: Build,
    facts: Facts,
) -> str | None:
    names = {flag.name for flag in copy.origin.flags} | set(flags.get(copy.index, ()))
    if link.flag in names:
        return f"the COPY on line {copy.line} has --{link.flag} already"
    if made.tree and not link.recursive:
        return "it may be a directory, whose content is not meant"
    if made.tree and link.flag == "chmod" and link.value.lstrip("0") != _FOLDER_MODE:
        return "--chmod does not reach the directory itself"
    if link.flag == "chmod" and not all(int(digit) & 1 for digit in link.value[-3:]):
        for path in made.paths:
            if not parent_exists(path, copy, stage, build, facts):
                return f"COPY --chmod={link.value} would also shut the directory of {path} if it has to create it"
    if link.flag == "chown":
        if "link" in names:
            return "COPY --link cannot look up users"
        for path in made.paths:
            if not parent_exists(path, copy, stage, build, facts):
                return f"COPY --chown would also own the directory of {path} if it has to create it"
    return None


def _without(run: Run, following: Node | None, copy: Copy, build: Build) -> list[Edit] | None:
    """Edits that take the first commands out of *run*, or all of it; None where a comment would lose its subject."""
    start, document = copy.origin.code_end, build.document
    logical: Logical = run.origin.args_logical
    end = run.origin.span.end if following is None else logical.before(following.span.start)
    if any(start <= comment.span.start < end for comment in document.comments):
        return None
    if following is None:
        return [Edit.delete(*document.without(run.origin))]
    return delete(run.origin, logical, 0, following.span.start)


def _flags_end(copy: Copy) -> int:
    flags = copy.origin.flags
    return copy.origin.logical.after(flags[-1].span.end) if flags else copy.origin.keyword_span.end
