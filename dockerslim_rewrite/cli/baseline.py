"""``dockerslim baseline``: accept what is there today, so that only new findings are told."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..record import evolve
from ..report.text import printable

if TYPE_CHECKING:
    from ..pipeline import Options
    from ..pipeline.baseline import Accepted, Known
    from .inputs import Inputs
    from .request import Request

#: What is left undone may let other rules act; no file needs as many rounds.
_ROUNDS = 12


def baseline_command(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH...]", help="Dockerfiles, or directories.")] = None,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Only drop entries that match nothing any more, and move those of a renamed file."
        ),
    ] = False,
    level: Annotated[str, typer.Option(help="safe, standard or aggressive.")] = "standard",
    select: Annotated[str | None, typer.Option(metavar="RULES", help="Only these rules.")] = None,
    extend_select: Annotated[str | None, typer.Option(metavar="RULES", help="These rules as well.")] = None,
    ignore: Annotated[str | None, typer.Option(metavar="RULES", help="Not these rules.")] = None,
    context: Annotated[Path | None, typer.Option(help="The build context; else what the repository says.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="The configuration file.")] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Read no configuration files.")] = False,
) -> None:
    """Accept all that `rewrite` would change today, in a file .dockerslim-baseline beside each Dockerfile.

    `rewrite`, `review` and `batch` then leave it alone and tell what is new. An entry ends when its instruction
    changes.
    """
    from .request import Request

    given = {"level": level, "select": select, "extend_select": extend_select, "ignore": ignore}
    default = Request(paths=())
    typed = frozenset(name for name, value in given.items() if value is not None and value != getattr(default, name))
    request = Request(
        paths=tuple(paths or (".",)),
        level=level,
        select=_words(select),
        extend_select=_words(extend_select),
        ignore=_words(ignore),
        context=context,
        config=config,
        isolated=isolated,
        given=typed,
    )
    raise typer.Exit(run(request, prune=prune))


def run(request: Request, *, prune: bool = False) -> int:
    """Write the baselines that *request* asks for. The exit code is 2 where a file could not be read or written."""
    from .files import InputError
    from .inputs import Inputs

    try:
        inputs = Inputs(request)
        paths = [path for path in inputs.paths() if path != "-" and not path.endswith(".py")]
    except (ValueError, InputError) as error:
        return _complain(str(error))
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(os.path.dirname(os.path.abspath(path)), []).append(path)
    code = 0
    for folder, files in sorted(folders.items()):
        try:
            _folder(folder, files, request, inputs, prune=prune)
        except (ValueError, InputError) as error:
            code = _complain(str(error))
    return code


def _folder(folder: str, files: list[str], request: Request, inputs: Inputs, *, prune: bool) -> None:
    """Write the baseline of *folder* for *files*; the rest of it stays. Raises ``InputError`` or ``ValueError``."""
    from ..pipeline.baseline import FILE_NAME, Accepted, read_baseline, write_baseline
    from ..workspace.accepted import baseline_text
    from .files import write_output

    file = Path(folder) / FILE_NAME
    old = baseline_text(Path(folder))
    before = None if old is None else old.encode("utf-8", "surrogateescape")
    known = read_baseline(old or "", str(file))
    shown = _shown(old or "")
    entries: dict[str, list[Accepted]] = {
        name: [Accepted(*key, shown.get((name, *key), "")) for key in keys] for name, keys in known.items()
    }
    told = {os.path.basename(path): _accepted(path, request, inputs) for path in files}
    gone = [name for name in entries if not os.path.exists(os.path.join(folder, name))]
    for name in gone:
        heir = _heir(known[name], {one: there[0] for one, there in told.items() if one not in known})
        if heir is not None:
            entries[heir] = [*entries.get(heir, ()), *entries[name]]
            known[heir] = known.get(heir, frozenset()) | known[name]
        del entries[name]
    for name, (found, judged, held) in told.items():
        # Nothing was asked of the other rules, or of the changes of a higher level: what was accepted of them stays.
        others = [one for one in entries.get(name, ()) if one.rule not in judged or one.key in held]
        entries[name] = [*others, *(one for one in found if not prune or one.key in known.get(name, ()))]
    text = write_baseline(entries).encode("utf-8", "surrogateescape")
    count = sum(map(len, entries.values()))
    if count == 0 and before is None:
        return
    if text != before:
        write_output(str(file), text, before)
    said = "1 finding accepted" if count == 1 else f"{count} findings accepted"
    print(printable(f"{os.path.relpath(file)}: {said}"), file=sys.stderr)


def _heir(gone: Known, new: Mapping[str, list[Accepted]]) -> str | None:
    """Which of the *new* files a file that is *gone* became: the one with most of what was accepted of it, if any."""
    shared = {name: sum(one.key in gone for one in found) for name, found in new.items()}
    best = max(sorted(shared), key=lambda name: shared[name], default=None)
    return best if best is not None and shared[best] else None


def _shown(text: str) -> Mapping[tuple[str, ...], str]:
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {tuple(row[:4]): row[4] for row in rows if len(row) > 4}


def _accepted(path: str, request: Request, inputs: Inputs) -> tuple[list[Accepted], frozenset[str], Known]:
    """The entries for all that would be changed in the file at *path*, and for what would be instead of that.

    With them come the codes of the rules that were asked, and the keys of what is held back for a higher level.
    """
    from ..change import Safety
    from ..ir.build import read_build
    from ..passes import rules
    from ..pipeline import rewrite, selected
    from ..pipeline.baseline import accepted_at
    from ..syntax import ParseError, parse
    from ..text import Source
    from .files import lock_for, read_input
    from .rewrite import options_of

    own = inputs.configured(request, path)
    data = read_input(path)
    options: Options = evolve(options_of(own), lock=lock_for(path, own.lock), **inputs.surroundings(own, path))
    try:
        build = read_build(parse(Source.from_bytes(data, path)))
    except ParseError as error:
        raise ValueError(f"{path}: {error}") from None
    found: dict[tuple[str, str, str], Accepted] = {}
    for _ in range(_ROUNDS):
        result = rewrite(data, evolve(options, accepted=frozenset(found)), path)
        if not result.changes:
            break
        for change in result.changes:
            entry = accepted_at(change.rule, change.line, build)
            found[entry.key] = entry
    # What only another change made possible, which is accepted now, is never found.
    needed = {key: entry for key, entry in found.items() if key not in result.unmet}
    if result.unmet and not rewrite(data, evolve(options, accepted=frozenset(needed)), path).changes:
        found = needed
    asked = {one.code for phase in selected(options) for one in phase.passes}
    reached = [one.code for one in rules() if (one.level or Safety.SAFE) <= options.safety]
    judged = frozenset(asked.intersection(reached))
    held = frozenset(accepted_at(one.rule, one.line, build).key for one in result.remarks if one.needs is not None)
    return sorted(found.values(), key=lambda one: one.key), judged, held - found.keys()


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(one.strip() for one in (text or "").split(",") if one.strip())


def _complain(message: str) -> int:
    print(f"dockerslim: {printable(message)}", file=sys.stderr)
    return 2
