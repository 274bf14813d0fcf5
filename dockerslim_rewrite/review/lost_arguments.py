"""Arguments that descriptions gave a build and give no more, and such as they still give under a name that is gone.

Sources: Dockerfile reference, "Understand how ARG and FROM interact"; distribution/reference, grammar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..change import Remark
from ..ir.arguments import global_arguments, is_given
from ..ir.build import Build
from ..ir.expansion import ExpansionError, expand, expansions
from ..ir.reference import InvalidReference, parse
from ..ir.steps import Arg
from ..workspace.builds.found import FoundBuild, Text
from .breaks import STAGES, Version, only_for, remark
from .undeclared import SLIPS

#: Descriptions that say all that a build is given; commands may be given more by who runs them.
_WHOLE = frozenset(("compose", "workflow", "bake"))


def lost_arguments(before: Version, after: Version) -> Iterator[Remark]:
    """Remarks on bases of *after* that name no image without a value that builds gave *before*, and on arguments of
    *after* whose value builds give under a name that *before* declared.
    """
    earlier: dict[tuple[str, str], set[str]] = {}
    for one in before.builds():
        earlier.setdefault(_key(one), set()).update(_given(one))
    told: set[tuple[str, str]] = set()
    for build in after.builds():
        if build.kind in _WHOLE:
            for name, image, line in _without_image(build, after.build):
                if name in earlier.get(_key(build), ()) and (name, image) not in told:
                    told.add((name, image))
                    aside = only_for(line, after)
                    alone = "" if aside is None else f" of the stage `{aside}`, which no other needs,"
                    reason = f"{build.place} gives `{name}` no value any more, so {image} names no image"
                    yield remark(STAGES, f"{reason} and its build{alone} fails", line, fails=aside is None)
    yield from _renamed(before, after)


def _key(build: FoundBuild) -> tuple[str, str]:
    return build.place.path, build.name


def _given(build: FoundBuild) -> Mapping[str, Text | None]:
    return dict(build.args)


def _without_image(found: FoundBuild, build: Build) -> Iterator[tuple[str, str, int]]:
    """The arguments that FROMs of *build* need and *found* gives no value, with what FROM says, and its line."""
    given = _given(found)
    values = global_arguments(build, {name: value for name, value in given.items() if isinstance(value, str)})
    declared = {pair.key for step in build.preamble if isinstance(step, Arg) for pair in step.pairs}
    for stage in build.stages:
        image = stage.head.image
        try:
            names = [name for one in expansions(image) if not one.operator for name in one.names]
            lacking = [name for name in names if name in declared and name not in values and name not in given]
            if not lacking or any(name in given and name not in values for name in names) or any(map(is_given, names)):
                continue
            parse(expand(image, values))
        except InvalidReference:
            yield lacking[0], image, stage.head.line
        except ExpansionError:
            continue


def _renamed(before: Version, after: Version) -> Iterator[Remark]:
    """A remark where the only new argument without a value takes the place of one that builds still give."""
    had, has = _declared(before.build), _declared(after.build)
    new = [name for name in has if name not in had]
    gone = [name for name in had if name not in has]
    if len(new) != 1 or len(gone) != 1 or has[new[0]][1] is not None:
        return
    for build in after.builds():
        given = _given(build)
        if gone[0] in given and new[0] not in given:
            line = has[new[0]][0]
            reason = f"`{new[0]}` gets no value: {build.place} gives `{gone[0]}`, which no ARG declares any more"
            yield remark(SLIPS, reason, line, fails=False)
            return


def _declared(build: Build) -> dict[str, tuple[int, str | None]]:
    """The arguments of *build*, each with the line of its first declaration, and its value if one has any."""
    found: dict[str, tuple[int, str | None]] = {}
    steps = [*build.preamble, *(step for stage in build.stages for step in stage.steps)]
    for step in (one for one in steps if isinstance(one, Arg)):
        for pair in step.pairs:
            line, value = found.get(pair.key, (step.line, None))
            found[pair.key] = (line, pair.value if value is None else value)
    return found
