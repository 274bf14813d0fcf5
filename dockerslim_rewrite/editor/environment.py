"""Where the text of a file reads a variable of its environment by name: in shell, Makefiles, and code."""

from __future__ import annotations

import posixpath

from ..patterns import re

#: Files that tell people something, or that nothing which a RUN runs reads variables into.
_NOT_RUN = re.compile(
    r".*\.(?:md|rst|adoc|html?|css|scss|svg|lock|csv|png|map|po|pot|snap)\Z"
    r"|(?:.*\.)?(?:dockerfile|containerfile)(?:\..*)?\Z|\.(?:dockerignore|gitignore|gitlab-ci\.yml)\Z"
    r"|(?:docker-)?compose.*\.ya?ml\Z|(?:LICEN[CS]E|README|CHANGELOG).*\Z",
    re.I,
)
#: Folders of what runs elsewhere.
_ELSEWHERE = (".github/", ".gitlab/", ".circleci/", ".git/")
#: Code in which ``$name`` is a variable of its own, or none at all.
_CODE = re.compile(
    r".*\.(?:py|pyi|[mc]?[jt]sx?|vue|svelte|rb|php|go|rs|java|kt|kts|scala|groovy|gradle|cs|fs|vb|c|h|cc|cpp|hpp|pl|pm|"
    r"lua|swift|ex|exs|erl|clj|hs|ml|jl|r|dart|ya?ml|json5?)\Z",
    re.I,
)
#: Texts of those kinds that a shell or a build tool expands all the same.
_EXPANDED = re.compile(r"(?:package|composer)\.json\Z|Taskfile.*\.ya?ml\Z|\.pre-commit.*", re.I)


def line_reading(path: str, text: str, name: str) -> int | None:
    """The first line of the file *path* with this *text* that reads the variable *name*; None where none does."""
    last = posixpath.basename(path)
    if _NOT_RUN.match(last) or path.startswith(_ELSEWHERE):
        return None
    word = re.escape(name)
    forms = [
        # os.environ["V"], getenv("V"), ENV.fetch('V'), env!("V"), $ENV{V}, and process.env.V
        rf"(?i:env|_server)[\w.!:]{{0,24}}\s?[\[({{]\s?[\"']?{word}[\"'\])}},]",
        rf"(?i:env)\w*[.:]{word}\b",
        rf"[{{,]\s*{word}\b[^;={{}}\n]*\}}\s*=\s*process\.env\b",
    ]
    if not _CODE.match(last) or _EXPANDED.match(last):
        if _sets_first(text, word):
            return None
        forms += [
            rf"(?<!\\)\$(?:\{{[#!]?|\()?{word}(?![\w-])",
            rf"%{word}%|\b(?:ifn?def|printenv|-v)\s+{word}\b|^\s*{word}\s*\?=",
        ]
    found = re.search("|".join(forms), text, re.M)
    return None if found is None else text.count("\n", 0, found.start()) + 1


def _sets_first(text: str, word: str) -> bool:
    """Whether the first line with the variable sets it, whatever it was: ``V=1``, or ``V := 1`` of a Makefile."""
    first = next((line for line in text.split("\n") if re.search(rf"(?<!\w){word}(?!\w)", line)), "")
    setting = re.match(rf"(?:export\s+|local\s+|readonly\s+|declare\s+)?{word}\s*:?:?=(?P<value>.*)", first)
    return setting is not None and re.search(rf"(?<!\w){word}(?!\w)", setting["value"]) is None
