"""Proofs in the lock file: read as written, refused where they are none, and kept when the lock is refreshed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dockerslim_rewrite.analysis.locked import Lock, Proof, Supposed
from dockerslim_rewrite.record import evolve
from dockerslim_rewrite.registry.lock import LockError, read_lock, refresh, write_lock
from dockerslim_rewrite.registry.proofs import with_proof

DIGEST = "sha256:" + "0123456789abcdef" * 4
GIVEN = Supposed(
    "DS402", "python:3.11-slim", ("libpq5",), ("/app", "/usr/lib/a b".replace(" ", "_")), "standard", "said"
)
PROOF = Proof(
    "web/Dockerfile",
    DIGEST,
    DIGEST[:-1] + "0",
    GIVEN,
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    ("DS501",),
    ("DS613",),
)


def test_a_proof_is_read_as_it_was_written() -> None:
    lock = Lock({}, {}, (PROOF, evolve(PROOF, file="b")))
    text = write_lock(lock)
    assert set(read_lock(text).proofs) == set(lock.proofs)
    assert write_lock(read_lock(text)) == text


def test_evidence_cannot_end_its_string() -> None:
    odd = evolve(PROOF, supposed=evolve(GIVEN, evidence='a "quote" \\ and\na line'))
    (found,) = read_lock(write_lock(Lock({}, {}, (odd,)))).proofs
    assert found.supposed.evidence == 'a "quote" \\ and a line'


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("schema = 1", "schema = 2", "schema 2 is not known here"),
        ('level = "standard"', 'level = "certain"', "its level, its rule or a digest is none"),
        ('rule = "DS402"', 'rule = "RUN rm"', "its level, its rule or a digest is none"),
        ('"libpq5"', '"libpq5 && rm -rf /"', "is no package, path or image"),
        ('"/app"', '"app"', "a place is no path"),
        ('"python:3.11-slim"', '"python\\nRUN x"', "is no package, path or image"),
        ("proved = 2026-01-02T03:04:05Z", "proved = 2026-01-02", "must be a time with its zone"),
        ('evidence = "said"\n', "", "'evidence' is missing"),
    ],
)
def test_what_is_no_proof_is_refused(old: str, new: str, reason: str) -> None:
    text = write_lock(Lock({}, {}, (PROOF,)))
    assert old in text
    with pytest.raises(LockError, match=reason):
        read_lock(text.replace(old, new))


def test_refreshing_keeps_proofs() -> None:
    resolver: Any = None
    assert refresh(Lock({}, {}, (PROOF,)), [], resolver, PROOF.proved).lock.proofs == (PROOF,)


def test_a_new_proof_takes_the_place_of_that_of_the_same_file() -> None:
    other = evolve(PROOF, file="other")
    new = evolve(PROOF, context=DIGEST)
    assert with_proof((PROOF, other), new) == (other, new)
