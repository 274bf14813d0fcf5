"""Pieces of Dockerfiles, each of which some rule has something to say of, and how they are put together."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st


def _read() -> dict[str, tuple[str, ...]]:
    """The sections of ``fragments.txt``."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line.startswith("= "):
            text = line[2:].replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")
            found.setdefault(section, []).append(text)
    return {name: tuple(lines) for name, lines in found.items()}


_SECTIONS = _read()
BASES, COMMANDS, INSTRUCTIONS = (_SECTIONS[name] for name in ("bases", "commands", "instructions"))
_JOINTS = (" && ", " && \\\n    ", "; ", " ; \\\n    ", " || ", " && \\\n    # why\n    ")


@st.composite
def _run(draw: st.DrawFn) -> str:
    first = draw(st.sampled_from(COMMANDS))
    rest = draw(st.lists(st.tuples(st.sampled_from(_JOINTS), st.sampled_from(COMMANDS)), max_size=3))
    return "RUN " + first + "".join(joint + command for joint, command in rest)


@st.composite
def composed(draw: st.DrawFn) -> str:
    """A Dockerfile of one or two stages, put together from pieces that rules act on."""
    lines: list[str] = []
    stages = draw(st.integers(1, 2))
    for index in range(stages):
        base = draw(st.sampled_from(BASES))
        lines.append(f"FROM {base} AS builder" if index + 1 < stages else f"FROM {base}")
        steps = st.one_of(_run(), _run(), st.sampled_from(INSTRUCTIONS))
        lines.extend(draw(st.lists(steps, min_size=1, max_size=8)))
    return "\n".join(lines) + "\n"
