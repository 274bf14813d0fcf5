"""One command that builds an image: its options, and where its paths lead.

Sources: see ``knowledge/data/build_commands.toml``.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from ...knowledge.build_commands import build_arguments, builds_here, default_files, options_with_values
from ...knowledge.repository import is_dockerfile_name
from ...record import record
from ..repository import Repository, joined
from .checkout import CHECKOUT, shown
from .found import FoundBuild, Place, Text, Unknown
from .option_variables import is_plain
from .places import file, folder, is_remote
from .shell_values import stands_for_several

_QUOTES = ("'", '"')
_SHORT_VALUES = "ftomvcd"
#: The name of arguments that nobody can tell.
_SOME = "…"
#: How a further context begins that is no directory.
_NO_FOLDERS = ("target:", "docker-image:", "oci-layout:", "service:")
#: Where kaniko's users keep the checkout: it is the working directory of Cloud Build's steps.
_WORKSPACE = "/workspace"


@record
class Options:
    """What the words of a build command ask for. ``context`` is None where none is named (kaniko: the folder),
    ``subfolder`` is the one of its directories that kaniko takes in its place. ``files`` are looked for in the context
    where no ``dockerfile`` is named.
    """

    context: Text | None
    subfolder: Text | None = None
    dockerfile: Text | None = None
    target: Text | None = None
    args: tuple[tuple[str, Text | None], ...] = ()
    contexts: tuple[tuple[str, Text], ...] = ()
    tags: tuple[Text, ...] = ()
    files: tuple[str, ...] = ("Dockerfile",)


def build_options(words: Sequence[Text], plain: Container[object] = ()) -> Options | None:
    """What the command *words* builds; None where it is no build.

    *plain* are variables whose options say nothing of Dockerfile and stage, whichever value they have.
    """
    start = build_arguments([word if isinstance(word, str) else None for word in words])
    if start is None:
        return None
    kaniko = str(words[0]).endswith("executor")
    found, positional = _sorted(words[start:], kaniko)
    several = [word for word in positional if is_plain(word, plain)]
    positional = [word for word in positional if not is_plain(word, plain)]
    context = _last(found, "--context", "-c") if kaniko else _context(positional)
    if kaniko and isinstance(context, str):
        context = _in_workspace(context.removeprefix("dir://"))
    elif not kaniko and context is None:
        if not builds_here(str(words[0])):
            return None
        context = "."
    # What may hold options may hold these as well, where nothing else says them.
    doubt = next((one for one in positional if stands_for_several(one) and one is not context), None)
    if doubt is None and isinstance(context, Unknown) and context.text.startswith('"') and stands_for_several(context):
        doubt = context
    several += [] if doubt is None else [doubt]
    return Options(
        context=context,
        subfolder=_last(found, "--context-sub-path") if kaniko else None,
        dockerfile=_last(found, "-f", "--file", "--dockerfile") or doubt,
        target=_last(found, "--target") or doubt,
        args=(
            *(_pair(value) for name, value in found if name == "--build-arg" and value is not None),
            # Arguments may be among them as well.
            *((_SOME, word) for word in several),
        ),
        contexts=tuple(
            (name, text)
            for name, text in (_pair(value) for key, value in found if key == "--build-context" and value is not None)
            if text is not None
        ),
        tags=tuple(value for name, value in found if name in ("-t", "--tag", "--destination", "-d") and value),
        files=default_files(str(words[0])),
    )


def _sorted(words: Sequence[Text], kaniko: bool) -> tuple[list[tuple[str, Text | None]], list[Text]]:
    """The options among *words* with their values, and the other words."""
    found: list[tuple[str, Text | None]] = []
    positional: list[Text] = []
    rest = iter(words)
    for word in rest:
        if isinstance(word, Unknown) or not word.startswith("-") or word == "-":
            unknown = _unknown_option(word)
            if unknown is not None:
                found.append(unknown)
            else:
                positional.append(word)
            continue
        name, equals, value = word.partition("=")
        if equals and name.startswith("--"):
            found.append((name, value))
        elif word in options_with_values() or (kaniko and word in ("--context", "-c")):
            found.append((word, next(rest, None)))
        elif len(word) > 2 and not word.startswith("--") and word[1] in _SHORT_VALUES:
            found.append((word[:2], word[2:].removeprefix("=")))
    return found, positional


def _context(positional: Sequence[Text]) -> Text | None:
    """The context among words that are no options: it comes last, and what holds whole options may stand anywhere."""
    if not positional:
        return None
    known = [one for one in positional if isinstance(one, str)]
    return known[0] if isinstance(positional[-1], Unknown) and len(known) == 1 else positional[-1]


def _unknown_option(word: Text) -> tuple[str, Text | None] | None:
    """``--file=$FILE`` or ``-f$FILE`` as name and value: an option whose value is not known."""
    if not isinstance(word, Unknown):
        return None
    bare = _unquoted(word.text)
    name, equals, value = bare.partition("=")
    if equals and name.startswith("--"):
        return name, Unknown(_unquoted(value))
    if bare.startswith("-") and not bare.startswith("--") and len(bare) > 2 and bare[1] in _SHORT_VALUES:
        return bare[:2], Unknown(_unquoted(bare[2:]))
    return None


def _pair(value: Text) -> tuple[str, Text | None]:
    """``NAME=VALUE`` or ``NAME``."""
    if isinstance(value, str):
        name, equals, rest = value.partition("=")
        return name, rest if equals else None
    name, equals, rest = _unquoted(value.text).partition("=")
    return name, Unknown(_unquoted(rest)) if equals else None


def _unquoted(text: str) -> str:
    """*text* without quotes around all of it."""
    return text[1:-1] if len(text) > 1 and text[0] in _QUOTES and text[0] == text[-1] else text


def _last(found: list[tuple[str, Text | None]], *names: str) -> Text | None:
    return next((value for name, value in reversed(found) if name in names), None)


def _in_workspace(path: str) -> str:
    """*path* of kaniko, where ``/workspace`` is the checkout."""
    if path == _WORKSPACE or path.startswith(f"{_WORKSPACE}/"):
        return CHECKOUT + path.removeprefix(_WORKSPACE)
    return path


def built(
    repository: Repository,
    kind: str,
    place: Place,
    words: Sequence[Text],
    folders: Sequence[Text],
    given: Text | None = None,
    plain: Container[object] = (),
) -> FoundBuild | None:
    """The build that the command *words* makes, None where it makes none; it reads the file *given*, if any.

    *plain* are variables as for ``build_options``.

    *folders* are where the command may be run: the first in which it finds its Dockerfile counts, unless others do as
    well and mean another file; then nobody knows.
    """
    options = build_options(words, plain)
    if options is None:
        return None
    fitting: list[tuple[Text, Text]] = []
    for base in folders:
        context, dockerfile = _paths(repository, base, options, given)
        if isinstance(dockerfile, str) and repository.is_file(dockerfile):
            fitting.append((context, dockerfile))
    places = list(dict.fromkeys(fitting))
    if len(places) == 1:
        context, dockerfile = places[0]
    elif places:
        context, dockerfile = Unknown(str(options.context)), Unknown(str(options.dockerfile or "Dockerfile"))
    else:
        # Among the places may be one that nobody knows.
        base = next((one for one in folders if isinstance(one, Unknown)), folders[0])
        context, dockerfile = _paths(repository, base, options, given)
    return FoundBuild(
        kind=kind,
        place=place,
        name=_name(options, context),
        context=shown(context),
        dockerfile=shown(dockerfile),
        target=None if options.target is None else shown(options.target),
        args=tuple((name, None if value is None else shown(value)) for name, value in options.args),
        contexts=tuple((name, further(repository, folders, value)) for name, value in options.contexts),
        tags=tuple(map(shown, options.tags)),
    )


def _name(options: Options, context: Text) -> str:
    """What the build is called: its first tag, else its context as the command says it, if all can read that."""
    written = next((tag for tag in options.tags if str(tag)), None) or options.context or "."
    found = shown(written)
    told = found if found is written or options.tags or isinstance(context, Unknown) else context or "."
    return _unquoted(str(told))


def further(repository: Repository, folders: Sequence[Text], value: Text) -> Text:
    """A further context, seen from where the command is run, if that is one directory."""
    if isinstance(value, Unknown) or is_remote(value) or value.startswith(_NO_FOLDERS):
        return shown(value)
    base = folders[0]
    if value.startswith("/"):
        base = ""
    elif isinstance(base, Unknown) or len(folders) > 1:
        return Unknown(value)
    return shown(folder(repository, base, value, told=False))


def _handed(repository: Repository, base: Text, given: Text | None) -> Text:
    """The Dockerfile that a command reads from standard input; archives of whole contexts are handed over likewise."""
    if isinstance(given, str) and is_dockerfile_name(given.rpartition("/")[2]):
        return file(repository, base, given, told=False)
    return Unknown("standard input") if given is None else Unknown(str(given))


def _paths(repository: Repository, base: Text, options: Options, given: Text | None) -> tuple[Text, Text]:
    text = options.context if options.context is not None else "."
    if isinstance(base, Unknown):
        absolute = isinstance(text, str) and text.startswith("/")
        if not absolute:
            return Unknown(str(text)), Unknown(str(options.dockerfile or "Dockerfile"))
        base = ""
    handed = _handed(repository, base, given)
    if text == "-" and options.dockerfile is None:
        return Unknown(text), handed
    if isinstance(text, str) and is_remote(text):
        return Unknown(text), Unknown(str(options.dockerfile or "Dockerfile"))
    # A script may be started in another folder than it is read for: what leads out from here may not from there.
    context = folder(repository, base, text, told=False)
    if options.subfolder is not None:
        below = options.subfolder if isinstance(options.subfolder, Unknown) else f"./{options.subfolder}"
        whole = isinstance(context, Unknown)
        context = (
            Unknown(f"{text}/{options.subfolder}") if whole else folder(repository, str(context), below, told=False)
        )
    if options.dockerfile is None:
        found = [file(repository, context, name, told=False) for name in options.files]
        there = (one for one in found if isinstance(one, str) and repository.is_file(one))
        return context, next(there, found[-1])
    if options.dockerfile in ("-", "/dev/stdin"):
        return context, handed
    named = folder(repository, base, options.dockerfile, told=False)
    if isinstance(named, str) and isinstance(context, str) and not repository.is_file(named):
        # podman and buildah look in the context as well, and so does docker with an address.
        other = joined(context, options.dockerfile) if isinstance(options.dockerfile, str) else ""
        if other and repository.is_file(other):
            return context, other
    return context, named
