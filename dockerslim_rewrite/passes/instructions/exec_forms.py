"""What CMD, ENTRYPOINT and HEALTHCHECK in shell form say, and the exec form that says the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ...analysis.facts import Facts
from ...analysis.flow.state import State
from ...change import Change, ChangesForm, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Healthcheck, Run
from ...knowledge.shell_state import state_effects
from ...patterns import re
from ...record import record
from ...shell.reader import read_script
from ...shell.script import AndOr, Node, Script, Simple
from ...syntax.parser import MAX_LINE_BYTES
from ...text import Edit, Span

#: Built-ins that are no programs of their own; the exec form could not find them.
_BUILTIN_ONLY = frozenset(
    ("type", "command", "jobs", "fg", "bg", "wait", "times", "hash", "builtin", "let", "history", "time", "kill")
)

#: Bytes of a script's words in JSON: below what BuildKit reads in a line, keyword, shell and commas included.
_LONGEST = MAX_LINE_BYTES - 1000
#: A program that variables name in part: a slash outside of them makes it a path, and no built-in command.
_PATH = re.compile(r"(?P<quote>\"?)(?:\$\w++|\$\{\w+\}|[\w.-])*/(?:\$\w++|\$\{\w+\}|[\w./-])*(?P=quote)\Z")
#: Programs that start what their arguments say, as it stands there, and look after it.
_INIT = re.compile(r"(?:\S*/)?(?:tini(?: -[vgws]+)*|dumb-init(?: -[cv]+)*)(?: --)?\Z")
#: What begins as a list of strings does, and no test of a shell (`[ -f x ]`).
_LIKE_ARRAY = re.compile(r"\[\s*(?:[\"'\u2018\u2019\u201c\u201d]|[\w./-]+\s*,)")
#: Characters of a script that may be read as one string.
_READABLE = 100


@record
class Command:
    """A CMD or ENTRYPOINT in shell form: its script, the words that need no shell (None: it needs one), and why the
    other of the two would see another form (None: it would not).
    """

    step: Exec
    stage: Stage
    script: Script
    words: tuple[str, ...] | None
    others: str | None


@record
class Test:
    """The test of a HEALTHCHECK in shell form: its text, where it stands, and the words that need no shell."""

    step: Healthcheck
    stage: Stage
    text: str
    place: Span
    words: tuple[str, ...] | None


@record
class Stays:
    """An instruction that stays in shell form, and why."""

    step: Exec | Healthcheck
    reason: str


def commands(build: Build, facts: Facts) -> Iterator[Command | Stays]:
    """The CMDs and ENTRYPOINTs in shell form of *build*; those in another shell's language are left out."""
    for stage in build.stages:
        for step in stage.steps:
            if not isinstance(step, Exec) or step.body is None:
                continue
            script = step.body.script
            if not isinstance(script, Script):
                if step.body.foreign is None:
                    yield Stays(step, _no_array(script.text) or script.reason)
                continue
            reason = obstacle(step, script) or read_first(facts.state(step))
            if reason is not None:
                yield Stays(step, reason)
            else:
                yield Command(step, stage, script, plain_words(script), others(step, stage, facts))


def tests(build: Build, facts: Facts) -> Iterator[Test | Stays]:
    """The tests of HEALTHCHECK in shell form of *build*."""
    for stage in build.stages:
        for step in stage.steps:
            if isinstance(step, Healthcheck) and step.test == "CMD" and step.argv is None and step.command:
                yield _test(step, stage, facts)


def _test(step: Healthcheck, stage: Stage, facts: Facts) -> Test | Stays:
    posix = any(isinstance(one, Run | Exec) and one.body and one.body.foreign is None for one in stage.steps)
    script = read_script(step.command)
    if facts.state(step).shell is not None or not posix or not isinstance(script, Script):
        return Stays(step, "it is not known which shell reads it")
    logical = step.origin.args_logical
    start = logical.text.rindex(step.command)
    place = Span(logical.before(start), logical.after(start + len(step.command)))
    if "\n" in step.origin.text[place.start - step.origin.span.start : place.end - step.origin.span.start]:
        return Stays(step, "it is a script of its own")
    return Test(step, stage, step.command, place, plain_words(script))


def in_exec_form(
    step: Exec | Healthcheck, place: Span, words: tuple[str, ...], why: str, safety: Safety, text: str = ""
) -> Change:
    """The change that writes *words* as a JSON array, or its *text*, at *place*, where *step* has a shell form."""
    return Change(
        edits=(Edit.replace(*place, text or json.dumps(words, ensure_ascii=False)),),
        title=f"{step.keyword} in exec form",
        reason=why,
        safety=safety,
        claims=(ChangesForm(step.keyword),),
        line=step.line,
    )


def in_lines(step: Exec, script: Script, words: Sequence[str]) -> str:
    """The JSON array of *words*, all that *script* of *step* says but ``exec``, on the lines that they stand on."""
    assert step.body is not None
    logical, source = step.body.logical, step.origin
    spans = [word.span for word in script.commands[0].words[-len(words) :]]
    text = f"[{json.dumps(words[0], ensure_ascii=False)}"
    for (_, end), (start, _), word in zip(spans, spans[1:], words[1:], strict=False):
        gap = source.text[logical.after(end) - source.span.start : logical.before(start) - source.span.start]
        text += "," + (gap if "\n" in gap else " ") + json.dumps(word, ensure_ascii=False)
    return f"{text}]"


def spreads(step: Exec, script: Script, words: Sequence[str]) -> bool:
    """Whether one of *words*, all that *script* of *step* says but ``exec``, is too long to be read without the lines
    on which it stands.
    """
    assert step.body is not None
    logical, source = step.body.logical, step.origin
    spans = [word.span for word in script.commands[0].words[-len(words) :]]
    texts = (
        source.text[logical.before(start) - source.span.start : logical.after(end) - source.span.start]
        for start, end in spans
    )
    return any("\n" in text and len(word) > _READABLE for text, word in zip(texts, words, strict=True))


def all_of(step: Exec) -> Span:
    """Where the text of *step* behind the keyword stands."""
    logical = step.origin.args_logical
    return Span(logical.before(0), logical.after(len(logical.text)))


def read_first(state: State) -> str | None:
    """What the shell of *state* reads before it starts a command, for people; None where it reads nothing.

    Source: bash(1), INVOCATION.
    """
    shell = state.shell or ()
    if any(word in ("--login", "--rcfile", "--init-file") or re.match(r"-[a-z]*[il]", word) for word in shell[1:]):
        return "a login or interactive shell reads its start-up files first"
    if "BASH_ENV" in state.env and any(word.rpartition("/")[2] == "bash" for word in shell[:1]):
        return "bash reads the file that BASH_ENV names first"
    return None


def obstacle(step: Exec, script: Script) -> str | None:
    """Why *step* has no exec form at all; None where it may have one."""
    if not script.text.strip("\"' \t"):
        return "it is empty"
    if script.text.lstrip().startswith("[") and "]" in script.text:
        return _no_array(script.text) or "it looks like a JSON array, and is none"
    if step.origin.comments or script.comments:
        return "comments stand inside it"
    if len(json.dumps(script.text.split(), ensure_ascii=False).encode("utf-8", "replace")) > _LONGEST:
        return "BuildKit reads no line that is so long"
    if any("\udc80" <= char <= "\udcff" for char in script.text):
        return "it holds bytes that are not UTF-8"
    return None


def others(step: Exec, stage: Stage, facts: Facts) -> str | None:
    """Why *step* needs the shell that Docker starts for its text: the other of CMD and ENTRYPOINT; None where not."""
    if step.keyword == "ENTRYPOINT":
        # The CMD of a stage below is no more: ENTRYPOINT takes it back.
        command = next((found for one in _with_heirs(stage, facts) if (found := _last("CMD", one)) is not None), None)
        if command is None or command.argv == ():
            return None
        return f"the CMD on line {command.line} would become its arguments"
    stages = (facts.build.stages[at] for at in facts.graph.chain(stage.index))
    entry = next((found for one in stages if (found := _last("ENTRYPOINT", one)) is not None), None)
    if entry is not None and entry.argv and not _INIT.match(" ".join(entry.argv)):
        return f"its words are arguments of the ENTRYPOINT on line {entry.line}"
    return None


def _with_heirs(stage: Stage, facts: Facts) -> Iterator[Stage]:
    """*stage*, and the stages built from it whose start is still its ENTRYPOINT."""
    yield stage
    for at in facts.graph.heirs(stage.index):
        heir = facts.build.stages[at]
        between = (facts.build.stages[one] for one in facts.graph.chain(at) if one != stage.index)
        if not any(_last("ENTRYPOINT", one) for one in between if one.index > stage.index):
            yield heir


def _last(keyword: str, stage: Stage) -> Exec | None:
    return next((one for one in reversed(stage.steps) if isinstance(one, Exec) and one.keyword == keyword), None)


def short_line(script: Script) -> str | None:
    """The text of a script that is short enough to be read as a string in JSON; None for another."""
    text = script.text.strip()
    return text if len(text) <= _READABLE and "\\" not in text and "\n" not in text else None


def plain_words(script: Script) -> tuple[str, ...] | None:
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
    return tuple(words) if name and not _own(name) and not _otherwise(words) else None


def _otherwise(words: Sequence[str]) -> bool:
    """Whether the shell's command of that name may do something else with *words* than the program of that name.

    Sources: POSIX, "echo" (application usage); bash(1) and coreutils, printf.
    """
    if words[0] == "echo":
        return any("\\" in word for word in words[1:]) or (words[1:2] != [] and words[1].startswith("-"))
    return words[0] == "printf" and any("%(" in word or "%q" in word for word in words[1:])


def _own(name: str) -> bool:
    """Whether *name* is a command of the shell's own, which the exec form, and `exec`, would not find."""
    return name in _BUILTIN_ONLY or bool(state_effects(name))


def runs_by_itself(name: str) -> bool:
    """Whether *name* is surely no script without a ``#!`` line, which a shell runs and the exec form does not.

    Source: POSIX 2.9.1.4, "Command Search and Execution", on ENOEXEC.
    """
    folder, _, program = name.rpartition("/")
    return folder in ("", "/bin", "/sbin", "/usr/bin", "/usr/sbin") and not program.endswith((".sh", ".bash"))


def _no_array(text: str) -> str | None:
    """Why *text*, which looks like a JSON array of strings, is none; None for other text."""
    bare = text.strip()
    if not _LIKE_ARRAY.match(bare):
        return None
    if re.search(r",\s*\]", bare):
        flaw = "a comma stands before the ]"
    elif "'" in bare and '"' not in bare:
        flaw = "JSON takes double quotes only"
    elif not bare.endswith("]"):
        flaw = "no ] ends it" if "]" not in bare else "more stands after the ]"
    else:
        flaw = "its words are not all in double quotes, with commas between them"
    return f"it looks like a JSON array and is none: {flaw}"


def with_exec(script: Script) -> str | None:
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
