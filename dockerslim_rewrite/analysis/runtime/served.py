"""What a web server opens of all that a stage wrote: what its configuration or its command line names.

Sources: nginx.org, "Configuration file's structure", ngx_http_core_module (``root``, ``alias``); serve and http-server,
``--help``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from ...ir.build import Build, Stage
from ...ir.steps import Copy
from ...knowledge.servers import Server
from ...patterns import re
from ...record import record
from ...shell.arguments import split
from ...text.paths import within
from ..facts import Facts
from ..flow.destinations import destination
from .shipped import Shipping

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_DIRECTIVE = re.compile(r"(?<![a-z_0-9])([a-z_0-9]++)\s++([^;{}]*+)([;{]?)")
#: Where a server has what it works with, whatever it serves: its configuration, logs, modules, temporary folders.
_SYSTEM = re.compile(r"/(?:etc|run|usr/lib|usr/libexec|var/(?!www(?:/|\Z))[^/]+)(?:/|\Z)")
_ROOTS = frozenset(("root", "alias"))
#: Directives whose words with a slash are no files but parts of requests.
_REQUESTS = frozenset(
    (
        "location", "error_page", "try_files", "rewrite", "return", "index", "proxy_pass", "server_name", "listen",
        "if", "proxy_redirect", "add_header", "log_format", "upstream", "server", "set", "map", "proxy_set_header",
        "default_type", "limit_req_zone", "limit_conn_zone", "auth_request", "gzip_types", "proxy_cookie_path",
        "sub_filter", "expires", "proxy_hide_header", "charset_types", "text", "application", "image", "font", "audio",
        "video", "resolver",
    )
)  # fmt: skip


@record
class Served:
    """``places`` are to be shipped; of the folders ``partly`` only what lies in one of those."""

    places: tuple[str, ...]
    partly: tuple[str, ...]


def configured(
    build: Build, facts: Facts, stage: Stage, ships: Shipping, server: Server, words: Sequence[str]
) -> Served | None:
    """What *server*, started with *words*, opens of what *stage* ships by its configuration; None for all of it, and
    where the configuration is not known.
    """
    if server.elsewhere & set(words) or any("/" in word for word in words[1:]):
        return None
    texts = _configuration(build, facts, stage, server)
    if texts is None:
        return None
    roots, others = list(server.roots), list[str]()
    for text in texts:
        bare = "\n".join(_COMMENT.sub("", line) for line in text.splitlines())
        for name, value, end in _DIRECTIVE.findall(bare):
            if not end:
                continue
            words_ = [word.strip("\"'") for word in value.split()]
            if name in _ROOTS:
                if len(words_) != 1 or not words_[0].startswith("/"):
                    return None
                roots.append(_known_part(words_[0]))
            elif name not in _REQUESTS:
                others += [_known_part(word) for word in words_ if word.startswith("/")]
    return _chosen((one.path for one in ships.places), roots, others)


def on_command_line(server: Server, words: Sequence[str], folder: str | None) -> str | None:
    """The folder that *server*, started with *words* in *folder*, serves; None where that is not known."""
    arguments = split(words, 1, server.values)
    names = {flag.name for flag in arguments.flags}
    if (
        not words
        or folder is None
        or not arguments.certain
        or len(arguments.operands) != 1
        or names - server.flags - server.values
    ):
        return None
    return posixpath.normpath(posixpath.join(folder, words[arguments.operands[0]]))


def _configuration(build: Build, facts: Facts, stage: Stage, server: Server) -> list[str] | None:
    """The texts of the files that *stage* adds to the server's configuration; None where they are not known."""
    inside = f"{server.configuration}/"
    if any(inside in run.origin.logical.text for run in stage.runs):
        return None
    copies = [step for step in stage.steps if isinstance(step, Copy)]
    targets = {step.index: f"{destination(step, facts.state(step)) or inside}/" for step in copies}
    adding = [step for step in copies if targets[step.index].startswith(inside)]
    if not adding:
        return []
    project = facts.project
    plain = all(step.origin.flag("from") is None and not step.origin.heredocs for step in adding)
    if project is None or not plain or project.missing(build):
        return None
    files = {path: file for path, file in project.image_files(build).items() if path.startswith(inside)}
    for step in adding:
        if not any(f"{path}/".startswith(targets[step.index]) for path in files):
            return None
    found = [project.text(file.path) for file in files.values()]
    texts = [text for text in found if text is not None]
    return texts if len(texts) == len(found) else None


def _known_part(path: str) -> str:
    """The folder of *path* above the first variable in it, or *path* itself."""
    bare, variable, _ = path.partition("$")
    return posixpath.normpath(posixpath.dirname(bare) if variable else path)


def _chosen(places: Iterable[str], roots: Sequence[str], others: Sequence[str]) -> Served | None:
    kept: list[str] = []
    partly: list[str] = []
    shown = False
    for place in places:
        served = any(within(place, root) for root in roots)
        shown = shown or served
        if served or _SYSTEM.match(place) or any(within(one, place) or within(place, one) for one in others):
            kept.append(place)
            continue
        parts = sorted({root for root in roots if within(root, place)})
        shown = shown or bool(parts)
        kept += parts
        partly.append(place)
    return Served(tuple(kept), tuple(partly)) if partly and shown else None
