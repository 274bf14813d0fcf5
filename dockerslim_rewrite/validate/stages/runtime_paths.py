"""Every path that the old stage of a split wrote, beside those that the runtime stage has.

The judge has its own view of what commands write: the plain words of common commands. For what it does not see there it
does not ask.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from ...change import ChangesBase, Claim, SplitsStage
from ...ir.build import Stage
from ...ir.steps import Copy, Env, Exec, Run, Step, Value
from ...patterns import re
from ...shell.reader import read_argv
from ...shell.script import Script
from ...text.paths import within
from ..bases.inherited import filled, inherited, learn
from ..bases.runtime_bases import is_slim_variant
from ..core.observe import Command, Unit, commands, units
from ..core.program import commands_of, script_of
from ..core.verdict import Undecided, Unsound
from ..metadata.metadata import folder
from ..moves.contents import Read
from .brought import Brought
from .own_directory import OwnDirectory
from .runtime_packages import check_left
from .served import creates_by_number, unserved
from .unread import unread
from .written import STANDING, written

_PASSING = re.compile(r"/(?:tmp|var/tmp|var/cache|var/lib/apt|dev|proc|root/\.cache|go/pkg)(?:/|\Z)")
#: Programs that every image with a shell has, and the one that a Java runtime has.
_SYSTEM = frozenset(("/bin/sh", "/bin/bash", "/usr/bin/env", "/usr/bin/java", "/bin/echo", "/bin/sleep", "/bin/cat"))
#: Where the images of languages have the program that they are for. Source: docker-library's python, node and ruby.
_INTERPRETER = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?P<name>python|node|ruby)[:@].*\0/usr/local/bin/(?:(?P=name)|python3)\Z", re.S
)
_ACCOUNTS = frozenset(("useradd", "adduser", "groupadd", "addgroup"))
_CREATING = frozenset((name,) for name in (*_ACCOUNTS, "usermod", "groupmod"))


class RuntimePaths:
    """What the second of *stages*, which came from the first by *claim*, has of the paths that the first wrote.

    ``provided`` are the paths that it copies from the builder; with ``context``, it copies again what comes from the
    build context; ``late`` are the COPYs, by index, that stand in it as they stood; ``others`` are further claims. The
    check raises ``Unsound`` or ``Undecided``.
    """

    def __init__(
        self,
        claim: SplitsStage,
        stages: tuple[Stage, Stage],
        provided: set[str],
        escape: str,
        others: Sequence[Claim],
        *,
        context: bool,
        late: frozenset[int] = frozenset(),
    ) -> None:
        self.claim = claim
        self.others = others
        self.stage, self.runtime = stages
        self.provided = provided
        self.escape = escape
        self.context = context
        self.late = late
        self.brought = Brought(self.stage, late)
        self.needs: dict[str, Step] = {}
        self.gone: set[str] = set()
        #: Where the late COPYs go: they bring there what they brought.
        self.standing: set[str] = set()

    def check(self, read: Read | None = None) -> None:
        """Everything that the old stage wrote under a name of its own must be in the runtime stage.

        *read* gives the text of a file of the build context, where that is at hand.
        """
        self.brought = Brought(self.stage, self.late, read)
        env, start = inherited(self.stage)
        place: str | None = start
        accounts = False
        own = OwnDirectory()
        folders: set[str] = set()
        for step in self.stage.steps:
            if isinstance(step, Env):
                learn(env, step, self.escape)
            elif isinstance(step, Value) and step.keyword == "WORKDIR":
                place = folder(filled(step.value, env), place, self.escape)
                folders |= {place} if place is not None else set()
            elif isinstance(step, Copy):
                if step.index in self.late:
                    target = filled(step.destination, env)
                    self.brought.whole(step, target, place)
                    if place is not None or target.startswith("/"):
                        self.standing.add(_joined(place, target.strip("\"'"), step))
                elif not (self.context and of_context(step)):
                    self.brought.early(step, filled(step.destination, env), place)
                    self._copied(step, filled(step.destination, env), place)
            elif isinstance(step, Run):
                body = self._run(step)
                found = commands(body)
                self.brought.ran(own.wrote(body, place, env))
                accounts = accounts or any(command.words and command.words[0] in _ACCOUNTS for command in found)
                moves = any(command.words[:1] == ("cd",) for command in found)
                for command in found:
                    self._deleted(command, env)
                    for path in written(command, env):
                        if path.startswith("/") or not moves:
                            self._wrote(_joined(place, path, step), step)
        if accounts and not {"/etc/passwd", "/etc/group"} <= self.provided and not self._created_again():
            raise Unsound("the runtime stage lacks the created accounts", self.stage.head.line, self.runtime.head.line)
        unseen = unserved(self.stage, self.runtime, place, self.others)
        unseen |= unread(self.stage, self.runtime, place, env, self.others, read)
        for path, step in self.needs.items():
            if self.brought.again(path, step):
                continue
            if path not in self.gone and not any(f"{path}/".startswith(f"{one}/") for one in unseen):
                self._need(path, step)
        for path in self.gone & self.provided:
            raise Unsound(f"{path} is deleted in the builder", self.stage.head.line, self.runtime.head.line)
        for path in self.standing & self.provided:
            if not any(within(one, path) for one in (*self.needs, *folders)):
                raise Undecided(f"nothing in the builder is known to make {path}", self.runtime.head.line)
        check_left(self.stage, self.runtime, self.claim)
        self._program(place, env)

    def _created_again(self) -> bool:
        """Whether the runtime stage creates every account of the old one by the same commands, in the same order."""
        old, new = (
            [command.words for step in stage.steps for command in commands_of(step) if command.words[:1] in _CREATING]
            for stage in (self.stage, self.runtime)
        )
        plain = re.match(r"scratch\Z|busybox|gcr\.io/distroless/|cgr\.dev/", self.claim.base) is None
        return plain and old == new and all(map(creates_by_number, old))

    def _deleted(self, command: Command, env: Mapping[str, str]) -> None:
        """Note what ``rm`` takes away: it need not be in the runtime stage, and cannot be."""
        if command.words[:1] not in (("rm",), ("mv",)):
            return
        operands = [filled(word.lstrip("\0"), env).rstrip("/") for word in command.words[1:] if word[:1] != "-"]
        for one in operands if command.words[0] == "rm" else operands[:-1]:
            if one.startswith("/"):
                inside = {path for path in (*self.needs, *self.provided) if path == one or path.startswith(one + "/")}
                self.gone |= {one, *inside}

    def _run(self, step: Run) -> tuple[Unit, ...]:
        script = read_argv(step.argv) if step.argv else script_of(step)
        if not isinstance(script, Script):
            raise Undecided("a RUN that could not be read may write anything", step.line)
        return units(script)

    def _copied(self, step: Copy, target: str, place: str | None) -> None:
        path = _joined(place, target.strip("\"'"), step)
        if path not in STANDING:
            self._wrote(path, step)
            return
        for source in step.sources:
            self._wrote(posixpath.join(path, posixpath.basename(source.split("?")[0].rstrip("/"))), step)

    def _wrote(self, path: str, step: Step) -> None:
        self.gone.discard(path)
        self.needs.setdefault(path, step)

    def _program(self, place: str | None, env: Mapping[str, str]) -> None:
        last = {step.keyword: step for step in self.stage.steps if isinstance(step, Exec)}
        entry = last.get("ENTRYPOINT")
        # An empty list takes the one of the base image away.
        main = entry if entry is not None and entry.argv != () else last.get("CMD")
        # A tag that was pinned names the same image in other words, and the slim variant of a language's image starts
        # what the full one does. Source: the official images' Dockerfiles, made of one template.
        bases = (self.stage.head.image, self.runtime.head.image)
        pinned = ChangesBase("pinned", *bases) in self.others
        if main is None and (bases[0] == bases[1] or pinned or is_slim_variant(*bases)):
            return
        if main is None:
            raise Unsound("the container starts through what the old base image starts", self.stage.head.line)
        name: str | None = None
        if main.argv:
            name = main.argv[0]
        elif main.body is not None and isinstance(main.body.script, Script):
            words = [word for command in commands(units(main.body.script))[:1] for word in command.words]
            name = next((filled(word.lstrip("\0"), env) for word in words if word != "exec"), None)
        if name is None:
            raise Undecided("what the container starts could not be read", main.line)
        if _INTERPRETER.match(f"{self.runtime.head.image}\0{name}"):
            return
        path = posixpath.normpath(posixpath.join(place or "/", name))
        if "/" in name and posixpath.normpath(name) not in _SYSTEM and not self.brought.holds(path):
            self._need(path, main)

    def _need(self, path: str, step: Step) -> None:
        path = posixpath.normpath(path).replace("//", "/")
        if "$" in path or path in STANDING or _PASSING.match(path):
            return
        if not any(path == one or path.startswith(one.rstrip("/") + "/") for one in self.provided):
            raise Unsound(f"{path} is not in the runtime stage", step.line, self.runtime.head.line)


def _joined(place: str | None, path: str, step: Step) -> str:
    """*path*, seen from the folder *place*. Raises ``Undecided`` where that is needed and not known."""
    if place is None and not path.startswith("/"):
        raise Undecided(f"in which directory {path} lies is not known", step.line)
    return posixpath.normpath(posixpath.join(place or "/", path))


def of_context(step: Step) -> bool:
    """Whether *step* copies from the build context, or sets the folder for what does."""
    return step.keyword == "WORKDIR" or (isinstance(step, Copy) and step.origin.flag("from") is None)
