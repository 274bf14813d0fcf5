"""Scripts that make Dockerfiles of templates: what is changed in the result is lost when they run again."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import partial

from ..analysis.evidence import Evidence
from ..analysis.usage import Maker
from ..knowledge.repository import is_template_name
from ..knowledge.wishes import says_generated
from ..record import record
from ..text.lines import line_at
from .repository import Repository
from .written_files import writer_of

#: So much of a Dockerfile stands in the template that it was made of.
_SHARE = 0.6
#: So many scripts of a folder are looked into, and so much of each.
_MOST = 50
_LONGEST = 200_000
_DEEPEST = 4
_SCRIPTS = (".sh", ".bash", ".py", ".rb", ".pl", ".js", ".mk")
_FAMILY = r"dockerfile[^\s\"']{{0,60}}\$[^\s\"']{{0,60}}\.{}\b"
_NAMES = frozenset(("makefile", "gnumakefile", "rakefile", "justfile", "taskfile.yml"))


@record
class _Template:
    """A template, its lines, and where a script names it."""

    path: str
    lines: frozenset[str]
    named: Evidence


def maker_of(repository: Repository, dockerfile: str) -> Maker | None:
    """The script that makes the file *dockerfile*, a path of *repository*, and the template; None where none is known.

    The template stands in the file's folder or one above, a script beside it names it, and most lines are the same;
    or such a script writes the file of templates that stand elsewhere; or the files around it say so of themselves. A
    template itself is what people write.
    """
    if is_template_name(dockerfile):
        return None
    text = repository.read(dockerfile) if repository.is_file(dockerfile) else None
    lines = _lines(text or "")
    folder = posixpath.dirname(dockerfile)
    while lines:
        templates = repository.recall(("makers", folder), partial(_templates_in, repository, folder))
        nearest = max(templates, key=lambda one: len(lines & one.lines), default=None)
        if nearest is not None and len(lines & nearest.lines) >= _SHARE * len(lines):
            return Maker(nearest.named, nearest.path)
        writer = writer_of(repository, _scripts_in(repository, folder), folder, dockerfile, lines)
        if writer is not None:
            return writer
        if not folder:
            break
        folder = posixpath.dirname(folder)
    return _family(repository, dockerfile) if lines else None


def _family(repository: Repository, dockerfile: str, level: int = 0) -> Maker | None:
    """The file that tells of *dockerfile* that it is generated: one of the same name in a directory beside its own, of
    which at least half say so of themselves, or the Dockerfile of the directory above, for which that holds.
    """
    folder, name = posixpath.split(dockerfile)
    above, _ = posixpath.split(folder)
    if not folder or level > _DEEPEST:
        return None
    beside = repository.recall(("family", above, name), partial(_said_beside, repository, above, name))
    if beside is not None:
        return Maker(beside, None)
    upper = posixpath.join(above, "Dockerfile")
    if not above or not repository.is_file(upper):
        return None
    said = _said_in(repository, upper)
    return Maker(said, None) if said is not None else _family(repository, upper, level + 1)


def _said_beside(repository: Repository, folder: str, name: str) -> Evidence | None:
    paths = [posixpath.join(folder, one, name) for one in _names_in(repository, folder)]
    files = [path for path in paths if repository.is_file(path)][:_MOST]
    said = [one for path in files if (one := _said_in(repository, path)) is not None]
    return said[0] if said and 2 * len(said) >= len(files) > 1 else None


def _said_in(repository: Repository, path: str) -> Evidence | None:
    """Where the file at *path* says above its first instruction that it is generated; None where it does not."""
    for at, line in enumerate((repository.read(path, _LONGEST) or "").splitlines(), 1):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            return None
        if bare and says_generated(bare):
            return Evidence(path, at)
    return None


def _templates_in(repository: Repository, folder: str) -> tuple[_Template, ...]:
    """The templates of Dockerfiles in *folder* that a script there names."""
    names = _names_in(repository, folder)
    templates = [name for name in names if name.lower().startswith("dockerfile") and is_template_name(name)]
    scripts = _scripts_in(repository, folder) if templates else ()
    found = []
    for name in templates:
        named = next(_naming(repository, folder, scripts, name), None)
        text = repository.read(posixpath.join(folder, name), _LONGEST)
        if named is not None and text is not None:
            found.append(_Template(posixpath.join(folder, name), _lines(text), named))
    return tuple(found)


def _names_in(repository: Repository, folder: str) -> list[str]:
    try:
        return sorted(os.listdir(repository.root / folder))
    except OSError:
        return []


def _scripts_in(repository: Repository, folder: str) -> tuple[str, ...]:
    names = _names_in(repository, folder)
    return tuple(name for name in names if name.lower().endswith(_SCRIPTS) or name.lower() in _NAMES)[:_MOST]


def _naming(repository: Repository, folder: str, scripts: Sequence[str], template: str) -> Iterator[Evidence]:
    for name in scripts:
        path = posixpath.join(folder, name)
        text = repository.read(path, _LONGEST) if repository.is_file(path) else None
        if text is None:
            continue
        # A family of templates is named by what its names have in common: `Dockerfile-$base.template`.
        family = _FAMILY.format(re.escape(template.rpartition(".")[2]))
        match = re.search(f"{re.escape(template)}|{family}", text, re.I)
        if match is not None:
            yield Evidence(path, line_at(text, match.start()))


def _lines(text: str) -> frozenset[str]:
    """What *text* says, but for comments and blank lines."""
    bare = (line.strip() for line in text.splitlines())
    return frozenset(line for line in bare if line and not line.startswith("#"))
