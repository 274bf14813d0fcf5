"""The judges themselves: each must let the good pass and catch the bad."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.corpus.files import CorpusFile, sample
from tests.corpus.judges import (
    SHELL_JUDGES,
    Linters,
    Pair,
    added_findings,
    buildkit,
    comments,
    excused,
    hadolint,
    lost_comments,
    newly_refused_scripts,
    refused_scripts,
    tally_buildkit,
    unreported,
    with_shell_of,
)
from tests.corpus.runner import Rewritten, judge

BASE = b"FROM debian:12\n"


def test_hadolint_counts_by_code_in_the_order_of_the_texts() -> None:
    noisy = BASE + b"RUN apt-get update\nRUN true\nRUN true\n"
    found = hadolint([BASE, noisy, BASE + b"FOO \xff\n", b""])
    assert found[0] == Counter()
    assert found[1]["DL3009"] == 1
    assert found[1]["DL3059"] == 2
    assert found[2]["DL1000"] == 1


def test_hadolint_reads_no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOLINT_IGNORE", "DL3059")
    assert hadolint([BASE + b"RUN a\nRUN b\n"])[0]["DL3059"] == 1


def test_tally_gives_buildkit_checks_and_refusals_and_survives_bad_files() -> None:
    found = tally_buildkit([b"from a AS b\n", b"FROM a\nFOO x\n", b"", BASE + b"# \xff\n", b"{{ x }}\n_ y\n"])
    assert found[0] is not None
    assert found[0]["buildkit/FromAsCasing"] == 1
    assert found[1] is None
    assert found[2] is None
    assert found[3] == Counter()
    assert found[4] is None


@pytest.mark.parametrize("text", [b"", b"# only\n", b"FROM a\nENV x\n", b"FROM a\nRUN <<EOF\nx\n"])
def test_buildkit_refuses(text: bytes) -> None:
    assert buildkit(text).error is not None


def test_buildkit_reads_bodies_as_the_shell_gets_them() -> None:
    reading = buildkit(
        b'FROM a\nRUN --network=none a && \\\n# why\n\n  b\nRUN ["c"]\nONBUILD RUN d\n'
        b"RUN <<-EOF\n\te\nEOF\nRUN cat <<A > x\nf\nA\nCOPY <<B /g\nh\nB\n"
    )
    assert reading.error is None
    assert reading.bodies == ("a &&   b", "d", "\te\n", "cat <<A > x\nf\nA\n")
    assert reading.runs == 4
    assert reading.spans[1] == (2, 5)


@pytest.mark.parametrize("text", [b"FROM a\nRUN \xff\xfe b\n", b"FROM a\nRUN x\0y\nRUN z\n", b"\xef\xbb\xbfFROM a\n"])
def test_buildkit_survives_odd_bytes(text: bytes) -> None:
    reading = buildkit(text)
    assert reading.error is None
    assert len(reading.keywords) == text.count(b"\n")


def test_comments_count_wherever_they_stand() -> None:
    text = b"\xef\xbb\xbf# syntax=x\nFROM a\r\n  # one\r\nRUN b \\\n\t# two\n c\nRUN <<E\n# three\nE\nRUN d # four\n"
    assert comments(text) == ["# syntax=x", "# one", "# two", "# three"]


def test_lost_and_altered_and_moved_comments_are_noticed() -> None:
    before = b"# a\n# b\n# a\nFROM x\n"
    assert lost_comments(before, before, in_order=True) == []
    assert lost_comments(before, b"# new\n" + before, in_order=True) == []
    assert lost_comments(before, b"# a\n# b\nFROM x\n", in_order=True) == ["# a"]
    assert lost_comments(before, b"# a\n# b!\n# a\n", in_order=False) == ["# b"]
    assert lost_comments(before, b"# b\n# a\n# a\n", in_order=False) == []
    assert lost_comments(before, b"# b\n# a\n# a\n", in_order=True) != []


@pytest.mark.parametrize("name", SHELL_JUDGES)
def test_shells_refuse_bad_scripts_only(name: str) -> None:
    scripts = ["a && b", "a &&", "if a; then b", "c | d", ") e", "f \udcff"]
    assert refused_scripts(scripts, name) == [False, True, True, False, True, False]


@pytest.mark.parametrize("name", SHELL_JUDGES)
def test_a_body_is_only_excused_by_one_that_was_refused_as_well(name: str) -> None:
    good = Pair("good", BASE + b"RUN a\nRUN b\n", BASE + b"RUN a && b\n")
    bad = Pair("bad", BASE + b"RUN a\nRUN b\n", BASE + b"RUN a && && b\n")
    windows = Pair("windows", BASE + b"RUN a (\nRUN b\n", BASE + b"RUN a ( && b\n")
    worse = Pair("worse", BASE + b"RUN a (\nRUN b\nRUN c\n", BASE + b"RUN a ( ;\nRUN b && && c\n")
    found = newly_refused_scripts([good, bad, windows, worse], name)
    assert [where for where, _ in found] == ["bad", "worse"]


def test_bash_refuses_a_heredoc_without_an_end() -> None:
    assert refused_scripts(["cat <<X\nfoo\n"], "bash") == [True]


def test_findings_are_new_only_where_the_linter_could_read_before() -> None:
    assert added_findings(Counter(a=1), Counter(a=2, b=1)) == Counter(a=1, b=1)
    assert added_findings(Counter(a=2), Counter(a=1)) == Counter()
    assert added_findings(Counter(DL1000=1), Counter(a=2)) == Counter()
    assert added_findings(Counter(a=1), Counter(DL1000=1)) == Counter(DL1000=1)
    assert added_findings(Counter(SC2006=1), Counter(SC2046=1)) == Counter()
    assert added_findings(Counter(SC2006=1), Counter(SC2046=2)) == Counter(SC2046=1)
    assert added_findings(Counter(SC2006=1), Counter(SC2006=1, SC2046=1)) == Counter(SC2046=1)
    assert added_findings(Counter(DL3003=1), Counter(SC2046=1)) == Counter(SC2046=1)


def test_what_a_new_stage_brings_is_excused_as_often_as_it_is_there() -> None:
    install = b"RUN apt-get update && apt-get install -y curl\n"
    assert not +excused(install, install)
    assert not +excused(install + install, install)
    piped = b"FROM a\nRUN a | b\n"
    assert excused(piped, piped.replace(b"RUN ", b"RUN set -o pipefail && "))["SC3040"] == 1
    assert excused(piped, piped)["SC3040"] == 0
    more = excused(install, install + b"FROM b\nRUN apk add --no-cache x && apk update\n")
    assert added_findings(Counter(DL3008=1), Counter(DL3008=2, DL3020=1), more) == Counter(DL3020=1)
    assert added_findings(Counter(DL3008=1), Counter(DL3008=3), more) == Counter(DL3008=1)
    small = excused(b"FROM a\n", b"FROM a\nFROM gcr.io/distroless/static-debian12\nFROM b\n")
    assert added_findings(Counter(), Counter(DL3006=2), small) == Counter(DL3006=1)


def test_a_result_must_account_for_every_change() -> None:
    before = "one two three"
    assert unreported(before, before, [], []) == []
    assert unreported(before, "ONE two three", [(0, 3, "ONE")], [(0, 3)]) == []
    assert unreported(before, "ONE two", [(0, 3, "ONE"), (7, 13, "")], [(0, 3)]) != []
    assert unreported(before, "ONE two!", [(0, 3, "ONE")], [(0, 3)]) != []
    assert unreported(before, "x", [(4, 7, ""), (0, 3, "")], [(0, 13)]) != []
    assert unreported(before, "x", [(0, 5, ""), (4, 7, "")], [(0, 13)]) != []
    assert unreported(before, "x", [(0, 99, "x")], [(0, 99)]) != []


def test_the_sample_does_not_depend_on_what_else_there_is() -> None:
    files = [CorpusFile(f"s/{number:03}", b"FROM a:%d\n" % number, False) for number in range(100)]
    chosen = sample(files, 10)
    assert len(chosen) == 10
    assert chosen == sample(list(reversed(files)), 10)
    assert set(sample(files[:60], 10)) >= {file for file in chosen if file in files[:60]}


def test_the_verdict_notices_every_kind_of_damage() -> None:
    text = BASE + b"# keep\nRUN a\nRUN b\n"
    damage = {
        "crashes": Rewritten("x", text, None, crash="Traceback\nBoom: x"),
        "files refused that BuildKit takes": Rewritten("x", text, None, refusal="no"),
        "outputs that BuildKit's parser refuses": Rewritten("x", text, b"# keep\n"),
        "comments lost or altered": Rewritten("x", text, BASE + b"RUN a && b\n"),
        "RUN bodies that a shell refuses anew": Rewritten("x", text, BASE + b"# keep\nRUN a && && b\n"),
        "second runs that change anything": Rewritten("x", text, text, unsteady=True),
        "changes of bytes that no change reports": Rewritten("x", text, text, unreported=("y",)),
        "changes taken back by the validator": Rewritten("x", text, text, bugs=("y",)),
        "findings added": Rewritten("x", text, BASE + b"# keep\nRUN a && cd b\n"),
    }
    for what, done in damage.items():
        verdict = judge([CorpusFile("x", text, False)], [done], "safe", Linters())
        assert verdict.zeros[what], what
    taken = judge([CorpusFile("x", b"", True)], [Rewritten("x", b"", b"")], "safe", Linters())
    assert taken.zeros["files taken that must be refused"]
    unknown = [CorpusFile("x", BASE + b"FOO x\n", False)]
    refused = judge(unknown, [Rewritten("x", unknown[0].text, None, refusal="line 2")], "safe", Linters())
    assert refused.refused == 1
    assert not any(refused.zeros.values())
    fine = judge(
        [CorpusFile("x", text, False)], [Rewritten("x", text, BASE + b"# keep\nRUN a && b\n")], "safe", Linters()
    )
    assert not any(fine.zeros.values())
    assert (fine.changed, fine.runs_before, fine.runs_after) == (1, 2, 1)


def test_a_finding_behind_another_one_is_not_new() -> None:
    body = b"RUN echo '$HOME' >> /etc/profile && source /etc/profile\n"
    switched = BASE + b'SHELL ["/bin/bash", "-c"]\n' + body
    assert hadolint([BASE + body])[0]["SC2016"] == 0
    text = with_shell_of(BASE + body, switched)
    assert text is not None
    assert hadolint([text])[0]["SC2016"] == hadolint([switched])[0]["SC2016"] == 1
    assert with_shell_of(switched, switched) is None
    assert with_shell_of(BASE + body, BASE + body) is None


def test_experimental_checks_count_where_they_are_asked_for() -> None:
    text = b"# of the build\nFROM debian:12 AS build\n"
    asking = b"# check=experimental=all\n\n" + text
    found, asked = tally_buildkit([text, asking])
    assert found == Counter()
    assert asked is not None
    assert asked["buildkit/InvalidDefinitionDescription"] == 1
