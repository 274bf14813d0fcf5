"""``python -m tests.corpus.users``: how many real files get an unprivileged user (DS501), and why the others do not.

The files have no build contexts, so that nothing can be proven. Ends with 1 when anything that has to be zero is not.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.syntax import ParseError

from .files import CorpusFile, NoCorpusError, corpus_files, sample

#: What remarks say, by expressions that match it, and how the table names it.
REASONS = (
    (r"the base image is not known", "the base image is not known, nor the user that it starts with"),
    (r"what it starts stands in the base image", "what it starts stands in the base image"),
    (r"what .* does was not read", "what it starts stands in the build context"),
    (r"nothing says which ports", "no EXPOSE says which ports it listens on"),
    (r"volumes keep the owner", "VOLUME: its files keep the owner that they have"),
    (r"port \d+ is exposed|listens? on port \d+|tells it to listen", "a port below 1024"),
    (r"the file says so itself", "USER root, in so many words"),
    (r"creates a user whom no USER names", "an account is created that no USER names"),
    (r"gives files to", "files are given to an account that no USER names"),
    (r"root's home|the home directory", "files or settings in root's home"),
    (r"(?i)the entrypoint of .* may need root", "the base image's entrypoint may need root"),
    (r"drops root's privileges", "it drops root's privileges by itself"),
    (r"it starts a service|it installs packages|it changes|it opens|it talks|it asks", "what it starts takes root"),
    (r"takes permissions from other users", "permissions are taken from other users"),
    (r"only root may read .*, which ADD fetches", "what ADD fetches, which only root may read"),
    (r"other builds go on", "other builds go on from here (ONBUILD)"),
    (r"cannot be read", "a RUN that cannot be read"),
    (r"cannot be created|has to be writable", "nowhere to create the account, or to give it its folders"),
    (r"nothing here tells whether", "nothing tells whether the base image starts as root"),
    (r"the base image's user is not known", "the base image is not known"),
    (r"whom no USER names", "it works on an account that no USER names"),
    (r"may leave files of root.s", "what the build runs may leave files of root's that are written to"),
    (r"whether .* has an ENTRYPOINT", "the base image's entrypoint may need root"),
)
#: What is no reason, and the rest of a command of nginx, which has a semicolon of its own.
_NOTHING = re.compile(
    r"its build context \(--context\) could tell|and \d+ more|\Z"
    r"|(?:pid \S+|.*\(Dockerfile:\d+\))\Z"
)


@dataclass(slots=True)
class Outcome:
    """Files by what became of them; ``reasons`` count files that have one, ``alone`` those that have no other."""

    files: int = 0
    given: Counter[str] = field(default_factory=Counter)
    declined: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    withdrawn: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)

    @property
    def zeros(self) -> dict[str, list[str]]:
        """What has to be empty, by what it counts."""
        return {"changes taken back by the validator": self.withdrawn, "reasons without a name": self.unnamed}


def outcome(files: Sequence[CorpusFile]) -> Outcome:
    """What DS501 makes of *files* at level aggressive, which includes standard."""
    found = Outcome()
    for file in files:
        try:
            result = rewrite(file.text, Options(level="aggressive", select=("DS501",)))
        except ParseError:
            continue
        found.files += 1
        found.withdrawn += (f"{file.name}: {remark.reason}" for remark in result.bugs)
        found.given.update({change.safety.label for change in result.changes})
        for remark in result.remarks:
            if remark.kind.value == "missed" and remark.rule == "DS501":
                found.declined += 1
                names = set(_named(remark.reason, file.name, found))
                found.reasons.update(names)
                found.alone.update(names if len(names) == 1 else ())
    return found


def _named(reason: str, file: str, found: Outcome) -> Iterator[str]:
    rest = reason.removeprefix("stays root: ")
    for text in rest.split("; "):
        name = next((name for pattern, name in REASONS if re.search(pattern, text)), None)
        if name is not None:
            yield name
        elif not _NOTHING.match(text):
            found.unnamed.append(f"{file}: {text}")


def page(found: Outcome) -> str:
    """The table, as Markdown."""
    other = found.files - found.declined - sum(found.given.values())
    lines = [
        "| files | |",
        "|---|---:|",
        f"| read | {found.files} |",
        f"| USER injected at level `standard` | {found.given['standard']} |",
        f"| USER injected at level `aggressive` | {found.given['aggressive']} |",
        f"| nothing to do: another user is set, or the base image starts as one | {other} |",
        f"| declined | {found.declined} |",
        "",
        "| reason (a file may have several; at most four are listed) | files | the only one |",
        "|---|---:|---:|",
        *(f"| {name} | {count} | {found.alone[name]} |" for name, count in found.reasons.most_common()),
    ]
    return "\n".join(lines)


def main() -> int:
    """Print the table; 1 when anything that has to be zero is not, 2 without a corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, help="so many files instead of all")
    options = parser.parse_args()
    try:
        files = [file for file in corpus_files() if not file.negative]
    except NoCorpusError as error:
        print(error, file=sys.stderr)
        return 2
    found = outcome(sample(files, options.n) if options.n else files)
    print(page(found))
    for name, items in found.zeros.items():
        print(f"{len(items)} {name}", *items[:10], sep="\n  ", file=sys.stderr)
    return 1 if any(found.zeros.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
