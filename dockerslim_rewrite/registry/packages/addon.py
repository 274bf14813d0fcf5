"""What installing a package of npm compiles on Linux, and what that is linked to, by its binding.gyp. Nothing runs.

Sources: GYP, "Language specification" and "Input format reference" (conditions, dependencies, libraries, ldflags);
node-gyp, "binding.gyp"; npm documentation, "scripts" (the default of ``install``); prebuildify and node-gyp-build,
"prebuilds" (how a file says what it is for).
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ...patterns import re
from ...record import record

_MAX_TEXT = 256 * 1024
_MAX_FILES = 64
_SCRIPTS = ("preinstall", "install", "postinstall")
#: Install scripts that fetch what the package's makers compiled, or compile it by binding.gyp, and nothing else.
_COMPILES = re.compile(
    r"node-gyp rebuild(?: --release)?|node-gyp-build(?:-optional-packages)?"
    r"|prebuild-install(?: (?:-r|--runtime)[ =]napi)?(?: --tag-prefix \S+)?"
    r"|node-pre-gyp install --fallback-to-build"
)
#: Ways that only say something, and so serve where nothing could be compiled as well.
_TALKS = re.compile(
    r"""(?:echo(?: (?:"[^"`$\\]*"|'[^']*'|[\w.,:!-]+))*|opencollective(?:-postinstall)?|exit 0|true|:)"""
)
_PREBUILT = re.compile(r"prebuilds/linux-(?P<machine>x64|arm64)/(?P<tags>[^/]+)\.node\Z")
_MACHINES = frozenset(("x64", "arm64"))
#: Questions to Node.js that answer with a place in a package of headers, or with its own version.
_ASKS = re.compile(
    r"""<!@?\(node -[ep] \\?["']"""
    r"""(?:require\(\\?["'](?:nan|node-addon-api)\\?["']\)(?:\.\w+)?|process\.versions\.[^;`$]{0,80})\\?["']\)"""
)
#: What an image with an interpreter has, and options that name no library.
_HARMLESS = re.compile(
    r"-l(?:pthread|m|dl|rt|stdc\+\+|c|gcc|gcc_s|util)|-pthread|-s|-g|-O[0-3s]|-f[\w=+-]+|-m[\w=.-]+"
    r"|-static-lib(?:gcc|stdc\+\+)|-Wl,(?!-rpath|-R|-l|--library)[\w,=+.-]+"
)
_LINKS = frozenset(("libraries", "ldflags"))
#: How lists are joined with those of other places. Source: GYP, "Merge basics".
_MERGES = "+=?!%/-"


@record
class Addon:
    """``idle``: installing it compiles nothing, as no script of it may, or it brings what that would make. ``alone``:
    all that installing it does is to compile, or to fetch compiled, what is linked to the libraries of C and C++ alone.
    """

    idle: bool = False
    alone: bool = False


#: What may do anything.
UNKNOWN = Addon()


def addon(package: Mapping[str, Any], paths: Collection[str], gyps: Mapping[str, str]) -> Addon:
    """What installing *package* (its package.json) compiles; *paths* are its files, *gyps* those of GYP."""
    scripts = package.get("scripts")
    named = {name: scripts[name] for name in _SCRIPTS if scripts.get(name)} if isinstance(scripts, dict) else {}
    if not named:
        if "binding.gyp" not in paths or package.get("gypfile") is False:
            return UNKNOWN
        named = {"install": "node-gyp rebuild"}
    ways = {name: [" ".join(way.split()) for way in str(text).split("||")] for name, text in named.items()}
    making = {name: found for name, found in ways.items() if not all(map(_TALKS.fullmatch, found))}
    if not making:
        return Addon(idle=True)
    if set(making) != {"install"}:
        return UNKNOWN
    first, *others = making["install"]
    if not _COMPILES.fullmatch(first) or not all(_COMPILES.fullmatch(one) or _TALKS.fullmatch(one) for one in others):
        return UNKNOWN
    if first == "node-gyp-build" and {machine for machine, _ in prebuilt(paths)} >= _MACHINES:
        return Addon(idle=True)
    return Addon(alone=_alone(gyps))


def prebuilt(paths: Collection[str]) -> Iterator[tuple[str, str]]:
    """The files among *paths* that node-gyp-build takes on Linux with glibc, whatever the version of Node.js, each
    with its machine.
    """
    for path in sorted(paths):
        found = _PREBUILT.match(path)
        if found is None:
            continue
        tags = found["tags"].split(".")
        bound = any(re.match(r"(?:abi|uv)\d", tag) for tag in tags) and "napi" not in tags
        if not bound and not {"musl", "electron"} & set(tags):
            yield found["machine"], path


def _alone(gyps: Mapping[str, str]) -> bool:
    """Whether all that binding.gyp compiles on Linux is linked to what every image has."""
    seen: set[str] = set()
    waiting = ["binding.gyp"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        text = gyps.get(path)
        if text is None or len(text) > _MAX_TEXT or len(seen) > _MAX_FILES:
            return False
        try:
            data = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            return False
        for key, value in _on_linux(data):
            if "<!" in _ASKS.sub("", value) or (key in _LINKS and not all(map(_HARMLESS.fullmatch, value.split()))):
                return False
            if key in ("dependencies", "includes") and "<!" not in value:
                other = value.rpartition(":")[0] or value
                if other.endswith((".gyp", ".gypi")):
                    waiting.append(posixpath.normpath(posixpath.join(posixpath.dirname(path), other)))
                elif "/" in other or "<" in other.replace("<(module_name)", ""):
                    return False
    return True


def _on_linux(data: object) -> Iterator[tuple[str, str]]:
    """Each text of *data* that counts on Linux, with the key that it stands under."""
    waiting: list[tuple[str, object]] = [("", data)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, dict):
            for name, inner in value.items():
                bare = str(name).rstrip(_MERGES)
                if bare in ("conditions", "target_conditions") and isinstance(inner, list):
                    waiting += [("", chosen) for one in inner for chosen in _chosen(one)]
                else:
                    waiting.append((bare, inner))
        elif isinstance(value, list | tuple):
            waiting += [(key, one) for one in value]


def _chosen(condition: object) -> Iterator[object]:
    """What *condition*, a list of tests with what holds where they do, may choose on Linux."""
    rest = list(condition) if isinstance(condition, list | tuple) else []
    while rest:
        if not isinstance(rest[0], str):
            yield rest.pop(0)
            continue
        holds = _holds(rest.pop(0))
        if rest:
            yes = rest.pop(0)
            if holds is not False:
                yield yes
        if holds:
            return


def _holds(text: str) -> bool | None:
    """Whether the test *text* holds on Linux; None where that is not said by the system alone."""
    if len(text) > 1000:
        return None
    try:
        return _truth(ast.parse(text.strip(), mode="eval").body)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _truth(node: ast.expr) -> bool | None:
    if isinstance(node, ast.BoolOp):
        found = [_truth(one) for one in node.values]
        decisive = isinstance(node.op, ast.Or)
        if decisive in found:
            return decisive
        return None if None in found else not decisive
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right, operator = node.left, node.comparators[0], node.ops[0]
        if (
            isinstance(left, ast.Name)
            and left.id == "OS"
            and isinstance(right, ast.Constant)
            and isinstance(operator, ast.Eq | ast.NotEq)
        ):
            return (right.value == "linux") is isinstance(operator, ast.Eq)
    return None
