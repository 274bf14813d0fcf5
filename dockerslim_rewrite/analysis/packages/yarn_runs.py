"""What a command of Yarn runs. Source: Yarn documentation, CLI: a word that is no command of Yarn's is run."""

from __future__ import annotations

from collections.abc import Sequence

from ...knowledge.yarn import yarn_words
from ..shell.operations import Operation
from .listed import Unmet


def run_by_yarn(done: Operation, argv: Sequence[str | None]) -> str | None:
    """The script of package.json, or the program of a package, that *done* runs, which installs nothing; None where it
    runs nothing. Raises ``Unmet`` where that is not known.
    """
    words = [argv[at] for at in done.operands]
    name = done.subcommand
    if name == "run":
        name = (words[0] if words else None) or "run …"
    if not name or name in yarn_words().other or name == "run …":
        raise Unmet(f"what {done.executable} {name or '…'} does is not known")
    if done.subcommand == "config" and words[:1] == ["set"]:
        key = words[1] if len(words) > 1 else None
        if key not in yarn_words().settings | {"nodeLinker"}:
            raise Unmet(f"what {done.executable} config set {key or '…'} changes is not known")
        return None
    return None if done.subcommand in yarn_words().harmless else name
