"""DS621: patterns that may name options."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import Change, RespellsWords, Safety
from ...ir.build import Build
from ...knowledge.file_operands import is_file, knows
from ...shell.script import Word
from ...text import Edit
from ..base import Proposals, missed
from .commands import Call, calls, output_is_read

_SILENT = frozenset(("echo", "printf"))


def glob_prefix(build: Build, facts: Facts) -> Proposals:
    """Write `./*` for `*` where a command takes names of files, so that no file's name is read as an option.

    `rm -rf *` in a folder with a file called `-i` gets an option and not a name: the file stays, and `rm` works
    otherwise. In `cp *.so /usr/lib/` or `chmod 755 *.sh` it is the same.

    Safe because for the commands of a list (`rm`, `cp`, `mv`, `chmod`, `dpkg -i`, …) `./x` and `x` are one file, and
    the pattern finds the same names in the same order. Level standard since a name with a dash in front now is a name,
    which is what the rule is for. Where the names themselves go on, into a pipe, an archive or a text (`ls`, `tar c`,
    `zip`, `find`, `echo`), the pattern stays. Source: ShellCheck SC2035; POSIX, "Utility Syntax Guidelines".
    """
    for call in calls(build, facts):
        found = [at for at, word in enumerate(call.words) if at and _may_be_option(word)]
        if "--" in call.argv:
            found = [at for at in found if at < call.argv.index("--")]
        if not found or call.name in _SILENT:
            continue
        sure = [at for at in found if is_file(call.argv, at)]
        line = call.line(build)
        if len(sure) < len(found) or output_is_read(call.script, call.command):
            yield missed(line, f"no ./ before {call.words[found[0]].text}: {_reason(call)}")
            continue
        words = tuple(call.words[at].text for at in sure)
        logical = call.body.logical
        yield Change(
            edits=tuple(Edit.insert(logical.before(call.words[at].span.start), "./") for at in sure),
            title=f"./ before {' '.join(words)}",
            reason=f"else {call.name} takes a file whose name begins with a dash for an option",
            safety=Safety.STANDARD,
            claims=(RespellsWords("anchored", words, (call.name,)),),
            line=line,
        )


def _may_be_option(word: Word) -> bool:
    return word.text.startswith(("*", "?"))


def _reason(call: Call) -> str:
    if knows(call.name):
        return f"what {call.name} does with the names here, or prints of them, may be another thing with it"
    return f"it is not known that {call.name} takes ./x and x for the same"
