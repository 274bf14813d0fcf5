"""Names of shells that read the language of POSIX, and where commands are looked for.

Sources: POSIX, "sh"; the manuals of bash and dash; BusyBox calls its own ``ash``; moby/buildkit, util/system/path.go.
"""

from __future__ import annotations

from typing import Final

POSIX_SHELLS: Final = frozenset(("sh", "bash", "dash", "ash"))

#: Programs that read what they run from standard input, or from the file that they are given.
INTERPRETERS: Final = POSIX_SHELLS | {"zsh", "python", "python3", "node", "ruby", "perl", "php", "deno", "bun"}
#: The directories of the default PATH, in its order.
SYSTEM_PATH: Final = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
