"""DS620: packages without a version."""

from __future__ import annotations

from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind
from ...ir.build import Build
from ...patterns import re
from ..base import Proposals, analysis

#: How each manager separates a package from its version, and how to ask for one.
_PINS = {
    "apt": ("=", re.compile(r".+[=/].+|.*\.deb\Z|[./].*")),
    "apk": ("=", re.compile(r".+[=~<>@].+|\..*|/.*")),
    "pip": ("==", re.compile(r".+(?:===?|~=|[<>]=?|@).+|[./].*|.*\.(?:whl|tar\.gz|zip)\Z|(?:git\+|https?:).*")),
    "npm": ("@", re.compile(r".+@.+|[./].*|(?:git|https?|file).*:.*|.*\.tgz\Z")),
    "yum": ("-", re.compile(r".+-\d.*|.*\.rpm\Z|(?:https?:|/|@).*")),
    "dnf": ("-", re.compile(r".+-\d.*|.*\.rpm\Z|(?:https?:|/|@).*")),
    "microdnf": ("-", re.compile(r".+-\d.*|.*\.rpm\Z|(?:https?:|/|@).*")),
    "zypper": ("=", re.compile(r".+[=<>].+|.*\.rpm\Z|(?:https?:|/).*")),
    "gem": (":", re.compile(r".+:.+|.*\.gem\Z")),
    # A path without a host is a package of the project itself.
    "go": ("@", re.compile(r".+@.+|\.{1,3}(?:/.*)?\Z|/.*|[^./]*(?:/.*)?\Z")),
}
_VERSIONS = ("-v", "--version")
_FILES = ("-r", "--requirement", "-e", "--editable", "-c", "--constraint")
_NAMED = frozenset(("install", "add", "in", "i", "reinstall", "get"))


def unpinned_packages(build: Build, facts: Facts) -> Proposals:
    """List the packages that are installed without a version.

    Without versions the same file yields other images on other days.

    Nothing is changed: distributions delete old versions from their mirrors, so a pinned version stops the build a few
    weeks later unless somebody keeps it up to date; which to choose is the author's decision. The list is what a lock
    file would have to hold. Safe for that reason, and off unless selected. Source: hadolint DL3008, DL3018, DL3013,
    DL3016, DL3033, DL3028.
    """
    for stage in build.stages:
        for run in stage.runs:
            for use in facts.uses(run):
                names = _unpinned(use)
                if names and run.body is not None:
                    line = build.document.line_of(run.body.logical.before(use.command.span.start))
                    sign = _PINS[use.operation.manager.name][0]
                    yield analysis(line, f"{use.operation.manager.name}: {', '.join(names)} without {sign}VERSION")


def _unpinned(use: Use) -> list[str]:
    operation = use.operation
    known = _PINS.get(operation.manager.name)
    if known is None or operation.kind is not Kind.INSTALL or operation.subcommand not in _NAMED:
        return []
    if operation.manager.name == "gem" and operation.has_flag(*_VERSIONS):
        return []
    if operation.manager.name == "pip" and operation.has_flag(*_FILES):
        return []
    words = [use.command.words[at] for at in operation.operands]
    literals = [word.literal for word in words]
    return [one for one in literals if one is not None and not known[1].match(one)]
