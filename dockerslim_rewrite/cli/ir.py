"""``dockerslim ir``: the program as JSON."""

from __future__ import annotations

import json
from typing import Any

from ..analysis.facts import Facts
from ..ir.build import Build, read_build
from ..ir.steps import Onbuild, Step
from ..record import field_names
from ..shell.body import Body
from ..shell.script import Opaque
from ..syntax import ParseError, parse
from ..text import Source
from .files import InputError, read_input
from .rewrite import DONE, USAGE, complain


def print_ir(path: str) -> int:
    """Print stages, steps and the state before each step of the Dockerfile at *path*."""
    try:
        build = read_build(parse(Source.from_bytes(read_input(path), path)))
    except (InputError, ParseError) as error:
        complain(f"{path}:{error.line}: {error.reason}" if isinstance(error, ParseError) else str(error))
        return USAGE
    print(json.dumps(program(build), indent=2))
    return DONE


def program(build: Build) -> dict[str, Any]:
    """JSON-ready data of *build*."""
    facts = Facts(build)
    return {
        "escape": build.document.escape,
        "directives": dict(build.document.directives),
        "preamble": [_step(step, facts) for step in build.preamble],
        "stages": [
            {
                "index": stage.index,
                "name": stage.head.alias,
                "image": stage.head.image,
                "line": stage.head.line,
                "from_stage": facts.graph.bases[stage.index],
                "copies_from": sorted(facts.graph.sources[stage.index]),
                "ships": facts.graph.ships(stage.index),
                "steps": [_step(step, facts) for step in stage.steps],
            }
            for stage in build.stages
        ],
    }


def _step(step: Step, facts: Facts) -> dict[str, Any]:
    state = facts.state(step)
    entry: dict[str, Any] = {
        "keyword": step.keyword,
        "line": step.line,
        "end_line": step.origin.end_line,
        "flags": {flag.name: flag.value for flag in step.origin.flags},
    }
    for name in field_names(step):
        value = getattr(step, name)
        if name in ("origin", "index"):
            continue
        if isinstance(value, Body):
            entry["form"] = value.form
            entry["script"] = value.logical.text
            if isinstance(value.script, Opaque):
                entry["opaque"] = value.script.reason
            else:
                entry["commands"] = [[word.text for word in one.words] for one in value.script.commands]
        elif name == "pairs":
            entry["pairs"] = [{"key": pair.key, "value": pair.value} for pair in value]
        elif name == "trigger":
            entry["trigger"] = _step(value, facts) if isinstance(step, Onbuild) and value else None
        elif value is not None:
            entry[name] = value
    entry["state"] = {
        "env": dict(state.env),
        "args": sorted(state.args),
        "workdir": state.workdir,
        "user": state.user,
        "shell": state.shell,
    }
    return entry
