"""YAML as nodes that know where they stand, of texts that do not take long to read.

What reading takes is decided by the number of values, not by the length: in half a megabyte there may be as many as in
a hundred ordinary files. So they are counted before, by the signs that make them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..patterns import re

#: Values in one text: those of fifty thousand lines or more. Each takes a kilobyte of memory while it is read.
MAX_VALUES = 150_000
#: Where only the reader in Python is there, which takes twenty times as long.
_MAX_SLOW = 60_000
#: What people write has no more values than one for so many characters, so any amount of it may be read.
_USUAL = 16
_ROOM = 150_000
#: The signs, and how many values each of them makes at most.
_SIGNS = {
    ": ": 2, ":\n": 2, ":\r": 2, '":': 1, ",": 1, "- ": 1, "-\n": 1, "-\r": 1, "? ": 1,
    "[": 1, "{": 1, "---": 2, "...": 1, "&": 1, "*": 1, "!": 1,
}  # fmt: skip
#: The reader puts tags together sign by sign, and what a directive says before each of them; people write a dozen.
_MAX_TAG, _MAX_DIRECTIVE = 10_000, 1_000
_RUN = re.compile(r"\S++")
_TAG = re.compile(r"(?:\A|[,\[{])!")
_DIRECTIVE = re.compile(rf"^%.{{{_MAX_DIRECTIVE}}}", re.M)


class TooManyValues(ValueError):
    """A text, or one more text of a repository, that holds more values than are read."""


class BrokenYaml(ValueError):
    """A text that is no YAML; ``line`` and ``reason`` say why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Allowance:
    """How many values more may be read of one repository."""

    def __init__(self) -> None:
        self._left = _ROOM

    def spend(self, text: str) -> None:
        """Count the values of *text*. Raises ``TooManyValues`` where there are too many with those before."""
        rest = self._left + len(text) // _USUAL - values_in(text)
        if rest < 0:
            raise TooManyValues("with the files before it, it holds more values than are read of one repository")
        self._left = rest


def values_in(text: str) -> int:
    """About how many values *text* has as YAML: half of them at least."""
    return 1 + sum(text.count(sign) * number for sign, number in _SIGNS.items())


def check(text: str) -> None:
    """Raise ``TooManyValues`` where the YAML *text* has more values, or a longer tag, than people write."""
    if len(text) > MAX_VALUES and values_in(text) > MAX_VALUES:
        raise TooManyValues(f"it holds more than {MAX_VALUES:,} values, as only generated data does")
    if len(text) > _MAX_DIRECTIVE and _DIRECTIVE.search(text):
        raise TooManyValues(f"it holds a directive of more than {_MAX_DIRECTIVE:,} characters, as nobody writes")
    if len(text) > _MAX_TAG and any(map(_begins_tag, _RUN.findall(text))):
        raise TooManyValues(f"it holds a tag of more than {_MAX_TAG:,} characters, as nobody writes")


def _begins_tag(run: str) -> bool:
    """Whether a tag that is too long may begin in *run*, which stands between blanks."""
    return len(run) > _MAX_TAG and _TAG.search(run, 0, len(run) - _MAX_TAG + 1) is not None


def compose(text: str) -> Iterator[Any]:
    """The nodes of the documents in *text*. Raises ``TooManyValues``, ``BrokenYaml`` and ``RecursionError``.

    Their tags are those that the text writes: what a scalar is taken for is for who asks. The reader is libyaml, of
    which those of Compose and of Kubernetes are ports; where Python comes without it, one that is written in Python.
    """
    check(text)
    try:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]
    except ImportError:
        yield from _composed_slowly(text)
        return
    from yaml import MarkedYAMLError, YAMLError

    parser = None
    try:
        parser = CParser(text)
        yield from _composed(parser)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BrokenYaml(mark.line + 1 if mark else 1, str(error.problem or error.context)) from None
    except YAMLError as error:
        raise BrokenYaml(1, str(error).partition("\n")[0]) from None
    finally:
        if parser is not None:
            parser.dispose()


def _composed(parser: Any) -> Iterator[Any]:
    """The documents of the events that *parser* gives.

    Its own way to put them together refuses an anchor that is there twice, which YAML allows: the last one counts.
    """
    from yaml import events, nodes

    anchors: dict[str, Any] = {}
    open_: list[tuple[Any, list[Any]]] = []
    root: Any = None
    while (event := parser.get_event()) is not None:
        kind = type(event)
        node: Any = None
        if kind is events.ScalarEvent:
            node = nodes.ScalarNode(event.tag, event.value, event.start_mark, event.end_mark, style=event.style)
        elif kind is events.SequenceStartEvent:
            node = nodes.SequenceNode(event.tag, [], event.start_mark, event.end_mark, flow_style=event.flow_style)
        elif kind is events.MappingStartEvent:
            node = nodes.MappingNode(event.tag, [], event.start_mark, event.end_mark, flow_style=event.flow_style)
        elif kind is events.AliasEvent:
            node = anchors.get(event.anchor)
            if node is None:
                raise BrokenYaml(event.start_mark.line + 1, f"found undefined alias {event.anchor!r}")
        elif kind is events.SequenceEndEvent or kind is events.MappingEndEvent:
            ended, items = open_.pop()
            ended.value = items if kind is events.SequenceEndEvent else list(zip(items[::2], items[1::2], strict=True))
        elif kind is events.DocumentEndEvent:
            yield root
            root, anchors = None, {}
        if node is None:
            continue
        if kind is not events.AliasEvent and event.anchor is not None:
            anchors[event.anchor] = node
        if open_:
            open_[-1][1].append(node)
        else:
            root = node
        if kind is events.SequenceStartEvent or kind is events.MappingStartEvent:
            open_.append((node, []))


def _composed_slowly(text: str) -> Iterator[Any]:
    if values_in(text) > _MAX_SLOW:
        raise TooManyValues(f"it holds more than {_MAX_SLOW:,} values, as only generated data does")
    # It takes longer to load than most files to be rewritten.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="safe", pure=True)
    reader.allow_duplicate_keys = True
    reader.composer.warn_double_anchors = False
    try:
        yield from reader.compose_all(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BrokenYaml(mark.line + 1 if mark else 1, str(error.problem or error.context)) from None
    except YAMLError as error:
        raise BrokenYaml(1, str(error).partition("\n")[0]) from None
    except (ValueError, AttributeError, TypeError, KeyError, IndexError) as error:
        # The reader itself stumbles over some malformed directives and tags.
        raise BrokenYaml(1, f"no YAML: {error}") from None
