"""The table of what becomes of stages with build tools, on files made up for it."""

from __future__ import annotations

from tests.corpus.files import CorpusFile
from tests.corpus.splits import judged, kind, table

GO = b'FROM golang:1.22-bookworm\nWORKDIR /src\nCOPY . .\nRUN go build -o /usr/local/bin/web .\nCMD ["web"]\n'
SCRIPT = b'FROM golang:1.22-bookworm\nWORKDIR /src\nCOPY . .\nRUN ./build.sh && go build\nCMD ["web"]\n'
SLIM = (
    b"FROM python:3.11-slim-bookworm\nRUN apt-get update && apt-get install -y gcc libpq-dev\nWORKDIR /app\n"
    b'COPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "main.py"]\n'
)
TWO = b"FROM golang:1.22 AS build\nRUN go build -o /web .\n\nFROM scratch\nCOPY --from=build /web /web\n"
PLAIN = b'FROM python:3.11-slim\nCOPY main.py .\nCMD ["python", "main.py"]\n'


def files(*texts: bytes) -> list[CorpusFile]:
    return [CorpusFile(str(number), text, negative=False) for number, text in enumerate(texts)]


def test_only_stages_that_a_recipe_is_for_count() -> None:
    found = {one.name: one for one in judged(files(GO, SCRIPT, SLIM, TWO, PLAIN, b"FRUM x\n"))}
    assert list(found) == ["0", "1", "2"]
    # Without its sources nobody knows what a program starts.
    assert found["0"].split == {"standard": False, "aggressive": True}
    assert found["1"].split == {"standard": False, "aggressive": False}
    assert found["1"].reasons["standard"] == "what ./build.sh writes is not known"
    assert found["1"].suggested
    assert found["2"].rule == "DS402"
    assert found["2"].split == {"standard": False, "aggressive": True}


def test_the_table_counts_them() -> None:
    lines = list(table(list(judged(files(GO, SCRIPT, SLIM)))))
    assert "| DS401 go | 2 | 0 | 1 | 1 | 1 |" in lines
    assert "| DS402 python | 1 | 0 | 1 | 0 | 0 |" in lines
    assert "| all | 3 | 0 | 2 | 1 | 1 |" in lines
    assert "| it runs a script that nothing here shows | 1 | 1 |" in lines


def test_reasons_are_told_apart_by_their_kind() -> None:
    assert kind("where tar writes is not known") == "where a command writes is not known"
    assert kind("it deletes /bin/sh, which may be a file of the base image").startswith("it deletes")
    assert kind("the program may be linked to any library of libfoo-dev (line 3)").startswith("the libraries")
    full = (
        "the full image has compilers and libraries of its own, and gdal may be linked to any library of the full image"
    )
    assert kind(full).startswith("full image")
    assert kind("something new") == "something new"
