"""``python -m tests.corpus.bases``: what pinning makes of the base images of real files, with and without a lock file.

Ends with 1 when anything that has to be zero is not.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.flow.base_sites import BaseSite, base_sites
from dockerslim_rewrite.analysis.locked import Lock, LockEntry
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.syntax import ParseError, parse
from dockerslim_rewrite.text import Source

from .files import CorpusFile, corpus_or_exit, sample
from .judges import Findings, hadolint

#: Findings that pinning answers: no tag, and the tag ``latest``.
CODES = ("DL3006", "DL3007")
_DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(slots=True)
class Pinning:
    """What one way of pinning did. ``before`` and ``after`` count FROMs by ``kind``, ``reasons`` what was declined."""

    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    found_before: Counter[str] = field(default_factory=Counter)
    found_after: Counter[str] = field(default_factory=Counter)
    withdrawn: list[str] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)

    @property
    def zeros(self) -> dict[str, list[str]]:
        """What has to be empty, by what it counts."""
        return {
            "changes taken back by the validator": self.withdrawn,
            "second runs that change anything": self.unsteady,
            "runs from the same input with other bytes": self.unequal,
        }


def sites_of(text: bytes) -> tuple[BaseSite, ...]:
    """The images from outside that the stages of *text* stand on. Raises ``ParseError``."""
    return base_sites(read_build(parse(Source.from_bytes(text, None))))


def kind(site: BaseSite) -> str:
    """How exactly a FROM names its image; as hadolint sees it, no tag and ``latest`` are no version."""
    if site.windows:
        return "Windows"
    if site.reference.digest is not None:
        return "digest"
    return "no version" if site.reference.moving else "tag"


def lock_of_everything(files: Sequence[CorpusFile]) -> Lock:
    """A lock in which each image that *files* name stands for a version of the same variant, made up here."""
    entries: dict[str, LockEntry] = {}
    for file in files:
        for site in _readable(file.text):
            reference = site.reference
            if reference.digest is not None:
                continue
            tag = reference.tag.text if reference.tag else "latest"
            if tag == "latest" or not re.search(r"\d", tag):
                tag = "9.8.7" if tag == "latest" else f"9.8.7-{tag}"
            digest = "sha256:" + sha256(reference.canonical.encode()).hexdigest()
            entries[reference.canonical] = LockEntry(tag, digest, ("linux/amd64",), reference.registry, _DAY)
    return Lock(entries)


def pin(files: Sequence[CorpusFile], options: Options) -> Pinning:
    """Rewrite *files* with *options*, each twice from the start and once again from its result."""
    pinning = Pinning()
    befores: list[bytes] = []
    afters: list[bytes] = []
    for file in files:
        try:
            result = rewrite(file.text, options)
        except ParseError:
            continue
        after = result.to_bytes()
        befores.append(file.text)
        afters.append(after)
        if rewrite(file.text, options).to_bytes() != after:
            pinning.unequal.append(file.name)
        if result.changed and rewrite(after, options).changed:
            pinning.unsteady.append(file.name)
        pinning.withdrawn += (f"{file.name}: {remark.reason}" for remark in result.bugs)
        pinning.rules.update(change.rule for change in result.changes)
        pinning.before.update(map(kind, _readable(file.text)))
        pinning.after.update(map(kind, _readable(after)))
        pinning.reasons.update(
            _reason(remark.reason)
            for remark in result.remarks
            if remark.rule in ("DS301", "DS302", "DS304") and remark.kind.value == "missed"
        )
    linted = _linted({*befores, *afters})
    for texts, found in ((befores, pinning.found_before), (afters, pinning.found_after)):
        for text in texts:
            found.update({code: linted[text][code] for code in CODES})
    return pinning


_KNOWN: dict[bytes, Findings] = {}


def _linted(texts: set[bytes]) -> Mapping[bytes, Findings]:
    """hadolint's findings in each of *texts*, which is asked once for each."""
    new = sorted(texts - _KNOWN.keys())
    _KNOWN.update(zip(new, hadolint(new), strict=True))
    return _KNOWN


def _readable(text: bytes) -> Iterator[BaseSite]:
    try:
        yield from sites_of(text)
    except ParseError:
        return


def _reason(text: str) -> str:
    """A remark's reason without what differs from file to file."""
    text = text.partition("; `dockerslim lock")[0]
    text = re.sub(r"^no digest of \S+ is locked", "no digest is locked", text)
    text = re.sub(r"^\S+ (?:names no version|is not pinned to \S+|gets no digest|does not become \S+): ", "", text)
    text = re.sub(r"the build argument \S+", "the build argument", text)
    text = re.sub(
        r"\bwhat \S+(?: \S+){0,2} (does|needs|installs) is not known", r"what a command \1 is not known", text
    )
    text = re.sub(r"(may have to compile) .*", r"\1 something", text)
    text = re.sub(r"it is not known whether \S+ is", "it is not known whether a command is", text)
    text = re.sub(r"^\S+ on line \d+ (may need|is left out)", r"something \1", text)
    return re.sub(r"\bline \d+( too)?", "another line", text)


def table(title: str, pinning: Pinning) -> str:
    """The figures for people."""
    lines = [title, "", f"  {'FROM instructions by what they name':<58}{'before':>8}{'after':>8}"]
    for name in ("no version", "tag", "digest", "Windows"):
        lines.append(f"  {name:<58}{pinning.before[name]:>8}{pinning.after[name]:>8}")
    for code in CODES:
        lines.append(f"  {'findings of ' + code:<58}{pinning.found_before[code]:>8}{pinning.found_after[code]:>8}")
    lines += ["", f"  {'declined because':<58}{'count':>8}"]
    lines += (f"  {reason[:58]:<58}{count:>8}" for reason, count in pinning.reasons.most_common(12))
    lines += ["", f"  {'has to be zero':<58}{'count':>8}"]
    for what, failures in pinning.zeros.items():
        lines.append(f"  {what:<58}{len(failures):>8}")
        lines += (f"      {failure}" for failure in failures[:5])
    rules = ", ".join(f"{rule} {count}" for rule, count in sorted(pinning.rules.items()))
    return "\n".join([*lines, "", f"  changes made: {rules or 'none'}", ""])


def ways(files: Sequence[CorpusFile]) -> Iterator[tuple[str, Options]]:
    """The ways of pinning that are measured: a title, and the options."""
    today = date(2026, 11, 21)
    yield "from the catalogue, level standard", Options(select=("DS3",), today=today)
    yield "from the catalogue, level aggressive", Options(select=("DS3",), level="aggressive", today=today)
    lock = lock_of_everything(files)
    yield "from a lock of everything, --pin both", Options(select=("DS3",), pin="both", lock=lock, today=today)


def main(argv: list[str] | None = None) -> int:
    """Print the tables; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.bases", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="N files that are always the same ones")
    options = parser.parse_args(argv)
    files = [file for file in corpus_or_exit() if not file.negative]
    if options.sample is not None:
        files = sample(files, options.sample)
    failed = False
    for title, chosen in ways(files):
        pinning = pin(files, chosen)
        print(table(f"base images of {len(files)} files, {title}", pinning))
        failed |= any(pinning.zeros.values())
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
