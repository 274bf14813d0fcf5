"""DS608: apt in scripts."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import AddsOption, Change, Claim, ReplacesWords, Safety
from ...ir.build import Build
from ...shell.edits import insert_after
from ...text import Edit
from ..base import Proposals, missed
from .commands import Call, calls, written

#: Subcommands that both tools have, with one meaning.
_SAME = frozenset(("update", "install", "remove", "purge", "autoremove", "clean", "autoclean", "build-dep", "source"))
#: Subcommands that are called otherwise, or mean something else, in apt-get.
_RENAMED = {"full-upgrade": "dist-upgrade"}
_CACHE = frozenset(("show", "search", "policy", "depends", "rdepends", "list"))


def apt_get(build: Build, facts: Facts) -> Proposals:
    """Use apt-get where a script says apt.

    apt is made for people: its output and options may change between releases, and it warns about that itself on
    every run. apt-get is the stable interface for scripts.

    Safe because only subcommands that both tools share are taken. Where they differ the difference is written out: `apt
    upgrade` installs new dependencies, which apt-get does with `--with-new-pkgs`; `apt full-upgrade` is `apt-get
    dist-upgrade`. `apt list`, `show` and `search`, whose output differs, stay. Source: apt(8), "Script usage and
    differences from other apt tools"; apt-get(8).
    """
    for call in calls(build, facts):
        if call.name != "apt" or call.words[0].text not in ("apt", "/usr/bin/apt"):
            continue
        verb = next((index for index, word in enumerate(call.argv[1:], 1) if word is None or word[:1] != "-"), None)
        if verb is None:
            continue
        line = call.line(build)
        name = call.argv[verb]
        if name is None:
            yield missed(line, "apt stays: an expansion decides what it does")
        elif any(word in ("-o", "-c", "-t") for word in call.argv[1:verb]):
            yield missed(line, "apt stays: options with values stand before its subcommand")
        elif name in _SAME or name in _RENAMED or name == "upgrade":
            yield _change(call, verb, name, line)
        elif name in _CACHE:
            yield missed(line, f"apt {name} stays: apt-cache has it, with another output")


def _change(call: Call, verb: int, name: str, line: int) -> Change:
    logical = call.body.logical
    first, word = call.words[0], call.words[verb]
    edits = [Edit(logical.span(*first.span), first.text + "-get")]
    leading = written(call.words[: verb + 1])
    renamed = (first.text + "-get", *leading[1:-1], _RENAMED.get(name, name))
    wrappers = written(call.command.words[: call.command.words.index(first)])
    claims: list[Claim] = [ReplacesWords((*wrappers, *leading), (*wrappers, *renamed)), ReplacesWords(leading, renamed)]
    if not wrappers:
        claims.pop()
    if name in _RENAMED:
        edits.append(Edit(logical.span(*word.span), _RENAMED[name]))
    if name == "upgrade" and not any(one == "--with-new-pkgs" for one in call.argv):
        edits.append(insert_after(logical, word.span.end, " --with-new-pkgs"))
        claims.append(AddsOption(renamed, ("--with-new-pkgs",)))
    return Change(
        edits=tuple(edits),
        title=f"apt {name} becomes apt-get {_RENAMED.get(name, name)}",
        reason="apt is for people, apt-get is the interface that stays the same for scripts",
        safety=Safety.SAFE,
        claims=tuple(claims),
        line=line,
    )
