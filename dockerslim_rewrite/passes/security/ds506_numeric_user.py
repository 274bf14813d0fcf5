"""DS506: USER by number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...analysis.facts import Facts
from ...change import AddsOption, Change, Claim, RespellsValue, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Value
from ...patterns import re
from ...shell.edits import insert_after
from ...text import Edit
from ..base import Proposals, missed
from ..shell.commands import written

if TYPE_CHECKING:
    from ...analysis.accounts.account_numbers import Accounts

_NAMED = re.compile(r"(?P<user>[A-Za-z_][A-Za-z0-9_.-]*)(?::(?P<group>[A-Za-z_][A-Za-z0-9_.-]*|[0-9]+))?\Z")


def numeric_user(build: Build, facts: Facts) -> Proposals:
    """Name the user of the container by number where the number is known.

    Kubernetes' `runAsNonRoot` refuses an image whose USER is a name: from outside nobody can tell that `app` is not
    root. A number can be checked, and needs no list of accounts in the image.

    The number is known where a command of this file creates the account with one (`useradd -u 1000 app`), or where the
    base image is known to bring it along (`node` 1000, `www-data` 33 on Debian and 82 on Alpine), and nothing gives it
    another one. Level standard: a number that the list of accounts holds leads to the very entry that the name leads
    to, with its group, its home and its further groups; who looks at the image's configuration finds the number.
    `USER root` becomes `USER 0` at level aggressive only, since it says less to a reader. Where a WORKDIR follows,
    BuildKit gives the folder to the group of the user's own number, so the name stays unless its group has that
    number. Names in variables stay. An account that `useradd` makes without a number is given the one that it has
    today, at level aggressive, where it surely is the first of its kind in an image that has none.
    Source: moby/sys user.GetExecUser; BuildKit executor/oci/user.go and dispatchWorkdir; Kubernetes documentation,
    "Configure a Security Context"; useradd(8).
    """
    for stage in build.stages:
        users = [step for step in stage.steps if isinstance(step, Value) and step.keyword == "USER"]
        if users:
            # Most files name no user; what reads accounts is loaded for those that do.
            from ...analysis.accounts.account_numbers import Accounts

            accounts = Accounts(stage, build, facts)
            for step in users:
                yield from _user(step, accounts, stage, build, facts)


def _user(step: Value, accounts: Accounts, stage: Stage, build: Build, facts: Facts) -> Proposals:
    text = step.value.strip()
    match = _NAMED.match(text)
    if match is None:
        if text.startswith("$"):
            yield missed(step.line, f"USER {text} stays: a variable says who it is")
        return
    from ...analysis.accounts.account_numbers import makes_folder, numbered_group

    found = accounts.numbered(match["user"], step)
    if isinstance(found, str):
        yield missed(step.line, f"USER {text} stays: {found}")
        return
    group = numbered_group(match["group"], stage, build, facts) if match["group"] else None
    if match["group"] and group is None:
        yield missed(step.line, f"USER {text} stays: the number of its group is not known")
        return
    folder = makes_folder(step, stage, build, facts) if group is None and found.gid != found.uid else None
    if folder is not None:
        reason = f"WORKDIR on line {folder.line} would make its directory for the group {found.uid}"
        yield missed(step.line, f"USER {text} stays: {reason}")
        return
    after = str(found.uid) if group is None else f"{found.uid}:{group}"
    logical = step.origin.args_logical
    start = logical.text.index(text)
    edits = [Edit(logical.span(start, start + len(text)), after)]
    claims: list[Claim] = [RespellsValue("USER", step.value, after)]
    if found.made is not None:
        run, command, option = found.made
        assert run.body is not None
        edits.insert(0, insert_after(run.body.logical, command.words[0].span.end, f" {option} {found.uid}"))
        claims.append(AddsOption(written(command.words[:1]), (option, str(found.uid))))
    yield Change(
        edits=tuple(edits),
        title=f"USER {text} by number: {after}",
        reason=found.source,
        safety=Safety.AGGRESSIVE if found.uid == 0 or found.made is not None else Safety.STANDARD,
        claims=tuple(claims),
        line=step.line,
    )
