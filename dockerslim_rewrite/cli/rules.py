"""``dockerslim rules`` and ``dockerslim explain``."""

from __future__ import annotations

import json
import re
import sys

from ..knowledge.sources import link_of, links
from ..passes import Pass, rules
from ..report.fixtures import fixture_of
from ..report.rule_table import level_of
from .rewrite import DONE, USAGE, complain


def _level(one: Pass) -> str:
    return f"{level_of(one)} (option)" if one.optional else level_of(one)


def list_rules(format: str) -> int:
    """Print the table of rules."""
    known = rules()
    if format == "json":
        entries = [
            {
                "code": one.code,
                "name": one.name,
                "family": one.family,
                "group": one.group,
                "level": "remark" if one.level is None else one.level.label,
                "ceiling": None if one.ceiling is None else one.ceiling.label,
                "optional": one.optional,
                "summary": one.summary,
                "answers": list(one.answers),
            }
            for one in known
        ]
        print(json.dumps(entries, indent=2))
        return DONE
    if format != "text":
        complain(f"unknown format {format!r}; known formats: text, json")
        return USAGE
    width = max(len(one.name) for one in known)
    levels = max(len(_level(one)) for one in known)
    for one in known:
        answers = f"  [{', '.join(one.answers)}]" if one.answers else ""
        print(f"{one.code}  {one.name:{width}}  {_level(one):{levels}}  {one.summary}{answers}")
    return DONE


def explain(rule: str) -> int:
    """Print what a rule does, why it is safe, and its examples."""
    wanted = rule.strip().lower()
    found = [
        one
        for one in rules()
        if wanted in (one.code.lower(), one.name) or wanted in (answer.lower() for answer in one.answers)
    ]
    if not found:
        from ..pipeline.options import unknown_rule

        complain(unknown_rule(rule))
        return USAGE
    for index, one in enumerate(found):
        if index:
            print("\n" + "=" * 72 + "\n")
        _explain(one)
    return DONE


def _explain(one: Pass) -> None:
    print(f"{one.code} {one.name}\n{'-' * (len(one.code) + 1 + len(one.name))}")
    print(f"level: {_level(one)}\ngroup: {one.group}")
    if one.answers:
        print(f"answers: {', '.join(one.answers)}")
    print(f"\n{one.doc}\n")
    for address in dict.fromkeys([*links(one.doc), *filter(None, map(link_of, one.answers))]):
        print(f"  see {address}")
    print()
    fixture = fixture_of(one.code)
    for case in fixture.cases if fixture else ():
        print(f"Example: {case.title}")
        if case.prose:
            print(re.sub(r"^", "  ", case.prose, flags=re.M))
        if case.lock:
            print("  with the lock file")
            sys.stdout.write(_indented(case.lock))
        sys.stdout.write(_indented(case.before))
        if case.changes:
            print("  becomes")
            sys.stdout.write(_indented(case.after))
        else:
            print("  stays as it is" + (f": {case.remarks[0][1]}" if case.remarks else ""))
        print()


def _indented(text: str) -> str:
    return "".join(f"      {line}\n" for line in text.splitlines())
