"""Where commands run: RUNs that work in one folder, and who sees the working directory behind them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import NamedTuple

from ...ir.build import Stage
from ...ir.expansion import put_in
from ...ir.steps import Arg, Copy, Env, Exec, Healthcheck, Label, Listing, Onbuild, Run, Shell, Step, Value
from ...patterns import re
from ...shell.script import AndOr, Node, Script, Simple
from ...shell.state import starts_absolute

_PLAIN = re.compile(r"[A-Za-z0-9_./@+-]+\Z")
VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*+)|\{([A-Za-z_]\w*)\})", re.ASCII)
#: A path that variables name in part or as a whole.
_NAMED = re.compile(rf'(?P<quote>"?)(?P<path>(?:[A-Za-z0-9_./@+-]|{VARIABLE.pattern})+)(?P=quote)\Z', re.ASCII)
#: What a script may ask of the way by which it came to a folder, rather than of the folder.
_WAY = re.compile(r"PWD\b|\bcd -|~-|\b(?:push|pop)d\b|\bdirs\b|\bcaller\b")
#: Folders that are another at every start of a container.
_VIRTUAL = re.compile(r"/(?:proc|sys|dev|run)(?:/|\Z)")


def frame(script: Script) -> tuple[Simple, Node] | None:
    """The ``cd`` to one folder in which all of *script* works, and the command behind it; None for other scripts.

    That is a chain of ``&&`` alone: were the folder missing, nothing of it would run and the build would end.
    """
    chain = script.root.items[0] if len(script.root.items) == 1 else None
    if not isinstance(chain, AndOr) or any(operator.text != "&&" for operator in chain.operators):
        return None
    if any(separator.text == "&" for separator in script.root.separators):
        return None
    first = chain.items[0]
    if not isinstance(first, Simple) or first.name != "cd" or len(first.words) != 2:
        return None
    if first.assignments or first.redirects or any(one.name == "cd" for one in script.commands if one is not first):
        return None
    return first, chain.items[1]


class Folder(NamedTuple):
    """A folder that a ``cd`` leads to, and how WORKDIR says it: by the same variables."""

    path: str
    text: str


def folder(change: Simple, workdir: str | None, script: Script, constants: Mapping[str, str]) -> Folder | None:
    """The folder that *change*, the ``cd`` of a frame, leads to from *workdir*; None when it is not surely known.

    *constants* are the variables of ENV whose values are known.
    """
    value = change.words[1].value
    if value.glob or value.brace or value.tilde or _WAY.search(script.text):
        return None
    path, text = value.literal, None
    if path is None and (named := _NAMED.match(change.words[1].text)):
        text = named["path"]
        path = put_in(text, VARIABLE, constants)
    if path is None or not _PLAIN.match(path) or path.startswith("-") or ".." in path.split("/"):
        return None
    if not path.startswith("/"):
        # Behind a link, `..` is another folder for the shell than for WORKDIR.
        if workdir is None or text is not None or not _PLAIN.match(workdir):
            return None
        path = posixpath.join(workdir, path)
    path = posixpath.normpath(path)
    return None if _VIRTUAL.match(path) or path.startswith("//") else Folder(path, text or path)


def observer(stage: Stage, run: Run) -> Step | None:
    """The first instruction of *stage* behind *run* that sees the working directory, a relative WORKDIR included.

    None when there is none, up to the next WORKDIR with a full path or to the stage's end.
    """
    for step in stage.steps:
        if step.index <= run.index:
            continue
        if resets(step):
            return None
        if sees(step):
            return step
    return None


def resets(step: Step) -> bool:
    """Whether *step* sets the working directory, whatever it was."""
    return isinstance(step, Value) and step.keyword == "WORKDIR" and step.value.strip("\"'").startswith("/")


def sees(step: Step) -> bool:
    """Whether *step* does another thing in another working directory. What only the image's end sees is not judged."""
    if isinstance(step, Run):
        script = step.body.script if step.body is not None else None
        return not (isinstance(script, Script) and starts_absolute(script))
    if isinstance(step, Copy):
        return not step.destination.strip("\"'").startswith("/")
    if isinstance(step, Value):
        return step.keyword == "WORKDIR"
    return not isinstance(step, Env | Arg | Label | Listing | Exec | Shell | Healthcheck | Onbuild)


def is_reset(stage: Stage, run: Run) -> bool:
    """Whether a WORKDIR with a full path stands behind *run*."""
    return any(step.index > run.index and resets(step) for step in stage.steps)
