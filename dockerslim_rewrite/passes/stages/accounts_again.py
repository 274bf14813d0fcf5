"""Accounts that the runtime stage of a split creates by itself, as the builder did, in place of copying /etc/passwd."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.accounts.created import created_home
from ...analysis.flow.places import BROAD, Frame
from ...ir.steps import Run
from ...knowledge.images import canonical_name
from ...patterns import re
from ...record import record
from ...shell.script import AndOr, Script, Simple
from ...text.numbers import small_number
from .split_project import Project, Target

_PROGRAMS = frozenset(("groupadd", "useradd", "addgroup", "adduser"))
_CHANGING = frozenset(("usermod", "groupmod", "gpasswd", "passwd", "chpasswd", "deluser", "userdel", "newusers"))
#: Numbers, without which the account might get another one there.
_USER = re.compile(r"(?:\A| )(?:-u|--uid)[ =]\d+(?: |\Z)")
_GROUP = re.compile(r"(?:\A| )(?:-g|--gid)[ =]\d+(?: |\Z)|(?:\A| )(?:-G|--ingroup)[ =][a-z]")
_PLAIN = re.compile(r"[\w./=:-]+\Z")
#: Bases without programs that create accounts.
_WITHOUT = re.compile(r"scratch\Z|busybox|gcr\.io/distroless/|cgr\.dev/")


#: Ubuntu's images have an account of their own with the number 1000.
_LAST_TAKEN = 1000


@record
class Accounts:
    """The ``commands`` of RUNs that do nothing but create accounts by number, and the ``homes`` that come with them;
    ``filled`` are further homes, in which there is more than an account brings along.
    """

    commands: tuple[tuple[str, ...], ...]
    homes: tuple[str, ...]
    filled: tuple[str, ...]


def accounts_again(project: Project, target: Target) -> Accounts | None:
    """The accounts of *project* that its runtime stage on *target* can create by itself; None where not all of them."""
    if not project.shipping.users or _WITHOUT.match(target.image):
        return None
    commands: list[tuple[str, ...]] = []
    homes: list[str] = []
    for run in project.stage.runs:
        script = project.facts.script(run)
        if script is None or not any(command.name in _PROGRAMS | _CHANGING for command in script.commands):
            continue
        alone = _alone(run, script)
        if alone is None:
            return None
        commands += (tuple(word.text for word in command.words) for command in alone)
        for command in alone:
            home, problem = created_home(command, Frame(project.facts.state(run).workdir, {}, BROAD))
            if problem is not None:
                return None
            homes += [home] if home is not None else []
    wrote = (*project.shipping.ran, *project.shipping.copied)
    words = [word for command in commands for word in re.split("[ =]", " ".join(command))]
    if not _is_like(target.image, project) and any(_is_taken(word) for word in words):
        return None
    if not commands:
        return None
    filled = tuple(home for home in homes if any(path.startswith(f"{home}/") for path in wrote))
    return Accounts(tuple(commands), tuple(home for home in homes if home not in filled), filled)


def _is_like(image: str, project: Project) -> bool:
    """Whether *image* has no accounts that the builder's image does not have."""
    name = canonical_name(image.partition("@")[0].partition(":")[0])
    return name in (canonical_name(project.image.name), "debian", "alpine")


def _alone(run: Run, script: Script) -> Sequence[Simple] | None:
    """The commands of *run* where all of them create accounts by number, each behind the other; None for another."""
    root = script.root
    only = root.items[0] if len(root.items) == 1 and not root.separators else None
    chain = only.items if isinstance(only, AndOr) and all(one.text == "&&" for one in only.operators) else (only,)
    found = [one for one in chain if isinstance(one, Simple)]
    if len(found) < len(chain) or run.flags or run.origin.heredocs or run.origin.comments:
        return None
    return found if all(map(_by_number, found)) else None


def _by_number(command: Simple) -> bool:
    text = " ".join(word.text for word in command.words[1:])
    plain = all(_PLAIN.match(word.text) for word in command.words) and not command.redirects and not command.assignments
    if not plain or command.name not in _PROGRAMS:
        return False
    if command.name in ("groupadd", "addgroup"):
        return re.search(r"(?:\A| )(?:-g|--gid)[ =]\d+ ", text) is not None
    return _USER.search(text) is not None and _GROUP.search(text) is not None


def _is_taken(word: str) -> bool:
    number = small_number(word)
    return number is not None and number <= _LAST_TAKEN
