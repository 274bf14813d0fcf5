"""Caches that claims take away: nothing may copy or name what is then no longer there."""

from __future__ import annotations

from ...change import AddsOption, DropsFiles
from ...ir.build import Build
from ...ir.steps import Copy, Run
from ...patterns import re
from ..core.observe import Command
from ..core.program import commands_of
from ..core.verdict import Unsound
from .claims import Licences

#: What a command with one of these options no longer leaves in the home folder.
_KEPT = {"--no-cache-dir": ".cache/pip", "--no-cache": ".cache/uv"}
_HOME = re.compile(r"\A(?:/root|/home/[^/]+|~|\$HOME|\$\{HOME\})/")


def check_caches(new: Build, licences: Licences) -> None:
    """Raise ``Unsound`` where the result copies from another stage, or names, a cache that a claim does away with."""
    gone = {_KEPT[option] for claim in licences.of(AddsOption) for option in claim.options if option in _KEPT}
    dropped = (_HOME.sub("", path) for claim in licences.of(DropsFiles) for path in claim.paths if _HOME.match(path))
    gone.update(path for path in dropped if path.startswith("."))
    if not gone:
        return
    named = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, gone))})(?![\w.-])")
    for stage in new.stages:
        for step in stage.steps:
            if isinstance(step, Copy) and step.origin.flag("from") is not None:
                sources = [_HOME.sub("", source.rstrip("/")) for source in step.sources]
                if any(
                    path == source or path.startswith(f"{source}/") for path in gone for source in sources if source
                ):
                    raise Unsound("a cache is copied that is no longer there", None, step.line)
            elif isinstance(step, Run):
                for command in commands_of(step):
                    if any(map(named.search, command.raw)) and not _forgives(command):
                        raise Unsound(f"{command.raw[0]} names a cache that is no longer there", None, step.line)


def _forgives(command: Command) -> bool:
    """Whether *command* does not mind that a folder is not there."""
    words = [word for word in command.raw if word != "sudo"]
    if words[:1] == ["rm"]:
        return any(re.match(r"-\w*f|--force\Z", word) for word in words)
    return words[:1] in (["mkdir"], ["echo"], ["printf"], ["export"], ["test"], ["["]) or "=" in command.raw[0]
