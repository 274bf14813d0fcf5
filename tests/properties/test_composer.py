"""Rules agree with the validator and with each other, on files that mention each pair of them.

A few hundred files run with the other tests; ``make fuzz``, the long job, tries 7,000 at each level.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.change import Safety
from dockerslim_rewrite.syntax import ParseError
from tests.properties.fragments import composed

FILES = int(os.environ.get("DOCKERSLIM_COMPOSED", "100"))


@pytest.mark.parametrize("level", list(Safety))
@given(text=composed())
@settings(max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck))
def test_rules_agree(level: Safety, text: str) -> None:
    for select in ((), ("all",)):
        options = Options(level=level, select=select)
        try:
            result = rewrite(text, options)
        except ParseError:
            return
        assert [(bug.rule, bug.reason) for bug in result.bugs] == []
        assert rewrite(result.text, options).text == result.text
