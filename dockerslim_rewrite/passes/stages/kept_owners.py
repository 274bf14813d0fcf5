"""Whose the directories are that a runtime stage gets from its builder: COPY makes a directory itself as root's.

Where a directory and surely all in it is of one account, ``COPY --chown`` makes it so again. Else it is in the way.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ...analysis.accounts.owner_names import ROOT
from ...analysis.runtime.shipped import Obstacle
from ...analysis.runtime.top_owner import TopOwners
from ...knowledge.images import canonical_name
from .accounts_again import Accounts
from .split_project import Project, Target

#: Directories that distributions have; where one has not, its only content is what is copied there.
_ABOVE = frozenset(("/", "/home", "/media", "/mnt", "/opt", "/srv", "/usr", "/usr/src", "/var", "/var/www"))


def kept_owners(
    project: Project, target: Target, accounts: Accounts | None, places: tuple[str, ...]
) -> Mapping[str, str] | Obstacle:
    """The value of ``--chown`` for those of *places*, which the runtime stage of *project* on *target* copies, that
    need one; why a directory would not have its owner any more, where one would not.

    *accounts* are those that the runtime stage creates by itself.
    """
    ships = project.shipping
    if all(one.account == ROOT and one.kind != "owns" for one in ships.touches):
        return {}
    homes = (*accounts.homes, *accounts.filled) if accounts is not None else ()
    # Directories that WORKDIR, or what is copied from the build context, makes anew there.
    others = [one.path for one in ships.places if target.places is None or one.path == project.folder]
    others += [*ships.copied, *project.recipe.packages_in(project.image.parts.version)]
    owners = TopOwners(ships.touches, project.recipe.given)
    kept: dict[str, str] = {}
    for path in dict.fromkeys((*places, *others)):
        owner = owners.of(path)
        if owner is None:
            continue
        if path in homes and owner.made:
            continue
        problem = f"COPY would give {path} itself to root, and line {owner.line} {owner.told}"
        if path not in places or not owner.account or not _made_alone(path, owner.account):
            return Obstacle(problem, owner.line)
        missing = next((one for one in owner.account.split(":") if not _there(one, project, target, accounts)), None)
        if missing is not None:
            return Obstacle(f"{problem}, which {target.image} may not know", owner.line)
        kept[path] = owner.account
    return kept


def _made_alone(path: str, account: str) -> bool:
    """Whether COPY makes no other directory on the way to *path*, which would be given to *account* as well."""
    above = posixpath.dirname(path)
    return above in _ABOVE or above == f"/home/{account.partition(':')[0]}"


def _there(name: str, project: Project, target: Target, accounts: Accounts | None) -> bool:
    """Whether the runtime stage has the user or group *name* of the builder before it copies the first directory."""
    if name.isdigit() or (project.shipping.users and accounts is None):
        return True
    if accounts is not None and any(name in command for command in accounts.commands):
        return True
    base = canonical_name(target.image.partition("@")[0].partition(":")[0])
    return base == canonical_name(project.image.name)
