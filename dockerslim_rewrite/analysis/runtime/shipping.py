"""What a stage that builds its own program put into the image: the places that a runtime stage has to get from it.

Everything that the Dockerfile's own instructions wrote counts as needed, whatever it is; what the base image brought
and what package managers keep for themselves does not. Where an instruction may have written elsewhere, the analysis
says so instead of guessing.
"""

from __future__ import annotations

from ...ir.build import Stage
from ...ir.steps import Copy, Listing, Onbuild, Run, Step, Value
from ...knowledge.recipes import Recipe
from ...patterns import re
from ...record import evolve
from ...shell.reader import read_argv
from ...shell.script import (
    AndOr,
    Compound,
    Group,
    Node,
    Opaque,
    Pipeline,
    Redirect,
    Script,
    Sequence,
    Simple,
    children,
)
from ...text.paths import below, matches, within
from ..accounts.created import created_home
from ..effects.writes import redirected, writes
from ..flow.copied_places import copied_places
from ..flow.environment import Environment, Names
from ..flow.places import BROAD, Frame, Place, assigned, moved
from ..flow.state import State, after
from ..packages.kept_packages import KeptPackages
from ..packages.redirections import redirections, settings
from ..shell.operations import operation
from .cut import cut_of
from .prefixes import prefixes
from .shipped import Obstacle, Shipping
from .touches import Touches

#: What may be deleted without a trace: caches, temporary files, documentation.
_DELETABLE = re.compile(
    r"/(?:var/lib/apt|var/cache|tmp|var/tmp|var/log|root|usr/share/(?:doc|man|info|locale)|etc/apt/sources\.list\.d)(?:/|\Z)"
    r"|.*/\*?\.(?:cache|git|svn)"
)

_PATTERN = re.compile(r"[*?\[]")


def shipping(
    stage: Stage, recipe: Recipe, version: str | None, installed: tuple[str, ...] = ()
) -> tuple[Shipping, Obstacle | None]:
    """What *stage*, based on *version* of an image of *recipe*, ships, and the first obstacle, if any.

    *installed* are the paths that installing the project creates, where those are known.
    """
    state = State(Environment().having(dict(recipe.environment).items()), Names(), recipe.workdir or None, None, None)
    states = [state]
    reader = _Reader(recipe, prefixes(stage), version, installed, Touches(stage.head.image))
    cut = cut_of(stage, again=recipe.again)
    last = cut.index if cut is not None else -1
    for step in stage.steps:
        if step.index <= last or isinstance(step, Onbuild):
            reader.step(step, state)
        state = after(state, step)
        states.append(state)
    reader.settle()
    links = [one for one in reader.places if one.link]
    alone = next((one for one in links if not any(below(one.path, two.path) for two in reader.places)), None)
    if alone is not None:
        reader.obstacles.append(Obstacle(f"COPY would follow the link {alone.path}", reader.lines[alone]))
    outermost = _outermost(reader.places, recipe.own)
    found = Shipping(
        outermost,
        frozenset(reader.made),
        tuple(reader.packages.packages),
        reader.users,
        reader.packages.upgrade,
        tuple(states),
        tuple(reader.copied),
        tuple(path for path in reader.gone if not any(within(two.path, path) for two in outermost)),
        tuple(dict.fromkeys(reader.obstacles)),
        cut,
        tuple(sorted(reader.ran)),
        tuple(sorted(reader.folders)),
        tuple(reader.touches.found),
    )
    return found, next(iter(reader.obstacles), None)


def _executed(run: Run, recipe: Recipe) -> Script | Opaque | None:
    """The script that a *run* in exec form amounts to; None where it installs packages, which are read elsewhere."""
    found = operation(run.argv) if run.argv else None
    if not run.argv or (found is not None and (recipe.sites or found.manager.name not in recipe.builders)):
        return None
    return read_argv(run.argv)


def _outermost(places: list[Place], own: tuple[str, ...]) -> tuple[Place, ...]:
    """The places that lie in no other, without those that are folders of the tool chain or lie in its caches."""
    paths = {place.path for place in places if place.path not in own and not _ephemeral(place.path)}
    found: list[str] = []
    above: str | None = None
    # What lies in a folder stands behind it, before all that does not.
    for folder, path in sorted((f"{path.rstrip('/')}/", path) for path in paths):
        if above is None or not path.startswith(above):
            found.append(path)
            above = folder
    return tuple(map(Place, sorted(found)))


def _ephemeral(path: str) -> bool:
    return path.startswith(("/tmp/", "/var/tmp/", "/var/cache/", "/var/lib/apt/", "/dev/", "/proc/", "/root/.cache"))


class _Reader:
    """Goes through the steps of a stage and notes what they write."""

    def __init__(
        self,
        recipe: Recipe,
        prefixes: tuple[str, ...],
        version: str | None,
        installed: tuple[str, ...],
        touches: Touches,
    ) -> None:
        self.recipe = recipe
        self.prefixes = prefixes
        self.installed = installed
        self.sites = recipe.packages_in(version)
        self.touches = touches
        self.broad = BROAD - recipe.open
        self.settings: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.exported: dict[str, str | None] = {}
        self.told: dict[str, str] = {}
        self.state = State(Environment(), Names(), None, None, None)
        self.places: list[Place] = []
        self.lines: dict[Place, int] = {}
        self.made: set[str] = set()
        self.packages = KeptPackages()
        self.copied: list[str] = []
        self.filled: set[str] = set()
        self.gone: list[str] = []
        self.users = False
        self.ran: set[str] = set()
        self.folders: set[str] = set()
        self.obstacles: list[Obstacle] = []
        self.line = 0
        self.running = False

    def step(self, step: Step, state: State) -> None:
        self.line = step.line
        self.running = isinstance(step, Run)
        if isinstance(step, Copy):
            self._copy(step, state)
        elif isinstance(step, Run):
            self._run(step, state)
        elif isinstance(step, Value) and step.keyword == "WORKDIR":
            path = after(state, step).workdir
            if path is None:
                self._stop(f"WORKDIR {step.value} depends on a build argument or on the base image")
            elif path not in self.broad and path != self.recipe.workdir:
                self._place(Place(path))
                self.touches.worked_in(path, state, step.line)
        elif isinstance(step, Onbuild):
            self._stop("its triggers run in other builds")
        elif isinstance(step, Listing) and step.keyword == "VOLUME" and any("$" in word for word in step.words):
            self._stop("a VOLUME depends on variables")

    def _stop(self, reason: str) -> None:
        self.obstacles.append(Obstacle(reason, self.line))

    def _place(self, place: Place) -> None:
        whole = next((one for one in self.recipe.whole if within(place.path, one)), None)
        if whole is not None:
            place = Place(whole)
        if place.path in self.broad:
            self._stop(f"it writes into {place.path}, among the files of the base image")
        else:
            self.places.append(place)
            self.lines.setdefault(place, self.line)
            if self.running:
                self.ran.add(place.path)

    def _copy(self, copy: Copy, state: State) -> None:
        count = len(self.places)
        self._copied_places(copy, state)
        if self.recipe.again and copy.origin.flag("from") is None:
            self.copied += [place.path for place in self.places[count:]]
            del self.places[count:]

    def settle(self) -> None:
        """Take out folders in which what is copied again lies, and programs; other commands may not write there."""
        if not self.copied:
            return
        above = [one for one in self.places if any(within(path, one.path) for path in self.copied)]
        for place in above:
            if place.path in self.filled:
                self.line = self.lines[place]
                self._stop(f"it writes into {place.path}, where COPY puts files as well")
        self.places = [one for one in self.places if one not in above]

    def _copied_places(self, copy: Copy, state: State) -> None:
        for found in copied_places(copy, state, self.broad):
            if isinstance(found, str):
                self._stop(found)
            else:
                self._place(found)
                self.touches.copied(found, copy, state)

    def _run(self, run: Run, state: State) -> None:
        script = run.body.script if run.body is not None else _executed(run, self.recipe)
        if not isinstance(script, Script):
            self._stop("what it runs could not be read")
            return
        given = list(assigned(script))
        own = [name for name, _ in given]
        variables = self.variables = {**state.constants, **self.settings}
        for name, value in given:
            variables.pop(name, None)
            if value is not None and own.count(name) == 1:
                variables[name] = value
        self.exported = {**dict.fromkeys(state.exported), **variables}
        self.state = state
        self.touches.run(script.root)
        self._walk(script.root, Frame(state.workdir, variables, self.broad), run.line)

    def _walk(self, node: Node, frame: Frame, line: int) -> Frame:
        """Note what *node* writes; the frame behind it."""
        if isinstance(node, Simple):
            for part in node.nested:
                self._walk(part, frame, line)
            self._simple(node, frame)
            return moved(node, frame)
        if isinstance(node, Group):
            inside = self._walk(node.body, frame, line)
            self._redirects(node.redirects, frame)
            return frame if node.subshell else inside
        if isinstance(node, Pipeline):
            for item in node.items:
                self._walk(item, frame, line)
            return frame
        if isinstance(node, Sequence | AndOr):
            for item in node.items:
                frame = self._walk(item, frame, line)
            return frame
        return self._compound(node, frame, line)

    def _compound(self, node: Compound, frame: Frame, line: int) -> Frame:
        if node.kind == "function":
            self._stop(f"what the function {node.name} writes depends on its calls")
        self._redirects(node.redirects, frame)
        end = frame
        for part in children(node):
            behind = self._walk(part, frame, line)
            if behind.folder != frame.folder:
                end = evolve(frame, folder=None)
        return end

    def _redirects(self, redirects: tuple[Redirect, ...], frame: Frame) -> None:
        places = redirected(redirects, frame)
        if places is None:
            self._stop("where a group of commands writes is not known")
        for place in places or ():
            self.filled.add(place.path)
            self._place(place)
            self.touches.redirected(place, self.state, self.line)

    def _simple(self, command: Simple, frame: Frame) -> None:
        found = writes(command, frame, within=True)
        self.touches.ran(command, found, frame, self.state, self.line)
        if found.unknown is not None:
            self._stop(f"{found.unknown} is not known")
        for path in found.removed:
            self._removed(path)
        # A directory alone is what WORKDIR and COPY make as well.
        self.running = command.name != "mkdir" or any(word.text.startswith("-m") for word in command.words)
        for place in found.places:
            self._place(place)
        if not self.running:
            self.folders.update(place.path for place in found.places)
        self.running = True
        if command.name != "mkdir":
            self.filled.update(place.path for place in found.places)
        self.made.update(found.made)
        self.settings.update(found.settings)
        self.variables.update(found.settings)
        if found.installed is not None:
            self._installed(found.installed)
        if found.site and not self.sites and not self.recipe.globally:
            unsaid = ": the tag of the base image does not tell its minor version" if self.recipe.sites else ""
            self._stop(f"where {command.words[0].text} installs packages is not known{unsaid}")
        if found.site:
            self.places += [Place(path) for path in self.sites]
            self.lines.update((Place(path), self.line) for path in self.sites)
        if found.globally is not None and not self.recipe.globally:
            self._stop(f"where {found.globally} writes is not known: it installs among the base image's own packages")
        if found.users:
            self._account(command, frame)
        done = operation(command.argv) if command.words and found.operation is None else None
        if done is not None:
            self.told.update(settings(command, done, frame))
            places, problem = redirections(command, done, frame, self.exported, self.told, root=self.state.may_be_root)
            if problem is not None:
                self._stop(f"{problem} is not known")
            for place in places:
                self._place(place)
        if found.operation is not None:
            problem = self.packages.tell(command, found.operation, frame, self.line)
            if problem is not None:
                self._stop(problem)

    def _installed(self, tool: str) -> None:
        """``make install`` puts its files below the prefix that was configured, else below the usual one."""
        if self.installed:
            self.places += [Place(path) for path in self.installed]
            self.lines.update((Place(path), self.line) for path in self.installed)
            return
        for prefix in self.prefixes or ((self.recipe.prefix,) if self.recipe.prefix else ()):
            if prefix == self.recipe.prefix:
                self.places.append(Place(prefix))
                self.lines.setdefault(Place(prefix), self.line)
            elif not prefix.startswith("/") or prefix in self.broad or "$" in prefix:
                self._stop(f"{tool} install puts files into {prefix}, among those of the base image")
            else:
                self._place(Place(prefix))
        if not self.prefixes and not self.recipe.prefix:
            self._stop(f"where {tool} install puts its files is not known")

    def _removed(self, path: str) -> None:
        # Commands write the same few places again and again: each path is looked at once.
        paths = {one.path for one in self.places}
        pattern = path.rstrip("/")
        self.gone.append(pattern)
        if _PATTERN.search(path):
            known = any(within(path, one) or matches(one, path) for one in paths)
            inner = f"{pattern}/*"
            gone = {one for one in paths if matches(one, pattern) or matches(one, inner) or below(one, pattern)}
        else:
            known = path in paths or any(below(path, one) for one in paths)
            gone = {one for one in paths if one == pattern or one.startswith(f"{pattern}/")}
        if gone:
            self.places = [one for one in self.places if one.path not in gone]
        own = any(within(path, one) for one in self.recipe.own)
        if not (known or own or _DELETABLE.match(path)):
            self._stop(f"it deletes {path}, which may be a file of the base image")

    def _account(self, command: Simple, frame: Frame) -> None:
        home, problem = created_home(command, frame)
        if problem is not None:
            self._stop(problem)
            return
        self.users = True
        if home is not None:
            self._place(Place(home))
            self.touches.home(home, command, self.line)
