"""A review as JSON keeps to the schema that docs/review.md names."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

import dockerslim_rewrite
from dockerslim_rewrite.report.review import review_json

from .test_review import Make, run

SCHEMA = Path(dockerslim_rewrite.__file__).with_name("report") / "report.schema.json"
BEFORE = "FROM debian:12\nRUN true\nCOPY a /a\n"
AFTER = BEFORE.replace("RUN true", "RUN apt-get update && apt-get install -y curl gcc") + "RUN apt-get install -y git\n"


def test_a_review_keeps_to_the_schema(repo: Make) -> None:
    judge = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    made = repo({"Dockerfile": BEFORE, "b/Dockerfile": BEFORE, "a": "x\n", "b/a": "x\n"}, {})
    made.git("rm", "-q", "a")
    far = "RUN apt-get update\n" + "ENV A=1\n" * 20 + "RUN apt-get install -y git\n"
    made.write({"Dockerfile": AFTER, "b/Dockerfile": BEFORE + far, "c/Dockerfile": "FROM a\nRUN \0"})
    made.commit()
    report = json.loads(review_json(run(made, head="HEAD"), made.root))
    judge.validate(report)
    assert any(file["suggestions"] for file in report["files"])
    assert any(file["patches"] for file in report["files"])
    assert any(note["breaks"] for file in report["files"] for note in file["remarks"])
    report["files"][0]["patches"] = [{}]
    assert not judge.is_valid(report)
