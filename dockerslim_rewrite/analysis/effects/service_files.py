"""What services run that read files of their own: cron its tables, supervisors the programs that they look after.

Sources: crontab(5), run-parts(8), Supervisor documentation ("Configuration File"), s6-overlay and runit ("run" files).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...knowledge.effects import service_file
from ...patterns import re
from .reached import Files

#: Services with more files than this are not looked through to the end, nor longer ones.
_MOST_FILES = 200
_LONGEST = 100_000
#: The time of a job: five fields, or a word for them.
_WHEN = r"(?:@\w+|(?:[\d*][\w*,/-]*[ \t]++){4}[\d*][\w*,/-]*)[ \t]++"
_OF_USERS = re.compile(rf"(?m)^[ \t]*+{_WHEN}[\w-]+[ \t]++(?P<command>\S.*)")
_OF_ONE = re.compile(rf"(?m)^[ \t]*+{_WHEN}(?P<command>\S.*)")
_PROGRAM = re.compile(r"(?m)^[ \t]*+command[ \t]*+=[ \t]*+(?P<command>\S.*)")
_COMMANDS = {"tables": _OF_USERS, "own_tables": _OF_ONE, "programs": _PROGRAM}


def service_scripts(files: Files, text_of: Callable[[str], str | None]) -> Iterator[tuple[str, str]]:
    """For each of *files* that a service runs commands of: where it stands, and those commands as a shell script.

    *text_of* gives the text of a file of the context, None for one that cannot be read.
    """
    count = 0
    for path in (*files.context, *files.texts):
        kind = service_file(path)
        if kind is None:
            continue
        count += 1
        if count > _MOST_FILES:
            return
        source = files.context.get(path)
        text = files.texts.get(path) if path in files.texts or source is None else text_of(source)
        if text is None:
            continue
        pattern = _COMMANDS.get(kind)
        script = text if pattern is None else "\n".join(match["command"] for match in pattern.finditer(text[:_LONGEST]))
        if script.strip():
            yield source or path, script[:_LONGEST]
