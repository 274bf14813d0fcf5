"""The scripts of package.json that a container starts."""

from __future__ import annotations

from collections.abc import Sequence

from ..analysis.project import Evidence
from ..text.structured import read_json
from .following import Following

_INSTALLS = frozenset(("install", "ci", "i", "add", "update", "rebuild", "clean-install"))
_HARMLESS = frozenset(("cache", "config", "set", "prune", "version", "audit", "pkg", "dedupe", "uninstall", "remove"))


def _lifecycle(follower: Following, ignored: bool, cwd: str | None, depth: int) -> None:
    """Follow the project's own scripts around an installation."""
    context = follower.placed_file("package.json", cwd)
    text = follower.tree.read(context) if context else None
    try:
        scripts = read_json(text).get("scripts") if text and not ignored else None
    except (ValueError, AttributeError, RecursionError):
        scripts = None
    for name in ("preinstall", "install", "postinstall", "prepare"):
        command = scripts.get(name) if isinstance(scripts, dict) else None
        if isinstance(command, str) and context is not None:
            follower.script(command, cwd, Evidence(context, 0), depth + 1)


def follow_package(
    follower: Following, argv: Sequence[str | None], cwd: str | None, where: Evidence, depth: int
) -> None:
    """Follow ``npm start``, ``yarn run NAME`` and their like, with the scripts before and behind it."""
    words = [word for word in argv[1:] if word is None or not word.startswith("-")]
    verb = words[0] if words else None
    if verb in _INSTALLS or (verb is None and argv[0] == "yarn"):
        said = f"{argv[0]} {verb or ''}".rstrip()
        follower.doubt(f"{said} installs packages, and writes where root copied what it is told", where, blind=True)
        _lifecycle(follower, "--ignore-scripts" in argv, cwd, depth)
        return
    if verb in _HARMLESS:
        return
    script = words[1] if verb in ("run", "run-script") and len(words) > 1 else verb
    context = follower.placed_file("package.json", cwd)
    text = follower.tree.read(context) if context else None
    if script is None or context is None or text is None:
        follower.doubt("package.json is not where the container starts", where, blind=True)
        return
    try:
        scripts = read_json(text).get("scripts") or {}
        if not isinstance(scripts, dict):
            raise ValueError("scripts is no object")
    except (ValueError, AttributeError, RecursionError):
        follower.doubt(f"{context} is not a JSON object", Evidence(context, 0), blind=True)
        return
    if ("package", context, script, cwd) in follower.seen:
        return
    follower.seen.add(("package", context, script, cwd))
    follower.followed.append(context)
    commands = [scripts.get(f"{prefix}{script}") for prefix in ("pre", "", "post")]
    if commands[1] is None and script == "start":
        commands[1] = "node server.js"
    if not isinstance(commands[1], str):
        follower.doubt(f"package.json has no script {script}", Evidence(context, 0), blind=True)
        return
    at = next((n for n, line in enumerate(text.split("\n"), 1) if f'"{script}"' in line), 0)
    for command in commands:
        if isinstance(command, str):
            follower.script(command, cwd, Evidence(context, at), depth + 1, line=at)
