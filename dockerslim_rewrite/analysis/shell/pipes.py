"""Pipelines under ``pipefail``: which of them would fail although nothing is wrong.

With the option a pipeline fails when any of its commands does. Two habits make commands fail in good order: writers
that get SIGPIPE since their reader stops early (``yes |``, ``| head``, ``| grep -q``), and commands whose exit status
is an answer rather than an error (``grep``, ``diff``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...patterns import re
from ...shell.names import SYSTEM_PATH
from ...shell.script import AndOr, Compound, Group, Node, Pipeline, Script, Sequence, Simple, walk
from .operations import unwrapped

#: Commands that fail only when something is wrong.
_STRICT = frozenset(
    (
        "echo", "printf", "cat", "curl", "wget", "sed", "awk", "gawk", "mawk", "cut", "tr", "sort", "uniq",
        "wc", "tac", "rev", "base64", "gunzip", "gzip", "zcat", "xz", "xzcat", "bzip2", "bzcat", "tar", "jq",
        "git", "openssl", "uname", "lsb_release", "date", "nproc", "seq", "python", "python2", "python3", "pip",
        "pip3", "node", "npm", "php", "ruby", "perl", "gpg", "md5sum", "sha1sum", "sha256sum", "sha512sum",
        "basename", "dirname", "hostname", "id", "whoami", "envsubst", "tee", "iconv", "xxd", "go", "mysqldump",
        "pg_dump", "apt-cache", "apk", "getconf", "readlink", "realpath", "pwd", "tail", "docker-php-source",
        "rpm2cpio", "svn", "hg",
    )
)  # fmt: skip
_WRITERS = frozenset(("echo", "printf"))
#: Commands that read their input to its end: shells and interpreters as they get it, tar behind the end of the archive
#: too (GNU's and Busybox's). What others do is not known: Busybox's `unzip -` stops at the central directory.
_READ_ALL = frozenset(
    (
        "apt-key", "ash", "awk", "b2sum", "base32", "base64", "bash", "bunzip2", "bzcat", "bzip2", "cat",
        "chpasswd", "cksum", "column", "cpio", "crontab", "cut", "dash", "debconf-set-selections", "diff",
        "egrep", "envsubst", "fgrep", "gawk", "git", "gpg", "gpg2", "grep", "gunzip", "gzip", "iconv",
        "install", "jq", "ksh", "lzma", "mawk", "md5sum", "mysql", "nl", "node", "od", "openssl", "patch",
        "perl", "php", "psql", "python", "python2", "python3", "rev", "ruby", "sed", "sh", "sha1sum",
        "sha224sum", "sha256sum", "sha384sum", "sha512sum", "shasum", "sort", "split", "sqlite3", "sum",
        "tac", "tail", "tar", "tee", "tr", "uniq", "unxz", "unzstd", "wc", "xargs", "xxd", "xz", "xzcat",
        "yq", "zcat", "zgrep", "zsh", "zstd",
    )
)  # fmt: skip
_EARLY = frozenset(("head", "true", ":", "false", "less", "more", "test", "[", "read", "exit", "dd"))
_GREP_QUITS = re.compile(r"-[a-zA-Z]*[qmlL]|--(?:quiet|silent|max-count|files-with)")
_SUMS = re.compile(r"(?:md5|sha\d+|b2)sum\Z|shasum\Z")
_SED_QUITS = re.compile(r"(?:\A|[;{}0-9$/\s])[qQ](?:\Z|[;}\s0-9])")


def piped(script: Script) -> list[Pipeline]:
    """The pipelines of *script* that have more than one command."""
    return [node for node in script.nodes if isinstance(node, Pipeline) and len(node.items) > 1]


def sets_pipefail(script: Script) -> bool:
    """Whether *script* switches the option itself."""
    return any(command.name == "set" and "pipefail" in command.argv for command in script.commands)


def breaks(script: Script) -> str | None:
    """Why a pipeline of *script* may fail under pipefail although nothing is wrong; None when none is known to."""
    judged = {id(node): reason for node, reason in _decisions(script.root)}
    ignored = {id(node) for node in _ignored(script)}
    for pipeline in piped(script):
        if id(pipeline) in ignored:
            continue
        reason = judged.get(id(pipeline)) or _pipeline(pipeline)
        if reason is not None:
            return reason
    return None


def _decisions(root: Node) -> Iterator[tuple[Pipeline, str]]:
    """Pipelines whose status decides what is done next, where that may change."""
    ending = {id(node) for node in _ending(root)}
    for node in walk(root):
        if isinstance(node, Compound) and node.kind in ("if", "while", "until", "test"):
            for inner in walk(node):
                if isinstance(inner, Pipeline):
                    yield inner, f"its status may decide in {node.kind}"
        if isinstance(node, AndOr) and id(node) not in ending:
            for item, operator in zip(node.items, node.operators, strict=False):
                if operator.text == "&&" and isinstance(item, Pipeline):
                    yield item, "its status decides what runs after &&, and the RUN goes on after that"
        if isinstance(node, AndOr):
            for at, operator in enumerate(node.operators):
                if operator.text == "||" and not _gives_up(node.items[at + 1]):
                    for item in node.items[: at + 1]:
                        if isinstance(item, Pipeline):
                            yield item, "its status decides what runs after ||"
        if isinstance(node, Pipeline) and node.negated:
            yield node, "its status is negated"


def _ignored(script: Script) -> Iterator[Node]:
    """Pipelines whose status nobody looks at: in a substitution that gives words to a command, and, without ``set -e``,
    in front of the last command of a list.
    """
    watched = any(command.name == "set" for command in script.commands)
    for node in script.nodes:
        if isinstance(node, Simple) and node.words:
            yield from (one for inner in node.nested for one in _alone(inner))
        elif isinstance(node, Sequence) and not watched:
            for item in node.items[:-1]:
                yield item
                if isinstance(item, Simple) and not item.words:
                    yield from (one for inner in item.nested for one in _alone(inner))


def _alone(node: Node) -> Iterator[Node]:
    """The one pipeline that a substitution is, if it is one."""
    if isinstance(node, Pipeline):
        yield node
    elif isinstance(node, Sequence) and len(node.items) == 1:
        yield from _alone(node.items[0])


def _ending(node: Node) -> Iterator[AndOr]:
    """The lists that end the script when they fail: nothing runs behind them, or only what ``&&`` joins to them."""
    if isinstance(node, Sequence):
        if node.items:
            yield from _ending(node.items[-1])
    elif isinstance(node, Group):
        yield from _ending(node.body)
    elif isinstance(node, AndOr):
        yield node
        for at, item in enumerate(node.items):
            if all(operator.text == "&&" for operator in node.operators[at:]):
                yield from _ending(item)


def _gives_up(node: Node) -> bool:
    return isinstance(node, Simple) and node.name in ("true", ":", "exit", "false")


def _pipeline(pipeline: Pipeline) -> str | None:
    only_writes = all(_named(item) in _WRITERS for item in pipeline.items[:1])
    if len(pipeline.items) == 2 and _picks_sums(*pipeline.items):
        return None
    for item in pipeline.items[:-1]:
        reason = _may_fail(item)
        if reason is not None:
            return reason
    for item in pipeline.items[1:]:
        reason = _stops_early(item)
        if reason is not None and not (only_writes and len(pipeline.items) == 2):
            return reason
    return None


def _picks_sums(first: Node, last: Node) -> bool:
    """Whether *first* is a grep that picks checksums for *last*, which fails where there are none to check."""
    if not isinstance(first, Simple) or not isinstance(last, Simple) or _named(first) not in ("grep", "egrep", "fgrep"):
        return False
    return _SUMS.match(_named(last)) is not None and bool({"-c", "--check"} & set(last.argv)) and not first.redirects


def _named(node: Node) -> str:
    if not isinstance(node, Simple):
        return ""
    at = unwrapped(node.argv)
    return posixpath.basename(node.argv[at] or "") if at < len(node.argv) else ""


def _reads_all(node: Node) -> bool:
    """Whether *node* is a command of the system's that reads its input to the end."""
    if not isinstance(node, Simple) or _named(node) not in _READ_ALL:
        return False
    return posixpath.dirname(node.argv[unwrapped(node.argv)] or "") in ("", *SYSTEM_PATH)


def _may_fail(node: Node) -> str | None:
    if not isinstance(node, Simple):
        return "a group of commands writes into a pipe"
    name = _named(node)
    if name == "dpkg" and "--print-architecture" in node.argv:
        return None
    if name == "find" and "/" not in node.argv and not any(r.operator.startswith("2") for r in node.redirects):
        return None
    if name not in _STRICT:
        return f"the status of {name or 'a command'} may be an answer and no error"
    silenced = [redirect.target for redirect in node.redirects if redirect.operator.startswith("2")]
    if any(target is not None and target.text == "/dev/null" for target in silenced):
        return f"{name} is expected to fail: its errors go to /dev/null"
    return None


def _stops_early(node: Node) -> str | None:
    if isinstance(node, Compound):
        return None if node.kind in ("while", "for") and "break" not in _text(node) else "it may stop reading early"
    if not isinstance(node, Simple):
        to_the_end = any(_reads_all(one) for one in walk(node))
        return None if to_the_end else "a group of commands may stop reading early"
    name = _named(node)
    words = [word or "" for word in node.argv]
    if name in _EARLY:
        return f"{name} stops reading early, and the writer gets SIGPIPE"
    if name in ("grep", "egrep", "fgrep", "zgrep") and any(_GREP_QUITS.match(word) for word in words[1:]):
        return f"{name} stops reading early, and the writer gets SIGPIPE"
    if name == "sed" and any(_SED_QUITS.search(word) for word in words[1:]):
        return "sed stops reading early, and the writer gets SIGPIPE"
    if name in ("awk", "gawk", "mawk", "perl", "python", "python3") and any("exit" in word for word in words[1:]):
        return f"{name} stops reading early, and the writer gets SIGPIPE"
    if name == "tar" and any(word.startswith("--occurrence") for word in words):
        return "tar stops reading early, and the writer gets SIGPIPE"
    if not _reads_all(node):
        return f"{name or 'a command'} may stop reading early, and the writer gets SIGPIPE"
    return None


def _text(node: Node) -> str:
    return " ".join(inner.name or "" for inner in walk(node) if isinstance(inner, Simple))
