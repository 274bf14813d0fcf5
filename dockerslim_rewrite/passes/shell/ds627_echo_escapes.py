"""DS627: what echo prints."""

from __future__ import annotations

from ...analysis.bases import System, system
from ...analysis.facts import Facts
from ...change import Change, ReplacesCommand, Safety
from ...ir.build import Build, Stage
from ...patterns import re
from ...text import Edit
from ..base import Proposals, missed
from .commands import calls, written

_SH = (None, ("/bin/sh", "-c"))
#: What may put another program at /bin/sh.
_RELINKS = re.compile(
    r"\b(?:ln|mv|cp|rm|install|dpkg-divert|update-alternatives)\b"
    # Where another one begins, the search goes on from there.
    r"(?:(?!\b(?:ln|mv|cp|rm|install|dpkg-divert|update-alternatives)\b)[^;&|])*?\bsh\b|dpkg-reconfigure"
)
_ASKS = re.compile(r"\\[nt]")


def echo_escapes(build: Build, facts: Facts) -> Proposals:
    r"""Write `printf '%b\n' "a\nb"` for `echo "a\nb"` and `echo -e`, which print the same in one shell only.

    dash makes a new line of `\n` and prints `-e`; bash and Busybox do so the other way round. So the file gets other
    text under another base image, or where SHELL is set.

    Safe as far as it is known which shell /bin/sh is: `printf` then prints what `echo` prints there today, and goes on
    doing so in every other. That rests on the base image, hence level standard. It is written for one word in quotes
    with no escapes but `\n` and `\t`. Where the image is not known, or /bin/sh may be another one, `echo` stays.
    Source: POSIX, "echo" and "printf"; ShellCheck SC2028, SC3037.
    """
    for stage in build.stages:
        shell: tuple[str, System] | str | None = None
        for call in calls(build, facts, stage):
            if call.name != "echo" or call.words[0].text != "echo" or len(call.words) < 2:
                continue
            option = call.words[1].text in ("-e", "-n", "-ne", "-en")
            if not option and not _ASKS.search(call.words[-1].text):
                continue
            if facts.state(call.run).shell not in _SH or call.body.form != "shell":
                continue
            shell = shell or _shell(build, facts, stage)
            if isinstance(shell, str):
                yield missed(call.line(build), f"echo stays: {shell}")
                continue
            from ...analysis.shell.printing import by_printf

            text = by_printf(call.command, shell[0]) if call.words == call.command.words else None
            if text is None:
                yield missed(call.line(build), f"echo stays: it is not plain what {shell[0]} prints here")
                continue
            start, end = call.words[0].span.start, call.words[-2].span.end
            after = (*text.split(" "), call.words[-1].text)
            yield Change(
                edits=(Edit(call.body.logical.span(start, end), text),),
                title=f"{text} for {' '.join(written(call.words[:-1]))}",
                reason=f"what echo prints is {shell[0]}'s business, what printf prints is not",
                safety=Safety.STANDARD,
                claims=(ReplacesCommand(written(call.words), after, "printf", shell[0]),),
                line=call.line(build),
                evidence=(shell[1].evidence,),
            )


def _shell(build: Build, facts: Facts, stage: Stage) -> tuple[str, System] | str:
    """What /bin/sh is in *stage*, and how that is known; else why it is not."""
    for at in facts.graph.chain(stage.index):
        for run in build.stages[at].runs:
            script = facts.script(run)
            if script is not None and _RELINKS.search(script.text):
                return "/bin/sh may be another program than the base image's"
    known = system(build, facts, stage)
    if known.shell is None or (known.shell == "dash" and known.image is None):
        return "it is not known which shell /bin/sh is"
    return known.shell, known
