"""Which files of the context are configuration of the program, and what they tell it to write."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

from ...analysis.project import Doubt, Evidence, Listener, WrittenPath
from ...knowledge.starts import ports_told
from ...knowledge.written import configuration_names, configured_elsewhere, lock_names, own_port
from ...patterns import re
from ...text.numbers import small_number
from ...text.yaml_nodes import Allowance, TooManyValues
from ..tree import ContextTree
from .entries import Entry, UnreadError
from .written import written

#: The module and the function for each kind of file, loaded when there is such a file.
_READERS = {
    "ini": ("plain", "read_ini"),
    "properties": ("plain", "read_properties"),
    "environment": ("plain", "read_environment"),
    "yaml": ("trees", "read_yaml"),
    "json": ("trees", "read_json"),
    "toml": ("trees", "read_toml"),
    "xml": ("trees", "read_xml"),
}
_STRANGE = re.compile(r"\.(?:conf|cnf|rc|hcl|edn|config)\Z")
#: What is longer is data, unless the program names it; more files than these are not read.
LONGEST = 128 * 1024
_MOST = 200
_FIRST_FREE = 1024
#: A second's work: a thousand different names of files in a megabyte of code.
_LOOKED_THROUGH = 1_000_000_000


def _read(reader: str, text: str) -> list[Entry]:
    """What the reader of that name makes of *text*. Raises ``UnreadError``."""
    module, name = _READERS[reader]
    found: list[Entry] = getattr(import_module(f".{module}", __package__), name)(text)
    return found


class Mentioned:
    """Which names stand somewhere in *texts*. Beyond ``left`` characters that were looked through, any may."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(dict.fromkeys(text for text in texts if text))
        self._each = sum(map(len, self._texts))
        self._known: dict[str, bool] = {}
        self.left = _LOOKED_THROUGH

    def __contains__(self, name: str) -> bool:
        found = self._known.get(name)
        if found is None:
            self.left -= self._each
            found = self._known[name] = self.left < 0 or any(name in text for text in self._texts)
        return found


def configured(
    tree: ContextTree,
    shipped: Sequence[str],
    texts: Sequence[str],
    cwd: str | None,
    environment: Mapping[str, str | None],
) -> Iterator[WrittenPath | Listener | Doubt]:
    """What configuration files among the context paths *shipped* tell a program that runs in *cwd*.

    *texts* are the code and commands that may name such files: what they name and nobody can read is a doubt.
    """
    readers, loaded, tools = configuration_names()
    read = 0
    mentioned = Mentioned(texts)
    for path in sorted(shipped):
        name = posixpath.basename(path)
        if lock_names().match(name):
            continue
        reader = next((kind for kind, pattern in readers if pattern.match(name)), None)
        if reader is None and not _STRANGE.search(name):
            continue
        named = len(name) > 4 and name in mentioned
        if not named and (tools.match(name) or not configured_elsewhere().isdisjoint(path.split("/")[:-1])):
            continue
        if reader is None:
            if named:
                yield Doubt(f"{path}, which the program names, is of no format that is known here", Evidence(path, 0))
            continue
        matters = named or bool(loaded.match(name))
        file = tree.by_path[path]
        read += 1
        if (file.size > LONGEST and not matters) or read > _MOST:
            continue
        text = tree.read(path)
        try:
            if text is None:
                raise UnreadError("it is not text, or too large")
            entries = _entries(tree, path, reader, text)
            yield from written(entries, path, cwd, environment)
            yield from _low_ports(entries, path, reader)
        except UnreadError as error:
            if matters:
                yield Doubt(f"{path} cannot be read: {error}", Evidence(path, 0))


def _low_ports(entries: Sequence[Entry], path: str, reader: str) -> Iterator[Listener]:
    """The ports for root alone that the file *path* tells a program to listen on, if it is the one that reads it.

    Others prove nothing: that something reads the file is not known.
    """
    for entry in entries:
        if reader == "environment":
            ports = ports_told(entry.key, entry.value)
        else:
            dotted = ".".join(key for key in entry.keys if key)
            number = small_number(entry.value.strip()) if own_port().match(dotted) else None
            ports = () if number is None else (number,)
        for port in ports:
            if 0 < port < _FIRST_FREE:
                yield Listener(port, "the program", Evidence(path, entry.line), entry.key)


def _entries(tree: ContextTree, path: str, reader: str, text: str) -> list[Entry]:
    """The values of the file *path*, whose *text* is read once for all programs. Raises ``UnreadError``."""

    def read() -> list[Entry] | UnreadError:
        try:
            if reader == "yaml":
                tree.recall("values of configuration", Allowance).spend(text)
            return _read(reader, text)
        except UnreadError as error:
            return error
        except TooManyValues as error:
            return UnreadError(str(error))

    found = tree.recall(("configuration", path, reader), read)
    if isinstance(found, UnreadError):
        raise found
    return found
