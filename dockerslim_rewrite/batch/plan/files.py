"""The directory of a plan: ``plan.json`` with its shards and files, a patch for each shard, tables, ``PLAN.md``.

Nothing in it depends on the machine, the time or the order of work: the same repository gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

from ...patterns import re
from ...record import record
from ...regular import read_text
from ...report.text import counted, size
from ...text.structured import read_json
from ...unfinished import unfinished
from ..outcome import Outcome
from ..spool import Spool
from .owners import NOBODY, Owners
from .patches import diff_of
from .shards import Shard

#: Raised when an older program would misread a plan.
SCHEMA = 1
PLAN, TABLE, TABLE_JSON, TEXT, REFUSED, APPLIED = (
    "plan.json",
    "changes.csv",
    "changes.json",
    "PLAN.md",
    "refused.json",
    "applied.json",
)
PATCHES = "patches"
#: What the directory of a plan holds, and what an interrupted command may leave there.
_OWN = {PLAN, TABLE, TABLE_JSON, TEXT, REFUSED, APPLIED, PATCHES}
#: Branches of shards begin so.
PREFIX = "dockerslim/"
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TEMPORARY = re.compile(rf"\.({re.escape(REFUSED)}|{re.escape(APPLIED)})\.[0-9]+")
#: What each entry of what is remembered has to say.
_KEYS = {REFUSED: {"shard", "reason", "files"}, APPLIED: {"shard", "to", "commit"}}
COLUMNS = ("shard", "file", "owner", "rule", "level", "line", "bytes", "title", "evidence", "status")


@record
class PlannedFile:
    """A file of a shard, by the digests of its content before and after."""

    name: str
    before: str
    after: str
    rules: tuple[str, ...]


@record
class PlannedShard:
    """A shard of a plan that was written."""

    name: str
    title: str
    files: tuple[PlannedFile, ...]
    changes: int
    saving: int


@record
class Plan:
    """A plan that was written; ``by`` says what makes its shards."""

    by: str
    shards: tuple[PlannedShard, ...]

    def chosen(self, names: tuple[str, ...]) -> tuple[PlannedShard, ...]:
        """The shards called *names*, all without any. Raises ``ValueError`` for one that is not there."""
        known = {one.name: one for one in self.shards}
        for name in names:
            if name not in known:
                raise ValueError(f"{name}: no shard of this plan; `dockerslim batch status` lists them")
        return tuple(known[name] for name in names) if names else self.shards


def check_place(folder: Path) -> None:
    """Raise ``ValueError`` where *folder* is there and is no plan's own: a new plan takes the place of all in it."""
    if folder.is_symlink():
        raise ValueError(f"{folder}: is a symbolic link to {os.readlink(folder)}; name that directory with --plan")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f"{folder}: is no directory; name another one with --plan")
    entries = {one.name for one in folder.iterdir()}
    if not entries:
        return
    if not _is_plan(folder / PLAN):
        raise ValueError(f"{folder}: is there and holds no plan; name another directory with --plan")
    foreign = {name for name in entries - _OWN if not _TEMPORARY.fullmatch(name)}
    patches = folder / PATCHES
    if patches.is_dir() and not patches.is_symlink():
        foreign |= {f"{PATCHES}/{one.name}" for one in patches.iterdir() if one.suffix != ".patch"}
    if foreign:
        raise ValueError(
            f"{folder / min(foreign)}: is no part of the plan, whose place the new one takes; move it, or name another "
            "directory with --plan"
        )


def _is_plan(path: Path) -> bool:
    """Whether the file at *path* is the table of a plan, of this version or another one."""
    try:
        data = read_json(read_text(path))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and {"schema", "by", "shards"} <= data.keys()


def write_plan(folder: Path, by: str, shards: tuple[Shard, ...], spool: Spool, owners: Owners) -> Plan:
    """Write the plan of *shards*, whose outcomes lie in *spool*, to *folder*; it takes the place of an older one whole.

    What was refused stays remembered. Raises ``OSError``, and ``ValueError`` where the place is not a plan's.
    """
    folder = Path(os.path.abspath(folder))
    check_place(folder)
    places = {outcome.name: at for at, outcome in spool.offsets()}
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.new-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / PATCHES).mkdir(parents=True)
    rows: list[list[Any]] = []
    planned = []
    for shard in shards:
        outcomes = [spool.at(places[name]) for name in shard.files]
        patch = "".join(diff_of(one.original or "", one.text or "", one.name) for one in outcomes)
        (fresh / PATCHES / f"{shard.name}.patch").write_bytes(patch.encode("utf-8", "surrogateescape"))
        for outcome in outcomes:
            rows += rows_of(shard.name, outcome, owners)
        planned.append(
            PlannedShard(
                shard.name,
                shard.title,
                tuple(
                    PlannedFile(one.name, one.before, one.after, tuple(sorted({row.rule for row in one.changes})))
                    for one in outcomes
                ),
                sum(len(one.changes) for one in outcomes),
                sum(one.saving for one in outcomes),
            )
        )
    plan = Plan(by, tuple(planned))
    _write(fresh / PLAN, json.dumps(_data(plan), indent=1) + "\n")
    _write(fresh / TABLE, _csv(rows))
    _write(fresh / TABLE_JSON, json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows], indent=1) + "\n")
    refused = read_refused(folder)
    _write(fresh / TEXT, _text(plan, refused))
    for name in (REFUSED, APPLIED):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, fresh / name)
    _replace(folder, fresh)
    return plan


def read_plan(folder: Path) -> Plan:
    """The plan in *folder*. Raises ``ValueError`` with one line where there is none that can be read."""
    try:
        data = read_json(read_text(folder / PLAN))
        if data["schema"] != SCHEMA:
            raise ValueError("of another version")
        texts = [one[key] for one in data["shards"] for key in ("name", "title")]
        texts += [file[key] for one in data["shards"] for file in one["files"] for key in ("name", "before", "after")]
        if not all(isinstance(text, str) for text in (data["by"], *texts)):
            raise ValueError("names are texts")
        paths = [one["name"] for one in data["shards"]]
        paths += [file["name"] for one in data["shards"] for file in one["files"]]
        if not all(map(_stays_below, paths)):
            raise ValueError("names lead elsewhere")
        return Plan(
            data["by"],
            tuple(
                PlannedShard(
                    one["name"],
                    one["title"],
                    tuple(
                        PlannedFile(file["name"], file["before"], file["after"], tuple(file["rules"]))
                        for file in one["files"]
                    ),
                    one["changes"],
                    one["saving"],
                )
                for one in data["shards"]
            ),
        )
    except FileNotFoundError:
        raise ValueError(f"{folder}: holds no plan; `dockerslim batch plan` makes one") from None
    except OSError as error:
        raise ValueError(f"{folder / PLAN}: cannot be read: {error.strerror}; plan again") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{folder / PLAN}: is no plan, or one of another version; plan again") from None


def _stays_below(name: str) -> bool:
    """Whether *name* is that of something below a directory, and one that a terminal can show."""
    parts = name.split("/")
    return name.isprintable() and not {"", ".", ".."} & set(parts) and parts[0].lower() != ".git"


def read_refused(folder: Path) -> list[dict[str, Any]]:
    """What was refused: shard, reason, and the rules for each file."""
    return _remembered(folder / REFUSED)


def read_applied(folder: Path) -> list[dict[str, Any]]:
    """What was applied, where to and as which commit."""
    return _remembered(folder / APPLIED)


def remember(folder: Path, name: str, entries: list[dict[str, Any]]) -> None:
    """Write *entries* to the file *name* of the plan, whole or not at all. Raises ``OSError``."""
    temporary = folder / f"{unfinished(name)}{os.getpid()}"
    _write(temporary, json.dumps(entries, indent=1) + "\n")
    os.replace(temporary, folder / name)


def patch_of(folder: Path, shard: str) -> Path:
    """The patch of the shard called *shard*."""
    return (folder / PATCHES / f"{shard}.patch").absolute()


def _remembered(path: Path) -> list[dict[str, Any]]:
    try:
        found = read_json(read_text(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}; mend or delete it") from None
    except ValueError:
        raise ValueError(f"{path}: is no JSON; mend or delete it") from None
    keys = _KEYS[path.name]
    if not isinstance(found, list) or not all(isinstance(one, dict) and keys <= one.keys() for one in found):
        raise ValueError(f"{path}: must hold a list of entries with {', '.join(sorted(keys))}; mend or delete it")
    if not all(map(_is_applied if path.name == APPLIED else _is_refused, found)):
        raise ValueError(f"{path}: holds what no command of this program has written; mend or delete it")
    return found


def _is_refused(entry: dict[str, Any]) -> bool:
    """Whether *entry* says a reason in words, and for each file which rules."""
    files = entry["files"]
    texts = isinstance(entry["shard"], str) and isinstance(entry["reason"], str)
    return (
        texts
        and isinstance(files, dict)
        and all(isinstance(rules, list) and all(isinstance(rule, str) for rule in rules) for rules in files.values())
    )


def _is_applied(entry: dict[str, Any]) -> bool:
    """Whether *entry* names a commit, and a branch of a shard's where it names one: Git would take other words too."""
    commit, branch = entry["commit"], entry.get("branch", f"{PREFIX}{entry['shard']}")
    return (
        isinstance(commit, str)
        and _COMMIT.fullmatch(commit) is not None
        and entry["to"] in ("commit", "branch")
        and branch == f"{PREFIX}{entry['shard']}"
    )


def _data(plan: Plan) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "by": plan.by,
        "shards": [
            {
                "name": one.name,
                "title": one.title,
                "changes": one.changes,
                "saving": one.saving,
                "files": [
                    {"name": file.name, "before": file.before, "after": file.after, "rules": list(file.rules)}
                    for file in one.files
                ],
            }
            for one in plan.shards
        ],
    }


def rows_of(shard: str, outcome: Outcome, owners: Owners) -> list[list[Any]]:
    """The rows of the table of changes for *outcome*, which lies in *shard*; no cell is taken for a formula."""
    owner = " ".join(owners.of(outcome.name)) or NOBODY
    rows = (
        [shard, outcome.name, owner, one.rule, one.level, one.line, one.saving, one.title, "; ".join(one.evidence)]
        for one in outcome.changes
    )
    return [[*map(_plain, row), "open"] for row in rows]


def _csv(rows: list[list[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue()


def _plain(cell: Any) -> Any:
    """*cell* such that no spreadsheet takes it for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t")) else cell


def _text(plan: Plan, refused: list[dict[str, Any]]) -> str:
    files = sum(len(one.files) for one in plan.shards)
    saving = sum(one.saving for one in plan.shards)
    changes = sum(one.changes for one in plan.shards)
    lines = [
        "# Migration plan",
        "",
        f"{counted(files, 'file')} in {counted(len(plan.shards), 'shard')} by {plan.by}: {counted(changes, 'change')}, "
        f"about {size(saving)} less in the images.",
        "",
        "Each shard can be reviewed, applied and taken back by itself, in any order:",
        "",
        "    dockerslim batch apply SHARD --to branch    # a branch with one commit",
        "    dockerslim batch status                     # open, merged, changed since, refused",
        "    dockerslim batch refuse SHARD --reason WHY  # leave these rules out there from now on",
        "    dockerslim batch rollback SHARD             # take it back",
        "",
        "| shard | files | changes | less in the images |",
        "|---|--:|--:|--:|",
    ]
    lines += [
        f"| [{_cell(one.title)}]({PATCHES}/{one.name}.patch) | {len(one.files)} | {one.changes} | {size(one.saving)} |"
        for one in plan.shards
    ]
    if refused:
        lines += ["", "Refused, and left out:", ""]
        lines += [f"- {_cell(one['shard'])}: {_cell(one['reason'])}" for one in refused]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


def _replace(folder: Path, fresh: Path) -> None:
    """Put *fresh* in the place of *folder*. Interrupted between the steps, planning again makes it whole."""
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    if folder.exists():
        os.rename(folder, old)
    os.rename(fresh, folder)
    shutil.rmtree(old, ignore_errors=True)
