"""Readers of configuration files, and which paths they find written."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dockerslim_rewrite.analysis.project import Listener, WrittenPath
from dockerslim_rewrite.context.configuration.entries import Entry, UnreadError
from dockerslim_rewrite.context.configuration.plain import read_environment, read_ini, read_properties
from dockerslim_rewrite.context.configuration.trees import _Places, read_json, read_toml, read_xml, read_yaml
from dockerslim_rewrite.context.configuration.written import written
from dockerslim_rewrite.knowledge.tables import table

Read = Callable[[str], list[Entry]]


def pairs(entries: list[Entry]) -> list[tuple[str, str, int]]:
    return [(".".join(one.keys), one.value, one.line) for one in entries]


@pytest.mark.parametrize(
    ("read", "text", "found"),
    [
        (read_ini, "[a]\nb = c\n; no\n[d]\ne: %(b)s\n", [("a.b", "c", 2), ("d.e", "%(b)s", 5)]),
        (
            read_properties,
            "a.b=c\\\n  d\n# no\n! no\ne : f\ng h\nk\\=x=\\u0041\\n\n",
            [("a.b", "cd", 1), ("e", "f", 5), ("g", "h", 6), ("k=x", "A", 7)],
        ),
        (read_ini, "; no\na = b\n[c]\nd = e\n", [("a", "b", 2), ("c.d", "e", 4)]),
        (read_environment, "# no\nexport A='b c'\nD=\n", [("A", "b c", 2), ("D", "", 3)]),
        (read_yaml, "a: {b: [c, 'd']}\n---\n- e\n", [("a.b", "c", 1), ("a.b", "d", 1), ("", "e", 3)]),
        (read_yaml, "x: &y {b: c}\nz: *y\n", [("x.b", "c", 1), ("z.b", "c", 1)]),
        (read_yaml, "on: no\nn: 012\n", [("on", "no", 1), ("n", "012", 2)]),
        (read_json, '{"a": {"b": "c"}, "d": [1, true]}', [("a.b", "c", 1), ("d", "1", 1)]),
        (read_toml, "[a]\nb = 'c'\n", [("a.b", "c", 2)]),
        (
            read_xml,
            '<a>\n<b name="n">t</b><p name="k" value="v"/></a>',
            [("a.b.name", "n", 2), ("a.b.n", "t", 2), ("a.p.name", "k", 2), ("a.p.k", "v", 2)],
        ),
    ],
)
def test_readers(read: Read, text: str, found: list[tuple[str, str, int]]) -> None:
    assert pairs(read(text)) == found


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_ini, "no section\n"),
        (read_environment, "not an assignment\n"),
        (read_yaml, "a: [\n"),
        (read_yaml, "a: &x [*x]\n"),
        (read_yaml, "[" * 5000),
        (
            read_yaml,
            "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9)),
        ),
        (read_json, "{'a': 1}"),
        (read_json, "[" * 100_000),
        (read_toml, "a = \n"),
        (read_xml, "<a>"),
        (read_xml, '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ],
)
def test_what_is_not_understood(read: Read, text: str) -> None:
    start = time.monotonic()
    with pytest.raises(UnreadError):
        read(text)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("keys", "value", "path"),
    [
        ("filename", "app.log", "/app/app.log"),
        ("handlers.f.filename", "logs/app.log", "/app/logs/app.log"),
        ("logging.file.name", "/var/log/a.log", "/var/log/a.log"),
        ("logging.file.path", "/var/log/a", "/var/log/a"),
        ("program.stdout_logfile", "/var/log/a.log", "/var/log/a.log"),
        ("uwsgi.pidfile", "/tmp/u.pid", "/tmp/u.pid"),
        ("spring.datasource.url", "jdbc:h2:file:./data/db", "/app/data/db"),
        ("spring.datasource.url", "jdbc:h2:./db", "/app/db"),
        ("url", "sqlite:///x.db", "/app/x.db"),
        ("ConnectionStrings.Default", "Data Source=app.db;Cache=Shared", "/app/app.db"),
        ("file", "${D}/a.log", "/d/a.log"),
        ("file", "${E:-/e}/a.log", "/e/a.log"),
        ("file", "${E}/a.log", None),
        ("database.path", "./store/x", "/app/store/x"),
        ("anything", "/var/lib/app/x", "/var/lib/app/x"),
    ],
)
def test_what_is_written(keys: str, value: str, path: str | None) -> None:
    entries = [Entry(tuple(keys.split(".")), value, 3)]
    found = list(written(entries, "c.yml", "/app", {"D": "/d"}))
    assert [(one.path, str(one.evidence)) for one in found if isinstance(one, WrittenPath)] == [(path, "c.yml:3")]


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("accesslog", "-"),
        ("file", "stdout"),
        ("url", "https://example.com/a.log"),
        ("spring.datasource.url", "jdbc:h2:mem:test"),
        ("url", "sqlite:///:memory:"),
        ("name", "app"),
        ("log.level", "debug"),
        ("timeout", "30"),
        ("spring.datasource.url", "jdbc:postgresql://db/a"),
        ("main.urls.db", "/db"),
        ("routes.upload", "/upload"),
    ],
)
def test_what_is_not(keys: str, value: str) -> None:
    assert list(written([Entry(tuple(keys.split(".")), value, 1)], "c.yml", "/app", {})) == []


def test_ports() -> None:
    entries = [Entry(("server", "port"), "80", 1), Entry(("Kestrel", "Http", "Url"), "http://*:8080", 2)]
    found = list(written(entries, "c.yml", "/app", {}))
    assert [one.port for one in found if isinstance(one, Listener)] == [80, 8080]


def test_each_library_that_writes_names_its_source() -> None:
    data = table("habits")
    entries = [
        (name, one)
        for language in ("python", "node", "java", "go", "ruby", "php", "rust", "dotnet")
        for name, one in data[language].items()
    ]
    assert len(entries) > 200
    for name, one in entries:
        assert one["where"] in ("cwd", "home", "argument", "told", "database", "package", "temporary"), name
        assert one["source"], name
        assert one["what"], name
    for language in data["quiet"]:
        assert not set(data["quiet"][language]) & set(data[language]), language


def test_values_are_found_in_the_order_of_the_text() -> None:
    assert pairs(read_json('{"a": "c",\n"b": "c",\n"d": "\\u0061",\n"e": "c"}')) == [
        ("a", "c", 1), ("b", "c", 2), ("d", "a", 1), ("e", "c", 4),
    ]  # fmt: skip
    text = "".join(f"value {number}\n" for number in range(10_000))
    places = _Places(text)
    assert [places.line(f"value {number}") for number in range(10_000)] == list(range(1, 10_001))
    assert places.sought <= len(text)


def test_values_that_are_not_found_are_not_sought_for_ever() -> None:
    places = _Places("a" * 1_000_000)
    assert {places.line(f"b{number}") for number in range(500)} == {0}
    assert places.sought < 210_000_000
