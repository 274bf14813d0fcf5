"""What the commands of a build come to run: the one place that passes ask."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from functools import cached_property

from ...ir.build import Stage
from ...ir.steps import Copy, Exec, Healthcheck, Run, Step
from ...shell.script import Opaque, Script
from ..facts import Facts
from ..flow.destinations import destination
from .reached import Files, Reached, Unread
from .reading import Reading
from .service_files import service_scripts


def effects(facts: Facts) -> Effects:
    """What the commands of the build of *facts* come to run."""
    known = facts.memory.get("effects")
    if not isinstance(known, Effects):
        known = facts.memory["effects"] = Effects(facts)
    return known


class Effects:
    """The commands that each RUN, and what a container starts, come to run; worked out when first asked for."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._runs: dict[int, tuple[Reached, ...]] = {}
        self._files: dict[int, Files] = {}
        self._starts: dict[int, tuple[Reached, ...]] = {}

    def of_run(self, run: Run, stage: Stage) -> tuple[Reached, ...]:
        """The commands that *run* of *stage* (or of a trigger in it) comes to run, in order."""
        known = self._runs.get(run.index)
        if known is None:
            known = self._runs[run.index] = self._of(run, stage, run.argv, run.body, self.files_of(run, stage))
        return known

    def of_start(self, stage: Stage) -> tuple[Reached, ...]:
        """The commands that a container of *stage* comes to run by its CMD, ENTRYPOINT and HEALTHCHECK, and by the
        files of its services.
        """
        known = self._starts.get(stage.index)
        if known is None:
            found: list[Reached] = []
            for keyword in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
                step = next((one for one in reversed(stage.steps) if one.keyword == keyword), None)
                if isinstance(step, Exec):
                    found.extend(self._of(step, stage, step.argv, step.body, self.files(stage)))
                elif isinstance(step, Healthcheck) and step.test == "CMD":
                    reading = self._reading(step, stage, self.files(stage))
                    folder = self._facts.state(step).workdir
                    if step.argv is not None:
                        reading.command(step.argv, folder, f"line {step.line}")
                    else:
                        reading.text(step.command, folder, f"line {step.line}")
                    found.extend(reading.found)
            found.extend(self._of_services(stage))
            known = self._starts[stage.index] = tuple(found)
        return known

    def _of_services(self, stage: Stage) -> list[Reached]:
        files, project = self.files(stage), self._facts.project
        text_of = project.text if project is not None else lambda _: None
        reading = Reading(files, text_of, {}, self._downloads)
        for place, script in service_scripts(files, text_of):
            reading.text(script, "/", place, surely=False)
        return reading.found

    def files(self, stage: Stage) -> Files:
        """The files of this build that *stage* holds in the end."""
        known = self._files.get(stage.index)
        if known is None:
            known = self._files[stage.index] = self._placed(stage)
        return known

    def _placed(self, stage: Stage) -> Files:
        facts = self._facts
        project = facts.project
        texts: dict[str, str] = {}
        for at in facts.graph.chain(stage.index):
            for step in facts.build.stages[at].steps:
                if isinstance(step, Copy) and step.origin.heredocs:
                    texts.update(self._here(step))
        if project is None:
            return Files({}, texts, known=False)
        return Files(project.copied(facts.build)[stage.index], texts, known=project.complete)

    def _here(self, copy: Copy) -> Iterator[tuple[str, str]]:
        target = destination(copy, self._facts.state(copy))
        if target is None:
            return
        many = copy.destination.endswith("/") or len(copy.sources) > 1
        text = self._facts.build.text
        for one in copy.origin.heredocs:
            yield (posixpath.join(target, one.name) if many else target), text[one.body.start : one.body.end]

    def files_of(self, run: Run, stage: Stage) -> Files:
        """The files of the stage, and those that bind mounts of *run* show."""
        files = self.files(stage)
        project = self._facts.project
        binds = [mount for mount in run.mounts if mount.get("type", "bind") == "bind" and not mount.get("from")]
        if not binds or project is None:
            return files
        context = dict(files.context)
        folder = self._facts.state(run).workdir or "/"
        for mount in binds:
            target = posixpath.normpath(posixpath.join(folder, run.mount_target(mount) or "."))
            source = posixpath.normpath("/" + (mount.get("source") or mount.get("src") or "")).lstrip("/")
            context |= project.laid(source, target)
        return Files(context, files.texts, known=project.complete)

    def _reading(self, step: Step, stage: Stage, files: Files) -> Reading:
        facts = self._facts
        project = facts.project
        state = facts.state(step)
        return Reading(files, project.text if project is not None else lambda _: None, state.constants, self._downloads)

    @cached_property
    def _downloads(self) -> frozenset[str]:
        """The names of files that curl, wget or ADD fetch from the network, anywhere in the build."""
        found: set[str] = set()
        for stage in self._facts.build.stages:
            for call in self._facts.calls(stage):
                if call.name in ("curl", "wget", "aria2c"):
                    # A variable may stand in the address: the name behind it counts.
                    named = (word.text.strip("\"'").partition("?")[0] for word in call.command.words[1:])
                    found |= {posixpath.basename(name) for name in named}
                    found |= {
                        posixpath.basename(one.target.literal)
                        for one in call.command.redirects
                        if one.target is not None and one.target.literal
                    }
            for step in stage.steps:
                if isinstance(step, Copy) and any("://" in source for source in step.sources):
                    found |= {posixpath.basename(word) for word in (*step.sources, step.destination)}
        return frozenset(found - {""})

    def _of(
        self, step: Run | Exec, stage: Stage, argv: Sequence[str] | None, body: object, files: Files
    ) -> tuple[Reached, ...]:
        reading = self._reading(step, stage, files)
        folder = self._facts.state(step).workdir
        place = f"line {step.line}"
        if argv is not None:
            reading.command(tuple(argv), folder, place)
        elif step.body is not None:
            script = step.body.script
            if isinstance(script, Script):
                reading.script(script, folder, place)
            elif isinstance(script, Opaque):
                return (Unread("script", "a script that cannot be read", place),)
        return tuple(reading.found)
