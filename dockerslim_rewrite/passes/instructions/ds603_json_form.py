"""DS603: CMD and ENTRYPOINT in exec form."""

from __future__ import annotations

import json
import re

from ...analysis.bases import base_image
from ...analysis.facts import Facts
from ...change import Change, ChangesForm, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Healthcheck, Run
from ...knowledge.shell_state import state_effects
from ...shell.reader import read_script
from ...shell.script import AndOr, Node, Script, Simple
from ...syntax.parser import MAX_LINE_BYTES
from ...text import Edit, Span
from ..base import Proposals, missed

#: Built-ins that are no programs of their own; the exec form could not find them.
_BUILTIN_ONLY = frozenset(("type", "command", "jobs", "fg", "bg", "wait", "times", "hash", "builtin", "let", "history"))

#: A program that variables name in part: a slash outside of them makes it a path, and no built-in command.
#: Bytes of a script's words in JSON: below what BuildKit reads in a line, keyword, shell and commas included.
_LONGEST = MAX_LINE_BYTES - 1000
_PATH = re.compile(r"(?P<quote>\"?)(?:\$\w+|\$\{\w+\}|[\w.-])*/(?:\$\w+|\$\{\w+\}|[\w./-])*(?P=quote)\Z")
#: Programs that start what their arguments say, as it stands there, and look after it.
_INIT = re.compile(r"(?:\S*/)?(?:tini(?: -[vgws]+)*|dumb-init(?: -[cv]+)*)(?: --)?\Z")
#: Characters of a script that may be read as one string.
_READABLE = 100


def json_form(build: Build, facts: Facts) -> Proposals:
    """Write CMD and ENTRYPOINT as a JSON array, so that the process gets the container's signals.

    In shell form Docker runs `/bin/sh -c TEXT`: the shell is process 1, and the program may never see SIGTERM.

    Safe where the text is one command of plain words: no variables, patterns, quotes that a shell would need, no
    operators, no built-in commands. A program outside the system's folders may be a script without a `#!` line, which
    only a shell runs: level standard. A chain of commands becomes `["/bin/sh", "-c", "… && exec …"]` (level standard),
    which runs just what the shell form runs and hands process 1 over. Other scripts of one short line are written as
    what Docker makes of them, `["/bin/sh", "-c", "…"]`: the image stays the same to the letter. So it is where the
    other of the two would see a difference: a CMD whose words are arguments of an ENTRYPOINT in exec form, or an
    ENTRYPOINT with a CMD, which the shell form ignores and the exec form appends; tini and dumb-init only start what
    CMD says. Longer scripts stay. A HEALTHCHECK is written alike: of its test only the exit status counts. Source:
    Dockerfile reference, "Shell and exec form" and "Understand how CMD and ENTRYPOINT interact".
    """
    for stage in build.stages:
        for step in stage.steps:
            if isinstance(step, Healthcheck):
                yield from _healthcheck(step, stage, facts)
            if not isinstance(step, Exec) or step.body is None:
                continue
            script = step.body.script
            if not isinstance(script, Script):
                if step.body.foreign is None:
                    yield missed(step.line, f"{step.keyword} stays in shell form: {script.reason}")
                continue
            reason = _obstacle(step, script)
            if reason is not None:
                yield missed(step.line, f"{step.keyword} stays in shell form: {reason}")
                continue
            others = _others(step, stage)
            words = _plain_words(script)
            if words is not None and others is None:
                known = _entrypoint_is_known(step, stage, build, facts) and _runs_by_itself(words[0])
                safety = Safety.SAFE if known else Safety.STANDARD
                why = "the words need no shell, and as process 1 the program gets the signals"
            else:
                if facts.state(step).shell is not None:
                    yield missed(step.line, f"{step.keyword} stays in shell form: SHELL is set")
                    continue
                text = _with_exec(script) if others is None else None
                text = text or _line(script)
                if text is None or len(step.origin.kinds) > 1:
                    reason = others or "it is a script of its own; put it into a file, or end it in exec"
                    yield missed(step.line, f"{step.keyword} stays in shell form: {reason}")
                    continue
                words = ("/bin/sh", "-c", text)
                safety = Safety.STANDARD
                why = "the same shell runs the same text, written as what Docker makes of it"
                why += f": {others}" if others is not None else ""
            logical = step.origin.args_logical
            yield Change(
                edits=(
                    Edit.replace(
                        logical.before(0), logical.after(len(logical.text)), json.dumps(words, ensure_ascii=False)
                    ),
                ),
                title=f"{step.keyword} in exec form",
                reason=why,
                safety=safety,
                claims=(ChangesForm(step.keyword),),
                line=step.line,
            )


def _healthcheck(step: Healthcheck, stage: Stage, facts: Facts) -> Proposals:
    """HEALTHCHECK CMD in exec form: the program itself, or the shell that Docker would start for the text."""
    if step.test != "CMD" or step.argv is not None or not step.command:
        return
    posix = any(isinstance(one, Run | Exec) and one.body and one.body.foreign is None for one in stage.steps)
    script = read_script(step.command)
    if facts.state(step).shell is not None or not posix or not isinstance(script, Script):
        yield missed(step.line, "HEALTHCHECK stays in shell form: it is not known which shell reads it")
        return
    logical = step.origin.args_logical
    start = logical.text.rindex(step.command)
    place = Span(logical.before(start), logical.after(start + len(step.command)))
    if "\n" in step.origin.text[place.start - step.origin.span.start : place.end - step.origin.span.start]:
        yield missed(step.line, "HEALTHCHECK stays in shell form: it is a script of its own")
        return
    words = _plain_words(script)
    own = words is not None and _runs_by_itself(words[0])
    yield Change(
        edits=(Edit.replace(*place, json.dumps(words or ("/bin/sh", "-c", step.command), ensure_ascii=False)),),
        title="HEALTHCHECK in exec form",
        reason="the words need no shell" if words else "written as what Docker makes of it",
        safety=Safety.SAFE if own else Safety.STANDARD,
        claims=(ChangesForm("HEALTHCHECK"),),
        line=step.line,
    )


def _obstacle(step: Exec, script: Script) -> str | None:
    """Why *step* has no exec form at all; None where it may have one."""
    if not script.text.strip("\"' \t"):
        return "it is empty"
    if script.text.lstrip().startswith("[") and "]" in script.text:
        return "it looks like a JSON array, and is none"
    if step.origin.comments or script.comments:
        return "comments stand inside it"
    if len(json.dumps(script.text.split(), ensure_ascii=False).encode("utf-8", "replace")) > _LONGEST:
        return "BuildKit reads no line that is so long"
    if any("\udc80" <= char <= "\udcff" for char in script.text):
        return "it holds bytes that are not UTF-8"
    return None


def _others(step: Exec, stage: Stage) -> str | None:
    """Why *step* needs the shell that Docker starts for its text: the other of CMD and ENTRYPOINT; None where not."""
    others = [one for one in stage.steps if isinstance(one, Exec) and one.keyword != step.keyword]
    if step.keyword == "ENTRYPOINT" and others and others[-1].argv != ():
        return f"the CMD on line {others[-1].line} would become its arguments"
    if step.keyword == "CMD" and others and others[-1].argv and not _INIT.match(" ".join(others[-1].argv)):
        return f"its words are arguments of the ENTRYPOINT on line {others[-1].line}"
    return None


def _line(script: Script) -> str | None:
    """The text of a script that is short enough to be read as a string in JSON; None for another."""
    text = script.text.strip()
    return text if len(text) <= _READABLE and "\\" not in text and "\n" not in text else None


def _plain_words(script: Script) -> tuple[str, ...] | None:
    """The words of a script that is one command which needs no shell, None for any other."""
    node = script.root.items[0] if len(script.root.items) == 1 else None
    if any(separator.text == "&" for separator in script.root.separators):
        return None
    if not isinstance(node, Simple) or node.assignments or node.redirects or not node.words:
        return None
    values = [word.value for word in node.words]
    if any(v.literal is None or v.glob or v.brace or v.tilde for v in values):
        return None
    words = [v.literal or "" for v in values]
    if words[0] == "exec" and len(words) > 1 and not words[1].startswith("-"):
        words = words[1:]
    name = words[0]
    return tuple(words) if name and not _own(name) else None


def _own(name: str) -> bool:
    """Whether *name* is a command of the shell's own, which the exec form, and `exec`, would not find."""
    return name in _BUILTIN_ONLY or bool(state_effects(name))


def _runs_by_itself(name: str) -> bool:
    """Whether *name* is surely no script without a ``#!`` line, which a shell runs and the exec form does not.

    Source: POSIX 2.9.1.4, "Command Search and Execution", on ENOEXEC.
    """
    folder, _, program = name.rpartition("/")
    return folder in ("", "/bin", "/sbin", "/usr/bin", "/usr/sbin") and not program.endswith((".sh", ".bash"))


def _entrypoint_is_known(step: Exec, stage: Stage, build: Build, facts: Facts) -> bool:
    """Whether no entrypoint of an unknown base image could see the difference."""
    if step.keyword == "ENTRYPOINT":
        return True
    while not any(isinstance(one, Exec) and one.keyword == "ENTRYPOINT" for one in stage.steps):
        base = facts.graph.bases[stage.index]
        if base is None:
            break
        stage = build.stages[base]
    else:
        return True
    image = base_image(build, facts, stage)
    return stage.head.image == "scratch" or (image is not None and image.entrypoint is False)


def _with_exec(script: Script) -> str | None:
    """*script*'s text with ``exec`` before the last command of a plain ``&&`` chain; None for other scripts."""
    root = script.root
    if len(root.items) != 1 or root.separators:
        return None
    last: Node = root.items[0]
    if isinstance(last, AndOr):
        if any(operator.text != "&&" for operator in last.operators):
            return None
        last = last.items[-1]
    if not isinstance(last, Simple) or last.assignments or not last.words:
        return None
    name = last.words[0].literal
    if name == "exec":
        return script.text
    if not _PATH.match(last.words[0].text) if name is None else _own(name):
        return None
    return f"{script.text[: last.span.start]}exec {script.text[last.span.start :]}"
