"""Image references: the distribution grammar, Docker's normalisation, and templates with build arguments.

A reference is ``[domain/]path[:tag][@digest]``. Source of the grammar: the *distribution* project's reference package;
of the expansions: the Dockerfile reference ("Environment replacement"). Each part keeps its place in the text, so that
an edit can replace a tag and leave the rest as written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

from ..patterns import re
from ..record import record
from .expansion import Expansion, ExpansionError, expand, expansions

DEFAULT_DOMAIN = "docker.io"
_LEGACY_DOMAIN = "index.docker.io"
_OFFICIAL = "library/"
#: The reserved name of the empty base.
SCRATCH = "scratch"

_DOMAIN_NAME = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = re.compile(rf"(?:{_DOMAIN_NAME}(?:\.{_DOMAIN_NAME})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?\Z")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z|sha384:[0-9a-f]{96}\Z|sha512:[0-9a-f]{128}\Z")
_IDENTIFIER = re.compile(r"[a-f0-9]{64}\Z")
_MAX_PATH = 255
_WINDOWS = re.compile(
    r"mcr\.microsoft\.com/windows(?:/|\Z)|microsoft/(?:windowsservercore|nanoserver|iis|aspnet|dotnet-framework)\Z"
)
_WINDOWS_TAGS = ("windowsservercore", "nanoserver", "windows-")


class InvalidReference(ValueError):
    """A text that is no image reference; ``position`` is the offset of what is wrong in it."""

    def __init__(self, text: str, reason: str, position: int = 0) -> None:
        super().__init__(f"invalid image reference {text!r}: {reason}")
        self.text = text
        self.reason = reason
        self.position = position


@record
class Part:
    """One part of a reference as written, and where: ``text[start:end]``, offsets in code points."""

    text: str
    start: int
    end: int


@record
class ImageReference:
    """A reference as written.

    ``domain`` is None when the text names no registry. In a template (a text with ``$…``) a part may hold expansions,
    and an expansion may bring more parts along: ``domain_uncertain`` says that the first component could be one.
    ``quote`` is the quotation mark around the whole text, which BuildKit takes off.
    """

    text: str
    domain: Part | None
    path: Part
    tag: Part | None
    digest: Part | None
    expansions: tuple[Expansion, ...] = ()
    domain_uncertain: bool = False
    quote: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def template(self) -> bool:
        """Whether build arguments are expanded in it."""
        return bool(self.expansions)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names it expands, nested ones included, each once and in order."""
        return tuple(dict.fromkeys(name for item in self.expansions for name in item.names))

    @property
    def scratch(self) -> bool:
        """Whether it is the empty base."""
        return self.text.strip(self.quote or None) == SCRATCH

    @property
    def tagged(self) -> bool | None:
        """Whether it has a tag; None when an expansion may bring one."""
        if self.tag is not None:
            return True
        last = self.path.text.rpartition("/")[2]
        start = self.path.end - len(last)
        end = self.digest.start - 1 if self.digest else self.path.end
        return None if any(start <= item.start < end for item in self.expansions) else False

    @property
    def moving(self) -> bool | None:
        """Whether it stands for ``latest``: no digest, and no tag or that one. None when an expansion decides."""
        if self.digest is not None:
            return False
        if self.tag is not None:
            return None if any(_within(item, self.tag) for item in self.expansions) else self.tag.text == "latest"
        tagged = self.tagged
        return None if tagged is None else not tagged

    @property
    def registry(self) -> str:
        """The registry's domain after Docker's normalisation. Raises ``ValueError`` for a template."""
        self._need_literal()
        domain = self.domain.text if self.domain else DEFAULT_DOMAIN
        return DEFAULT_DOMAIN if domain == _LEGACY_DOMAIN else domain

    @property
    def repository(self) -> str:
        """The path within the registry, ``library/`` included. Raises ``ValueError`` for a template."""
        official = self.registry == DEFAULT_DOMAIN and "/" not in self.path.text
        return _OFFICIAL + self.path.text if official else self.path.text

    @property
    def name(self) -> str:
        """Registry and repository: ``docker.io/library/python``. Raises ``ValueError`` for a template."""
        return f"{self.registry}/{self.repository}"

    @property
    def familiar_name(self) -> str:
        """The shortest name that means the same: ``python``, ``ghcr.io/a/b``. Raises ``ValueError`` for a template."""
        return self.repository.removeprefix(_OFFICIAL) if self.registry == DEFAULT_DOMAIN else self.name

    @property
    def canonical(self) -> str:
        """The reference in full, ``latest`` where neither tag nor digest is given. Raises for a template."""
        tag = self.tag.text if self.tag else (None if self.digest else "latest")
        return self.name + (f":{tag}" if tag else "") + (f"@{self.digest.text}" if self.digest else "")

    @property
    def by_tag(self) -> str:
        """The reference in full by its tag alone, ``latest`` where none is given. Raises for a template."""
        return f"{self.name}:{self.tag.text if self.tag else 'latest'}"

    @property
    def windows(self) -> bool:
        """Whether its name or tag says that it is a Windows image; False does not prove the contrary."""
        base = f"{self.domain.text}/{self.path.text}" if self.domain else self.path.text
        tag = self.tag.text.lower() if self.tag else ""
        return bool(_WINDOWS.match(base.lower())) or any(mark in tag for mark in _WINDOWS_TAGS)

    def with_version(self, tag: str | None, digest: str | None) -> str:
        """The text with tag and digest replaced (None leaves them out) and the name exactly as written.

        Raises ``InvalidReference`` if *tag* or *digest* is none.
        """
        name = self.text[: self.path.end]
        text = name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "") + self.quote
        parse(text)
        return text

    def substitute(self, env: Mapping[str, str | None]) -> ImageReference:
        """The reference that BuildKit sees when *env* holds the arguments in scope; unset ones are empty.

        Raises ``InvalidReference`` when the result is none, or when the template demands a variable (``${V:?}``).
        """
        if not self.expansions:
            return self
        try:
            return parse(expand(self.text.strip(self.quote or None), env))
        except ExpansionError as error:
            raise InvalidReference(self.text, str(error)) from error

    def _need_literal(self) -> None:
        if self.template:
            raise ValueError(f"{self.text!r} is a template: substitute its build arguments first")


@lru_cache(maxsize=1024)
def parse(text: str) -> ImageReference:
    """Read *text* as an image reference.

    Raises ``InvalidReference``. Of a template only the parts without expansions are checked.
    """
    if not text:
        raise InvalidReference(text, "it is empty")
    quote = text[0] if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'" else ""
    try:
        found = () if quote == "'" else expansions(text)
    except ExpansionError as error:
        raise InvalidReference(text, str(error), error.position) from error
    return _Parser(text, _mask(text, found), found, quote).parse()


def stage_named(text: str, stages: Collection[str]) -> str | None:
    """The name in *stages* that *text* means, if any: a stage hides an image of the same name, whatever the case."""
    wanted = text.lower()
    return next((name for name in stages if name.lower() == wanted), None)


_HOLE = "\x00"


def _mask(text: str, found: tuple[Expansion, ...]) -> str:
    """*text* with every expansion blanked out, so that separators within are not taken for the reference's own."""
    pieces: list[str] = []
    at = 0
    for item in found:
        pieces += [text[at : item.start], _HOLE * (item.end - item.start)]
        at = item.end
    return "".join((*pieces, text[at:]))


def _within(item: Expansion, part: Part) -> bool:
    return part.start <= item.start < part.end


@record
class _Parser:
    text: str
    masked: str
    found: tuple[Expansion, ...]
    quote: str

    def parse(self) -> ImageReference:
        name_end, digest = self._digest()
        name_end, tag = self._tag(name_end)
        domain, path_start, uncertain = self._domain(name_end)
        path = self._part(path_start, name_end)
        self._check_path(path)
        if domain is None and not self.found and _IDENTIFIER.match(path.text):
            raise InvalidReference(self.text, "64 hexadecimal digits are an image's identifier, not its name")
        return ImageReference(self.text, domain, path, tag, digest, self.found, uncertain, self.quote)

    def _part(self, start: int, end: int) -> Part:
        return Part(self.text[start:end], start, end)

    def _literal(self, part: Part) -> bool:
        return _HOLE not in self.masked[part.start : part.end]

    def _check(self, part: Part, valid: Callable[[str], object], what: str) -> None:
        if self._literal(part) and not valid(part.text):
            raise InvalidReference(self.text, f"{part.text!r} is no {what}", part.start)

    def _digest(self) -> tuple[int, Part | None]:
        at = self.masked.find("@")
        end = len(self.text) - len(self.quote)
        if at < 0:
            return end, None
        digest = self._part(at + 1, end)
        self._check(digest, valid_digest, "digest")
        return at, digest

    def _tag(self, end: int) -> tuple[int, Part | None]:
        colon = self.masked.rfind(":", 0, end)
        if colon <= self.masked.rfind("/", 0, end):
            return end, None
        tag = self._part(colon + 1, end)
        self._check(tag, _TAG.match, "tag")
        return colon, tag

    def _domain(self, end: int) -> tuple[Part | None, int, bool]:
        start = len(self.quote)
        slash = self.masked.find("/", start, end)
        if slash < 0:
            return None, start, False
        first = self.masked[start:slash]
        if "." in first or ":" in first or first == "localhost" or first.lower() != first:
            domain = self._part(start, slash)
            self._check(domain, _DOMAIN.match, "registry's name")
            return domain, slash + 1, False
        return None, start, _HOLE in first

    def _check_path(self, path: Part) -> None:
        start = path.start
        for component in self.masked[path.start : path.end].split("/"):
            part = self._part(start, start + len(component))
            if self._literal(part) and part.text != part.text.lower():
                raise InvalidReference(self.text, "an image's name must be in lower case", start)
            self._check(part, _COMPONENT.match, "component of a name")
            start = part.end + 1
        if not self.found and len(path.text) > _MAX_PATH:
            raise InvalidReference(self.text, f"a name has at most {_MAX_PATH} characters", path.start)


def valid_digest(text: str) -> bool:
    """Whether *text* is a digest of a registered algorithm; engines refuse all others."""
    return _DIGEST.match(text) is not None
