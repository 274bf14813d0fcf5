"""What a proof rests on, in one line, and whether it shows that the container works."""

from __future__ import annotations

from datetime import datetime

from ..starts import start_text
from .observe import Observed


def decisive(before: Observed, after: Observed) -> bool:
    """Whether both containers were seen at work: the smoke command ended well, they listen, or end well by themselves.

    A container that fails without what it is usually given, or that only runs on, shows little.
    """
    if after.smoke is not None and before.smoke is not None:
        return after.smoke.status == 0 == before.smoke.status
    start = after.start
    return start is not None and (bool(start.ports) or start.status == 0)


def shown(before: Observed, after: Observed, when: datetime) -> str:
    """The evidence for a journal and the lock: what was looked at, with the counts."""
    parts = [f"{len(after.programs.elf)} ELF files resolved"]
    for language, told in sorted(after.imports.items()):
        parts.append(f"{sum(1 for said in told.values() if not said)} packages of {language} loaded")
    if after.start is not None:
        user = str(after.image.config.fields.get("User", "")) or "root"
        parts.append(f"{start_text(after.start)} as {user}, as before")
    if after.smoke is not None:
        parts.append("the smoke command ends alike")
    size = f"{before.image.size / 1e6:.0f} MB → {after.image.size / 1e6:.0f} MB"
    return f"proved by build {when.date().isoformat()}: {', '.join(parts)}; {size}"
