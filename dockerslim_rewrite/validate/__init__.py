"""The proof: is a rewritten Dockerfile the same program, but for what its changes claim?

Independent of the passes: it reads both texts anew and shares no analysis with what proposed the changes.
"""

from .core.verdict import Judgement, Verdict, Violation
from .walk.check import validate

__all__ = ["Judgement", "Verdict", "Violation", "validate"]
