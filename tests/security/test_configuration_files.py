"""Small configuration files of strangers cost no more than their length: by counted values, keys and steps."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from dockerslim_rewrite.analysis.project import Listener
from dockerslim_rewrite.context.configuration import plain, trees
from dockerslim_rewrite.context.configuration.entries import Entry, UnreadError
from dockerslim_rewrite.context.configuration.written import written
from dockerslim_rewrite.text.numbers import small_number

from .counting import Counter


def test_values_that_refer_to_one_another_stay_as_long_as_files_are() -> None:
    lines = [f"log{i} = " + f"${{log{i + 1}}}" * 9 for i in range(9)]
    entries = plain.read_ini("[a]\n" + "\n".join(lines) + "\nlog9 = x\n")
    with pytest.raises(UnreadError, match="refer to one another too often"):
        list(written(entries, "a.ini", None, {}))


def test_values_that_people_write_are_found() -> None:
    text = "base.dir=/var/x\nlogs=${base.dir}/logs\nlogging.file.name=${logs}/a.log\nlogging.file.path=${logs}/b.log\n"
    found = [one.path for one in written(plain.read_properties(text), "a", None, {}) if not isinstance(one, Listener)]
    assert {"/var/x/logs/a.log", "/var/x/logs/b.log"} <= set(found)


def test_blanks_within_a_value() -> None:
    counter = Counter(plain._VARIABLE.pattern, plain._VARIABLE.flags, 20_000)
    assert counter.carry_out("A=a" + " " * 300 + "b", everywhere=False) < 2_000
    assert plain.read_environment("export A = a  b \n")[0] == Entry(("A",), "a  b", 1)


def test_lines_of_keys_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    kept = plain._lines

    def counted(text: str, keys: frozenset[str]) -> dict[str, int]:
        nonlocal looked
        looked += len(text.splitlines())
        return kept(text, keys)

    monkeypatch.setattr(plain, "_lines", counted)
    found = plain.read_ini("[a]\n" + "".join(f"k{i} = 1\n" for i in range(500)))
    assert [one.line for one in found] == list(range(2, 502))
    assert looked == 501


def test_values_that_each_section_inherits() -> None:
    text = "[DEFAULT]\n" + "".join(f"a{i}=1\n" for i in range(1_000)) + "".join(f"[s{i}]\n" for i in range(1_000))
    with pytest.raises(UnreadError, match="inherit too many values"):
        plain.read_ini(text)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (trees.read_xml, "<a b='c'>" * 5_000 + "</a>" * 5_000),
        (trees.read_xml, "<a>" * 100 + "<b c='d'/>" * 20_000 + "</a>" * 100),
        (trees.read_json, '{"a":' * 140 + "{" + ",".join(f'"{i}":1' for i in range(20_000)) + "}" + "}" * 140),
    ],
)
def test_keys_that_lead_far_down(read: Callable[[str], list[Entry]], text: str) -> None:
    tracemalloc.start()
    with pytest.raises(UnreadError):
        read(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000


def test_long_names_of_many_values() -> None:
    text = ('{"' + "a" * 1_000 + '":') * 20 + "{" + ",".join(f'"{i}":1' for i in range(1_000)) + "}" + "}" * 20
    with pytest.raises(UnreadError, match="names of its values"):
        list(written(trees.read_json(text), "a.json", None, {}))


@pytest.mark.parametrize("number", ["\u00b2", "\u0663", "9" * 5_000, "", "-1", None])
def test_what_is_no_number_of_a_port(number: str | None) -> None:
    assert small_number(number) is None
    text = f"port = {number}\nurl = http://x:{number}\n"
    found = list(written(plain.read_properties(text), "a", None, {}))
    assert all(one.port is None for one in found if isinstance(one, Listener))


def test_numbers_of_ports() -> None:
    assert [small_number(one) for one in ("0", "8080", "65535")] == [0, 8080, 65535]
