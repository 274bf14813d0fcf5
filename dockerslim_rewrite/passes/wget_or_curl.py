"""DS612: two tools for one purpose."""

from __future__ import annotations

from ..analysis.facts import Facts
from ..change import Safety
from ..ir.build import Build
from .base import Proposals, analysis, rewrite_pass
from .commands import Call, calls


@rewrite_pass("DS612", "wget-or-curl", Safety.SAFE, ("DL4001",), remark_only=True, mentions=("wget",))
def wget_or_curl(build: Build, facts: Facts) -> Proposals:
    """Tell where a stage downloads with both wget and curl.

    One of the two would do, and the other with its libraries need not be installed: 2 to 3 MB.

    Nothing is changed: their options differ in retries, redirects and what counts as failure, so only somebody who
    knows the servers can tell which to keep. Safe for that reason. Source: hadolint DL4001.
    """
    for stage in build.stages:
        first: dict[str, Call] = {}
        for call in calls(build, facts, stage):
            if call.name in ("wget", "curl"):
                first.setdefault(call.name, call)
        if len(first) == 2:
            late, early = sorted(first.values(), key=lambda one: one.line(build), reverse=True)
            yield analysis(
                "DS612",
                late.line(build),
                f"{late.name} is used here and {early.name} on line {early.line(build)}: one of them would do",
                f"line {early.line(build)}",
            )
