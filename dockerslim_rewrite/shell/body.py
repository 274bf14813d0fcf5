"""The shell script of an instruction: where it stands, what it says, and how to lead its spans back to the file."""

from __future__ import annotations

from functools import cached_property

from ..patterns import re
from ..record import record
from ..syntax import Instruction, Logical
from .reader import read_script
from .script import Opaque, Script

_SHEBANG = re.compile(r"#![ \t]*(?:/usr)?/bin/(?:env[ \t]+)?(?:ba|da|a)?sh\b")
_ONLY_HEREDOC = re.compile(r"""<<(?:-|[ \t]*)(?:"[^"]+"|'[^']+'|[^\s<>"'&|;()]+)\Z""")


@record(slots=False)
class Body:
    """A script with the way back to the file.

    ``form`` is ``shell`` for text on the instruction's own line, ``heredoc`` when the whole script is a
    here-document, ``mixed`` when a command on the line reads here-documents. Only ``shell`` bodies may be joined.
    """

    logical: Logical
    form: str
    foreign: str | None = None

    @cached_property
    def script(self) -> Script | Opaque:
        """The script's tree, or ``Opaque`` with the reason why it is left alone."""
        if self.foreign is not None:
            return Opaque(self.logical.text, self.foreign)
        return read_script(self.logical.text)


def body_of(instruction: Instruction, foreign: str | None = None) -> Body | None:
    """The script of a RUN, or of a shell-form CMD or ENTRYPOINT; None for the exec form and for no arguments.

    *foreign* says why the text is no POSIX shell script (another SHELL, a Windows image), if it is none.
    """
    args = instruction.args
    if not args or instruction.json is not None:
        return None
    if not instruction.heredocs:
        return Body(instruction.args_logical, "shell", foreign)
    if len(instruction.heredocs) == 1 and _ONLY_HEREDOC.match(args):
        heredoc = instruction.heredocs[0]
        start, end = heredoc.body
        text = _source_text(instruction, start, end)
        if text.startswith("#!") and not _SHEBANG.match(text):
            foreign = foreign or "a here-document for another interpreter"
        return Body(Logical(text, ((0, start, end - start),)), "heredoc", foreign)
    return Body(instruction.args_logical, "mixed", foreign or "reads here-documents")


def _source_text(instruction: Instruction, start: int, end: int) -> str:
    return instruction.text[start - instruction.span.start : end - instruction.span.start]
