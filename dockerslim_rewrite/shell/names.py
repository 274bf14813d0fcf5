"""Names of shells that read the language of POSIX.

Sources: POSIX, "sh"; the manuals of bash and dash; BusyBox calls its own ``ash``.
"""

from __future__ import annotations

from typing import Final

POSIX_SHELLS: Final = frozenset(("sh", "bash", "dash", "ash"))
