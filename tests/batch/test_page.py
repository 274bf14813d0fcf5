"""The page of a report, in a browser."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite.batch.outcome import ChangeRow, Outcome, RemarkRow, Status
from dockerslim_rewrite.batch.report import write_report
from dockerslim_rewrite.batch.spool import Spool

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_DRIVER = shutil.which("chromedriver")
FILES = 10_000


def _outcome(number: int) -> Outcome:
    name = f"team{number % 40:02}/service{number:05}/Dockerfile"
    if number % 11 == 0:
        return Outcome(name, name, Status.SKIPPED, 0, "a template: line 1 holds {{ base }}")
    before = f'FROM debian:12\nRUN apt-get install -y tool{number}\nCMD ["a"]\n'
    after = before.replace("\nCMD", " && \\\n    rm -rf /var/lib/apt/lists/*\nCMD")
    rows = (
        ChangeRow("DS201", 2, "package lists deleted", "nothing <reads> them", "safe", 20_000_000, ("Dockerfile:2",)),
        ChangeRow("DS613", 2, "fewer packages", "</script><script>alert(1)</script>", "aggressive", None, ()),
    )[: 1 + (number % 3 == 0)]
    remark = RemarkRow("held", "DS304", 1, f"slim base would save {number} bytes", "aggressive")
    built = {"before": {"size": 300_000_000}, "after": {"size": 90_000_000 + number}} if number < 200 else None
    return Outcome(
        *(name, name, Status.CHANGED, 0, None, "a", "b", before, after),
        verified=None if built is None else {"equivalent": True, **built},
        changes=rows,
        remarks=(remark,),
        layers=(2, 1),
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "CODEOWNERS").write_text("* @all\nteam00/ @first\n")
    with Spool() as spool:
        for number in range(FILES):
            spool.add(_outcome(number))
        for form in (".html", ".json", ".md", ".csv"):
            with open(folder / f"report{form}", "w", encoding="utf-8") as file:
                write_report(file, form, spool, folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if _CHROMIUM is None or _DRIVER is None:
        pytest.skip("needs chromium and chromedriver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = _CHROMIUM
    for one in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(one)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(_DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: Any, report: Path) -> Any:
    browser.get((report / "report.html").as_uri())
    return browser


def _count(page: Any) -> int:
    text: str = page.execute_script("return document.getElementById('count').textContent")
    return int(text.split()[0].replace(",", ""))


def _until(page: Any, script: str) -> Any:
    for _ in range(100):
        found = page.execute_script(f"return {script}")
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(script)


@pytest.mark.slow
def test_ten_thousand_files_open_with_few_rows_and_without_a_word_in_the_console(page: Any) -> None:
    assert page.execute_script("return document.documentElement.dataset.ready") == "1"
    assert _count(page) == FILES
    # What takes time is rows: only those near the window are made.
    assert page.execute_script("return document.querySelectorAll('#files li').length") < 500
    assert [one for one in page.get_log("browser") if one["level"] in ("SEVERE", "WARNING")] == []
    urls = [
        message["params"]["request"]["url"]
        for message in (json.loads(one["message"])["message"] for one in page.get_log("performance"))
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in urls if not url.startswith(("file:", "data:"))] == []


@pytest.mark.slow
def test_search_filters_and_the_treemap_choose_files(page: Any) -> None:
    page.execute_script("q=document.getElementById('q');q.value='team07 ds613';q.dispatchEvent(new Event('input'))")
    expected = sum(1 for number in range(FILES) if number % 40 == 7 and number % 3 == 0 and number % 11)
    _until(page, f"document.getElementById('count').textContent.startsWith('{expected} ')")
    page.execute_script("document.getElementById('clear').click()")
    assert _count(page) == FILES
    page.execute_script("s=document.getElementById('f-status');s.value='skipped';s.dispatchEvent(new Event('change'))")
    assert _count(page) == sum(1 for number in range(FILES) if number % 11 == 0)
    page.execute_script("document.getElementById('clear').click();document.querySelector('#map button').click()")
    assert 0 < _count(page) < FILES
    page.execute_script("document.getElementById('clear').click()")
    page.execute_script("document.querySelector('#owners button.link[type=button]').click()")
    assert 0 < _count(page) < FILES


@pytest.mark.slow
def test_findings_and_images_are_shown_before_and_after(page: Any) -> None:
    def rows(section: str) -> list[str]:
        script = f"return [...document.querySelectorAll('#{section} .name, #{section} .num')].map(e => e.textContent)"
        texts: list[str] = page.execute_script(script)
        return [f"{name}: {told}" for name, told in zip(texts[::2], texts[1::2], strict=True)]

    changed = [number for number in range(FILES) if number % 11]
    more = sum(number % 3 == 0 for number in changed)
    found = {one[:5]: one.rpartition(": ")[2] for one in rows("findings")}
    assert found["DS201"] == f"{len(changed):,} → 0"
    assert found["DS613"] == f"{more:,} → 0"
    assert found["DS304"] == f"{len(changed):,} → {len(changed):,}"
    assert rows("images")[0] == "team01/service00001/Dockerfile: 300 MB → 90 MB"
    assert len(rows("images")) == 100
    assert page.execute_script("return document.getElementById('no-images').hidden") is True
    # All columns of a table are seen without scrolling sideways.
    wide = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    assert page.execute_script(f"return {wide}.map(e => e.ariaLabel)") == []


@pytest.mark.slow
def test_a_file_shows_its_difference_and_reasons_and_nothing_in_them_runs(page: Any) -> None:
    # A file with two changes comes first then.
    page.execute_script("s=document.getElementById('sort');s.value='changes';s.dispatchEvent(new Event('change'))")
    page.execute_script("document.querySelector('#files summary').click()")
    added = _until(page, "[...document.querySelectorAll('#files pre .a')].map(e=>e.textContent).join('|')")
    assert "rm -rf /var/lib/apt/lists/*" in added
    text = page.execute_script("return document.querySelector('.detail').textContent")
    assert "nothing <reads> them; about 20 MB less. Evidence: Dockerfile:2" in text
    assert "</script><script>alert(1)</script>" in text
    assert "(--level aggressive)" in text
    assert page.get_log("browser") == []


@pytest.mark.slow
def test_it_scrolls_through_all_and_obeys_the_keyboard(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    body = page.find_element("tag name", "body")
    body.send_keys("/")
    assert page.execute_script("return document.activeElement.id") == "q"
    page.switch_to.active_element.send_keys("team01" + Keys.ESCAPE)
    assert page.execute_script("return document.getElementById('q').value") == ""
    body.send_keys("jjk")
    assert page.execute_script("return document.activeElement.tagName") == "SUMMARY"
    page.switch_to.active_element.send_keys(Keys.ENTER)
    _until(page, "document.querySelector('#files li:first-child details').open")
    for _ in range(5):
        page.execute_script("scrollTo(0, document.body.scrollHeight)")
        time.sleep(0.1)
    assert page.execute_script("return document.querySelectorAll('#files li').length") > 300


@pytest.mark.slow
def test_everything_that_can_be_used_has_a_name(page: Any) -> None:
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "searchbox", "combobox", "textbox", "link", "region", "search", "DisclosureTriangle"}
    used = [one for one in nodes if not one.get("ignored") and one["role"]["value"] in roles]
    assert len(used) > 100
    assert [one for one in used if not one.get("name", {}).get("value")] == []


@pytest.mark.slow
def test_it_is_dark_where_people_want_it_dark(page: Any) -> None:
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    assert page.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 27)"
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.slow
def test_markdown_json_and_csv_say_the_same(report: Path) -> None:
    data = json.loads((report / "report.json").read_text())
    changed = sum(1 for number in range(FILES) if number % 11)
    assert data["summary"]["changed"] == changed
    assert data["summary"]["saving"] == changed * 20_000_000
    assert len(data["files"]) == FILES
    assert f"{changed:,} of 10,000 files change" in (report / "report.md").read_text()
    assert len((report / "report.csv").read_text().splitlines()) == 1 + data["summary"]["changes"]
