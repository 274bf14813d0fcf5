"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

from dockerslim_rewrite.patterns import LatePattern
from dockerslim_rewrite.patterns import re as late


def test_they_do_what_compiled_ones_do() -> None:
    ours, theirs = late.compile(r"(?P<name>\w+)=", late.I), re.compile(r"(?P<name>\w+)=", re.I)
    assert type(ours).__name__ == LatePattern.__name__
    assert ours.sub("x", "a=b") == theirs.sub("x", "a=b")
    found = ours.match("a=b")
    assert found is not None
    assert found["name"] == "a"
    assert (ours.pattern, ours.flags, ours.groupindex) == (theirs.pattern, theirs.flags, theirs.groupindex)
    assert repr(ours) == repr(theirs)
    for name in dir(theirs):
        if not name.startswith("_"):
            assert callable(getattr(ours, name)) == callable(getattr(theirs, name)), name


def test_they_are_compiled_once_they_are_used() -> None:
    wrong = late.compile("(")
    with pytest.raises(re.error):
        wrong.match("a")
    with pytest.raises(AttributeError):
        getattr(wrong, "no_such_method")  # noqa: B009 - mypy knows that there is none


def test_they_can_be_sent_to_other_processes() -> None:
    pattern = late.compile("a+", late.S)
    assert pickle.loads(pickle.dumps(pattern)).fullmatch("aa")
    assert copy.copy(pattern).flags == pattern.flags


def test_all_else_is_the_module_itself() -> None:
    assert late.escape is re.escape
    assert late.error is re.error
    assert late.fullmatch("a", "a")
