"""What a simple call of wget downloads, and the same for curl.

Sources: wget(1); curl(1). The name that wget gives a file is the last part of the address, decoded, query included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from ...ir.expansion import put_in
from ...knowledge.images import ImageFacts
from ...patterns import re
from ...shell.script import Word

#: Options about what is printed.
_PRINTING = re.compile(r"-q|-nv|--quiet|--no-verbose|--progress=\S+|--show-progress")
_OUTPUT = re.compile(r"(?:-q?O|--output-document)(?P<equals>=?)(?P<file>.*)", re.S)
_ADDRESS = re.compile(r"https?://[^/\s\"'`\\]+/[^\s\"'`\\#\[\]]*\Z")
_NAME = re.compile(r"[A-Za-z0-9._+~${}-]*[A-Za-z0-9._+~}-]\Z")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


#: Images that are built on buildpack-deps, and distributions whose package manager needs curl.
_WITH_CURL = frozenset(
    ("buildpack-deps", "golang", "node", "python", "ruby", "rust", "gcc", "perl", "centos", "fedora")
)


class Step(NamedTuple):
    """What becomes of one word: ``text`` takes its place; None where it goes."""

    word: Word
    text: str | None


def brings_curl(image: ImageFacts | None) -> bool:
    """Whether *image* has curl from the start. Source: the images' own Dockerfiles; the package rpm."""
    if image is None or image.name not in _WITH_CURL:
        return False
    return image.family in ("debian", "rhel") and "slim" not in image.parts.variant


def by_curl(words: Sequence[Word], constants: Mapping[str, str], arguments: Set[str]) -> tuple[Step, ...] | str:
    """How the words of a call of wget become a call of curl, or why they do not.

    *constants* are the variables whose values are known, *arguments* those that hold versions and the like.
    """
    steps: list[Step] = []
    addresses: list[Word] = []
    named = to_output = False
    rest = iter(words[1:])
    for word in rest:
        text = word.text
        output = _OUTPUT.fullmatch(text)
        if _PRINTING.fullmatch(text):
            steps.append(Step(word, None))
        elif text == "--no-check-certificate":
            steps.append(Step(word, "-k"))
        elif output is not None:
            if named:
                return "it names two files"
            named = True
            if output["file"]:
                to_output = output["file"] == "-"
                steps.append(Step(word, None if to_output else f"-o {output['file']}"))
                continue
            value = next(rest, None)
            if value is None or output["equals"]:
                return "the file's name is missing"
            to_output = value.text == "-"
            steps.append(Step(word, None if to_output else "-o"))
            if to_output:
                steps.append(Step(value, None))
        elif text.startswith("-"):
            return f"curl has no like of {text}"
        else:
            addresses.append(word)
    if len(addresses) != 1:
        return "it fetches more than one address"
    reason = _address(addresses[0].text, constants, arguments, named=named)
    if reason is not None:
        return reason
    return (Step(words[0], "curl -fsSL --retry 5" if named else "curl -fsSLO --retry 5"), *steps)


def _address(text: str, constants: Mapping[str, str], arguments: Set[str], *, named: bool) -> str | None:
    """Why the address *text* may mean something else to curl; *named* tells that the file has a name of its own."""
    bare = text[1:-1] if text[:1] == text[-1:] == '"' else text
    known = put_in(bare, _VARIABLE, constants)
    if known is None or _ADDRESS.match(known) is None or "{" in re.sub(r"\$\{\w+\}", "", known):
        return "the address is not known to be a plain one of http or https"
    if named:
        return None
    name = known.rpartition("/")[2]
    if not _NAME.match(name) or not arguments >= set(_VARIABLE.findall(name)):
        return "curl might give the file another name"
    return None
