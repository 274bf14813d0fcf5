"""Requirements of Python as the lock file keeps the answers. Source: PEP 508, pip's requirements file format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...ir.steps import Step
from ...patterns import re
from ..shell.operations import Operation

#: Options of pip by which it may not get, or not take, the archives that the usual index has.
ELSEWHERE = ("--no-binary", "--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--no-index", "--platform")
#: Settings by which pip and uv compile what comes compiled, or take other versions than those they are asked for.
_DECIDED = re.compile(r"\b(?:PIP|UV)_(?:NO_BINARY|CONSTRAINT|OVERRIDE)|\.no-binary\b")
_BEFORE_PEP_600 = re.compile(r"3\.(?:8\.[0-6]|9\.0)")
_REQUIREMENT = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*+(\[[^\]]*\])?\s*+([=<>~!][^;@]*)?(;.*)?\Z")


def asked(text: str) -> str | None:
    """The requirement *text* (a word of pip's command line, a line of a file) as it is kept.

    Hashes and blanks do not count, nor does how a name is spelled. None for what is no requirement of an index: an
    option, an address, a path.
    """
    found = _REQUIREMENT.match(re.split(r"\s--hash[=\s]", text.strip(), maxsplit=1)[0].strip())
    if found is None:
        return None
    name = re.sub(r"[-_.]+", "-", found[1]).lower()
    extras = ",".join(sorted(re.sub(r"\s", "", (found[2] or "").lower())[1:-1].split(",")))
    version = re.sub(r"\s", "", found[3] or "")
    marker = re.sub(r"\s+", " ", (found[4] or "").strip())
    return f"{name}{f'[{extras}]' if extras else ''}{version}{marker}"


#: Options of npm by which it works elsewhere, or follows no lock file.
NPM_ELSEWHERE = (
    "--prefix", "-C", "-w", "--workspace", "--workspaces", "--no-package-lock", "--package-lock", "--no-shrinkwrap",
    "--registry", "-g", "--global", "--location",
)  # fmt: skip
#: The target of npm's packages: the same for every image.
NPM_TARGET = "npm"
#: The target of npm's packages that a lock file of Yarn names: each version alone, without what it asks for.
YARN_TARGET = "yarn"
#: The target of Ruby's gems, which their own platforms tell apart.
GEM_TARGET = "gem"
_NPM_WORD = re.compile(r"((?:@[\w.~-]+/)?[\w.~-]+)(?:@(.*))?\Z")


def npm_asked(name: str, wanted: str) -> str | None:
    """The requirement of *wanted* (a range or a tag) of npm's package *name* as it is kept; None for what comes from
    elsewhere than a registry.
    """
    wanted = " ".join(wanted.split())
    alias = wanted.removeprefix("npm:")
    if ":" in alias or ("/" in alias and not wanted.startswith("npm:@")):
        return None
    return f"{name}@{wanted or '*'}"


def npm_word(word: str) -> str | None:
    """The requirement that a *word* of npm's command line asks for; None for what is none of a registry."""
    found = _NPM_WORD.match(word)
    return npm_asked(found[1], found[2] or "latest") if found is not None else None


def python_target(family: str | None, version: str | None) -> str | None:
    """The target of packages for Python in an image of *version* on a distribution of *family*; None for others."""
    minor = re.match(r"3\.\d+(?=\.|\Z)", version or "")
    return f"pypi-{minor[0]}-{family}" if minor is not None and family == "debian" else None


def python_minor(version: str | None) -> str:
    """The major and minor part of a *version* of Python, like 3.12; empty where it has none, or where the pip of its
    image takes only wheels that name older standards than most do now.

    Sources: docker-library/python (PYTHON_PIP_VERSION); pip's changelog, 20.3 (PEP 600).
    """
    if _BEFORE_PEP_600.fullmatch(version or ""):
        return ""
    return ".".join((version or "").split(".")[:2])


def decided_elsewhere(steps: Iterable[Step]) -> bool:
    """Whether *steps* tell pip or uv to compile, or which versions to take, beside what the commands themselves say.

    Sources: pip's and uv's documentation of their environment variables; pip config.
    """
    return any(_DECIDED.search(step.origin.text) for step in steps)


def npm_installs_development(done: Operation, environment: Mapping[str, str | None]) -> bool:
    """Whether npm's installation *done* in *environment* may bring what package.json lists for development.

    Source: npm documentation, "config" (omit, include, only, production).
    """
    asks = any(
        flag.name in ("--include", "--dev", "--also") or flag.value in ("false", "dev")
        for flag in done.flags
        if flag.name != "--omit"
    )
    told = any(
        (flag.name == "--omit" and flag.value == "dev")
        or (flag.name == "--only" and (flag.value or "").startswith("prod"))
        or flag.name in ("--production", "--prod")
        for flag in done.flags
    )
    return asks or not (told or environment.get("NODE_ENV") == "production")
