"""A result set anew from its program."""

from __future__ import annotations

from ..change import Remark, RemarkKind
from ..ir.build import read_build
from ..record import evolve
from ..syntax import parse
from ..text import Edit, Patch, Span
from .options import Options
from .result import Result


def canonical_result(result: Result, options: Options) -> Result:
    """*result* set anew from its program; left as it is, with a bug remark, where the layout changed the program."""
    from ..render.canonical import canonical
    from ..validate import Verdict, validate

    text = canonical(read_build(parse(result.text)), options.templates)
    judgement = validate(result.text, text, ())
    if judgement.verdict is not Verdict.OK:
        reason = f"the canonical layout is not proven: {judgement.violations[0].reason}"
        return evolve(result, remarks=(*result.remarks, Remark(RemarkKind.BUG, reason, 1, rule="DS000")))
    whole = Patch() if text == result.original else Patch((Edit(Span(0, len(result.original)), text),))
    return evolve(result, text=text, patch=whole)
