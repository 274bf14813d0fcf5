"""``python -m dockerslim_rewrite.report.site DIR``: a page a rule, from the table, the docstrings and the fixtures.

The pages are Markdown, with a configuration for MkDocs beside them: ``make site`` makes HTML of them that needs no
network.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ..knowledge.sources import link_of, links
from ..passes import Pass, rules
from .fixtures import Case, fixture_of
from .rule_table import GROUPS, level_of, page

#: The theme comes with MkDocs; nothing is fetched when a page is read.
_CONFIGURATION = """\
site_name: dockerslim-rewrite
theme:
  name: mkdocs
  highlightjs: false
  include_homepage_in_sidebar: false
docs_dir: pages
use_directory_urls: false
plugins:
  - search
nav:
  - Rules: index.md
"""


def site() -> Iterator[tuple[str, str]]:
    """The files of the site: path below its directory, and text."""
    navigation = [_CONFIGURATION]
    for group in GROUPS:
        navigation.append(f"  - {group}:\n")
        for one in rules():
            if one.group == group:
                navigation.append(f"      - {one.code} {one.name}: {one.code}.md\n")
                yield f"pages/{one.code}.md", "\n".join(_rule(one)) + "\n"
    yield "mkdocs.yml", "".join(navigation)
    yield "pages/index.md", re.sub(r"^\| (DS\d+) ", r"| [\1](\1.md) ", page(), flags=re.MULTILINE)


def _rule(one: Pass) -> Iterator[str]:
    level = f"{level_of(one)}, on request" if one.optional else level_of(one)
    yield f"# {one.code} {one.name}"
    yield ""
    yield f"Level: {level}. Group: {one.group}, {GROUPS[one.group]}."
    if one.answers:
        named = (f"[{answer}]({link_of(answer)})" if link_of(answer) else answer for answer in one.answers)
        yield f"Answers {', '.join(named)}."
    yield ""
    yield one.doc
    addresses = list(dict.fromkeys(links(one.doc)))
    if addresses:
        yield ""
        yield from (f"- <{address}>" for address in addresses)
    yield ""
    yield "To leave an instruction alone, write this above it:"
    yield ""
    yield from _block(f"# dockerslim: ignore={one.code}\n", "dockerfile")
    fixture = fixture_of(one.code)
    for case in fixture.cases if fixture is not None else ():
        yield ""
        yield f"## {case.title}"
        yield ""
        if case.prose:
            yield case.prose
            yield ""
        yield from _case(case)


def _case(case: Case) -> Iterator[str]:
    yield from _block(case.before, "dockerfile")
    for name, _, text in case.files:
        yield ""
        yield f"with `{name}`:"
        yield ""
        yield from _block(text, "text")
    if case.lock:
        yield ""
        yield "with the lock file:"
        yield ""
        yield from _block(case.lock, "toml")
    yield ""
    if case.changes:
        yield "becomes"
        yield ""
        yield from _block(case.after, "dockerfile")
    else:
        yield "stays as it is" + (f": {case.remarks[0][1]}" if case.remarks else ".")


def _block(text: str, language: str) -> Iterator[str]:
    """*text* in a fence that is longer than any in it."""
    longest = max((len(found) for found in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}{language}"
    yield text.rstrip("\n")
    yield fence


def write_site(folder: Path) -> int:
    """Write the site below *folder*; the number of its files. Raises ``OSError``."""
    count = 0
    for path, text in site():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        count += 1
    return count


if __name__ == "__main__":
    write_site(Path(sys.argv[1]))
