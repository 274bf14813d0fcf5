"""The pages of rules: one for each, with its cases, and a site that needs no network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from dockerslim_rewrite.passes import rules
from dockerslim_rewrite.report.fixtures import fixture_of
from dockerslim_rewrite.report.site import site, write_site


def test_each_rule_has_a_page_with_all_of_its_cases() -> None:
    pages = dict(site())
    for one in rules():
        text = pages[f"pages/{one.code}.md"]
        assert text.startswith(f"# {one.code} {one.name}\n")
        assert f"({one.code}.md)" in pages["pages/index.md"]
        assert f"{one.code}.md" in pages["mkdocs.yml"]
        fixture = fixture_of(one.code)
        for case in fixture.cases if fixture is not None else ():
            assert f"## {case.title}\n" in text
            assert case.before.rstrip("\n") in text
            assert not case.changes or case.after.rstrip("\n") in text


def test_the_site_is_built_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    assert write_site(tmp_path) == len(rules()) + 2
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", "html"]
    subprocess.run(command, cwd=tmp_path, check=True)
    page = (tmp_path / "html" / "DS201.html").read_text()
    assert "RUN apt-get update" in page
    for loaded in re.findall(r"<(?:script|link|img)\b[^>]*?(?:src|href)=\"([^\"]+)\"", page):
        assert not loaded.startswith(("http", "//")), loaded
